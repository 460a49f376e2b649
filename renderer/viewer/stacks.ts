import { displaySets } from '../../shared/viewing/displaySets.ts'
import { call } from '../client.ts'
import { keepNewest } from '../keepNewest.ts'
import { catalogSeries, type SeriesStack } from './catalog.ts'

/** Laid-out series by study, for as long as the study does not change; the last studies asked for. */
const openedStacks = new Map<string, Map<string, Promise<SeriesStack[]>>>()
const STUDIES_KEPT = 8
/** What has come of them. */
const here = new WeakMap<Promise<SeriesStack[]>, SeriesStack[]>()

/** A series as its display sets, from memory while nothing has changed. Rejects like `call`. */
export function openStacks(StudyInstanceUID: string, SeriesInstanceUID: string): Promise<SeriesStack[]> {
  const stacks = openedStacks.get(StudyInstanceUID) ?? new Map<string, Promise<SeriesStack[]>>()
  keepNewest(openedStacks, StudyInstanceUID, stacks, STUDIES_KEPT)
  let laidOut = stacks.get(SeriesInstanceUID)
  if (laidOut === undefined) {
    laidOut = call('series.open', { StudyInstanceUID, SeriesInstanceUID }).then(manifest =>
      catalogSeries(manifest, displaySets(manifest)),
    )
    const asked = laidOut
    laidOut.then(
      stack => here.set(asked, stack),
      () => stacks.delete(SeriesInstanceUID),
    )
    stacks.set(SeriesInstanceUID, laidOut)
  }
  return laidOut
}

/** The same without waiting: undefined where it would have to be asked for, or is on its way. */
export function stacksHere(StudyInstanceUID: string, SeriesInstanceUID: string): SeriesStack[] | undefined {
  const laidOut = openedStacks.get(StudyInstanceUID)?.get(SeriesInstanceUID)
  return laidOut && here.get(laidOut)
}

/** The study, or only these series of it, have changed: they are asked for anew. */
export function dropStacks(StudyInstanceUID: string, series?: readonly string[]): void {
  if (series === undefined) openedStacks.delete(StudyInstanceUID)
  else for (const uid of series) openedStacks.get(StudyInstanceUID)?.delete(uid)
}
