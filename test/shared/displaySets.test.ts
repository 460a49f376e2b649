import { describe, expect, test } from 'vitest'
import type { DisplaySet } from '../../shared/viewing/displaySet.ts'
import { displaySets } from '../../shared/viewing/displaySets.ts'
import type { ImageAttributes, ManifestInstance, SeriesManifest } from '../../shared/viewing/image.ts'
import { newManifest, realSeries } from '../fixtures/manifests.ts'
import { REAL_DISPLAY_SETS } from '../fixtures/realDisplaySets.ts'

const MR_IMAGE = '1.2.840.10008.5.1.4.1.1.4'
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7'
const AXIAL = [1, 0, 0, 0, 1, 0]
const CORONAL = [1, 0, 0, 0, 0, -1]
const SAGITTAL = [0, 1, 0, 0, 0, -1]

const COMMON: ImageAttributes = {
  Rows: 256,
  Columns: 256,
  PixelSpacing: [1, 1],
  ImageOrientationPatient: AXIAL,
  FrameOfReferenceUID: '2.25.7',
}

type Built = Partial<ManifestInstance> & { attributes: ImageAttributes }

/** Instances numbered from 1 as they come. */
function series(images: Built[], texts: Partial<SeriesManifest> = {}): SeriesManifest {
  const instances = images.map(
    (image, index): ManifestInstance => ({
      SOPInstanceUID: `2.25.9.${index + 1}`,
      SOPClassUID: MR_IMAGE,
      InstanceNumber: index + 1,
      NumberOfFrames: 1,
      TransferSyntaxUID: '1.2.840.10008.1.2.1',
      contentId: index + 1,
      access: 'range',
      ...image,
    }),
  )
  return { ...newManifest(texts, instances), common: COMMON }
}

const at = (z: number, attributes: ImageAttributes = {}): Built => ({
  attributes: { ImagePositionPatient: [-100, -100, z], ...attributes },
})
const range = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Instance Numbers of a set, with the frame where there are several. */
function numbers(manifest: SeriesManifest, { frames }: DisplaySet): string[] {
  return frames.map(({ instance: index, frame }) => {
    const { InstanceNumber = '-', NumberOfFrames } = manifest.instances[index] as ManifestInstance
    return NumberOfFrames > 1 ? `${InstanceNumber}.${frame}` : String(InstanceNumber)
  })
}

const labels = (sets: DisplaySet[]) => sets.map(({ label }) => label)
const lengths = (sets: DisplaySet[]) => sets.map(({ frames }) => frames.length)
const marked = ({ frames }: DisplaySet) => frames.map(({ marks = [] }) => marks.join(' '))

function only(sets: DisplaySet[]): DisplaySet {
  expect(sets).toHaveLength(1)
  return sets[0] as DisplaySet
}

// ── order within ──

test('parallel slices come by place, the end that was made first first', () => {
  const up = series([at(-10), at(0), at(10), at(20)])
  expect(only(displaySets(up))).toMatchObject({
    id: '2.25.2',
    label: '',
    kind: 'stack',
    normal: [0, 0, 1],
    spacing: 10,
  })
  expect(numbers(up, only(displaySets(up)))).toEqual(['1', '2', '3', '4'])
  const down = series([at(20), at(10), at(0), at(-10)])
  expect(numbers(down, only(displaySets(down)))).toEqual(['1', '2', '3', '4'])
  // Interleaved: made 1, 3 then 2, 4.
  const interleaved = series([at(0), at(20), at(10), at(30)])
  expect(numbers(interleaved, only(displaySets(interleaved)))).toEqual(['1', '3', '2', '4'])
  expect(only(displaySets(interleaved)).frames.map(({ position }) => position)).toEqual([0, 10, 20, 30])
})

test('a tilted gantry is measured along its own normal', () => {
  const [cos, sin] = [Math.cos(0.3), Math.sin(0.3)]
  const ImageOrientationPatient = [1, 0, 0, 0, cos, -sin]
  const slices = range(20).map(n => ({
    attributes: { ImageOrientationPatient, ImagePositionPatient: [0, -120, n * 5] },
  }))
  const set = only(displaySets(series(slices, { Modality: 'CT' })))
  expect(set.spacing).toBeCloseTo(5 * cos, 9)
  expect(set).toMatchObject({ missing: 0, duplicated: 0, uneven: false })
})

