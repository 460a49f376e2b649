import { expect, test } from 'vitest'
import { formatTag, lookupTag, tagOf } from '../../shared/dicom/dictionary.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { headerLines } from '../../shared/dicom/header.ts'
import { toDicomJson } from '../../shared/dicom/json.ts'
import { displayName, foldForSearch, splitPersonName } from '../../shared/dicom/personName.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet } from '../../shared/dicom/writer.ts'
import { dataSetBytes, smallCT } from '../fixtures/oddFiles.ts'

const read = (values: NewDataSet, uid: string = TS.ExplicitVRLittleEndian) =>
  DataSet.read(dataSetBytes(values, uid), encodingOf(uid))

test('the dictionary knows elements, repeating groups, private creators and group lengths', () => {
  expect(tagOf('PatientName')).toBe(0x00100010)
  expect(lookupTag(0x00280010)).toMatchObject({ keyword: 'Rows', vr: 'US', vm: '1' })
  expect(lookupTag(0x60020010)?.keyword).toBe('OverlayRows')
  expect(lookupTag(0x00090010)?.keyword).toBe('PrivateCreator')
  expect(lookupTag(0x00091001)).toBeUndefined()
  expect(lookupTag(0x00080000)?.vr).toBe('UL')
  expect(tagOf('PatientsName')).toBeUndefined()
  expect(formatTag(0x7fe00010)).toBe('7FE00010')
})

test('names are split and shown as people write them', () => {
  expect(splitPersonName('Yamada^Tarou=山田^太郎=やまだ^たろう')).toEqual({
    alphabetic: 'Yamada^Tarou',
    ideographic: '山田^太郎',
    phonetic: 'やまだ^たろう',
  })
  expect(splitPersonName('Doe^^^^==').alphabetic).toBe('Doe')
  expect(displayName('Adams^John Robert Quincy^^Rev.^B.A. M.Div.')).toBe('Adams, Rev. John Robert Quincy B.A. M.Div.')
  expect(displayName('Doe')).toBe('Doe')
  expect(displayName('^Jane')).toBe('Jane')
  expect(displayName('')).toBe('')
})

test.each([
  ['Müller^Jürgen', 'muller jurgen'],
  ['Ærøskøbing', 'aeroskobing'],
  ['Łódź', 'lodz'],
  ['Nguyễn', 'nguyen'],
  ['STRAẞE', 'strasse'],
  ['ＹＡＭＡＤＡ', 'yamada'],
  ['ﾔﾏﾀﾞ', 'やまだ'],
  ['ヤマダ', 'やまだ'],
  ['ヤマタ゛', 'やまだ'],
  ['タロー', 'たろう'],
  ['ﾕｰｺ', 'ゆうこ'],
  ['オオノ', 'オーノ'],
  ['ｹｰｺ', 'けいこ'],
  ['ΔΙΟΝΥΣΙΟΣ', 'Διονυσιος'],
  ['קַבָּא', 'קבא'],
  ['İstanbul', 'istanbul'],
])('a search finds %s by %s', (written, typed) => {
  expect(foldForSearch(written)).toBe(foldForSearch(typed))
})

test('folding keeps scripts apart and Hangul whole', () => {
  expect(foldForSearch('홍^길동')).toBe('홍 길동')
  expect(foldForSearch('が')).not.toBe(foldForSearch('か'))
  // No vowel before it to be long.
  expect(foldForSearch('ンー')).toBe('んー')
})

test('the DICOM JSON model as PS3.18 §F.2 has it', () => {
  const json = toDicomJson(
    read(
      smallCT({
        PatientName: 'Yamada^Tarou=山田^太郎',
        OtherPatientNames: ['A', ''],
        FrameIncrementPointer: 0x00181063,
        ContentSequence: [{ ValueType: 'TEXT', WaveformData: { vr: 'OW', value: new Uint16Array(2000) } }, {}],
        '00080000': { vr: 'UL', value: 10 },
        '00091001': { vr: 'OB', value: Uint8Array.of(1, 2, 3, 4) },
        AccessionNumber: '',
        NumberOfFrames: Uint8Array.from(Buffer.from('1A')),
      }),
    ),
    { bulkDataURI: path => `/bulk/${path}` },
  )
  expect(json['00100010']).toEqual({ vr: 'PN', Value: [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎' }] })
  expect(json['00101001']).toEqual({ vr: 'PN', Value: [{ Alphabetic: 'A' }, null] })
  expect(json['00080005']).toEqual({ vr: 'CS', Value: ['ISO_IR 192'] })
  expect(json['00280009']).toEqual({ vr: 'AT', Value: ['00181063'] })
  expect(json['00280030']).toEqual({ vr: 'DS', Value: [0.5, 0.25] })
  expect(json['00280010']).toEqual({ vr: 'US', Value: [4] })
  expect(json['00280008']).toEqual({ vr: 'IS', Value: ['1A'] })
  expect(json['00080050']).toEqual({ vr: 'SH' })
  expect(json['00080000']).toBeUndefined()
  expect(json['00091001']).toEqual({ vr: 'OB', InlineBinary: 'AQIDBA==' })
  expect(json['7FE00010']).toEqual({ vr: 'OW', BulkDataURI: '/bulk/7FE00010' })
  expect(json['0040A730']).toEqual({
    vr: 'SQ',
    Value: [
      { '0040A040': { vr: 'CS', Value: ['TEXT'] }, '54001010': { vr: 'OW', BulkDataURI: '/bulk/0040A730/1/54001010' } },
      {},
    ],
  })
})

test('binary values in JSON are little endian whatever the file is', () => {
  const values: NewDataSet = { Modality: 'CT', '00091002': { vr: 'OW', value: Uint16Array.of(0x0102, 0x0304) } }
  const options = { bulkDataURI: (path: string) => path }
  const big = toDicomJson(read(values, TS.ExplicitVRBigEndian), options)
  expect(big).toEqual(toDicomJson(read(values), options))
})

test('the header view shows every element, sequences unfolded, values cut', () => {
  const values = smallCT({
    ImageComments: 'x'.repeat(5000),
    ReferencedImageSequence: [{ ReferencedSOPInstanceUID: '1.2.3' }],
    PixelData: encapsulate([[new Uint8Array(8)]], { bot: true }),
  })
  const { elements, truncated } = headerLines(read(values), 1000)
  expect(truncated).toBe(false)
  const line = (keyword: string) => elements.find(element => element.keyword === keyword)
  expect(line('PatientName')).toEqual({
    tag: '00100010',
    vr: 'PN',
    keyword: 'PatientName',
    depth: 0,
    length: 10,
    value: 'Test^Small',
  })
  expect(line('WindowCenter')?.value).toBe('40\\-600')
  expect(line('ImageComments')?.value).toHaveLength(1024)
  expect(line('ReferencedImageSequence')?.value).toBe('1 item')
  expect(line('ReferencedSOPInstanceUID')).toMatchObject({ depth: 2, value: '1.2.3' })
  expect(line('PixelData')?.value).toBe('fragments')
  expect(headerLines(read(values), 3)).toMatchObject({ elements: { length: 3 }, truncated: true })
})
