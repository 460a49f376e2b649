import { describe, expect, test } from 'vitest'
import { type Draft, EMPTY_DRAFT, type Mark, mergeDrafts, parseDraft } from '../../shared/viewing/draft.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import {
  circleThrough,
  ellipsePerimeter,
  lengthOf,
  openAngle,
  pathLength,
} from '../../shared/viewing/measure/geometry.ts'
import { histogramOf, middleRange } from '../../shared/viewing/measure/histogram.ts'
import { startLiveWire } from '../../shared/viewing/measure/livewire.ts'
import { regionOf } from '../../shared/viewing/measure/markRegion.ts'
import { describe as describeMark, measure } from '../../shared/viewing/measure/measure.ts'
import { outlineArea, splineOutline } from '../../shared/viewing/measure/outline.ts'
import { regionSpans, regionStatistics, statisticsOf } from '../../shared/viewing/measure/region.ts'
import { isCalibratable, type Point, scaleOf } from '../../shared/viewing/measure/scale.ts'
import { VERTEBRAE, vertebraAfter } from '../../shared/viewing/measure/spine.ts'

/** mulberry32: the same numbers every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const START = { SeriesDate: '', SeriesTime: '', AcquisitionTime: undefined }
const CT = (attributes: ImageAttributes) => ({
  Modality: 'CT',
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  attributes,
})
const DX = (attributes: ImageAttributes) => ({
  Modality: 'DX',
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
  attributes,
})
/** Pixels 0.4 mm wide and 0.9 mm high. */
const SCALE = { x: 0.4, y: 0.9 }

/** A point so many millimetres from a corner of the image. */
const at = (x: number, y: number): Point => [x / SCALE.x, y / SCALE.y]

