import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const SOURCE = join(import.meta.dirname, 'recorder.c')
const HEAD_BYTES = 40
const O_CREAT = 0o100
const O_TRUNC = 0o1000
const O_DSYNC = 0o10000
const KINDS = [
  undefined,
  'open',
  'write',
  'truncate',
  'syncBegin',
  'syncEnd',
  'rename',
  'link',
  'unlink',
  'mkdir',
  'allocate',
  'mark',
] as const

/** One call as recorder.c wrote it down. Paths are below the recorded folder, '' is the folder itself. */
export interface TraceRecord {
  kind: Exclude<(typeof KINDS)[number], undefined>
  fd: number
  /** Of syncs: their number. */
  offset: number
  length: number
  path: string
  /** The new name of rename and link. */
  other: string
  /** Of writes and marks; a write without it is of zeros. */
  data: Buffer | undefined
  flags: { create: boolean; truncate: boolean; synced: boolean; raw: number }
}

/** Builds the library in `folder`. Throws with a sentence where it cannot be: without it there is no power cut to test. */
export function buildRecorder(folder: string): string {
  const library = join(folder, 'recorder.so')
  if (process.platform !== 'linux') throw new Error('Power cuts are recorded by a preloaded library: on Linux only.')
  try {
    execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl', '-lpthread'], { stdio: 'pipe' })
  } catch (error) {
    throw new Error('gcc could not build the recorder of power cuts; is it installed?', { cause: error })
  }
  return library
}

/** What a process needs in its environment to be recorded. */
export function recorded(library: string, what: { root: string; trace: string; marks: string }): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LD_PRELOAD: library,
    FAULTS_ROOT: what.root,
    FAULTS_TRACE: what.trace,
    FAULTS_MARKS: what.marks,
    // Files through the pool's threads, where they pass the recorder.
    UV_USE_IO_URING: '0',
  }
}

/** The same for a process on a folder that is thrown away: its syncs return at once. */
export function unsynced(library: string): NodeJS.ProcessEnv {
  return { ...process.env, LD_PRELOAD: library, FAULTS_SYNC: 'skip' }
}

/** The records of a trace in order. A last one that was cut off when its process was killed is left out. */
export function readTrace(file: string): TraceRecord[] {
  const bytes = readFileSync(file)
  const records: TraceRecord[] = []
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const kind = KINDS[bytes.readUInt32LE(at)]
    const [pathLength, otherLength, dataLength, raw] = [24, 28, 32, 36].map(o => bytes.readUInt32LE(at + o)) as [
      number,
      number,
      number,
      number,
    ]
    const path = at + HEAD_BYTES
    const other = path + pathLength
    const data = other + otherLength
    if (!kind) throw new Error(`${file} is no trace at ${at}`)
    if (data + dataLength > bytes.length) break
    records.push({
      kind,
      fd: bytes.readInt32LE(at + 4),
      offset: Number(bytes.readBigInt64LE(at + 8)),
      length: Number(bytes.readBigInt64LE(at + 16)),
      path: bytes.toString('utf8', path, other),
      other: bytes.toString('utf8', other, data),
      data: dataLength > 0 ? bytes.subarray(data, data + dataLength) : undefined,
      flags: {
        create: (raw & O_CREAT) !== 0,
        truncate: (raw & O_TRUNC) !== 0,
        synced: (raw & O_DSYNC) !== 0,
        raw,
      },
    })
    at = data + dataLength
  }
  return records
}
