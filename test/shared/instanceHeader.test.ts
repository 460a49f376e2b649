import { expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFunctionalGroups } from '../../shared/dicom/functionalGroups.ts'
import { isJunkPatientID, readInstanceHeader, unshowableReason } from '../../shared/dicom/instanceHeader.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet } from '../../shared/dicom/writer.ts'
import { dataSetBytes, smallCT } from '../fixtures/oddFiles.ts'

const headerOf = (values: NewDataSet, uid: string = TS.ExplicitVRLittleEndian) =>
  readInstanceHeader(dataSetBytes(values, uid), uid)

test('the header of a plain image has what index and viewer need', () => {
  const header = headerOf(
    smallCT({
      SpecificCharacterSet: ['', 'ISO 2022 IR 149'],
      PatientName: Uint8Array.from(Buffer.from('1b242943fbf3', 'hex')),
    }),
  )
  expect(header).toMatchObject({
    StudyInstanceUID: '2.25.1001',
    SeriesInstanceUID: '2.25.1002',
    SOPInstanceUID: '2.25.1003',
    PatientName: '洪',
    lang: 'ko',
    SpecificCharacterSet: '\\ISO 2022 IR 149',
    SeriesNumber: 3,
    InstanceNumber: 7,
    NumberOfFrames: 1,
    flags: [],
    synthetic: false,
    enhanced: false,
    complete: true,
    attributes: {
      Rows: 4,
      PixelSpacing: [0.5, 0.25],
      ImagePositionPatient: [-10, 20.5, 3],
      WindowCenter: [40, -600],
      PhotometricInterpretation: 'MONOCHROME2',
    },
  })
  expect(header.pixels).toMatchObject({ tag: 0x7fe00010, vr: 'OW', length: 32, undefinedLength: false })
  expect(header.damage).toBeUndefined()
})

test.each<[string, NewDataSet, string]>([
  ['without Patient ID', { PatientID: '' }, 'no-patient-id'],
  ['with a placeholder ID', { PatientID: '0000' }, 'junk-patient-id'],
  ['without name', { PatientName: '^^' }, 'no-patient-name'],
  ['without date', { StudyDate: '' }, 'no-study-date'],
  ['with a leading zero in a UID', { StudyInstanceUID: '1.2.03' }, 'odd-uid'],
  [
    'with text that is not of its set',
    { SpecificCharacterSet: 'ISO_IR 192', PatientName: Uint8Array.of(0x4d, 0xfc) },
    'bad-charset',
  ],
  ['with a date that is none', { StudyDate: 'May 2026' }, 'odd-value'],
  ['with a number that is none', { InstanceNumber: Uint8Array.from(Buffer.from('1A')) }, 'odd-value'],
])('an image %s is kept and flagged', (_name, changes, flag) => {
  expect(headerOf(smallCT(changes)).flags).toEqual([flag])
})

test('placeholders are told from real Patient IDs', () => {
  for (const id of ['0', 'UNKNOWN', 'n/a', '---', 'Anonymous', 'No ID', '999999'])
    expect(isJunkPatientID(id)).toBe(true)
  for (const id of ['', '10', 'A0001', '90210', 'TEST-4711', 'Ünal']) expect(isJunkPatientID(id)).toBe(false)
})

test('values a scanner got wrong are left out, not passed on', () => {
  const { attributes } = headerOf(
    smallCT({
      ImagePositionPatient: Uint8Array.from(Buffer.from('1\\abc\\3')),
      PixelSpacing: '0.5',
      PixelRepresentation: 1,
      PixelPaddingValue: { vr: 'US', value: 0xf830 },
    }),
  )
  expect(attributes.ImagePositionPatient).toBeUndefined()
  expect(attributes.PixelSpacing).toBeUndefined()
  expect(attributes.PixelPaddingValue).toBe(-2000)
})

