import { expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import {
  anchorOffset,
  followedPosition,
  linkWords,
  nearestPosition,
  nextLinkMode,
  relativeIndex,
} from '../../shared/viewing/compare/linking.ts'
import { bestSeries, phaseOf, type SeriesTraits } from '../../shared/viewing/compare/matchSeries.ts'
import {
  type ComparedStudy,
  isAskable,
  isComparable,
  isListedOfPatient,
  orderPriors,
  placesInTime,
  yearsInTime,
} from '../../shared/viewing/compare/priors.ts'
import { readRegistration, registeredPoint } from '../../shared/viewing/compare/registration.ts'
import { difference, greys, sameGrid, subtractionRefusal } from '../../shared/viewing/compare/subtract.ts'
import { imagePlane, type Point3 } from '../../shared/viewing/geometry.ts'

function study(uid: string, change: Partial<ComparedStudy> = {}): ComparedStudy {
  return {
    StudyInstanceUID: uid,
    StudyDate: '20260301',
    StudyTime: '',
    StudyDescription: '',
    ModalitiesInStudy: ['CT'],
    BodyPartExamined: [],
    ...change,
  }
}

test('studies of the same kind and the same part are comparable, in any language, and stand first, newest first', () => {
  const now = study('now', { StudyDescription: 'CT Thorax nativ', BodyPartExamined: ['CHEST'] })
  const lung = study('lung', { StudyDate: '20240101', StudyDescription: 'Low dose lung' })
  const old = study('old', { StudyDate: '20200101', StudyDescription: 'CT Thorax/Abdomen' })
  const knee = study('knee', { StudyDate: '20260201', BodyPartExamined: ['KNEE'] })
  const film = study('film', { ModalitiesInStudy: ['DX', 'SR'], BodyPartExamined: ['CHEST'] })
  // Of a part that nobody names nothing is guessed.
  const nameless = study('nameless', { StudyDate: '20260228' })
  expect(isComparable(now, film)).toBe(false)
  expect(isComparable(now, nameless)).toBe(false)
  expect(isComparable(nameless, study('other'))).toBe(false)
  const order = orderPriors(now, [old, knee, nameless, now, lung, film])
  expect(order.map(({ study: one }) => one.StudyInstanceUID)).toEqual([
    ...['now', 'lung', 'old'],
    ...['film', 'nameless', 'knee'],
  ])
  expect(order.map(({ comparable }) => comparable)).toEqual([true, true, true, false, false, false])
  // A report is no picture to compare.
  const reports = study('reports', { ModalitiesInStudy: ['SR'], StudyDescription: 'CT Thorax' })
  expect(isComparable(study('a', { ModalitiesInStudy: ['CT', 'SR'], StudyDescription: 'CT Thorax' }), reports)).toBe(
    false,
  )
})

test('only what an archive lists with the ID and the issuer of this patient is theirs', () => {
  const patient = {
    PatientName: 'Doe^Ann',
    PatientID: '4711',
    IssuerOfPatientID: 'HOSP',
    PatientBirthDate: '19700101',
    PatientSex: 'F',
  }
  expect(isListedOfPatient(patient, patient)).toBe(true)
  expect(isListedOfPatient({ ...patient, IssuerOfPatientID: '' }, patient)).toBe(true)
  expect(isListedOfPatient({ ...patient, IssuerOfPatientID: 'OTHER' }, patient)).toBe(false)
  expect(isListedOfPatient(patient, { ...patient, IssuerOfPatientID: '' })).toBe(false)
  expect(isListedOfPatient({ ...patient, PatientID: '4712' }, patient)).toBe(false)
  // A name proves nothing; a birth date against it does.
  expect(isListedOfPatient({ ...patient, PatientBirthDate: '19710101' }, patient)).toBe(false)
  for (const PatientID of ['', ' ', '0', 'UNKNOWN', '47*', '4?11', 'A\\B']) expect(isAskable({ PatientID })).toBe(false)
})

test('dates stand to scale, with the years between them', () => {
  expect(placesInTime(['20250101', '', '20260101', '20250702'])).toEqual([0, undefined, 1, 182 / 365])
  expect(yearsInTime(['20240701', '20260301']).map(({ year }) => year)).toEqual([2025, 2026])
  expect(yearsInTime(['19900101', '20260301'], 5).length).toBeLessThanOrEqual(5)
  expect(yearsInTime(['20260301'])).toEqual([])
})

test('the best series has the direction, the phase and the slices of the one that hangs', () => {
  const traits = (description: string, change: Partial<SeriesTraits> = {}): SeriesTraits => ({
    Modality: 'CT',
    description,
    BodyPartExamined: '',
    normal: [0, 0, 1],
    spacing: 1,
    thickness: 1,
    frames: 300,
    kind: 'stack',
    ...change,
  })
  const wanted = traits('Abdomen portal 1.0')
  const others = [
    traits('Scout', { kind: 'localizer', frames: 1, normal: [0, 1, 0] }),
    traits('Abdomen portal 1.0 cor', { normal: [0, 1, 0] }),
    traits('Abdomen native 1.0'),
    traits('Abdomen portal 5.0', { spacing: 5, frames: 60 }),
    traits('Abdomen venous 1.5', { spacing: 1.5, frames: 200 }),
    traits('Abdomen arterial 1.0'),
    traits('Abdomen portal 1.0', { Modality: 'MR' }),
  ]
  expect(bestSeries(wanted, others)?.description).toBe('Abdomen venous 1.5')
  const thick = traits('Abdomen portal 5.0', { spacing: 5, frames: 60 })
  expect(bestSeries(thick, others)?.description).toBe('Abdomen portal 5.0')
  expect(bestSeries(traits('coronal', { normal: [0, -0.999, 0.03] }), others)?.description).toBe(
    'Abdomen portal 1.0 cor',
  )
  expect(bestSeries(traits('x', { Modality: 'US' }), others)).toBeUndefined()
  const named = ['AX T1 post GD', 'Thorax nativ', 'CT Leber art.', 'pv phase', 'late', 'Thorax'].map(phaseOf)
  expect(named).toEqual(['contrast', 'none', 'arterial', 'portal', 'late', undefined])
})

test('panes follow by position from what was said to be one place, without drift, also turned around', () => {
  const up: Point3 = [0, 0, 1]
  const down: Point3 = [0, 0, -1]
  const own = { normal: up, at: 40 }
  const other = { normal: up, at: 52.5 }
  expect(anchorOffset(own, other)).toBe(12.5)
  expect(followedPosition(own, 43, other)).toBe(55.5)
  expect(linkWords('position', anchorOffset(own, other))).toBe('linked by position +12.5 mm')
  expect(linkWords('position', anchorOffset(other, own))).toBe('linked by position −12.5 mm')
  // A stack that runs down: its positions are negative of the same place.
  const turned = { normal: down, at: -52.5 }
  expect(anchorOffset(own, turned)).toBe(-12.5)
  expect(followedPosition(own, 43, turned)).toBe(-55.5)
  expect(followedPosition(own, 43, { normal: [1, 0, 0], at: 0 })).toBeUndefined()
  const planes = [50, 54, 58].map(z => plane([0, 0, z]))
  expect(nearestPosition(planes, other, 55.5)).toBe(1)
  expect(nearestPosition(planes, { normal: [0, 1, 0] }, 55.5)).toBe(-1)
  // Echoes in one place: the shown one stays.
  expect(
    nearestPosition(
      [50, 50].map(z => plane([0, 0, z])),
      other,
      50,
      1,
    ),
  ).toBe(1)
  expect([0, 5, 9].map(index => relativeIndex(index, 10, 100))).toEqual([0, 55, 99])
  expect(relativeIndex(0, 1, 7)).toBe(0)
  let mode = nextLinkMode('off')
  const seen = [mode]
  while (mode !== 'off') {
    mode = nextLinkMode(mode)
    seen.push(mode)
  }
  expect(seen).toEqual(['place', 'position', 'index', 'off'])
})

function plane(position: Point3, change: { PixelSpacing?: number[]; Columns?: number } = {}) {
  return imagePlane({
    FrameOfReferenceUID: '2.25.1',
    Rows: 100,
    Columns: 100,
    PixelSpacing: [1, 1],
    ImagePositionPatient: [...position],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    ...change,
  })!
}

test('a registration turns and moves points from one frame of reference to the other, and refuses to stretch', () => {
  // A quarter turn about z, then 10 mm along x.
  const turn = [0, -1, 0, 10, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
  const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
  const stretch = [2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
  const encoding = encodingOf(TS.ExplicitVRLittleEndian)
  const item = (FrameOfReferenceUID: string, ...matrices: number[][]) => ({
    FrameOfReferenceUID,
    MatrixRegistrationSequence: [
      {
        MatrixSequence: matrices.map(matrix => ({
          FrameOfReferenceTransformationMatrixType: 'RIGID',
          FrameOfReferenceTransformationMatrix: matrix,
        })),
      },
    ],
  })
  const object = DataSet.read(
    writeDataSet(
      {
        RegistrationSequence: [item('1.1', identity), item('1.2', turn), item('1.3', stretch), item('1.4', turn, turn)],
      },
      encoding,
    ),
    encoding,
  )
  const registration = readRegistration(object)
  expect(registeredPoint(registration, '1.2', '1.1', [1, 2, 3])).toEqual([8, 1, 3])
  expect(registeredPoint(registration, '1.1', '1.2', [8, 1, 3])).toEqual([1, 2, 3])
  expect(registeredPoint(registration, '1.4', '1.1', [1, 2, 3])).toEqual([9, 8, 3])
  expect(registeredPoint(registration, '1.3', '1.1', [1, 2, 3])).toBeUndefined()
  expect(registeredPoint(registration, '1.5', '1.1', [1, 2, 3])).toBeUndefined()
})

test('what differs is grey with zero in the middle, and only of one modality and unit', () => {
  const found = difference([100, 40, Number.NaN, -1000], [40, 100, 1, -1000])
  expect([...found]).toEqual([60, -60, Number.NaN, 0])
  const window = { lower: -100, upper: 100 }
  const grey = (rgba: Uint8ClampedArray) => [0, 1, 2, 3].map(at => rgba[4 * at])
  expect(grey(greys(found, window))).toEqual([204, 51, 0, 128])
  expect(grey(greys(found, window, true))).toEqual([51, 204, 0, 128])
  // What has no value is black and never transparent: nothing is seen through it.
  expect(greys([Number.NaN], window)[3]).toBe(255)
  expect(() => difference([1], [1, 2])).toThrow(RangeError)
  const ct = { Modality: 'CT', unit: 'HU' }
  expect(subtractionRefusal(ct, ct)).toBe('')
  expect(subtractionRefusal(ct, { Modality: 'CT', unit: '' })).toContain('numbers without a unit')
  expect(subtractionRefusal(ct, { Modality: 'PT', unit: 'HU' })).toContain('only the same modality')
})

test('two grids are one only within a tenth of a pixel over the whole picture', () => {
  const own = plane([0, 0, 10])
  expect(sameGrid(own, plane([0.05, 0, 10]))).toBe(true)
  expect(sameGrid(own, plane([0.2, 0, 10]))).toBe(false)
  expect(sameGrid(own, plane([0, 0, 10.5]))).toBe(false)
  expect(sameGrid(own, plane([0, 0, 10], { PixelSpacing: [1, 1.002] }))).toBe(false)
  expect(sameGrid(own, plane([0, 0, 10], { Columns: 99 }))).toBe(false)
})
