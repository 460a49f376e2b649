import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { blacken, cleaningOf } from '../../shared/deidentify/cleanPixels.ts'
import { withoutComments } from '../../shared/deidentify/codestreams.ts'
import { shiftDates } from '../../shared/deidentify/dates.ts'
import { deidentify, newUID, type Pseudonyms } from '../../shared/deidentify/deidentify.ts'
import { deidentifyOptions } from '../../shared/deidentify/options.ts'
import { leftOut, risksOf } from '../../shared/deidentify/risks.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS, transferSyntax } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { toIsocenterError } from '../../shared/errors.ts'
import { sharedFiles } from '../fixtures/sharedData.ts'
import { leaksIn, secretsOf } from './deidentifyLeaks.ts'

const pseudonyms = (patient: string, key = 'a key'): Pseudonyms => ({
  hash: text => createHmac('sha256', key).update(text).digest(),
  patient,
})
type Wish = Parameters<typeof deidentifyOptions.parse>[0]

function readFile(path: string): { dataSet: DataSet; TransferSyntaxUID: string } | undefined {
  const bytes = new Uint8Array(readFileSync(path))
  const meta = readFileMeta(bytes)
  if (!meta) return undefined
  const { TransferSyntaxUID, dataSetOffset } = meta
  const rest = bytes.subarray(dataSetOffset)
  const inflated = transferSyntax(TransferSyntaxUID).deflated ? new Uint8Array(inflateRawSync(rest)) : rest
  return { dataSet: DataSet.read(inflated, encodingOf(TransferSyntaxUID)), TransferSyntaxUID }
}

function outcome(dataSet: DataSet, TransferSyntaxUID: string, wish: Wish = {}, by = pseudonyms('1')) {
  const made = deidentify(dataSet, TransferSyntaxUID, deidentifyOptions.parse(wish), by)
  const file = new Uint8Array(Buffer.concat(made.chunks))
  const meta = readFileMeta(file)
  if (!meta) throw new Error('no Part-10 file came out')
  const read = DataSet.read(file.subarray(meta.dataSetOffset), encodingOf(meta.TransferSyntaxUID))
  return { ...made, file, meta, read }
}

function ofNew(values: NewDataSet, wish: Wish = {}, by?: Pseudonyms, syntax: string = TS.ExplicitVRLittleEndian) {
  const base = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: '1.2.3.4', StudyInstanceUID: '1.2.3.5' }
  const bytes = writeDataSet({ ...base, SeriesInstanceUID: '1.2.3.6', ...values }, encodingOf(syntax))
  return outcome(DataSet.read(bytes, encodingOf(syntax)), syntax, wish, by)
}

/** All of them with ISOCENTER_ALL_FILES=1: 4 s on a quiet machine. */
const STEP = process.env.ISOCENTER_ALL_FILES ? 1 : 4

test('of every real file that can be read, nothing that names anybody is in the bytes of the other one', () => {
  let files = 0
  const refused: string[] = []
  const leaks: string[] = []
  for (const { name, path } of sharedFiles().filter((_, index) => index % STEP === 0)) {
    const found = readFile(path)
    if (!found) continue
    try {
      const { file } = outcome(found.dataSet, found.TransferSyntaxUID)
      files += 1
      const leaked = leaksIn(file, secretsOf(found.dataSet))
      if (leaked.length > 0) leaks.push(`${name}: ${leaked.join(', ')}`)
    } catch (thrown) {
      expect(toIsocenterError(thrown).code).toBe('malformed')
      refused.push(name)
    }
  }
  expect(leaks).toEqual([])
  expect(refused.length).toBeLessThanOrEqual(files / 50)
  if (process.env.ISOCENTER_ALL_FILES)
    console.log(`${files} files, ${leaks.length} leaks, ${refused.length} that cannot be read`)
}, 120_000)

