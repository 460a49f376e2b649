import { tagOf } from '../../dicom/dictionary.ts'
import { encodingOf } from '../../dicom/encoding.ts'
import type { DicomJson } from '../../dicom/json.ts'
import { IMPLEMENTATION_VERSION_NAME, writeFileMeta } from '../../dicom/part10.ts'
import { TS } from '../../dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../dicom/writer.ts'

/**
 * What an object made of images says of their patient and study as they do (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2); the clause's type 2
 * attributes are there also where the image lacks them, empty.
 */
const CARRIED = {
  always: [
    'PatientName',
    'PatientID',
    'PatientBirthDate',
    'PatientSex',
    'StudyInstanceUID',
    'StudyDate',
    'StudyTime',
    'ReferringPhysicianName',
    'StudyID',
    'AccessionNumber',
  ],
  whereThere: [
    'IssuerOfPatientID',
    'TypeOfPatientID',
    'OtherPatientIDs',
    'PatientBirthTime',
    'EthnicGroup',
    'PatientComments',
    'StudyDescription',
    'NameOfPhysiciansReadingStudy',
    'PatientAge',
    'PatientSize',
    'PatientWeight',
    'PatientIdentityRemoved',
    'DeidentificationMethod',
  ],
}

/** Patient and study of an image, from its metadata (DICOM JSON), for the objects that are made of it. */
export function identityOf(image: DicomJson): NewDataSet {
  const identity: NewDataSet = {}
  for (const keyword of [...CARRIED.always, ...CARRIED.whereThere]) {
    const text = textOf(image, keyword)
    if (text !== '' || CARRIED.always.includes(keyword)) identity[keyword] = text
  }
  return identity
}

/** A value as it would be written into a data set: values joined by `\`, a name's groups by `=`; '' where there is none. */
export function textOf(json: DicomJson, keyword: string): string {
  const tag = tagOf(keyword)
  if (tag === undefined) return ''
  const values = json[tag.toString(16).toUpperCase().padStart(8, '0')]?.Value ?? []
  return values
    .map(value => {
      if (typeof value === 'string' || typeof value === 'number') return String(value)
      if (value === null) return ''
      const { Alphabetic = '', Ideographic = '', Phonetic = '' } = value
      return [Alphabetic, Ideographic, Phonetic]
        .map(group => (typeof group === 'string' ? group : ''))
        .join('=')
        .replace(/=+$/, '')
    })
    .join('\\')
}

export interface NewObject {
  SOPClassUID: string
  Modality: string
  /** Objects of one series share its UID, number and description; '' = a series of its own. */
  SeriesInstanceUID: string
  SeriesNumber: number
  SeriesDescription: string
  InstanceNumber: number
  /** What its IOD asks for beyond patient, study, series, equipment and SOP common. */
  body: NewDataSet
}

export interface WrittenObject {
  SOPClassUID: string
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  /** Preamble, File Meta and data set, Explicit VR Little Endian. */
  part10: Uint8Array<ArrayBuffer>
}

/** What pure code cannot know. */
export interface Making {
  /** The moment it is made, local time. */
  now: Date
  newUID(): string
}

/** An object of ours, ready to be stored. `body` may override what is filled in. Throws where the identity has no study. */
export function writeObject(identity: NewDataSet, object: NewObject, { now, newUID }: Making): WrittenObject {
  const { StudyInstanceUID } = identity
  if (typeof StudyInstanceUID !== 'string' || StudyInstanceUID === '') throw new Error('An object needs a study.')
  const { body, ...head } = object
  const SOPInstanceUID = newUID()
  const SeriesInstanceUID = head.SeriesInstanceUID || newUID()
  const { date, time, offset } = momentOf(now)
  const dataSet = writeDataSet(
    {
      ...identity,
      SOPClassUID: head.SOPClassUID,
      SOPInstanceUID,
      InstanceCreationDate: date,
      InstanceCreationTime: time,
      TimezoneOffsetFromUTC: offset,
      Modality: head.Modality,
      SeriesInstanceUID,
      SeriesNumber: String(head.SeriesNumber),
      SeriesDescription: head.SeriesDescription.slice(0, 64),
      SeriesDate: date,
      SeriesTime: time,
      InstanceNumber: String(head.InstanceNumber),
      ContentDate: date,
      ContentTime: time,
      Manufacturer: 'Isocenter',
      ManufacturerModelName: 'Isocenter',
      // Type 1 for many of the classes made here (PS3.3 C.7.5.2); this program has no serial number of its own.
      DeviceSerialNumber: IMPLEMENTATION_VERSION_NAME,
      SoftwareVersions: IMPLEMENTATION_VERSION_NAME,
      ...body,
    },
    encodingOf(TS.ExplicitVRLittleEndian),
  )
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: head.SOPClassUID,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
  })
  const part10 = new Uint8Array(meta.length + dataSet.length)
  part10.set(meta)
  part10.set(dataSet, meta.length)
  return { SOPClassUID: head.SOPClassUID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, part10 }
}

/** A moment as DA, TM and the offset of (0008,0201), in the clock's own zone. */
export function momentOf(now: Date): { date: string; time: string; offset: string } {
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = -now.getTimezoneOffset()
  const east = Math.abs(minutes)
  return {
    date: `${String(now.getFullYear()).padStart(4, '0')}${two(now.getMonth() + 1)}${two(now.getDate())}`,
    time: `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`,
    offset: `${minutes < 0 ? '-' : '+'}${two(Math.floor(east / 60))}${two(east % 60)}`,
  }
}