test('a header of any size leaves little in the index', () => {
  const long = 'x'.repeat(300_000)
  const header = headerOf(
    smallCT({ PatientName: long, ImageComments: long, FrameTimeVector: Array.from({ length: 70_000 }, () => 40) }),
    TS.ImplicitVRLittleEndian,
  )
  expect(header.PatientName).toHaveLength(1024)
  expect(header.attributes.ImageComments).toHaveLength(10_240)
  expect(header.attributes.FrameTimeVector).toHaveLength(65_536)
})

test('sample data is known as such', () => {
  expect(headerOf(smallCT({ PatientID: 'SYNTHETIC-1' })).synthetic).toBe(true)
})

const u16 = (data: string) => Array.from(new Uint16Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer))

test.each([TS.ExplicitVRLittleEndian, TS.ExplicitVRBigEndian, TS.ImplicitVRLittleEndian])(
  'lookup tables and palettes in %s',
  uid => {
    const little = encodingOf(uid).littleEndian
    const { attributes } = headerOf(
      smallCT({
        PixelRepresentation: 1,
        ModalityLUTSequence: [
          {
            LUTDescriptor: { vr: 'SS', value: [3, -1, 16] },
            ModalityLUTType: 'HU',
            LUTData: { vr: 'US', value: [10, 20, 60000] },
          },
        ],
        VOILUTSequence: [
          {
            LUTDescriptor: { vr: 'US', value: [2, 5, 12] },
            LUTExplanation: 'BONE',
            LUTData: { vr: 'OW', value: Uint16Array.of(0, 4095) },
          },
        ],
        RedPaletteColorLookupTableDescriptor: { vr: 'US', value: [4, 0, 8] },
        GreenPaletteColorLookupTableDescriptor: { vr: 'US', value: [4, 0, 16] },
        BluePaletteColorLookupTableDescriptor: { vr: 'US', value: [4, 0, 16] },
        // 8-bit entries are packed two in a word: in big endian the second stands first.
        RedPaletteColorLookupTableData: little ? Uint8Array.of(1, 2, 3, 4) : Uint8Array.of(2, 1, 4, 3),
        GreenPaletteColorLookupTableData: Uint16Array.of(100, 200, 300, 400),
        SegmentedBluePaletteColorLookupTableData: Uint16Array.of(0, 1, 10, 1, 3, 40),
      }),
      uid,
    )
    expect(attributes.ModalityLUT).toMatchObject({ entries: 3, first: -1, bits: 16 })
    expect(u16(attributes.ModalityLUT?.data ?? '')).toEqual([10, 20, 60000])
    expect(attributes.VOILUT?.[0]).toMatchObject({ entries: 2, first: 5, bits: 12, explanation: 'BONE' })
    expect(u16(attributes.PaletteColorLookupTable?.red.data ?? '')).toEqual([1, 2, 3, 4])
    expect(u16(attributes.PaletteColorLookupTable?.green.data ?? '')).toEqual([100, 200, 300, 400])
    expect(u16(attributes.PaletteColorLookupTable?.blue.data ?? '')).toEqual([10, 20, 30, 40])
  },
)

test('frames of an enhanced image take the shared groups, then their own', () => {
  const bytes = dataSetBytes({
    NumberOfFrames: 3,
    SharedFunctionalGroupsSequence: [
      {
        PixelMeasuresSequence: [{ PixelSpacing: [0.7, 0.7], SliceThickness: 2 }],
        PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
        PixelValueTransformationSequence: [{ RescaleSlope: 2, RescaleIntercept: -5 }],
      },
    ],
    PerFrameFunctionalGroupsSequence: [0, 1].map(z => ({
      PlanePositionSequence: [{ ImagePositionPatient: [0, 0, z] }],
      FrameContentSequence: [{ TemporalPositionIndex: z + 1, FrameAcquisitionDateTime: '20260102101112.5+0100' }],
      FrameVOILUTSequence: [{ WindowCenter: 40 + z, WindowWidth: 400 }],
      MREchoSequence: [{ EffectiveEchoTime: 12.5 }],
    })),
  })
  const dataSet = DataSet.read(bytes, encodingOf(TS.ExplicitVRLittleEndian))
  const { shared, perFrame } = readFunctionalGroups(dataSet, 2)
  // What every frame repeats is told once.
  expect(shared).toEqual({
    PixelSpacing: [0.7, 0.7],
    SliceThickness: 2,
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    RescaleSlope: 2,
    RescaleIntercept: -5,
    AcquisitionDate: '20260102',
    AcquisitionTime: '101112.5',
    WindowWidth: [400],
    EchoTime: 12.5,
  })
  expect(perFrame).toEqual(
    [0, 1].map(z => ({
      ImagePositionPatient: [0, 0, z],
      TemporalPositionIdentifier: z + 1,
      WindowCenter: [40 + z],
    })),
  )
  // More frames than groups: nothing is believed of those that have none.
  expect(readFunctionalGroups(dataSet, 3).perFrame[2]).toEqual({})
})

