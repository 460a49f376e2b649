const WINDOW_MS = 30_000
const SLOT_MS = 1000
const SLOTS = WINDOW_MS / SLOT_MS

/** How much went over the last half minute, by the second. Times are ms of a clock that is never set. */
export class Rates {
  readonly #slots = Array.from({ length: SLOTS }, () => ({ second: -1, images: 0, bytes: 0 }))
  #first: number | undefined

  add(images: number, bytes: number, now: number): void {
    this.#first ??= now
    const second = Math.floor(now / SLOT_MS)
    const slot = this.#slots[second % SLOTS]
    if (!slot) return
    if (slot.second !== second) Object.assign(slot, { second, images: 0, bytes: 0 })
    slot.images += images
    slot.bytes += bytes
  }

  /** Of what is younger than half a minute the rate since it began to flow, else 0. */
  at(now: number): { imagesPerSecond: number; bytesPerSecond: number } {
    const oldest = Math.floor(now / SLOT_MS) - SLOTS
    const recent = this.#slots.filter(slot => slot.second > oldest)
    const images = recent.reduce((sum, slot) => sum + slot.images, 0)
    const bytes = recent.reduce((sum, slot) => sum + slot.bytes, 0)
    const seconds = Math.max(1, Math.min(WINDOW_MS, now - (this.#first ?? now)) / 1000)
    return { imagesPerSecond: images / seconds, bytesPerSecond: bytes / seconds }
  }
}

/** Seconds until what waits has gone at this rate; null where nothing says when. */
export function etaSeconds(queued: { objects: number; bytes: number }, rate: ReturnType<Rates['at']>): number | null {
  if (queued.objects === 0) return 0
  if (rate.imagesPerSecond === 0 || rate.bytesPerSecond === 0) return null
  return Math.max(queued.objects / rate.imagesPerSecond, queued.bytes / rate.bytesPerSecond)
}
