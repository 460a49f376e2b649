/** Letters that come this soon after one another are one beginning. */
const TOGETHER_MS = 600

/** Finds entries of a menu by what they begin with: the next one by a letter, a closer one while letters follow quickly. */
export class TypeAhead {
  #typed = ''
  #at = Number.NEGATIVE_INFINITY

  /** The place of the name that is meant, beginning at the one at `from`; -1: none. `now`: ms. */
  find(letter: string, names: readonly string[], from: number, now: number): number {
    const goesOn = now - this.#at < TOGETHER_MS
    const typed = (goesOn ? this.#typed : '') + letter.toLowerCase()
    this.#at = now
    // The same letter again and again walks through what begins with it.
    const same = [...typed].every(one => one === typed[0])
    const wanted = same ? typed[0]! : typed
    this.#typed = typed
    const first = same ? from + 1 : Math.max(0, from)
    for (let step = 0; step < names.length; step++) {
      const place = (first + step) % names.length
      if (names[place]?.toLowerCase().startsWith(wanted)) return place
    }
    return -1
  }
}