test('images without a place come by Instance Number, those without one last', () => {
  const images = [3, undefined, 1, 2].map(InstanceNumber => ({ InstanceNumber, attributes: {} }))
  const manifest = series(images, { Modality: 'US' })
  expect(numbers(manifest, only(displaySets(manifest)))).toEqual(['1', '2', '3', '-'])
})

// ── splits ──

test('orientations over 1° apart are stacks of their own, under 1° they are one', () => {
  const planes = [AXIAL, CORONAL, SAGITTAL].flatMap(ImageOrientationPatient =>
    range(3).map(n => ({ attributes: { ImageOrientationPatient, ImagePositionPatient: [n * 5, n * 5, n * 5] } })),
  )
  const sets = displaySets(series(planes))
  expect(labels(sets)).toEqual(['axial', 'coronal', 'sagittal'])
  expect(lengths(sets)).toEqual([3, 3, 3])
  expect(new Set(sets.map(({ id }) => id)).size).toBe(3)
  const tilted = (degrees: number) => {
    const angle = (degrees * Math.PI) / 180
    return series(
      range(6).map(n =>
        at(n, n < 3 ? {} : { ImageOrientationPatient: [1, 0, 0, 0, Math.cos(angle), Math.sin(angle)] }),
      ),
    )
  }
  expect(lengths(displaySets(tilted(0.9)))).toEqual([6])
  expect(labels(displaySets(tilted(1.1)))).toEqual(['axial', 'axial (2)'])
})

test('projections that turn about one axis are one stack as they were made', () => {
  const turned = range(9).map(n => {
    const angle = (n * 20 * Math.PI) / 180
    return {
      attributes: {
        ImageOrientationPatient: [Math.cos(angle), Math.sin(angle), 0, 0, 0, -1],
        ImagePositionPatient: [n, n, 0],
      },
    }
  })
  const manifest = series(turned)
  const set = only(displaySets(manifest))
  expect(numbers(manifest, set)).toEqual(range(9).map(n => String(n + 1)))
  expect(set.normal).toBeUndefined()
})

test('matrix, pixel spacing, colour and frame of reference split', () => {
  const two = (attributes: ImageAttributes) =>
    displaySets(series([...range(3).map(n => at(n)), ...range(2).map(n => at(n, attributes))]))
  expect(labels(two({ Rows: 512, Columns: 384 }))).toEqual(['256 × 256', '384 × 512'])
  expect(labels(two({ PixelSpacing: [0.5, 0.5] }))).toEqual(['1 mm', '0.5 mm'])
  expect(labels(two({ SamplesPerPixel: 3 }))).toEqual(['', 'colour'])
  expect(lengths(two({ FrameOfReferenceUID: '2.25.8' }))).toEqual([3, 2])
  // Written with fewer digits it is the same spacing.
  expect(lengths(displaySets(series([at(0), at(1, { PixelSpacing: [1.0001, 1] }), at(2)])))).toEqual([3])
})

test('a scout is no part of the stack, and comes behind it', () => {
  const scout = {
    attributes: {
      ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'],
      ImageOrientationPatient: CORONAL,
      ImagePositionPatient: [0, 0, 0],
    },
  }
  const sets = displaySets(series([scout, at(0), at(5), at(10)], { Modality: 'CT' }))
  expect(sets.map(({ kind, label }) => [kind, label])).toEqual([
    ['stack', ''],
    ['localizer', 'localizer'],
  ])
  expect(lengths(sets)).toEqual([3, 1])
  const pilot = displaySets(series([at(0), at(5)], { SeriesDescription: '3-pl LOC' }))
  expect(only(pilot).kind).toBe('localizer')
})

