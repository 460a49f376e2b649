import type { SeriesSummary } from '../../shared/contract.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { onStudiesChanged, studyContents, studyThumbnails } from '../series/index.ts'
import { noteArrival } from './arriving.ts'
import { oncePerStep } from './oncePerStep.ts'
import { isOnScreen, keepStacks, readOn, type StudyOnScreen, useSession } from './session.ts'
import { dropStacks, openStacks } from './stacks.ts'

/** A study just opened, and whether it was said since that it has changed. */
let justOpened = { StudyInstanceUID: '', hasChanged: false }

/** Studies of whose change the screen has not been told yet: what is laid out of them is older than what the next opening will read. */
const untold = new Set<string>()

/** Being opened is itself a change of a study: what was read ahead of it would be asked for again before its first picture. */
export function holdChanges(StudyInstanceUID: string): void {
  // Their contents will be as they are then: nothing would tell any more that their stacks are not.
  for (const uid of untold) dropStacks(uid)
  untold.clear()
  const held = { StudyInstanceUID, hasChanged: false }
  justOpened = held
  setTimeout(() => {
    if (justOpened === held) justOpened = { StudyInstanceUID: '', hasChanged: false }
    if (held.hasChanged) changed(StudyInstanceUID)
  }, REFRESH_MS)
}

let takenAway: (text: string) => void = () => {}
/** Told, in words, when images on the screen were deleted, rejected or moved on the station. */
export function onTakenAway(listener: (text: string) => void): () => void {
  takenAway = listener
  return () => {
    takenAway = () => {}
  }
}

/** While a study arrives it is read anew at most so often: that takes a second, the next image may take as long. */
const REFRESH_MS = 1000
/** Series whose stacks are older than their counts: until they have been read. */
const stale = new Set<string>()

async function layOutStale(StudyInstanceUID: string, series: SeriesSummary[]): Promise<void> {
  for (const { SeriesInstanceUID } of series) {
    if (!stale.has(SeriesInstanceUID) || !useSession.getState().stacks.has(SeriesInstanceUID)) continue
    const laidOut = await openStacks(StudyInstanceUID, SeriesInstanceUID)
    if (!isOnScreen(StudyInstanceUID)) return
    keepStacks(SeriesInstanceUID, laidOut)
    stale.delete(SeriesInstanceUID)
  }
}

/** Series that arrive while a study is open join the strip; images slot into the stacks, and panes keep what they show. */
async function refreshStudy(StudyInstanceUID: string): Promise<void> {
  const contents = isOnScreen(StudyInstanceUID) ? await studyContents(StudyInstanceUID) : undefined
  if (contents === undefined || !isOnScreen(StudyInstanceUID)) {
    dropStacks(StudyInstanceUID)
    return
  }
  untold.delete(StudyInstanceUID)
  const { study, series, beside } = useSession.getState()
  const own = study?.StudyInstanceUID === StudyInstanceUID
  const before = own ? { study, series } : beside.get(StudyInstanceUID)
  const images = contents.study.NumberOfStudyRelatedInstances
  const had = before?.study?.NumberOfStudyRelatedInstances
  if (had !== undefined && had > images) {
    takenAway('Images of this study were deleted, rejected or moved: open it again to see what is left')
  }
  const countOf = (series: SeriesSummary[] | undefined, uid: string) =>
    series?.find(one => one.SeriesInstanceUID === uid)?.NumberOfSeriesRelatedInstances ?? 0
  const changed = contents.series
    .map(one => one.SeriesInstanceUID)
    .filter(uid => countOf(contents.series, uid) !== countOf(before?.series, uid))
  // Somebody opening or reading the study changes none of its images. An image that was sent anew changes no count, and may be of
  // any series, whichever of them grew beside it.
  if (before?.study?.lastReceived !== contents.study.lastReceived) dropStacks(StudyInstanceUID)
  else if (changed.length > 0) dropStacks(StudyInstanceUID, changed)
  for (const uid of changed) if (countOf(contents.series, uid) > countOf(before?.series, uid)) noteArrival(uid)
  const refresh = (known: Partial<StudyOnScreen>) =>
    useSession.setState(session => {
      // It may stand beside another one by now.
      if (session.study?.StudyInstanceUID === StudyInstanceUID) return known
      const other = session.beside.get(StudyInstanceUID)
      return other === undefined
        ? {}
        : { beside: new Map(session.beside).set(StudyInstanceUID, { ...other, ...known }) }
    })
  refresh(contents)
  for (const uid of changed) stale.add(uid)
  await layOutStale(StudyInstanceUID, contents.series)
  await readOn(StudyInstanceUID, contents.series)
  // Those that were not laid out yet, or just then as they were before.
  await layOutStale(StudyInstanceUID, contents.series)
  if (!isOnScreen(StudyInstanceUID)) return
  const thumbnails = await studyThumbnails(StudyInstanceUID)
  if (isOnScreen(StudyInstanceUID)) refresh({ thumbnails })
}

const refreshSoon = oncePerStep(REFRESH_MS, refreshStudy, (StudyInstanceUID, thrown) => {
  // The station being away is told by the status line; the next event or opening asks again.
  if (!(thrown instanceof IsocenterError) || thrown.code !== 'not-found') return
  dropStacks(StudyInstanceUID)
  takenAway('This study was deleted, rejected or moved: it is no longer on the list')
})

function changed(StudyInstanceUID: string): void {
  if (isOnScreen(StudyInstanceUID)) {
    untold.add(StudyInstanceUID)
    refreshSoon(StudyInstanceUID)
  } else dropStacks(StudyInstanceUID)
}

onStudiesChanged(StudyInstanceUIDs => {
  for (const uid of StudyInstanceUIDs) {
    if (uid === justOpened.StudyInstanceUID) {
      justOpened.hasChanged = true
      untold.add(uid)
    } else changed(uid)
  }
})
