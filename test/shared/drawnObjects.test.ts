import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { type ImagePlane, imagePlane, imageToPatient, type Point2, type Point3 } from '../../shared/viewing/geometry.ts'
import { labToRGB } from '../../shared/viewing/objects/colours.ts'
import { type Dose, readDose } from '../../shared/viewing/objects/dose.ts'
import { doseRange, doseTo, meanDose, partAt, sampleDose, volumeAt } from '../../shared/viewing/objects/dvh.ts'
import { isoLines, maskOutline } from '../../shared/viewing/objects/outline.ts'
import { readParametricMap } from '../../shared/viewing/objects/parametricMap.ts'
import { readPlan } from '../../shared/viewing/objects/plan.ts'
import { fillPolygons, nestedArea, polygonArea } from '../../shared/viewing/objects/polygons.ts'
import { readDrawnObject } from '../../shared/viewing/objects/readObject.ts'
import { UnreadableObject } from '../../shared/viewing/objects/readPlanes.ts'
import { RegionValues } from '../../shared/viewing/objects/regionValues.ts'
import { readSegmentation } from '../../shared/viewing/objects/segmentation.ts'
import { cutRegion, largestSlab, maskOn, regionVolume, slabArea } from '../../shared/viewing/objects/slabs.ts'
import { readStructureSet } from '../../shared/viewing/objects/structureSet.ts'
import { fieldSampler, sampleField } from '../../shared/viewing/objects/valueField.ts'
import { asReceived, doseObject, type Grid, segmentationObject, structureSetObject } from '../fixtures/drawnObjects.ts'
import { sharedDataFolder } from '../fixtures/sharedData.ts'

const FRAME = '2.25.77'
const GRID: Grid = {
  FrameOfReferenceUID: FRAME,
  Rows: 50,
  Columns: 60,
  frames: 40,
  origin: [-30, -25, -20],
  spacing: 1,
}
const CENTRE: Point3 = [0.2, -0.3, 0.4]
const inSphere = (radius: number) => (place: Point3) =>
  Math.hypot(place[0] - CENTRE[0], place[1] - CENTRE[1], place[2] - CENTRE[2]) <= radius

function planeAt(
  position: number[],
  orientation: number[],
  spacing: number,
  Rows: number,
  Columns: number,
): ImagePlane {
  const plane = imagePlane({
    FrameOfReferenceUID: FRAME,
    ImagePositionPatient: position,
    ImageOrientationPatient: orientation,
    PixelSpacing: [spacing, spacing],
    Rows,
    Columns,
  })
  if (plane === undefined) throw new Error('no plane')
  return plane
}

const AXIAL = [1, 0, 0, 0, 1, 0]
const count = (data: Uint8Array) => data.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0)

// ── outlines ──

test('an outline runs along the borders of the pixels, holes and islands apart', () => {
  const rows = ['.......', '.#####.', '.#...#.', '.#.#.#.', '.#...#.', '.#####.', '......#']
  const data = Uint8Array.from(rows.join(''), one => (one === '#' ? 1 : 0))
  const lines = maskOutline({ data, columns: 7, rows: 7 })
  expect(lines.map(line => line.length)).toEqual([4, 4, 4, 4])
  expect(lines[0]).toEqual([
    [1, 1],
    [6, 1],
    [6, 6],
    [1, 6],
  ])
  // What touches at a corner alone is an outline of its own; all together they hold as many pixels as are set.
  expect(nestedArea(lines)).toBe(count(data))
  expect(count(fillPolygons(lines, 7, 7))).toBe(count(data))
  expect([...fillPolygons(lines, 7, 7)]).toEqual([...data])
})

test('an outline holds exactly its pixels, whatever their pattern', () => {
  let seed = 7
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return seed / 2 ** 31
  }
  for (let round = 0; round < 20; round++) {
    const data = Uint8Array.from({ length: 15 * 11 }, () => (random() < 0.5 ? 1 : 0))
    const lines = maskOutline({ data, columns: 15, rows: 11 })
    expect([...fillPolygons(lines, 15, 11)]).toEqual([...data])
  }
})