test.each<[string, (phase: number) => ImageAttributes, string[]]>([
  ['echo', n => ({ EchoNumbers: n + 1, EchoTime: 20 + n * 60 }), ['echo 1', 'echo 2', 'echo 3']],
  ['echo time', n => ({ EchoNumbers: 1, EchoTime: 20 + n * 60 }), ['TE 20 ms', 'TE 80 ms', 'TE 140 ms']],
  ['b-value', n => ({ DiffusionBValue: n * 400 }), ['b 0', 'b 400', 'b 800']],
  ['inversion time', n => ({ InversionTime: 150 + n * 50 }), ['TI 150 ms', 'TI 200 ms', 'TI 250 ms']],
  ['temporal position', n => ({ TemporalPositionIdentifier: n + 1 }), ['phase 1', 'phase 2', 'phase 3']],
  ['cardiac phase', n => ({ NominalPercentageOfCardiacPhase: n * 30 }), ['0 %', '30 %', '60 %']],
  ['trigger time', n => ({ TriggerTime: n * 120.5 }), ['0 ms', '120.5 ms', '241 ms']],
  ['acquisition', n => ({ AcquisitionNumber: n + 1 }), ['acquisition 1', 'acquisition 2', 'acquisition 3']],
  ['acquisition time', n => ({ AcquisitionTime: `10120${n}.5` }), ['time 1', 'time 2', 'time 3']],
  ['kind of image', n => ({ ImageType: ['ORIGINAL', 'PRIMARY', 'IMR'[n] ?? ''] }), ['imaginary', 'magnitude', 'real']],
  ['nothing but the numbering', () => ({}), ['volume 1', 'volume 2', 'volume 3']],
])('%s splits where it repeats the positions', (_name, phase, expected) => {
  const volumes = range(3).flatMap(n => range(5).map(z => at(z * 3, phase(n))))
  const sets = displaySets(series(volumes))
  expect(labels(sets)).toEqual(expected)
  expect(lengths(sets)).toEqual([5, 5, 5])
  for (const set of sets) expect(set).toMatchObject({ spacing: 3, missing: 0, duplicated: 0, uneven: false })
  // Made slice by slice instead of volume by volume: the same sets.
  const slices = range(5).flatMap(z => range(3).map(n => at(z * 3, phase(n))))
  expect(labels(displaySets(series(slices)))).toEqual(expected)
})

test('two dimensions split one after the other', () => {
  const volumes = range(2).flatMap(phase =>
    range(2).flatMap(echo =>
      range(4).map(z => at(z, { TemporalPositionIdentifier: phase + 1, EchoNumbers: echo + 1 })),
    ),
  )
  expect(labels(displaySets(series(volumes)))).toEqual([
    'echo 1 · phase 1',
    'echo 1 · phase 2',
    'echo 2 · phase 1',
    'echo 2 · phase 2',
  ])
})

test('a phase still arriving is a set already; acquisitions end to end are one stack', () => {
  const arriving = [
    ...range(10).map(z => at(z, { TemporalPositionIdentifier: 1 })),
    ...range(6).map(z => at(z, { TemporalPositionIdentifier: 2 })),
  ]
  expect(lengths(displaySets(series(arriving)))).toEqual([10, 6])
  const blocks = range(20).map(z => at(z, { AcquisitionNumber: z < 10 ? 1 : 2 }))
  expect(lengths(displaySets(series(blocks)))).toEqual([20])
})

test('two acquisitions of one region that lie between each other are two stacks; odd and even slices are one', () => {
  const shifted = [0, 1.7].flatMap((shift, n) => range(10).map(z => at(z * 5 + shift, { AcquisitionNumber: n + 1 })))
  const sets = displaySets(series(shifted, { Modality: 'CT' }))
  expect(labels(sets)).toEqual(['acquisition 1', 'acquisition 2'])
  expect(sets).toMatchObject([{ spacing: 5 }, { spacing: 5 }])
  const concatenated = [0, 1].flatMap(n => range(10).map(z => at(z * 10 + n * 5, { AcquisitionNumber: n + 1 })))
  expect(only(displaySets(series(concatenated)))).toMatchObject({ spacing: 5, missing: 0, uneven: false })
})

test('where only some positions have a second echo, it follows the first in one stack', () => {
  const images = [...range(6).map(z => at(z, { EchoNumbers: 1 })), at(2, { EchoNumbers: 2 })]
  const manifest = series(images)
  const set = only(displaySets(manifest))
  expect(numbers(manifest, set)).toEqual(['1', '2', '3', '7', '4', '5', '6'])
  expect(set.duplicated).toBe(0)
})

test('a heart beating in each place stays together, by place, then time', () => {
  const images = range(3).flatMap(z => range(25).map(n => at(z * 8, { TriggerTime: n * 30 + z })))
  const manifest = series(images)
  const set = only(displaySets(manifest))
  expect(numbers(manifest, set)).toEqual(range(75).map(n => String(n + 1)))
  expect(set).toMatchObject({ spacing: 8, duplicated: 0 })
  const oneSlice = only(displaySets(series(range(20).map(n => at(0, { TriggerTime: n * 30 })))))
  expect(oneSlice).toMatchObject({ kind: 'cine', duplicated: 0 })
})

