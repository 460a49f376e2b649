import { expect, test } from 'vitest'
import { displaySets } from '../../shared/viewing/displaySets.ts'
import { cross, dot, imagePlane, imageToPatient, type Point3, patientToImage } from '../../shared/viewing/geometry.ts'
import type { ImageAttributes, ManifestInstance, SeriesManifest } from '../../shared/viewing/image.ts'
import { crossLines, turnAbout } from '../../shared/viewing/volume/crossLines.ts'
import { emptyVolume, fillSlice } from '../../shared/viewing/volume/fill.ts'
import { alikeGrids, patientToVoxel, type Volume, voxelToPatient } from '../../shared/viewing/volume/grid.ts'
import { bytesOf, type VolumePlan, volumePlan } from '../../shared/viewing/volume/plan.ts'
import { PATIENT_AXES, planesThrough, REFORMATS, turnedAxes } from '../../shared/viewing/volume/reformat.ts'
import {
  isLastingUid,
  isReformatUid,
  passingUid,
  planesKey,
  readReformatUid,
  reformatUid,
} from '../../shared/viewing/volume/reformatUid.ts'
import { PlaneSampler, type Slab } from '../../shared/viewing/volume/sample.ts'

/** Phantoms are functions of the patient's space: what is sampled anywhere must be the function's value there. */
type Field = (point: Point3) => number
/** What linear interpolation gives back exactly. */
const ramp: Field = ([x, y, z]) => 3 * x - 2 * y + 5 * z + 70
const BLOB: Point3 = [31.3, -12.6, 44.9]
const blob: Field = point => 1000 * Math.exp(-(distance(point, BLOB) ** 2) / 40)
const OUTSIDE = -9999
const AMPLE = 2 ** 30

function distance(a: Point3, b: Point3): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

function unit(a: Point3): Point3 {
  const length = Math.hypot(...a)
  return [a[0] / length, a[1] / length, a[2] / length]
}

interface Scan {
  row: Point3
  column: Point3
  /** From the first slice's corner, mm. */
  at: Point3[]
  spacing: [row: number, column: number]
  size: [columns: number, rows: number]
}

const OBLIQUE_ROW = unit([0.9, 0.3, -0.2])
const OBLIQUE_COLUMN = unit(cross(unit([0.1, 0.5, 0.9]), OBLIQUE_ROW))
const along = (start: Point3, step: Point3, count: number): Point3[] =>
  Array.from({ length: count }, (_, k) => [start[0] + k * step[0], start[1] + k * step[1], start[2] + k * step[2]])

const SCANS: Record<string, Scan> = {
  axial: {
    row: [1, 0, 0],
    column: [0, 1, 0],
    at: along([0, -60, 10], [0, 0, 1.5], 50),
    spacing: [1, 1],
    size: [80, 90],
  },
  'anisotropic, feet first in the file': {
    row: [1, 0, 0],
    column: [0, 1, 0],
    at: along([0, -60, 90], [0, 0, -5], 18),
    spacing: [0.7, 0.9],
    size: [90, 110],
  },
  sagittal: {
    row: [0, 1, 0],
    column: [0, 0, -1],
    at: along([0, -50, 85], [2, 0, 0], 35),
    spacing: [0.8, 0.8],
    size: [90, 95],
  },
  'gantry tilt': {
    row: [1, 0, 0],
    column: [0, Math.cos(0.35), Math.sin(0.35)],
    at: along([0, -55, 0], [0, 0, 2], 40),
    spacing: [0.9, 0.9],
    size: [80, 100],
  },
  oblique: {
    row: OBLIQUE_ROW,
    column: OBLIQUE_COLUMN,
    at: along([-20, -70, 40], cross(OBLIQUE_ROW, OBLIQUE_COLUMN).map(part => part * 1.2) as unknown as Point3, 70),
    spacing: [1.1, 1.1],
    size: [100, 100],
  },
  uneven: {
    row: [1, 0, 0],
    column: [0, 1, 0],
    // Fine below, coarse above, as a head is scanned.
    at: [...along([0, -60, 10], [0, 0, 1.25], 20), ...along([0, -60, 36.25], [0, 0, 2.5], 16)],
    spacing: [1, 1],
    size: [80, 90],
  },
}

