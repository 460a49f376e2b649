import { describe, expect, test } from 'vitest'
import { type Draft, EMPTY_DRAFT, type Mark, mergeDrafts, parseDraft } from '../../shared/viewing/draft.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import {
  angleAt,
  cobbAngle,
  ellipseArea,
  lengthOf,
  moveBidirectional,
  rectangleArea,
  withShortAxis,
} from '../../shared/viewing/measure/geometry.ts'
import { describe as describeMark, measure } from '../../shared/viewing/measure/measure.ts'
import { regionSpans, regionStatistics, valueAt } from '../../shared/viewing/measure/region.ts'
import { type Point, scaleOf } from '../../shared/viewing/measure/scale.ts'
import { valueUnitOf } from '../../shared/viewing/measure/valueUnit.ts'
import { applyMatrix, flipped, imageToDevice, invertMatrix, turned, type View } from '../../shared/viewing/view.ts'

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

const SOP = (suffix: string) => `1.2.840.10008.5.1.4.1.1.${suffix}`
const CT = SOP('2')
const frame = (attributes: ImageAttributes, Modality = 'CT', SOPClassUID = CT) => ({
  Modality,
  SOPClassUID,
  attributes,
})
const MIDDLE: Point[] = [
  [10, 10],
  [20, 20],
]

describe('a length says mm only where the spacing is the patient’s', () => {
  const spacing = { PixelSpacing: [0.7, 0.5] }
  const imager = { ImagerPixelSpacing: [0.2, 0.2] }
  const cases: Array<[string, string, string, ImageAttributes, unknown]> = [
    ['CT', 'CT', '2', spacing, { unit: 'mm', x: 0.5, y: 0.7, note: '' }],
    ['MR', 'MR', '4', spacing, { unit: 'mm', x: 0.5, y: 0.7, note: '' }],
    ['PET', 'PT', '128', spacing, { unit: 'mm', x: 0.5, y: 0.7, note: '' }],
    ['enhanced CT', 'CT', '2.1', spacing, { unit: 'mm', x: 0.5, y: 0.7, note: '' }],
    ['tomosynthesis', 'MG', '13.1.3', spacing, { unit: 'mm', x: 0.5, y: 0.7, note: '' }],
    [
      'a CT scout',
      'CT',
      '2',
      { ...spacing, ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] },
      { unit: 'mm', x: 0.5, y: 0.7, note: 'at isocentre' },
    ],
    ['CT without spacing', 'CT', '2', {}, { unit: 'px', x: 1, y: 1, note: '' }],
    ['CT with a spacing of nothing', 'CT', '2', { PixelSpacing: [0, 0] }, { unit: 'px', x: 1, y: 1, note: '' }],
    ['DX at the detector', 'DX', '1.1', imager, { unit: 'mm', x: 0.2, y: 0.2, note: 'at detector' }],
    [
      'DX with both equal',
      'DX',
      '1.1',
      { ...imager, PixelSpacing: [0.2, 0.2] },
      { unit: 'mm', x: 0.2, y: 0.2, note: 'at detector' },
    ],
    [
      'DX calibrated: they differ',
      'DX',
      '1.1',
      { ...imager, PixelSpacing: [0.15, 0.15] },
      { unit: 'mm', x: 0.15, y: 0.15, note: 'calibrated' },
    ],
    [
      'DX calibrated: it says how',
      'DX',
      '1.1',
      { ...imager, PixelSpacing: [0.2, 0.2], PixelSpacingCalibrationType: 'FIDUCIAL' },
      { unit: 'mm', x: 0.2, y: 0.2, note: 'calibrated' },
    ],
    [
      'MG magnified',
      'MG',
      '1.2',
      { ...imager, EstimatedRadiographicMagnificationFactor: 1.6 },
      { unit: 'mm', x: 0.2 / 1.6, y: 0.2 / 1.6, note: 'estimated, magnification 1.6' },
    ],
    ['old CR', 'CR', '1', spacing, { unit: 'mm', x: 0.5, y: 0.7, note: 'at detector' }],
    ['XA of nothing', 'XA', '12.1', {}, { unit: 'px', x: 1, y: 1, note: '' }],
    ['a screen save of a CT', 'CT', '7', spacing, { unit: 'px', x: 1, y: 1.4, note: '' }],
    [
      'scanned film',
      'OT',
      '7',
      { NominalScannedPixelSpacing: [0.1, 0.1] },
      { unit: 'mm', x: 0.1, y: 0.1, note: 'on film' },
    ],
    ['pixels twice as high as wide', 'OT', '7', { PixelAspectRatio: [2, 1] }, { unit: 'px', x: 1, y: 2, note: '' }],
  ]
  test.each(cases)('%s', (_name, Modality, suffix, attributes, expected) => {
    expect(scaleOf(frame(attributes, Modality, SOP(suffix)), MIDDLE)).toEqual(expected)
  })

  const region = (x0: number, x1: number, units = 3, delta = 0.02) => ({
    RegionLocationMinX0: x0,
    RegionLocationMinY0: 0,
    RegionLocationMaxX1: x1,
    RegionLocationMaxY1: 99,
    PhysicalUnitsXDirection: units,
    PhysicalUnitsYDirection: units,
    PhysicalDeltaX: delta,
    PhysicalDeltaY: -delta,
  })
  const scan = (...regions: Array<ReturnType<typeof region>>) =>
    frame({ SequenceOfUltrasoundRegions: regions, PixelSpacing: [9, 9] }, 'US', SOP('6.1'))

  test('ultrasound: by the region that holds the whole mark', () => {
    const two = scan(region(0, 99), region(100, 199, 3, 0.04))
    expect(scaleOf(two, MIDDLE)).toEqual({ unit: 'mm', x: 0.2, y: 0.2, note: '' })
    expect(
      scaleOf(two, [
        [150, 5],
        [160, 5],
      ]).x,
    ).toBe(0.4)
    const across = scaleOf(two, [
      [50, 50],
      [150, 50],
    ])
    expect(across).toMatchObject({ unit: 'px', note: 'not within one region' })
    expect(scaleOf(scan(region(0, 99, 4)), MIDDLE).unit).toBe('px')
    expect(scaleOf(scan(), MIDDLE).unit).toBe('px')
    expect(scaleOf(scan(region(0, 99, 0, 1), region(0, 99)), MIDDLE)).toMatchObject({ unit: 'mm', x: 0.2 })
    expect(scaleOf(scan(region(0, 99), region(5, 60, 3, 0.01)), MIDDLE).unit).toBe('px')
    // A box is as much as its corners.
    const box = { kind: 'ellipse' as const, points: [[90, 10] as Point, [99, 20] as Point] }
    const start = { SeriesDate: '', SeriesTime: '', AcquisitionTime: undefined }
    expect(measure(box, two, start, undefined).scale.unit).toBe('mm')
  })
})

