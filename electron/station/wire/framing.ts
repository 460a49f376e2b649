import { PDV_OVERHEAD, writeDataHeader } from './pduEncode.ts'

/** Bytes to be sent, wherever they are. */
export interface DataSource {
  readonly length: number
  /** Fills one target after the other, in shared memory, with what begins at `from`. */
  read(targets: Uint8Array[], from: number): Promise<void>
}

/** A CT slice of 512 × 512 goes as one piece: one read, one write. */
const CHUNK_BYTES = 640 * 1024
/** So many targets are one call of the system; peers that take PDUs of a few bytes get shorter chunks. */
const MOST_PDUS = 256
const MOST_KEPT = 16

/** Shared, so that another thread may fill them. */
const free: Buffer[] = []

function takeBuffer(): Buffer {
  return free.pop() ?? Buffer.from(new SharedArrayBuffer(CHUNK_BYTES))
}

function giveBack(buffer: Buffer): void {
  if (free.length < MOST_KEPT) free.push(buffer)
}

/**
 * A data set as P-DATA-TF PDUs of one PDV each (PS3.8 annex E), read from its source straight to between their headers, so that
 * nothing is copied or looked at. The first chunk is read at once, each next one while the one before it is sent: at most two
 * buffers are held, and given back when `done`.
 */
export class FramedDataSet {
  readonly #source: DataSource
  /** Bytes of data in each PDU but the last. */
  readonly #each: number
  readonly #contextId: number
  #at = 0
  #reading: Promise<Buffer | undefined>
  #buffers: Buffer[] = []
  #turn = 0
  /** All of it, so that no socket looks at the buffers any more. */
  #sent = false

  /** @param each bytes of data in each PDV: even (PS3.8 §E.1), and what the peer takes. */
  constructor(source: DataSource, contextId: number, each: number) {
    this.#source = source
    this.#contextId = contextId
    this.#each = Math.min(each, CHUNK_BYTES - PDV_OVERHEAD)
    this.#reading = this.#read()
  }

  /** Whole PDUs, whose bytes are good until `next` is called again; undefined behind the last. Rejects with the source's error. */
  async next(): Promise<Buffer | undefined> {
    const chunk = await this.#reading
    this.#sent = chunk === undefined
    this.#reading = chunk ? this.#read() : Promise.resolve(undefined)
    return chunk
  }

  /** Waits for what is being read, and gives the buffers back, unless a socket may still have to write them. */
  async done(): Promise<void> {
    await this.#reading.catch(() => {})
    const buffers = this.#buffers.splice(0)
    if (this.#sent) for (const buffer of buffers) giveBack(buffer)
  }

  #read(): Promise<Buffer | undefined> {
    const reading = this.#readChunk()
    // Whoever never asks for it need not hear that it failed.
    reading.catch(() => {})
    return reading
  }

  async #readChunk(): Promise<Buffer | undefined> {
    const { length } = this.#source
    if (this.#at >= length) return undefined
    const buffer = this.#buffers[this.#turn] ?? takeBuffer()
    this.#buffers[this.#turn] = buffer
    this.#turn = 1 - this.#turn
    const from = this.#at
    const targets: Buffer[] = []
    let filled = 0
    while (this.#at < length && targets.length < MOST_PDUS) {
      const size = Math.min(this.#each, length - this.#at)
      if (filled + PDV_OVERHEAD + size > buffer.length) break
      const last = this.#at + size >= length
      writeDataHeader(buffer, filled, this.#contextId, size, { command: false, last })
      targets.push(buffer.subarray(filled + PDV_OVERHEAD, filled + PDV_OVERHEAD + size))
      filled += PDV_OVERHEAD + size
      this.#at += size
    }
    await this.#source.read(targets, from)
    return buffer.subarray(0, filled)
  }
}
