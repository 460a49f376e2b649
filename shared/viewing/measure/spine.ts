const level = (letter: string, count: number) => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`)

/** Vertebrae from the head down. T13 and L6 are never chosen by themselves, but can be (transitional spines). */
export const VERTEBRAE: readonly string[] = [...level('C', 7), ...level('T', 13), ...level('L', 6), 'S1']
const SELDOM = new Set(['T13', 'L6'])

export type SpineDirection = 'down' | 'up'

/** The label after `last`; undefined past the last one, and where `last` is no vertebra's. */
export function vertebraAfter(last: string, direction: SpineDirection): string | undefined {
  const step = direction === 'down' ? 1 : -1
  let index = VERTEBRAE.indexOf(last)
  if (index === -1) return undefined
  do index += step
  while (SELDOM.has(VERTEBRAE[index] ?? ''))
  return VERTEBRAE[index]
}