describe('figures from given handles equal the closed form to 1e-6', () => {
  const next = random(7)
  const point = (): Point => [next() * 512, next() * 512]

  test('lengths, angles, Cobb angles and areas, with pixels of any shape', () => {
    for (let round = 0; round < 500; round++) {
      const scale = { x: 0.1 + next() * 2, y: 0.1 + next() * 2 }
      const [a, b, c, d] = [point(), point(), point(), point()]
      // By the law of cosines, from distances alone.
      const side = (p: Point, q: Point) =>
        Math.sqrt(scale.x ** 2 * (p[0] - q[0]) ** 2 + scale.y ** 2 * (p[1] - q[1]) ** 2)
      expect(lengthOf(a, b, scale)).toBeCloseTo(side(a, b), 9)
      const cosine = (side(a, b) ** 2 + side(c, b) ** 2 - side(a, c) ** 2) / (2 * side(a, b) * side(c, b))
      expect(angleAt(a, b, c, scale)).toBeCloseTo((Math.acos(cosine) * 180) / Math.PI, 6)
      // By the lines' inclinations.
      const inclination = (p: Point, q: Point) =>
        (Math.atan(((q[1] - p[1]) * scale.y) / ((q[0] - p[0]) * scale.x)) * 180) / Math.PI
      const between = Math.abs(inclination(a, b) - inclination(c, d))
      expect(cobbAngle([a, b, c, d], scale)).toBeCloseTo(Math.min(between, 180 - between), 6)
      // By the shoelace formula.
      const corners: Point[] = [a, [b[0], a[1]], b, [a[0], b[1]]]
      const twice = corners.reduce((sum, [x, y], i) => {
        const [u, v] = corners[(i + 1) % 4] ?? [0, 0]
        return sum + (x * v - u * y)
      }, 0)
      const area = (Math.abs(twice) / 2) * scale.x * scale.y
      expect(rectangleArea(a, b, scale)).toBeCloseTo(area, 6)
      expect(ellipseArea(a, b, scale)).toBeCloseTo((area * Math.PI) / 4, 6)
    }
    expect(angleAt([0, 0], [1, 0], [2, 0], { x: 1, y: 1 })).toBe(180)
  })

  test('turning, mirroring and zooming change no figure; a handle stands within half a device pixel', () => {
    const size = { width: 801, height: 633 }
    for (let round = 0; round < 200; round++) {
      const aspect = 0.5 + next()
      let view: View = { zoom: 0.1 + next() * 9, centre: point(), quarterTurns: 0, mirrored: false }
      view = turned(view, Math.floor(next() * 4))
      if (next() < 0.5) view = flipped(view, next() < 0.5 ? 'horizontal' : 'vertical')
      const matrix = imageToDevice(view, size, aspect)
      const [p, q]: [Point, Point] = [
        [next() * 801, next() * 633],
        [next() * 801, next() * 633],
      ]
      const [a, b] = [applyMatrix(invertMatrix(matrix), p), applyMatrix(invertMatrix(matrix), q)]
      const back = applyMatrix(matrix, a)
      expect(Math.hypot(back[0] - p[0], back[1] - p[1])).toBeLessThan(1e-6)
      // What is measured is what is seen, in pixels' widths.
      const seen = Math.hypot(p[0] - q[0], p[1] - q[1]) / view.zoom
      expect(lengthOf(a, b, { x: 1, y: aspect })).toBeCloseTo(seen, 6)
    }
  })

  test('two axes stay at right angles in the patient', () => {
    const scale = { x: 0.4, y: 0.9 }
    const right = ([a, b, c, d]: Point[]) => cobbAngle([a!, b!, c!, d!], scale)
    let points = withShortAxis([10, 10], [60, 30], scale)
    expect(right(points)).toBeCloseTo(90, 9)
    expect(lengthOf(points[2], points[3], scale)).toBeCloseTo(lengthOf(points[0], points[1], scale) / 2, 9)
    const before = lengthOf(points[2], points[3], scale)
    points = moveBidirectional(points, 1, [80, 90], scale)
    expect(points[1]).toEqual([80, 90])
    expect(right(points)).toBeCloseTo(90, 9)
    expect(lengthOf(points[2], points[3], scale)).toBeCloseTo(before, 9)
    points = moveBidirectional(points, 2, [30, 60], scale)
    expect(right(points)).toBeCloseTo(90, 9)
    expect(points[2][0]).toBeCloseTo(30, 9)
    expect(points[2][1]).toBeCloseTo(60, 9)
  })
})