function attributesOf({ row, column, spacing, size }: Scan, position: Point3): ImageAttributes {
  return {
    Rows: size[1],
    Columns: size[0],
    PixelSpacing: spacing,
    ImagePositionPatient: [...position],
    ImageOrientationPatient: [...row, ...column],
    FrameOfReferenceUID: '1.2.3',
    BitsAllocated: 32,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
  }
}

function framesOf(scan: Scan): ImageAttributes[] {
  return scan.at.map(position => attributesOf(scan, position))
}

function planned(frames: ImageAttributes[], budget = AMPLE): VolumePlan {
  const plan = volumePlan(frames, budget)
  if ('refusal' in plan) throw new Error(plan.refusal)
  return plan
}

function refused(frames: ImageAttributes[], budget = AMPLE): string {
  const plan = volumePlan(frames, budget)
  return 'refusal' in plan ? plan.refusal : ''
}

/** The pixels a scanner would have written. */
function scanned(frame: ImageAttributes, field: Field): Float32Array {
  const plane = imagePlane(frame)!
  const { Rows, Columns } = plane
  const pixels = new Float32Array(Rows * Columns)
  for (let y = 0; y < Rows; y++)
    for (let x = 0; x < Columns; x++) pixels[y * Columns + x] = field(imageToPatient(plane, [x + 0.5, y + 0.5]))
  return pixels
}

function volumeOf(frames: ImageAttributes[], field: Field, plan = planned(frames)): Volume {
  const volume = emptyVolume(plan, new ArrayBuffer(bytesOf(plan)))
  const values = frames.map(frame => ({
    pixels: scanned(frame, field),
    columns: frame.Columns!,
    slope: 1,
    intercept: 0,
  }))
  for (const [k, { from, to }] of plan.slices.entries()) fillSlice(volume, plan, k, values[from]!, values[to]!)
  return volume
}

function sampled(volume: Volume, plane: Parameters<typeof imageToPatient>[0], slab?: Slab) {
  const sampler = new PlaneSampler(volume, plane, slab, OUTSIDE)
  sampler.rows(0, plane.Rows)
  return sampler.pixels
}

test.each(Object.entries(SCANS))('%s: the voxels stand where the frames say', (_, scan) => {
  const frames = framesOf(scan)
  const plan = planned(frames)
  const toVoxel = patientToVoxel(plan.grid)
  for (const [k, { from, part }] of plan.slices.entries()) {
    if (part !== 0) continue
    const plane = imagePlane(frames[from]!)!
    for (const [i, j] of [
      [0, 0],
      [scan.size[0] - 1, scan.size[1] - 1],
      [17, 5],
    ] as const) {
      const wanted = imageToPatient(plane, [i + 0.5, j + 0.5])
      expect(distance(voxelToPatient(plan.grid, [i, j, k]), wanted)).toBeLessThan(1e-6)
      expect(distance(toVoxel(wanted), [i, j, k])).toBeLessThan(1e-6)
    }
  }
})