test('areas: a keyhole is what it encloses, a polygon in a polygon is a hole', () => {
  const square = (low: number, high: number): Point2[] => [
    [low, low],
    [high, low],
    [high, high],
    [low, high],
  ]
  expect(polygonArea(square(0, 10))).toBe(100)
  const keyhole: Point2[] = [...square(0, 10), [0, 0], [3, 3], [3, 7], [7, 7], [7, 3], [3, 3]]
  expect(polygonArea(keyhole)).toBe(84)
  expect(nestedArea([square(0, 10), square(2, 8), square(4, 6)])).toBe(100 - 36 + 4)
  expect(count(fillPolygons([square(0, 10), square(2, 8), square(4, 6)], 12, 12))).toBe(68)
})

test('lines of equal value lie where the value is', () => {
  const size = 40
  const values = Float32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) + 0.5, Math.floor(i / size) + 0.5]
    return 3 * x + 4 * y
  })
  const strokes = isoLines({ values, columns: size, rows: size, left: 0.5, top: 0.5, step: 1 }, 100)
  for (const [x, y] of strokes.flat()) expect(3 * x + 4 * y).toBeCloseTo(100, 3)
  const length = strokes.reduce((sum, [a, b]) => sum + Math.hypot(a[0] - b[0], a[1] - b[1]), 0)
  // From (32⅔, ½) to (½, 24⅝): the part of 3x + 4y = 100 between the first centres.
  expect(length).toBeCloseTo(Math.hypot(98 / 3 - 0.5, 24.625 - 0.5), 3)
})

// ── segmentations ──

test('the volume of a sphere, and its outline on planes at any angle', () => {
  const seg = readSegmentation(
    asReceived(
      segmentationObject(GRID, [
        { label: 'Ball', holds: inSphere(15) },
        { label: 'Kernel', holds: inSphere(6) },
      ]),
    ),
  )
  expect(seg.segments.map(({ label, about }) => [label, about])).toEqual([
    ['Ball', 'Mass · manual'],
    ['Kernel', 'Mass · manual'],
  ])
  const [ball, kernel] = seg.segments.map(one => one.region)
  expect(regionVolume(ball!) / ((4 / 3) * Math.PI * 3.375)).toBeCloseTo(1, 2)
  expect(regionVolume(kernel!) / ((4 / 3) * Math.PI * 0.216)).toBeCloseTo(1, 1)
  const largest = largestSlab(ball!)!
  expect(largest.slab.plane.position[2]).toBeCloseTo(0, 6)
  for (const axis of [0, 1, 2] as const) expect(Math.abs(largest.centre[axis] - CENTRE[axis])).toBeLessThan(0.5)

  // Through the centre, at 45°: a circle of the same radius, its middle within half a pixel.
  const s = Math.SQRT1_2
  const row: Point3 = [s, 0, s]
  const column: Point3 = [0, 1, 0]
  const pixel = 0.5
  const corner = CENTRE.map((part, axis) => part - 20 * row[axis]! - 20 * column[axis]!)
  const oblique = planeAt(corner, [...row, ...column], pixel, 80, 80)
  const cut = cutRegion(ball!, oblique, 0.25)
  expect(cut.slabs).toEqual([])
  expect((count(cut.mask!.data) * pixel * pixel) / (Math.PI * 225)).toBeCloseTo(1, 1)
  let [x, y] = [0, 0]
  cut.mask!.data.forEach((value, at) => {
    x += value * ((at % 80) + 0.5)
    y += value * (Math.floor(at / 80) + 0.5)
  })
  const middle: Point2 = [x / count(cut.mask!.data), y / count(cut.mask!.data)]
  const place = imageToPatient(oblique, middle)
  expect(Math.hypot(...place.map((part, axis) => part - CENTRE[axis]!))).toBeLessThan(pixel / 2)
})

test('a slice shows the segment of its place, and none beyond the last', () => {
  const seg = readSegmentation(asReceived(segmentationObject(GRID, [{ label: 'Ball', holds: inSphere(15) }])))
  const { region } = seg.segments[0]!
  const image = (z: number) => planeAt([-30, -25, z], AXIAL, 0.5, 100, 120)
  expect(cutRegion(region, image(3.4), 0.5).slabs.map(({ slab }) => slab.plane.position[2])).toEqual([3])
  expect(cutRegion(region, image(22), 0.5).slabs).toEqual([])
  // On an image of twice as many pixels: four for each, in the same place.
  expect(count(maskOn(region, image(3))!.data)).toBe(4 * slabArea(region.slabs[23]!))
  expect(maskOn(region, image(19))).toBeUndefined()
})

