import { createInflateRaw } from 'node:zlib'

/** A blank image deflates a thousandfold (the format's limit is 1,032), so a ratio says nothing of what is small anyway. */
const UNSUSPECTED_BYTES = 64 << 20
const MOST_RATIO = 256

/** To how many bytes so many deflated ones may grow: `most`, and above 64 MiB no more than 256-fold. */
export function inflateLimit(deflatedLength: number, most: number): number {
  return Math.min(most, Math.max(UNSUSPECTED_BYTES, deflatedLength * MOST_RATIO))
}

/** What can be inflated of `bytes`, to a little over `limit`; damage ends it where it stands. */
export function inflateStart(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const inflater = createInflateRaw()
  const parts: Buffer[] = []
  let length = 0
  return new Promise(resolve => {
    const done = () => {
      inflater.destroy()
      resolve(Buffer.concat(parts))
    }
    inflater.on('data', (part: Buffer) => {
      parts.push(part)
      length += part.length
      if (length >= limit) done()
    })
    inflater.on('end', done)
    inflater.on('error', done)
    inflater.end(bytes)
  })
}
