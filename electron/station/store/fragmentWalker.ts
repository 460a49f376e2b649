import { type Fragment, startsImage } from '../../../shared/dicom/frames.ts'

/** A 12-hour angiography run has under 700,000 frames; past this a header is lying. */
const MAX_FRAGMENTS = 1_000_000
const MAX_OFFSET_TABLE_BYTES = 4 * MAX_FRAGMENTS
/** What `startsImage` looks at. */
const SIGNATURE_BYTES = 5

const ITEM = 0xfffee000
const SEQUENCE_DELIMITATION = 0xfffee0dd

/**
 * Walks the item headers of encapsulated pixel data while its bytes pass, in chunks of any size, so that no file is read
 * again to find its frames. Keeps no pixel.
 */
export class FragmentWalker {
  readonly fragments: Fragment[] = []
  /** The Basic Offset Table as sent; often empty. */
  readonly basicOffsetTable: number[] = []
  /** The sequence delimitation item was seen. */
  ended = false
  /** Why walking stopped early; the fragments found so far stand. */
  damage: string | undefined

  #position: number
  readonly #small = new Uint8Array(8)
  #smallLength = 0
  /** What the next bytes are: an item header, an offset table entry, a fragment's first bytes, or bytes to skip. */
  #state: 'header' | 'table' | 'signature' | 'skip' = 'header'
  #remaining = 0
  #sawTable = false

  /** @param start offset of the pixel data's value in the data set: the first item's tag. */
  constructor(start: number) {
    this.#position = start
  }

  /** The bytes after those fed before. */
  feed(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length && !this.ended && this.damage === undefined) {
      if (this.#state === 'skip') {
        const skipped = Math.min(this.#remaining, chunk.length - at)
        at += skipped
        this.#advance(skipped)
        continue
      }
      const wanted =
        this.#state === 'header' ? 8 : Math.min(this.#state === 'table' ? 4 : SIGNATURE_BYTES, this.#remaining)
      const taken = Math.min(wanted - this.#smallLength, chunk.length - at)
      this.#small.set(chunk.subarray(at, at + taken), this.#smallLength)
      this.#smallLength += taken
      at += taken
      if (this.#smallLength < wanted) return
      this.#smallLength = 0
      if (this.#state === 'header') this.#readHeader()
      else {
        if (this.#state === 'table' && wanted === 4) this.#basicOffset()
        if (this.#state === 'signature') this.#readSignature(wanted)
        this.#advance(wanted)
      }
    }
  }

  #readHeader(): void {
    const view = new DataView(this.#small.buffer)
    const tag = ((view.getUint16(0, true) << 16) | view.getUint16(2, true)) >>> 0
    const length = view.getUint32(4, true)
    this.#position += 8
    if (tag === SEQUENCE_DELIMITATION) {
      this.ended = true
    } else if (tag !== ITEM || length === 0xffffffff) {
      this.damage = `no item of encapsulated pixel data at offset ${this.#position - 8}`
    } else if (!this.#sawTable) {
      this.#sawTable = true
      if (length > MAX_OFFSET_TABLE_BYTES) this.damage = 'the offset table is impossibly long'
      this.#begin('table', length)
    } else if (this.fragments.length === MAX_FRAGMENTS) {
      this.damage = `more than ${MAX_FRAGMENTS} fragments`
    } else {
      this.fragments.push({ offset: this.#position, length, startsImage: false })
      this.#begin('signature', length)
    }
  }

  #basicOffset(): void {
    this.basicOffsetTable.push(new DataView(this.#small.buffer).getUint32(0, true))
  }

  #readSignature(length: number): void {
    const fragment = this.fragments.at(-1)
    if (fragment) fragment.startsImage = startsImage(this.#small.subarray(0, length))
    this.#state = 'skip'
  }

  #begin(state: 'table' | 'signature', length: number): void {
    this.#remaining = length
    this.#state = length === 0 ? 'header' : state
  }

  #advance(bytes: number): void {
    this.#position += bytes
    this.#remaining -= bytes
    if (this.#remaining === 0) this.#state = 'header'
  }
}
