import { create } from 'zustand'
import type { DataSet } from '../../../shared/dicom/reader.ts'
import { KEY_OBJECT_SELECTION } from '../../../shared/dicom/rejectionNote.ts'
import {
  isPresentationState,
  type PresentationState,
  readPresentationState,
} from '../../../shared/viewing/documents/presentationState.ts'
import type { Draft } from '../../../shared/viewing/draft.ts'
import type { ReferencedObject } from '../../../shared/viewing/writing/content.ts'
import { readKeySelection, type SavedSelection } from '../../../shared/viewing/writing/keySelection.ts'
import { takenUp } from '../../../shared/viewing/writing/presentationState.ts'
import { readMeasurements, type SavedMeasurements } from '../../../shared/viewing/writing/readMeasurements.ts'
import {
  readStructuredDisplay,
  type SavedLayout,
  STRUCTURED_DISPLAY,
} from '../../../shared/viewing/writing/structuredDisplay.ts'
import { studyContents } from '../../series/index.ts'
import { broughtBack } from '../hanging/hangingState.ts'
import { isAsOpened, noteAsOpened } from '../marks/arrangement.ts'
import { draftOf } from '../marks/drafts.ts'
import { readObject } from '../objects/readObject.ts'
import { livePanes, useSession } from '../session.ts'
import { openStacks } from '../stacks.ts'
import { setsWithStates, shutterAsSaved, viewAsSaved } from './savedViews.ts'

export interface SavedState {
  object: ReferencedObject
  InstanceNumber: number
  state: PresentationState
}

/** What is stored of a study's marks, key images and views; each list newest first. */
export interface SavedVersions {
  reports: SavedMeasurements[]
  /** Ours alone. */
  selections: SavedSelection[]
  /** Ours alone. */
  states: SavedState[]
  /** Ours alone. */
  layouts: SavedLayout[]
}

export const NOTHING_SAVED: SavedVersions = { reports: [], selections: [], states: [], layouts: [] }
export const useSaved = create<{ studies: ReadonlyMap<string, SavedVersions> }>(() => ({ studies: new Map() }))

const OURS = 'Isocenter'
const REPORT = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.88\.(22|33|34)$/
/** Of a study; those beyond are not read. */
const MOST_OBJECTS = 200

export function isOurs({ Manufacturer }: SavedMeasurements): boolean {
  return Manufacturer === OURS
}

/** What is read of an object, by study and instance, for as long as a study is open: objects never change. */
const known = new Map<string, Map<string, Read>>()
type Read = Partial<{
  report: SavedMeasurements
  selection: SavedSelection
  state: SavedState
  layout: SavedLayout
}>

/** Reads what is stored now. Rejects like `call`; an object that cannot be read is left out, its own tile says why. */
export async function readSaved(StudyInstanceUID: string): Promise<SavedVersions> {
  const { series } = await studyContents(StudyInstanceUID)
  const read = known.get(StudyInstanceUID) ?? new Map<string, Read>()
  known.set(StudyInstanceUID, read)
  for (const { SeriesInstanceUID, Modality, SeriesDescription } of series) {
    const isOwn = (Modality === 'KO' || Modality === 'PR') && SeriesDescription.startsWith(OURS)
    if (Modality !== 'SR' && !isOwn) continue
    const stacks = await openStacks(StudyInstanceUID, SeriesInstanceUID)
    // The newest versions first: they are the ones that must not be left out.
    for (const { instance } of stacks.flatMap(one => one.entries).reverse()) {
      const { SOPInstanceUID, SOPClassUID } = instance
      if (read.has(SOPInstanceUID) || read.size >= MOST_OBJECTS || !isReadable(SOPClassUID)) continue
      const found = await readObject({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID })
        .then(interpreted)
        .catch(() => undefined)
      if (found !== undefined) read.set(SOPInstanceUID, found)
    }
  }
  return publish(StudyInstanceUID, read)
}

function isReadable(SOPClassUID: string): boolean {
  return (
    REPORT.test(SOPClassUID) ||
    SOPClassUID === KEY_OBJECT_SELECTION ||
    SOPClassUID === STRUCTURED_DISPLAY ||
    isPresentationState(SOPClassUID)
  )
}

function interpreted(dataSet: DataSet): Read {
  const report = readMeasurements(dataSet)
  if (report !== undefined) return { report }
  if (dataSet.string('Manufacturer') !== OURS) return {}
  const selection = readKeySelection(dataSet)
  if (selection !== undefined) return { selection }
  const layout = readStructuredDisplay(dataSet)
  if (layout !== undefined) return { layout }
  if (!isPresentationState(dataSet.string('SOPClassUID'))) return {}
  const uid = (key: keyof ReferencedObject) => dataSet.string(key)
  const object = {
    SOPClassUID: uid('SOPClassUID'),
    StudyInstanceUID: uid('StudyInstanceUID'),
    SeriesInstanceUID: uid('SeriesInstanceUID'),
    SOPInstanceUID: uid('SOPInstanceUID'),
  }
  return {
    state: { object, InstanceNumber: dataSet.number('InstanceNumber') ?? 0, state: readPresentationState(dataSet) },
  }
}

/** What was stored just now, before the station tells of it. */
export function noteSaved(
  StudyInstanceUID: string,
  stored: ReadonlyArray<{ SOPInstanceUID: string; dataSet: DataSet }>,
): void {
  const read = known.get(StudyInstanceUID) ?? new Map<string, Read>()
  known.set(StudyInstanceUID, read)
  for (const { SOPInstanceUID, dataSet } of stored) read.set(SOPInstanceUID, interpreted(dataSet))
  publish(StudyInstanceUID, read)
}

