import { expect, test } from 'vitest'
import { CardTrial } from '../../renderer/viewer/rendering/cardTrial.ts'
import { halvingsFor } from '../../renderer/viewer/rendering/rayCard.ts'
import type { Volume } from '../../shared/viewing/volume/grid.ts'
import { boundsOf, castRays, type RayJob, wholeBox } from '../../shared/viewing/volume/rays.ts'

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

test('a card that draws nothing is found out by the first picture that has something in it, also after an empty one', () => {
  const grid: Volume['grid'] = {
    FrameOfReferenceUID: '2.25.1',
    size: [16, 16, 16],
    origin: [0, 0, 0],
    steps: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  }
  const volume = { grid, values: new Int16Array(16 ** 3).fill(100), slope: 1, intercept: 0 }
  const colours = Uint8Array.from({ length: 256 * 4 }, (_, at) => (at % 4 === 3 ? 255 : at >> 2))
  const { centre } = boundsOf(grid)
  const job: RayJob = {
    camera: { centre, right: [1, 0, 0], down: [0, 0, 1], mmPerPixel: 0.5 },
    crop: wholeBox(grid),
    mode: { kind: 'mip', lower: 0, upper: 100, colours },
    width: 32,
    height: 32,
    first: 0,
    end: 32,
    step: 1,
  }
  const empty: RayJob = { ...job, camera: { ...job.camera, centre: [1000, 1000, 1000] } }
  const draws = { volume, draw: (one: RayJob) => castRays(volume, one) }
  const drawsNothing = { volume, draw: () => castRays(volume, empty) }

  const trial = new CardTrial()
  trial.check(drawsNothing, empty)
  expect(() => trial.check(drawsNothing, job)).toThrow('levels beside')
  const other = new CardTrial()
  other.check(draws, job)
  // Believed for this volume and this mode: not tried before every picture.
  other.check(drawsNothing, job)
})