describe('closed forms on pixels that are not square, to 1e-6', () => {
  test('an open angle is that of its lines as drawn, 0 to 180°', () => {
    for (const degrees of [0, 1e-4, 17, 89, 90, 91, 135, 179, 180]) {
      const turn = (degrees * Math.PI) / 180
      const first: [Point, Point] = [at(20, 20), at(50, 20)]
      const second: [Point, Point] = [at(80, 70), at(80 + 25 * Math.cos(turn), 70 + 25 * Math.sin(turn))]
      expect(openAngle([...first, ...second], SCALE)).toBeCloseTo(degrees, 6)
    }
  })

  test('a circle through any three of its points has its centre, its radius, its area and its way round', () => {
    const next = random(3)
    for (let round = 0; round < 200; round++) {
      const [cx, cy, radius] = [50 + next() * 100, 50 + next() * 100, 1 + next() * 80]
      const turn = next() * 7
      const on = (part: number) => at(cx + radius * Math.cos(turn + part), cy + radius * Math.sin(turn + part))
      const points = [on(0), on(0.5 + next()), on(2.5 + next())]
      const found = circleThrough(points as [Point, Point, Point], SCALE)!
      expect(found.radius).toBeCloseTo(radius, 6)
      expect(found.centre[0] * SCALE.x).toBeCloseTo(cx, 6)
      expect(found.centre[1] * SCALE.y).toBeCloseTo(cy, 6)
      const region = regionOf({ kind: 'circle', points }, SCALE)!
      expect(Math.abs(region.area! / (Math.PI * radius ** 2) - 1)).toBeLessThan(1e-6)
      expect(Math.abs(region.perimeter / (2 * Math.PI * radius) - 1)).toBeLessThan(1e-6)
      expect(region.diameter).toBeCloseTo(2 * radius, 6)
    }
    expect(circleThrough([at(0, 0), at(10, 10), at(20, 20)], SCALE)).toBeUndefined()
    expect(regionOf({ kind: 'circle', points: [at(1, 1), at(1, 1), at(1, 1)] }, SCALE)).toBeUndefined()
  })

  test('the way round an ellipse is the integral along it', () => {
    for (const [width, height] of [
      [30, 30],
      [40, 10],
      [10, 40],
      [100, 0.01],
      [50, 0],
    ] as const) {
      // The trapezoid rule over a whole period of a smooth function has no error to speak of.
      const steps = 200_000
      let sum = 0
      for (let i = 0; i < steps; i++) {
        const angle = (i / steps) * 2 * Math.PI
        sum += Math.hypot((width / 2) * Math.sin(angle), (height / 2) * Math.cos(angle))
      }
      const integral = (sum * 2 * Math.PI) / steps
      const found = ellipsePerimeter(at(5, 5), at(5 + width, 5 + height), SCALE)
      expect(Math.abs(found / integral - 1)).toBeLessThan(1e-6)
    }
  })

  test('a polyline has a length; closed an area, also of a shape with a dent', () => {
    // An L: 30 × 40 mm without 20 × 25 of them.
    const corners = [at(10, 10), at(40, 10), at(40, 25), at(20, 25), at(20, 50), at(10, 50)]
    expect(pathLength(corners, SCALE)).toBeCloseTo(30 + 15 + 20 + 25 + 10, 9)
    const region = regionOf({ kind: 'polyline', points: corners, closed: true }, SCALE)!
    expect(region.area).toBeCloseTo(30 * 40 - 20 * 25, 6)
    expect(region.perimeter).toBeCloseTo(140, 9)
    expect(regionOf({ kind: 'polyline', points: corners }, SCALE)).toBeUndefined()
  })

  test('an outline that crosses itself encloses what is crossed into an odd number of times', () => {
    // Two triangles of 10 × 20 / 2 mm², tip to tip.
    const bow = [at(0, 0), at(20, 20), at(20, 0), at(0, 20)]
    expect(outlineArea(bow, SCALE)).toBeCloseTo(200, 6)
    // A pentagram: five points, its middle is crossed into twice.
    const star = [0, 2, 4, 1, 3].map(i =>
      at(50 + 30 * Math.sin((i * 2 * Math.PI) / 5), 50 - 30 * Math.cos((i * 2 * Math.PI) / 5)),
    )
    const edge = 2 * (30 * Math.sin(Math.PI / 10)) * Math.tan(Math.PI / 5)
    const point = (edge / 2) * (30 - 30 * Math.sin(Math.PI / 10))
    expect(outlineArea(star, SCALE)).toBeCloseTo(5 * point, 6)
    // Round twice is out again.
    const square = [at(0, 0), at(10, 0), at(10, 10), at(0, 10)]
    expect(outlineArea([...square, ...square], SCALE)).toBeCloseTo(0, 6)
  })

  test('a spline region goes through its points and is, to one part in a thousand, the curve of Catmull and Rom', () => {
    const points = [at(20, 20), at(60, 15), at(70, 55), at(30, 60)]
    const outline = splineOutline(points)
    for (const point of points) expect(outline).toContainEqual(point)
    // Green's theorem on the cubics, by Simpson over very many steps.
    const mm = points.map(([x, y]): Point => [x * SCALE.x, y * SCALE.y])
    const cubic = (axis: 0 | 1, span: number) => {
      const [p, q, r, s] = [3, 0, 1, 2].map(step => mm[(span + step) % 4]![axis]) as [number, number, number, number]
      const [a, b, c] = [(r - p) / 2, (2 * p - 5 * q + 4 * r - s) / 2, (3 * q - p - 3 * r + s) / 2]
      return {
        at: (t: number) => q + a * t + b * t * t + c * t ** 3,
        slope: (t: number) => a + 2 * b * t + 3 * c * t * t,
      }
    }
    let twice = 0
    const steps = 1000
    for (let span = 0; span < 4; span++) {
      const [x, y] = [cubic(0, span), cubic(1, span)]
      for (let i = 0; i < steps; i++) {
        const part = (t: number) => x.at(t) * y.slope(t) - y.at(t) * x.slope(t)
        const [from, to] = [i / steps, (i + 1) / steps]
        twice += ((to - from) / 6) * (part(from) + 4 * part((from + to) / 2) + part(to))
      }
    }
    const region = regionOf({ kind: 'spline', points }, SCALE)!
    expect(Math.abs(region.area! / Math.abs(twice / 2) - 1)).toBeLessThan(1e-3)
    // It is the polygon of its chords, to the last digit.
    const shoelace = outline.reduce((sum, [x, y], i) => {
      const [u, v] = outline[(i + 1) % outline.length]!
      return sum + (x * v - u * y) * SCALE.x * SCALE.y
    }, 0)
    expect(region.area).toBeCloseTo(Math.abs(shoelace) / 2, 6)
    expect(splineOutline(Array.from({ length: 200 }, (_, i): Point => [i, i % 7])).length).toBeLessThanOrEqual(3200)
  })

  test('a cardiothoracic ratio is of two widths, in whatever order and unit', () => {
    const widths = [at(40, 80), at(40 + 130, 80), at(10, 95), at(10 + 260, 95)]
    const mark = { kind: 'cardiothoracic' as const, points: widths, text: '' }
    const frame = DX({ ImagerPixelSpacing: [0.9, 0.4] })
    const found = measure(mark, frame, START, undefined)
    expect(found.ratio).toBeCloseTo(0.5, 9)
    expect(describeMark(mark, found)).toEqual(['CTR 0.50', '130.0 / 260.0 mm at detector'])
    const other = { ...mark, points: [...widths.slice(2), ...widths.slice(0, 2)] }
    expect(measure(other, frame, START, undefined).ratio).toBeCloseTo(0.5, 9)
  })
})

