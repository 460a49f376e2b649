import type { InstanceHeader } from '../../../shared/dicom/instanceHeader.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import type { NewFile } from '../base/durable.ts'
import { FragmentWalker } from './fragmentWalker.ts'

/** Fifty associations that spill at once hold 64 MB of them. */
const BLOCK_BYTES = 256 << 10
/** Past so many blocks on their way to the disk the sender is asked to wait until two are left. */
const MAX_BLOCKS_IN_FLIGHT = 4
const RESUME_BLOCKS = 2

interface Opened {
  handle: NewFile
  header: InstanceHeader
  metaLength: number
}

/** The bytes of a large object on their way to its file, in blocks, each written after the one before. */
export class Spill {
  readonly #opening: Promise<Opened>
  readonly #free: Buffer[] = []
  #block: Buffer
  #filled = 0
  #written = 0
  #walker: FragmentWalker | undefined
  /** Blocks on their way, oldest first. */
  #inFlight: Array<Promise<void>> = []
  #last: Promise<void>
  #failure: { error: unknown } | undefined

  constructor(opening: Promise<Opened>, transferSyntaxUID: string) {
    this.#opening = opening
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#last = opening.then(
      ({ header }) => {
        this.#walker = walkerFor(header, transferSyntaxUID)
      },
      error => {
        this.#failure = { error }
      },
    )
  }

  /** Copies the chunk. A promise: too much is on its way, wait. Never rejects: `finish` tells. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#failure) return
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + BLOCK_BYTES - this.#filled)
      this.#block.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === BLOCK_BYTES) this.#send()
    }
    if (this.#inFlight.length > MAX_BLOCKS_IN_FLIGHT) return this.#inFlight[this.#inFlight.length - 1 - RESUME_BLOCKS]
  }

  async finish(): Promise<{ header: InstanceHeader; walker?: FragmentWalker; metaLength: number }> {
    this.#send()
    await this.#last
    if (this.#failure) throw this.#failure.error
    const { header, metaLength } = await this.#opening
    return { header, walker: this.#walker, metaLength }
  }

  #send(): void {
    const block = this.#block
    const bytes = block.subarray(0, this.#filled)
    const position = this.#written
    this.#written += bytes.length
    this.#filled = 0
    this.#block = this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
    const sending = this.#last.then(async () => {
      if (!this.#failure) {
        try {
          await this.#store(bytes, position)
        } catch (error) {
          this.#failure = { error }
        }
      }
      this.#free.push(block)
      this.#inFlight.shift()
    })
    this.#last = sending
    this.#inFlight.push(sending)
  }

  async #store(bytes: Uint8Array, position: number): Promise<void> {
    const { handle, header, metaLength } = await this.#opening
    const pixels = header.pixels?.valueOffset ?? 0
    if (position + bytes.length > pixels) this.#walker?.feed(bytes.subarray(Math.max(0, pixels - position)))
    await handle.write(bytes, metaLength + position)
  }
}

/** Only encapsulated pixel data has items to walk; those of a deflated data set cannot be seen. */
export function walkerFor(header: InstanceHeader, transferSyntaxUID: string): FragmentWalker | undefined {
  if (!header.pixels?.undefinedLength || transferSyntax(transferSyntaxUID).deflated) return undefined
  return new FragmentWalker(header.pixels.valueOffset)
}
