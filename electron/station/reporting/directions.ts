const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u
const LEFT_TO_RIGHT = /[\p{L}\p{N}]/u

export type Direction = 'ltr' | 'rtl'

/** Of a paragraph: that of its first letter. */
export function directionOf(text: string): Direction {
  for (const character of text) {
    if (RIGHT_TO_LEFT.test(character)) return 'rtl'
    if (LEFT_TO_RIGHT.test(character)) return 'ltr'
  }
  return 'ltr'
}

/**
 * The words of a line from left to right. Words that go the other way are in their own order among themselves; inside a word the
 * font's shaping decides. (Not all of the Unicode bidirectional algorithm: a word is of one direction, and brackets stay with it.)
 */
export function visualOrder<Word extends { text: string }>(words: readonly Word[], line: Direction): Word[] {
  const strong = words.map(({ text }) =>
    RIGHT_TO_LEFT.test(text) ? 'rtl' : LEFT_TO_RIGHT.test(text) ? 'ltr' : undefined,
  )
  const runs: Array<{ direction: Direction; words: Word[] }> = []
  for (const [index, word] of words.entries()) {
    const before = strong.slice(0, index).findLast(one => one !== undefined) ?? line
    const behind = strong.slice(index).find(one => one !== undefined) ?? line
    // What has no direction goes with what is on both sides of it, else with the line (UAX #9, N1 and N2).
    const direction = strong[index] ?? (before === behind ? before : line)
    const last = runs.at(-1)
    if (last?.direction === direction) last.words.push(word)
    else runs.push({ direction, words: [word] })
  }
  const ordered = runs.map(run => (run.direction === 'rtl' ? run.words.toReversed() : run.words))
  return (line === 'rtl' ? ordered.toReversed() : ordered).flat()
}
