import { create } from 'zustand'
import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { IMPLEMENTATION_CLASS_UID, readFileMeta } from '../../../shared/dicom/part10.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { readPresentationState } from '../../../shared/viewing/documents/presentationState.ts'
import type { Draft, Mark } from '../../../shared/viewing/draft.ts'
import { rescale } from '../../../shared/viewing/grey.ts'
import { coveredByBoth } from '../../../shared/viewing/shutter.ts'
import { changesSince, savable } from '../../../shared/viewing/writing/changes.ts'
import type { ReferencedFrame, ReferencedObject } from '../../../shared/viewing/writing/content.ts'
import { headsOf } from '../../../shared/viewing/writing/heads.ts'
import { keySelection } from '../../../shared/viewing/writing/keySelection.ts'
import {
  measurementReport,
  type ReportedMark,
  type Version,
} from '../../../shared/viewing/writing/measurementReport.ts'
import { type NewObject, type WrittenObject, writeObject } from '../../../shared/viewing/writing/newObject.ts'
import {
  isChanged,
  looksOf,
  presentationState,
  type StateImage,
  type StateMark,
} from '../../../shared/viewing/writing/presentationState.ts'
import type { SavedMeasurements } from '../../../shared/viewing/writing/readMeasurements.ts'
import { hangsOf, readStructuredDisplay, structuredDisplay } from '../../../shared/viewing/writing/structuredDisplay.ts'
import { identityOfImage, newUID, PartlySaved, saveObjects } from '../../authoring/index.ts'
import { t, whyOf } from '../../i18n/index.ts'
import { useSaveOnRead } from '../../reading/index.ts'
import { announce, announceFailure } from '../../ui/index.ts'
import { describeFrame, type SeriesStack, type StackEntry } from '../catalog.ts'
import { needFrame } from '../frameLoader.ts'
import type { DraftKeeper } from '../marks/draftKeeper.ts'
import { draftOf } from '../marks/drafts.ts'
import { measuredOf, scaleOfMark, writtenLinesOf } from '../marks/figures.ts'
import { holdSegments, saveSegmentations, unsavedWorks } from '../segmenting/index.ts'
import { isOfSlide, isSlideId, markOnSlide, needSlideValues, openSlide } from '../slides/openSlides.ts'
import { spacingOf } from '../spacing.ts'
import { openStacks } from '../stacks.ts'
import { storedWindows, windowToRange } from '../windows.ts'
import { askOthersToSave } from './otherWindows.ts'
import { noteSaved, readSaved, type SavedState, type SavedVersions } from './savedStore.ts'
import { isOfSet, ownShutters, setsWithStates, shutterAsSaved, viewAsSaved } from './savedViews.ts'

/** By study: being written, or why it could not be. */
export const useSaving = create<{ studies: Readonly<Record<string, 'busy' | { failed: string } | undefined>> }>(() => ({
  studies: {},
}))

const note = (study: string, state: 'busy' | { failed: string } | undefined) =>
  useSaving.setState(({ studies }) => ({ studies: { ...studies, [study]: state } }))

/** As many as a draft holds. */
const MOST_CONTINUED = 1100

interface Made {
  objects: NewObject[]
  /** What they are, in words. */
  words: string[]
  /** The versions that they stand for, by UID. */
  replaced: string[]
  /** Any image of the study: patient and study are read of it. */
  image: ReferencedObject | undefined
  /** What is not among them, in words. */
  left: string[]
}

/** Writes what has changed since the last version and says what was written (`quietly`: only what fails). One at a time a study. */
export async function save(StudyInstanceUID: string, quietly = false): Promise<void> {
  askOthersToSave(StudyInstanceUID)
  if (useSaving.getState().studies[StudyInstanceUID] === 'busy') return
  note(StudyInstanceUID, 'busy')
  try {
    const said = await saveNow(StudyInstanceUID, !quietly)
    note(StudyInstanceUID, undefined)
    if (!quietly) announce(said)
  } catch (thrown) {
    note(StudyInstanceUID, { failed: whyOf(thrown) })
    announceFailure('It could not be saved; the marks are kept here.', thrown)
  }
}

