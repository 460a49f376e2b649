import type { DataSet } from '../../dicom/reader.ts'
import { normaliseUID } from '../../dicom/uids.ts'

/** An image (or another object) that a document names. */
export interface ObjectReference {
  SOPClassUID: string
  SOPInstanceUID: string
  /** 1-based; [] = all of them. */
  frames: number[]
}

/** A concept of a coding scheme (PS3.3 §8), by the words a person reads. */
export interface Concept {
  value: string
  scheme: string
  meaning: string
}

/** A document names no more images than this; a list beyond it is not read on. */
export const MOST_REFERENCES = 10_000
const MOST_FRAMES = 10_000

/** An item of a Referenced SOP or Image Sequence; undefined without an instance. */
export function readReference(item: DataSet): ObjectReference | undefined {
  const SOPInstanceUID = normaliseUID(item.string('ReferencedSOPInstanceUID'))
  if (!/^[0-9.]{1,64}$/.test(SOPInstanceUID)) return undefined
  return {
    SOPClassUID: normaliseUID(item.string('ReferencedSOPClassUID')),
    SOPInstanceUID,
    frames: item.numbers('ReferencedFrameNumber').slice(0, MOST_FRAMES),
  }
}

/** The first item of a code sequence; undefined where there is none or it says nothing. */
export function readConcept(dataSet: DataSet, key: string): Concept | undefined {
  const [item] = dataSet.items(key)
  if (item === undefined) return undefined
  const value = item.string('CodeValue') || item.string('LongCodeValue') || item.string('URNCodeValue')
  const meaning = item.string('CodeMeaning')
  if (value === '' && meaning === '') return undefined
  return { value, scheme: item.string('CodingSchemeDesignator'), meaning: meaning || value }
}

/** Whether a reference means this frame of this instance. */
export function refersTo(reference: ObjectReference, SOPInstanceUID: string, frame: number): boolean {
  if (reference.SOPInstanceUID !== SOPInstanceUID) return false
  return reference.frames.length === 0 || reference.frames.includes(frame)
}
