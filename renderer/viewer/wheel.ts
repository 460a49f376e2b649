/** A notch of a mouse wheel in Chromium is 100 or 120 pixels (53 on some Linux set-ups), or 3 lines. */
const NOTCH_PX = 50

type Turn = Pick<WheelEvent, 'deltaX' | 'deltaY' | 'deltaMode' | 'timeStamp'>

/**
 * Wheel events as whole notches: exactly one image per notch of a wheel, however large the system makes it; a
 * touchpad's many small deltas are gathered until they make one.
 */
export class WheelNotches {
  #gathered = 0
  #last = 0

  /** −1, 0 or 1; shift turns the axis in some systems, so the larger one counts. */
  take(event: Turn): number {
    const delta = Math.abs(event.deltaY) >= Math.abs(event.deltaX) ? event.deltaY : event.deltaX
    if (delta === 0) return 0
    const pixels = event.deltaMode === 0 ? delta : delta * NOTCH_PX
    const pause = event.timeStamp - this.#last > 200
    this.#last = event.timeStamp
    if (Math.abs(pixels) >= NOTCH_PX) {
      this.#gathered = 0
      return Math.sign(pixels)
    }
    if (pause || Math.sign(pixels) !== Math.sign(this.#gathered)) this.#gathered = 0
    this.#gathered += pixels
    if (Math.abs(this.#gathered) < NOTCH_PX) return 0
    const notch = Math.sign(this.#gathered)
    this.#gathered -= notch * NOTCH_PX
    return notch
  }
}
