import { parallel } from '../../../shared/viewing/geometry.ts'
import { History } from '../../../shared/viewing/segmenting/edit.ts'
import { type LabelGrid, LabelMap } from '../../../shared/viewing/segmenting/labels.ts'
import { decodeRuns, encodeRuns } from '../../../shared/viewing/segmenting/runLength.ts'
import type { SavedAs, Segment } from '../../../shared/viewing/segmenting/segment.ts'
import { t } from '../../i18n/index.ts'
import { describeFrame, type SeriesStack, type StackEntry } from '../catalog.ts'
import { planesOf } from '../space.ts'
import { curvedOf } from '../volume/curved.ts'

/** What is said of a segmentation beyond its voxels. */
export interface Head {
  segments: Segment[]
  /** Number of the segment that is drawn; 0 = none. */
  active: number
  predecessor: SavedAs | undefined
  ours: boolean
  changed: boolean
}

/** A segmentation of ours while it is worked on: one of a display set, on its own frames. */
export interface Work {
  id: string
  StudyInstanceUID: string
  SeriesInstanceUID: string
  /** Display set. */
  set: string
  stack: SeriesStack
  /** Slice by slice; those without a picture are none. */
  entries: StackEntry[]
  /** Slice by image id. */
  slices: ReadonlyMap<string, number>
  map: LabelMap
  history: History
  head: Head
  /** Counts up with every change of a slice. */
  versions: Uint32Array
  /**
   * What was drawn on images that are not here, or cannot be read: runs of labels by the slice's name. It comes back with its image,
   * and no save lets go of it. While there is some, that the rest is empty does not say that it was erased.
   */
  away: Map<string, Uint8Array>
}

/** The voxels of a stack, or why it cannot be drawn on, in words. */
export function gridOf(stack: SeriesStack): { grid: LabelGrid; entries: StackEntry[] } | { refusal: string } {
  // A straightened picture is no image that an object could name.
  const isMade = curvedOf(stack) !== undefined
  const entries = isMade ? [] : stack.entries.filter(({ unshowable }) => unshowable === undefined)
  const sizes = new Set(
    entries.map(({ imageId }) => {
      const { Rows = 0, Columns = 0 } = describeFrame(imageId)?.attributes ?? {}
      return `${Columns}x${Rows}`
    }),
  )
  const [columns = 0, rows = 0] = [...sizes][0]?.split('x').map(Number) ?? []
  if (entries.length === 0 || columns * rows === 0) return { refusal: t('There is no picture to draw on.') }
  if (sizes.size > 1)
    return { refusal: t('These images are of different sizes: segments are drawn on images of one size.') }
  const planes = planesOf(stack).filter((_, index) => stack.entries[index]?.unshowable === undefined)
  const [first] = planes
  const isMillimetres =
    first !== undefined &&
    planes.every(
      plane =>
        plane?.FrameOfReferenceUID === first.FrameOfReferenceUID &&
        parallel(plane.normal, first.normal) &&
        plane.columnSpacing === first.columnSpacing &&
        plane.rowSpacing === first.rowSpacing,
    )
  const { spacing, missing, duplicated, uneven } = stack.set
  const isEven = spacing !== undefined && missing === 0 && duplicated === 0 && !uneven
  return {
    grid: {
      columns,
      rows,
      slices: entries.length,
      columnSpacing: isMillimetres ? first.columnSpacing : 1,
      rowSpacing: isMillimetres ? first.rowSpacing : 1,
      sliceSpacing: isMillimetres && isEven ? spacing : undefined,
      isMillimetres,
    },
    entries,
  }
}

function slicesOf(entries: readonly StackEntry[]): Map<string, number> {
  return new Map(entries.map(({ imageId }, index) => [imageId, index]))
}

export function makeWork(stack: SeriesStack, id: string, head: Head): Work | { refusal: string } {
  const found = gridOf(stack)
  if ('refusal' in found) return found
  const map = new LabelMap(found.grid)
  const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
  return {
    id,
    StudyInstanceUID,
    SeriesInstanceUID,
    set: stack.set.id,
    stack,
    entries: found.entries,
    slices: slicesOf(found.entries),
    map,
    history: new History(map),
    head,
    versions: new Uint32Array(found.grid.slices),
    away: new Map(),
  }
}

/** The same on a stack that has changed: what is drawn stays with its images, whether they are here or not. Undefined where it no longer fits. */
export function reboundWork(work: Work, stack: SeriesStack): Work | undefined {
  const next = makeWork(stack, work.id, work.head)
  if ('refusal' in next) return undefined
  const { columns, rows } = work.map.grid
  if (next.map.grid.columns !== columns || next.map.grid.rows !== rows) return undefined
  for (const index of work.map.drawn()) {
    const [entry, slice] = [work.entries[index]!, work.map.slice(index)!]
    const now = next.slices.get(entry.imageId)
    if (now !== undefined) next.map.ensure(now).set(slice)
    else if (slice.some(label => label !== 0)) next.away.set(sliceName(entry), encodeRuns(slice))
  }
  const bringHome = homeIn(next)
  for (const [name, runs] of work.away) bringHome(name, runs)
  return next
}

/**
 * Of what is kept and on no image: slices whose image is here, but whose kept bytes cannot be read, against those whose image is not
 * here. One that was drawn on anew is neither: the new drawing is kept in its place.
 */
export function awaySlices({ away, entries, map }: Pick<Work, 'away' | 'entries' | 'map'>): {
  unreadable: number
  absent: number
} {
  const names = new Map(entries.map((entry, index) => [sliceName(entry), index]))
  const count = { unreadable: 0, absent: 0 }
  for (const name of away.keys()) {
    const index = names.get(name)
    if (index === undefined) count.absent++
    else if (!map.slice(index)?.some(label => label !== 0)) count.unreadable++
  }
  return count
}

/** What draws a slice that is kept (runs, by the slice's name) on its image; where that is not here, or it cannot be read, it is away. */
export function homeIn(work: Work): (name: string, runs: Uint8Array) => void {
  const { columns, rows } = work.map.grid
  const names = new Map(work.entries.map((entry, index) => [sliceName(entry), index]))
  return (name, runs) => {
    const index = names.get(name)
    const labels = index === undefined ? undefined : decoded(runs, columns * rows)
    if (index === undefined || labels === undefined) work.away.set(name, runs)
    else work.map.ensure(index).set(labels)
  }
}

function decoded(runs: Uint8Array, length: number): Uint8Array | undefined {
  try {
    return decodeRuns(runs, length)
  } catch {
    return undefined
  }
}

/** What names a slice while it is kept: it says the same when more images have come. */
export function sliceName({ instance, frame }: StackEntry): string {
  return `${instance.SOPInstanceUID}#${frame}`
}
