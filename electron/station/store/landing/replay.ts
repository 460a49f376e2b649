import { existsSync } from 'node:fs'
import { type FileHandle, open, readdir, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type ErrorCode, IsocenterError } from '../../../../shared/errors.ts'
import { type Disk, errorCode } from '../../base/durable.ts'
import type { Log } from '../../base/log.ts'
import { readUpTo } from '../../base/readUpTo.ts'
import { fileOfContent } from '../contentFile.ts'
import type { Receive, ReceiveStart } from '../index.ts'
import type { LandingPosition } from './landing.ts'
import { type DecodedRecord, decodeSegmentHeader, GROUP_ALIGNMENT, readRecord, SEGMENT_HEADER_BYTES } from './record.ts'
import { LANDING_FOLDER, segmentFile, segmentNumber } from './segment.ts'

const READ_BYTES = 1 << 20

/** What a start finds in the landing folder. */
export interface LandingFolder {
  /** Numbers of the segments, ascending. */
  segments: number[]
  /** Content numbers of the objects in files of their own. */
  spilled: number[]
}

export async function readLandingFolder(dataDir: string): Promise<LandingFolder> {
  const names = await readdir(join(dataDir, LANDING_FOLDER))
  return {
    segments: names.flatMap(name => segmentNumber(name) ?? []).sort((a, b) => a - b),
    spilled: names.flatMap(name => (/^[0-9a-f]{8,}\.dcm$/.test(name) ? Number.parseInt(name, 16) : [])),
  }
}

/**
 * Segments from the top of the log down that an earlier process made ahead and never wrote to, ascending, `size` bytes each. Of what was
 * answered the first block was synced, too: where it is zeros, nothing was. What was cut off while it was made is none of them.
 */
export async function untouchedSegments(
  dataDir: string,
  { segments }: LandingFolder,
  from: LandingPosition,
  size: number,
): Promise<number[]> {
  const untouched: number[] = []
  for (const number of segments.toReversed()) {
    if (number < from.segment || existsSync(join(dataDir, `${segmentFile(number)}.failed`))) break
    const handle = await open(join(dataDir, segmentFile(number)), 'r')
    try {
      const header = await readUpTo(handle, 0, SEGMENT_HEADER_BYTES)
      const first = await readUpTo(handle, SEGMENT_HEADER_BYTES, GROUP_ALIGNMENT)
      if (first.some(byte => byte !== 0)) break
      if ((await handle.stat()).size === size && decodeSegmentHeader(header)) untouched.unshift(number)
    } finally {
      await handle.close()
    }
  }
  return untouched
}

/**
 * Receives again what the log holds behind `from`: synced and perhaps answered, but its rows were lost with the power, or not
 * written yet when the process ended. Each object goes in as from a door, to a new place that is synced before its rows are
 * written, so that nothing depends on what an older process left in the system's cache; what is known is recognised as a duplicate.
 * Rejects when the station can't: then it must be done again before anything new is taken.
 */
export async function replayLanding({
  dataDir,
  from,
  segments,
  skip,
  receive,
  log,
}: {
  dataDir: string
  from: LandingPosition
  segments: number[]
  /** What comes back by another way, or not at all. */
  skip(record: DecodedRecord): Promise<boolean>
  receive(start: ReceiveStart, received: number): Receive
  log: Log
}): Promise<number> {
  let objects = 0
  for (const number of segments.filter(segment => segment >= from.segment)) {
    const start = number === from.segment ? Math.max(from.offset, SEGMENT_HEADER_BYTES) : SEGMENT_HEADER_BYTES
    const path = join(dataDir, segmentFile(number))
    const handle = await open(path, 'r')
    try {
      const read = (position: number, length: number) => readUpTo(handle, position, length)
      const epoch = decodeSegmentHeader(await read(0, SEGMENT_HEADER_BYTES))
      if (!epoch) continue
      const end = await condemnedFrom(path)
      for (let at = start; at < end; ) {
        const record = await readRecord(read, epoch, at)
        if (!record) break
        if (record.file === undefined && !(await isWhole(handle, at + record.dataOffset, record))) break
        const taken = !(await skip(record)) && (await receiveAgain(dataDir, handle, at, record, receive, log))
        if (taken) objects++
        at += record.total
      }
    } finally {
      await handle.close()
    }
  }
  return objects
}

/** The greatest content number that stands in the segments: an index that forgot it must not give it again. */
export async function newestRecord(dataDir: string, segments: number[]): Promise<number> {
  let newest = 0
  for (const number of segments) {
    const handle = await open(join(dataDir, segmentFile(number)), 'r')
    try {
      const read = (position: number, length: number) => readUpTo(handle, position, length)
      const epoch = decodeSegmentHeader(await read(0, SEGMENT_HEADER_BYTES))
      for (let at = SEGMENT_HEADER_BYTES; epoch; ) {
        const record = await readRecord(read, epoch, at)
        if (!record) break
        newest = Math.max(newest, record.contentId)
        at += record.total
      }
    } finally {
      await handle.close()
    }
  }
  return newest
}

