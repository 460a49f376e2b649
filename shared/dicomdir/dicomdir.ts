import { ITEM, SEQUENCE_DELIMITATION, UNDEFINED, viewOf } from '../dicom/elements.ts'
import { encodingOf } from '../dicom/encoding.ts'
import { writeFileMeta } from '../dicom/part10.ts'
import { TS } from '../dicom/uids.ts'
import { elementHeader, itemHeader, type NewDataSet, writeDataSet } from '../dicom/writer.ts'
import type { DirectoryEntry } from './records.ts'

const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10'
const OUT = encodingOf(TS.ExplicitVRLittleEndian)
const DIRECTORY_RECORDS = 0x00041220
const ITEM_HEADER_BYTES = 8

/** Where the two offsets stand in a record: its first elements are (0004,1400), (0004,1410) and (0004,1420), of fixed lengths. */
const NEXT_AT = 8
const LOWER_AT = 30

interface RecordNode {
  bytes: Uint8Array
  children: RecordNode[]
  /** Of the item, from the first byte of the file. */
  at: number
}

/**
 * A DICOMDIR (PS3.10 §8.6, PS3.3 annex F): the Basic Directory of the files that were added, patient by patient in the order they came,
 * Explicit VR Little Endian. Files of one patient (ID), study and series share its records; the first says what stands in them. Text
 * that is no ASCII is UTF-8, said so record by record. Records are written as they are added (0.1 ms each), so that no event loop is
 * held up when ten thousand are put together.
 */
export class Directory {
  readonly #patients: RecordNode[] = []
  readonly #known = new Map<string, RecordNode>()

  add({ patient, study, series, own }: DirectoryEntry): void {
    const who = JSON.stringify(whoseKey(patient, study))
    const ofPatient = this.#node(who, patient, this.#patients)
    const which = `${who} ${JSON.stringify(study.StudyInstanceUID)}`
    const ofStudy = this.#node(which, study, ofPatient.children)
    const ofSeries = this.#node(`${which} ${JSON.stringify(series.SeriesInstanceUID)}`, series, ofStudy.children)
    ofSeries.children.push(nodeOf(own))
  }

  /**
   * The file, one chunk after the other.
   * @param FileSetID at most 16 of A–Z, 0–9 and _.
   */
  write(FileSetID: string, SOPInstanceUID: string): Uint8Array[] {
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: MEDIA_STORAGE_DIRECTORY,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID: TS.ExplicitVRLittleEndian,
    })
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
    const all = [...walk(this.#patients)]
    let at = meta.length + head(0, 0).length + sequence.length
    for (const { record } of all) {
      record.at = at
      at += ITEM_HEADER_BYTES + record.bytes.length
    }
    const records = all.flatMap(({ record: { bytes, children }, next }) => {
      viewOf(bytes).setUint32(NEXT_AT, next?.at ?? 0, true)
      viewOf(bytes).setUint32(LOWER_AT, children[0]?.at ?? 0, true)
      return [itemHeader(ITEM, bytes.length, true), bytes]
    })
    return [
      meta,
      head(this.#patients[0]?.at ?? 0, this.#patients.at(-1)?.at ?? 0),
      sequence,
      ...records,
      itemHeader(SEQUENCE_DELIMITATION, 0, true),
    ]
  }

  #node(key: string, values: NewDataSet, siblings: RecordNode[]): RecordNode {
    const found = this.#known.get(key)
    if (found) return found
    const node = nodeOf(values)
    this.#known.set(key, node)
    siblings.push(node)
    return node
  }
}

/** By the ID; without one each study is somebody's of its own. */
export function whoseKey(patient: NewDataSet, study: NewDataSet): string {
  const [id] = Array.isArray(patient.PatientID) ? patient.PatientID : [patient.PatientID]
  if (typeof id === 'string' && id.trim() !== '') return `id ${id.trim()}`
  return `study ${String(study.StudyInstanceUID)}`
}

function nodeOf(values: NewDataSet): RecordNode {
  const empty = {
    OffsetOfTheNextDirectoryRecord: 0,
    RecordInUseFlag: 0xffff,
    OffsetOfReferencedLowerLevelDirectoryEntity: 0,
  }
  return { bytes: writeDataSet({ ...empty, ...values }, OUT), children: [], at: 0 }
}

/** Each record before what is below it, with the one that follows it at its own level. */
function* walk(records: RecordNode[]): Generator<{ record: RecordNode; next: RecordNode | undefined }> {
  for (const [index, record] of records.entries()) {
    yield { record, next: records[index + 1] }
    yield* walk(record.children)
  }
}
