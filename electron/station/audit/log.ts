import { readFile, truncate } from 'node:fs/promises'
import path from 'node:path'
import type { AuditEvent } from '../../../shared/audit.ts'
import { createDisk, type Disk, type GrowingFile } from '../base/durable.ts'
import { BEGINNING, chainLine, isSound, type Link, parseLine } from './chain.ts'
import { type Extent, FULL_FILE, fileName, HEAD_FILE, headLine, linesOf, listFiles, readHead } from './files.ts'

/** What is read is written down this late at most; what waits for it shares the sync of all that came meanwhile. */
const GATHER_MS = 200
/** After a disk that failed. */
const RETRY_MS = 15_000
/** While the disk takes nothing; what comes beyond is counted, and told. */
const MOST_WAITING = 20_000
const BATCH = 1000

/** A record before it has its number. */
export interface Unwritten {
  at: number
  count: number
  event: AuditEvent
  station: string
}

/** What was found when the trail was opened. */
export interface Recovered {
  /** Bytes behind the last whole record, which were set aside. */
  cut: number
  /** Records that were known to be on the disk and are not there. */
  missing: number
}

export interface AuditLogOptions {
  folder: string
  disk?: Disk
  fullFile?: number
  gatherMs?: number
  retryMs?: number
  /** Told when the disk takes nothing, and of how many were lost when there were too many. */
  failed(error: unknown): void
  lost(count: number): void
}

interface Waiting {
  record: Unwritten
  settle: () => void
}

interface Open {
  name: string
  file: GrowingFile
  size: number
}

/**
 * The trail's files: records in a chain, appended and synced in groups. After a write or sync that failed the file is cut back to what
 * is surely on the disk and never written again; the records that waited go to a new one.
 */
export class AuditLog {
  readonly #options: AuditLogOptions
  readonly #disk: Disk
  #at: Link
  /** Of the files before the open one. */
  readonly #ended: Array<[name: string, end: number]>
  #open: Open | undefined
  /** Cut back before anything else is written. */
  #condemned: { name: string; size: number } | undefined
  #head: GrowingFile | undefined
  #waiting: Waiting[] = []
  #timer: NodeJS.Timeout | undefined
  /** Somebody waits for one of those that wait. */
  #urgent = false
  #writing: Promise<void> | undefined
  #retryAt = 0
  #lost = 0
  #closed = false
  readonly #listeners = new Set<() => void>()

  private constructor(options: AuditLogOptions, at: Link, ended: Array<[string, number]>) {
    this.#options = options
    this.#disk = options.disk ?? createDisk()
    this.#at = at
    this.#ended = ended
  }

  /** Reads the last file from its beginning; what is no whole record behind the last one is set aside as `cut-<seq>`. */
  static async open(options: AuditLogOptions): Promise<{ log: AuditLog; recovered: Recovered }> {
    const { folder } = options
    const disk = options.disk ?? createDisk()
    await disk.makeFolder(folder)
    const found = await lastRecord(folder)
    const head = await readHead(folder)
    const missing = head ? Math.max(0, head.seq - found.at.seq) : 0
    // The chain goes on from what was there: the gap stays to be seen.
    const log = new AuditLog(options, head && missing > 0 ? head : found.at, found.files)
    const [name, size] = found.files.at(-1) ?? ['', Number.POSITIVE_INFINITY]
    if (found.cut > 0) await setAside(disk, folder, name, size, found.at.seq)
    if (size < (options.fullFile ?? FULL_FILE)) {
      found.files.pop()
      log.#open = { name, file: await disk.openToAppend(path.join(folder, name)), size }
    }
    return { log, recovered: { cut: found.cut, missing } }
  }

  /** The last record on the disk. */
  get at(): Link {
    return this.#at
  }