test.each(Object.entries(SCANS))('%s: every plane shows what lies in the patient there', (_, scan) => {
  const volume = volumeOf(framesOf(scan), ramp)
  const turned = turnedAxes(turnedAxes(PATIENT_AXES.coronal, [0, 0, 1], 0.4), unit([1, 0.2, 0]), -0.3)
  const all = [
    ...REFORMATS.map(name => planesThrough(volume.grid, PATIENT_AXES[name])),
    planesThrough(volume.grid, turned, [30, -15, 40]),
  ]
  const toVoxel = patientToVoxel(volume.grid)
  for (const stack of all) {
    const plane = stack.plane(stack.count >> 1)
    const pixels = sampled(volume, plane)
    let inside = 0
    let wrong = 0
    for (let y = 0; y < plane.Rows; y += 3) {
      for (let x = 0; x < plane.Columns; x += 3) {
        const point = imageToPatient(plane, [x + 0.5, y + 0.5])
        const voxel = toVoxel(point)
        // Beyond the outermost centres the last value goes on for half a voxel.
        const depth = Math.min(...voxel.flatMap((at, axis) => [at, volume.grid.size[axis]! - 1 - at]))
        const value = pixels[y * plane.Columns + x]!
        if (depth > 0) {
          inside++
          if (!(Math.abs(value - ramp(point)) < 0.01)) wrong++
        } else if (depth < -0.51 && value !== OUTSIDE) wrong++
      }
    }
    expect(inside).toBeGreaterThan(100)
    expect(wrong).toBe(0)
  }
})

test.each(Object.entries(SCANS))('%s: a blob is found in each plane within half a voxel', (_, scan) => {
  const volume = volumeOf(framesOf(scan), blob)
  const coarsest = Math.max(...volume.grid.steps.map(step => Math.hypot(...step)))
  for (const name of REFORMATS) {
    const stack = planesThrough(volume.grid, PATIENT_AXES[name])
    const plane = stack.plane(stack.page(BLOB))
    const pixels = sampled(volume, plane)
    let [mass, sumX, sumY] = [0, 0, 0]
    pixels.forEach((value, at) => {
      if (value <= 100) return
      mass += value
      sumX += value * ((at % plane.Columns) + 0.5)
      sumY += value * (Math.floor(at / plane.Columns) + 0.5)
    })
    const { at } = patientToImage(plane, BLOB)
    const off = Math.hypot((sumX / mass - at[0]) * plane.columnSpacing, (sumY / mass - at[1]) * plane.rowSpacing)
    expect(off).toBeLessThan(coarsest / 2)
  }
})

test('planes along the grid show the voxels as they are, in the size they are', () => {
  const frames = framesOf(SCANS.axial!)
  const volume = volumeOf(frames, ramp)
  const stack = planesThrough(volume.grid, PATIENT_AXES.axial)
  expect(stack.count).toBe(50)
  for (const page of [0, 20, 49]) {
    const plane = stack.plane(page)
    expect([plane.Columns, plane.Rows]).toEqual([80, 90])
    // From head to feet: the frames lie the other way round.
    expect([...sampled(volume, plane)]).toEqual([...scanned(frames[49 - page]!, ramp)])
    expect(stack.page(plane.position)).toBe(page)
  }
})

test('what was done to the voxels is known: tilt, uneven slices, number types', () => {
  expect(planned(framesOf(SCANS['gantry tilt']!)).tilt).toBeCloseTo((0.35 * 180) / Math.PI, 6)
  expect(planned(framesOf(SCANS.oblique!)).tilt).toBe(0)
  expect(planned(framesOf(SCANS.uneven!))).toMatchObject({ resampled: true, tilt: 0 })
  expect(planned(framesOf(SCANS.axial!))).toMatchObject({ resampled: false, type: 'Float32' })
  const as = (change: ImageAttributes, last: ImageAttributes = change) =>
    planned(framesOf(SCANS.axial!).map((frame, i) => ({ ...frame, ...(i === 49 ? last : change) })))
  const ct = { BitsAllocated: 16, BitsStored: 12, RescaleSlope: 1, RescaleIntercept: -1024 }
  expect(as(ct)).toMatchObject({ type: 'Int16', slope: 1, intercept: -1024 })
  expect(as({ ...ct, BitsStored: 16 })).toMatchObject({ type: 'Uint16', slope: 1, intercept: -1024 })
  // PET: each slice has a slope of its own.
  expect(as(ct, { ...ct, RescaleSlope: 2 })).toMatchObject({ type: 'Float32', slope: 1, intercept: 0 })
})

