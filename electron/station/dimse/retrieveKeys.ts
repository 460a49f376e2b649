import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { isStorableUID, normaliseUID } from '../../../shared/dicom/uids.ts'
import type { RetrieveKeys } from '../store/index.ts'
import type { QueryModel } from './queryModels.ts'

/** PS3.4 §C.6.1.1, §C.6.2.1: the levels of both information models, from above, with the unique key of each. */
const LEVELS = [
  { level: 'PATIENT', key: 'PatientID' },
  { level: 'STUDY', key: 'StudyInstanceUID' },
  { level: 'SERIES', key: 'SeriesInstanceUID' },
  { level: 'IMAGE', key: 'SOPInstanceUID' },
] as const

/**
 * What a C-MOVE or C-GET identifier asks for (PS3.4 §C.4.2.1.4.1): one Patient ID, or a list of UIDs at its level. The unique keys
 * above the level hold where they are given; a UID without them is as unambiguous, so a peer that leaves them out is not sent away.
 * A sentence where the identifier does not match the model.
 */
export function readRetrieveKeys(
  identifier: Uint8Array,
  TransferSyntaxUID: string,
  root: QueryModel['root'],
): RetrieveKeys | string {
  const dataSet = DataSet.read(identifier, encodingOf(TransferSyntaxUID))
  if (dataSet.damage || dataSet.truncated) return 'the identifier cannot be read'
  const asked = dataSet.string('QueryRetrieveLevel')
  const levels = root === 'PATIENT' ? LEVELS : LEVELS.slice(1)
  const at = levels.findIndex(({ level }) => level === asked)
  if (at < 0) return asked ? `no level ${asked} in this model` : 'no Query/Retrieve Level'
  const keys: RetrieveKeys = {}
  for (const { key } of levels.slice(0, at + 1)) {
    if (key === 'PatientID') {
      const PatientID = dataSet.string(key)
      if (PatientID) keys.PatientID = PatientID
      continue
    }
    const uids = dataSet.strings(key).map(normaliseUID).filter(Boolean)
    if (!uids.every(isStorableUID)) return `${key} is not a list of UIDs`
    if (uids.length > 0) keys[key] = uids
  }
  const own = levels[at]!.key
  return keys[own] === undefined ? `no ${own} at level ${asked}` : keys
}