test('the planes of a dose grid lie where their offsets say', () => {
  const grid = (GridFrameOffsetVector: number[]) =>
    DataSet.read(
      dataSetBytes({
        NumberOfFrames: 3,
        ImagePositionPatient: [-10, -20, 40],
        ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
        GridFrameOffsetVector,
      }),
      encodingOf(TS.ExplicitVRLittleEndian),
    )
  const planes = [40, 42.5, 45].map(z => ({ ImagePositionPatient: [-10, -20, z] }))
  expect(readFunctionalGroups(grid([0, 2.5, 5]), 3).perFrame).toEqual(planes)
  // PS3.3 C.8.8.3.2 b: from the patient's origin.
  expect(readFunctionalGroups(grid([40, 42.5, 45]), 3).perFrame).toEqual(planes)
  expect(readFunctionalGroups(grid([0, 2.5]), 3).perFrame).toEqual([])
})

test.each<[string, NewDataSet, number | undefined]>([
  ['the standard element', { DiffusionBValue: 800 }, 800],
  ['Siemens', { '00190010': { vr: 'LO', value: 'SIEMENS MR HEADER' }, '0019100C': { vr: 'IS', value: '1000' } }, 1000],
  [
    'a block elsewhere',
    {
      '00190010': { vr: 'LO', value: 'SOMEBODY' },
      '00190011': { vr: 'LO', value: 'SIEMENS MR HEADER' },
      '0019100C': { vr: 'IS', value: '7' },
      '0019110C': { vr: 'IS', value: '50' },
    },
    50,
  ],
  [
    'GE, with what it adds',
    { '00430010': { vr: 'LO', value: 'GEMS_PARM_01' }, '00431039': { vr: 'IS', value: ['1000000600', '8', '0', '0'] } },
    600,
  ],
  [
    'Philips, without a VR',
    {
      '20010010': { vr: 'LO', value: 'Philips Imaging DD 001' },
      '20011003': { vr: 'UN', value: new Uint8Array(Float32Array.of(400).buffer) },
    },
    400,
  ],
  ['an anonymised Siemens', { Manufacturer: 'SIEMENS', '0019100C': { vr: 'IS', value: '500' } }, 500],
  ['another maker', { Manufacturer: 'OTHER', '0019100C': { vr: 'IS', value: '500' } }, undefined],
  [
    'nonsense',
    { '00190010': { vr: 'LO', value: 'SIEMENS MR HEADER' }, '0019100C': { vr: 'IS', value: '-4' } },
    undefined,
  ],
])('the b-value of %s', (_name, values, expected) => {
  expect(readInstanceHeader(dataSetBytes(values), TS.ExplicitVRLittleEndian).attributes.DiffusionBValue).toBe(expected)
})