describe('the pixels of an outline', () => {
  const size = { columns: 40, rows: 30 }

  test('are those whose centres lie in it or on its edge, none twice, whatever its shape', () => {
    const next = random(17)
    for (let round = 0; round < 150; round++) {
      // Corners on quarters of pixels, so that centres do lie on edges.
      const quarter = (size: number) => Math.round((next() * (size + 8) - 4) * 4) / 4
      const points = Array.from({ length: 3 + Math.floor(next() * 9) }, (): Point => [quarter(40), quarter(30)])
      const wanted: string[] = []
      for (let row = 0; row < 30; row++) {
        for (let column = 0; column < 40; column++)
          if (holds(points, column + 0.5, row + 0.5)) wanted.push(`${column} ${row}`)
      }
      const spans = regionSpans('polygon', points, size)
      const found = spans.flatMap(({ row, from, to }) =>
        Array.from({ length: to - from + 1 }, (_, i) => `${from + i} ${row}`),
      )
      expect(found).toEqual(wanted)
    }
  })

  /** Another way to the same rule: on an edge by the cross product, inside by the winding of angles modulo two. */
  function holds(points: Point[], x: number, y: number): boolean {
    let winding = 0
    for (const [i, [ax, ay]] of points.entries()) {
      const [bx, by] = points[(i + 1) % points.length]!
      const cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
      const within = x >= Math.min(ax, bx) && x <= Math.max(ax, bx) && y >= Math.min(ay, by) && y <= Math.max(ay, by)
      if (cross === 0 && within) return true
      let turn = Math.atan2(by - y, bx - x) - Math.atan2(ay - y, ax - x)
      if (turn > Math.PI) turn -= 2 * Math.PI
      if (turn < -Math.PI) turn += 2 * Math.PI
      winding += turn
    }
    return Math.abs(Math.round(winding / (2 * Math.PI))) % 2 === 1
  }

  test('have the median in the middle of their values', () => {
    const next = random(5)
    for (let n = 1; n < 120; n++) {
      const values = Float64Array.from({ length: n }, () => Math.floor(next() * 20) - 10)
      const sorted = [...values].sort((a, b) => a - b)
      expect(statisticsOf(values)?.median).toBe((sorted[n >> 1]! + sorted[(n - 1) >> 1]!) / 2)
    }
  })

  test('have the same figures whether they are counted or gathered, with any slope and padding', () => {
    const next = random(29)
    const stored = Int16Array.from({ length: 1200 }, () => Math.floor(next() * 3000) - 1500)
    const outline = Array.from({ length: 9 }, (): Point => [next() * 40, next() * 30])
    for (const [slope, intercept] of [
      [1, 0],
      [-2, 100],
      [0.25, -3.5],
    ] as const) {
      const frame = { columns: 40, rows: 30, slope, intercept, padding: { low: -400, high: 100 } }
      const counted = regionStatistics('polygon', outline, { ...frame, pixels: stored })!
      const gathered = regionStatistics('polygon', outline, { ...frame, pixels: Float32Array.from(stored) })!
      expect(counted.n).toBeGreaterThan(50)
      for (const key of ['n', 'mean', 'sd', 'min', 'max', 'median'] as const) {
        expect(counted[key]).toBeCloseTo(gathered[key], 9)
      }
    }
  })

  test('a rectangle drawn as a polygon holds what the rectangle holds', () => {
    const pixels = Int16Array.from({ length: 1200 }, (_, i) => (i * 7919) % 1000)
    const frame = { pixels, columns: 40, rows: 30, slope: 2, intercept: -5 }
    const [a, b]: [Point, Point] = [
      [3.5, 4.25],
      [20.5, 22],
    ]
    const polygon: Point[] = [a, [b[0], a[1]], b, [a[0], b[1]]]
    expect(regionStatistics('polygon', polygon, frame)).toEqual(regionStatistics('rectangle', [a, b], frame))
  })
})

