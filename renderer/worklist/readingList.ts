import { create } from 'zustand'
import type { StudySummary } from '../../shared/contract.ts'
import { afterPicture } from '../pictureFirst.ts'
import { StudyOrder } from './studyOrder.ts'
import { currentRow } from './studyRows.ts'
import { useWorklist } from './worklistStore.ts'

interface Reading {
  /** The list as it stood when the first study was opened: arrivals do not come between. */
  order: StudyOrder
  index: number
  study: StudySummary | undefined
}

const useReading = create<Reading>(() => ({ order: new StudyOrder(), index: 0, study: undefined }))

/** Where the study that is open stands in the list that is read. */
export interface ReadingPlace {
  /** 1-based. */
  position: number
  total: number
  /** Studies that came since and are not in the list. */
  arrivals: number
}

export function useReadingPlace(): ReadingPlace | undefined {
  const { order, index, study } = useReading()
  const pending = useWorklist(list => list.pending)
  const length = useWorklist(list => list.length)
  if (study === undefined) return undefined
  // While its pages come in, the list that is read grows with the one on the screen.
  return {
    position: index + 1,
    total: order.complete ? order.length : Math.max(order.length, length),
    arrivals: pending,
  }
}

async function find(from: number, direction: 1 | -1): Promise<{ index: number; study: StudySummary } | undefined> {
  const { order } = useReading.getState()
  for (let index = from + direction; ; index += direction) {
    const id = order.at(index)
    if (id === undefined) return undefined
    // Known since it was read ahead: nothing is asked between the key and the picture.
    const study = await currentRow(id)
    // One that is gone is passed over.
    if (study !== undefined) return { index, study }
  }
}

/** A step through the list: what is read is the study before until it is taken. */
interface Step {
  study: StudySummary
  /** The study before is not on the screen any more. */
  take: () => void
}

let untaken: (() => void) | undefined

async function step(direction: 1 | -1): Promise<Step | undefined> {
  // Whoever goes on before the step is drawn goes on from there.
  untaken?.()
  const { order, index } = useReading.getState()
  const found = await find(index, direction)
  // Another one was opened while the station was asked.
  if (found === undefined || useReading.getState().order !== order) return undefined
  const take = () => {
    if (untaken === take) untaken = undefined
    const now = useReading.getState()
    if (now.order !== order || now.index !== index) return
    useReading.setState(found)
    void putCursor(found.study.id)
  }
  untaken = take
  return { study: found.study, take }
}

/** Coming back to the worklist, the cursor is where the reading is. */
async function putCursor(id: number): Promise<void> {
  await afterPicture()
  if (useReading.getState().study?.id === id && useWorklist.getState().order.has(id))
    useWorklist.setState({ cursor: id })
}

/** The walk through the worklist: N, Shift+N, Ctrl+Enter. Each rejects like `call`. */
export const readingList = {
  /** Opening a study from the worklist: what follows it is the list as it is now. */
  start(study: StudySummary): void {
    untaken = undefined
    const { order } = useWorklist.getState()
    const index = order.indexOf(study.id)
    useReading.setState(index === -1 ? { order: alone(study), index: 0, study } : { order, index, study })
  },
  /** The study that is open. */
  current: (): StudySummary | undefined => useReading.getState().study,
  /** Goes on to the study after; undefined at the end. */
  next: (): Promise<Step | undefined> => step(1),
  /** Goes back to the study before; undefined at the beginning. */
  previous: (): Promise<Step | undefined> => step(-1),
  /** The study that `next` would go to, to read it ahead. */
  peek: async (): Promise<StudySummary | undefined> => (await find(useReading.getState().index, 1))?.study,
}

/** A study that is not in the list (a prior) is a list of its own. */
function alone(study: StudySummary): StudyOrder {
  const order = new StudyOrder([study.id])
  order.complete = true
  return order
}
