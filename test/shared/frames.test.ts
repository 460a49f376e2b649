import { expect, test } from 'vitest'
import { type Fragment, fragmentsToFrames, planFrames, startsImage } from '../../shared/dicom/frames.ts'
import { readInstanceHeader } from '../../shared/dicom/instanceHeader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet } from '../../shared/dicom/writer.ts'
import { dataSetBytes, smallCT } from '../fixtures/oddFiles.ts'

function planOf(values: NewDataSet, uid: string = TS.ExplicitVRLittleEndian, cut = 0) {
  const bytes = dataSetBytes(values, uid)
  const header = readInstanceHeader(bytes, uid)
  const plan = planFrames(header, uid, { dataSetLength: bytes.length - cut })
  return { plan, offset: header.pixels?.valueOffset ?? 0 }
}

test('native frames are ranges', () => {
  const { plan, offset } = planOf(smallCT({ NumberOfFrames: 2, PixelData: new Uint16Array(32) }))
  expect(plan).toEqual({ kind: 'range', frames: 2, offset, frameLength: 32 })
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
})

test('frames that are not there are not promised', () => {
  expect(planOf(smallCT({ NumberOfFrames: 100, PixelData: new Uint16Array(32) })).plan.frames).toBe(2)
  expect(
    planOf(smallCT({ NumberOfFrames: 2, PixelData: new Uint16Array(32) }), TS.ExplicitVRLittleEndian, 5).plan.frames,
  ).toBe(1)
  expect(planOf(smallCT(), TS.ExplicitVRLittleEndian, 5).plan).toMatchObject({ kind: 'whole', frames: 0 })
})

test('frames of one bit are packed across bytes (PS3.5 §8.1.1)', () => {
  const { plan } = planOf(
    smallCT({ Rows: 3, Columns: 3, BitsAllocated: 1, NumberOfFrames: 3, PixelData: new Uint8Array(4) }),
  )
  expect(plan).toMatchObject({ kind: 'bits', frames: 3, bits: 9, frameLength: 2 })
})

test('big endian words are swapped, deflated data sets inflated', () => {
  expect(planOf(smallCT(), TS.ExplicitVRBigEndian).plan).toMatchObject({
    kind: 'swap',
    sampleBytes: 2,
    frameLength: 32,
  })
  const bytes = smallCT({ BitsAllocated: 8, PixelData: { vr: 'OB', value: new Uint8Array(16) } })
  expect(planOf(bytes, TS.ExplicitVRBigEndian).plan).toMatchObject({ kind: 'range', frameLength: 16 })
  const words = smallCT({ BitsAllocated: 8, PixelData: new Uint8Array(16) })
  expect(planOf(words, TS.ExplicitVRBigEndian).plan).toMatchObject({ kind: 'swap', sampleBytes: 2, frameLength: 16 })
  expect(planOf(smallCT(), TS.DeflatedExplicitVRLittleEndian).plan).toMatchObject({
    kind: 'inflate',
    frames: 1,
    frameLength: 32,
  })
})

test('colour: three samples, and two for YBR_FULL_422', () => {
  const colour = { SamplesPerPixel: 3, BitsAllocated: 8, PlanarConfiguration: 0 }
  expect(
    planOf(smallCT({ ...colour, PhotometricInterpretation: 'RGB', PixelData: new Uint8Array(48) })).plan.frameLength,
  ).toBe(48)
  const ybr = smallCT({ ...colour, PhotometricInterpretation: 'YBR_FULL_422', PixelData: new Uint8Array(32) })
  expect(planOf(ybr).plan.frameLength).toBe(32)
})

test('video is a stream, impossible geometry has no frames', () => {
  const video = smallCT({ PixelData: encapsulate([[new Uint8Array(8)]], { bot: false }) })
  expect(planOf(video, TS.MPEG4HP41).plan.kind).toBe('stream')
  expect(planOf(smallCT({ Rows: 0 })).plan).toMatchObject({ kind: 'whole', frames: 0 })
  expect(planOf(smallCT({ BitsAllocated: 12 })).plan.frames).toBe(0)
})

/** Fragments as they stand in a file: 8 bytes of item header before each. */
function fragmentsOf(lengths: number[], starts: number[], origin = 1000): Fragment[] {
  let at = origin
  return lengths.map((length, index) => {
    const fragment = { offset: at + 8, length, startsImage: starts.includes(index) }
    at += 8 + length
    return fragment
  })
}

test('one fragment a frame, whatever the offset table says', () => {
  expect(fragmentsToFrames(2, fragmentsOf([10, 20], [0, 1]), [7, 9])).toEqual([[[1008, 10]], [[1026, 20]]])
})

test('one frame of many fragments', () => {
  expect(fragmentsToFrames(1, fragmentsOf([10, 20], [0]), [])).toEqual([
    [
      [1008, 10],
      [1026, 20],
    ],
  ])
})

const four = fragmentsOf([10, 20, 30, 40], [0, 2])
const firstTwo = [
  [
    [1008, 10],
    [1026, 20],
  ],
  [
    [1054, 30],
    [1092, 40],
  ],
]

test('the offset table is used where it agrees with the fragments', () => {
  expect(
    fragmentsToFrames(
      2,
      four.map(fragment => ({ ...fragment, startsImage: false })),
      [0, 46],
    ),
  ).toEqual(firstTwo)
})

test('an extended offset table is used in the same way', () => {
  const blind = four.map(fragment => ({ ...fragment, startsImage: false }))
  expect(fragmentsToFrames(2, blind, [], { offsets: [0, 46], lengths: [30, 70] })).toEqual(firstTwo)
})

test.each([
  ['missing', []],
  ['pointing into a fragment', [0, 47]],
  ['going backwards', [0, 0]],
  ['too short', [0]],
  ['beyond the end', [0, 4000]],
])('an offset table %s gives way to the codestreams', (_name, table) => {
  expect(fragmentsToFrames(2, four, table)).toEqual(firstTwo)
})

test('fragments that cannot be told apart are no frames', () => {
  expect(fragmentsToFrames(2, fragmentsOf([10, 20, 30], []), [])).toBeNull()
  expect(fragmentsToFrames(2, [], [])).toBeNull()
})

test('a file cut short keeps the frames it has', () => {
  expect(fragmentsToFrames(5, fragmentsOf([10, 20], [0, 1]), [])).toEqual([[[1008, 10]], [[1026, 20]]])
})

test('codestreams are known by their first bytes', () => {
  for (const bytes of [
    'ffd8ffe000',
    'ff4fff5100',
    'ff0a000000',
    '0000000c4a584c20',
    '0000000c6a502020',
    '0300000040000000',
  ]) {
    expect(startsImage(Uint8Array.from(Buffer.from(bytes, 'hex')))).toBe(true)
  }
  for (const bytes of ['', 'ffd9', '00000000', 'ffda000c03']) {
    expect(startsImage(Uint8Array.from(Buffer.from(bytes, 'hex')))).toBe(false)
  }
})
