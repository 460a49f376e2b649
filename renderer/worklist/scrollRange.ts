/**
 * The tallest element we make, CSS px. Chromium clips at 2^25 device px (a third of a million rows of 28 px is 10^7) and places
 * what lies beyond 2^24 px only to the next even pixel.
 */
const TALLEST = 10_000_000

/**
 * Rows of one height in a scroller that may be too short for them: up to `TALLEST` the scroller's own position is the list's;
 * beyond, its range is spread over the list's, and steps smaller than that (wheel, keys) are kept here.
 */
export class ScrollRange {
  /** px of the list above the view's top edge; may have a fraction. */
  top = 0
  #count = 0
  #row = 1
  #view = 0

  resize(count: number, row: number, view: number): void {
    // The first row that is wholly on the screen stays where it is when the rows become taller.
    if (row !== this.#row) this.top = (this.top / this.#row) * row
    this.#count = count
    this.#row = row
    this.#view = view
    this.top = this.#bound(this.top)
  }

  /** Height of the element that gives the scroller its range. */
  get height(): number {
    return Math.min(TALLEST, this.#count * this.#row)
  }

  get mapped(): boolean {
    return this.#count * this.#row > TALLEST
  }

  get #range(): number {
    return Math.max(0, this.#count * this.#row - this.#view)
  }

  #bound(top: number): number {
    return Math.min(this.#range, Math.max(0, top))
  }

  /** px of list for each px of the scroller. */
  get #ratio(): number {
    const own = this.height - this.#view
    return own <= 0 ? 1 : this.#range / own
  }

  /** What the scroller's `scrollTop` has to be. */
  get scrollTop(): number {
    return this.mapped ? this.top / this.#ratio : this.top
  }

  /** The scroller was moved (by the thumb, by the browser): follows it, unless it is where we put it. */
  scrolled(scrollTop: number): void {
    // Positions come back rounded to a device pixel.
    if (Math.abs(scrollTop - this.scrollTop) < 1) return
    this.top = this.#bound(this.mapped ? scrollTop * this.#ratio : scrollTop)
  }

  scrollBy(delta: number): void {
    this.top = this.#bound(this.top + delta)
  }

  /** Moves as little as needed for the row to be wholly in view. */
  reveal(index: number): void {
    const start = index * this.#row
    if (start < this.top) this.top = this.#bound(start)
    else if (start + this.#row > this.top + this.#view) this.top = this.#bound(start + this.#row - this.#view)
  }

  /**
   * The rows to be drawn: first, and one past the last. As many at every place (one more than are mostly in view), so that none is
   * made or taken away while scrolling.
   */
  rows(): { first: number; end: number } {
    const count = Math.min(this.#count, Math.ceil(this.#view / this.#row) + 1)
    const first = Math.min(Math.floor(this.top / this.#row), this.#count - count)
    return { first, end: first + count }
  }
}
