import { expect, test } from 'vitest'
import {
  directionLetters,
  edgeLetters,
  type ImagePlane,
  imagePlane,
  imageToPatient,
  nearestPlane,
  parallel,
  patientToImage,
  planeName,
  referenceLine,
  roundLength,
  slicePosition,
} from '../../shared/viewing/geometry.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { flipped, imageToDevice, turned, type View } from '../../shared/viewing/view.ts'

const AXIAL: ImageAttributes = {
  FrameOfReferenceUID: '2.25.1',
  ImagePositionPatient: [-100, -50, 30],
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  PixelSpacing: [0.5, 0.25],
  Rows: 200,
  Columns: 400,
}
const SAGITTAL: ImageAttributes = {
  ...AXIAL,
  ImagePositionPatient: [-20, -50, 80],
  ImageOrientationPatient: [0, 1, 0, 0, 0, -1],
  PixelSpacing: [1, 1],
  Rows: 100,
  Columns: 100,
}

function planeOf(attributes: ImageAttributes): ImagePlane {
  const plane = imagePlane(attributes)
  if (plane === undefined) throw new Error('no plane')
  return plane
}

test('the centre of the first pixel is Image Position (Patient); spacing is row then column', () => {
  expect(imageToPatient(planeOf(AXIAL), [0.5, 0.5])).toEqual([-100, -50, 30])
  expect(imageToPatient(planeOf(AXIAL), [4.5, 2.5])).toEqual([-99, -49, 30])
})

test('patient to image and back, on oblique planes of unequal spacing', () => {
  for (let angle = 0; angle < 360; angle += 35) {
    const [c, s] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]
    const plane = planeOf({ ...AXIAL, ImageOrientationPatient: [c, s * 0.6, s * 0.8, 0, 0.8, -0.6] })
    const point = imageToPatient(plane, [123.25, 7.5])
    const found = patientToImage(plane, point)
    expect(found.at[0]).toBeCloseTo(123.25, 9)
    expect(found.at[1]).toBeCloseTo(7.5, 9)
    expect(found.distance).toBeCloseTo(0, 9)
  }
})

test('what cannot be placed has no plane: a position is missing, or the cosines make no sense', () => {
  expect(imagePlane({ ...AXIAL, ImagePositionPatient: undefined })).toBeUndefined()
  expect(imagePlane({ ...AXIAL, ImageOrientationPatient: [1, 0, 0, 1, 0, 0] })).toBeUndefined()
  expect(imagePlane({ ...AXIAL, ImageOrientationPatient: [0, 0, 0, 0, 0, 0] })).toBeUndefined()
  expect(imagePlane({ ...AXIAL, PixelSpacing: [0, 0] })).toBeUndefined()
  expect(imagePlane({ ...AXIAL, FrameOfReferenceUID: '' })).toBeUndefined()
})

test('a reference line is where the other picture cuts this one, as long as that picture is', () => {
  // The axial plane z = 30 in the sagittal picture: 50 mm under its first row, from y = -50.25 to 49.75.
  const [from, to] = referenceLine(planeOf(SAGITTAL), planeOf(AXIAL))!
  expect(from[1]).toBeCloseTo(50.5, 9)
  expect(to[1]).toBeCloseTo(50.5, 9)
  expect([from[0], to[0]].sort((a, b) => a - b)).toEqual([0.25, 100.25].map(x => expect.closeTo(x, 9)))
  // The sagittal plane x = -20 in the axial picture: 80 mm from its first column.
  const line = referenceLine(planeOf(AXIAL), planeOf(SAGITTAL))!
  expect(line.map(([x]) => x)).toEqual([320.5, 320.5].map(x => expect.closeTo(x, 9)))
})

test('no reference line for parallel planes, another frame of reference, or a picture that does not reach', () => {
  const axial = planeOf(AXIAL)
  expect(referenceLine(axial, planeOf({ ...AXIAL, ImagePositionPatient: [-100, -50, 40] }))).toBeUndefined()
  expect(referenceLine(axial, planeOf({ ...SAGITTAL, FrameOfReferenceUID: '2.25.2' }))).toBeUndefined()
  expect(referenceLine(axial, planeOf({ ...SAGITTAL, ImagePositionPatient: [-20, -50, 800] }))).toBeUndefined()
})