describe('a region’s statistics', () => {
  const next = random(11)
  const [columns, rows] = [61, 47]
  const pixels = Int16Array.from({ length: columns * rows }, () => Math.floor(next() * 4096) - 1024)

  /** By brute force over every pixel: distances to the foci for the ellipse. */
  function masked(shape: 'ellipse' | 'rectangle', [a, b]: [Point, Point]): number[] {
    const [rx, ry] = [Math.abs(a[0] - b[0]) / 2, Math.abs(a[1] - b[1]) / 2]
    const [cx, cy] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
    const focus = Math.sqrt(Math.abs(rx ** 2 - ry ** 2))
    const foci: Point[] =
      rx >= ry
        ? [
            [cx - focus, cy],
            [cx + focus, cy],
          ]
        : [
            [cx, cy - focus],
            [cx, cy + focus],
          ]
    return Array.from(pixels.keys()).filter(i => {
      const [x, y] = [(i % columns) + 0.5, Math.floor(i / columns) + 0.5]
      if (shape === 'rectangle') return Math.abs(x - cx) <= rx && Math.abs(y - cy) <= ry
      return foci.reduce((sum, [u, v]) => sum + Math.sqrt((x - u) ** 2 + (y - v) ** 2), 0) <= 2 * Math.max(rx, ry)
    })
  }

  test('mask = pixel centres inside; n, mean, minimum and maximum exactly, SD to twelve digits', () => {
    let compared = 0
    for (let round = 0; round < 300; round++) {
      const corner = (): Point => [next() * 80 - 10, next() * 66 - 10]
      const corners: [Point, Point] = [corner(), corner()]
      for (const shape of ['ellipse', 'rectangle'] as const) {
        const indices = masked(shape, corners)
        const spans = regionSpans(shape, corners, { columns, rows })
        const spanned = spans.flatMap(({ row, from, to }) =>
          Array.from({ length: to - from + 1 }, (_, i) => row * columns + from + i),
        )
        expect(spanned).toEqual(indices)
        const found = regionStatistics(shape, corners, { pixels, columns, rows, slope: 2, intercept: -24 })
        if (indices.length === 0) {
          expect(found).toBeUndefined()
          continue
        }
        compared++
        // In whole numbers: n²·variance = n·Σv² − (Σv)².
        const values = indices.map(i => BigInt(pixels[i]! * 2 - 24))
        const n = BigInt(values.length)
        const sum = values.reduce((total, value) => total + value, 0n)
        const squares = values.reduce((total, value) => total + value * value, 0n)
        expect(found).toMatchObject({
          n: values.length,
          mean: Number(sum) / values.length,
          min: Math.min(...values.map(Number)),
          max: Math.max(...values.map(Number)),
        })
        const sd = Math.sqrt(Number(n * squares - sum * sum)) / values.length
        expect(Math.abs((found?.sd ?? Number.NaN) - sd)).toBeLessThanOrEqual(1e-12 * Math.max(1, sd))
      }
    }
    expect(compared).toBeGreaterThan(300)
  })

  test('padding is no part of a region: it counts neither in n nor in any figure', () => {
    const image = { pixels: Int16Array.of(-2000, 10, 20, -1999, 30, 40), columns: 3, rows: 2, slope: 2, intercept: -4 }
    const whole: [Point, Point] = [
      [0, 0],
      [3, 2],
    ]
    const padded = { ...image, padding: { low: -2000, high: -1999 } }
    expect(regionStatistics('rectangle', whole, image)?.n).toBe(6)
    expect(regionStatistics('rectangle', whole, padded)).toMatchObject({ n: 4, mean: 46, min: 16, max: 76 })
    const alone: [Point, Point] = [
      [0, 0],
      [1, 1],
    ]
    expect(regionStatistics('rectangle', alone, padded)).toBeUndefined()
  })

  test('a centre on the edge is inside; the value is that of the pixel the point lies in', () => {
    const count = (a: Point, b: Point) =>
      regionStatistics('rectangle', [a, b], { pixels, columns, rows, slope: 1, intercept: 0 })?.n
    expect(count([0.5, 0.5], [2.5, 1.5])).toBe(6)
    expect(count([0.51, 0.5], [2.5, 1.5])).toBe(4)
    const image = { pixels, columns, rows, slope: 1, intercept: 0 }
    expect(valueAt([60.99, 46.99], image)).toBe(pixels.at(-1))
    expect(valueAt([61, 46], image)).toBeUndefined()
    expect(valueAt([-0.01, 0], image)).toBeUndefined()
  })
})