test('fractions count from half, label maps by their numbers, and a file that ends early is refused', () => {
  const bare = segmentationObject({ ...GRID, Rows: 2, Columns: 4, frames: 2 }, [{ label: 'A', holds: () => true }])
  const fractional: NewDataSet = {
    ...bare,
    SegmentationType: 'FRACTIONAL',
    SegmentationFractionalType: 'PROBABILITY',
    MaximumFractionalValue: 200,
    BitsAllocated: 8,
    PixelData: { vr: 'OB', value: Uint8Array.from([0, 99, 100, 200, 0, 0, 0, 0, 200, 200, 0, 0, 0, 0, 0, 0]) },
  }
  const half = readSegmentation(asReceived(fractional))
  expect(half.note).toContain('probability')
  expect(regionVolume(half.segments[0]!.region)).toBeCloseTo(0.004, 9)

  const labels: NewDataSet = {
    ...bare,
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.7',
    SegmentationType: 'LABELMAP',
    BitsAllocated: 16,
    SegmentSequence: [
      { SegmentNumber: 1, SegmentLabel: 'One' },
      { SegmentNumber: 300, SegmentLabel: 'Three hundred', RecommendedDisplayCIELabValue: [34887, 53485, 50172] },
    ],
    PixelData: Uint16Array.from([0, 1, 1, 300, 0, 0, 0, 0, 300, 300, 0, 0, 0, 0, 0, 0]),
  }
  const map = readSegmentation(asReceived(labels))
  expect(map.segments.map(({ label, region }) => [label, regionVolume(region)])).toEqual([
    ['One', 0.002],
    ['Three hundred', 0.003],
  ])
  // L* 53.2, a* 80.1, b* 67.2 is the red of sRGB.
  for (const [index, part] of [255, 0, 0].entries())
    expect(Math.abs(map.segments[1]!.colour[index]! - part)).toBeLessThan(12)
  expect(labToRGB([65_535, 32_896, 32_896])).toEqual([255, 255, 255])

  // Colours of its own palette; 0 is a segment where the object names it and fills with another value.
  const ramp = (from: number) => Uint16Array.from({ length: 256 }, (_, at) => (from + at) * 257)
  const palette: NewDataSet = {
    ...labels,
    PhotometricInterpretation: 'PALETTE COLOR',
    BitsAllocated: 8,
    PixelPaddingValue: 255,
    RedPaletteColorLookupTableDescriptor: [256, 0, 16],
    GreenPaletteColorLookupTableDescriptor: [256, 0, 16],
    BluePaletteColorLookupTableDescriptor: [256, 0, 16],
    RedPaletteColorLookupTableData: ramp(0),
    GreenPaletteColorLookupTableData: ramp(0).reverse(),
    BluePaletteColorLookupTableData: ramp(0).fill(0),
    SegmentSequence: [
      { SegmentNumber: 0, SegmentLabel: 'Zero' },
      { SegmentNumber: 200, SegmentLabel: 'Two hundred' },
    ],
    PixelData: { vr: 'OB', value: Uint8Array.from([0, 0, 255, 200, ...new Array(12).fill(255)]) },
  }
  const coloured = readSegmentation(asReceived(palette))
  expect(coloured.segments.map(({ label, colour, region }) => [label, colour, regionVolume(region)])).toEqual([
    ['Zero', [0, 255, 0], 0.002],
    ['Two hundred', [200, 55, 0], 0.001],
  ])

  expect(() => readSegmentation(asReceived({ ...bare, NumberOfFrames: 500 }))).toThrow(UnreadableObject)
  expect(() => readSegmentation(asReceived({ ...bare, NumberOfFrames: 2_000_000 }))).toThrow(UnreadableObject)
  expect(() => readSegmentation(asReceived({ ...bare, SegmentationType: 'OTHER' }))).toThrow(UnreadableObject)
})

// ── structure sets ──

const ring = (radius: number, z: number, corners = 360): Point3[] =>
  Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners
    return [radius * Math.cos(angle), radius * Math.sin(angle), z]
  })
/** Of the regular polygon that `ring` is. */
const ringArea = (radius: number, corners = 360) => (corners / 2) * radius ** 2 * Math.sin((2 * Math.PI) / corners)
const closed = (points: Point3[]) => ({ type: 'CLOSED_PLANAR', points })

