import { describe, expect, test } from 'vitest'
import { type Brush, brush } from '../../shared/viewing/segmenting/brush.ts'
import { Edit, eraseFrom, History, paintOver } from '../../shared/viewing/segmenting/edit.ts'
import { type GrowthHost, grow, inRange, rangeAbout } from '../../shared/viewing/segmenting/grow.ts'
import { fillGap, gapsOf, signedDistance } from '../../shared/viewing/segmenting/interpolate.ts'
import { fillHoles, piecesOf, removePieces } from '../../shared/viewing/segmenting/islands.ts'
import {
  boundsOf,
  countLabels,
  type LabelGrid,
  LabelMap,
  sampleLabels,
  voxelVolume,
} from '../../shared/viewing/segmenting/labels.ts'
import { joinMoments, type Moments, momentsOn, NO_VALUES } from '../../shared/viewing/segmenting/moments.ts'
import { paintLabels } from '../../shared/viewing/segmenting/paintLabels.ts'
import { decodeRuns, encodeRuns } from '../../shared/viewing/segmenting/runLength.ts'
import { fillOutline } from '../../shared/viewing/segmenting/scissors.ts'

const grid = (change: Partial<LabelGrid> = {}): LabelGrid => ({
  columns: 100,
  rows: 80,
  slices: 21,
  columnSpacing: 1,
  rowSpacing: 1,
  sliceSpacing: 1,
  isMillimetres: true,
  ...change,
})
const painting = (map: LabelMap, value = 1) => new Edit(map, value, paintOver(new Set()))
const countOf = (map: LabelMap, value = 1) =>
  map.drawn().reduce((sum, index) => sum + countLabels(map.slice(index)!)[value]!, 0)
const volumeOf = (map: LabelMap) => countOf(map) * voxelVolume(map.grid)!

describe('the brush', () => {
  const stamp = (own: LabelGrid, slice: number, at: [number, number], tool: Brush) => {
    const map = new LabelMap(own)
    brush(painting(map), slice, at, at, tool)
    return map
  }

  test('paints the disc it shows, in millimetres, whatever the pixels’ shape', () => {
    const own = grid({ columnSpacing: 0.5, rowSpacing: 0.8 })
    const map = stamp(own, 3, [50, 40], { radius: 12, ball: false })
    expect(map.drawn()).toEqual([3])
    expect(countOf(map) * 0.5 * 0.8).toBeCloseTo(Math.PI * 12 ** 2, -1)
    expect(boundsOf(map.slice(3)!, 100, 1)).toEqual({ left: 26, right: 74, top: 25, bottom: 55 })
  })

  test('a ball has the volume of one, and no voxel outside of it', () => {
    const own = grid({ sliceSpacing: 2 })
    const map = stamp(own, 10, [50, 40], { radius: 15, ball: true })
    expect(volumeOf(map)).toBeCloseTo(((4 / 3) * Math.PI * 15 ** 3) / 1000, 0)
    const wrong = map.drawn().flatMap(slice =>
      [...map.slice(slice)!].flatMap((label, at) => {
        const off = Math.hypot((at % 100) + 0.5 - 50, Math.floor(at / 100) + 0.5 - 40, (slice - 10) * 2)
        return (label === 1) === off <= 15 ? [] : [{ slice, at }]
      }),
    )
    expect(wrong).toEqual([])
  })

  test('a ball where the distance of the slices is not known is a disc', () => {
    const map = stamp(grid({ sliceSpacing: undefined }), 10, [50, 40], { radius: 15, ball: true })
    expect(map.drawn()).toEqual([10])
  })

  test('a stroke leaves no gap between two places of the pointer, at any angle', () => {
    const own = grid()
    for (const to of [
      [90, 40],
      [30, 70],
      [71, 55],
    ] as const) {
      const map = new LabelMap(own)
      brush(painting(map), 0, [20, 20], to, { radius: 5, ball: false })
      const length = Math.hypot(to[0] - 20, to[1] - 20)
      const wrong = [...map.slice(0)!].flatMap((label, at) => {
        const [x, y] = [(at % 100) + 0.5 - 20, Math.floor(at / 100) + 0.5 - 20]
        const part = Math.max(0, Math.min(1, (x * (to[0] - 20) + y * (to[1] - 20)) / length ** 2))
        const off = Math.hypot(x - part * (to[0] - 20), y - part * (to[1] - 20))
        return Math.abs(off - 5) < 1e-6 || (label === 1) === off < 5 ? [] : [at]
      })
      expect(wrong).toEqual([])
    }
  })

  test('a brush thinner than a pixel paints the pixel under the pointer', () => {
    const map = stamp(grid({ columnSpacing: 3, rowSpacing: 3 }), 0, [7.9, 9.1], { radius: 0.3, ball: false })
    expect(countOf(map)).toBe(1)
    expect(map.slice(0)![9 * 100 + 7]).toBe(1)
  })

  test('leaves the pixels that its range does not hold, and ends at the picture’s edge', () => {
    const map = new LabelMap(grid())
    brush(painting(map), 0, [0, 0], [0, 0], { radius: 10, ball: false }, () => at => at % 2 === 0)
    const labels = map.slice(0)!
    expect(countOf(map)).toBeGreaterThan(30)
    expect(labels.every((label, at) => label === 0 || at % 2 === 0)).toBe(true)
  })
})

