import { create } from 'zustand'
import { type DrawnObject, objectKind, readDrawnObject } from '../../../shared/viewing/objects/readObject.ts'
import { whyOf } from '../../i18n/index.ts'
import type { SeriesStack } from '../catalog.ts'
import { type Session, useSession } from '../session.ts'
import { readObject } from './readObject.ts'

/** An object of a study on the screen that says something about its images. */
export interface ListedObject {
  /** The station's number for exactly these bytes. */
  contentId: number
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  kind: DrawnObject['kind']
  /** Modality, number and description of its series. */
  title: string
}

export type Reading =
  | { state: 'reading'; bytes: number; abort: AbortController }
  | { state: 'failed'; words: string }
  | { state: 'here'; object: DrawnObject }

/** Which doses are drawn: in % of a reference, or in Gy. */
export interface IsodoseLevels {
  unit: '%' | 'Gy'
  levels: number[]
  /** Gy; undefined = what the plan prescribes, else the greatest of the grid. */
  reference: number | undefined
}

interface ObjectsState {
  /** The panel is open. */
  listed: boolean
  /** How often it was opened by its key: then the keys go to it, and never else. */
  asked: number
  /** Nothing is drawn for now. */
  hidden: boolean
  filled: boolean
  /** By contentId. */
  readings: ReadonlyMap<number, Reading>
  /** Objects and their parts that are switched off: `contentId` or `contentId/number`. */
  off: ReadonlySet<string>
  /** The part whose figures are shown: `contentId/number`. */
  selected: string | undefined
  isodoses: IsodoseLevels
  /** The dose whose histogram is shown, by contentId. */
  histogram: number | undefined
  /** Objects whose images are not here, by SOP Instance UID. */
  imageless: ReadonlySet<string>
}

const EMPTY = {
  readings: new Map<number, Reading>(),
  off: new Set<string>(),
  selected: undefined,
  histogram: undefined,
  imageless: new Set<string>(),
}

export const useObjects = create<ObjectsState>(() => ({
  ...EMPTY,
  listed: false,
  asked: 0,
  hidden: false,
  filled: false,
  isodoses: { unit: '%', levels: [107, 105, 100, 95, 90, 70, 50, 30], reference: undefined },
}))

// Another study: what was drawn on the one before is let go of.
useSession.subscribe((now, before) => {
  if (now.study?.StudyInstanceUID === before.study?.StudyInstanceUID) return
  for (const reading of useObjects.getState().readings.values()) if (reading.state === 'reading') reading.abort.abort()
  // 100 % is one plan's figure: never carried to another patient.
  useObjects.setState(({ isodoses }) => ({ ...EMPTY, isodoses: { ...isodoses, reference: undefined } }))
})

/** The objects of all studies on the screen whose series have been read, in the order of the series. */
export function listedObjects({ stacks }: Pick<Session, 'stacks'>): ListedObject[] {
  return [...stacks.values()].flatMap(objectsOf)
}

/** The objects of a series that has been laid out. */
export function objectsOf(laidOut: readonly SeriesStack[]): ListedObject[] {
  const manifest = laidOut[0]?.manifest
  if (manifest === undefined) return []
  const { StudyInstanceUID, SeriesInstanceUID, Modality, SeriesNumber, SeriesDescription, instances } = manifest
  return instances.flatMap(({ SOPClassUID, SOPInstanceUID, contentId }, index) => {
    const kind = objectKind(SOPClassUID)
    if (kind === undefined) return []
    const place = instances.length > 1 ? ` (${index + 1})` : ''
    const words = [`${Modality}${SeriesNumber === undefined ? '' : ` ${SeriesNumber}`}`, SeriesDescription]
    const title = `${words.filter(Boolean).join(' · ')}${place}`
    return [{ contentId, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, kind, title }]
  })
}

function setReading(contentId: number, reading: Reading | undefined): void {
  useObjects.setState(({ readings }) => {
    const next = new Map(readings)
    if (reading === undefined) next.delete(contentId)
    else next.set(contentId, reading)
    return { readings: next }
  })
}

/** Reads an object and has it drawn. Resolves with it; undefined when it could not be read, which its row says, or was given up. */
export async function loadObject(listed: ListedObject): Promise<DrawnObject | undefined> {
  const { contentId } = listed
  const before = useObjects.getState().readings.get(contentId)
  if (before?.state === 'here') return before.object
  if (before?.state === 'reading') before.abort.abort()
  const abort = new AbortController()
  setReading(contentId, { state: 'reading', bytes: 0, abort })
  const tell = (bytes: number) => {
    if (!abort.signal.aborted) setReading(contentId, { state: 'reading', bytes, abort })
  }
  try {
    const dataSet = await readObject(listed, abort.signal, tell)
    abort.signal.throwIfAborted()
    const object = readDrawnObject(dataSet)
    setReading(contentId, { state: 'here', object })
    return object
  } catch (thrown) {
    if (!abort.signal.aborted) {
      setReading(contentId, { state: 'failed', words: whyOf(thrown) })
    }
    return undefined
  }
}

/** Gives up reading, or lets go of what was read. */
export function dropObject(contentId: number): void {
  const reading = useObjects.getState().readings.get(contentId)
  if (reading?.state === 'reading') reading.abort.abort()
  setReading(contentId, undefined)
}

/** Objects that are here, with what they hold. */
export function objectsHere(
  { readings }: Pick<ObjectsState, 'readings'>,
  listed: readonly ListedObject[],
): Array<{ listed: ListedObject; object: DrawnObject }> {
  return listed.flatMap(one => {
    const reading = readings.get(one.contentId)
    return reading?.state === 'here' ? [{ listed: one, object: reading.object }] : []
  })
}

export function partKey(contentId: number, number: number): string {
  return `${contentId}/${number}`
}

/** Shows an object or a part of one, or stops showing it. */
export function toggleShown(key: string): void {
  useObjects.setState(({ off }) => {
    const next = new Set(off)
    if (!next.delete(key)) next.add(key)
    return { off: next }
  })
}

/** Gy, or the grid's own unit: what 100 % is, and in words what that is. */
export function doseReference(
  { contentId }: ListedObject,
  state: Pick<ObjectsState, 'readings' | 'isodoses'>,
): { value: number; words: string } {
  const reading = state.readings.get(contentId)
  const dose = reading?.state === 'here' && reading.object.kind === 'dose' ? reading.object : undefined
  if (dose === undefined) return { value: 0, words: '' }
  if (state.isodoses.reference !== undefined) return { value: state.isodoses.reference, words: 'as given' }
  // Of a fraction, a beam or a part of one the whole prescription is no measure.
  const isWhole = ['', 'PLAN', 'MULTI_PLAN'].includes(dose.summation)
  for (const other of isWhole ? state.readings.values() : []) {
    if (other.state !== 'here' || other.object.kind !== 'plan') continue
    const { prescription, SOPInstanceUID } = other.object
    if (prescription !== undefined && dose.field.unit === 'Gy' && dose.plans.includes(SOPInstanceUID)) {
      return { value: prescription, words: 'prescribed' }
    }
  }
  const part = isWhole ? '' : ` of this ${dose.summation.toLowerCase().replace('_', ' ')} dose`
  return { value: dose.field.max, words: `maximum${part}` }
}