test('directions of strong diffusion weighting stay together and are no duplicates', () => {
  const images = [0, 1000, 1000, 1000].flatMap(DiffusionBValue => range(4).map(z => at(z, { DiffusionBValue })))
  const sets = displaySets(series(images))
  expect(labels(sets)).toEqual(['b 0', 'b 1000'])
  expect(lengths(sets)).toEqual([4, 12])
  expect(sets.map(({ duplicated }) => duplicated)).toEqual([0, 0])
})

test('table stations side by side are told apart by their place', () => {
  const coronal = (z: number, y: number) => ({
    attributes: { ImageOrientationPatient: CORONAL, ImagePositionPatient: [-200, y, z] },
  })
  const sets = displaySets(series([0, -300, -600].flatMap(z => range(4).map(n => coronal(z, n * 6)))))
  expect(labels(sets)).toEqual(['station 1', 'station 2', 'station 3'])
  expect(lengths(sets)).toEqual([4, 4, 4])
})

test('screen saves, clips and objects without a picture never stand in a stack', () => {
  const manifest = series([
    at(0),
    at(5),
    { SOPClassUID: SECONDARY_CAPTURE, attributes: { Rows: 768, Columns: 1024 } },
    { SOPClassUID: SECONDARY_CAPTURE, attributes: { Rows: 600, Columns: 800 } },
    { NumberOfFrames: 3, attributes: {} },
    { unshowable: 'This object holds no image.', attributes: {} },
  ])
  const sets = displaySets(manifest)
  expect(sets.map(({ kind, label }) => [kind, label])).toEqual([
    ['stack', ''],
    ['cine', 'clip 5'],
    ['secondary', 'screen save'],
    ['other', 'no picture'],
  ])
  expect(lengths(sets)).toEqual([2, 3, 2, 0])
  expect(sets.at(-1)?.pictureless).toEqual([5])
})

test('the levels of a slide are one, its label and its overview pictures beside it', () => {
  const SOPClassUID = '1.2.840.10008.5.1.4.1.1.77.1.6'
  const flavour = (name: string): ImageAttributes => ({ ImageType: ['ORIGINAL', 'PRIMARY', name, 'NONE'] })
  const images: Built[] = [
    { SOPClassUID, attributes: { ...flavour('LABEL'), ImagePositionPatient: [] } },
    { SOPClassUID, NumberOfFrames: 4, attributes: flavour('VOLUME') },
    { SOPClassUID, NumberOfFrames: 64, attributes: flavour('VOLUME') },
    { SOPClassUID, attributes: flavour('THUMBNAIL') },
    { SOPClassUID, attributes: { ...flavour('OVERVIEW'), ImagePositionPatient: [] } },
  ]
  const sets = displaySets(series(images, { Modality: 'SM' }))
  expect(sets.map(({ kind, label }) => [kind, label])).toEqual([
    ['slide', 'slide'],
    ['stack', 'label'],
    ['stack', 'overview'],
  ])
  expect(sets[0]).toMatchObject({ frames: [], pictureless: [2, 1, 3] })
})

test('each clip, and each view of a mammogram, stands alone', () => {
  const clips = displaySets(
    series(
      range(2).map(() => ({ NumberOfFrames: 4, attributes: {} })),
      { Modality: 'US' },
    ),
  )
  expect(labels(clips)).toEqual(['clip 1', 'clip 2'])
  const views = ['R CC', 'L CC', 'R MLO', 'L MLO'].map(view => {
    const [ImageLaterality, ViewPosition] = view.split(' ')
    return { attributes: { ImageLaterality, ViewPosition } }
  })
  expect(labels(displaySets(series(views, { Modality: 'MG' })))).toEqual(['R CC', 'L CC', 'R MLO', 'L MLO'])
  expect(labels(displaySets(series([{ attributes: {} }, { attributes: {} }], { Modality: 'DX' })))).toEqual([
    'image 1',
    'image 2',
  ])
})

