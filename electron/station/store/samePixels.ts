import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** A content on disk and where its pixel data's value begins, counted from the data set's first byte (-1: nowhere). */
interface PixelPlace {
  file: string
  metaLength: number
  length: number
  pixelOffset: number
}

const BLOCK = 1 << 20

/**
 * Whether two contents are equal from the pixel data's value to their end. Reads both files: it only happens when a SOP
 * Instance UID comes a second time with other bytes, and stops at the first difference.
 */
export function samePixels(dataDir: string, a: PixelPlace, b: PixelPlace): boolean {
  const length = a.length - a.pixelOffset
  if (a.pixelOffset < 0 || b.pixelOffset < 0 || length !== b.length - b.pixelOffset) return false
  const files: number[] = []
  try {
    files.push(openSync(join(dataDir, a.file), 'r'), openSync(join(dataDir, b.file), 'r'))
    const [fileA, fileB] = files as [number, number]
    const blocks = [Buffer.alloc(BLOCK), Buffer.alloc(BLOCK)] as const
    for (let at = 0; at < length; at += BLOCK) {
      const size = Math.min(BLOCK, length - at)
      const readA = readSync(fileA, blocks[0], 0, size, a.metaLength + a.pixelOffset + at)
      const readB = readSync(fileB, blocks[1], 0, size, b.metaLength + b.pixelOffset + at)
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
