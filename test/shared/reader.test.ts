import { expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { headerLines } from '../../shared/dicom/header.ts'
import { readInstanceHeader } from '../../shared/dicom/instanceHeader.ts'
import { toDicomJson } from '../../shared/dicom/json.ts'
import { nestsTooDeep } from '../../shared/dicom/nesting.ts'
import { DataSet, readElements } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet } from '../../shared/dicom/writer.ts'
import { dataSetBytes, elementHeader, joinBytes, nestedSequences, seeded, smallCT } from '../fixtures/oddFiles.ts'

const EXPLICIT = encodingOf(TS.ExplicitVRLittleEndian)
const NATIVE = [TS.ImplicitVRLittleEndian, TS.ExplicitVRLittleEndian, TS.ExplicitVRBigEndian]

const rich: NewDataSet = smallCT({
  PatientName: '山田^太郎',
  ImageComments: 'two  words',
  FrameIncrementPointer: 0x00181063,
  RecommendedDisplayFrameRate: 25,
  SmallestImagePixelValue: 1,
  RealWorldValueSlope: { vr: 'FD', value: [0.1, -2e10] },
  ReferencedImageSequence: [
    {
      ReferencedSOPClassUID: '1.2',
      ReferencedSOPInstanceUID: '1.2.3',
      PurposeOfReferenceCodeSequence: [{ CodeMeaning: '断面' }],
    },
    { ReferencedSOPInstanceUID: '1.2.4' },
  ],
  '00091001': { vr: 'UN', value: Uint8Array.of(1, 2, 3, 4) },
})

test.each(NATIVE)('what was written in %s is read', uid => {
  const dataSet = DataSet.read(dataSetBytes(rich, uid), encodingOf(uid))
  expect(dataSet.damage).toBeUndefined()
  expect(dataSet.string('PatientName')).toBe('山田^太郎')
  expect(dataSet.string('ImageComments')).toBe('two  words')
  expect(dataSet.number('Rows')).toBe(4)
  expect(dataSet.numbers('PixelSpacing')).toEqual([0.5, 0.25])
  expect(dataSet.strings('FrameIncrementPointer')).toEqual(['00181063'])
  expect(dataSet.bytes(0x00091001)).toEqual(Uint8Array.of(1, 2, 3, 4))
  const images = dataSet.items('ReferencedImageSequence')
  expect(images.map(item => item.string('ReferencedSOPInstanceUID'))).toEqual(['1.2.3', '1.2.4'])
  expect(images[0]?.items('PurposeOfReferenceCodeSequence')[0]?.string('CodeMeaning')).toBe('断面')
  expect(dataSet.numbers('PixelData')).toEqual(Array.from({ length: 16 }, (_, i) => i * 100))
})

test('signed values follow Pixel Representation where the file has no VRs', () => {
  const values = smallCT({ PixelRepresentation: 1, SmallestImagePixelValue: { vr: 'SS', value: -5 } })
  const dataSet = DataSet.read(dataSetBytes(values, TS.ImplicitVRLittleEndian), encodingOf(TS.ImplicitVRLittleEndian))
  expect(dataSet.vr('SmallestImagePixelValue')).toBe('SS')
  expect(dataSet.number('SmallestImagePixelValue')).toBe(-5)
})

test('a keyword that does not exist is a mistake of ours and throws', () => {
  expect(() => DataSet.read(new Uint8Array(), EXPLICIT).string('PatientsName')).toThrow('no keyword')
})

test.each([
  ['explicit bytes called implicit', TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian],
  ['implicit bytes called explicit', TS.ImplicitVRLittleEndian, TS.ExplicitVRLittleEndian],
  ['big endian bytes called little', TS.ExplicitVRBigEndian, TS.ExplicitVRLittleEndian],
  ['little endian bytes called big', TS.ExplicitVRLittleEndian, TS.ExplicitVRBigEndian],
  ['implicit bytes called JPEG', TS.ImplicitVRLittleEndian, TS.JPEGBaseline8Bit],
])('%s are read, and said to be so', (_name, real, declared) => {
  const header = readInstanceHeader(dataSetBytes(smallCT(), real), declared)
  expect(header.SOPInstanceUID).toBe('2.25.1003')
  expect(header.attributes.Rows).toBe(4)
  expect(header.flags).toEqual(['odd-encoding'])
})