/** A study is marked as read: what was marked in it and is not saved is saved, if the reader wants it so. */
export async function saveAtReading(StudyInstanceUID: string): Promise<void> {
  if (!useSaveOnRead.getState().saveOnRead) return
  askOthersToSave(StudyInstanceUID)
  const saved = saveRead(StudyInstanceUID)
  // The next study is opened before this one is saved.
  holdSegments(StudyInstanceUID, saved)
  await saved
}

async function saveRead(StudyInstanceUID: string): Promise<void> {
  try {
    const keeper = draftOf(StudyInstanceUID)
    await keeper.ready
    const { marks, keyImages, calibrations, continues } = keeper.draft
    const isEmpty = marks.length + keyImages.length + Object.keys(calibrations).length === 0
    const isDrawn = unsavedWorks(StudyInstanceUID).length > 0
    if (isEmpty && continues === undefined && !isDrawn) return
    const { report, selection } = basesOf(keeper.draft, await readSaved(StudyInstanceUID))
    const changes = changesSince(keeper.draft, report, selection?.keyImages ?? [])
    // The notice of the study's being read, with its undo, stays.
    if (changes.marks + changes.keyImages > 0 || isDrawn) await save(StudyInstanceUID, true)
  } catch (thrown) {
    announceFailure('What was marked could not be saved; it is kept here.', thrown)
  }
}

/** What a draft goes on from, the newest of each kind; `merged`: reports beside it. Another reader's versions are none of it. */
export function basesOf({ continues = [] }: Draft, { reports, selections, states }: SavedVersions) {
  const here = new Set(continues)
  const [report, ...merged] = headsOf(reports).filter(one => here.has(one.SOPInstanceUID))
  return {
    report: report ?? reports.find(one => here.has(one.SOPInstanceUID)),
    merged,
    selection: selections.find(one => here.has(one.SOPInstanceUID)),
    states: states.filter(({ object }) => here.has(object.SOPInstanceUID)),
  }
}

/** Segments and marks are saved each for itself: what fails of the one does not keep the other back. */
async function saveNow(StudyInstanceUID: string, withLayout: boolean): Promise<string> {
  const drawn = await saveSegmentations(StudyInstanceUID).then(
    saved => ({ saved, failed: undefined }),
    (thrown: unknown) => ({ saved: [], failed: thrown }),
  )
  const said = await saveDraft(StudyInstanceUID, drawn.saved, withLayout)
  if (drawn.failed !== undefined) throw drawn.failed
  return said
}

/**
 * `drawn`: the segmentations that were saved with it. `withLayout`: the reader asked for it; marking as read does not lay the study out
 * for whoever opens it next.
 */
async function saveDraft(StudyInstanceUID: string, drawn: readonly unknown[], withLayout: boolean): Promise<string> {
  const keeper = draftOf(StudyInstanceUID)
  await keeper.ready
  const { draft } = keeper
  const versions = await readSaved(StudyInstanceUID)
  const made = await make(StudyInstanceUID, draft, versions)
  if (withLayout) await addLayout(made, StudyInstanceUID, draft, versions)
  const { objects, words, replaced, image, left } = made
  if (drawn.length > 0) words.unshift(t('{{count}} segmentations', { count: drawn.length }))
  if (image === undefined || objects.length === 0) {
    const said =
      words.length > 0 ? t('Saved: {{what}}', { what: words.join(', ') }) : t('Nothing has changed since the last save')
    return [said, ...left].join(' · ')
  }
  const identity = await identityOfImage(image)
  try {
    goOnFrom(keeper, StudyInstanceUID, await saveObjects(identity, objects), replaced)
  } catch (thrown) {
    // What lies there is not written again next time; of what it may not stand for yet the newest counts.
    if (thrown instanceof PartlySaved) goOnFrom(keeper, StudyInstanceUID, thrown.saved, [])
    throw thrown
  }
  return [t('Saved: {{what}}', { what: words.join(', ') }), ...left].join(' · ')
}

