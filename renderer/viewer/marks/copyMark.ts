import type { Mark } from '../../../shared/viewing/draft.ts'
import { describeFrame, type SeriesStack, type StackEntry } from '../catalog.ts'
import type { Change } from './draftKeeper.ts'

/** Where a mark goes: so many images on, so many back, or every other one of the stack. */
export type CopyTo = { next: number } | { previous: number } | 'all'

/** The places of the stack a mark is copied to; none that has no picture or another matrix, on which the same points lie elsewhere. */
export function copyPlaces(stack: SeriesStack, mark: Mark, to: CopyTo): StackEntry[] {
  const { entries } = stack
  const at = entries.findIndex(
    ({ instance, frame }) => instance.SOPInstanceUID === mark.SOPInstanceUID && frame === mark.frame,
  )
  const own = entries[at]
  if (own === undefined) return []
  const [first, last] = range(at, to, entries.length)
  return entries.filter(
    (entry, index) => index >= first && index <= last && index !== at && !entry.unshowable && sameMatrix(entry, own),
  )
}

function range(at: number, to: CopyTo, count: number): [first: number, last: number] {
  if (to === 'all') return [0, count - 1]
  return 'next' in to ? [at + 1, at + to.next] : [at - to.previous, at - 1]
}

function sameMatrix(one: StackEntry, other: StackEntry): boolean {
  const [a, b] = [describeFrame(one.imageId)?.attributes, describeFrame(other.imageId)?.attributes]
  return a?.Rows === b?.Rows && a?.Columns === b?.Columns
}

/** Unlocked copies, as one step of undo. */
export function copyChanges(mark: Mark, places: StackEntry[]): Change[] {
  const { locked: _, ...free } = mark
  return places.map(({ instance: { SOPInstanceUID }, frame }) => ({
    mark: { after: { ...free, id: crypto.randomUUID(), SOPInstanceUID, frame } },
  }))
}