test('contours: a tube has the volume of its rings, holes taken out, by the distance of the planes', () => {
  const planes = [0, 3, 6, 9, 12]
  const set = readStructureSet(
    asReceived(
      structureSetObject(FRAME, [
        {
          name: 'Tube',
          colour: [255, 0, 0],
          contours: planes.flatMap(z => [closed(ring(20, z)), closed(ring(10, z))]),
        },
        { name: 'Marker', contours: [{ type: 'POINT', points: [[1, 2, 3]] }] },
        { name: 'Wire', contours: [{ type: 'OPEN_NONPLANAR', points: ring(5, 1, 7) }] },
        // One piece below, one far above: nothing is between.
        { name: 'Two', contours: [0, 2, 4, 40, 42].map(z => closed(ring(10, z))) },
        { name: 'Empty', contours: [] },
      ]),
    ),
  )
  const [tube, marker, wire, two] = set.segments
  expect(tube!.colour).toEqual([255, 0, 0])
  expect(tube!.about).toBe('organ · manual')
  expect(regionVolume(tube!.region)).toBeCloseTo(((ringArea(20) - ringArea(10)) * 15) / 1000, 3)
  expect(marker!.contours.map(({ kind }) => kind)).toEqual(['point'])
  expect(wire!.contours.map(({ kind, points }) => [kind, points.length])).toEqual([['open', 7]])
  expect(wire!.region.slabs).toEqual([])
  expect(regionVolume(two!.region)).toBeCloseTo((ringArea(10) * 10) / 1000, 3)
  expect(set.segments).toHaveLength(5)

  // On an image: the ring's own pixels, and the outline where it was drawn, to a hundredth of a pixel.
  const image = planeAt([-32, -32, 6], AXIAL, 0.5, 128, 128)
  const mask = maskOn(tube!.region, image)!
  expect((count(mask.data) * 0.25) / (ringArea(20) - ringArea(10))).toBeCloseTo(1, 2)
  const cut = cutRegion(tube!.region, image, 1.5)
  expect(cut.slabs.map(({ between }) => between)).toEqual([false])
  const [outer] = cut.slabs[0]!.slab.polygons!
  for (const [index, point] of outer!.entries()) {
    const place = imageToPatient(cut.slabs[0]!.slab.plane, point)
    for (const axis of [0, 1, 2]) expect(place[axis]).toBeCloseTo(ring(20, 6)[index]![axis]!, 4)
  }
  // Images of 1 mm between contours of 3: drawn as what only reaches there.
  expect(cutRegion(tube!.region, planeAt([-32, -32, 7], AXIAL, 0.5, 128, 128), 0.5).slabs[0]?.between).toBe(true)
  // A sagittal plane through the axis: two walls, 10 mm each, 15 mm high.
  const sagittal = planeAt([0, -32, 29.75], [0, 1, 0, 0, 0, -1], 0.5, 128, 128)
  expect(count(cutRegion(tube!.region, sagittal, 0.5).mask!.data) * 0.25).toBeCloseTo(2 * 10 * 15, -1)
})

test('contours of an oblique stack keep their volume', () => {
  const [c, s] = [Math.cos(0.5), Math.sin(0.5)]
  const tilted = (points: Point3[]) => points.map(([x, y, z]): Point3 => [x, y * c - z * s, y * s + z * c])
  const contours = [0, 2, 4, 6].map(z => closed(tilted(ring(12, z))))
  const set = readStructureSet(asReceived(structureSetObject(FRAME, [{ name: 'Tilted', contours }])))
  expect(regionVolume(set.segments[0]!.region)).toBeCloseTo((ringArea(12) * 8) / 1000, 3)
})

// ── dose ──

const linear = ([x, y, z]: Point3) => 30 + 0.2 * x + 0.1 * y + 0.3 * z