/** What only this object is to blame for: it was refused then, too. Anything else is the station's trouble. */
const REFUSALS: readonly ErrorCode[] = ['invalid-uid', 'malformed', 'identity-mismatch']

/** False when it could not be: it was refused before, or its file went with its refusal. */
async function receiveAgain(
  dataDir: string,
  segment: FileHandle,
  at: number,
  record: DecodedRecord,
  receive: (start: ReceiveStart, received: number) => Receive,
  log: Log,
): Promise<boolean> {
  const { contentId, file, start, received } = record
  const own = file === undefined ? undefined : await openIfThere(join(dataDir, file))
  if (file !== undefined && !own) return false
  try {
    const offset = own ? (await own.stat()).size - record.length : at + record.dataOffset
    if (own && !(await isWhole(own, offset, record))) return false
    const again = receive(start, received)
    const block = Buffer.allocUnsafe(READ_BYTES)
    for (let done = 0; done < record.length; ) {
      const { bytesRead } = await (own ?? segment).read(
        block,
        0,
        Math.min(READ_BYTES, record.length - done),
        offset + done,
      )
      if (bytesRead === 0) throw new Error('the file ends before its record says')
      await again.write(block.subarray(0, bytesRead))
      done += bytesRead
    }
    const { outcome } = await again.commit()
    log.info({ contentId, outcome }, 'received again from the landing log')
    return true
  } catch (error) {
    if (!(error instanceof IsocenterError && REFUSALS.includes(error.code))) throw error
    return false
  } finally {
    await own?.close()
  }
}

/** Whether the record's object lies in its final file, byte for byte and synced: then that has a row, or repair makes one. */
export async function liesSettled(dataDir: string, disk: Disk, record: DecodedRecord): Promise<boolean> {
  const path = join(dataDir, fileOfContent(record.contentId))
  const handle = await openIfThere(path)
  if (!handle) return false
  try {
    if (!(await isWhole(handle, (await handle.stat()).size - record.length, record))) return false
  } finally {
    await handle.close()
  }
  const written = await disk.openToAppend(path)
  await written.sync().finally(() => written.close())
  await disk.syncFolder(dirname(path))
  return true
}

async function isWhole(handle: FileHandle, offset: number, { length, crc }: DecodedRecord): Promise<boolean> {
  let sum = 0
  if (offset < 0) return false
  for (let done = 0; done < length; done += READ_BYTES) {
    const part = await readUpTo(handle, offset + done, Math.min(READ_BYTES, length - done))
    if (part.length === 0) return false
    sum = crc32(part, sum)
  }
  return sum === crc
}

/**
 * Files nobody points to any more: segments whose records all have their rows and lie elsewhere, large objects that got their
 * final name. What never had a row is set aside in `<dataDir>/orphans`, never deleted.
 */
export async function tidyLanding({
  dataDir,
  disk,
  folder,
  inUse,
  known,
}: {
  dataDir: string
  disk: Disk
  folder: LandingFolder
  inUse(files: string[]): Promise<string[]>
  known(contentIds: number[]): Promise<number[]>
}): Promise<{ orphans: number }> {
  const used = new Set(await inUse(folder.segments.map(segmentFile)))
  for (const number of folder.segments) {
    const file = segmentFile(number)
    if (used.has(file)) continue
    await disk.removeFile(join(dataDir, file))
    await disk.removeFile(join(dataDir, `${file}.failed`)).catch(() => {})
  }
  const name = (id: number) => `${LANDING_FOLDER}/${id.toString(16).padStart(8, '0')}.dcm`
  const spilledInUse = new Set(await inUse(folder.spilled.map(name)))
  const withRow = new Set(await known(folder.spilled))
  let orphans = 0
  for (const id of folder.spilled) {
    if (spilledInUse.has(name(id))) continue
    const path = join(dataDir, name(id))
    if (withRow.has(id)) {
      await disk.removeFile(path)
      continue
    }
    // A purge that was cut off has been carried on since the folder was looked at.
    if (!existsSync(path)) continue
    await disk.makeFolder(join(dataDir, 'orphans'))
    await rename(path, join(dataDir, 'orphans', `${Date.now()}-${id.toString(16).padStart(8, '0')}.dcm`))
    orphans++
  }
  return { orphans }
}

async function condemnedFrom(path: string): Promise<number> {
  const text = await readFile(`${path}.failed`, 'utf8').catch(error => {
    if (errorCode(error) === 'ENOENT') return ''
    throw error
  })
  return text === '' ? Number.POSITIVE_INFINITY : Number(text) || 0
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return open(path, 'r').catch(error => {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  })
}
