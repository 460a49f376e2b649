import type { InstanceHeader } from '../../../shared/dicom/instanceHeader.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import type { NewFile } from '../base/durable.ts'
import { BLOCK_BYTES, type BlockPool } from './blockPool.ts'
import { FragmentWalker } from './fragmentWalker.ts'

/** Blocks of one call: the sender fills as many beside it. */
const BLOCKS_A_WRITE = 4
/** With so many on their way to the disk the sender is asked to wait, until half of them are left. */
const MOST_BLOCKS = 2 * BLOCKS_A_WRITE
/**
 * Of a long object that goes through the system's cache so much is synced while the rest of it comes, that the sync its answer waits for is short. One object at a time:
 * libuv's four threads are everybody's.
 */
const SYNC_BYTES = 8 << 20

export interface Opened {
  handle: NewFile
  header: InstanceHeader
  /** File Meta, written ahead of the first blocks. */
  meta: Uint8Array
}

/** What all spills of a store share. */
export interface SpillShare {
  readonly pool: BlockPool
  /** One of them is syncing ahead of its end. */
  syncing: boolean
}

/** The bytes of a large object on their way to its file, in blocks, each written after the one before. */
export class Spill {
  readonly #share: SpillShare
  readonly #opening: Promise<Opened>
  readonly #transferSyntaxUID: string
  /** Being filled. */
  #block: Buffer
  #filled: number
  /** Full ones, oldest first; the first of them may be on their way. */
  readonly #full: Buffer[]
  #writing: Promise<void> | undefined
  #syncing: Promise<void> | undefined
  #synced = 0
  /** Bytes in the file, File Meta among them. */
  #written = 0
  #headed = false
  /** Where in the file the pixels begin. */
  #pixels = 0
  #walker: FragmentWalker | undefined
  #room: PromiseWithResolvers<void> | undefined
  #failure: { error: unknown } | undefined

  /** @param gathered what has come: blocks that are the spill's from now on, untouched until `opening` resolves; the last holds `filled` bytes. */
  constructor(
    share: SpillShare,
    opening: Promise<Opened>,
    transferSyntaxUID: string,
    gathered: Buffer[],
    filled: number,
  ) {
    this.#share = share
    this.#opening = opening
    this.#transferSyntaxUID = transferSyntaxUID
    const last = gathered.pop()
    this.#full = gathered
    this.#block = last ?? share.pool.take()
    this.#filled = last ? filled : 0
    this.#flush()
  }

  /** Copies the chunk. A promise: too much is on its way, wait. Never rejects: `finish` tells. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#failure) return
    for (let at = 0; at < chunk.length; ) {
      if (this.#filled === BLOCK_BYTES) this.#next()
      const part = chunk.subarray(at, at + BLOCK_BYTES - this.#filled)
      this.#block.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
    }
    if (this.#hasRoom(MOST_BLOCKS)) return
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  /** All is written when it resolves, and every block given back. Rejects with what went wrong, a SyncError among others. */
  async finish(): Promise<{ header: InstanceHeader; walker?: FragmentWalker; metaLength: number }> {
    while (this.#writing) await this.#writing
    const rest = this.#block
    try {
      const opened = await this.#opening
      if (!this.#failure) await this.#store(opened, [rest.subarray(0, this.#filled)])
      await this.#syncing
      if (this.#failure) throw this.#failure.error
      return { header: opened.header, walker: this.#walker, metaLength: opened.meta.length }
    } finally {
      await this.#syncing
      this.#share.pool.giveBack(rest)
    }
  }

  #next(): void {
    this.#full.push(this.#block)
    this.#block = this.#share.pool.take()
    this.#filled = 0
    this.#flush()
  }

  #hasRoom(most: number): boolean {
    return this.#full.length <= (this.#share.pool.isScarce ? 0 : most)
  }

  #flush(): void {
    this.#writing ??= this.#writeAll().then(() => {
      this.#writing = undefined
      this.#tellRoom(MOST_BLOCKS)
      if (this.#full.length > 0) this.#flush()
    })
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    try {
      const opened = await this.#opening
      if (!this.#headed) this.#putAhead(opened)
      while (this.#full.length > 0) {
        const blocks = this.#full.slice(0, BLOCKS_A_WRITE)
        await this.#store(opened, blocks)
        this.#full.splice(0, blocks.length)
        for (const block of blocks) this.#share.pool.giveBack(block)
        this.#syncAhead(opened.handle)
        this.#tellRoom(BLOCKS_A_WRITE)
      }
    } catch (error) {
      this.#failure ??= { error }
      for (const block of this.#full.splice(0)) this.#share.pool.giveBack(block)
    }
  }

  #tellRoom(most: number): void {
    if (!this.#failure && !this.#hasRoom(most)) return
    this.#room?.resolve()
    this.#room = undefined
  }

  /**
   * File Meta in front of what has come, which moves up by it: so blocks are written where blocks of the file begin, and can go past
   * the system's cache.
   */
  #putAhead({ header, meta }: Opened): void {
    this.#headed = true
    this.#walker = walkerFor(header, this.#transferSyntaxUID)
    this.#pixels = meta.length + (header.pixels?.valueOffset ?? 0)
    let carried = meta
    for (const block of this.#full) carried = moveUp(block, BLOCK_BYTES, carried)
    const filled = this.#filled + carried.length
    carried = moveUp(this.#block, this.#filled, carried)
    this.#filled = Math.min(filled, BLOCK_BYTES)
    if (carried.length === 0) return
    this.#full.push(this.#block)
    this.#block = this.#share.pool.take()
    this.#block.set(carried)
    this.#filled = carried.length
  }

  async #store({ handle }: Opened, blocks: Uint8Array[]): Promise<void> {
    let end = this.#written
    for (const block of blocks) {
      if (end + block.length > this.#pixels) this.#walker?.feed(block.subarray(Math.max(0, this.#pixels - end)))
      end += block.length
    }
    await handle.write(blocks, this.#written)
    this.#written = end
  }

  #syncAhead(handle: NewFile): void {
    if (handle.direct || this.#syncing || this.#share.syncing || this.#written - this.#synced < SYNC_BYTES) return
    this.#synced = this.#written
    this.#share.syncing = true
    this.#syncing = handle
      .sync()
      .catch(error => {
        // Told once by the system: the last sync would know nothing of it.
        this.#failure ??= { error }
      })
      .finally(() => {
        this.#share.syncing = false
        this.#syncing = undefined
      })
  }
}

/** Puts `bytes` before the first `filled` of the block; a copy of what has no room behind them. */
function moveUp(block: Buffer, filled: number, bytes: Uint8Array): Uint8Array {
  const kept = Math.min(filled, BLOCK_BYTES - bytes.length)
  const rest = Uint8Array.from(block.subarray(kept, filled))
  block.copyWithin(bytes.length, 0, kept)
  block.set(bytes)
  return rest
}

/** Only encapsulated pixel data has items to walk; those of a deflated data set cannot be seen. */
export function walkerFor(header: InstanceHeader, transferSyntaxUID: string): FragmentWalker | undefined {
  if (!header.pixels?.undefinedLength || transferSyntax(transferSyntaxUID).deflated) return undefined
  return new FragmentWalker(header.pixels.valueOffset)
}
