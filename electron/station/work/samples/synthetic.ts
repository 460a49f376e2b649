import { createHash } from 'node:crypto'
import { encodingOf } from '../../../../shared/dicom/encoding.ts'
import { TS, uidFromRandom } from '../../../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../../../shared/dicom/writer.ts'

/** One object as a door takes it: what its File Meta says, and the data set's bytes. */
export interface SampleObject {
  SOPClassUID: string
  SOPInstanceUID: string
  TransferSyntaxUID: string
  dataSet: Uint8Array
}

/** A pixel module's worth of frame, before it gets a header. */
export interface GreyImage {
  rows: number
  columns: number
  pixels: Uint16Array
}

/** The same name gives the same UID on every station: loading the samples twice brings duplicates, not a second patient. */
export function sampleUID(name: string): string {
  return uidFromRandom(createHash('sha256').update(`isocenter sample ${name}`).digest().subarray(0, 16))
}

/** ISO 8859 parts whose letters lie in one piece of Unicode: the byte is the code point less this. */
const LATIN_OFFSETS = { 'ISO_IR 126': 0x2d0, 'ISO_IR 127': 0x560, 'ISO_IR 144': 0x360 } as const

function inSet(set: keyof typeof LATIN_OFFSETS, text: string): Uint8Array {
  return Uint8Array.from(text, letter => {
    const code = letter.codePointAt(0)!
    return code < 0x80 ? code : code - LATIN_OFFSETS[set]
  })
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

function joined(...parts: Array<string | Uint8Array>): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.map(part => Buffer.from(part))))
}

/** One patient per script, in the character sets scanners of those countries send (PS3.3 C.12.1.1.2, examples of PS3.5 H and I). */
const PATIENTS = {
  /** SYNTHETIC^YAMADA TAROU=山田^太郎=やまだ^たろう */
  ct: {
    SpecificCharacterSet: ['', 'ISO 2022 IR 87'],
    PatientName: joined(
      'SYNTHETIC^YAMADA TAROU=',
      hex('1B 24 42 3B 33 45 44 1B 28 42 5E 1B 24 42 42 40 4F 3A 1B 28 42 3D'),
      hex('1B 24 42 24 64 24 5E 24 40 1B 28 42 5E 1B 24 42 24 3F 24 6D 24 26 1B 28 42'),
    ),
    PatientBirthDate: '19580412',
    PatientSex: 'M',
  },
  /** SYNTHETIC^HONG GILDONG=洪^吉洞=홍^길동 */
  mr: {
    SpecificCharacterSet: ['', 'ISO 2022 IR 149'],
    PatientName: joined(
      'SYNTHETIC^HONG GILDONG=',
      hex('1B 24 29 43 FB F3 5E 1B 24 29 43 D1 CE D4 D7 3D 1B 24 29 43 C8 AB 5E 1B 24 29 43 B1 E6 B5 BF'),
    ),
    PatientBirthDate: '19711103',
    PatientSex: 'M',
  },
  cr: {
    SpecificCharacterSet: ['ISO_IR 126'],
    PatientName: inSet('ISO_IR 126', 'SYNTHETIC^Διονύσιος'),
    PatientBirthDate: '19490725',
    PatientSex: 'M',
  },
  mg: {
    SpecificCharacterSet: ['ISO_IR 144'],
    PatientName: inSet('ISO_IR 144', 'SYNTHETIC^Людмила'),
    PatientBirthDate: '19660218',
    PatientSex: 'F',
  },
  us: {
    SpecificCharacterSet: ['ISO_IR 127'],
    PatientName: inSet('ISO_IR 127', 'SYNTHETIC^قباني لنزار'),
    PatientBirthDate: '19800930',
    PatientSex: 'F',
  },
} as const

export interface SyntheticStudy {
  /** Which patient, and the stem of every UID of the study. */
  kind: keyof typeof PATIENTS
  /** Another study of the same kind, e.g. a larger one for a benchmark; part of its UIDs and IDs. */
  variant: string
  StudyDate: string
  StudyTime: string
  StudyDescription: string
}

export interface SyntheticImage {
  SOPClassUID: string
  Modality: string
  series: number
  SeriesDescription: string
  instance: number
  /** The module attributes of this kind of image, pixels included. */
  attributes: NewDataSet
}

/** An image of a synthetic study as Explicit VR Little Endian, marked SYNTHETIC in every place a person or program may look. */
export function syntheticObject(study: SyntheticStudy, image: SyntheticImage): SampleObject {
  const stem = study.variant ? `${study.kind} ${study.variant}` : study.kind
  const SOPInstanceUID = sampleUID(`${stem} series ${image.series} instance ${image.instance}`)
  const dataSet = writeDataSet(
    {
      ...PATIENTS[study.kind],
      SpecificCharacterSet: [...PATIENTS[study.kind].SpecificCharacterSet],
      PatientID: `SYNTHETIC-${stem.toUpperCase().replaceAll(' ', '-')}`,
      StudyInstanceUID: sampleUID(stem),
      SeriesInstanceUID: sampleUID(`${stem} series ${image.series}`),
      SOPInstanceUID,
      SOPClassUID: image.SOPClassUID,
      Modality: image.Modality,
      Manufacturer: 'Isocenter phantoms',
      ManufacturerModelName: 'SYNTHETIC',
      InstitutionName: 'SYNTHETIC',
      StationName: 'PHANTOM',
      DeviceSerialNumber: '0',
      SoftwareVersions: '1',
      StudyDate: study.StudyDate,
      SeriesDate: study.StudyDate,
      AcquisitionDate: study.StudyDate,
      ContentDate: study.StudyDate,
      StudyTime: study.StudyTime,
      SeriesTime: study.StudyTime,
      AcquisitionTime: study.StudyTime,
      ContentTime: study.StudyTime,
      StudyDescription: study.StudyDescription,
      SeriesDescription: image.SeriesDescription,
      AccessionNumber: '',
      ReferringPhysicianName: '',
      StudyID: '1',
      SeriesNumber: image.series,
      InstanceNumber: image.instance,
      AcquisitionNumber: 1,
      PositionReferenceIndicator: '',
      Laterality: '',
      ImageComments: 'SYNTHETIC: a phantom made by a program, not a patient',
      BurnedInAnnotation: 'NO',
      ...image.attributes,
    },
    encodingOf(TS.ExplicitVRLittleEndian),
  )
  return { SOPClassUID: image.SOPClassUID, SOPInstanceUID, TransferSyntaxUID: TS.ExplicitVRLittleEndian, dataSet }
}

/** The image pixel module of one grey frame of `bits` stored bits in 16. */
export function greyPixels(
  { rows, columns, pixels }: GreyImage,
  bits: number,
  photometric: 'MONOCHROME1' | 'MONOCHROME2',
) {
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: photometric,
    Rows: rows,
    Columns: columns,
    BitsAllocated: 16,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: 0,
    PixelData: { vr: 'OW', value: pixels },
  } satisfies NewDataSet
}

/** A decimal string has 16 characters (PS3.5 §6.2); six digits after the point of a millimetre are a nanometre. */
export function decimal(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
