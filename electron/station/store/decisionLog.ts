import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { Priority, ReadingStatus } from '../../../shared/contract.ts'
import type { ReportVersion } from '../../../shared/reporting/report.ts'
import { type Disk, errorCode, type GrowingFile, replaceFile, SyncError } from '../base/durable.ts'
import type { CommitmentAsked, CommitmentOver } from './commitment/commitmentRows.ts'
import type { PatientModule } from './index.ts'
import type { NoticeTold } from './notices/noticeRows.ts'

/**
 * What was decided: with the files, all that an index cannot be made again from. No patient's name but the one that a move shows:
 * a correction stands nowhere else.
 */
export type Decision = { at: number; StudyInstanceUID: string } & (
  | { kind: 'reading'; status: ReadingStatus; by: string }
  | { kind: 'priority'; priority: Priority }
  | { kind: 'draft'; by: string; rev: number; draft: unknown }
  /** A version of the study's report as it is now; `id` is the study's UID and the version's number. */
  | { kind: 'report'; id: string; by: string; report: ReportVersion }
  /** It stays on this station whatever the cache wants, or need not any more. */
  | { kind: 'kept'; kept: boolean; by: string }
  /** Deleted by a person (`code` '') or by a rejection note, whose UID is the `id`. `instances` are SOP Instance UIDs, here or not. */
  | {
      kind: 'removal'
      id: string
      code: string
      by: string
      reason: string
      /** '' = of the whole study, or of several series. */
      SeriesInstanceUID: string
      instances: string[]
    }
  | { kind: 'restored'; id: string; by: string }
  /** The files with these numbers are gone, or go as soon as this stands here. */
  | { kind: 'purged'; id: string; by: string; contents: number[] }
  /** A purge left nothing of the study: drafts and reports that were written of it before are nobody's any more. */
  | { kind: 'emptied' }
  /** All contents of the study that lie at an archive alone; their files are gone, or go as soon as this stands here. */
  | { kind: 'evicted'; contents: number[] }
  /** A study (`SeriesInstanceUID` '') or series is shown under `patient`, a series in the study `to`. */
  | {
      kind: 'move'
      id: string
      by: string
      reason: string
      SeriesInstanceUID: string
      to: string
      /** The study `to` was made for it. */
      made: boolean
      patient: PatientModule
    }
  | { kind: 'movedBack'; id: string; by: string }
  /** All that is shown under the patient with the key `source` is shown as `patient`, whose key is `target`. */
  | { kind: 'merged'; id: string; by: string; reason: string; source: string; target: string; patient: PatientModule }
  /** Two patients are not one; the pair by their keys. */
  | { kind: 'apart'; id: string; by: string; pair: string }
  | { kind: 'unmerged'; id: string; by: string }
  | CommitmentAsked
  | CommitmentOver
  | NoticeTold
)

/** The first line after a compaction: how much of the file was still needed then. */
interface Compacted {
  kind: 'compacted'
  bytes: number
}

/** A draft is at most what a call may carry (4 MiB), its quotes escaped. */
const MAX_LINE = 16 << 20
/** The log is rewritten when it has grown to twice what is needed of it, and by this much at least: drafts come by the minute. */
const COMPACT_FROM = 64 << 20
const WRITE_BYTES = 256 << 10
const NEWLINE = 0x0a

export interface DecisionLog {
  /**
   * Resolves when they, and all before them, are on the disk. Rejects with the disk's error: what could not be written is written
   * with the next ones, but after a SyncError nothing is written any more.
   */
  append(decisions: Decision[]): Promise<void>
  /** After a failed sync: the whole log is written anew, and what is owed may follow. Rejects when that fails, too. */
  recover(): Promise<void>
  /** Waits for what was appended. */
  close(): Promise<void>
}

/**
 * Opens the log: a line a decision, the CRC-32 of its JSON in eight hex digits before it, synced together with those that wait at
 * the same time. What a crash left of a last line becomes a line that counts for nothing.
 */