/** The draft goes on from what was written. */
function goOnFrom(
  keeper: DraftKeeper,
  StudyInstanceUID: string,
  written: readonly WrittenObject[],
  replaced: readonly string[],
): void {
  noteSaved(
    StudyInstanceUID,
    written.map(({ SOPInstanceUID, part10 }) => ({ SOPInstanceUID, dataSet: dataSetOf(part10) })),
  )
  // What was continued meanwhile, in another window, stays.
  const others = (keeper.draft.continues ?? []).filter(uid => !replaced.includes(uid))
  keeper.arrange({
    continues: [...written.map(({ SOPInstanceUID }) => SOPInstanceUID), ...others].slice(0, MOST_CONTINUED),
  })
}

function dataSetOf(part10: Uint8Array): DataSet {
  const meta = readFileMeta(part10)
  if (meta === null) throw new Error(t('The object is not a DICOM file.'))
  return DataSet.read(part10, encodingOf(meta.TransferSyntaxUID), { offset: meta.dataSetOffset })
}

async function make(StudyInstanceUID: string, draft: Draft, versions: SavedVersions): Promise<Made> {
  const { report, merged, selection, states: before } = basesOf(draft, versions)
  const { marks, left } = savable(draft)
  const found = await placed(StudyInstanceUID, marks)
  const here = new Set(found.map(({ mark }) => mark.id))
  const absent = new Set(marks.map(({ id }) => id).filter(id => !here.has(id)))
  // Else each save would write the same again.
  const changes = changesSince(draft, report, selection?.keyImages ?? [], absent)
  const made: Made = { objects: [], words: [], replaced: [], image: undefined, left: [] }
  if (left > 0) made.left.push(t('{{count}} marks on reformats stay here: no stored image has them', { count: left }))
  const lost = marks.length - found.length
  if (lost > 0) made.left.push(t('{{count}} marks of images that are not here stay here', { count: lost }))
  const unmeasured = found.filter(({ isLoaded }) => !isLoaded).length
  if (changes.marks > 0) {
    const calibrations = await calibrationsOf(StudyInstanceUID, draft)
    if (found.length + calibrations.length > 0 || report !== undefined) {
      if (report) made.replaced.push(report.SOPInstanceUID, ...merged.map(({ SOPInstanceUID }) => SOPInstanceUID))
      const version = { ...next(report), merged: merged.map(objectOf) }
      made.objects.push(measurementReport(found, calibrations, IMPLEMENTATION_CLASS_UID, version))
      made.words.push(t('{{count}} marks', { count: found.length }))
      made.image =
        found[0]?.image ?? calibrations[0]?.image ?? firstNamed(report && imagesNamed(report), StudyInstanceUID)
      if (unmeasured > 0)
        made.left.push(t('without the values of {{count}} marks: the images could not be read', { count: unmeasured }))
    }
  }
  if (changes.keyImages > 0) {
    const images = await framesOf(StudyInstanceUID, draft.keyImages)
    const object = keySelection(images, next(selection))
    if (object !== undefined) {
      if (selection) made.replaced.push(selection.SOPInstanceUID)
      made.objects.push(object)
      made.words.push(t('{{count}} key images', { count: images.length }))
      made.image ??= images[0] ?? firstNamed(selection?.keyImages, StudyInstanceUID)
    }
  }
  const states = await statesOf(StudyInstanceUID, draft, found, before)
  if (states.objects.length > 0) {
    made.objects.push(...states.objects)
    made.replaced.push(...states.replaced)
    made.words.push(t('{{count}} views', { count: states.objects.length }))
    made.image ??= states.image
  }
  return made
}

