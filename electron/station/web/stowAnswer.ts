import type { DicomJson, JsonAttribute } from '../../../shared/dicom/json.ts'
import type { IsocenterError } from '../../../shared/errors.ts'

/** What became of one object of a STOW-RS request. UIDs are '' where they are not known. */
export interface Stowed {
  SOPClassUID: string
  SOPInstanceUID: string
  /** The instance's own URL, or why it is not here. */
  result: { RetrieveURL: string } | { error: IsocenterError }
}

/** PS3.18 table 10.5.3-1: everything, some of it, nothing because of the objects, nothing because of us (the error's own status). */
export function stowStatus(all: Stowed[], broken: boolean): number {
  const errors = all.flatMap(({ result }) => ('error' in result ? [result.error] : []))
  if (errors.length === 0) return 200
  if (errors.length < all.length) return 202
  const ours = errors.find(error => error.httpStatus >= 500)
  if (ours) return ours.httpStatus
  return broken && errors.length === 1 ? 400 : 409
}

/**
 * The answer's data set in the DICOM JSON model (PS3.18 table I.2.1-1, §I.2.2): who is here, who is not and why. FailureReason is the
 * status C-STORE would have answered (PS3.4 table B.2-1). What has no UIDs stands among the other failures.
 */
export function stowDataSet(all: Stowed[], studyURL: string | undefined): DicomJson {
  const stored: DicomJson[] = []
  const failed: DicomJson[] = []
  const others: DicomJson[] = []
  for (const { SOPClassUID, SOPInstanceUID, result } of all) {
    const reference: DicomJson = { '00081150': uid(SOPClassUID), '00081155': uid(SOPInstanceUID) }
    if ('RetrieveURL' in result) {
      stored.push({ ...reference, '00081190': { vr: 'UR', Value: [result.RetrieveURL] } })
    } else {
      const reason: DicomJson = { '00081197': { vr: 'US', Value: [result.error.dimseStatus] } }
      if (SOPInstanceUID === '') others.push(reason)
      else failed.push({ ...reference, ...reason })
    }
  }
  return {
    ...(studyURL ? { '00081190': { vr: 'UR', Value: [studyURL] } } : {}),
    ...(failed.length > 0 ? { '00081198': { vr: 'SQ', Value: failed } } : {}),
    ...(stored.length > 0 ? { '00081199': { vr: 'SQ', Value: stored } } : {}),
    ...(others.length > 0 ? { '0008119A': { vr: 'SQ', Value: others } } : {}),
  }
}

function uid(value: string): JsonAttribute {
  return value === '' ? { vr: 'UI' } : { vr: 'UI', Value: [value] }
}