describe('units of values', () => {
  const start = { SeriesDate: '20260101', SeriesTime: '101000', AcquisitionTime: '101000' }
  const unit = (attributes: ImageAttributes, Modality = 'CT', SOPClassUID = CT, begun = start) =>
    valueUnitOf(frame(attributes, Modality, SOPClassUID), begun)

  test('HU only for CT that says HU or nothing and is no localizer', () => {
    expect(unit({}).unit).toBe('HU')
    expect(unit({ RescaleType: 'HU' }).unit).toBe('HU')
    expect(unit({ RescaleType: 'US' }).unit).toBe('')
    expect(unit({ RescaleType: 'MGML' }).unit).toBe('MGML')
    expect(unit({ ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }).unit).toBe('')
    expect(unit({}, 'CT', SOP('7')).unit).toBe('')
    expect(unit({ RescaleType: 'HU' }, 'CT', SOP('7')).unit).toBe('')
    expect(unit({}, 'MR', SOP('4')).unit).toBe('')
    expect(unit({ RescaleType: 'OD' }, 'DX', SOP('1.1')).unit).toBe('OD')
  })

  const pet: ImageAttributes = {
    Units: 'BQML',
    CorrectedImage: ['DECY', 'ATTN', 'SCAT'],
    DecayCorrection: 'START',
    RadionuclideTotalDose: 370e6,
    RadionuclideHalfLife: 6586.2,
    RadiopharmaceuticalStartTime: '091000.00',
    PatientWeight: 70,
  }
  const PT = (attributes: ImageAttributes, begun = start) => unit(attributes, 'PT', SOP('128'), begun)

  test('SUV when everything it takes is there', () => {
    // An hour of decay, by the exponential law.
    const left = 370e6 * Math.exp((-Math.LN2 * 3600) / 6586.2)
    expect(PT(pet).unit).toBe('SUVbw')
    expect(PT(pet).factor).toBeCloseTo(70_000 / left, 12)
    expect(PT({ ...pet, DecayCorrection: 'ADMIN' }).factor).toBeCloseTo(70_000 / 370e6, 15)
    expect(PT({ ...pet, RadiopharmaceuticalStartDateTime: '20260101091000.00+0100' }).factor).toBe(PT(pet).factor)
    expect(
      PT(
        { ...pet, RadiopharmaceuticalStartTime: '235000' },
        { ...start, SeriesTime: '005000', AcquisitionTime: '005000' },
      ).factor,
    ).toBeCloseTo(70_000 / left, 12)
    expect(PT({ ...pet, Units: 'GML' })).toEqual({ unit: 'SUVbw', factor: 1 })
    expect(PT({ ...pet, Units: 'CNTS', PhilipsSUVScaleFactor: 0.0005 })).toEqual({ unit: 'SUVbw', factor: 0.0005 })
  })

  test.each<[string, ImageAttributes]>([
    ['no weight', { ...pet, PatientWeight: 0 }],
    ['no attenuation correction', { ...pet, CorrectedImage: ['DECY'] }],
    ['decay correction not said', { ...pet, DecayCorrection: 'NONE' }],
    ['no injection time', { ...pet, RadiopharmaceuticalStartTime: '' }],
    ['injected after the scan', { ...pet, RadiopharmaceuticalStartDateTime: '20260101111000' }],
  ])('otherwise what the header names: %s', (_name, attributes) => {
    expect(PT(attributes)).toEqual({ unit: 'Bq/ml', factor: 1 })
  })

  test('a Series Time after the first acquisition is not the scan’s', () => {
    expect(PT(pet, { ...start, SeriesTime: '120000' }).unit).toBe('Bq/ml')
  })

  test('a label says what is measured in what', () => {
    const square: [Point, Point] = [
      [0, 0],
      [4, 4],
    ]
    const pixels = {
      pixels: new Int16Array(16).fill(40),
      columns: 4,
      rows: 4,
      slope: 1,
      intercept: 0,
      components: 1 as const,
    }
    const image = frame({ PixelSpacing: [0.5, 0.5] })
    const label = (kind: Mark['kind'], points: Point[], text = '') =>
      describeMark({ kind, points, text }, measure({ kind, points }, image, start, pixels))
    expect(label('length', square)).toEqual(['2.8 mm'])
    expect(label('rectangle', square)).toEqual([
      '4.00 mm²',
      'perimeter 8.0 mm',
      'mean 40.0 SD 0.0 HU',
      'median 40 min 40 max 40 n 16',
    ])
    expect(label('probe', [[1.5, 2.5]])).toEqual(['40 HU', 'column 2 row 3'])
    expect(
      label('angle', [
        [0, 1],
        [0, 0],
        [1, 0],
      ]),
    ).toEqual(['90.0°'])
    expect(label('arrow', square, 'here')).toEqual(['here'])
  })
})