test('an implicit element strewn into an explicit data set is read with the rest', () => {
  const strewn = [0x08, 0x00, 0x80, 0x00, 4, 0, 0, 0, ...Buffer.from('HOSP')]
  const bytes = joinBytes(elementHeader(0x00080060, 'CS', 2), 'CT', strewn, elementHeader(0x00081030, 'LO', 4), 'Head')
  const dataSet = DataSet.read(bytes, EXPLICIT)
  expect(dataSet.string('InstitutionName')).toBe('HOSP')
  expect(dataSet.string('StudyDescription')).toBe('Head')
})

test('a sequence written as UN is implicit inside (PS3.5 §6.2.2)', () => {
  const item = dataSetBytes({ CodeValue: '113040', CodeMeaning: 'Lossy' }, TS.ImplicitVRLittleEndian)
  for (const length of [item.length, 0xffffffff]) {
    const size = [length & 0xff, (length >>> 8) & 0xff, (length >>> 16) & 0xff, length >>> 24]
    const end = length === 0xffffffff ? [0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0, 0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0] : []
    const total = length === 0xffffffff ? length : item.length + 8
    const bytes = joinBytes(
      elementHeader(0x00082218, 'UN', total),
      [0xfe, 0xff, 0x00, 0xe0, ...size],
      item,
      end,
      elementHeader(0x00100020, 'LO', 2),
      'P1',
    )
    const dataSet = DataSet.read(bytes, EXPLICIT)
    expect(dataSet.items('AnatomicRegionSequence')[0]?.string('CodeMeaning')).toBe('Lossy')
    expect(dataSet.string('PatientID')).toBe('P1')
  }
})

test('what follows encapsulated pixels is read', () => {
  const PixelData = encapsulate([[Uint8Array.of(1, 2, 3)], [Uint8Array.of(4)]], { bot: true })
  const bytes = dataSetBytes({ ...smallCT({ PixelData }), DataSetTrailingPadding: new Uint8Array(4) })
  const dataSet = DataSet.read(bytes, EXPLICIT)
  expect(dataSet.damage).toBeUndefined()
  expect(dataSet.span('PixelData')).toMatchObject({ vr: 'OB', undefinedLength: true })
  // Two items of padded bytes and a table of two offsets: 0, and behind the first item.
  const value = Array.from(dataSet.bytes('PixelData') ?? [])
  expect(value.slice(8, 16)).toEqual([0, 0, 0, 0, 12, 0, 0, 0])
  expect(value.slice(24, 28)).toEqual([1, 2, 3, 0])
  expect(dataSet.has('DataSetTrailingPadding')).toBe(true)
})

test('zero padding behind the last element is no damage', () => {
  const dataSet = DataSet.read(joinBytes(dataSetBytes(smallCT()), new Uint8Array(300)), EXPLICIT)
  expect(dataSet.damage).toBeUndefined()
  expect(dataSet.truncated).toBe(false)
})

test.each([64, 1_000, 20_000])('%d levels of sequences are passed over, told, and what follows is read', levels => {
  const bytes = joinBytes(nestedSequences(levels, true), elementHeader(0x00100020, 'LO', 2), 'P1')
  const dataSet = DataSet.read(bytes, EXPLICIT)
  expect(dataSet.damage).toMatch('deeper than 32')
  expect(dataSet.string('PatientID')).toBe('P1')
  expect(headerLines(dataSet, 10_000).elements.length).toBeLessThan(100)
  expect(JSON.stringify(toDicomJson(dataSet, { bulkDataURI: path => path })).length).toBeLessThan(10_000)
  const open = DataSet.read(nestedSequences(levels, false), EXPLICIT)
  expect(open.truncated).toBe(true)
  expect(open.damage).toMatch('deeper than 32')
})

test('32 levels are not too deep', () => {
  expect(DataSet.read(nestedSequences(31, true), EXPLICIT).damage).toBeUndefined()
})