  /** Files and their ends, as far as all of it is on the disk. */
  get extent(): Extent {
    const open: Array<[string, number]> = this.#open ? [[this.#open.name, this.#open.size]] : []
    return { head: this.#at.seq > 0 ? this.#at : undefined, files: [...this.#ended, ...open] }
  }

  /** Told after each group that is on the disk. Returns the unsubscribe. */
  onWritten(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when it is on the disk. `soon`: nobody waits for it. */
  append(record: Unwritten, soon = false): Promise<void> {
    if (this.#waiting.length >= MOST_WAITING || this.#closed) {
      this.#lost += 1
      return Promise.resolve()
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ record, settle: resolve })
    this.#urgent ||= !soon
    this.#schedule()
    return promise
  }

  /** Writes what waits, as far as the disk takes it. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#writing
    this.#retryAt = 0
    while (this.#waiting.length > 0 && this.#retryAt === 0) await this.#write()
    await this.#head?.close()
    await this.#open?.file.close()
  }

  #schedule(): void {
    if (this.#writing || this.#closed || (this.#timer && !this.#urgent)) return
    clearTimeout(this.#timer)
    const leisure = this.#urgent ? 0 : (this.#options.gatherMs ?? GATHER_MS)
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#urgent = false
        this.#writing = this.#write().finally(() => {
          this.#writing = undefined
          if (this.#waiting.length > 0) this.#schedule()
        })
      },
      Math.max(leisure, this.#retryAt - performance.now()),
    )
    this.#timer.unref()
  }

  async #write(): Promise<void> {
    const batch = this.#waiting.slice(0, BATCH)
    let at = this.#at
    const lines: string[] = []
    for (const { record } of batch) {
      const { at: time, count, event, station } = record
      const json = JSON.stringify({ seq: at.seq + 1, at: time, count, station, ...event })
      const { line, link } = chainLine(at, json)
      lines.push(line)
      at = link
    }
    const bytes = Buffer.from(lines.join(''))
    try {
      const open = await this.#fileFor()
      await open.file.write(bytes, open.size)
      await open.file.sync()
      open.size += bytes.length
      this.#at = at
    } catch (error) {
      if (this.#open) this.#condemn(this.#open)
      this.#retryAt = performance.now() + (this.#options.retryMs ?? RETRY_MS)
      this.#options.failed(error)
      return
    }
    this.#retryAt = 0
    this.#waiting.splice(0, batch.length)
    for (const { settle } of batch) settle()
    await this.#writeHead().catch(() => {})
    if (this.#lost > 0) this.#options.lost(this.#lost)
    this.#lost = 0
    for (const listener of this.#listeners) listener()
  }

  async #fileFor(): Promise<Open> {
    const { folder, fullFile = FULL_FILE } = this.#options
    if (this.#condemned) {
      await cutBack(this.#disk, path.join(folder, this.#condemned.name), this.#condemned.size)
      this.#condemned = undefined
    }
    if (this.#open && this.#open.size < fullFile) return this.#open
    const ended = this.#open
    if (ended) {
      this.#open = undefined
      this.#ended.push([ended.name, ended.size])
      await ended.file.close()
    }
    const name = fileName(this.#at.seq + 1)
    // One of this name can only be empty, or hold what was never on the disk for sure.
    const known = this.#ended.findIndex(([other]) => other === name)
    if (known >= 0) this.#ended.splice(known, 1)
    const file = await this.#disk.openToAppend(path.join(folder, name))
    this.#open = { name, file, size: 0 }
    return this.#open
  }

  #condemn(open: Open): void {
    this.#open = undefined
    this.#condemned = { name: open.name, size: open.size }
    this.#ended.push([open.name, open.size])
    void open.file.close().catch(() => {})
  }

  async #writeHead(): Promise<void> {
    this.#head ??= await this.#disk.openToAppend(path.join(this.#options.folder, HEAD_FILE))
    await this.#head.write(Buffer.from(headLine(this.#at)), 0)
  }
}

/** The last record that is whole, in the last file that has one; the files as far as they hold records, and what lies behind. */
async function lastRecord(folder: string): Promise<{ at: Link; files: Array<[string, number]>; cut: number }> {
  const names = await listFiles(folder)
  const files: Array<[string, number]> = []
  let cut = 0
  let at: Link | undefined
  for (const name of names.reverse()) {
    let [end, size] = [0, 0]
    if (at) {
      files.unshift([name, Number.POSITIVE_INFINITY])
      continue
    }
    for await (const { text, next, whole } of linesOf(path.join(folder, name), 0, Number.POSITIVE_INFINITY, true)) {
      const line = parseLine(text)
      size = next
      if (!line || !whole || !isSound(line)) continue
      end = next
      at = { seq: line.seq, hash: line.hash }
    }
    if (files.length === 0) cut = size - end
    files.unshift([name, end])
  }
  return { at: at ?? BEGINNING, files, cut }
}

/** What was cut off is kept: it may be what somebody wants to have looked at. */
async function setAside(disk: Disk, folder: string, name: string, from: number, seq: number): Promise<void> {
  const file = path.join(folder, name)
  const aside = await disk.createFile(path.join(folder, `cut-${seq}-${Date.now()}`))
  await aside.write((await readFile(file)).subarray(from), 0)
  await aside.sync()
  await aside.close()
  await disk.syncFolder(folder)
  await cutBack(disk, file, from)
}

async function cutBack(disk: Disk, file: string, size: number): Promise<void> {
  await truncate(file, size)
  const cut = await disk.openToAppend(file)
  await cut.sync()
  await cut.close()
}