describe('a histogram', () => {
  test('of whole numbers counts each value where it belongs, in at most 64 bins', () => {
    expect(histogramOf(Float64Array.of(3, 3, 4, 7))).toEqual({ first: 2.5, width: 1, counts: [2, 1, 0, 0, 1] })
    const wide = histogramOf(Float64Array.from({ length: 4001 }, (_, i) => i - 2000))!
    expect(wide.width).toBe(63)
    expect(wide.counts.length).toBeLessThanOrEqual(64)
    // Every bin but the last is full: as many whole numbers in each.
    expect(new Set(wide.counts.slice(0, -1))).toEqual(new Set([63]))
    expect(wide.counts.reduce((sum, count) => sum + count, 0)).toBe(4001)
  })

  test('of fractions spans from the least to the greatest; one value alone is one bin; none is no histogram', () => {
    const found = histogramOf(Float64Array.of(0.5, 0.75, 1.5))!
    expect(found).toMatchObject({ first: 0.5, width: 1 / 64 })
    expect(found.counts.at(0)).toBe(1)
    expect(found.counts.at(16)).toBe(1)
    expect(found.counts.at(-1)).toBe(1)
    expect(histogramOf(Float64Array.of(0.5, 0.5))).toEqual({ first: 0.5, width: 1, counts: [2] })
    expect(histogramOf(new Float64Array(0))).toBeUndefined()
  })

  test('1 to 99 % of the values are what a window shows', () => {
    expect(middleRange(Float64Array.from({ length: 100 }, (_, i) => i + 1))).toEqual({ lower: 1, upper: 99 })
    expect(middleRange(Float64Array.from({ length: 1000 }, (_, i) => 1000 - i))).toEqual({ lower: 10, upper: 990 })
    expect(middleRange(Float64Array.of(5))).toEqual({ lower: 5, upper: 5 })
    expect(middleRange(new Float64Array(0))).toBeUndefined()
  })
})

describe('a livewire', () => {
  const [columns, rows] = [120, 100]
  const RADIUS = 30
  const disc = Int16Array.from({ length: columns * rows }, (_, i) => {
    const [x, y] = [(i % columns) + 0.5 - 60, Math.floor(i / columns) + 0.5 - 50]
    return Math.hypot(x, y) < RADIUS ? 400 : 100
  })
  const image = { pixels: disc, columns, rows, components: 1 as const }
  const on = (part: number): Point => [60 + RADIUS * Math.cos(part), 50 + RADIUS * Math.sin(part)]

  test('led round a disc by four clicks is its outline', () => {
    const anchors = [0, 1, 2, 3, 4].map(quarter => on((quarter * Math.PI) / 2))
    const path = anchors.slice(0, 4).flatMap((anchor, i) => startLiveWire(anchor, image).pathTo(anchors[i + 1]!))
    for (const [x, y] of path) expect(Math.abs(Math.hypot(x - 60, y - 50) - RADIUS)).toBeLessThan(2)
    const scale = { x: 0.5, y: 0.5 }
    const area = outlineArea(path, scale)! / (Math.PI * 15 ** 2)
    expect(Math.abs(area - 1)).toBeLessThan(0.04)
    expect(Math.abs(pathLength(path, scale, true) / (2 * Math.PI * 15) - 1)).toBeLessThan(0.06)
  })

  test('ends under the pointer, also outside its reach and outside the image', () => {
    const wire = startLiveWire([60.2, 50.7], image)
    for (const to of [[3.25, 4.5] as Point, [500, -20] as Point, [60.9, 50.1] as Point]) {
      expect(wire.pathTo(to).at(-1)).toEqual(to)
    }
    const wide = { pixels: new Int16Array(1000 * 4), columns: 1000, rows: 4, components: 1 as const }
    const path = startLiveWire([1.5, 1.5], wide).pathTo([999, 2])
    expect(path.at(-1)).toEqual([999, 2])
    expect(path.length).toBeLessThan(200)
  })
})

