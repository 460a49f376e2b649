import { ITEM, SEQUENCE_DELIMITATION, UNDEFINED } from '../dicom/elements.ts'
import { encodingOf } from '../dicom/encoding.ts'
import { writeFileMeta } from '../dicom/part10.ts'
import { TS } from '../dicom/uids.ts'
import { elementHeader, itemHeader, type NewDataSet, writeDataSet } from '../dicom/writer.ts'
import type { DirectoryEntry } from './records.ts'

const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10'
const OUT = encodingOf(TS.ExplicitVRLittleEndian)
const DIRECTORY_RECORDS = 0x00041220
const ITEM_HEADER_BYTES = 8

interface RecordNode {
  values: NewDataSet
  children: RecordNode[]
  /** Of the item, from the first byte of the file. */
  at: number
}

/**
 * A DICOMDIR (PS3.10 §8.6, PS3.3 annex F): the Basic Directory of these files, patient by patient in the order they come, Explicit VR Little
 * Endian. Entries of one patient (ID), study and series share its records; the first says what stands in them. Text that is no ASCII is
 * UTF-8, said so record by record.
 * @param FileSetID at most 16 of A–Z, 0–9 and _.
 */
export function writeDicomdir(
  entries: Iterable<DirectoryEntry>,
  FileSetID: string,
  SOPInstanceUID: string,
): Uint8Array[] {
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: MEDIA_STORAGE_DIRECTORY,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
  })
  const patients = treeOf(entries)
  const all = [...walk(patients)]
  const head = (first: number, last: number) =>
    writeDataSet(
      {
        FileSetID,
        OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity: first,
        OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity: last,
        FileSetConsistencyFlag: 0,
      },
      OUT,
    )
  const sequence = elementHeader(DIRECTORY_RECORDS, 'SQ', UNDEFINED, OUT)
  // Offsets are of fixed size: where a record stands does not depend on what they say.
  let at = meta.length + head(0, 0).length + sequence.length
  for (const { record } of all) {
    record.at = at
    at += ITEM_HEADER_BYTES + recordBytes(record, 0, 0).length
  }
  const records = all.flatMap(({ record, next }) => {
    const bytes = recordBytes(record, next?.at ?? 0, record.children[0]?.at ?? 0)
    return [itemHeader(ITEM, bytes.length, true), bytes]
  })
  return [
    meta,
    head(patients[0]?.at ?? 0, patients.at(-1)?.at ?? 0),
    sequence,
    ...records,
    itemHeader(SEQUENCE_DELIMITATION, 0, true),
  ]
}

function treeOf(entries: Iterable<DirectoryEntry>): RecordNode[] {
  const patients: RecordNode[] = []
  const known = new Map<string, RecordNode>()
  const nodeOf = (key: string, values: NewDataSet, siblings: RecordNode[]) => {
    const found = known.get(key)
    if (found) return found
    const node = { values, children: [], at: 0 }
    known.set(key, node)
    siblings.push(node)
    return node
  }
  for (const { patient, study, series, own } of entries) {
    const who = JSON.stringify(patient.PatientID)
    const ofPatient = nodeOf(who, patient, patients)
    const which = `${who} ${JSON.stringify(study.StudyInstanceUID)}`
    const ofStudy = nodeOf(which, study, ofPatient.children)
    const ofSeries = nodeOf(`${which} ${JSON.stringify(series.SeriesInstanceUID)}`, series, ofStudy.children)
    ofSeries.children.push({ values: own, children: [], at: 0 })
  }
  return patients
}

/** Each record before what is below it, with the one that follows it at its own level. */
function* walk(records: RecordNode[]): Generator<{ record: RecordNode; next: RecordNode | undefined }> {
  for (const [index, record] of records.entries()) {
    yield { record, next: records[index + 1] }
    yield* walk(record.children)
  }
}

function recordBytes({ values }: RecordNode, next: number, lower: number): Uint8Array {
  return writeDataSet(
    {
      OffsetOfTheNextDirectoryRecord: next,
      RecordInUseFlag: 0xffff,
      OffsetOfReferencedLowerLevelDirectoryEntity: lower,
      ...values,
    },
    OUT,
  )
}