function imagesNamed({ marks, calibrations }: SavedMeasurements) {
  const drawnOn = Object.entries(calibrations).map(([set, { SOPInstanceUID }]) => ({
    SeriesInstanceUID: seriesOf(set),
    SOPInstanceUID,
  }))
  return [...marks, ...drawnOn]
}

function firstNamed(
  places: ReadonlyArray<Pick<Mark, 'SeriesInstanceUID' | 'SOPInstanceUID'>> | undefined,
  StudyInstanceUID: string,
): ReferencedObject | undefined {
  const [place] = places ?? []
  if (place === undefined) return undefined
  const { SeriesInstanceUID, SOPInstanceUID } = place
  return { SOPClassUID: '', StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }
}

/** A new version stands beside the one it goes on from; the first begins a series. */
function next(base: (ReferencedObject & { InstanceNumber: number }) | undefined): Version {
  if (base === undefined) return { SeriesInstanceUID: '', InstanceNumber: 1 }
  const { SeriesInstanceUID, InstanceNumber } = base
  return { SeriesInstanceUID, InstanceNumber: InstanceNumber + 1, predecessor: objectOf(base) }
}

function objectOf({
  SOPClassUID,
  StudyInstanceUID,
  SeriesInstanceUID,
  SOPInstanceUID,
}: ReferencedObject): ReferencedObject {
  return { SOPClassUID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }
}

type Place = Pick<Mark, 'SeriesInstanceUID' | 'SOPInstanceUID' | 'frame'>

/** The display sets of a series, none where it is not here. Rejects like `call`: what could not be asked for is not gone. */
async function stacksHere(StudyInstanceUID: string, SeriesInstanceUID: string): Promise<SeriesStack[]> {
  return openStacks(StudyInstanceUID, SeriesInstanceUID).catch((thrown: unknown) => {
    const isAway =
      thrown instanceof IsocenterError && (thrown.code === 'not-found' || thrown.code === 'archive-offline')
    if (isAway) return []
    throw thrown
  })
}

/** Where a frame stands; undefined where its series or it is not here. Rejects like `call`. */
async function find(
  StudyInstanceUID: string,
  place: Place,
): Promise<{ stack: SeriesStack; entry: StackEntry } | undefined> {
  const { SeriesInstanceUID, SOPInstanceUID, frame } = place
  for (const stack of await stacksHere(StudyInstanceUID, SeriesInstanceUID)) {
    if (isOfSlide(stack, SOPInstanceUID)) return { stack, entry: (await openSlide(stack)).entry }
    const entry = stack.entries.find(one => one.instance.SOPInstanceUID === SOPInstanceUID && one.frame === frame)
    if (entry !== undefined) return { stack, entry }
  }
  return undefined
}

function referenced({ manifest }: SeriesStack, { imageId, instance, frame }: StackEntry): ReferencedFrame {
  const { StudyInstanceUID, SeriesInstanceUID } = manifest
  const { SOPClassUID, SOPInstanceUID, NumberOfFrames } = instance
  const named = { SOPClassUID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frame, frames: NumberOfFrames }
  return isSlideId(imageId) ? { ...named, isMatrix: true } : named
}

interface Placed extends ReportedMark {
  stack: SeriesStack
  entry: StackEntry
  isLoaded: boolean
}

/** Marks with their images and their figures: those of images that the cache has let go are read again. */
async function placed(StudyInstanceUID: string, marks: readonly Mark[]): Promise<Placed[]> {
  const found: Placed[] = []
  for (const mark of marks) {
    const place = await find(StudyInstanceUID, mark)
    if (place === undefined) continue
    const { stack, entry } = place
    const { imageId } = entry
    const isLoaded = isSlideId(imageId) ? await needSlide(mark, imageId) : await needFrame(imageId)
    const image = referenced(stack, entry)
    // A slide is measured on its largest level; the mark stays on the one it was drawn on.
    const onSlide = isSlideId(imageId) ? markOnSlide(imageId, mark) : undefined
    found.push({
      mark,
      stack,
      entry,
      isLoaded,
      image: onSlide === undefined ? image : { ...image, SOPInstanceUID: mark.SOPInstanceUID },
      measured: measuredOf(onSlide ?? mark, imageId),
    })
  }
  return found
}