describe('a spine', () => {
  test('is counted down and up; what is seldom is left to the reader', () => {
    const run = (from: string, direction: 'down' | 'up') => {
      const found: string[] = []
      for (let label: string | undefined = from; label; label = vertebraAfter(label, direction)) found.push(label)
      return found
    }
    const down = run('C1', 'down')
    expect(down).toHaveLength(7 + 12 + 5 + 1)
    expect(down.join(' ')).toContain('C7 T1')
    expect(down.join(' ')).toContain('T12 L1')
    expect(down.join(' ')).toContain('L5 S1')
    expect(run('S1', 'up')).toEqual(down.reverse())
    expect(vertebraAfter('T13', 'down')).toBe('L1')
    expect(vertebraAfter('L6', 'down')).toBe('S1')
    expect(vertebraAfter('T13', 'up')).toBe('T12')
    expect(VERTEBRAE).toContain('L6')
    expect(vertebraAfter('words', 'down')).toBeUndefined()
  })
})

describe('a calibration by hand', () => {
  const secondary = (attributes: ImageAttributes) => ({
    Modality: 'OT',
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
    attributes,
  })
  const mark = (points: Point[]) => ({ kind: 'length' as const, points, text: '' })

  test('makes millimetres of pixels, of any shape, and says so with every figure', () => {
    // Pixels twice as high as wide: a line of 30 across and 20 down is 50 long; it is said to be 25 mm.
    const frame = {
      ...secondary({ PixelAspectRatio: [2, 1] }),
      calibration: { unit: 'px' as const, drawn: 50, mm: 25 },
    }
    expect(scaleOf(frame, [])).toEqual({ unit: 'mm', x: 0.5, y: 1, note: 'calibrated by hand' })
    const line = mark([
      [10, 10],
      [40, 30],
    ])
    const found = measure(line, frame, START, undefined)
    expect(found.length).toBeCloseTo(25, 9)
    expect(describeMark(line, found)).toEqual(['25.0 mm calibrated by hand'])
    const box = { ...line, kind: 'rectangle' as const }
    expect(describeMark(box, measure(box, frame, START, undefined))).toEqual([
      '300.0 mm² calibrated by hand',
      'perimeter 70.0 mm calibrated by hand',
    ])
  })

  test('corrects a plane that is not the patient’s, and is not taken for another unit', () => {
    const calibration = { unit: 'mm' as const, drawn: 30, mm: 25 }
    const plate = { ...DX({ ImagerPixelSpacing: [0.2, 0.1] }), calibration }
    expect(scaleOf(plate, [])).toMatchObject({ unit: 'mm', note: 'calibrated by hand' })
    expect(lengthOf([0, 0], [300, 0], scaleOf(plate, []))).toBeCloseTo(25, 9)
    expect(scaleOf({ ...secondary({}), calibration }, [])).toMatchObject({ unit: 'px', note: '' })
  })

  test('never overrules what an image says of itself', () => {
    const calibration = { unit: 'mm' as const, drawn: 30, mm: 25 }
    const section = { ...CT({ PixelSpacing: [0.7, 0.5] }), calibration }
    expect(isCalibratable(section)).toBe(false)
    expect(scaleOf(section, [])).toEqual({ unit: 'mm', x: 0.5, y: 0.7, note: '' })
    expect(isCalibratable(DX({ PixelSpacing: [0.1, 0.1], PixelSpacingCalibrationType: 'FIDUCIAL' }))).toBe(false)
    expect(isCalibratable(DX({ ImagerPixelSpacing: [0.1, 0.1] }))).toBe(true)
    expect(isCalibratable(CT({}))).toBe(true)
    const region = {
      RegionLocationMinX0: 0,
      RegionLocationMinY0: 0,
      RegionLocationMaxX1: 99,
      RegionLocationMaxY1: 99,
      PhysicalUnitsXDirection: 4,
      PhysicalUnitsYDirection: 7,
      PhysicalDeltaX: 0.01,
      PhysicalDeltaY: 0.01,
    }
    const ultrasound = (attributes: ImageAttributes) => ({
      Modality: 'US',
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.6.1',
      attributes,
    })
    // A Doppler trace measures seconds and speeds.
    expect(isCalibratable(ultrasound({ SequenceOfUltrasoundRegions: [region] }))).toBe(false)
    expect(isCalibratable(ultrasound({}))).toBe(true)
  })
})