test('frames that are no volume are refused, with the reason', () => {
  const frames = framesOf(SCANS.axial!)
  const change = (at: number, its: ImageAttributes) =>
    frames.map((frame, i) => (i === at ? { ...frame, ...its } : frame))
  expect(refused(frames.slice(0, 3))).toBe('There are 3 images: a volume takes at least 4.')
  expect(refused(frames.filter((_, i) => i !== 20 && i !== 21))).toBe('2 slices are missing.')
  expect(refused([...frames, frames[7]!])).toBe('1 image lies where another one is.')
  expect(refused(change(3, { SamplesPerPixel: 3 }))).toBe('The images are in colour.')
  expect(refused(change(3, { Rows: 64 }))).toBe('The images differ in size: 80 × 90 and 80 × 64.')
  expect(refused(change(3, { PixelSpacing: [1.1, 1] }))).toBe('The images differ in the size of their pixels.')
  expect(refused(change(3, { ImageOrientationPatient: [1, 0, 0, 0, 0, -1] }))).toBe('The images are not parallel.')
  expect(refused(change(3, { FrameOfReferenceUID: '9' }))).toBe('The images are of different frames of reference.')
  expect(refused(change(3, { ImagePositionPatient: [4, -60, 14.5] }))).toMatch(/one is 4\.0 mm aside/)
  const { ImagePositionPatient: _, ...nowhere } = frames[3]!
  expect(refused(frames.map((frame, i) => (i === 3 ? nowhere : frame)))).toBe(
    '1 of 50 images do not say where they lie in the patient.',
  )
  expect(refused(frames, 1000)).toBe('80 × 90 × 50 voxels are more than the memory takes.')
})

test('over the memory every second pixel is left out, then every second slice; places stay', () => {
  const frames = framesOf(SCANS.axial!)
  const whole = 80 * 90 * 50 * 4
  const half = planned(frames, whole / 2)
  expect(half.decimation).toEqual({ inPlane: 2, slices: 1 })
  expect(half.grid.size).toEqual([40, 45, 50])
  expect(planned(frames, whole / 6).decimation).toEqual({ inPlane: 2, slices: 2 })
  const volume = volumeOf(frames, ramp, half)
  const stack = planesThrough(volume.grid, PATIENT_AXES.coronal)
  const plane = stack.plane(20)
  const at = imageToPatient(plane, [20.5, 20.5])
  expect(sampled(volume, plane)[20 * plane.Columns + 20]).toBeCloseTo(ramp(at), 2)
})

test('a slab is its brightest, darkest or mean value, half its thickness to each side', () => {
  const volume = volumeOf(framesOf(SCANS.axial!), ramp)
  const stack = planesThrough(volume.grid, PATIENT_AXES.axial)
  const plane = stack.plane(25)
  const middle = 40 * plane.Columns + 30
  const value = (mode: Slab['mode']) => sampled(volume, plane, { mode, thickness: 12 })[middle]!
  const here = ramp(imageToPatient(plane, [30.5, 40.5]))
  // Twelve layers of 1 mm: the outermost lie 5.5 mm away, at 5 a mm.
  expect(value('MIP')).toBeCloseTo(here + 27.5, 2)
  expect(value('MinIP')).toBeCloseTo(here - 27.5, 2)
  expect(value('average')).toBeCloseTo(here, 2)
  // At the edge, only what is there.
  const top = stack.plane(0)
  const edge = sampled(volume, top, { mode: 'average', thickness: 12 })[middle]!
  expect(edge).toBeLessThan(ramp(imageToPatient(top, [30.5, 40.5])))
  expect(edge).not.toBe(OUTSIDE)
})

