import { open } from 'node:fs/promises'
import { IsocenterError } from '../../../../shared/errors.ts'
import type { FrameLocation, StoredObject } from '../../store/index.ts'
import { readImage } from '../look.ts'
import { decodeToNative } from './nativePixels.ts'

/** What goes between threads and into memory as one piece. */
const MOST_ENCODED = 256 * 2 ** 20

/** One frame of encapsulated pixels as native pixel data has it. Throws as `transcode` does. */
export async function nativeFrameOf({
  object,
  location,
}: {
  object: StoredObject
  location: FrameLocation
}): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(object.path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new IsocenterError('not-found', 'the file is gone') : error
  })
  try {
    const { header } = await readImage(file, object, location)
    const length = location.ranges.reduce((sum, range) => sum + range[1], 0)
    if (length > MOST_ENCODED) throw new IsocenterError('too-large', `a frame of ${length} bytes`)
    const encoded = Buffer.allocUnsafe(length)
    let at = 0
    for (const [offset, size] of location.ranges) {
      const { bytesRead } = await file.read(encoded, at, size, offset)
      if (bytesRead < size) throw new IsocenterError('malformed', 'the file is shorter than its index says')
      at += size
    }
    const { bytes } = await decodeToNative(encoded, object.TransferSyntaxUID, header.attributes)
    // Cut out: a view would be copied to the other thread with all it is a view of.
    return new Uint8Array(bytes)
  } finally {
    await file.close()
  }
}