test('dose between the voxels, in any orientation, with planes at uneven distances', () => {
  const dose = readDose(asReceived(doseObject(GRID, linear)))
  expect(dose).toMatchObject({ note: 'physical plan', field: { unit: 'Gy' } })
  const at = fieldSampler(dose.field)
  for (const place of [
    [0, 0, 0],
    [-12.3, 7.7, 5.5],
    [20.25, -19.75, 18.9],
  ] as Point3[]) {
    expect(at(place)).toBeCloseTo(linear(place), 2)
  }
  expect(at([0, 0, 21])).toBeUndefined()
  expect(at([-31, 0, 0])).toBeUndefined()

  // Coronal, planes from back to front at uneven distances, listed out of order.
  const offsets = [0, 2, 9, 5]
  const values = new Uint16Array(20 * 30 * 4)
  offsets.forEach((offset, frame) => {
    for (let i = 0; i < 600; i++) {
      values[frame * 600 + i] = Math.round(
        1000 * linear([-20 + 2 * (i % 30), 15 + offset, 18 - 2 * Math.floor(i / 30)]),
      )
    }
  })
  const coronal = readDose(
    asReceived({
      ...doseObject({ ...GRID, Rows: 20, Columns: 30, frames: 4 }, () => 0),
      ImagePositionPatient: [-20, 15, 18],
      ImageOrientationPatient: [1, 0, 0, 0, 0, -1],
      PixelSpacing: [2, 2],
      GridFrameOffsetVector: offsets,
      PixelData: values,
    }),
  )
  const place: Point3 = [3.3, 20.5, -2.2]
  expect(fieldSampler(coronal.field)(place)).toBeCloseTo(linear(place), 2)
  expect(coronal.field.offsets).toEqual([0, 2, 5, 9])

  // The older way: planes named by their own z.
  const named = Array.from({ length: 40 }, (_, frame) => GRID.origin[2] + frame)
  const old = readDose(asReceived({ ...doseObject(GRID, linear), GridFrameOffsetVector: named }))
  expect(fieldSampler(old.field)([1, 2, 3.5])).toBeCloseTo(linear([1, 2, 3.5]), 2)
})

test('an isodose lies where the dose is, on a slanted plane, too', () => {
  const { field } = readDose(asReceived(doseObject(GRID, linear)))
  const [c, s] = [Math.cos(0.4), Math.sin(0.4)]
  const plane = planeAt([-15, -12, -6], [c, 0, s, 0, 1, 0], 0.6, 40, 40)
  const samples = sampleField(field, plane)!
  const strokes = isoLines(samples, 29)
  expect(strokes.length).toBeGreaterThan(20)
  for (const point of strokes.flat()) {
    // By dose: 0.3 Gy are half a pixel along the steepest way here.
    expect(Math.abs(linear(imageToPatient(plane, point)) - 29)).toBeLessThan(0.01)
  }
})

test('the histogram of a box in a dose that grows evenly is a straight line', () => {
  const slope = ([x]: Point3) => 20 + x
  const { field } = readDose(asReceived(doseObject(GRID, slope)))
  const inBox = ([x, y, z]: Point3) => x >= -10 && x <= 10 && Math.abs(y) < 8 && Math.abs(z) < 6
  const seg = readSegmentation(asReceived(segmentationObject(GRID, [{ label: 'Box', holds: inBox }])))
  const sample = sampleDose(seg.segments[0]!.region, field)!
  // 21 × 15 × 11 voxels of 1 mm: x from −10 to 10, whole numbers.
  expect(regionVolume(seg.segments[0]!.region)).toBeCloseTo(3.465, 9)
  expect(volumeAt(sample, 0)).toBeCloseTo(3.465, 6)
  expect(meanDose(sample)).toBeCloseTo(20, 4)
  expect(doseRange(sample).min).toBeCloseTo(10, 3)
  expect(doseRange(sample).max).toBeCloseTo(30, 3)
  expect(partAt(sample, 20)).toBeCloseTo(11 / 21, 6)
  expect(doseTo(sample, 0.95)).toBeCloseTo(11, 3)
  expect(doseTo(sample, 0.5)).toBeCloseTo(20, 3)
  expect(sample.outside).toBe(0)

  // The same box as contours, which reach to half way between planes.
  const face = (z: number): Point3[] => [
    [-10.5, -7.5, z],
    [10.5, -7.5, z],
    [10.5, 7.5, z],
    [-10.5, 7.5, z],
  ]
  const contours = [-4, -2, 0, 2, 4].map(z => closed(face(z)))
  const set = readStructureSet(asReceived(structureSetObject(FRAME, [{ name: 'Box', contours }])))
  const drawn = sampleDose(set.segments[0]!.region, field)!
  expect(regionVolume(set.segments[0]!.region)).toBeCloseTo(3.15, 6)
  expect(meanDose(drawn)).toBeCloseTo(20, 1)
  expect(partAt(drawn, 15)).toBeCloseTo((30.5 - 15) / 21, 2)
  // Half of it beyond the grid is said, not counted as no dose.
  const beyond = [14, 16, 18, 20, 22, 24].map(z => closed(face(z)))
  const far = readStructureSet(asReceived(structureSetObject(FRAME, [{ name: 'Far', contours: beyond }])))
  const half = sampleDose(far.segments[0]!.region, field)!
  expect(half.outside / (half.outside + half.volume)).toBeCloseTo((25 - 19.5) / 12, 1)
  expect(meanDose(half)).toBeCloseTo(20, 1)
})