export function openDecisionLog(path: string, disk: Disk, compactFrom = COMPACT_FROM): DecisionLog {
  let file: GrowingFile | undefined
  let end = 0
  let limit = compactFrom
  let broken: SyncError | undefined
  /** Decided, but not yet written: the disk was full. */
  let owed = ''
  let waiting: Array<{ lines: string; resolve(): void; reject(error: unknown): void }> = []
  let running: Promise<void> | undefined

  async function opened(): Promise<GrowingFile> {
    if (file) return file
    file = await disk.openToAppend(path)
    end = file.size
    limit = Math.max(compactFrom, 2 * (await neededBytes(path)))
    if (end > 0 && !(await endsWithNewline(path, end))) {
      await file.write(Uint8Array.of(NEWLINE), end)
      end += 1
    }
    return file
  }

  async function write(lines: string): Promise<void> {
    let current = await opened()
    if (end > limit) {
      await current.close()
      file = undefined
      await compact(path, disk)
      current = await opened()
    }
    const bytes = new TextEncoder().encode(lines)
    await current.write(bytes, end)
    await current.sync()
    end += bytes.length
  }

  async function writeOwed(lines: string): Promise<void> {
    owed += lines
    // After a failed sync nobody knows what the disk holds: nothing more is promised.
    if (broken) throw broken
    if (owed === '') return
    try {
      await write(owed)
      owed = ''
    } catch (error) {
      if (error instanceof SyncError) broken = error
      throw error
    }
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      try {
        await writeOwed(group.map(({ lines }) => lines).join(''))
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    running = undefined
  }

  return {
    append: decisions =>
      new Promise((resolve, reject) => {
        waiting.push({ lines: decisions.map(lineOf).join(''), resolve, reject })
        running ??= run()
      }),
    async recover() {
      if (!broken) return
      await file?.close().catch(() => {})
      file = undefined
      await compact(path, disk)
      broken = undefined
      await writeOwed('')
    },
    async close() {
      await running
      await file?.close()
      file = undefined
    },
  }
}

/** Every decision of a log in its order; damaged lines are left out. An absent log has none. */
export async function* readDecisions(path: string): AsyncGenerator<Decision> {
  for await (const { json } of readLines(path)) {
    const entry = JSON.parse(json) as Decision | Compacted
    if (entry.kind !== 'compacted') yield entry
  }
}

/** Keeps the last decision of each kind on each thing; of a study that was emptied nothing that a reader has written before. */
async function compact(path: string, disk: Disk): Promise<void> {
  const last = new Map<string, string>()
  const written = new Map<string, Set<string>>()
  for await (const { json, line } of readLines(path)) {
    const entry = JSON.parse(json) as Decision | Compacted
    if (entry.kind === 'compacted') continue
    const { kind, StudyInstanceUID } = entry
    // Its own word stays, a line a study: a start that still owes it knows by that alone that it stands here.
    if (kind === 'emptied') {
      for (const key of written.get(StudyInstanceUID) ?? []) last.delete(key)
      written.delete(StudyInstanceUID)
    }
    const key = thingOf(entry)
    if (kind === 'draft' || kind === 'report') {
      written.set(StudyInstanceUID, (written.get(StudyInstanceUID) ?? new Set()).add(key))
    }
    // In the order of the last ones: what is read back ends as it was.
    last.delete(key)
    last.set(key, line)
  }
  let bytes = 0
  for (const line of last.values()) bytes += Buffer.byteLength(line)
  await replaceFile(disk, path, inParts([lineOf({ kind: 'compacted', bytes }), ...last.values()]))
}

/**
 * What a decision is the last word on. A deletion and the word that takes it back, or purges it, are kept both: whatever was said
 * first stays first, and a purge means nothing without its deletion.
 */
function thingOf(entry: Decision): string {
  const { kind, StudyInstanceUID } = entry
  if ('id' in entry) return JSON.stringify([kind, entry.id])
  return JSON.stringify([kind, StudyInstanceUID, kind === 'draft' ? entry.by : ''])
}

function* inParts(lines: Iterable<string>): Generator<string> {
  let part = ''
  for (const line of lines) {
    part += line
    if (part.length < WRITE_BYTES) continue
    yield part
    part = ''
  }
  yield part
}

function lineOf(entry: Decision | Compacted): string {
  const json = JSON.stringify(entry)
  return `${sumOf(json)} ${json}\n`
}

function sumOf(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}

/** The lines whose checksum is right. */
async function* readLines(path: string): AsyncGenerator<{ json: string; line: string }> {
  const handle = await open(path, 'r').catch(error => {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (!handle) return
  let parts: Buffer[] = []
  let length = 0
  for await (const chunk of handle.createReadStream({ highWaterMark: WRITE_BYTES })) {
    let rest = chunk as Buffer
    for (let at = rest.indexOf(NEWLINE); at >= 0; at = rest.indexOf(NEWLINE)) {
      if (length + at <= MAX_LINE) {
        const line = Buffer.concat([...parts, rest.subarray(0, at)]).toString()
        const json = line.slice(9)
        if (line === `${sumOf(json)} ${json}`) yield { json, line: `${line}\n` }
      }
      parts = []
      length = 0
      rest = rest.subarray(at + 1)
    }
    length += rest.length
    if (length <= MAX_LINE) parts.push(rest)
    else parts = []
  }
}

/** What its first line says of a log that was compacted; 0 for one that never was. */
async function neededBytes(path: string): Promise<number> {
  for await (const { json } of readLines(path)) {
    const entry = JSON.parse(json) as Decision | Compacted
    return entry.kind === 'compacted' ? entry.bytes : 0
  }
  return 0
}

async function endsWithNewline(path: string, size: number): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer[0] === NEWLINE
  } finally {
    await handle.close()
  }
}