describe('drafts', () => {
  const mark = (id: string, x = 1): Mark => ({
    id,
    kind: 'probe',
    SeriesInstanceUID: '1.2',
    SOPInstanceUID: '1.2.3',
    frame: 1,
    points: [[x, 1]],
    text: '',
  })
  const draft = (...marks: Mark[]): Draft => ({ ...EMPTY_DRAFT, marks })
  const ids = ({ marks }: Draft) => marks.map(({ id, points }) => `${id}${points[0]?.[0]}`).sort()

  test('two windows at one study: both keep what they made, changed and deleted', () => {
    const base = draft(mark('a'), mark('b'), mark('c'), mark('d'))
    const mine = draft(mark('a', 2), mark('c'), mark('d'), mark('mine'))
    const theirs = draft(mark('a', 3), mark('b'), mark('c', 4), mark('theirs'))
    expect(ids(mergeDrafts(base, mine, theirs))).toEqual(['a2', 'c4', 'mine1', 'theirs1'])
    expect(mergeDrafts(base, base, theirs)).toEqual(theirs)
    expect(mergeDrafts(base, mine, base)).toEqual(expect.objectContaining({ layout: null }))
  })

  test('what this version cannot read is not taken for an empty draft', () => {
    expect(parseDraft(null)).toEqual(EMPTY_DRAFT)
    expect(parseDraft(JSON.parse(JSON.stringify(draft(mark('a')))))).toEqual(draft(mark('a')))
    expect(parseDraft({ ...EMPTY_DRAFT, version: 3 })).toBeUndefined()
    expect(parseDraft(draft({ ...mark('a'), kind: 'length' }))).toBeUndefined()
    expect(parseDraft(draft({ ...mark('a'), points: [[Number.POSITIVE_INFINITY, 0]] }))).toBeUndefined()
    expect(parseDraft(draft(...Array.from({ length: 1001 }, (_, i) => mark(String(i)))))).toBeUndefined()
  })
})