describe('an edit', () => {
  test('paints over what is not locked and erases its own segment only', () => {
    const map = new LabelMap(grid())
    painting(map, 1).span(0, 0, 0, 10)
    painting(map, 2).span(0, 0, 10, 20)
    new Edit(map, 3, paintOver(new Set([2]))).span(0, 0, 5, 15)
    new Edit(map, 0, eraseFrom(3)).span(0, 0, 0, 8)
    expect([...map.slice(0)!.subarray(0, 20)]).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 3, 3, ...new Array(10).fill(2)])
  })

  test('is taken back and done again, slice by slice; what is done after that ends the redo', () => {
    const map = new LabelMap(grid())
    const history = new History(map)
    const draw = (value: number, from: number) => {
      const edit = painting(map, value)
      edit.span(4, 7, from, from + 10)
      edit.span(5, 8, from, from + 10)
      history.add(edit.finish()!)
    }
    draw(1, 0)
    const first = map.slice(4)!.slice()
    draw(2, 5)
    const second = map.slice(4)!.slice()
    expect(history.undo()).toEqual([4, 5])
    expect(map.slice(4)).toEqual(first)
    expect(history.redo()).toEqual([4, 5])
    expect(map.slice(4)).toEqual(second)
    history.undo()
    draw(3, 20)
    expect(history.canRedo).toBe(false)
    history.undo()
    history.undo()
    expect(countOf(map, 1) + countOf(map, 2) + countOf(map, 3)).toBe(0)
    expect(history.undo()).toBeUndefined()
  })

  test('that changes nothing is no step, and one that is given up leaves nothing', () => {
    const map = new LabelMap(grid())
    painting(map).span(0, 0, 0, 10)
    const again = painting(map)
    again.span(0, 0, 2, 8)
    expect(again.finish()).toBeUndefined()
    const given = painting(map, 2)
    given.span(0, 0, 0, 50)
    expect(given.undo()).toEqual([0])
    expect(countOf(map, 2)).toBe(0)
    expect(countOf(map, 1)).toBe(10)
  })

  test('tells the rectangle it has changed', () => {
    const map = new LabelMap(grid())
    const edit = painting(map)
    edit.span(2, 10, 20, 30)
    edit.span(2, 12, 25, 40)
    expect(edit.takeRects()).toEqual(new Map([[2, { left: 20, top: 10, right: 40, bottom: 13 }]]))
    expect(edit.takeRects().size).toBe(0)
  })
})

test('labels as runs come back as they were; what is too short, too long or cut off is refused', () => {
  let seed = 7
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647
    return seed / 2_147_483_647
  }
  for (const density of [0, 0.01, 0.5, 1]) {
    const labels = Uint8Array.from({ length: 20_000 }, () => (random() < density ? Math.floor(random() * 3) : 0))
    expect(decodeRuns(encodeRuns(labels), labels.length)).toEqual(labels)
  }
  const runs = encodeRuns(new Uint8Array(1000))
  expect(() => decodeRuns(runs, 999)).toThrow(RangeError)
  expect(() => decodeRuns(runs, 1001)).toThrow(RangeError)
  expect(() => decodeRuns(runs.subarray(0, 2), 1000)).toThrow(RangeError)
  expect(() => decodeRuns(Uint8Array.of(1, 255, 255, 255, 255, 255, 255, 1), 1000)).toThrow(RangeError)
})

test('scissors fill what is inside the line, holes by even-odd', () => {
  const map = new LabelMap(grid())
  fillOutline(painting(map), 0, [
    [10, 10],
    [50, 10],
    [50, 40],
    [10, 40],
  ])
  expect(countOf(map)).toBe(40 * 30)
  const circle = new LabelMap(grid())
  const line = Array.from({ length: 360 }, (_, i) => {
    const angle = (i / 180) * Math.PI
    return [50 + 30 * Math.cos(angle), 40 + 30 * Math.sin(angle)] as const
  })
  fillOutline(painting(circle), 0, line)
  expect(countOf(circle)).toBeCloseTo(Math.PI * 900, -2)
})