/** Lengths and areas of a slide need no pixels; a probe needs the tile it is in. */
async function needSlide(mark: Mark, imageId: string): Promise<boolean> {
  const [point] = markOnSlide(imageId, mark)?.points ?? []
  return mark.kind !== 'probe' || point === undefined || needSlideValues(imageId, point)
}

async function framesOf(StudyInstanceUID: string, places: readonly Place[]): Promise<ReferencedFrame[]> {
  const frames: ReferencedFrame[] = []
  for (const place of places) {
    const found = await find(StudyInstanceUID, place)
    if (found !== undefined) frames.push(referenced(found.stack, found.entry))
  }
  return frames
}

/** A display set's id begins with its series. */
const seriesOf = (displaySet: string) => displaySet.split('#')[0] ?? ''

async function calibrationsOf(StudyInstanceUID: string, { calibrations }: Draft) {
  const found = []
  for (const [displaySet, calibration] of Object.entries(calibrations)) {
    const place = await find(StudyInstanceUID, { SeriesInstanceUID: seriesOf(displaySet), ...calibration })
    if (place) found.push({ displaySet, calibration, image: referenced(place.stack, place.entry) })
  }
  return found
}

// ── layout ──

/** The layout that the reader made of the study, where it is not as it was saved last. */
async function addLayout(
  made: Made,
  StudyInstanceUID: string,
  { layout }: Draft,
  { layouts: [last] }: SavedVersions,
): Promise<void> {
  if (layout === null) return
  const panes = await Promise.all(
    layout.panes.map(async pane => {
      if (pane === null) return undefined
      const series = seriesOf(pane.displaySet)
      const stacks = await stacksHere(pane.StudyInstanceUID, series)
      // A reformat is none of these: no object names its planes.
      const stack = stacks.find(one => one.set.id === pane.displaySet || pane.displaySet === series)
      return stack?.entries.flatMap(entry => (entry.unshowable === undefined ? [referenced(stack, entry)] : []))
    }),
  )
  const image = panes.flatMap(images => images ?? []).find(one => one.StudyInstanceUID === StudyInstanceUID)
  if (image === undefined) return
  const now = new Date()
  const [width, height] = [screen.width, screen.height].map(pixels => Math.round(pixels * devicePixelRatio)) as [
    number,
    number,
  ]
  const { rows, columns } = layout
  const { SeriesInstanceUID, InstanceNumber } = next(last)
  const place = { SeriesInstanceUID, InstanceNumber }
  const object = structuredDisplay({ rows, columns, panes }, { width, height }, place, StudyInstanceUID, now)
  if (object === undefined) return
  const { part10 } = writeObject({ StudyInstanceUID }, object, { now, newUID })
  const read = readStructuredDisplay(dataSetOf(part10))
  if (last !== undefined && read !== undefined && hangsOf(read) === hangsOf(last)) return
  if (last !== undefined) made.replaced.push(last.SOPInstanceUID)
  made.objects.push(object)
  made.words.push(t('the layout'))
  made.image ??= image
}

// ── views ──

const UNCHANGED = { inverted: false, quarterTurns: 0, mirrored: false } as const

