import { IsocenterError } from '../../../shared/errors.ts'

/** What stands before the first boundary and behind the last is nobody's (RFC 2046 §5.1.1). */
const MAX_AROUND_BYTES = 64 * 1024
const MAX_HEADER_BYTES = 8 * 1024
/** White space that mail relays put behind a boundary. */
const MAX_PADDING_BYTES = 64
/** A study of the largest scanners has some ten thousand. */
const MAX_PARTS = 100_000

const CRLF = Buffer.from('\r\n')
const HEADERS_END = Buffer.from('\r\n\r\n')

export interface ReceivedPart {
  /** By name in lower case; of two of one name the first. */
  headers: Map<string, string>
  /** To be read once, as far as one likes. A chunk is valid until the next is asked for. */
  body: AsyncGenerator<Uint8Array>
}

/** RFC 2046 §5.1.1: 1 to 70 characters of a small set, no space at the end. */
export function isBoundary(text: string): boolean {
  return /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/.test(text)
}

/**
 * A multipart body part by part, as it comes: nothing is held but a chunk. What only looks like a boundary belongs to the part.
 * Both `next` and a part's body reject with 'malformed' where the body is none, and with whatever the source rejects with.
 */
export class MultipartReader {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #delimiter: Buffer
  #buffer: Buffer = CRLF
  #sourceEnded = false
  /** 'data': within a part, or before the first. */
  #state: 'data' | 'delimiter' | 'over' = 'data'
  #parts = 0

  /** @param boundary as `isBoundary` has it. */
  constructor(source: AsyncIterable<Uint8Array>, boundary: string) {
    this.#source = source[Symbol.asyncIterator]()
    this.#delimiter = Buffer.from(`\r\n--${boundary}`)
  }

  /** The next part, once what is left of the one before has been passed over; undefined behind the last. */
  async next(): Promise<ReceivedPart | undefined> {
    let passed = 0
    for (let data = await this.#data(); data; data = await this.#data()) {
      passed += data.length
      if (this.#parts === 0 && passed > MAX_AROUND_BYTES)
        throw new IsocenterError('malformed', 'no boundary in the body')
    }
    if (this.#state === 'over') {
      await this.#passEpilogue()
      return undefined
    }
    if (++this.#parts > MAX_PARTS) throw new IsocenterError('malformed', `more than ${MAX_PARTS} parts`)
    const headers = await this.#headers()
    this.#state = 'data'
    return { headers, body: this.#body() }
  }

  async *#body(): AsyncGenerator<Uint8Array> {
    for (let data = await this.#data(); data; data = await this.#data()) yield data
  }

  /** The next bytes before a delimiter, at least one; undefined at the delimiter, which has been taken away then. */
  async #data(): Promise<Buffer | undefined> {
    while (this.#state === 'data') {
      const at = this.#buffer.indexOf(this.#delimiter)
      if (at > 0) return this.#take(at)
      if (at === 0) {
        const kind = this.#delimiterKind()
        if (kind === 'none') return this.#take(CRLF.length)
        if (kind !== undefined) {
          this.#take(this.#delimiter.length + kind.length)
          this.#state = kind.closes ? 'over' : 'delimiter'
          return undefined
        }
      } else {
        // The last bytes may be the first of a delimiter.
        const sure = this.#buffer.length - this.#delimiter.length + 1
        if (sure > 0) return this.#take(sure)
      }
      if (!(await this.#fill())) throw new IsocenterError('malformed', 'the body ends before its last boundary')
    }
    return undefined
  }

  /** What stands behind the delimiter at the buffer's start; undefined while that can't be said. */
  #delimiterKind(): { closes: boolean; length: number } | 'none' | undefined {
    const after = this.#buffer.subarray(this.#delimiter.length, this.#delimiter.length + MAX_PADDING_BYTES)
    if (after.length < 2 && !this.#sourceEnded) return undefined
    if (after[0] === 0x2d && after[1] === 0x2d) return { closes: true, length: 2 }
    let padding = 0
    while (after[padding] === 0x20 || after[padding] === 0x09) padding += 1
    if (after[padding] === 0x0d && after[padding + 1] === 0x0a) return { closes: false, length: padding }
    const undecided = after.length < padding + 2 && after.length < MAX_PADDING_BYTES && !this.#sourceEnded
    return undecided && (after.length === padding || after[padding] === 0x0d) ? undefined : 'none'
  }

  /** The buffer begins with the line break that ends the delimiter's line. */
  async #headers(): Promise<Map<string, string>> {
    let end = this.#buffer.indexOf(HEADERS_END)
    while (end < 0 || end > MAX_HEADER_BYTES) {
      if (this.#buffer.length > MAX_HEADER_BYTES) throw new IsocenterError('malformed', 'the headers of a part')
      if (!(await this.#fill())) throw new IsocenterError('malformed', 'the body ends in the headers of a part')
      end = this.#buffer.indexOf(HEADERS_END)
    }
    const text = this.#take(end).toString('latin1')
    this.#take(CRLF.length)
    const headers = new Map<string, string>()
    for (const line of text.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')) {
      const colon = line.indexOf(':')
      const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase()
      if (name !== '' && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim())
    }
    await this.#passLineBreak()
    return headers
  }

  /** Takes the line break between headers and body away, unless it belongs to a delimiter that follows at once. */
  async #passLineBreak(): Promise<void> {
    while (this.#buffer.length < this.#delimiter.length && (await this.#fill()));
    let isDelimiter = this.#buffer.indexOf(this.#delimiter) === 0
    if (isDelimiter) {
      let kind = this.#delimiterKind()
      // Once the source has ended it can always be said.
      for (; kind === undefined; kind = this.#delimiterKind()) await this.#fill()
      isDelimiter = kind !== 'none'
    }
    if (!isDelimiter) this.#take(CRLF.length)
  }

  async #passEpilogue(): Promise<void> {
    for (let passed = 0; passed <= MAX_AROUND_BYTES && (await this.#fill()); )
      passed += this.#take(this.#buffer.length).length
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return taken
  }

  async #fill(): Promise<boolean> {
    if (this.#sourceEnded) return false
    const { done, value } = await this.#source.next()
    if (done) this.#sourceEnded = true
    else this.#buffer = this.#buffer.length === 0 ? bufferOf(value) : Buffer.concat([this.#buffer, value])
    return !done
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