test('the nearest slice to a point; of slices in one place the current one stays', () => {
  const planes = [0, 5, 5, 10].map(z => planeOf({ ...AXIAL, ImagePositionPatient: [0, 0, z] }))
  expect(nearestPlane(planes, [50, 50, 6]).index).toBe(1)
  expect(nearestPlane(planes, [50, 50, 6], 2).index).toBe(2)
  expect(nearestPlane(planes, [0, 0, 900]).index).toBe(3)
  expect(nearestPlane([undefined], [0, 0, 0]).index).toBe(-1)
})

test('parallel means within a degree, whichever way the slices are counted', () => {
  const tilted = (degrees: number) =>
    [0, Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)] as const
  expect(parallel([0, 0, 1], tilted(0.9))).toBe(true)
  expect(parallel([0, 0, 1], tilted(1.1))).toBe(false)
  expect(parallel([0, 0, 1], [0, 0, -1])).toBe(true)
})

test('orientation letters of an axial, a sagittal and a tilted slice', () => {
  expect(edgeLetters(AXIAL)).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' })
  expect(edgeLetters(SAGITTAL)).toEqual({ left: 'A', right: 'P', top: 'H', bottom: 'F' })
  const oblique = { ImageOrientationPatient: [0.6, 0.64, 0.48, -0.8, 0.48, 0.36] }
  expect(edgeLetters(oblique)).toEqual({ left: 'ARF', right: 'PLH', top: 'LAF', bottom: 'RPH' })
  expect(directionLetters([0.999, 0.03, 0])).toBe('L')
})

test('letters follow what is turned and mirrored on the screen', () => {
  const upright: View = { zoom: 1.5, centre: [200, 100], quarterTurns: 0, mirrored: false }
  const letters = (view: View, attributes = AXIAL) =>
    edgeLetters(attributes, imageToDevice(view, { width: 600, height: 400 }, 2))
  const right = turned(upright, 1)
  expect(letters(right)).toEqual({ left: 'P', right: 'A', top: 'R', bottom: 'L' })
  expect(letters(turned(upright, 2))).toEqual({ left: 'L', right: 'R', top: 'P', bottom: 'A' })
  expect(letters(flipped(upright, 'horizontal'))).toEqual({ left: 'L', right: 'R', top: 'A', bottom: 'P' })
  expect(letters(flipped(right, 'vertical'))).toEqual({ left: 'P', right: 'A', top: 'L', bottom: 'R' })
  const projection = { PatientOrientation: ['P', 'FL'] }
  expect(letters(upright, projection)).toEqual({ left: 'A', right: 'P', top: 'HR', bottom: 'FL' })
  expect(letters(right, projection)).toEqual({ left: 'FL', right: 'HR', top: 'A', bottom: 'P' })
  expect(letters(flipped(upright, 'horizontal'), projection)?.right).toBe('A')
})

test('Patient Orientation serves where there is no geometry, and nonsense is no letter', () => {
  expect(edgeLetters({ PatientOrientation: ['A', 'F'] })).toEqual({ left: 'P', right: 'A', top: 'H', bottom: 'F' })
  expect(edgeLetters({ PatientOrientation: ['X', 'F'] })).toBeUndefined()
  expect(edgeLetters({})).toBeUndefined()
})

test('slice position names its side of the patient', () => {
  expect(slicePosition(AXIAL)).toBe('H 30.0 mm')
  expect(slicePosition(SAGITTAL)).toBe('R 20.0 mm')
  expect(slicePosition({ ImagePositionPatient: [0, 0, 0] })).toBe('')
})

test('planes are named by what they are nearest to; scale bars have round lengths', () => {
  expect([planeName([0.1, 0.2, 0.9]), planeName([1, 0, 0]), planeName([0, -1, 0.3])]).toEqual([
    'axial',
    'sagittal',
    'coronal',
  ])
  expect([0.3, 1, 4.9, 19, 62, 700].map(roundLength)).toEqual([0.2, 1, 2, 10, 50, 500])
})
