import { type FileHandle, open, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type AuditRecord, auditRecord } from '../../../shared/audit.ts'
import { errorCode } from '../base/durable.ts'
import { type Line, type Link, LONGEST_LINE, type Verdict, Verifier } from './chain.ts'

/** A new file from so many bytes on: one is read whole when a station starts after a crash (0.1 s). */
export const FULL_FILE = 16 * 2 ** 20
const CHUNK = 64 * 1024
/** How far the trail was known to be on the disk; written behind it, never synced by itself. */
export const HEAD_FILE = 'head'

/** Named for its first record, so that names in order are files in order. */
export function fileName(firstSeq: number): string {
  return `audit-${String(firstSeq).padStart(15, '0')}.log`
}

/** In order; [] where there is no folder yet. */
export async function listFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter(name => /^audit-\d{15}\.log$/.test(name)).sort()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

export interface LineAt {
  text: string
  /** Of its first byte in the file. */
  offset: number
  /** Behind its end. */
  next: number
  /** It has an end of line. */
  whole: boolean
}

/**
 * The lines of a file from a place on, as far as `end`; one that has no end yet is left out, unless `whole`. One that is longer than any
 * record comes in pieces.
 */
export async function* linesOf(
  file: string,
  from = 0,
  end = Number.POSITIVE_INFINITY,
  whole = false,
): AsyncGenerator<LineAt> {
  const handle = await openToRead(file)
  if (!handle) return
  try {
    const buffer = Buffer.alloc(CHUNK)
    let rest: Buffer = Buffer.alloc(0)
    let offset = from
    for (;;) {
      const read = await readAt(handle, buffer, offset + rest.length, end)
      if (read === 0) break
      let bytes: Buffer = Buffer.concat([rest, buffer.subarray(0, read)])
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10)) {
        yield { text: bytes.toString('utf8', 0, at), offset, next: offset + at + 1, whole: true }
        offset += at + 1
        bytes = bytes.subarray(at + 1)
      }
      if (bytes.length > LONGEST_LINE) {
        yield { text: bytes.toString('utf8', 0, 200), offset, next: offset + bytes.length, whole: false }
        offset += bytes.length
        bytes = Buffer.alloc(0)
      }
      rest = bytes
    }
    if (whole && rest.length > 0)
      yield { text: rest.toString('utf8'), offset, next: offset + rest.length, whole: false }
  } finally {
    await handle.close()
  }
}

/** undefined of one that is gone: what it held is missing then. */
async function openToRead(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function readAt(handle: FileHandle, buffer: Buffer, position: number, end: number): Promise<number> {
  const most = Math.min(buffer.length, end - position)
  if (most <= 0) return 0
  return (await handle.read(buffer, 0, most, position)).bytesRead
}

/** The lines of a file that end before `end`, the last one first. A line that is longer than any record ends it. */
export async function* linesBackwards(file: string, end: number): AsyncGenerator<LineAt> {
  const handle = await openToRead(file)
  if (!handle) return
  try {
    let begin = Math.min(end, (await handle.stat()).size)
    let rest: Buffer = Buffer.alloc(0)
    while (begin > 0) {
      const length = Math.min(CHUNK, begin)
      const buffer = Buffer.alloc(length)
      begin -= length
      await handle.read(buffer, 0, length, begin)
      let bytes: Buffer = Buffer.concat([buffer, rest])
      for (let at = bytes.lastIndexOf(10, -2); at >= 0; at = bytes.lastIndexOf(10, -2)) {
        yield lineAt(bytes.subarray(at + 1), begin + at + 1)
        bytes = bytes.subarray(0, at + 1)
      }
      if (bytes.length > LONGEST_LINE) return
      rest = bytes
    }
    if (rest.length > 0) yield lineAt(rest, 0)
  } finally {
    await handle.close()
  }
}

function lineAt(bytes: Buffer, offset: number): LineAt {
  const whole = bytes.at(-1) === 10
  return { text: bytes.toString('utf8', 0, bytes.length - (whole ? 1 : 0)), offset, next: offset + bytes.length, whole }
}

/** What a line says; undefined where it was damaged. */
export function recordOf(line: Line): AuditRecord | undefined {
  try {
    return auditRecord.parse(JSON.parse(line.json))
  } catch {
    return undefined
  }
}

/** undefined where there is none, or none that can be read. */
export async function readHead(folder: string): Promise<Link | undefined> {
  const text = await readFile(path.join(folder, HEAD_FILE), 'utf8').catch(() => '')
  const [, seq = '', hash = ''] = /^(\d{15}) ([0-9a-f]{64})\n/.exec(text) ?? []
  return hash ? { seq: Number(seq), hash } : undefined
}

/** One length whatever it says, so that it is written over in one piece. */
export function headLine({ seq, hash }: Link): string {
  return `${String(seq).padStart(15, '0')} ${hash}\n`
}

/** What a trail consists of at one moment: each file with where it ends. */
export interface Extent {
  head: Link | undefined
  files: Array<[name: string, end: number]>
}

/** Reads all of a trail. Without `extent`, all there is on the disk: what has no end of line is told, too. */
export async function verifyFolder(folder: string, extent?: Extent): Promise<Verdict> {
  const { head, files } = extent ?? {
    head: await readHead(folder),
    files: (await listFiles(folder)).map((name): [string, number] => [name, Number.POSITIVE_INFINITY]),
  }
  const verifier = new Verifier()
  for (const [name, end] of files) {
    verifier.file(name)
    for await (const { text } of linesOf(path.join(folder, name), 0, end, true)) verifier.line(text)
  }
  return verifier.end(head)
}
