import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { InstanceHeader } from '../../../shared/dicom/instanceHeader.ts'
import { writeFileMeta } from '../../../shared/dicom/part10.ts'
import { normaliseUID, transferSyntax } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Staging } from '../base/alignedMemory.ts'
import { type Disk, errorCode, type NewFile, SyncError } from '../base/durable.ts'
import { BLOCK_BYTES } from './blockPool.ts'
import type { FragmentWalker } from './fragmentWalker.ts'
import type { Receive, Received, ReceiveStart } from './index.ts'
import { LANDING_FOLDER, spilledFile } from './landing/segment.ts'
import { checkIdentity, describePixels, MAX_HEADER_BYTES, readObjectHeader } from './objectHeader.ts'
import type { ReceivedObject } from './receivedObject.ts'
import { type Opened, Spill, type SpillShare, walkerFor } from './spill.ts'

const READ_BYTES = 1 << 20
/** A CT slice is 530 KB: it waits in memory and is written in one go. What is larger goes to its file at once. */
const GATHER_BYTES = 1 << 20
/** Characters of three UIDs, three AE titles and an address: under 300 where they are what they should be. */
const MAX_START_TEXT = 4096

/** What all receives of a store share. */
export interface ReceiveContext {
  dataDir: string
  disk: Disk
  readonly share: SpillShare
  readonly staging: Staging
  /** So much waits to be settled that even small objects go to files of their own. */
  readonly landingFull: boolean
  nextContentId(): number
  /** Resolves when the bytes are synced and the rows written. */
  commit(object: ReceivedObject): Promise<Received>
  /** 'store-read-only' from now on. */
  failedSync(error: unknown): void
  readonly readOnly: boolean
  ended(receive: Receive): void
  /** A file that could not be removed after its object was refused: it is set aside at the next start. */
  left(file: string, error: unknown): void
}

/**
 * One object on its way in: gathered in memory until its record lands, or, when it is large, to a file of its own at once; then
 * rows. Whatever fails, nothing is left behind.
 */
export class ObjectReceive implements Receive {
  readonly #context: ReceiveContext
  readonly #start: ReceiveStart
  /** Epoch ms, of an object that was received before. */
  readonly #received: number | undefined
  #length = 0
  #crc = 0
  /** All that has come, in blocks that are full but for the last, until it is stored or spilled. */
  #blocks: Buffer[] = []
  #gathered = 0
  #spill: Spill | undefined
  #state: 'open' | 'committing' | 'ended' = 'open'
  #file: { path: string; relative: string; contentId: number; handle: NewFile } | undefined

  constructor(context: ReceiveContext, start: ReceiveStart, received?: number) {
    this.#context = context
    this.#received = received
    // The log's record holds them: what it could not be read back with must never be answered for.
    const texts = [start.SOPClassUID, start.SOPInstanceUID, start.TransferSyntaxUID, ...Object.values(start.origin)]
    if (texts.join('').length > MAX_START_TEXT) throw new IsocenterError('malformed', 'the command or File Meta')
    this.#start = { ...start, TransferSyntaxUID: normaliseUID(start.TransferSyntaxUID) }
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#state !== 'open') return
    this.#length += chunk.length
    this.#crc = crc32(chunk, this.#crc)
    if (!this.#spill) {
      if (this.#gather(chunk)) return
      this.#beginSpill()
    }
    return this.#spill?.write(chunk)
  }

  async commit(): Promise<Received> {
    if (this.#state !== 'open') throw new IsocenterError('internal', 'commit after the end')
    this.#state = 'committing'
    let removable = true
    try {
      const object = await this.#complete()
      if (this.#file) {
        await this.#file.handle.sync()
        await this.#file.handle.close()
        await this.#context.disk.syncFolder(join(this.#context.dataDir, LANDING_FOLDER))
      }
      if (this.#context.readOnly) throw new IsocenterError('store-read-only')
      // Whether a failing transaction reached the disk may be unknown: then the file stays until the next start has looked.
      removable = false
      const received = await this.#context.commit(object).catch(error => {
        removable = error instanceof IsocenterError && (error.code === 'disk-full' || error.code === 'store-failed')
        throw error
      })
      removable = received.outcome === 'duplicate'
      if (removable) await this.#remove()
      return received
    } catch (error) {
      if (removable) await this.#remove()
      throw this.#told(error)
    } finally {
      this.#end()
    }
  }

  async abort(): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'committing'
    await this.#spill?.finish().catch(() => {})
    await this.#remove()
    this.#end()
  }