test('slices that are not here yet are black, and nothing else is', () => {
  const volume = { ...volumeOf(framesOf(SCANS.axial!), ramp), here: new Uint8Array(50).fill(1) }
  volume.here[30] = 0
  const plane = planesThrough(volume.grid, PATIENT_AXES.coronal).plane(40)
  const pixels = sampled(volume, plane)
  const black = new Set<number>()
  pixels.forEach((value, at) => {
    if (value === OUTSIDE) black.add(Math.floor(at / plane.Columns))
  })
  const mm = [...black].map(y => imageToPatient(plane, [0.5, y + 0.5])[2])
  expect(mm.length).toBeGreaterThan(0)
  for (const z of mm) expect(Math.abs(z - (10 + 30 * 1.5))).toBeLessThan(1.5)
})

test('stored values are rounded, not cut; slopes and intercepts of their own become modality values', () => {
  const frames = framesOf(SCANS.axial!).map((frame, i) => ({
    ...frame,
    BitsAllocated: 16,
    BitsStored: 12,
    RescaleSlope: i + 1,
  }))
  const plan = planned(frames)
  const volume = emptyVolume(plan, new ArrayBuffer(bytesOf(plan)))
  const stored = new Uint16Array(80 * 90).fill(7)
  const k = plan.slices.findIndex(({ from }) => from === 9)
  const values = { pixels: stored, columns: 80, slope: 10, intercept: -3 }
  fillSlice(volume, plan, k, values, values)
  expect(volume.values[k * 80 * 90 + 11]).toBe(67)
})

test('lines cross where the planes meet, each along the other plane, and a turn is the hand’s own', () => {
  const { grid } = volumeOf(framesOf(SCANS.axial!), ramp)
  const [axial, coronal, sagittal] = REFORMATS.map(name => planesThrough(grid, PATIENT_AXES[name]))
  const point: Point3 = [22, -30, 40]
  const planes = [axial, coronal, sagittal].map(stack => stack!.plane(stack!.page(point)))
  const zoomed = { a: 3, b: 0, c: 0, d: 3, e: 7, f: -4 }
  const lines = crossLines(planes[0]!, planes[1]!, planes[2]!, zoomed)!
  expect(distance(lines.point, [22, -30, 40])).toBeLessThan(1e-6)
  expect(lines.centre[0]).toBeCloseTo(3 * 22.5 + 7)
  expect(lines.centre[1]).toBeCloseTo(3 * 30.5 - 4)
  expect(lines.directions.map(([x, y]) => [Math.abs(x), Math.abs(y)])).toEqual([
    [1, 0],
    [0, 1],
  ])
  expect(crossLines(planes[0]!, planes[0]!, planes[2]!, zoomed)).toBeUndefined()
  const quarter = turnAbout(planes[0]!, point, [32, -30, 40], [22, -20, 40])
  expect(quarter).toBeCloseTo(Math.PI / 2)
  const turned = turnedAxes(PATIENT_AXES.coronal, planes[0]!.normal, quarter)
  expect(distance(turned.row, [0, 1, 0])).toBeLessThan(1e-9)
  expect(dot(turned.row, turned.column)).toBeCloseTo(0)
})

test('a plane has a name that finds it again and is no UID', () => {
  const uid = reformatUid('1.2.3#b 800', 'coronal', -12.3456)
  expect(uid.length).toBeLessThanOrEqual(64)
  expect(isReformatUid(uid)).toBe(true)
  expect(isLastingUid(uid)).toBe(true)
  const found = readReformatUid(uid)
  expect([found?.name, found?.mm, found?.isOf('1.2.3#b 800'), found?.isOf('1.2.3')]).toEqual([
    'coronal',
    -12.35,
    true,
    false,
  ])
  expect(reformatUid('1.2.3', 'axial', -0.0001)).toBe(reformatUid('1.2.3', 'axial', 0))
  expect([isReformatUid('1.2.840.1'), isLastingUid('1.2.840.1'), isLastingUid(passingUid(3, 4))]).toEqual([
    false,
    true,
    false,
  ])
})

