import { tagOf } from '../dicom/dictionary.ts'
import type { DataSet } from '../dicom/reader.ts'
import { normaliseUID } from '../dicom/uids.ts'
import type { NewDataSet } from '../dicom/writer.ts'

/** What a directory says of one file: the values of its records at each level (PS3.3 §F.5), and where it lies. */
export interface DirectoryEntry {
  patient: NewDataSet
  study: NewDataSet
  series: NewDataSet
  /** The record of the file itself, type and references included. */
  own: NewDataSet
}

const STORAGE = '1.2.840.10008.5.1.4.1.1.'

/** PS3.3 table F.4-1: which record stands for a SOP Class, by how its UID goes on; what is not listed and has pixels is an IMAGE. */
const TYPES: Array<[type: string, uids: string[]]> = [
  ['KEY OBJECT DOC', ['88.59']],
  ['SR DOCUMENT', ['88.']],
  ['PRESENTATION', ['11.']],
  ['WAVEFORM', ['9.']],
  ['ENCAP DOC', ['104.']],
  ['RT DOSE', ['481.2']],
  ['RT STRUCTURE SET', ['481.3']],
  ['RT PLAN', ['481.5', '481.8']],
  ['RT TREAT RECORD', ['481.4', '481.6', '481.7', '481.9']],
  ['RAW DATA', ['66']],
  ['REGISTRATION', ['66.1', '66.3']],
  ['FIDUCIAL', ['66.2']],
  ['SURFACE', ['66.5']],
  ['TRACT', ['66.6']],
  ['SPECTROSCOPY', ['4.2']],
  ['VALUE MAP', ['67']],
  ['MEASUREMENT', ['78.1', '78.2', '78.3', '78.4', '78.5', '78.6', '78.8']],
  ['STEREOMETRIC', ['77.1.5.3']],
  ['ANNOTATION', ['91.1']],
]

/** The type of the record of a file (PS3.3 §F.5). */
export function recordType(SOPClassUID: string): string {
  if (!SOPClassUID.startsWith(STORAGE)) return SOPClassUID === '1.2.840.10008.5.1.4.34.7' ? 'PLAN' : 'IMAGE'
  const rest = SOPClassUID.slice(STORAGE.length)
  const exact = TYPES.find(([, uids]) => uids.includes(rest))
  const family = TYPES.find(([, uids]) => uids.some(uid => uid.endsWith('.') && rest.startsWith(uid)))
  return exact?.[0] ?? family?.[0] ?? 'IMAGE'
}

const PATIENT = ['PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex']
const STUDY = ['StudyDate', 'StudyTime', 'StudyDescription', 'StudyInstanceUID', 'StudyID', 'AccessionNumber']
const SERIES = ['Modality', 'SeriesInstanceUID', 'SeriesNumber', 'SeriesDescription']
/** Keys of each type that the record has, empty where the file says nothing; sequences apart. */
const KEYS: Record<string, string[]> = {
  'IMAGE': ['InstanceNumber'],
  'SR DOCUMENT': ['InstanceNumber', 'CompletionFlag', 'VerificationFlag', 'ContentDate', 'ContentTime'],
  'KEY OBJECT DOC': ['InstanceNumber', 'ContentDate', 'ContentTime'],
  'PRESENTATION': [
    'InstanceNumber',
    'PresentationCreationDate',
    'PresentationCreationTime',
    'ContentLabel',
    'ContentDescription',
    'ContentCreatorName',
  ],
  'ENCAP DOC': ['InstanceNumber', 'ContentDate', 'ContentTime', 'DocumentTitle', 'MIMETypeOfEncapsulatedDocument'],
  'RT DOSE': ['InstanceNumber', 'DoseSummationType'],
  'RT STRUCTURE SET': ['InstanceNumber', 'StructureSetLabel', 'StructureSetDate', 'StructureSetTime'],
  'RT PLAN': ['InstanceNumber', 'RTPlanLabel', 'RTPlanDate', 'RTPlanTime'],
  'RT TREAT RECORD': ['InstanceNumber', 'TreatmentDate', 'TreatmentTime'],
  'SPECTROSCOPY': [
    'InstanceNumber',
    'ImageType',
    'NumberOfFrames',
    'Rows',
    'Columns',
    'DataPointRows',
    'DataPointColumns',
  ],
}
const DATED = ['InstanceNumber', 'ContentDate', 'ContentTime']
/** Those of which a title belongs to the record. */
const TITLED = new Set(['SR DOCUMENT', 'KEY OBJECT DOC', 'ENCAP DOC'])
/** Longer values are for the file itself: a directory is read whole. */
const LONGEST_VALUE = 256

/**
 * The records of a file, from its header.
 * @param file its names from the folder of the DICOMDIR down, 1 to 8 of at most 8 characters each (PS3.10 §8.5).
 */
export function entryOf(header: DataSet, TransferSyntaxUID: string, file: string[]): DirectoryEntry {
  const SOPClassUID = normaliseUID(header.string('SOPClassUID'))
  const type = recordType(SOPClassUID)
  const own: NewDataSet = {
    DirectoryRecordType: type,
    ReferencedFileID: file,
    ReferencedSOPClassUIDInFile: SOPClassUID,
    ReferencedSOPInstanceUIDInFile: normaliseUID(header.string('SOPInstanceUID')),
    ReferencedTransferSyntaxUIDInFile: TransferSyntaxUID,
    ...valuesOf(header, KEYS[type] ?? DATED),
  }
  if (TITLED.has(type)) own.ConceptNameCodeSequence = codeItems(header)
  if (type === 'PRESENTATION') own.ReferencedSeriesSequence = referencedSeries(header)
  return {
    patient: { DirectoryRecordType: 'PATIENT', ...valuesOf(header, PATIENT) },
    study: { DirectoryRecordType: 'STUDY', ...valuesOf(header, STUDY) },
    series: { DirectoryRecordType: 'SERIES', ...valuesOf(header, SERIES) },
    own,
  }
}

function valuesOf(header: DataSet, keywords: string[]): NewDataSet {
  const values: NewDataSet = {}
  for (const keyword of keywords) {
    const numeric = header.vr(keyword) === 'US'
    const texts = header.strings(keyword).map(text => text.slice(0, LONGEST_VALUE))
    const UID = keyword.endsWith('UID')
    if (numeric) values[keyword] = header.numbers(keyword)
    else if (header.has(keyword) || tagOf(keyword) !== undefined) {
      values[keyword] = UID ? texts.map(normaliseUID) : texts
    }
  }
  return values
}

function codeItems(header: DataSet): NewDataSet[] {
  const [code] = header.items('ConceptNameCodeSequence')
  if (!code) return []
  const value = code.string('CodeValue') || code.string('LongCodeValue')
  return [
    {
      CodeValue: value.slice(0, 16),
      CodingSchemeDesignator: code.string('CodingSchemeDesignator').slice(0, 16),
      CodeMeaning: code.string('CodeMeaning').slice(0, 64),
    },
  ]
}

function referencedSeries(header: DataSet): NewDataSet[] {
  return header.items('ReferencedSeriesSequence').map(series => ({
    SeriesInstanceUID: normaliseUID(series.string('SeriesInstanceUID')),
    ReferencedImageSequence: series.items('ReferencedImageSequence').map(image => ({
      ReferencedSOPClassUID: normaliseUID(image.string('ReferencedSOPClassUID')),
      ReferencedSOPInstanceUID: normaliseUID(image.string('ReferencedSOPInstanceUID')),
    })),
  }))
}
