import { create } from 'zustand'
import { KEY_OBJECT_SELECTION } from '../../../shared/dicom/rejectionNote.ts'
import { inForce, type KeyObjects, readKeyObjects } from '../../../shared/viewing/documents/keyObjects.ts'
import {
  isPresentationState,
  type PresentationState,
  readPresentationState,
} from '../../../shared/viewing/documents/presentationState.ts'
import { announce } from '../../ui/index.ts'
import { type ObjectAddress, readObject } from '../objects/readObject.ts'
import { type Session, useSession } from '../session.ts'

/** What is stored about the images of a study, beside them. */
export interface StudyObjects {
  keyObjects: KeyObjects[]
  /** Newest first. */
  states: PresentationState[]
}

export const useStudyObjects = create<{ studies: ReadonlyMap<string, StudyObjects> }>(() => ({ studies: new Map() }))

export const NO_OBJECTS: StudyObjects = { keyObjects: [], states: [] }

/** A study of a thousand saved views exists; those beyond are not asked for. */
const MOST_OF_STUDY = 300

interface Wanted extends ObjectAddress {
  SOPClassUID: string
}

/** By study, what has been asked for. */
const asked = new Map<string, Set<string>>()
const queue: Wanted[] = []
let busy = false

/** The key objects and presentation states among what is laid out that have not been asked for. */
function notice({ study, stacks }: Session): void {
  if (study === undefined) {
    if (asked.size === 0) return
    asked.clear()
    queue.length = 0
    useStudyObjects.setState({ studies: new Map() })
    return
  }
  for (const stack of [...stacks.values()].flat()) {
    const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
    const known = asked.get(StudyInstanceUID) ?? new Set<string>()
    asked.set(StudyInstanceUID, known)
    for (const { instance } of stack.entries) {
      const { SOPInstanceUID, SOPClassUID } = instance
      if (SOPClassUID !== KEY_OBJECT_SELECTION && !isPresentationState(SOPClassUID)) continue
      if (known.has(SOPInstanceUID) || known.size >= MOST_OF_STUDY) continue
      known.add(SOPInstanceUID)
      queue.push({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, SOPClassUID })
    }
  }
  if (queue.length > 0) void readOn()
}

/** Series that are not laid out yet may hold some, too. */
export function isReading(): boolean {
  const { series, stacks } = useSession.getState()
  return busy || series.some(({ SeriesInstanceUID }) => !stacks.has(SeriesInstanceUID))
}

/** A series that cannot be opened is not waited for. */
const MOST_WAIT_MS = 30_000

/** Resolves when what is stored about the study's images has been read; says `words` where that takes longer than a glance. */
export async function whenRead(words: string): Promise<void> {
  const slow = setTimeout(() => announce(words), 400)
  const until = performance.now() + MOST_WAIT_MS
  while (isReading() && performance.now() < until) await new Promise(resolve => setTimeout(resolve, 50))
  clearTimeout(slow)
}

/** One after the other: the images come first. */
async function readOn(): Promise<void> {
  if (busy) return
  busy = true
  for (let wanted = queue.shift(); wanted !== undefined; wanted = queue.shift()) {
    // What cannot be read here says why in its own tile.
    const dataSet = await readObject(wanted).catch(() => undefined)
    // Another study may be open by now.
    const here = asked.get(wanted.StudyInstanceUID)?.has(wanted.SOPInstanceUID)
    if (dataSet !== undefined && here) keep(wanted, dataSet)
  }
  busy = false
}

function keep({ StudyInstanceUID, SOPClassUID }: Wanted, dataSet: Parameters<typeof readKeyObjects>[0]): void {
  useStudyObjects.setState(({ studies }) => {
    const { keyObjects, states } = studies.get(StudyInstanceUID) ?? NO_OBJECTS
    const chosen = SOPClassUID === KEY_OBJECT_SELECTION ? readKeyObjects(dataSet) : undefined
    const state = isPresentationState(SOPClassUID) ? readPresentationState(dataSet) : undefined
    const next: StudyObjects = {
      keyObjects: chosen ? inForce([...keyObjects, chosen]) : keyObjects,
      states: state ? [...states, state].sort(newestFirst) : states,
    }
    return { studies: new Map(studies).set(StudyInstanceUID, next) }
  })
}

function newestFirst(a: PresentationState, b: PresentationState): number {
  const [first, second] = [a.date + a.time, b.date + b.time]
  return first < second ? 1 : first > second ? -1 : 0
}

useSession.subscribe((now, before) => {
  if (now.stacks !== before.stacks || now.study !== before.study) notice(now)
})
