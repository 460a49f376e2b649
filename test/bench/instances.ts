import { encodingOf } from '../../shared/dicom/encoding.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import type { SendObject } from '../fakes/byteSender.ts'

export type Kind = keyof typeof KINDS

/** Any number of distinct instances without a file: one data set, and where in it those things stand that tell them apart. */
export interface Template {
  SOPClassUID: string
  TransferSyntaxUID: string
  dataSet: Buffer
  /** Zero bytes that follow `dataSet`: the rest of a Pixel Data too large to be held. */
  padding: number
  /** Everything that is changed for an instance stands before this offset. */
  headLength: number
  fields: Array<{ offset: number; length: number; text(number: number): string }>
}

export const SERIES_IN_STUDY = 2
/** Digits of the number of a run, and of the number of an instance, series or study in it: fixed, so that no offset moves. */
const RUN_DIGITS = 9
const NUMBER_DIGITS = 12
const PRIVATE_BYTES = 4096
const RANDOM = Buffer.from(Array.from({ length: 8192 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24))

const KINDS = {
  /** 512×512×16, about 530 KB. */
  ct: () => image({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', Modality: 'CT', size: 512 }),
  /** 256×256×16, about 136 KB. */
  mr: () => image({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.4', Modality: 'MR', size: 256 }),
  /** 32×32×16, about 4 KB: for counting and not for weighing. */
  tiny: () => image({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.7', Modality: 'OT', size: 32, privateBytes: 64 }),
  /** 1400×1400×16, 3.9 MB: large enough to be spilled. */
  large: () => image({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', Modality: 'CR', size: 1400 }),
  /** Ultrasound, 60 frames of 640×480 RGB: 55 MB. */
  us: () =>
    image({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.3.1',
      Modality: 'US',
      size: 0,
      more: {
        Rows: 480,
        Columns: 640,
        NumberOfFrames: 60,
        SamplesPerPixel: 3,
        PlanarConfiguration: 0,
        PhotometricInterpretation: 'RGB',
        BitsAllocated: 8,
        BitsStored: 8,
        HighBit: 7,
        PixelData: { vr: 'OB', value: speckle(480 * 640 * 3 * 60) },
      },
    }),
  /** One multi-frame object of 2 GB (2,048 frames of 1,024×512×16), all but its header zeros. */
  huge: () =>
    image({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1',
      Modality: 'CT',
      size: 0,
      more: { Rows: 1024, Columns: 512, NumberOfFrames: 2048, PixelData: { vr: 'OW', value: new Uint8Array(0) } },
      padding: 2 ** 31,
    }),
}

/** The text 'ct', 'mr' … as a kind; undefined when there is none of that name. */
export function toKind(name: string): Kind | undefined {
  return Object.hasOwn(KINDS, name) ? (name as Kind) : undefined
}

/** The data set all instances of a kind share, for the run of this number (0 to 999,999,999): other runs have other UIDs. */
export function template(kind: Kind, run: number, imagesInSeries = 100): Template {
  const { SOPClassUID, values, padding } = KINDS[kind]()
  const imagesInStudy = imagesInSeries * SERIES_IN_STUDY
  const study = (number: number) => Math.floor(number / imagesInStudy)
  const uid = (level: number, number: number) =>
    `2.25.${level}${digits(run, RUN_DIGITS)}${digits(number, NUMBER_DIGITS)}`
  const texts: Record<string, (number: number) => string> = {
    SOPInstanceUID: number => uid(1, number),
    SeriesInstanceUID: number => uid(2, Math.floor(number / imagesInSeries)),
    StudyInstanceUID: number => uid(3, study(number)),
    PatientID: number => `B${digits(run, RUN_DIGITS)}-${digits(study(number), 8)}`,
    PatientName: number => `Bench^${digits(study(number), 8)}`,
    AccessionNumber: number => `A${digits(study(number), NUMBER_DIGITS)}`,
    SeriesNumber: number => digits(Math.floor((number % imagesInStudy) / imagesInSeries) + 1, 4),
    InstanceNumber: number => digits((number % imagesInSeries) + 1, 4),
  }
  // Marks that stand nowhere else in the data set, as long as what will replace them.
  const keywords = Object.keys(texts)
  const marks = keywords.map((keyword, i) => `#${i}`.padEnd(texts[keyword]!(0).length, '#'))
  const marked = Object.fromEntries(keywords.map((keyword, i) => [keyword, marks[i]!]))
  const dataSet = Buffer.from(writeDataSet({ ...values, ...marked }, encodingOf(TS.ExplicitVRLittleEndian)))
  const fields = keywords.map((keyword, i) => {
    const offset = dataSet.indexOf(marks[i]!, 0, 'latin1')
    return { offset, length: marks[i]!.length, text: texts[keyword]! }
  })
  // The length of Pixel Data, the last element, is the header's last four bytes.
  if (padding > 0) dataSet.writeUInt32LE(padding, dataSet.length - 4)
  const headLength = Math.max(...fields.map(({ offset, length }) => offset + length))
  return {
    SOPClassUID,
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
    dataSet,
    padding,
    headLength,
    fields,
  }
}

/** Makes the bytes of `head` (a copy of the data set's beginning, from `headLength` on anything) those of one instance. */
export function number(head: Buffer, { fields }: Template, instance: number): void {
  for (const { offset, text } of fields) head.write(text(instance), offset, 'latin1')
}

export function uidOf({ fields }: Template, keyword: 'SOP' | 'Series' | 'Study', instance: number): string {
  return fields[['SOP', 'Series', 'Study'].indexOf(keyword)]!.text(instance)
}

/** One instance whole, as it is sent; not of a kind with padding. */
export function instanceOf(template: Template, instance: number): SendObject {
  const dataSet = Buffer.from(template.dataSet)
  number(dataSet, template, instance)
  const { SOPClassUID, TransferSyntaxUID } = template
  return { SOPClassUID, TransferSyntaxUID, SOPInstanceUID: uidOf(template, 'SOP', instance), dataSet }
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0')
}

interface Drawn {
  SOPClassUID: string
  Modality: string
  /** Rows and columns of a grey image; 0 = `more` has the image. */
  size: number
  privateBytes?: number
  more?: NewDataSet
  padding?: number
}

/** About seventy elements as a scanner writes them, a private block and nested sequences among them. */
function image({ SOPClassUID, Modality, size, privateBytes = PRIVATE_BYTES, more = {}, padding = 0 }: Drawn) {
  const code = (CodeValue: string, CodeMeaning: string) => [{ CodeValue, CodingSchemeDesignator: 'SRT', CodeMeaning }]
  const values: NewDataSet = {
    SOPClassUID,
    Modality,
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    StudyDate: '20260115',
    SeriesDate: '20260115',
    AcquisitionDate: '20260115',
    ContentDate: '20260115',
    StudyTime: '081500.000000',
    SeriesTime: '081600.000000',
    AcquisitionTime: '081700.000000',
    ContentTime: '081700.000000',
    Manufacturer: 'Isocenter phantoms',
    ManufacturerModelName: 'BENCH',
    InstitutionName: 'Town Hospital',
    StationName: `${Modality}_BENCH`,
    ReferringPhysicianName: 'Referrer^Dr',
    StudyDescription: `${Modality} benchmark`,
    SeriesDescription: 'Axial 1.0 B30',
    InstitutionalDepartmentName: 'Radiology',
    PerformingPhysicianName: 'Reader^Dr',
    OperatorsName: 'Operator',
    ReferencedStudySequence: [
      { ReferencedSOPClassUID: '1.2.840.10008.3.1.2.3.1', ReferencedSOPInstanceUID: '1.2.3.4.5.6.7.8' },
    ],
    ReferencedImageSequence: [
      {
        ReferencedSOPClassUID: SOPClassUID,
        ReferencedSOPInstanceUID: '1.2.3.4.5.6.7.9',
        PurposeOfReferenceCodeSequence: code('121311', 'Localizer'),
      },
    ],
    AnatomicRegionSequence: [
      { CodeValue: 'T-D3000', CodingSchemeDesignator: 'SRT', CodeMeaning: 'Chest', MappingResource: 'DCMR' },
    ],
    PatientBirthDate: '19580412',
    PatientSex: 'O',
    PatientAge: '067Y',
    PatientSize: 1.75,
    PatientWeight: 75,
    BodyPartExamined: 'CHEST',
    SliceThickness: 1,
    KVP: 120,
    DataCollectionDiameter: 500,
    DeviceSerialNumber: '12345',
    SoftwareVersions: 'bench 1',
    ProtocolName: 'Bench',
    ReconstructionDiameter: 360,
    GantryDetectorTilt: 0,
    TableHeight: 120,
    RotationDirection: 'CW',
    ExposureTime: 500,
    XRayTubeCurrent: 200,
    Exposure: 100,
    FilterType: '0',
    GeneratorPower: 40,
    FocalSpots: 1.2,
    ConvolutionKernel: 'B30s',
    PatientPosition: 'HFS',
    StudyID: '1',
    AcquisitionNumber: 1,
    ImagePositionPatient: [-180, -180, 0],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    FrameOfReferenceUID: '1.2.3.4.5.6.7.1',
    PositionReferenceIndicator: '',
    SliceLocation: 0,
    ImageComments: 'SYNTHETIC',
    '00290010': { vr: 'LO', value: 'ISOCENTER BENCH' },
    '00291010': { vr: 'OB', value: RANDOM.subarray(0, privateBytes) },
    '00291011': { vr: 'LO', value: 'kept as it came' },
    RequestAttributesSequence: [
      { ScheduledProcedureStepDescription: 'Chest', RequestedProcedureID: '1', ScheduledProcedureStepID: '1' },
    ],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: size,
    Columns: size,
    PixelSpacing: [0.703125, 0.703125],
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    WindowCenter: 1040,
    WindowWidth: 400,
    RescaleIntercept: -1024,
    RescaleSlope: 1,
    PixelData: { vr: 'OW', value: greys(size) },
    ...more,
  }
  return { SOPClassUID, values, padding }
}

/** A disc with noise: neither constant (it would cost a disk nothing) nor white. */
function greys(size: number): Uint16Array {
  return Uint16Array.from({ length: size * size }, (_, i) => {
    const x = (i % size) / size - 0.5
    const y = Math.floor(i / size) / size - 0.5
    return (x * x + y * y < 0.2 ? 1000 : 24) + (RANDOM[(i * 31) % RANDOM.length]! & 0x3f)
  })
}

function speckle(bytes: number): Uint8Array {
  const all = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += RANDOM.length) all.set(RANDOM.subarray(0, Math.min(RANDOM.length, bytes - at)), at)
  return all
}
