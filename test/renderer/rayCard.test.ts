import { expect, test } from 'vitest'
import { halvingsFor } from '../../renderer/viewer/rendering/rayCard.ts'
import type { Volume } from '../../shared/viewing/volume/grid.ts'

const MOST = { side: 512, bytes: 2 ** 20 }

test.each<[string, [number, number, number], Volume['values'], number]>([
  ['what fits is as it is', [64, 64, 64], new Int16Array(1), 0],
  ['to the last byte', [128, 64, 64], new Int16Array(1), 0],
  ['a byte more is halved, in singles', [128, 64, 65], new Int16Array(1), 1],
  ['too long for a texture', [1026, 2, 2], new Int16Array(1), 2],
  ['floats', [128, 128, 128], new Float32Array(1), 1],
  ['a thousand slices', [512, 512, 1000], new Int16Array(1), 4],
])('a volume is halved until a card holds it, known before: %s', (_, size, values, halvings) => {
  expect(halvingsFor({ grid: { size }, values }, MOST)).toBe(halvings)
})

test('of a card that is lost already no size is known: it is told, not sought for ever', () => {
  const one = { grid: { size: [64, 64, 64] as [number, number, number] }, values: new Int16Array(1) }
  expect(() => halvingsFor(one, { side: 0, bytes: 2 ** 20 })).toThrow('holds no volume')
})