test('names, dates and UIDs go at every level, in private elements and in text that speaks of them', () => {
  const { file, read, meta } = ofNew({
    PatientName: 'Malkovich^Johanna',
    PatientID: 'MRN-778899',
    PatientBirthDate: '19570403',
    AccessionNumber: 'ACC4711',
    StudyDate: '20210506',
    StudyDescription: 'Thorax of Malkovich',
    ReferringPhysicianName: 'Quacksalver^Leo',
    SourceImageSequence: [{ ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: '1.2.3.4' }],
    AnatomicRegionSequence: [
      { CodeValue: 'T-D3000', CodingSchemeDesignator: 'SRT', CodeMeaning: 'Chest of Quacksalver' },
    ],
    '00091010': { vr: 'LO', value: 'Malkovich' },
    '00090010': { vr: 'LO', value: 'SOMEBODY 1.0' },
    Rows: 2,
    PixelData: { vr: 'OW', value: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]) },
  })
  const text = Buffer.from(file).toString('latin1')
  for (const word of ['Malkovich', 'Johanna', '778899', '19570403', 'ACC4711', '20210506', 'Quacksalver', 'SOMEBODY']) {
    expect(text).not.toContain(word)
  }
  expect(read.string('PatientName')).toBe('ANONYMOUS')
  expect(read.string('PatientIdentityRemoved')).toBe('YES')
  expect(read.items('DeidentificationMethodCodeSequence').map(item => item.string('CodeValue'))).toEqual(['113100'])
  expect(read.string('LongitudinalTemporalInformationModified')).toBe('REMOVED')
  // The reference still points at the image, which has another name now.
  const [reference] = read.items('SourceImageSequence')
  expect(reference?.string('ReferencedSOPInstanceUID')).toBe(read.string('SOPInstanceUID'))
  expect(read.string('SOPInstanceUID')).toBe(newUID('1.2.3.4', pseudonyms('1')))
  expect(meta.MediaStorageSOPInstanceUID).toBe(read.string('SOPInstanceUID'))
  expect(reference?.string('ReferencedSOPClassUID')).toBe('1.2.840.10008.5.1.4.1.1.2')
  expect([...(read.bytes('PixelData') ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

test('a short name is found where it stands alone, and one in a script without spaces anywhere', () => {
  const described = (PatientName: string, SeriesDescription: string) =>
    ofNew(
      { SpecificCharacterSet: 'ISO_IR 192', PatientName, SeriesDescription },
      { cleanDescriptors: true },
    ).read.string('SeriesDescription')
  expect(described('Li^Mei', 'Thorax of Mei, late')).toBe('ANONYMIZED')
  expect(described('Kim^Eva', "Kim's follow-up")).toBe('ANONYMIZED')
  expect(described('Malko-Vichova^Eva', 'Thorax, Vichova')).toBe('ANONYMIZED')
  expect(described('Yamada^Tarou=山田^太郎', '胸部太郎')).toBe('ANONYMIZED')
  expect(described('Li^Eva^^Dr', 'Liver evaluated, dr')).toBe('Liver evaluated, dr')
})

test('one export, one mapping: other keys make other UIDs, and a patient’s dates keep their distance', () => {
  const uid = (key: string) => newUID('1.2.3.4', pseudonyms('1', key))
  expect(uid('a')).toBe(uid('a'))
  expect(uid('a')).not.toBe(uid('b'))
  expect(uid('a')).toMatch(/^2\.25\.\d{1,39}$/)
  const dated = (StudyDate: string, patient: string) =>
    ofNew({ StudyDate, AcquisitionDateTime: `${StudyDate}101112.5+0100` }, { dates: 'shifted' }, pseudonyms(patient))
      .read
  const day = (text: string) => Date.UTC(+text.slice(0, 4), +text.slice(4, 6) - 1, +text.slice(6, 8)) / 86_400_000
  const [first, second] = [dated('20200229', '1'), dated('20200310', '1')]
  expect(day(second.string('StudyDate')) - day(first.string('StudyDate'))).toBe(10)
  expect(first.string('StudyDate')).not.toBe('20200229')
  expect(first.string('AcquisitionDateTime')).toBe(`${first.string('StudyDate')}101112.5+0100`)
  expect(dated('20200229', '2').string('StudyDate')).not.toBe(first.string('StudyDate'))
  expect(first.string('LongitudinalTemporalInformationModified')).toBe('MODIFIED')
})

test('dates move over leap days and months; what is none is empty', () => {
  expect(shiftDates('20200301', -1)).toBe('20200229')
  expect(shiftDates('20210301\\20201231', 1)).toBe('20210302\\20210101')
  expect(shiftDates('2020.03.01', -1)).toBe('20200229')
  expect(shiftDates('20200231', 1)).toBe('')
  expect(shiftDates('yesterday', 1)).toBe('')
})

test('each option keeps what it is named for, and says so', () => {
  const values: NewDataSet = {
    InstitutionName: 'St Elsewhere',
    StationName: 'CT-ONE',
    DeviceSerialNumber: '20210506123',
    PatientSex: 'F',
    PatientAge: '061Y',
    StudyDate: '20210506',
    SeriesDescription: 'Thin lung',
    '00190010': { vr: 'LO', value: 'SIEMENS MR HEADER' },
    '0019100c': { vr: 'IS', value: '800' },
    '0019100d': { vr: 'CS', value: 'DIRECTIONAL' },
    '00190011': { vr: 'LO', value: 'SOMEBODY ELSE' },
    '0019110c': { vr: 'IS', value: '5' },
  }
  const plain = ofNew(values).read
  for (const keyword of [
    'InstitutionName',
    'StationName',
    'PatientSex',
    'PatientAge',
    'StudyDate',
    'SeriesDescription',
  ]) {
    expect(plain.string(keyword), keyword).not.toBe(String(values[keyword]))
  }
  expect(plain.has(0x0019100c)).toBe(false)
  const kept = ofNew(values, {
    retainUIDs: true,
    retainDevice: true,
    retainInstitution: true,
    retainPatientCharacteristics: true,
    dates: 'kept',
    cleanDescriptors: true,
    retainSafePrivate: true,
  }).read
  for (const keyword of [
    'InstitutionName',
    'StationName',
    'PatientSex',
    'PatientAge',
    'StudyDate',
    'SeriesDescription',
  ]) {
    expect(kept.string(keyword), keyword).toBe(String(values[keyword]))
  }
  expect(kept.string('SOPInstanceUID')).toBe('1.2.3.4')
  expect(kept.string(0x0019100c)).toBe('800')
  expect(kept.string(0x00190010)).toBe('SIEMENS MR HEADER')
  expect(kept.has(0x0019100d)).toBe(false)
  expect([kept.has(0x00190011), kept.has(0x0019110c)]).toEqual([false, false])
  expect(kept.string('DeviceSerialNumber')).toBe('20210506123')
  const tags = kept.elements.map(({ tag }) => tag)
  expect(tags).toEqual([...tags].sort((a, b) => a - b))
  expect(
    kept
      .items('DeidentificationMethodCodeSequence')
      .map(item => item.string('CodeValue'))
      .sort(),
  ).toEqual(['113100', '113105', '113106', '113108', '113109', '113110', '113111', '113112'])
})

test('a report keeps its tree and its numbers, and none of its words', () => {
  const report: NewDataSet = {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.22',
    PatientName: 'Malkovich^Johanna',
    ContentSequence: [
      { ValueType: 'TEXT', TextValue: 'Mrs M. has a nodule' },
      { ValueType: 'PNAME', PersonName: 'Quacksalver^Leo' },
      { ValueType: 'NUM', MeasuredValueSequence: [{ NumericValue: '12.5' }] },
    ],
  }
  expect(ofNew(report).read.has('ContentSequence')).toBe(false)
  const items = ofNew(report, { cleanStructuredContent: true }).read.items('ContentSequence')
  expect(items.map(item => item.string('ValueType'))).toEqual(['TEXT', 'PNAME', 'NUM'])
  expect(items[0]?.string('TextValue')).toBe('ANONYMIZED')
  expect(items[1]?.string('PersonName')).not.toContain('Quack')
  expect(items[2]?.items('MeasuredValueSequence')[0]?.string('NumericValue')).toBe('12.5')
})

test.each([TS.ImplicitVRLittleEndian, TS.ExplicitVRBigEndian])('%s comes out as Explicit VR Little Endian', syntax => {
  const { meta, read } = ofNew({ Rows: 258, PixelSpacing: ['0.5', '0.5'], BitsAllocated: 16 }, {}, undefined, syntax)
  expect(meta.TransferSyntaxUID).toBe(TS.ExplicitVRLittleEndian)
  expect(read.number('Rows')).toBe(258)
  expect(read.numbers('PixelSpacing')).toEqual([0.5, 0.5])
})

test('a well-known object keeps its well-known name, in File Meta too', () => {
  const { read, meta } = ofNew({ SOPInstanceUID: '1.2.840.10008.1.5.7' })
  expect(read.string('SOPInstanceUID')).toBe('1.2.840.10008.1.5.7')
  expect(meta.MediaStorageSOPInstanceUID).toBe('1.2.840.10008.1.5.7')
})

test('what a camera writes beside the picture is overwritten, also across fragments; what decoders go by stays', () => {
  const segment = (marker: number, text: string) => [0xff, marker, 0, text.length + 2, ...Buffer.from(text)]
  const item = (bytes: number[]) => [0xfe, 0xff, 0x00, 0xe0, bytes.length, 0, 0, 0, ...bytes]
  const head = [0xff, 0xd8, ...segment(0xe0, 'JFIF\0'), ...segment(0xe1, 'Exif Kim'), ...segment(0xee, 'Adobe1')]
  const long = segment(0xfe, 'Anna Curie was here')
  const scan = [...segment(0xda, 'Anna'), 0xff, 0xd9]
  const j2k = [
    0xff,
    0x4f,
    ...segment(0x51, 'size'),
    ...segment(0x64, '\0\x01Kim'),
    0xff,
    0x90,
    0,
    2,
    ...Buffer.from('Kim'),
  ]
  const bytes = new Uint8Array([
    ...item([]),
    ...item([...head, ...long.slice(0, 10)]),
    ...item([...long.slice(10), ...scan]),
    ...item(j2k),
    ...item([...Buffer.from('raw Kim')]),
  ])
  const before = bytes.slice()
  const out = withoutComments(bytes)
  expect(bytes).toEqual(before)
  expect(out.length).toBe(bytes.length)
  const text = Buffer.from(out).toString('latin1')
  expect(text).toContain('JFIF')
  expect(text).toContain('Adobe1')
  for (const gone of ['Exif', 'Curie', 'here', '\x01Kim']) expect(text, gone).not.toContain(gone)
  // A scan, a tile, and what is no such codestream are samples.
  expect(text.split('Kim')).toHaveLength(3)
  expect(text.split('Anna')).toHaveLength(2)
  const plain = new Uint8Array(item([1, 2, 3, 4]))
  expect(withoutComments(plain)).toBe(plain)
})

test('what cannot be read to its end does not leave', () => {
  const bytes = writeDataSet(
    { PatientName: 'Malkovich', PatientComments: 'a long one' },
    encodingOf(TS.ExplicitVRLittleEndian),
  )
  const cut = DataSet.read(bytes.subarray(0, bytes.length - 4), encodingOf(TS.ExplicitVRLittleEndian))
  expect(() => outcome(cut, TS.ExplicitVRLittleEndian)).toThrow(/damaged/)
})

test('what may have a name in its pixels is told, and what nobody can look into waits for a person’s word', () => {
  const facts = {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
    Modality: 'CT',
    BurnedInAnnotation: '',
    ImageType: ['ORIGINAL', 'PRIMARY'],
  }
  const careless = { vouched: false, cleanStructuredContent: false }
  expect(risksOf(facts)).toEqual([])
  expect(risksOf({ ...facts, BurnedInAnnotation: 'YES' })).toEqual(['burned-in'])
  expect(risksOf({ ...facts, ImageType: ['DERIVED', 'SECONDARY', 'SCREEN SAVE'] })).toEqual(['perhaps-burned-in'])
  expect(risksOf({ ...facts, Modality: 'US' })).toEqual(['perhaps-burned-in'])
  expect(risksOf({ ...facts, Modality: 'US', BurnedInAnnotation: 'NO' })).toEqual([])
  const pdf = risksOf({ ...facts, SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1' })
  const report = risksOf({ ...facts, SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.11' })
  const video = risksOf({ ...facts, TransferSyntaxUID: '1.2.840.10008.1.2.4.102' })
  expect([pdf, report, video]).toEqual([['document'], ['report'], ['video']])
  expect([pdf, report, video, ['burned-in' as const]].every(risks => leftOut(risks, careless))).toBe(true)
  expect(leftOut(['perhaps-burned-in'], careless)).toBe(false)
  expect([pdf, video].some(risks => leftOut(risks, { ...careless, vouched: true }))).toBe(false)
  expect(leftOut(report, { ...careless, vouched: true })).toBe(true)
  expect(leftOut(report, { ...careless, cleanStructuredContent: true })).toBe(false)
})

/** A row of text, as far as its levels go: bright letters over a dark image. */
function burned(Rows: number, Columns: number, samples: number, bits: 8 | 16, place: { row: number; column: number }) {
  const bytes = bits / 8
  const pixels = new Uint8Array(Rows * Columns * samples * bytes).map((_, at) => 20 + (at % 3))
  for (let row = place.row; row < place.row + 4; row++) {
    const from = (row * Columns + place.column) * samples * bytes
    pixels.fill(250, from, from + 12 * samples * bytes)
  }
  return pixels
}
const US = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.6.1', SOPInstanceUID: '1.2.3.4', StudyInstanceUID: '1.2.3.5' }
const imageOf = (values: NewDataSet) => {
  const encoding = encodingOf(TS.ExplicitVRLittleEndian)
  return DataSet.read(writeDataSet({ ...US, SeriesInstanceUID: '1.2.3.6', ...values }, encoding), encoding)
}
const brightest = (pixels: Uint8Array | undefined) =>
  (pixels ?? new Uint8Array()).reduce((most, level) => Math.max(most, level), 0)

test('what a person drew is black in every frame, whatever the layout of the pixels, and nothing else is touched', () => {
  const areas = [{ SeriesInstanceUID: '1.2.3.6', Rows: 32, Columns: 40, left: 25, top: 0, width: 50, height: 25 }]
  for (const [samples, bits, planar, photometric] of [
    [1, 8, 0, 'MONOCHROME2'],
    [1, 16, 0, 'MONOCHROME2'],
    [3, 8, 0, 'RGB'],
    [3, 8, 1, 'RGB'],
  ] as const) {
    const [Rows, Columns] = [32, 40]
    const frame = planar
      ? Buffer.concat([1, 2, 3].map(() => burned(Rows, Columns, 1, 8, { row: 2, column: 12 })))
      : burned(Rows, Columns, samples, bits, { row: 2, column: 12 })
    const dataSet = imageOf({
      SamplesPerPixel: samples,
      PhotometricInterpretation: photometric,
      ...(samples === 3 && { PlanarConfiguration: planar }),
      NumberOfFrames: 2,
      ...{ Rows, Columns, BitsAllocated: bits, BitsStored: bits, HighBit: bits - 1, PixelRepresentation: 0 },
      PixelData: { vr: bits === 16 ? 'OW' : 'OB', value: Buffer.concat([frame, frame]) },
    })
    const cleaning = cleaningOf(dataSet, { outsideRegions: true, areas })
    // Drawn on an image of another size it says nothing of this one.
    const others = areas.map(area => ({ ...area, Rows: 64 }))
    expect(cleaningOf(dataSet, { outsideRegions: true, areas: others })).toBeUndefined()
    // Proposed and seen by nobody it is made black as well, and is no person's word.
    const unseen = areas.map(area => ({ ...area, unseen: true as const }))
    expect(cleaning).toMatchObject({ byPerson: true })
    expect(cleaningOf(dataSet, { outsideRegions: true, areas: unseen })).toMatchObject({
      black: [{ left: 10, top: 0, right: 30, bottom: 8 }],
      byPerson: false,
    })
    const pixels = Uint8Array.from(dataSet.bytes('PixelData') ?? [])
    expect(brightest(pixels)).toBe(250)
    blacken(dataSet, pixels, cleaning!)
    expect(brightest(pixels)).toBeLessThanOrEqual(22)
    // Columns 10 to 29 of rows 0 to 7.
    const before = dataSet.bytes('PixelData') ?? new Uint8Array()
    const changed = pixels.reduce((count, level, at) => count + (level === before[at] ? 0 : 1), 0)
    expect(changed).toBeLessThanOrEqual(2 * 8 * 20 * samples * (bits / 8))
    expect(changed).toBeGreaterThanOrEqual(2 * 4 * 12 * samples * (bits / 8))
  }
  expect(cleaningOf(imageOf({ Rows: 4, Columns: 4 }), { outsideRegions: true, areas })).toBeUndefined()
})

test('of ultrasound all outside its own regions goes; regions that cannot be are no regions', () => {
  const [Rows, Columns] = [40, 40]
  const region = (x0: number, y0: number, x1: number, y1: number) => ({
    ...{ RegionLocationMinX0: x0, RegionLocationMinY0: y0, RegionLocationMaxX1: x1, RegionLocationMaxY1: y1 },
  })
  const of = (...regions: NewDataSet[]) =>
    imageOf({
      ...{ Rows, Columns, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', PixelRepresentation: 0 },
      ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, SequenceOfUltrasoundRegions: regions },
      PixelData: { vr: 'OB', value: burned(Rows, Columns, 1, 8, { row: 1, column: 2 }) },
    })
  const wish = { outsideRegions: true, areas: [] }
  const dataSet = of(region(4, 8, 35, 35), region(0, 36, 9, 39))
  const cleaning = cleaningOf(dataSet, wish)
  const pixels = Uint8Array.from(dataSet.bytes('PixelData') ?? [])
  blacken(dataSet, pixels, cleaning!)
  expect(brightest(pixels)).toBeLessThanOrEqual(22)
  const at = (row: number, column: number) => [
    pixels[row * Columns + column],
    dataSet.bytes('PixelData')?.[row * Columns + column],
  ]
  for (const [row, column] of [
    [8, 4],
    [35, 35],
    [36, 9],
    [39, 0],
  ] as const)
    expect(at(row, column)[0]).toBe(at(row, column)[1])
  for (const [row, column] of [
    [7, 4],
    [36, 10],
    [39, 39],
  ] as const)
    expect(at(row, column)[0]).toBe(20)
  expect(cleaningOf(of(region(4, 8, 40, 35)), wish)).toBeUndefined()
  expect(cleaningOf(of(), wish)).toBeUndefined()
  expect(cleaningOf(dataSet, { outsideRegions: false, areas: [] })).toBeUndefined()
  // A region that is the whole image says nothing of where text is: such an image is not called cleaned.
  const whole = of(region(0, 0, 39, 39))
  const same = Uint8Array.from(whole.bytes('PixelData') ?? [])
  expect(blacken(whole, same, cleaningOf(whole, wish)!)).toBe(false)
  expect([...same]).toEqual([...(whole.bytes('PixelData') ?? [])])
  // An area at the very edge is none: nobody has looked.
  const SeriesInstanceUID = whole.string('SeriesInstanceUID')
  const edge = [{ SeriesInstanceUID, Rows, Columns, left: 100, top: 0, width: 5, height: 5 }]
  expect(cleaningOf(whole, { outsideRegions: false, areas: edge })).toBeUndefined()
})

test('cleaned pixels are said to be: no annotation, derived, the method’s code; without a drawn area "YES" stays out', () => {
  const dataSet = imageOf({ BurnedInAnnotation: 'YES', ImageType: ['ORIGINAL', 'PRIMARY', 'ABDOMINAL'] })
  const made = deidentify(dataSet, TS.ExplicitVRLittleEndian, deidentifyOptions.parse({}), pseudonyms('1'), 'cleaned')
  const file = new Uint8Array(Buffer.concat(made.chunks))
  const read = DataSet.read(file.subarray(readFileMeta(file)?.dataSetOffset), encodingOf(TS.ExplicitVRLittleEndian))
  expect(read.string('BurnedInAnnotation')).toBe('NO')
  expect(read.strings('ImageType')).toEqual(['DERIVED', 'PRIMARY', 'ABDOMINAL'])
  const codes = read.items('DeidentificationMethodCodeSequence').map(item => item.string('CodeValue'))
  expect(codes).toEqual(['113100', '113101'])
  const options = deidentifyOptions.parse({})
  expect(leftOut(['burned-in'], options)).toBe(true)
  expect(leftOut(['burned-in'], options, true)).toBe(false)
  expect(leftOut(['video', 'burned-in'], options, true)).toBe(true)
})