test.each([TS.ImplicitVRLittleEndian, TS.ExplicitVRLittleEndian, TS.ExplicitVRBigEndian])(
  'more than 32 levels are found whatever their lengths say, in %s; many frames are none',
  uid => {
    const encoding = encodingOf(uid)
    const nested = (levels: number): NewDataSet => ({
      ContentSequence: [levels > 1 ? nested(levels - 1) : { TextValue: 'the innermost' }],
    })
    const deep = (values: NewDataSet) => {
      const dataSet = DataSet.read(dataSetBytes({ Modality: 'CT', ...values }, uid), encoding)
      return dataSet.elements.some(span => nestsTooDeep(dataSet.source, span, encoding))
    }
    expect([31, 32, 33, 64, 500].map(levels => deep(nested(levels)))).toEqual([false, false, true, true, true])
    const frame = { PlanePositionSequence: [{ ImagePositionPatient: [0, 0, 0] }], FrameVOILUTSequence: [nested(3)] }
    expect(deep({ PerFrameFunctionalGroupsSequence: Array.from({ length: 500 }, () => frame) })).toBe(false)
    // Behind many shallow ones.
    const last = Array.from({ length: 500 }, (_, n) => (n < 499 ? frame : nested(33)))
    expect(deep({ PerFrameFunctionalGroupsSequence: last })).toBe(true)
  },
)

test('a length that lies ends reading and allocates nothing', () => {
  for (const length of [0xfffffffe, 0x7fffffff, 0x00ffffff]) {
    const bytes = joinBytes(elementHeader(0x00080060, 'CS', 2), 'CT', elementHeader(0x00091001, 'OB', length), 'ab')
    const read = readElements(bytes, EXPLICIT)
    expect(read.truncated).toBe(true)
    expect(read.elements).toHaveLength(2)
    const dataSet = DataSet.read(bytes, EXPLICIT)
    expect(dataSet.string('Modality')).toBe('CT')
    expect(dataSet.bytes(0x00091001)).toBeUndefined()
  }
})

test('a million empty elements are cut at the limit and told', () => {
  const one = elementHeader(0x00091001, 'LO', 0)
  const bytes = new Uint8Array(1_000_000 * one.length)
  for (let at = 0; at < bytes.length; at += one.length) bytes.set(one, at)
  expect(DataSet.read(bytes, EXPLICIT).damage).toMatch('more than')
})

/** Everything a user can make the program read of these bytes. */
function readAll(bytes: Uint8Array, uid: string): void {
  readInstanceHeader(bytes, uid)
  const dataSet = DataSet.read(bytes, encodingOf(uid))
  headerLines(dataSet, 500)
  toDicomJson(dataSet, { bulkDataURI: path => path })
}

const compressed = smallCT({
  NumberOfFrames: 2,
  PixelData: encapsulate([[Uint8Array.of(0xff, 0xd8, 0xff, 1)], [Uint8Array.of(0xff, 0xd8, 0xff, 2)]], { bot: true }),
  ReferencedImageSequence: [{ ReferencedSOPInstanceUID: '1.2.3' }],
})

test.each([...NATIVE, TS.JPEGBaseline8Bit])(
  '%s cut at every byte, and with bytes changed at random, never throws',
  uid => {
    for (const values of uid === TS.JPEGBaseline8Bit ? [compressed] : [rich]) {
      const whole = dataSetBytes(values, uid)
      for (let end = 0; end < whole.length; end++) readAll(whole.subarray(0, end), uid)
      const random = seeded(Number.parseInt(uid.replace(/\D/g, '').slice(-6), 10))
      for (let round = 0; round < 400; round++) {
        const damaged = whole.slice()
        for (let flips = 1 + (random() % 4); flips > 0; flips--) damaged[random() % damaged.length] = random() & 0xff
        readAll(damaged, uid)
      }
    }
  },
)

test('what precedes a cut is read as from the whole', () => {
  const whole = dataSetBytes(smallCT())
  const pixels = readInstanceHeader(whole, TS.ExplicitVRLittleEndian).pixels
  const cut = readInstanceHeader(whole.subarray(0, pixels?.valueOffset), TS.ExplicitVRLittleEndian)
  expect(cut).toEqual(readInstanceHeader(whole, TS.ExplicitVRLittleEndian))
  expect(cut.complete).toBe(true)
  const shorter = readInstanceHeader(whole.subarray(0, 200), TS.ExplicitVRLittleEndian)
  expect(shorter.complete).toBe(false)
  expect(shorter.flags).toContain('truncated')
})
