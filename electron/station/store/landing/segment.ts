import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { IsocenterError } from '../../../../shared/errors.ts'
import { AlignedMemory, type Staging } from '../../base/alignedMemory.ts'
import { type Disk, type NewFile, SyncError } from '../../base/durable.ts'
import {
  encodeRecord,
  encodeSegmentHeader,
  type LandingRecord,
  recordOverhead,
  SEGMENT_HEADER_BYTES,
} from './record.ts'

/** A segment is filled by so many a call: each wakes the main loop once more. Four times as many cost the disk's side more (RESULTS.md). */
const ZERO_BYTES = 4 << 20
const [ZEROS = new Uint8Array(0)] = new AlignedMemory().take([ZERO_BYTES])

/** Relative to the data folder. */
export const LANDING_FOLDER = 'landing'

export function segmentFile(number: number): string {
  return `${LANDING_FOLDER}/${String(number).padStart(10, '0')}.seg`
}

/** An object too large to be gathered, until it settles. */
export function spilledFile(contentId: number): string {
  return `${LANDING_FOLDER}/${contentId.toString(16).padStart(8, '0')}.dcm`
}

/** The number of a segment by its name in the landing folder; undefined for any other file. */
export function segmentNumber(name: string): number | undefined {
  const digits = /^(\d{10,})\.seg$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** An object that is to land: its record, and its data set in pieces where that goes into the segment, too. */
export interface LandingEntry {
  record: LandingRecord
  data: Uint8Array[]
}

/** Where an entry's Part-10 file begins. */
export interface Landed {
  /** Relative to the data folder. */
  file: string
  offset: number
}

/** `number`: of nothing that was ever there; a name is never written to twice. `size`: bytes it holds at most. */
export interface SegmentPlace {
  disk: Disk
  dataDir: string
  number: number
  size: number
  staging: Staging
}

/**
 * A file into which groups of records are written past the system's cache, for filling that is what writing costs (base/alignedMemory.ts). In one
 * that was filled with zeros ahead a sync has no metadata to write; one that a burst needs beyond those grows as it is written.
 */
export class Segment {
  readonly number: number
  readonly size: number
  /** Behind the last record that was synced. */
  end = SEGMENT_HEADER_BYTES
  readonly #path: string
  readonly #disk: Disk
  readonly #epoch: Uint8Array
  readonly #file: NewFile
  readonly #staging: Staging
  /**
   * For the group that is written while another syncs: the system tells an error of the disk once to each descriptor, and with one for
   * both the wrong group could hear of it.
   */
  #beside: Promise<NewFile> | undefined
  /** Behind the last record that is on its way. */
  #written = SEGMENT_HEADER_BYTES
  #onWay: Array<{ written: Promise<void>; isBeside: boolean }> = []
  /** Of the first group that did not get to the disk: nothing behind it may. */
  #failure: { error: unknown } | undefined

  private constructor(place: SegmentPlace, path: string, epoch: Uint8Array, file: NewFile) {
    this.#disk = place.disk
    this.number = place.number
    this.size = place.size
    this.#staging = place.staging
    this.#path = path
    this.#epoch = epoch
    this.#file = file
  }

  /** `pace`: it is filled with zeros, and this waited for before each of its writes; when it rejects, nothing is left. */
  static async create(place: SegmentPlace, pace?: () => Promise<void>): Promise<Segment> {
    const { disk, number, size, staging } = place
    const path = join(place.dataDir, segmentFile(number))
    const file = await disk.createFile(path, { direct: true })
    try {
      const epoch = randomBytes(16)
      await staging.write(file, [encodeSegmentHeader(epoch, number)], 0)
      if (pace) {
        for (let at = SEGMENT_HEADER_BYTES; at < size; at += ZEROS.length) {
          await pace?.()
          await file.write(ZEROS.subarray(0, size - at), at)
        }
      }
      await file.sync()
      await disk.syncFolder(dirname(path))
      return new Segment(place, path, epoch, file)
    } catch (error) {
      await file.close().catch(() => {})
      await disk.removeFile(path).catch(() => {})
      throw error
    }
  }

  /**
   * One that an earlier process made and never wrote to. Its epoch is a new one, whatever may have been on its way into it then; that
   * reaches the disk with the first group.
   */
  static async reopen(place: SegmentPlace): Promise<Segment> {
    const { disk, number, size, staging } = place
    const path = join(place.dataDir, segmentFile(number))
    const file = await disk.openToAppend(path, { direct: true })
    try {
      if (file.size !== size) throw new IsocenterError('internal', `${segmentFile(number)} has ${file.size} bytes`)
      const epoch = randomBytes(16)
      await staging.write(file, [encodeSegmentHeader(epoch, number)], 0)
      return new Segment(place, path, epoch, file)
    } catch (error) {
      await file.close().catch(() => {})
      throw error
    }
  }

  get isEmpty(): boolean {
    return this.#written === SEGMENT_HEADER_BYTES
  }

  /** How many of the entries, from the first on, the rest of the segment takes. */
  take(entries: LandingEntry[]): number {
    let end = this.#written
    for (const [index, { record, data }] of entries.entries()) {
      end += recordOverhead(record) + (data.length > 0 ? record.length : 0)
      if (end > this.size) return index
    }
    return entries.length
  }

  /**
   * Writes the entries as one group and syncs: `written` resolves when they are on the disk, and all before them; it rejects when one
   * before them did not get there. One more group may be appended meanwhile, and none after a rejection. `end`: behind the last of them.
   */
  append(entries: LandingEntry[]): { places: Landed[]; end: number; written: Promise<void> } {
    const parts: Uint8Array[] = []
    const places: Landed[] = []
    const from = this.#written
    let at = from
    for (const [index, { record, data }] of entries.entries()) {
      const { head, fileOffset, total } = encodeRecord(this.#epoch, record, at, index === entries.length - 1)
      const bytes = head.length + (record.file === undefined ? record.length : 0)
      parts.push(head, ...data, ZEROS.subarray(0, total - bytes))
      places.push(
        record.file ? { file: record.file, offset: 0 } : { file: segmentFile(this.number), offset: at + fileOffset },
      )
      at += total
    }
    this.#written = at
    const before = this.#onWay
    const isBeside = before.some(group => !group.isBeside)
    const written = this.#write(parts, from, at, isBeside, before).catch(error => {
      this.#failure ??= { error }
      throw error
    })
    const group = { written, isBeside }
    this.#onWay = [...before, group]
    const over = () => {
      this.#onWay = this.#onWay.filter(one => one !== group)
    }
    written.then(over, over)
    return { places, end: at, written }
  }

  async #write(
    parts: Uint8Array[],
    from: number,
    end: number,
    isBeside: boolean,
    before: Array<{ written: Promise<void> }>,
  ): Promise<void> {
    if (this.#failure) throw this.#failure.error
    if (before.length > 1) throw new IsocenterError('internal', 'two groups are on their way into the segment')
    const file = isBeside ? await this.#openBeside() : this.#file
    await this.#staging.write(file, parts, from)
    await file.sync()
    await Promise.all(before.map(({ written }) => written))
    this.end = end
  }

  #openBeside(): Promise<NewFile> {
    this.#beside ??= this.#disk.openToAppend(this.#path, { direct: true })
    return this.#beside
  }

  /** Waits for what is on its way. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#onWay.map(({ written }) => written))
    await (await this.#beside?.catch(() => undefined))?.close()
    await this.#file.close()
  }

  /** One that was never written to. */
  async remove(disk: Disk): Promise<void> {
    await this.close()
    await disk.removeFile(this.#path)
  }

  /** After a failed sync: nothing from `end` on is adopted by the next start, whatever it reads there. */
  async condemn(disk: Disk): Promise<void> {
    const file = await disk.createFile(`${this.#path}.failed`)
    try {
      await file.write(Buffer.from(String(this.end)), 0)
      await file.sync()
    } catch (error) {
      if (!(error instanceof SyncError)) throw error
    } finally {
      await file.close()
    }
  }
}