test('an enhanced object is laid out by its functional groups', () => {
  const frame = (StackID: string, z: number, phase: number): ImageAttributes => ({
    StackID,
    ImageOrientationPatient: StackID === '1' ? AXIAL : SAGITTAL,
    ImagePositionPatient: StackID === '1' ? [0, 0, z] : [z, 0, 0],
    DimensionIndexValues: [Number(StackID), z + 1, phase + 1],
  })
  // In the order they were measured: all phases of a place, places interleaved.
  const perFrame = ['1', '2'].flatMap(stack => [0, 2, 1, 3].flatMap(z => range(2).map(phase => frame(stack, z, phase))))
  const manifest = series([{ NumberOfFrames: perFrame.length, attributes: {}, perFrame }])
  const sets = displaySets(manifest)
  expect(labels(sets)).toEqual([
    'axial · dimension 3: 1',
    'axial · dimension 3: 2',
    'sagittal · dimension 3: 1',
    'sagittal · dimension 3: 2',
  ])
  expect(numbers(manifest, sets[0] as DisplaySet)).toEqual(['1.1', '1.5', '1.3', '1.7'])
  expect(sets[0]).toMatchObject({ spacing: 1, missing: 0, duplicated: 0 })
  const slabs = range(8).map(n => ({ ...frame('1', n, 0), StackID: n < 4 ? '1' : '2' }))
  expect(labels(displaySets(series([{ NumberOfFrames: 8, attributes: {}, perFrame: slabs }])))).toEqual([
    'stack 1',
    'stack 2',
  ])
})

// ── marks ──

test('missing slices are marked and counted', () => {
  const set = only(displaySets(series([0, 5, 10, 25, 30, 40].map(z => at(z)))))
  expect(marked(set)).toEqual(['', '', '', 'gap', '', 'gap'])
  expect(set).toMatchObject({ missing: 3, uneven: false, spacing: 5 })
})

test('an uneven step is marked; rounding is none', () => {
  const set = only(displaySets(series([0, 5, 10, 14, 19].map(z => at(z)))))
  expect(marked(set)).toEqual(['', '', '', 'uneven', ''])
  expect(set).toMatchObject({ missing: 0, uneven: true })
  expect(set.spacing).toBeUndefined()
  const rounded = [0, 3.33, 6.67, 10, 13.33].map(z => at(z))
  expect(only(displaySets(series(rounded)))).toMatchObject({ missing: 0, uneven: false })
})

test('fine through the skull base and coarse above is no gap, but uneven where it changes', () => {
  const set = only(displaySets(series([0, 2.5, 5, 7.5, 10, 15, 20, 25].map(z => at(z)))))
  expect(marked(set)).toEqual(['', '', '', '', '', 'uneven', '', ''])
  expect(set.missing).toBe(0)
})

test('the same place twice is marked on both; a copy sent under other UIDs too', () => {
  const again = only(displaySets(series([at(0), at(5), at(5.01), at(10)])))
  expect(marked(again)).toEqual(['', 'duplicate', 'duplicate', ''])
  expect(again).toMatchObject({ duplicated: 1, spacing: 5, missing: 0 })
  const twice = range(8).map(n => ({ ...at((n % 4) * 5), InstanceNumber: (n % 4) + 1 }))
  expect(only(displaySets(series(twice)))).toMatchObject({ duplicated: 4, spacing: 5 })
})

// ── whatever comes ──

