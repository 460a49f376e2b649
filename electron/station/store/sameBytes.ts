import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'

/** Where the Part-10 file of a content lies, and the lengths of its parts. */
export interface ContentPlace {
  file: string
  offset: number
  metaLength: number
  /** Of the data set. */
  length: number
}

const BLOCK = 1 << 20

/** Whether two data sets are equal, byte by byte. */
export function sameDataSet(dataDir: string, a: ContentPlace, b: ContentPlace): boolean {
  return sameFrom(dataDir, a, 0, b, 0)
}

/** Of the data set; undefined when it cannot be read. */
export function sha256Of(dataDir: string, { file, offset, metaLength, length }: ContentPlace): Buffer | undefined {
  let open: number | undefined
  try {
    open = openSync(resolve(dataDir, file), 'r')
    const hash = createHash('sha256')
    const block = Buffer.alloc(Math.min(BLOCK, length))
    for (let at = 0; at < length; ) {
      const size = readSync(open, block, 0, Math.min(BLOCK, length - at), offset + metaLength + at)
      if (size === 0) return undefined
      hash.update(block.subarray(0, size))
      at += size
    }
    return hash.digest()
  } catch {
    return undefined
  } finally {
    if (open !== undefined) closeSync(open)
  }
}

/**
 * Whether two contents are equal from the pixel data's value (`pixelOffset` of the data set, -1: there is none) to their end. Reads
 * both: it only happens when a SOP Instance UID comes a second time with other bytes, and stops at the first difference.
 */
export function samePixels(
  dataDir: string,
  a: ContentPlace & { pixelOffset: number },
  b: ContentPlace & { pixelOffset: number },
): boolean {
  if (a.pixelOffset < 0 || b.pixelOffset < 0) return false
  return sameFrom(dataDir, a, a.pixelOffset, b, b.pixelOffset)
}

function sameFrom(dataDir: string, a: ContentPlace, fromA: number, b: ContentPlace, fromB: number): boolean {
  const length = a.length - fromA
  if (length !== b.length - fromB) return false
  const files: number[] = []
  try {
    files.push(openSync(resolve(dataDir, a.file), 'r'), openSync(resolve(dataDir, b.file), 'r'))
    const [fileA, fileB] = files as [number, number]
    const blocks = [Buffer.alloc(Math.min(BLOCK, length)), Buffer.alloc(Math.min(BLOCK, length))] as const
    for (let at = 0; at < length; at += BLOCK) {
      const size = Math.min(BLOCK, length - at)
      const readA = readSync(fileA, blocks[0], 0, size, a.offset + a.metaLength + fromA + at)
      const readB = readSync(fileB, blocks[1], 0, size, b.offset + b.metaLength + fromB + at)
      if (readA !== size || readB !== size) return false
      if (!blocks[0].subarray(0, size).equals(blocks[1].subarray(0, size))) return false
    }
    return true
  } catch {
    // A stored file that can't be read any more must not refuse a new one: it counts as different.
    return false
  } finally {
    for (const file of files) closeSync(file)
  }
}