function publish(StudyInstanceUID: string, read: ReadonlyMap<string, Read>): SavedVersions {
  const all = [...read.values()]
  const moment = (date: string, time: string, number: number) => `${date} ${time} ${String(number).padStart(9, '0')}`
  const newestFirst = <T>(found: T[], momentOf: (one: T) => string) =>
    found.sort((a, b) => (momentOf(a) < momentOf(b) ? 1 : -1))
  const versions: SavedVersions = {
    reports: newestFirst(
      all.flatMap(({ report }) => report ?? []),
      ({ date, time, InstanceNumber }) => moment(date, time, InstanceNumber),
    ),
    selections: newestFirst(
      all.flatMap(({ selection }) => selection ?? []),
      ({ date, time, InstanceNumber }) => moment(date, time, InstanceNumber),
    ),
    states: newestFirst(
      all.flatMap(({ state }) => state ?? []),
      ({ state, InstanceNumber }) => moment(state.date, state.time, InstanceNumber),
    ),
    layouts: newestFirst(
      all.flatMap(({ layout }) => layout ?? []),
      ({ date, time, InstanceNumber }) => moment(date, time, InstanceNumber),
    ),
  }
  useSaved.setState(({ studies }) => ({ studies: new Map(studies).set(StudyInstanceUID, versions) }))
  return versions
}

/** The newest version of ours, and whatever of it a draft does not go on from. */
export function newerThan({ continues = [] }: Draft, { reports, selections }: SavedVersions) {
  const [report, selection] = [reports.find(isOurs), selections[0]]
  const newer = [report, selection].flatMap(one => (one && !continues.includes(one.SOPInstanceUID) ? [one] : []))
  return { report, selection, newer: newer.sort((a, b) => (a.date + a.time < b.date + b.time ? 1 : -1))[0] }
}

/** What a draft goes on from that has taken the newest version: its states, too. */
export function continuing({ report, selection }: ReturnType<typeof newerThan>, { states }: SavedVersions): string[] {
  const uids = [report, selection].flatMap(one => one?.SOPInstanceUID ?? [])
  return [...uids, ...states.map(({ object }) => object.SOPInstanceUID)]
}

/** How the display sets of a study were seen and covered when they were saved, by their ids. */
async function savedLooks(
  StudyInstanceUID: string,
  { states }: SavedVersions,
): Promise<Pick<Draft, 'views' | 'shutters'>> {
  const looks: Pick<Draft, 'views' | 'shutters'> = { views: {}, shutters: {} }
  for (const { stack, last } of await setsWithStates(StudyInstanceUID, states)) {
    const [view, shutter] = [viewAsSaved(last, stack), shutterAsSaved(last, stack)]
    if (view !== undefined) looks.views[stack.set.id] = view
    if (shutter !== undefined) looks.shutters[stack.set.id] = shutter
  }
  return looks
}

/** Where nothing was marked yet, the newest saved version is gone on from: on another station, or where the draft is gone. */
async function takeUp(StudyInstanceUID: string, versions: SavedVersions): Promise<void> {
  const keeper = draftOf(StudyInstanceUID)
  await keeper.ready
  const isUntouched = () => {
    const { continues, marks, keyImages } = keeper.draft
    return keeper.isRead && continues === undefined && marks.length + keyImages.length === 0
  }
  // Onto one that is not read yet it would come as a change: over what the reader has changed since.
  if (!isUntouched()) return
  const newest = newerThan(keeper.draft, versions)
  const continues = continuing(newest, versions)
  if (continues.length === 0) return
  const { report, selection } = newest
  const saved = await savedLooks(StudyInstanceUID, versions)
  // Series were read meanwhile.
  if (!isUntouched()) return
  const { calibrations, views, shutters } = keeper.draft
  const isTouched = (set: string) => livePanes().some(pane => pane.stack?.set.id === set && !isAsOpened(pane))
  const seen = takenUp(saved.views, views, isTouched)
  keeper.arrange({
    marks: report?.marks ?? [],
    calibrations: { ...report?.calibrations, ...calibrations },
    keyImages: selection?.keyImages ?? [],
    views: { ...views, ...seen },
    shutters: { ...saved.shutters, ...shutters },
    continues,
  })
  bringBack(seen)
}

/** Panes that hang such a set already, as it opens. */
function bringBack(views: Draft['views']): void {
  for (const pane of livePanes()) {
    const view = views[pane.stack?.set.id ?? '']
    if (view === undefined) continue
    pane.setView(view)
    broughtBack(pane, view)
    noteAsOpened(pane)
  }
}

async function follow(StudyInstanceUID: string): Promise<void> {
  await takeUp(StudyInstanceUID, await readSaved(StudyInstanceUID))
}

/** Behind the first pictures: only then is a study laid out. */
useSession.subscribe(({ study, series, stacks }, before) => {
  if (study === undefined) {
    if (before.study === undefined) return
    known.clear()
    useSaved.setState({ studies: new Map() })
    return
  }
  const isFirst = stacks.size > 0 && before.stacks.size === 0
  if (!isFirst && (series === before.series || stacks.size === 0)) return
  // A station that is away says so in the status line; saving asks again.
  follow(study.StudyInstanceUID).catch(() => {})
})
