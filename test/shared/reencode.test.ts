import { expect, test } from 'vitest'
import type { Encoding } from '../../shared/dicom/encoding.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { reencodeElements } from '../../shared/dicom/reencode.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'

const EXPLICIT: Encoding = { explicit: true, littleEndian: true }
const IMPLICIT: Encoding = { explicit: false, littleEndian: true }
const BIG: Encoding = { explicit: true, littleEndian: false }

const values = {
  SpecificCharacterSet: 'ISO_IR 100',
  SOPInstanceUID: '1.2.3',
  PatientName: { vr: 'PN', value: Uint8Array.of(0x4d, 0xfc, 0x6c, 0x6c) },
  ReferencedStudySequence: [{ ReferencedSOPInstanceUID: '1.2' }, { ReferencedSOPInstanceUID: '1.2.3.4' }],
  Rows: 512,
  PixelRepresentation: 1,
  SmallestImagePixelValue: { vr: 'SS', value: -7 },
  FrameIncrementPointer: { vr: 'AT', value: 0x00181063 },
  RecommendedDisplayFrameRateInFloat: 2.5,
}

function read(bytes: Uint8Array, encoding: Encoding): DataSet {
  return DataSet.read(bytes, encoding)
}

function texts(dataSet: DataSet): unknown[] {
  return dataSet.elements.map(span => [
    span.tag,
    dataSet.vrOf(span),
    dataSet.itemsOf(span).map(texts),
    dataSet.stringsOf(span),
  ])
}

test.each([
  ['explicit to implicit', EXPLICIT, IMPLICIT],
  ['implicit to explicit', IMPLICIT, EXPLICIT],
  ['big endian to explicit', BIG, EXPLICIT],
  ['big endian to implicit', BIG, IMPLICIT],
])('%s: the same values, sequences too', (_, from, to) => {
  const source = read(writeDataSet(values, from), from)
  const made = read(Buffer.concat(reencodeElements(source, to)), to)
  expect(made.damage).toBeUndefined()
  expect(texts(made)).toEqual(texts(source))
})

test('in the same layout every byte is as it came, but for what is replaced and group lengths', () => {
  const bytes = writeDataSet(
    { '00080000': { vr: 'UL', value: 40 }, ...values, '00291001': { vr: 'UN', value: Uint8Array.of(1, 2) } },
    EXPLICIT,
  )
  const source = read(bytes, EXPLICIT)
  const rows = source.span('Rows')!
  const columns = { vr: 'US', value: Uint8Array.of(0, 2) }
  const made = Buffer.concat(
    reencodeElements(
      source,
      EXPLICIT,
      new Map([
        [0x00280010, null],
        [0x00280011, columns],
      ]),
    ),
  )
  const after = rows.valueOffset + rows.length
  const added = Buffer.from('2800110055530200' + '0002', 'hex')
  expect(made).toEqual(Buffer.concat([bytes.subarray(12, rows.headerOffset), added, bytes.subarray(after)]))
})

test('what explicit VR has no name for is UN, and a value too long for its VR as well', () => {
  const bytes = writeDataSet(
    { '00291001': { vr: 'UN', value: Uint8Array.of(1, 2) }, ImageComments: 'x'.repeat(70_000) },
    IMPLICIT,
  )
  const made = read(Buffer.concat(reencodeElements(read(bytes, IMPLICIT), EXPLICIT)), EXPLICIT)
  expect(made.elements.map(span => [span.vr, span.length])).toEqual([
    ['UN', 70_000],
    ['UN', 2],
  ])
})

test('compressed icons are left out, others are kept', () => {
  const icon = (PixelData: Uint8Array) => ({
    IconImageSequence: [{ Rows: 1, PixelData: { vr: 'OB', value: PixelData } }],
    ImageComments: 'x ',
  })
  const fragments = Buffer.from('feff00e000000000' + 'feff00e002000000ffd8' + 'feffdde000000000', 'hex')
  const compressed = read(writeDataSet(icon(fragments), EXPLICIT), EXPLICIT)
  const keys = (chunks: Uint8Array[]) => read(Buffer.concat(chunks), IMPLICIT).elements.map(({ tag }) => tag)
  expect(keys(reencodeElements(compressed, IMPLICIT))).toEqual([0x00204000])
  const plain = read(writeDataSet(icon(Uint8Array.of(1, 2)), EXPLICIT), EXPLICIT)
  const kept = read(Buffer.concat(reencodeElements(plain, IMPLICIT)), IMPLICIT)
  expect([...kept.items('IconImageSequence')[0]!.bytes('PixelData')!]).toEqual([1, 2])
})

test('half a data set is refused', () => {
  const bytes = writeDataSet(values, EXPLICIT)
  expect(() => reencodeElements(read(bytes.subarray(0, bytes.length - 3), EXPLICIT), IMPLICIT)).toThrow('damaged')
})
