import { expect, test } from 'vitest'
import { textAreasOf } from '../../shared/deidentify/textAreas.ts'
import { BACKGROUNDS, type GeneratedImage, generatedImage } from '../fixtures/generatedText.ts'

/** Only these may be looked at when a constant of the detector is changed; the others say what it is worth. */
const TRAINING = Array.from({ length: 48 }, (_, at) => 1000 + at)
const HELD_BACK = Array.from({ length: 96 }, (_, at) => 5000 + at)

/** Nine tenths of a line are covered: black there, nobody reads the name. */
function isFound(
  { left, top, right, bottom }: GeneratedImage['written'][number],
  areas: ReturnType<typeof textAreasOf>,
): boolean {
  let covered = 0
  for (let x = left; x < right; x++) {
    if (
      areas.some(
        one =>
          one.left <= x &&
          x < one.right &&
          one.top <= top + (bottom - top) / 3 &&
          one.bottom >= bottom - (bottom - top) / 3,
      )
    )
      covered++
  }
  return covered >= 0.9 * (right - left)
}

function rates(seeds: readonly number[]) {
  return BACKGROUNDS.map(kind => {
    const images = seeds.map(generatedImage).filter(image => image.kind === kind)
    let [lines, found, clean, quiet] = [0, 0, 0, 0]
    for (const image of images) {
      const areas = textAreasOf(image.grey, image.columns, image.rows)
      lines += image.written.length
      found += image.written.filter(one => isFound(one, areas)).length
      if (image.written.length > 0) continue
      clean++
      if (areas.length === 0) quiet++
    }
    return { kind, lines, found, clean, quiet }
  })
}

test('on generated pictures in another hand, softened and of any height, lines are found; what is found is told', () => {
  console.log('training', JSON.stringify(rates(TRAINING)))
  const held = rates(HELD_BACK)
  console.log('held back', JSON.stringify(held))
  const [lines, found] = [held.reduce((sum, one) => sum + one.lines, 0), held.reduce((sum, one) => sum + one.found, 0)]
  const [clean, quiet] = [held.reduce((sum, one) => sum + one.clean, 0), held.reduce((sum, one) => sum + one.quiet, 0)]
  expect(lines).toBe(192)
  expect(clean).toBe(48)
  expect(found / lines).toBeGreaterThan(0.5)
  expect(quiet / clean).toBeGreaterThan(0.5)
})
