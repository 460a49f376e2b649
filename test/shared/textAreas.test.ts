import { expect, test } from 'vitest'
import { proposedAreas } from '../../shared/deidentify/proposeAreas.ts'
import { textAreasOf } from '../../shared/deidentify/textAreas.ts'
import { burnText } from '../fixtures/burnedText.ts'

const [COLUMNS, ROWS] = [256, 200]

/** A body: a bright disc with edges, a gradient, and noise that is the same in every run. */
function body(): Uint8Array {
  let seed = 7
  return Uint8Array.from({ length: COLUMNS * ROWS }, (_, at) => {
    const [x, y] = [at % COLUMNS, Math.trunc(at / COLUMNS)]
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    const inside = Math.hypot(x - 128, y - 100) < 80
    return (inside ? 90 + x / 4 : 8) + ((seed >> 16) % 24)
  })
}

test('text is found light on dark and dark on light, small and large, beside and upon the body, and a body alone is none', () => {
  const grey = body()
  expect(textAreasOf(grey, COLUMNS, ROWS)).toEqual([])
  const written = [
    { left: 4, top: 4, scale: 1, level: 255 },
    { left: 4, top: 180, scale: 2, level: 230 },
    { left: 92, top: 96, scale: 1, level: 255 },
    { left: 92, top: 120, scale: 1, level: 0 },
  ]
  for (const at of written) burnText(grey, COLUMNS, 'DOE JANE 123', at)
  const areas = textAreasOf(grey, COLUMNS, ROWS)
  for (const { left, top, scale } of written) {
    const area = areas.find(one => one.top <= top + 2 && one.bottom >= top + 5 * scale && one.left <= left + 6 * scale)
    expect(area, `at ${left}, ${top}`).toBeDefined()
    expect(area?.right).toBeGreaterThanOrEqual(left + 55 * scale)
  }
  expect(areas).toHaveLength(written.length)
})

test('what is in half the images of a size is proposed for all of them; what few have would cost the others their pixels', () => {
  const text = { left: 10, top: 10, right: 90, bottom: 20 }
  const beside = { left: 88, top: 12, right: 120, bottom: 22 }
  const once = { left: 10, top: 150, right: 60, bottom: 160 }
  const images = [[text], [text, beside], [once], [text]].map(areas => ({ Rows: 200, Columns: 400, areas }))
  const small = { Rows: 40, Columns: 100, areas: [{ left: 0, top: 30, right: 100, bottom: 40 }] }
  expect(proposedAreas('1.2', [...images, small])).toEqual([
    { SeriesInstanceUID: '1.2', Rows: 200, Columns: 400, left: 0, top: 3, width: 35, height: 10, unseen: true },
    { SeriesInstanceUID: '1.2', Rows: 40, Columns: 100, left: 0, top: 65, width: 100, height: 35, unseen: true },
  ])
  expect(proposedAreas('1.2', [])).toEqual([])
})
