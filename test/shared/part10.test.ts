import { expect, test } from 'vitest'
import { looksLikeDicom, readFileMeta, writeFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import {
  isNonStorageService,
  isOddUID,
  isStorableUID,
  normaliseUID,
  sopClass,
  TS,
  transferSyntax,
  uidFromRandom,
} from '../../shared/dicom/uids.ts'
import { dataSetBytes, elementHeader, joinBytes, part10, seeded, smallCT } from '../fixtures/oddFiles.ts'

const values = {
  MediaStorageSOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  MediaStorageSOPInstanceUID: '1.2.3.45',
  TransferSyntaxUID: TS.JPEGLSLossless,
  SourceApplicationEntityTitle: 'CT1',
  SendingApplicationEntityTitle: 'CT1',
  ReceivingApplicationEntityTitle: 'ISOCENTER',
}

test('File Meta is written as PS3.10 §7.1 asks and read back', () => {
  const written = writeFileMeta(values)
  expect(written.length % 2).toBe(0)
  const read = readFileMeta(joinBytes(written, dataSetBytes(smallCT())))
  expect(read).toMatchObject({
    MediaStorageSOPClassUID: values.MediaStorageSOPClassUID,
    MediaStorageSOPInstanceUID: '1.2.3.45',
    TransferSyntaxUID: TS.JPEGLSLossless,
    SourceApplicationEntityTitle: 'CT1',
    dataSetOffset: written.length,
  })
  expect(read?.meta.string('ReceivingApplicationEntityTitle')).toBe('ISOCENTER')
  expect(read?.meta.bytes('FileMetaInformationVersion')).toEqual(Uint8Array.of(0, 1))
  expect(read?.meta.number('FileMetaInformationGroupLength')).toBe(written.length - 144)
})

const body = dataSetBytes(smallCT())
const file = part10(body)
const meta = file.subarray(132, file.length - body.length)

test.each([
  ['no preamble', file.subarray(128)],
  ['neither preamble nor DICM', joinBytes(meta, body)],
  ['a preamble without DICM', joinBytes(new Uint8Array(128), meta, body)],
  ['no group length', joinBytes(file.subarray(0, 132), meta.subarray(12), body)],
  [
    'a wrong group length',
    joinBytes(file.subarray(0, 132), elementHeader(0x00020000, 'UL', 4), [9, 9, 0, 0], meta.subarray(12), body),
  ],
])('a file with %s is read', (_name, bytes) => {
  expect(looksLikeDicom(bytes)).toBe(true)
  const read = readFileMeta(bytes)
  expect(read?.TransferSyntaxUID).toBe(TS.ExplicitVRLittleEndian)
  expect(bytes.subarray(read?.dataSetOffset)).toEqual(body)
})

test.each([TS.ImplicitVRLittleEndian, TS.ExplicitVRLittleEndian, TS.ExplicitVRBigEndian])(
  'a bare data set in %s is recognised',
  uid => {
    const bare = dataSetBytes(smallCT(), uid)
    expect(looksLikeDicom(bare)).toBe(true)
    expect(readFileMeta(bare)).toMatchObject({ TransferSyntaxUID: uid, dataSetOffset: 0, MediaStorageSOPClassUID: '' })
  },
)

test('what is no DICOM is told apart', () => {
  const random = seeded(7)
  const texts = [
    '',
    'hello',
    '%PDF-1.7 '.repeat(40),
    '\x89PNG\r\n\x1a\n'.repeat(40),
    'PK\x03\x04'.repeat(80),
    '{"a":1}'.repeat(40),
  ]
  for (const text of texts) expect(readFileMeta(joinBytes(text))).toBeNull()
  for (let i = 0; i < 2_000; i++) {
    const noise = Uint8Array.from({ length: 300 }, () => random() & 0xff)
    expect(looksLikeDicom(noise)).toBe(false)
  }
})

test('File Meta cut or changed anywhere never throws', () => {
  for (let end = 0; end < file.length; end++) readFileMeta(file.subarray(0, end))
  const random = seeded(11)
  for (let i = 0; i < 3_000; i++) {
    const damaged = file.slice()
    damaged[128 + (random() % 200)] = random() & 0xff
    const read = readFileMeta(damaged)
    if (read) expect(read.dataSetOffset).toBeLessThanOrEqual(file.length)
  }
})

test('UIDs: padding is stripped, odd ones are stored, impossible ones are not', () => {
  expect(normaliseUID('1.2.3\0')).toBe('1.2.3')
  expect(normaliseUID(' 1.2.3 \0')).toBe('1.2.3')
  expect(isStorableUID('1.2.3')).toBe(true)
  expect(isOddUID('1.2.840.10008.1.2')).toBe(false)
  for (const odd of ['1', '1.02.3', '1..3', '.1.2', '3.1', '1.2.']) {
    expect(isStorableUID(odd)).toBe(true)
    expect(isOddUID(odd)).toBe(true)
  }
  for (const impossible of ['', '1.2.x', '1,2', '../1', '1'.repeat(65)]) expect(isStorableUID(impossible)).toBe(false)
  const random = uidFromRandom(new Uint8Array(16).fill(255))
  expect(random).toBe('2.25.340282366920938463463374607431768211455')
  expect(isOddUID(random)).toBe(false)
})

test('transfer syntaxes: known by name, unknown ones kept and taken for encapsulated', () => {
  expect(transferSyntax(TS.ExplicitVRBigEndian)).toMatchObject({
    bigEndian: true,
    implicit: false,
    encapsulated: false,
  })
  expect(transferSyntax(TS.DeflatedExplicitVRLittleEndian)).toMatchObject({ deflated: true })
  expect(transferSyntax(TS.JPEGBaseline8Bit)).toMatchObject({ lossy: true, encapsulated: true })
  expect(transferSyntax(TS.JPEG2000Lossless).lossy).toBe(false)
  expect(transferSyntax(TS.MPEG4HP41).video).toBe(true)
  expect(transferSyntax(TS.JPIPReferenced).pixels).toBe(false)
  expect(transferSyntax('1.2.3.4')).toMatchObject({ UID: '1.2.3.4', name: '1.2.3.4', encapsulated: true })
})

test('SOP classes: images, documents and services are told apart', () => {
  expect(sopClass('1.2.840.10008.5.1.4.1.1.2')).toEqual({ name: 'CT Image Storage', kind: 'image' })
  expect(sopClass('1.2.840.10008.5.1.4.1.1.88.11')?.kind).toBe('document')
  expect(sopClass('1.2.3')).toBeUndefined()
  const services = [
    '1.2.840.10008.1.1',
    '1.2.840.10008.5.1.4.1.2.2.1',
    '1.2.840.10008.5.1.4.31',
    '1.2.840.10008.3.1.2.3.3',
    '1.2.840.10008.1.20.1',
    '1.2.840.10008.5.1.1.9',
  ]
  for (const uid of services) expect(isNonStorageService(uid)).toBe(true)
  for (const uid of ['1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.1.1.9999', '1.3.12.2.1107.5.9.1']) {
    expect(isNonStorageService(uid)).toBe(false)
  }
})

test('an AE title of another alphabet does not spoil the File Meta', () => {
  const read = readFileMeta(writeFileMeta({ ...values, SourceApplicationEntityTitle: 'Röntgen' }))
  expect(read?.SourceApplicationEntityTitle).toBe('R?ntgen')
  expect(read?.meta).toBeInstanceOf(DataSet)
})
