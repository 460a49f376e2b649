/** A blank image deflates a thousandfold (the format's limit is 1,032), so a ratio says nothing of what is small anyway. */
const UNSUSPECTED_BYTES = 64 << 20
const MOST_RATIO = 256

/** To how many bytes so many deflated ones may grow: `most`, and above 64 MiB no more than 256-fold. */
export function inflateLimit(deflatedLength: number, most: number): number {
  return Math.min(most, Math.max(UNSUSPECTED_BYTES, deflatedLength * MOST_RATIO))
}