/** The states of the display sets that were changed or marked and do not look as their last state says. */
async function statesOf(
  StudyInstanceUID: string,
  draft: Draft,
  marks: readonly Placed[],
  states: readonly SavedState[],
): Promise<{ objects: NewObject[]; replaced: string[]; image: ReferencedObject | undefined }> {
  const objects: NewObject[] = []
  const replaced: string[] = []
  let image: ReferencedObject | undefined
  let series: { SeriesInstanceUID: string; InstanceNumber: number } | undefined = states[0] && {
    SeriesInstanceUID: states[0].object.SeriesInstanceUID,
    InstanceNumber: Math.max(...states.map(one => one.InstanceNumber)),
  }
  const changed = Object.entries(draft.views).flatMap(([set, view]) => (isChanged(view) ? [set] : []))
  const drawnOn = marks.map(({ stack }) => stack.set.id)
  const covered = Object.keys(draft.shutters)
  const before = await drawnBefore(StudyInstanceUID, states)
  for (const set of new Set([...changed, ...covered, ...drawnOn, ...before])) {
    const stacks = await openStacks(StudyInstanceUID, seriesOf(set)).catch(() => [])
    // A reformat's set is none of these.
    const stack = stacks.find(one => one.set.id === set)
    const images = stack?.entries.flatMap(entry => (entry.unshowable === undefined ? [stateImage(stack, entry)] : []))
    if (images === undefined || images.length === 0) continue
    const drawn = marks.filter(one => one.stack.set.id === set).map(stateMark)
    const last = states.find(one => isOfSet(one, images))
    // Who has not touched it goes on from how it was seen, not from how it opens.
    const view = draft.views[set] ?? (last && stack && viewAsSaved(last, stack)) ?? UNCHANGED
    const shutter =
      draft.shutters[set] === undefined
        ? last && stack && shutterAsSaved(last, stack)
        : (draft.shutters[set] ?? undefined)
    if (last === undefined && drawn.length === 0 && !isChanged({ ...view, shutter })) continue
    const seen = { ...view, shutter: coveredByBoth(stack ? ownShutters(stack) : [], shutter) }
    series ??= { SeriesInstanceUID: newUID(), InstanceNumber: 0 }
    const version: Version = {
      SeriesInstanceUID: series.SeriesInstanceUID,
      InstanceNumber: series.InstanceNumber + 1,
      ...(last && { predecessor: last.object }),
    }
    const now = new Date()
    const object = presentationState(images, seen, drawn, version, now)
    const { part10 } = writeObject({ StudyInstanceUID }, object, { now, newUID })
    if (last && looksOf(readPresentationState(dataSetOf(part10))) === looksOf(last.state)) continue
    series = version
    objects.push(object)
    if (last) replaced.push(last.object.SOPInstanceUID)
    image ??= images[0]
  }
  return { objects, replaced, image }
}

/** The display sets whose last state has marks: those that are gone would else be seen there for ever. */
async function drawnBefore(StudyInstanceUID: string, states: readonly SavedState[]): Promise<string[]> {
  if (!states.some(({ state }) => state.annotations.length > 0)) return []
  const found = await setsWithStates(StudyInstanceUID, states)
  return found.flatMap(({ stack, last }) => (last.state.annotations.length > 0 ? [stack.set.id] : []))
}

function stateImage(stack: SeriesStack, entry: StackEntry): StateImage {
  const attributes = describeFrame(entry.imageId)?.attributes ?? {}
  const {
    Rows = 0,
    Columns = 0,
    PixelSpacing,
    SamplesPerPixel = 1,
    PhotometricInterpretation = '',
    VOILUTFunction,
  } = attributes
  const [stored] = storedWindows(attributes)
  return {
    ...referenced(stack, entry),
    Rows,
    Columns,
    spacing: spacingOf(attributes),
    isMillimetres: PixelSpacing !== undefined,
    isColour: SamplesPerPixel > 1 || PhotometricInterpretation === 'PALETTE COLOR',
    isMonochrome1: PhotometricInterpretation === 'MONOCHROME1',
    rescale: attributes.ModalityLUT ? undefined : rescale(attributes),
    window: stored && windowToRange(stored, VOILUTFunction),
    VOILUTFunction: VOILUTFunction ?? 'LINEAR',
  }
}

function stateMark({ mark, image, entry }: Placed): StateMark {
  return { mark, image, scale: scaleOfMark(mark, entry.imageId), lines: writtenLinesOf(mark, entry.imageId) }
}
