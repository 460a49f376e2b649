import { createHash } from 'node:crypto'

/** What the first record of a trail follows on. */
export const GENESIS = '0'.repeat(64)
/** A record of the largest query, study and participants has 30 KB. */
export const LONGEST_LINE = 64 * 1024

/** Where a chain stands: its last record. */
export interface Link {
  seq: number
  hash: string
}

export const BEGINNING: Link = { seq: 0, hash: GENESIS }

export interface Line extends Link {
  previous: string
  json: string
}

function hashOf(previous: string, json: string): string {
  return createHash('sha256').update(`${previous} ${json}`).digest('hex')
}

/** `hash previous json`: the hash is SHA-256 over the rest of the line, so each record holds all before it. */
export function chainLine(after: Link, json: string): { line: string; link: Link } {
  const hash = hashOf(after.hash, json)
  return { line: `${hash} ${after.hash} ${json}\n`, link: { seq: after.seq + 1, hash } }
}

/** A line as it stands, without its end; undefined for what is none of ours. Whether it fits is not looked at. */
export function parseLine(text: string): Line | undefined {
  const [, hash = '', previous = '', json = ''] = /^([0-9a-f]{64}) ([0-9a-f]{64}) (\{.*\})$/.exec(text) ?? []
  if (!hash) return undefined
  const [, digits] = /^\{"seq":(\d{1,15}),/.exec(json) ?? []
  return digits === undefined ? undefined : { hash, previous, json, seq: Number(digits) }
}

/** The line is as it was written, wherever it stands. */
export function isSound(line: Line): boolean {
  return line.hash === hashOf(line.previous, line.json)
}

/** Where a trail does not fit: the file, its line (from 1), and why, in words. */
export interface Broken {
  file: string
  line: number
  sentence: string
}

export interface Verdict {
  records: number
  files: number
  /** The first line that does not fit; null where all do. */
  broken: Broken | null
}

/**
 * Looks at the lines of a trail, from its first to its last, and finds the first that does not fit: changed, taken out, put in, moved.
 * What was cut off at the end is found by `head`, the last record that was known to be on the disk.
 */
export class Verifier {
  #at: Link = BEGINNING
  #file = ''
  #line = 0
  #verdict: Verdict = { records: 0, files: 0, broken: null }

  /** The next file, in order. */
  file(name: string): void {
    this.#file = name
    this.#line = 0
    this.#verdict.files += 1
  }

  line(text: string): void {
    this.#line += 1
    const line = parseLine(text)
    if (!line) {
      this.#break('this is no record: it was changed, or only a part of it was written')
      return
    }
    if (!isSound(line)) this.#break(`record ${line.seq} was changed after it was written`)
    else if (line.seq !== this.#at.seq + 1) {
      this.#break(
        line.seq > this.#at.seq
          ? `records ${this.#at.seq + 1} to ${line.seq - 1} are missing before it`
          : `record ${line.seq} stands behind record ${this.#at.seq}`,
      )
    } else if (line.previous !== this.#at.hash) {
      this.#break(`record ${line.seq} does not follow on the one that stands before it`)
    }
    this.#verdict.records += 1
    this.#at = { seq: line.seq, hash: line.hash }
  }

  /** `head`: the trail must reach so far; undefined where nobody knows. */
  end(head?: Link): Verdict {
    if (head && head.seq > this.#at.seq) {
      this.#line += 1
      this.#break(`records ${this.#at.seq + 1} to ${head.seq} are missing at the end`)
    } else if (head && head.seq === this.#at.seq && head.hash !== this.#at.hash) {
      this.#break(`record ${head.seq} is not the one that was written`)
    }
    return { ...this.#verdict }
  }

  #break(sentence: string): void {
    this.#verdict.broken ??= { file: this.#file, line: this.#line, sentence }
  }
}