test('a sphere in a dose that falls with the distance from its centre', () => {
  const field = (readDrawnObject(asReceived(doseObject(GRID, p => 60 - 2 * Math.hypot(...p)))) as Dose).field
  const contours = Array.from({ length: 29 }, (_, i) => i - 14).map(z => closed(ring(Math.sqrt(225 - z * z), z)))
  const set = readStructureSet(asReceived(structureSetObject(FRAME, [{ name: 'Ball', contours }])))
  const sample = sampleDose(set.segments[0]!.region, field)!
  // V(d): the ball of radius (60 − d) / 2 in that of 15.
  for (const dose of [35, 40, 45]) expect(partAt(sample, dose)).toBeCloseTo(((60 - dose) / 2 / 15) ** 3, 2)
  // The mean distance in a ball is three quarters of its radius.
  expect(Math.abs(meanDose(sample) - (60 - 2 * 11.25))).toBeLessThan(0.1)
})

test('a dose without grid, places or scaling is refused in words', () => {
  const whole = doseObject(GRID, linear)
  const without = (keyword: string) =>
    asReceived(Object.fromEntries(Object.entries(whole).filter(([k]) => k !== keyword)))
  for (const keyword of ['ImagePositionPatient', 'GridFrameOffsetVector', 'DoseGridScaling', 'PixelData']) {
    expect(() => readDose(without(keyword)), keyword).toThrow(UnreadableObject)
  }
})

// ── values inside, maps, plans ──

test('modality values inside a region: mean, deviation, least, most', () => {
  const seg = readSegmentation(asReceived(segmentationObject(GRID, [{ label: 'Ball', holds: inSphere(10) }])))
  const values = new RegionValues()
  const all: number[] = []
  for (let frame = 0; frame < GRID.frames; frame++) {
    const plane = planeAt([-30, -25, frame - 20], AXIAL, 1, 50, 60)
    const mask = maskOn(seg.segments[0]!.region, plane)
    if (mask === undefined) continue
    const pixels = Int16Array.from({ length: 3000 }, (_, i) => (i * 7 + frame * 13) % 400)
    values.add(mask, { pixels, columns: 60, rows: 50, slope: 2, intercept: -1000, padding: { low: 0, high: 3 } })
    mask.data.forEach((inside, i) => {
      if (inside && pixels[i]! > 3) all.push(pixels[i]! * 2 - 1000)
    })
  }
  const mean = all.reduce((sum, one) => sum + one, 0) / all.length
  const found = values.statistics!
  expect(found.n).toBe(all.length)
  expect(found.mean).toBeCloseTo(mean, 6)
  expect(found.sd).toBeCloseTo(Math.sqrt(all.reduce((sum, one) => sum + (one - mean) ** 2, 0) / all.length), 6)
  expect([found.min, found.max]).toEqual([Math.min(...all), Math.max(...all)])
})

test('a parametric map says its values in the real world’s unit', () => {
  const bare = segmentationObject({ ...GRID, Rows: 2, Columns: 2, frames: 2 }, [{ label: 'A', holds: () => true }])
  const floats = new Float32Array([1, 2, 3, 4, 5, 6, 7, 8])
  const map = readParametricMap(
    asReceived({
      ...bare,
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.30',
      BitsAllocated: 32,
      PixelData: [],
      FloatPixelData: { vr: 'OF', value: new Uint8Array(floats.buffer) },
      SharedFunctionalGroupsSequence: [
        {
          ...(bare.SharedFunctionalGroupsSequence as NewDataSet[])[0],
          RealWorldValueMappingSequence: [
            {
              DoubleFloatRealWorldValueFirstValueMapped: 0,
              DoubleFloatRealWorldValueLastValueMapped: 100,
              RealWorldValueSlope: 10,
              RealWorldValueIntercept: 5,
              LUTLabel: 'ADC',
              MeasurementUnitsCodeSequence: [{ CodeValue: 'um2/s', CodeMeaning: 'um2/s' }],
            },
          ],
        },
      ],
    }),
  )
  expect(map).toMatchObject({ label: 'ADC', field: { unit: 'um2/s', max: 85 } })
  expect(fieldSampler(map.field)([-30, -25, -20])).toBe(15)
  expect(fieldSampler(map.field)([-29.5, -24.5, -19.5])).toBeCloseTo(10 * 4.5 + 5, 5)
})