  /** Copies into memory; false when the object is too large for that, or the memory is used up. */
  #gather(chunk: Uint8Array): boolean {
    const { pool } = this.#context.share
    const needed = this.#gathered + chunk.length
    if (needed > GATHER_BYTES) return false
    const blocks = Math.ceil(needed / BLOCK_BYTES)
    if (this.#blocks.length > 0 && this.#blocks.length < blocks && pool.isFull) return false
    while (this.#blocks.length < blocks) this.#blocks.push(pool.take())
    for (let at = 0; at < chunk.length; ) {
      const inBlock = this.#gathered % BLOCK_BYTES
      const part = chunk.subarray(at, at + BLOCK_BYTES - inBlock)
      this.#blocks[Math.floor(this.#gathered / BLOCK_BYTES)]?.set(part, inBlock)
      this.#gathered += part.length
      at += part.length
    }
    return true
  }

  /** What is in memory, piece by piece. */
  #pieces(blocks = this.#blocks): Buffer[] {
    return blocks.map((block, index) => block.subarray(0, this.#gathered - index * BLOCK_BYTES))
  }

  #releaseBlocks(): void {
    for (const block of this.#blocks.splice(0)) this.#context.share.pool.giveBack(block)
  }

  /** Of nearly every object it ends within the first piece; else they are put together. */
  async #readHeader(pieces: Buffer[]): Promise<InstanceHeader> {
    const { TransferSyntaxUID, assumed } = this.#start
    const [first = Buffer.alloc(0)] = pieces
    if (pieces.length === 1 || !transferSyntax(TransferSyntaxUID).deflated) {
      const header = await readObjectHeader(first, TransferSyntaxUID, assumed)
      const isWhole = header.pixels && header.complete && !header.flags.includes('truncated')
      if (pieces.length <= 1 || isWhole) return header
    }
    return readObjectHeader(Buffer.concat(pieces), TransferSyntaxUID, assumed)
  }

  #beginSpill(): void {
    const blocks = this.#blocks
    this.#blocks = []
    const pieces = this.#pieces(blocks)
    const opening = (async (): Promise<Opened> => {
      const header = await this.#readHeader(pieces)
      const { handle } = await this.#create()
      return { handle, header, meta: this.#meta(header) }
    })()
    const filled = pieces.at(-1)?.length ?? 0
    this.#spill = new Spill(this.#context.share, opening, this.#start.TransferSyntaxUID, blocks, filled)
  }

  /** All bytes are there: in memory, or written but not synced. */
  async #complete(): Promise<ReceivedObject> {
    const { TransferSyntaxUID, origin, asked } = this.#start
    // A sender's command and what was asked for are claims to be held to; a file's own meta is often stale after somebody edited the data set.
    const commandUID = origin.door === 'dimse' || asked ? this.#start.SOPInstanceUID : ''
    let header: InstanceHeader
    let walker: FragmentWalker | undefined
    let meta: Uint8Array | undefined
    let metaLength: number
    if (this.#spill) {
      const spilled = await this.#spill.finish()
      ;({ header, walker, metaLength } = spilled)
      if (!header.pixels && this.#length > this.#gathered) {
        const known = await this.#readLongHeader(metaLength)
        header = known.header
        walker = known.walker
      }
      checkIdentity(header, commandUID, this.#start.StudyInstanceUID)
    } else {
      const pieces = this.#pieces()
      header = await this.#readHeader(pieces)
      checkIdentity(header, commandUID, this.#start.StudyInstanceUID)
      walker = walkerFor(header, TransferSyntaxUID)
      for (const [index, piece] of pieces.entries()) {
        walker?.feed(piece.subarray(Math.max(0, (header.pixels?.valueOffset ?? 0) - index * BLOCK_BYTES)))
      }
      const fileMeta = this.#meta(header)
      metaLength = fileMeta.length
      if (this.#context.landingFull) {
        const { handle } = await this.#create()
        await this.#context.staging.write(handle, [fileMeta, ...pieces], 0)
      } else meta = fileMeta
    }
    const { attributes, ...told } = header
    const { pulledFrom, ...known } = this.#start
    const pulled = pulledFrom?.(header)
    const start = pulled ? { ...known, origin: { ...origin, door: 'pull' as const, ...pulled } } : known
    const contentId = this.#file?.contentId ?? this.#context.nextContentId()
    const received = this.#received ?? Date.now()
    const { framePlan, unshowable, truncated } = describePixels(header, TransferSyntaxUID, this.#length, walker)
    const isCut = truncated || header.flags.includes('truncated') || (walker && !walker.ended && !walker.damage)
    if (this.#start.whole && isCut) throw new IsocenterError('cut-short')
    return {
      entry: {
        record: {
          contentId,
          received,
          start,
          meta: meta ?? new Uint8Array(),
          length: this.#length,
          crc: this.#crc,
          file: this.#file?.relative,
        },
        data: meta ? this.#pieces() : [],
      },
      contentId,
      origin: start.origin,
      TransferSyntaxUID,
      attributes: JSON.stringify(attributes),
      header: {
        ...told,
        SOPClassUID: header.SOPClassUID || normaliseUID(this.#start.SOPClassUID),
        flags: [...header.flags, ...(truncated ? (['truncated'] as const) : []), ...(this.#start.flags ?? [])],
      },
      framePlan,
      unshowable,
      length: this.#length,
      crc: this.#crc,
      metaLength,
      received,
      showLatest: this.#start.showLatest === true,
    }
  }

  /** The rare header that did not end in the first bytes: read back, once, from what was just written. */
  async #readLongHeader(metaLength: number): Promise<{ header: InstanceHeader; walker?: FragmentWalker }> {
    const { TransferSyntaxUID } = this.#start
    const handle = await open(this.#file?.path ?? '', 'r')
    try {
      const bytes = Buffer.alloc(Math.min(this.#length, MAX_HEADER_BYTES))
      await readFully(handle, bytes, metaLength)
      const header = await readObjectHeader(bytes, TransferSyntaxUID, this.#start.assumed)
      const walker = walkerFor(header, TransferSyntaxUID)
      if (walker) {
        const block = Buffer.alloc(READ_BYTES)
        for (let at = header.pixels?.valueOffset ?? 0; at < this.#length && !walker.ended && !walker.damage; ) {
          const part = block.subarray(0, Math.min(READ_BYTES, this.#length - at))
          await readFully(handle, part, metaLength + at)
          walker.feed(part)
          at += part.length
        }
      }
      return { header, walker }
    } finally {
      await handle.close()
    }
  }

  #meta(header: InstanceHeader): Uint8Array {
    const { SOPClassUID, SOPInstanceUID, TransferSyntaxUID, origin } = this.#start
    return writeFileMeta({
      MediaStorageSOPClassUID: header.SOPClassUID || normaliseUID(SOPClassUID),
      MediaStorageSOPInstanceUID: header.SOPInstanceUID || normaliseUID(SOPInstanceUID),
      TransferSyntaxUID,
      SourceApplicationEntityTitle: origin.sourceAET,
      SendingApplicationEntityTitle: origin.sendingAET,
      ReceivingApplicationEntityTitle: origin.receivingAET,
    })
  }

  async #create(): Promise<{ handle: NewFile }> {
    const contentId = this.#context.nextContentId()
    const relative = spilledFile(contentId)
    const path = join(this.#context.dataDir, relative)
    const handle = await this.#context.disk.createFile(path, { direct: true })
    this.#file = { path, relative, contentId, handle }
    return { handle }
  }

  async #remove(): Promise<void> {
    if (!this.#file) return
    const { handle, path } = this.#file
    await handle.close().catch(() => {})
    await this.#context.disk.removeFile(path).catch(error => this.#context.left(path, error))
  }

  #end(): void {
    this.#state = 'ended'
    this.#releaseBlocks()
    this.#context.ended(this)
  }

  /** The system's trouble in the station's words. */
  #told(error: unknown): IsocenterError {
    if (isDiskFailure(error) || (error instanceof IsocenterError && error.code === 'store-read-only')) {
      this.#context.failedSync(error)
      return new IsocenterError('store-read-only', undefined, { cause: error })
    }
    if (error instanceof IsocenterError) return error
    const code = errorCode(error)
    if (code === 'ENOSPC' || code === 'EDQUOT') return new IsocenterError('disk-full', code, { cause: error })
    return new IsocenterError('store-failed', code || undefined, { cause: error })
  }
}

/** The disk, not the object, is at fault: nothing more is written until it has been tried. A block that cannot be read is none. */
function isDiskFailure(error: unknown): boolean {
  if (error instanceof SyncError) return true
  const code = errorCode(error)
  return code === 'EROFS' || (code === 'EIO' && (error as NodeJS.ErrnoException).syscall === 'write')
}

async function readFully(handle: Awaited<ReturnType<typeof open>>, into: Buffer, position: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done)
    if (bytesRead === 0) throw new IsocenterError('store-failed', 'the file is shorter than what was written')
    done += bytesRead
  }
}