describe('growing', () => {
  /** A bright ball, and another that does not touch it, in dark. */
  const own = grid({ columns: 60, rows: 60, slices: 20 })
  const balls = [
    { at: [20, 20, 10], radius: 8 },
    { at: [42, 42, 10], radius: 6 },
  ] as const
  const slices = Array.from({ length: own.slices }, (_, slice) =>
    Int16Array.from({ length: 3600 }, (_, at) => {
      const inside = balls.some(
        ({ at: [x, y, z], radius }) => Math.hypot((at % 60) - x, Math.floor(at / 60) - y, slice - z) <= radius,
      )
      return (inside ? 1100 : 1000) + (at % 5)
    }),
  )
  const values = (slice: number) => ({ pixels: slices[slice]!, slope: 1, intercept: -1000 })
  const host = (range: { lower: number; upper: number }): GrowthHost => ({
    accepts: async slice => inRange(values(slice), range),
    breathe: async () => {},
  })
  const range = rangeAbout(values(10), 60, [20, 20])!

  test('takes its range from about the click', () => {
    expect(range.lower).toBeGreaterThan(50)
    expect(range.lower).toBeLessThanOrEqual(100)
    expect(range.upper).toBeGreaterThanOrEqual(104)
  })

  test('reaches all of the ball it began in and nothing of the other, through the slices or on its own', async () => {
    const seed = { slice: 10, at: 20 * 60 + 20 }
    const grown = (await grow(own, seed, true, 1e6, host(range)))!
    const expected = slices.map((_, slice) =>
      Uint8Array.from({ length: 3600 }, (_, at) =>
        Math.hypot((at % 60) - 20, Math.floor(at / 60) - 20, slice - 10) <= 8 ? 1 : 0,
      ),
    )
    const all = expected.reduce((sum, mask) => sum + mask.reduce((a, b) => a + b, 0), 0)
    expect(grown.voxels).toBe(all)
    expected.forEach((mask, slice) => {
      expect(grown.masks.get(slice) ?? new Uint8Array(3600), `slice ${slice}`).toEqual(mask)
    })
    const flat = (await grow(own, seed, false, 1e6, host(range)))!
    expect([...flat.masks.keys()]).toEqual([10])
    expect(flat.masks.get(10)).toEqual(expected[10])
  })

  test('stops where it fits too much, and when it is given up', async () => {
    const seed = { slice: 10, at: 20 * 60 + 20 }
    expect(await grow(own, seed, true, 500, host(range))).toBeUndefined()
    const giveUp: GrowthHost = { ...host(range), breathe: () => Promise.reject(new Error('given up')) }
    await expect(grow(own, seed, true, 1e6, giveUp)).rejects.toThrow('given up')
  })
})

describe('between drawn slices', () => {
  test('distances are those to the outline, on pixels that are no squares', () => {
    const own = { columns: 40, rows: 40, columnSpacing: 2, rowSpacing: 1 }
    const slice = new Uint8Array(1600)
    slice[20 * 40 + 20] = 1
    const field = signedDistance(slice, 1, { left: 10, top: 10, right: 31, bottom: 31 }, own)
    const at = (x: number, y: number) => field[(y - 10) * 21 + x - 10]!
    expect(at(20, 20)).toBeCloseTo(0.5)
    expect(at(23, 24)).toBeCloseTo(0.5 - Math.hypot(6, 4))
    expect(at(10, 10)).toBeCloseTo(0.5 - Math.hypot(20, 10))
  })

  test('two circles are joined by circles in between, in size and place', () => {
    const map = new LabelMap(grid({ slices: 11 }))
    brush(painting(map), 0, [40, 40], [40, 40], { radius: 10, ball: false })
    brush(painting(map), 10, [50, 40], [50, 40], { radius: 20, ball: false })
    expect(gapsOf(map, 1)).toEqual([{ from: 0, to: 10 }])
    const edit = painting(map)
    fillGap(edit, { from: 0, to: 10 })
    for (let slice = 1; slice < 10; slice++) {
      const labels = map.slice(slice)!
      const area = countLabels(labels)[1]!
      // The blend of two cones of distance about centres 10 apart: between the circle of the mean radius and a little more.
      const radius = Math.sqrt(area / Math.PI)
      expect(radius).toBeGreaterThan(10 + slice - 1)
      expect(radius).toBeLessThan(10 + slice + 1.2)
    }
    expect(gapsOf(map, 1)).toEqual([])
  })

  test('two circles about one centre give exactly the circle of the radius in between', () => {
    const map = new LabelMap(grid({ slices: 3 }))
    brush(painting(map), 0, [50, 40], [50, 40], { radius: 10, ball: false })
    brush(painting(map), 2, [50, 40], [50, 40], { radius: 30, ball: false })
    fillGap(painting(map), { from: 0, to: 2 })
    expect(Math.sqrt(countLabels(map.slice(1)!)[1]! / Math.PI)).toBeCloseTo(20, 0)
  })
})