test('a plan in facts', () => {
  const plan = readPlan(
    asReceived({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.5',
      RTPlanLabel: 'PROSTATE',
      PlanIntent: 'CURATIVE',
      DoseReferenceSequence: [{ DoseReferenceDescription: 'PTV', TargetPrescriptionDose: 78 }],
      FractionGroupSequence: [
        {
          NumberOfFractionsPlanned: 39,
          ReferencedBeamSequence: [{ ReferencedBeamNumber: 1, BeamMeterset: 123.45 }],
        },
      ],
      BeamSequence: [
        {
          BeamNumber: 1,
          BeamName: 'LAO',
          BeamType: 'STATIC',
          RadiationType: 'PHOTON',
          PrimaryDosimeterUnit: 'MU',
          ControlPointSequence: [{ NominalBeamEnergy: 6, GantryAngle: 45 }],
        },
      ],
    }),
  )
  expect(plan.prescription).toBe(78)
  expect(plan.facts).toEqual([
    { name: 'Intent', value: 'curative' },
    { name: 'PTV', value: 'prescribed 78 Gy' },
    { name: 'Fractions', value: '39' },
    { name: 'LAO', value: 'static photon, 6 MV, 123.5 MU, gantry 45°' },
  ])
})

// ── real files, where they are ──

function realObject(name: string): DataSet | undefined {
  const file = path.join(sharedDataFolder, name)
  if (!existsSync(file)) return undefined
  const bytes = new Uint8Array(readFileSync(file))
  const meta = readFileMeta(bytes)
  if (meta === null) throw new Error(`${name} has no File Meta`)
  return DataSet.read(bytes, encodingOf(meta.TransferSyntaxUID), { offset: meta.dataSetOffset })
}
const HIGHDICOM = 'ImagingDataCommons__highdicom/data/test_files'
const REAL = [
  { name: `${HIGHDICOM}/seg_image_ct_binary.dcm`, segments: ['first segment'] },
  { name: `${HIGHDICOM}/seg_image_ct_binary_overlap.dcm`, segments: ['first segment', 'second segment'] },
  { name: `${HIGHDICOM}/seg_image_ct_true_fractional.dcm`, segments: ['first segment'] },
  { name: `${HIGHDICOM}/seg_image_ct_binary_fractional.dcm`, segments: ['first segment'] },
  { name: `${HIGHDICOM}/seg_image_ct_binary_single_frame.dcm`, segments: ['first segment'] },
].filter(({ name }) => existsSync(path.join(sharedDataFolder, name)))

test.each(REAL)('highdicom: $name', ({ name, segments }) => {
  const seg = readSegmentation(realObject(name)!)
  expect(seg.segments.map(({ label }) => label)).toEqual(segments)
  for (const { region, onImages } of seg.segments) {
    expect(regionVolume(region)).toBeGreaterThan(0)
    expect(onImages.length).toBe(region.slabs.length)
    for (const { thickness } of region.slabs) expect([1.25, 5]).toContain(thickness)
  }
})

const structures = realObject('didymo__OnkoDICOM/DICOM-RT-TEST/20191031-215249_m.dcm')
test.runIf(structures)('OnkoDICOM: a real structure set has closed contours with volumes, drawn on its images', () => {
  const set = readStructureSet(structures!)
  expect(set.segments.length).toBeGreaterThan(3)
  const drawn = set.segments.filter(({ region }) => region.slabs.length > 1)
  expect(drawn.length).toBeGreaterThan(3)
  for (const { region, contours } of drawn) {
    const volume = regionVolume(region)
    // Counted another way: the pixels of 1 mm that the contours hold.
    const pixels = region.slabs.reduce((sum, slab) => {
      const { Columns, Rows, rowSpacing } = slab.plane
      return sum + count(fillPolygons(slab.polygons!, Columns, Rows)) * rowSpacing ** 2 * slab.thickness
    }, 0)
    expect(pixels / 1000 / volume).toBeGreaterThan(0.97)
    expect(pixels / 1000 / volume).toBeLessThan(1.03)
    for (const { images } of contours) expect(images).toHaveLength(1)
  }
})