describe('real world values', () => {
  const pixels = { pixels: Uint16Array.of(0, 100, 200, 300), columns: 2, rows: 2, slope: 1, intercept: -1024 }
  const flow = { label: 'RCBF', unit: 'ml/100ml/s', first: 100, last: 300, slope: 0.1, intercept: 1 }
  const table = { label: '', unit: 'mm2/s', first: 200, last: 201, slope: 1, intercept: 0, values: [0.5, 0.75] }
  const start = { SeriesDate: '', SeriesTime: '', AcquisitionTime: undefined }
  const linesOf = (kind: 'probe' | 'rectangle', points: Point[], attributes: ImageAttributes) => {
    const mark = { kind, points, text: '' }
    const image = { Modality: 'MR', SOPClassUID: '1.2.840.10008.5.1.4.1.1.4', attributes }
    return describeMark(mark, measure(mark, image, start, { ...pixels, components: 1 }))
  }

  test('a probe and a region say the mapped value with its unit, of stored values that are mapped', () => {
    const attributes = { RealWorldValueMappings: [flow, table] }
    expect(linesOf('probe', [[0.5, 1.5]], attributes)).toEqual([
      '-824',
      'RCBF 21.0 ml/100ml/s',
      'mapped 0.500 mm2/s',
      'column 1 row 2',
    ])
    expect(linesOf('probe', [[0.5, 0.5]], attributes)).toEqual(['-1024', 'column 1 row 1'])
    const whole: Point[] = [
      [0, 0],
      [2, 2],
    ]
    // 100, 200 and 300 are mapped, to 11, 21 and 31.
    expect(linesOf('rectangle', whole, { RealWorldValueMappings: [flow] })).toEqual(
      expect.arrayContaining(['RCBF mean 21.0 SD 8.16 ml/100ml/s', 'min 11 max 31']),
    )
    // Behind a modality LUT the stored values are no longer known.
    const ModalityLUT = { entries: 1, first: 0, bits: 8, data: '' }
    expect(linesOf('probe', [[0.5, 1.5]], { ...attributes, ModalityLUT })).toHaveLength(2)
  })
})