test('what an SUV takes is read out of its sequence and of Philips’ and GE’s private groups', () => {
  const bytes = dataSetBytes({
    Units: 'BQML',
    DecayCorrection: 'START',
    CorrectedImage: ['ATTN', 'DECY'],
    PatientWeight: 71.5,
    PatientSize: 1.68,
    PatientSex: 'F',
    RadiopharmaceuticalInformationSequence: [
      { RadiopharmaceuticalStartTime: '101500', RadionuclideTotalDose: 3.7e8, RadionuclideHalfLife: 6586.2 },
    ],
    '70530010': { vr: 'LO', value: 'Philips PET Private Group' },
    '70531000': { vr: 'DS', value: '0.000512' },
    '70531009': { vr: 'DS', value: '1.602563' },
    '00090010': { vr: 'LO', value: 'GEMS_PETD_01' },
    '0009100D': { vr: 'DT', value: '20260601101500.00' },
  })
  expect(readInstanceHeader(bytes, TS.ExplicitVRLittleEndian).attributes).toMatchObject({
    Units: 'BQML',
    DecayCorrection: 'START',
    CorrectedImage: ['ATTN', 'DECY'],
    PatientWeight: 71.5,
    PatientSize: 1.68,
    PatientSex: 'F',
    RadiopharmaceuticalStartTime: '101500',
    RadionuclideTotalDose: 3.7e8,
    RadionuclideHalfLife: 6586.2,
    PhilipsSUVScaleFactor: 0.000512,
    PhilipsActivityScaleFactor: 1.602563,
    GEScanDateTime: '20260601101500.00',
  })
})

test('what cannot be shown says why in a sentence', () => {
  const { PixelData: _, ...noPixels } = smallCT()
  const jpeg = encapsulate([[Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)]], { bot: false })
  const reason = (values: NewDataSet, uid: string = TS.ExplicitVRLittleEndian) =>
    unshowableReason(headerOf(values, uid), uid)
  expect(reason(smallCT())).toBeUndefined()
  expect(reason(smallCT({ PixelData: jpeg }), TS.JPEGBaseline8Bit)).toBeUndefined()
  expect(reason(noPixels)).toBe('This object has no pixel data.')
  expect(reason(smallCT({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1' }))).toMatch('Encapsulated PDF')
  expect(reason(smallCT({ PixelData: jpeg }), TS.MPEG4HP41)).toMatch('Video')
  expect(reason(smallCT({ PixelData: jpeg }), '1.2.3.4')).toMatch('no decoder')
  expect(reason(smallCT(), TS.JPIPReferenced)).toMatch('elsewhere')
  expect(reason(smallCT(), TS.JPEGBaseline8Bit)).toMatch('not compressed')
  expect(reason(smallCT({ Rows: 0 }))).toMatch('rows and columns')
  expect(reason(smallCT({ BitsAllocated: 13 }))).toMatch('impossible')
  expect(reason(smallCT({ PixelData: new Uint8Array(0) }))).toMatch('empty')
})

test('real world value mappings: by slope, by table, of the whole image and of frames; unusable ones are left out', () => {
  const units = (CodeValue: string): NewDataSet => ({ MeasurementUnitsCodeSequence: [{ CodeValue }] })
  const linear: NewDataSet = {
    ...units('ml/100ml/s'),
    LUTLabel: 'RCBF',
    RealWorldValueFirstValueMapped: { vr: 'SS', value: -5 },
    RealWorldValueLastValueMapped: { vr: 'SS', value: 4095 },
    RealWorldValueIntercept: -1024,
    RealWorldValueSlope: 0.5,
  }
  const table: NewDataSet = {
    ...units('1'),
    DoubleFloatRealWorldValueFirstValueMapped: 0,
    DoubleFloatRealWorldValueLastValueMapped: 1,
    RealWorldValueLUTData: [0.25, 8],
  }
  const mapped = { label: 'RCBF', unit: 'ml/100ml/s', first: -5, last: 4095, slope: 0.5, intercept: -1024 }
  const { attributes } = headerOf(smallCT({ RealWorldValueMappingSequence: [linear, table, units('{ratio}')] }))
  expect(attributes.RealWorldValueMappings).toEqual([
    mapped,
    { label: '', unit: '', first: 0, last: 1, slope: 1, intercept: 0, values: [0.25, 8] },
  ])
  const group: NewDataSet = { RealWorldValueMappingSequence: [linear] }
  const bytes = dataSetBytes(smallCT({ SharedFunctionalGroupsSequence: [group] }))
  const dataSet = DataSet.read(bytes, encodingOf(TS.ExplicitVRLittleEndian))
  expect(readFunctionalGroups(dataSet, 2).shared.RealWorldValueMappings).toEqual([mapped])
})