/** A small generator of its own, so that a failure can be looked at again (mulberry32). */
function randomly(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

function strangeSeries(seed: number): SeriesManifest {
  const random = randomly(seed)
  const pick = <T>(values: T[]): T => values[Math.floor(random() * values.length)] as T
  const maybe = <T>(value: T): T | undefined => (random() < 0.5 ? value : undefined)
  const attributes = (): ImageAttributes => ({
    ImagePositionPatient: maybe([0, 0, pick([0, 5, 10, 10.001, 17, Number.NaN])]),
    ImageOrientationPatient: pick([
      AXIAL,
      CORONAL,
      SAGITTAL,
      [0, 0, 0, 0, 0, 0],
      [1, 0, 0, 1, 0, 0],
      undefined as never,
    ]),
    Rows: pick([256, 512]),
    PixelSpacing: maybe([pick([1, 0.5]), 1]),
    EchoNumbers: maybe(pick([1, 2])),
    TriggerTime: maybe(pick([0, 100])),
    DiffusionBValue: maybe(pick([0, 800])),
    AcquisitionTime: maybe(pick(['101010', '111111'])),
    ImageType: maybe(['ORIGINAL', 'PRIMARY', pick(['LOCALIZER', 'M', 'P'])]),
    StackID: maybe(pick(['1', '2'])),
  })
  const images = range(Math.floor(random() * 40)).map((): Built => {
    const NumberOfFrames = pick([1, 1, 1, 1, 3])
    return {
      InstanceNumber: maybe(pick([1, 2, 3])),
      NumberOfFrames,
      SOPClassUID: pick([MR_IMAGE, MR_IMAGE, SECONDARY_CAPTURE]),
      attributes: attributes(),
      ...(NumberOfFrames > 1 && random() < 0.5 && { perFrame: range(pick([2, 3])).map(attributes) }),
      ...(random() < 0.1 && { unshowable: 'damaged' }),
    }
  })
  return series(images, { Modality: pick(['MR', 'CT', 'US', 'MG']) })
}

const seeds = range(300).map(n => n + 1)

test('every frame stands in exactly one set, every instance without a picture in one', () => {
  for (const seed of seeds) {
    const manifest = strangeSeries(seed)
    const sets = displaySets(manifest)
    const found = sets.flatMap(({ frames, pictureless }) => [
      ...frames.map(({ instance, frame }) => `${instance}.${frame}`),
      ...pictureless.map(instance => `${instance} without`),
    ])
    const expected = manifest.instances.flatMap(({ NumberOfFrames, unshowable }, instance) =>
      unshowable ? [`${instance} without`] : range(NumberOfFrames).map(n => `${instance}.${n + 1}`),
    )
    expect(found.sort(), `seed ${seed}`).toEqual(expected.sort())
    expect(new Set(sets.map(({ id }) => id)).size, `seed ${seed}`).toBe(sets.length)
    for (const { id } of sets) expect(id.length).toBeLessThanOrEqual(300)
  }
})

test('the order in which the same images arrive changes nothing', () => {
  for (const seed of seeds) {
    const manifest = strangeSeries(seed)
    const random = randomly(seed + 1000)
    const shuffled = {
      ...manifest,
      instances: manifest.instances
        .map(value => ({ value, key: random() }))
        .sort((a, b) => a.key - b.key)
        .map(({ value }) => value),
    }
    const told = (from: SeriesManifest) =>
      displaySets(from).map(({ frames, pictureless, ...set }) => ({
        ...set,
        frames: frames.map(({ instance, ...frame }) => ({ uid: from.instances[instance]?.SOPInstanceUID, ...frame })),
        pictureless: pictureless.map(instance => from.instances[instance]?.SOPInstanceUID).sort(),
      }))
    expect(told(shuffled), `seed ${seed}`).toEqual(told(manifest))
  }
})

// ── real series ──

const real = realSeries()

describe.runIf(real.length > 0)('real series', () => {
  test.each(real.map(({ folder, files, manifest }) => [`${folder}/${files[0]}`, manifest] as const))(
    '%s',
    (name, manifest) => {
      expect(displaySets(manifest).map(set => told(manifest, set))).toEqual(REAL_DISPLAY_SETS[name])
    },
  )

  test('the step in a real head CT is where the slices become thicker', () => {
    const head = real.find(({ folder }) => folder === 'neurolabusc__dcm_qa_ct/In/GE')?.manifest as SeriesManifest
    const marks = marked(only(displaySets(head))).flatMap((mark, index) => (mark ? [[index + 1, mark]] : []))
    expect(marks).toEqual([
      [15, 'uneven'],
      [16, 'uneven'],
    ])
  })
})

function told(manifest: SeriesManifest, set: DisplaySet): string {
  const { kind, label, frames, pictureless, spacing, missing, duplicated, uneven } = set
  const listed = numbers(manifest, set)
  const ends = listed.length > 2 ? `${listed[0]}…${listed.at(-1)}` : listed.join(' ')
  const parts = [
    kind,
    label && `(${label})`,
    frames.length > 0 ? `${frames.length}: ${ends}` : `${pictureless.length} pictureless`,
    spacing && `@${Number(spacing.toFixed(3))}`,
    missing && `${missing} missing`,
    duplicated && `${duplicated} duplicated`,
    uneven && 'uneven',
  ]
  return parts.filter(Boolean).join(' ')
}