test('of a series through time each phase is a volume of its own', () => {
  const scan = SCANS.axial!
  const instances = [1, 2, 3].flatMap(phase =>
    scan.at.map((position, k): ManifestInstance => {
      const number = phase * 100 + k
      return {
        SOPInstanceUID: `1.2.${number}`,
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
        InstanceNumber: number,
        NumberOfFrames: 1,
        TransferSyntaxUID: '1.2.840.10008.1.2.1',
        contentId: number,
        access: 'range',
        attributes: { ...attributesOf(scan, position), TemporalPositionIdentifier: phase },
      }
    }),
  )
  const manifest: SeriesManifest = {
    StudyInstanceUID: '1.2',
    SeriesInstanceUID: '1.2.3',
    Modality: 'MR',
    SeriesDescription: '',
    BodyPartExamined: '',
    SeriesDate: '',
    SeriesTime: '',
    InstitutionName: '',
    StationName: '',
    Manufacturer: '',
    seq: 1,
    synthetic: false,
    common: {},
    instances,
  }
  const all = instances.map(instance => instance.attributes)
  expect(refused(all)).toBe('100 images lie where another one is.')
  const sets = displaySets(manifest)
  expect(sets.map(({ label }) => label)).toEqual(['phase 1', 'phase 2', 'phase 3'])
  for (const set of sets) {
    const plan = planned(set.frames.map(({ instance }) => instances[instance]!.attributes))
    expect(plan.grid.size).toEqual([80, 90, 50])
  }
  const [first, second] = sets.map(
    set => planned(set.frames.map(({ instance }) => instances[instance]!.attributes)).grid,
  )
  expect(alikeGrids(first!, second!)).toBe(true)
  const [x, y, z] = second!.origin
  expect(alikeGrids(first!, { ...second!, origin: [x, y, z + 0.01] })).toBe(false)
  expect(alikeGrids(first!, { ...second!, size: [80, 90, 49] })).toBe(false)
  expect(alikeGrids(first!, { ...second!, steps: [second!.steps[1], second!.steps[0], second!.steps[2]] })).toBe(false)
})

test('planes whose pixels lie elsewhere since the volume grew, or was decimated, have other names', () => {
  const grid = (slices: number, pixel = 1) => ({
    FrameOfReferenceUID: '1.2',
    size: [40 / pixel, 40 / pixel, slices] as const,
    origin: [0, 0, 0] as const,
    steps: [[pixel, 0, 0] as const, [0, pixel, 0] as const, [0, 0, 2] as const] as const,
  })
  const keyOf = (its: ReturnType<typeof grid>, name: 'axial' | 'coronal') =>
    planesKey('1.2.3', planesThrough(its, PATIENT_AXES[name]).plane(0))
  // Ten slices more on top: axial planes stay as they are, coronal ones begin higher.
  expect(keyOf(grid(30), 'axial')).toBe(keyOf(grid(20), 'axial'))
  expect(keyOf(grid(30), 'coronal')).not.toBe(keyOf(grid(20), 'coronal'))
  expect(keyOf(grid(20, 2), 'axial')).not.toBe(keyOf(grid(20), 'axial'))
})

test('distances that differ by rounding alone, but on one side for long, put no slice in a wrong place', () => {
  // 60 steps of 1 mm, then 60 of 1.04: on an even grid the slice between them would stand 1.2 mm aside.
  const at = [...along([0, 0, 0], [0, 0, 1], 60), ...along([0, 0, 60], [0, 0, 1.04], 61)]
  const frames = framesOf({ ...SCANS.axial!, at })
  expect(planned(frames)).toMatchObject({ resampled: true })
  const volume = volumeOf(frames, ramp)
  const place = voxelToPatient(volume.grid, [20, 20, Math.round(volume.grid.size[2] / 2)])
  const [i, j, k] = patientToVoxel(volume.grid)(place).map(Math.round) as [number, number, number]
  const [columns, rows] = volume.grid.size
  const value = volume.values[(k * rows + j) * columns + i]! * volume.slope + volume.intercept
  expect(value).toBeCloseTo(ramp(place), 1)
})
