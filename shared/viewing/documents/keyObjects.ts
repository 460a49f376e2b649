import type { DataSet } from '../../dicom/reader.ts'
import { KEY_OBJECT_SELECTION, REJECTION_CODES } from '../../dicom/rejectionNote.ts'
import { type ObjectReference, readConcept } from './reference.ts'
import { plainWords, readReport, reportReferences } from './report.ts'

/** Images somebody chose (PS3.3 A.35.4), and why. */
export interface KeyObjects {
  SOPInstanceUID: string
  title: string
  description: string
  date: string
  time: string
  references: ObjectReference[]
  /** Of our own selections, what they are a version of (writing/keySelection.ts). */
  version?: { SeriesInstanceUID: string; number: number }
}

/** Without the selections of ours that a later version stands for. */
export function inForce(all: readonly KeyObjects[]): KeyObjects[] {
  const newest = new Map<string, number>()
  for (const { version } of all) {
    if (version === undefined) continue
    newest.set(version.SeriesInstanceUID, Math.max(version.number, newest.get(version.SeriesInstanceUID) ?? 0))
  }
  return all.filter(({ version }) => version === undefined || newest.get(version.SeriesInstanceUID) === version.number)
}

/** A key object selection; undefined where the object is another one, or a rejection note: what is rejected is no key image. */
export function readKeyObjects(dataSet: DataSet): KeyObjects | undefined {
  if (dataSet.string('SOPClassUID') !== KEY_OBJECT_SELECTION) return undefined
  const concept = readConcept(dataSet, 'ConceptNameCodeSequence')
  if (concept?.scheme === 'DCM' && Object.hasOwn(REJECTION_CODES, concept.value)) return undefined
  const { title, items, date, time } = readReport(dataSet)
  const isOurs = dataSet.string('Manufacturer') === 'Isocenter'
  const version = {
    SeriesInstanceUID: dataSet.string('SeriesInstanceUID'),
    number: dataSet.number('InstanceNumber') ?? 0,
  }
  const description = items.filter(({ value }) => value.kind === 'text').map(({ value }) => plainWords(value))
  return {
    SOPInstanceUID: dataSet.string('SOPInstanceUID'),
    title: title || 'Key images',
    description: description.join(' '),
    date,
    time,
    references: reportReferences(items),
    ...(isOurs && { version }),
  }
}