test('pieces hang together by faces, through the slices; the largest stays, specks go, holes are filled', () => {
  const map = new LabelMap(grid())
  const edit = painting(map)
  for (let row = 10; row < 20; row++) edit.span(0, row, 10, 20)
  // Touches the first from above, one pixel.
  edit.span(1, 19, 19, 25)
  // Touches at an edge alone.
  edit.span(2, 18, 25, 28)
  edit.span(5, 50, 50, 51)
  expect(piecesOf(map, 1).map(({ voxels }) => voxels)).toEqual([106, 3, 1])
  const erase = () => new Edit(map, 0, eraseFrom(1))
  expect(removePieces(erase(), 1, voxels => voxels >= 3)).toBe(1)
  expect(removePieces(erase(), 1, (_, place) => place === 0)).toBe(1)
  expect(countOf(map)).toBe(106)
  erase().span(0, 14, 12, 16)
  // Open at a side: no hole.
  erase().span(0, 12, 10, 12)
  fillHoles(painting(map))
  expect(countOf(map)).toBe(104)
})

test('figures joined slice by slice are those of all values at once', () => {
  const values = Int16Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 613) - 200)
  const labels = Uint8Array.from({ length: 1000 }, (_, i) => i % 3)
  const pixels = (from: number) => ({ pixels: values.subarray(from, from + 500), slope: 2, intercept: 10 })
  const parts = [0, 500].map(from => momentsOn(labels.subarray(from, from + 500), pixels(from)).get(2)!)
  const found = parts.reduce<Moments>(joinMoments, NO_VALUES)
  const all = [...values].flatMap((value, i) => (labels[i] === 2 ? [value * 2 + 10] : []))
  const mean = all.reduce((a, b) => a + b, 0) / all.length
  expect(found.n).toBe(all.length)
  expect(found.mean).toBeCloseTo(mean, 9)
  expect(found.squares / found.n).toBeCloseTo(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length, 6)
  expect([found.min, found.max]).toEqual([Math.min(...all), Math.max(...all)])
  const padded = momentsOn(Uint8Array.of(1, 1), {
    pixels: [5, -2000],
    slope: 1,
    intercept: 0,
    padding: { low: -2000, high: -2000 },
  })
  expect(padded.get(1)).toMatchObject({ n: 1, mean: 5 })
})

test('a plane through the voxels shows the nearest of each, and nothing beside them', () => {
  const map = new LabelMap(grid({ columns: 10, rows: 10, slices: 5 }))
  painting(map).span(2, 4, 3, 6)
  // Columns along x, slices down: a coronal cut through row 4, half a voxel a pixel.
  const cut = sampleLabels(map, {
    columns: 20,
    rows: 8,
    origin: [0, 4.2, -1],
    across: [0.5, 0, 0],
    down: [0, 0, 1],
  })
  const rows = Array.from({ length: 8 }, (_, y) => [...cut.subarray(y * 20, y * 20 + 20)].map((v, x) => (v ? x : -1)))
  expect(rows[3]!.filter(x => x >= 0)).toEqual([5, 6, 7, 8, 9, 10])
  expect(rows.flatMap((row, y) => (y === 3 ? [] : row.filter(x => x >= 0)))).toEqual([])
})

test('outlines are the outermost pixels of a segment, its inside is filled as much as asked, hidden ones are not drawn', () => {
  const labels = new Uint8Array(100)
  for (let y = 2; y < 7; y++) for (let x = 2; x < 7; x++) labels[y * 10 + x] = 1
  labels[0] = 2
  const draw = (fill: number, colours: Array<[number, number, number] | undefined>) => {
    const into = new Uint8ClampedArray(400)
    paintLabels(labels, 10, { left: 0, top: 0, right: 10, bottom: 10 }, { colours, fill }, into)
    return (x: number, y: number) => [...into.subarray((y * 10 + x) * 4, (y * 10 + x) * 4 + 4)]
  }
  const filled = draw(0.4, [undefined, [10, 20, 30]])
  expect(filled(2, 4)).toEqual([10, 20, 30, 230])
  expect(filled(4, 4)).toEqual([10, 20, 30, 102])
  expect(filled(0, 0)).toEqual([0, 0, 0, 0])
  expect(draw(0, [undefined, [10, 20, 30]])(4, 4)).toEqual([0, 0, 0, 0])
})
