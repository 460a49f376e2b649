import { expect, test } from 'vitest'
import { type Encoding, encodingOf } from '../../shared/dicom/encoding.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { spliceHeader } from '../../shared/dicom/splice.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'

const AT = Date.UTC(2026, 10, 22, 8, 15, 30)
const PIXELS = new Uint16Array(4096).fill(7)
const latin1 = (text: string) => Uint8Array.from(text, letter => letter.charCodeAt(0))

/** A received data set whose text is in Latin-1, the moved one made of it, and the bytes of both. */
function spliced(
  values: Record<string, string>,
  more: NewDataSet = {},
  encoding: Encoding = encodingOf(TS.ExplicitVRLittleEndian),
) {
  const bytes = writeDataSet(
    {
      'SpecificCharacterSet': 'ISO_IR 100',
      'StudyInstanceUID': '1.2.3',
      'StudyDescription': latin1('Schädel'),
      'PatientName': latin1('Müller^Jürgen'),
      'PatientID': 'OLD',
      'PatientSex': 'M',
      'RequestAttributesSequence': [
        { RequestedProcedureDescription: latin1('Röntgen'), ScheduledProcedureStepID: '7' },
      ],
      '00091001': { vr: 'LO', value: latin1('privé') },
      'PixelData': PIXELS,
      ...more,
    },
    encoding,
  )
  const header = DataSet.read(bytes, encoding, { stopAt: 0x7fe00008 })
  const { head, rest } = spliceHeader(header, values, AT)
  const out = Buffer.concat([head, bytes.subarray(rest)])
  return { bytes, out, rest, head, now: DataSet.read(out, encoding) }
}

for (const TransferSyntaxUID of [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian, TS.ExplicitVRBigEndian]) {
  test(`${TransferSyntaxUID}: edited elements are other ones, all else the same bytes, and the old values are kept`, () => {
    const encoding = encodingOf(TransferSyntaxUID)
    const wish = { PatientName: 'Doe^Renée', PatientID: 'NEW', PatientBirthDate: '19700101', PatientSex: 'M' }
    const { bytes, out, rest, now } = spliced(wish, {}, encoding)
    expect(now.damage).toBeUndefined()
    expect(now.elements.map(({ tag }) => tag)).toEqual(now.elements.map(({ tag }) => tag).toSorted((a, b) => a - b))
    expect(now.string('PatientName')).toBe('Doe^Renée')
    expect(now.string('PatientID')).toBe('NEW')
    expect(now.string('PatientBirthDate')).toBe('19700101')
    expect(now.string('SpecificCharacterSet')).toBe('ISO_IR 100')
    expect(now.string('StudyDescription')).toBe('Schädel')
    // From behind the last edited element on nothing is other than it was.
    expect(out.subarray(out.length - (bytes.length - rest)).equals(bytes.subarray(rest))).toBe(true)
    const [item] = now.items('OriginalAttributesSequence')
    expect(item?.string('ReasonForTheAttributeModification')).toBe('CORRECT')
    expect(item?.string('ModifyingSystem')).toBe('Isocenter')
    expect(item?.string('AttributeModificationDateTime')).toBe('20261122081530.000000+0000')
    expect(item?.has('SourceOfPreviousValues')).toBe(true)
    const [old] = item?.items('ModifiedAttributesSequence') ?? []
    expect(old?.string('PatientName')).toBe('Müller^Jürgen')
    expect(old?.string('PatientID')).toBe('OLD')
    // What was not there, and what did not change.
    expect(old?.span('PatientBirthDate')?.length).toBe(0)
    expect(old?.has('PatientSex')).toBe(false)
  })
}

test('a name that the character set cannot write makes the header UTF-8, items and private text with it', () => {
  const { now, bytes, out, rest } = spliced({ PatientName: 'Yamada^Tarou=山田^太郎' })
  expect(now.string('SpecificCharacterSet')).toBe('ISO_IR 192')
  expect(now.string('PatientName')).toBe('Yamada^Tarou=山田^太郎')
  expect(now.string('StudyDescription')).toBe('Schädel')
  expect(now.string(0x00091001)).toBe('privé')
  const [request] = now.items('RequestAttributesSequence')
  expect(request?.string('RequestedProcedureDescription')).toBe('Röntgen')
  expect(request?.string('ScheduledProcedureStepID')).toBe('7')
  const [old] = now.items('OriginalAttributesSequence')[0]?.items('ModifiedAttributesSequence') ?? []
  expect(old?.string('PatientName')).toBe('Müller^Jürgen')
  expect(out.subarray(out.length - (bytes.length - rest)).equals(bytes.subarray(rest))).toBe(true)
  expect(Buffer.from(now.bytes('PixelData') ?? []).equals(Buffer.from(PIXELS.buffer))).toBe(true)
})

test('a second correction is a second item; one that changes nothing changes no byte', () => {
  const first = spliced({ PatientID: 'NEW' })
  const header = DataSet.read(first.out, first.now.encoding, { stopAt: 0x7fe00008 })
  const { head, rest } = spliceHeader(header, { PatientID: 'NEWER' }, AT)
  const now = DataSet.read(Buffer.concat([head, first.out.subarray(rest)]), first.now.encoding)
  const before = now
    .items('OriginalAttributesSequence')
    .map(item => item.items('ModifiedAttributesSequence')[0]?.string('PatientID'))
  expect(before).toEqual(['OLD', 'NEW'])
  expect(spliced({ PatientID: 'OLD', PatientBirthDate: '' }).out.equals(first.bytes)).toBe(true)
})

test('group lengths, which would be wrong, go; a header that ends in damage keeps its end', () => {
  const { now } = spliced({ PatientID: 'LONGER' }, { '00100000': { vr: 'UL', value: [46] } })
  expect(now.has(0x00100000)).toBe(false)
  const whole = spliced({}).bytes
  const cut = whole.subarray(0, 170)
  const header = DataSet.read(cut, encodingOf(TS.ExplicitVRLittleEndian))
  const { head, rest } = spliceHeader(header, { PatientID: 'NEW' }, AT)
  expect(DataSet.read(Buffer.concat([head, cut.subarray(rest)]), header.encoding).string('PatientID')).toBe('NEW')
})