describe('a draft of version 2', () => {
  const mark = (id: string, change: Partial<Mark> = {}): Mark => ({
    id,
    kind: 'probe',
    SeriesInstanceUID: '1.2',
    SOPInstanceUID: '1.2.3',
    frame: 1,
    points: [[1, 1]],
    text: '',
    ...change,
  })
  const draft = (...marks: Mark[]): Draft => ({ ...EMPTY_DRAFT, marks })
  const points = (count: number) => Array.from({ length: count }, (_, i): Point => [i, i % 5])
  const freehand = (id: string, count: number) => mark(id, { kind: 'freehand', points: points(count) })
  const calibration = { unit: 'px' as const, drawn: 50, mm: 25, SOPInstanceUID: '1.2.3', frame: 1 }

  test('reads one of version 1 as it stands, without calibrations', () => {
    const { calibrations: _, ...first } = draft(mark('a'))
    expect(parseDraft({ ...first, version: 1 })).toEqual(draft(mark('a')))
  })

  test('holds marks of as many points as their kind has, locks and calibrations', () => {
    const whole = {
      ...draft(
        freehand('a', 2000),
        mark('b', { locked: true }),
        mark('c', { kind: 'polyline', points: points(2), closed: true }),
      ),
      calibrations: { '1.2': calibration },
    }
    expect(parseDraft(JSON.parse(JSON.stringify(whole)))).toEqual(whole)
    expect(parseDraft(draft(freehand('a', 2001)))).toBeUndefined()
    expect(parseDraft(draft(freehand('a', 2)))).toBeUndefined()
    expect(parseDraft(draft(mark('a', { kind: 'circle', points: points(4) })))).toBeUndefined()
    expect(parseDraft({ ...draft(), calibrations: { '1.2': { ...calibration, drawn: 0 } } })).toBeUndefined()
  })

  test('stays within what can be kept: 50,000 points, also when two windows are merged', () => {
    const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => freehand(`${name}${i}`, 2000))
    expect(parseDraft(draft(...many('a', 25)))).toBeDefined()
    expect(parseDraft(draft(...many('a', 26)))).toBeUndefined()
    const merged = mergeDrafts(draft(), draft(...many('a', 20)), draft(...many('b', 20)))
    expect(parseDraft(merged)).toBeDefined()
    // At its largest it still goes through the door of the station (4 MiB).
    const worst = draft(
      ...many('a', 25).map(one => ({ ...one, points: one.points.map((): Point => [12345.678, -2345.678]) })),
    )
    expect(JSON.stringify(worst).length).toBeLessThan(2 ** 21)
  })

  test('merges calibrations set by set; taking one back is a change', () => {
    const of = (calibrations: Draft['calibrations']): Draft => ({ ...EMPTY_DRAFT, calibrations })
    const other = { ...calibration, mm: 30 }
    const base = of({ a: calibration, b: calibration })
    const merged = mergeDrafts(base, of({ b: calibration, mine: calibration }), of({ a: calibration, b: other }))
    expect(merged.calibrations).toEqual({ b: other, mine: calibration })
  })
})
