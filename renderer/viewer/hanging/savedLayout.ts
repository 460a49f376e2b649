import type { SeriesSummary } from '../../../shared/contract.ts'
import {
  LAYOUT_SERIES,
  readStructuredDisplay,
  type SavedLayout,
  STRUCTURED_DISPLAY,
} from '../../../shared/viewing/writing/structuredDisplay.ts'
import { readObject } from '../objects/readObject.ts'
import { openStacks } from '../stacks.ts'
import type { Assignment } from '../strip.ts'
import type { ByRule } from './opening.ts'

/** The layout of a study that was saved last; undefined where none was, or it cannot be had now. */
async function newestLayout(StudyInstanceUID: string, series: SeriesSummary[]): Promise<SavedLayout | undefined> {
  const found: SavedLayout[] = []
  for (const { SeriesInstanceUID, Modality, SeriesDescription } of series) {
    if (Modality !== 'PR' || SeriesDescription !== LAYOUT_SERIES) continue
    const stacks = await openStacks(StudyInstanceUID, SeriesInstanceUID).catch(() => [])
    const instances = stacks.flatMap(({ entries }) => entries.map(({ instance }) => instance))
    const last = instances.findLast(({ SOPClassUID }) => SOPClassUID === STRUCTURED_DISPLAY)
    const address = last && { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: last.SOPInstanceUID }
    const read = address && (await readObject(address).then(readStructuredDisplay, () => undefined))
    if (read !== undefined) found.push(read)
  }
  const moment = ({ date, time, InstanceNumber }: SavedLayout) =>
    `${date} ${time} ${String(InstanceNumber).padStart(9, '0')}`
  return found.sort((a, b) => (moment(a) < moment(b) ? 1 : -1))[0]
}

/** What lies in an archive alone may take its time: a study that has waited so long for its layout opens without it. */
const PATIENCE_MS = 3000

/** How a study opens that was laid out and saved, here or on another station, where the reader has no layout of his own for it. */
export function openAsSaved(
  StudyInstanceUID: string,
  series: SeriesSummary[],
): Promise<Omit<ByRule, 'linked'> | undefined> {
  return Promise.race([
    savedHanging(StudyInstanceUID, series),
    new Promise<undefined>(resolve => setTimeout(resolve, PATIENCE_MS)),
  ])
}

async function savedHanging(
  StudyInstanceUID: string,
  series: SeriesSummary[],
): Promise<Omit<ByRule, 'linked'> | undefined> {
  const layout = await newestLayout(StudyInstanceUID, series)
  if (layout === undefined) return undefined
  const assigned = await Promise.all(layout.panes.map(assignmentIn))
  const active = assigned.findIndex(one => one !== undefined)
  const { rows, columns } = layout
  return active === -1 ? undefined : { layout: { rows, columns }, assigned, active }
}

/** The display set that has the image; none where it is not here. */
async function assignmentIn(pane: SavedLayout['panes'][number]): Promise<Assignment | undefined> {
  if (pane === undefined) return undefined
  const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frame } = pane
  const stacks = await openStacks(StudyInstanceUID, SeriesInstanceUID).catch(() => [])
  const stack = stacks.find(({ entries }) =>
    entries.some(entry => entry.instance.SOPInstanceUID === SOPInstanceUID && entry.frame === frame),
  )
  return stack && { StudyInstanceUID, SeriesInstanceUID, id: stack.set.id }
}
