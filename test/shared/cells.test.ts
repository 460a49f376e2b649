import { expect, test } from 'vitest'
import { type Cell, cellOf } from '../../shared/cells.ts'

const STUDIES = 40_000
/** As scanners number them: alike but for the last digits. */
const uid = (i: number) => `1.2.840.113619.2.55.3.604688119.971.1767${String(i).padStart(6, '0')}.${i % 900}`
const cells = (...weights: number[]): Cell[] => weights.map((weight, i) => ({ id: `cell-${i + 1}`, weight }))

function shares(all: readonly Cell[]): number[] {
  const counts = new Map(all.map(({ id }) => [id, 0]))
  for (let i = 0; i < STUDIES; i++) {
    const { id } = cellOf(uid(i), all)
    counts.set(id, counts.get(id)! + 1)
  }
  return [...counts.values()]
}

/** How far counts are from what they should be; with k cells, above about 3 k + 10 it is no chance (χ² with k - 1 degrees). */
const distance = (counts: number[], expected: number[]) =>
  counts.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0)

test.each([[[1, 1]], [[1, 1, 1, 1, 1, 1, 1]], [[1, 2, 5]]])('studies fall evenly, by weight: %j', weights => {
  const total = weights.reduce((sum, weight) => sum + weight)
  const expected = weights.map(weight => (STUDIES * weight) / total)
  expect(distance(shares(cells(...weights)), expected)).toBeLessThan(3 * weights.length + 10)
})

test('a cell that is added takes its share from all others and moves nothing between them', () => {
  const before = cells(1, 1, 1, 1)
  const after = cells(1, 1, 1, 1, 1)
  let moved = 0
  for (let i = 0; i < STUDIES; i++) {
    const [from, to] = [cellOf(uid(i), before), cellOf(uid(i), after)]
    if (from.id === to.id) continue
    moved++
    expect(to.id).toBe('cell-5')
  }
  expect(distance([moved, STUDIES - moved], [STUDIES / 5, (STUDIES * 4) / 5])).toBeLessThan(16)
})

test('a cell that is taken away leaves its studies to the others and moves no other study', () => {
  const before = cells(1, 1, 1)
  const after = before.slice(0, 2)
  for (let i = 0; i < 5000; i++) {
    const from = cellOf(uid(i), before)
    if (from.id !== 'cell-3') expect(cellOf(uid(i), after).id).toBe(from.id)
  }
})

test('it is the same for ever, whatever the order of the cells and the padding of the UID', () => {
  const all = cells(1, 1, 1)
  const found = ['1.2.3', '2.25.329800735698586629295641978511506172918', '1.2.840.10008.1.1'].map(
    one => cellOf(one, all).id,
  )
  expect(found).toEqual(['cell-3', 'cell-3', 'cell-1'])
  expect(cellOf('1.2.3\0', all)).toBe(cellOf('1.2.3', [...all].reverse()))
  expect(() => cellOf('1.2.3', [])).toThrow(RangeError)
  expect(() => cellOf('1.2.3', cells(0))).toThrow(RangeError)
})
