import { create } from 'zustand'
import type { SeriesSummary, StudySummary } from '../../shared/contract.ts'
import { whyOf } from '../i18n/index.ts'
import { studyContents, studyThumbnails } from '../series/index.ts'
import type { SeriesStack } from './catalog.ts'
import { followLinks, followWindow, jumpLinked, watchView } from './compare/links.ts'
import { type Engine, startEngine } from './engine.ts'
import { orderStacks } from './frameLoader.ts'
import { furtherStacks, setRestOfStudy } from './further.ts'
import { goesOn, growLeft, growPane } from './growth.ts'
import { noteChosenLayout } from './hanging/freeLayout.ts'
import { broughtBack, ownView } from './hanging/hangingState.ts'
import { draftIsHere, isDraftHere, keepViewNow, keptView } from './marks/arrangement.ts'
import { Pane } from './pane.ts'
import type { PaneView } from './paneState.ts'
import { watchSeen } from './seen/watch.ts'
import { alignedPlace, jumpToPoint, notePatient, placeInSpace } from './space.ts'
import { openStacks, stacksHere } from './stacks.ts'
import { type Assignment, assignmentOf, type StripItem, stackOf, stripItems } from './strip.ts'
import { openCurved } from './volume/curved.ts'
import { openReformat, sourceSetId } from './volume/reformats.ts'
import type { VoiRange } from './windows.ts'

export type ToolName = 'window' | 'zoom' | 'pan' | 'scroll' | 'crosshair'
export interface Layout {
  rows: number
  columns: number
}
/** The layouts with a key of their own (Alt and a digit); the picker has all up to 4×4. */
export const LAYOUTS = [
  { name: '1x1', rows: 1, columns: 1 },
  { name: '1x2', rows: 1, columns: 2 },
  { name: '2x2', rows: 2, columns: 2 },
  { name: '3x3', rows: 3, columns: 3 },
  { name: '4x4', rows: 4, columns: 4 },
  { name: '2x1', rows: 2, columns: 1 },
  { name: '1x3', rows: 1, columns: 3 },
  { name: '2x3', rows: 2, columns: 3 },
  { name: '2x4', rows: 2, columns: 4 },
] as const satisfies ReadonlyArray<Layout & { name: string }>
export const LARGEST_LAYOUT = 4

/** A study on this screen: the one that was opened, or another that is read beside it. */
export interface StudyOnScreen {
  study: StudySummary
  series: SeriesSummary[]
  thumbnails: Map<string, string>
}

export interface Session {
  /** The study that was opened. */
  study: StudySummary | undefined
  series: SeriesSummary[]
  thumbnails: Map<string, string>
  /** The patient's other studies here, newest first. */
  others: StudySummary[]
  /** Other studies whose series are known: unfolded in the strip, or dropped into a pane. */
  beside: Map<string, StudyOnScreen>
  /** Display sets by series, as far as their manifests are here. */
  stacks: Map<string, SeriesStack[]>
  layout: Layout
  /** The one pane that has the whole grid for now. */
  oneUp: number | undefined
  /** By pane. Longer than the layout after a smaller one was chosen: what was hung comes back with the larger. */
  assigned: Array<Assignment | undefined>
  /** Why a pane's series could not be opened, by pane. */
  problems: Array<string | undefined>
  active: number
  tool: ToolName
  overlays: boolean
  linked: boolean
  referenceLines: boolean
  /** The graphics card has let go of the pictures: the panes are mounted anew, on the CPU. */
  graphicsLost: boolean
  /** The graphics card failed the self-test: the panes are drawn without it. */
  cardRests: boolean
  /** The header on show: which content, and what it is called. */
  header: { contentId: number; title: string } | undefined
  /** What lies over the room: at most one. */
  popup: { kind: 'menu'; x: number; y: number } | { kind: 'layout' | 'ruler' | 'pictures' | 'print' } | undefined
  error: string | undefined
}

/** Nothing of any study. */
export const CLOSED = {
  study: undefined,
  series: [],
  thumbnails: new Map<string, string>(),
  others: [],
  beside: new Map<string, StudyOnScreen>(),
  stacks: new Map<string, SeriesStack[]>(),
  layout: { rows: 1, columns: 1 },
  oneUp: undefined,
  assigned: [],
  problems: [],
  active: 0,
  header: undefined,
  popup: undefined,
  error: undefined,
}

export const useSession = create<Session>(() => ({
  ...CLOSED,
  tool: 'window',
  overlays: true,
  linked: true,
  referenceLines: true,
  graphicsLost: false,
  cardRests: false,
}))

const panes: Array<Pane | undefined> = []
/** What panes show since they were mounted, by pane. */
const showing: Array<Promise<void>> = []

/** How a reader left a display set: its window, size, turn and image, whatever pane it is hung in next. */
export interface Left {
  index: number
  /** Its image: a series that has grown meanwhile has it elsewhere. */
  image?: { SOPInstanceUID: string; frame: number }
  view: PaneView
}
const left = new Map<string, Left>()

/** Where a display set will be taken up again; for drafts. */
export function leaveSetAt(id: string, at: Left): void {
  left.set(id, at)
}

/** Where and how the pane's set is taken up again, in whatever pane. */
export function remember(pane: Pane): void {
  keepViewNow(pane)
  const { stack, index, shown } = pane.state.getState()
  if (stack === undefined || shown === undefined) return
  const { instance, frame } = stack.entries[index]!
  const image = { SOPInstanceUID: instance.SOPInstanceUID, frame }
  left.set(stack.set.id, { index, image, view: ownView(stack.set.id, pane.view()) })
}

/** Where what was left is in a stack by now. */
function placeLeft({ index, image }: Left, { entries }: SeriesStack): number {
  const isIt = ({ instance, frame }: (typeof entries)[number]) =>
    instance.SOPInstanceUID === image?.SOPInstanceUID && frame === image.frame
  if (image === undefined || (entries[index] !== undefined && isIt(entries[index]))) return index
  const at = entries.findIndex(isIt)
  return at === -1 ? index : at
}

function listenerOf(at: number) {
  return {
    onMoved: () => {
      const pane = panes[at]
      if (pane !== undefined) followLinks(pane, useSession.getState().linked ? visiblePanes() : [])
      followReader()
    },
    onWindow: (_series: string, range: VoiRange | undefined) => {
      const source = panes[at]
      for (const pane of panes) {
        if (pane === source || pane?.stack === undefined || source?.stack === undefined) continue
        // A volume's planes and its own images are windowed as one.
        if (sourceSetId(pane.stack.set.id) === sourceSetId(source.stack.set.id)) pane.setRange(range, false)
        else followWindow(source, pane, range)
      }
    },
  }
}

// ── reading ahead ──

/** Behind the first picture: whoever opens a series says then what comes after it. */
export function readFurther(): void {
  const states = livePanes().map(pane => pane.state.getState())
  const isOpening = states.some(({ loading, shown }) => loading && shown === undefined)
  if (!isOpening && states.some(({ shown }) => shown !== undefined)) followReader()
}

/** What no pane shows of the opened study; what archives alone have comes when it is hung. */
function followRest(): void {
  const session = useSession.getState()
  const shown = new Set(session.assigned.map(one => one?.id))
  const rest =
    (session.study?.away ?? 0) > 0
      ? []
      : ownItems(session).flatMap(({ id, stack }) => (stack === undefined || shown.has(id) ? [] : [stack.imageIds]))
  if (setRestOfStudy(rest)) readFurther()
}

/** The manifests of the other series, one after the other: the strip splits them, and they hang without waiting. */
export async function readOn(StudyInstanceUID: string, series: SeriesSummary[]): Promise<void> {
  for (const { SeriesInstanceUID } of series) {
    if (useSession.getState().stacks.has(SeriesInstanceUID)) continue
    const stacks = await openStacks(StudyInstanceUID, SeriesInstanceUID)
    if (!isOnScreen(StudyInstanceUID)) return
    // What was asked for before the series changed may come after what was asked for then.
    if (!useSession.getState().stacks.has(SeriesInstanceUID)) keepStacks(SeriesInstanceUID, stacks)
  }
}

/** Lays a series of a study on the screen out, if it is not yet. Rejects like `call`. */
export async function layOut({ StudyInstanceUID, SeriesInstanceUID }: Omit<Assignment, 'id'>): Promise<void> {
  const stacks = await openStacks(StudyInstanceUID, SeriesInstanceUID)
  if (isOnScreen(StudyInstanceUID)) keepStacks(SeriesInstanceUID, stacks)
}

export function keepStacks(SeriesInstanceUID: string, laidOut: SeriesStack[]): void {
  const before = useSession.getState().stacks.get(SeriesInstanceUID)
  if (before === laidOut) return
  useSession.setState(({ stacks }) => ({ stacks: new Map(stacks).set(SeriesInstanceUID, laidOut) }))
  if (before !== undefined) growStacks(before, laidOut)
  followRest()
}

/** A series has other images than before: what was left, and what is on the screen, stays at its image. */
function growStacks(before: SeriesStack[], laidOut: SeriesStack[]): void {
  growLeft(left, before, laidOut)
  panes.forEach((pane, index) => {
    const grown = pane && growPane(pane, laidOut)
    const assigned = useSession.getState().assigned[index]
    if (grown === undefined || assigned === undefined || assigned.id === grown.set.id) return
    // It was one set, and is a part now: the pane has that part.
    const named = { ...assigned, id: grown.set.id }
    useSession.setState(session => ({ assigned: replaced(session.assigned, index, named) }))
  })
}

export function isOnScreen(StudyInstanceUID: string): boolean {
  const { study, beside } = useSession.getState()
  return study?.StudyInstanceUID === StudyInstanceUID || beside.has(StudyInstanceUID)
}

// ── panes ──

/** Gives pane `index` its element; the pane's series, if it has one, is shown. Returns what takes it away again. */
export function mountPane(index: number, element: HTMLDivElement): () => void {
  const pane = new Pane(startEngine(), `pane-${index}`, element, listenerOf(index))
  panes[index] = pane
  const leave = placeInSpace(pane)
  const unwatch = watchSeen(pane)
  const unlink = watchView(pane, () => (useSession.getState().linked ? visiblePanes() : []))
  if (useSession.getState().assigned[index] !== undefined) showing[index] = showSeries(index)
  return () => {
    remember(pane)
    leave()
    unwatch()
    unlink()
    pane.dispose()
    if (panes[index] === pane) panes[index] = undefined
  }
}

export function paneAt(index: number): Pane | undefined {
  return panes[index]
}

/** What pane `index` shows since it was mounted, under way. */
export function paneShowing(index: number): Promise<void> | undefined {
  return showing[index]
}

export function activePane(): Pane | undefined {
  return panes[useSession.getState().active]
}

export function livePanes(): Pane[] {
  return panes.filter(pane => pane !== undefined)
}

export function visiblePanes(): Pane[] {
  const { oneUp } = useSession.getState()
  return panes.filter((pane, index) => pane !== undefined && (oneUp === undefined || oneUp === index)) as Pane[]
}

export function currentEngine(): Engine {
  return startEngine()
}

/** The load order follows what the panes show, the active one first. */
function followReader(): void {
  const { active } = useSession.getState()
  const ordered = [panes[active], ...panes.filter((_, index) => index !== active)]
  orderStacks(
    ordered.flatMap(pane => {
      const { stack, entry } = pane ?? {}
      if (pane === undefined || stack === undefined) return []
      const imageIds = stack.sourceIds ?? stack.imageIds
      const index = Math.max(0, imageIds.indexOf(entry?.imageId ?? ''))
      return [{ imageIds, index, direction: pane.direction }]
    }),
    furtherStacks(),
  )
}

/** Shows in a pane what it is given. Resolves when its first image is presented, or it is said why there is none. */
export async function showSeries(index: number): Promise<void> {
  const pane = panes[index]
  const wanted = useSession.getState().assigned[index]
  if (pane === undefined || wanted === undefined) return
  const setProblem = (problem: string | undefined) =>
    useSession.setState(({ problems }) => ({ problems: replaced(problems, index, problem) }))
  setProblem(undefined)
  const { StudyInstanceUID, SeriesInstanceUID } = wanted
  try {
    // First whose picture it is, then the picture.
    if (!isOnScreen(StudyInstanceUID)) await bringBeside(StudyInstanceUID)
    const stacks = known(wanted) ?? (await readStacks(wanted))
    if (panes[index] !== pane || useSession.getState().assigned[index] !== wanted) return
    keepStacks(SeriesInstanceUID, stacks)
    const stack = openReformat(wanted.id, stacks) ?? openCurved(wanted.id, stacks) ?? stackOf(wanted, stacks)
    if (stack === undefined) {
      setProblem('There is nothing to show in this series.')
      return
    }
    if (stack.set.id !== wanted.id) {
      const named = { ...wanted, id: stack.set.id }
      useSession.setState(({ assigned }) => ({ assigned: replaced(assigned, index, named) }))
    }
    // What hung here went on while this was on its way: the reader's keys win over where it was when this was asked for.
    if (pane.stack !== undefined && isOnScreen(pane.stack.manifest.StudyInstanceUID)) remember(pane)
    const before = left.get(stack.set.id) ?? keptView(stack)
    const others = visiblePanes().filter(other => other !== pane)
    const place =
      (before && placeLeft(before, stack)) ??
      (useSession.getState().linked ? alignedPlace(stack, others) : undefined) ??
      0
    await pane.open(stack, before?.view.range, Math.min(place, stack.entries.length - 1))
    if (before === undefined || !goesOn(pane.stack, stack)) return
    pane.setView(before.view)
    broughtBack(pane, before.view)
  } catch (thrown) {
    setProblem(whyOf(thrown))
  }
}

/** What can be hung without waiting is hung with the words that say whose it is: in one drawing. */
function known({ StudyInstanceUID, SeriesInstanceUID }: Assignment): SeriesStack[] | undefined {
  return isDraftHere(StudyInstanceUID) ? stacksHere(StudyInstanceUID, SeriesInstanceUID) : undefined
}

async function readStacks({ StudyInstanceUID, SeriesInstanceUID }: Assignment): Promise<SeriesStack[]> {
  await Promise.all([openStacks(StudyInstanceUID, SeriesInstanceUID), draftIsHere(StudyInstanceUID)])
  // The series may have grown while its draft was read.
  return openStacks(StudyInstanceUID, SeriesInstanceUID)
}

function replaced<T>(values: T[], index: number, value: T): T[] {
  const next = [...values]
  next[index] = value
  return next
}

/** Hangs a display set in a pane (the active one unless told otherwise). Of a study that is not on the screen yet, too. */
export function assignSeries(wanted: Assignment, index = useSession.getState().active): void {
  const pane = panes[index]
  if (pane !== undefined) remember(pane)
  useSession.setState(({ assigned }) => ({ assigned: replaced(assigned, index, wanted), active: index }))
  void showSeries(index)
  followRest()
}

/** Hangs a display set in the active pane at one of its images, otherwise as it was left. */
export function hangAt(stack: SeriesStack, index: number): void {
  const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
  const { id } = stack.set
  const { view } = left.get(id) ?? keptView(stack) ?? { view: { inverted: false, quarterTurns: 0, mirrored: false } }
  leaveSetAt(id, { index, view })
  assignSeries({ StudyInstanceUID, SeriesInstanceUID, id })
}

/** Brings another study beside the opened one: for the strip, and for what a pane says of its patient. Rejects like `call`. */
async function bringBeside(StudyInstanceUID: string): Promise<void> {
  const openedNow = () => useSession.getState().study?.StudyInstanceUID
  const opened = openedNow()
  const contents = await studyContents(StudyInstanceUID)
  // By its name: what is told of the opened study (another image of it came) may have changed meanwhile.
  if (openedNow() !== opened) return
  notePatient(contents.study)
  useSession.setState(({ beside }) => ({
    beside: new Map(beside).set(StudyInstanceUID, {
      thumbnails: new Map(),
      ...beside.get(StudyInstanceUID),
      ...contents,
    }),
  }))
  void studyThumbnails(StudyInstanceUID).then(thumbnails => {
    const { beside } = useSession.getState()
    const known = beside.get(StudyInstanceUID)
    if (known) useSession.setState({ beside: new Map(beside).set(StudyInstanceUID, { ...known, thumbnails }) })
  })
  // Splitting them in the strip is a favour; hanging one asks again and tells.
  void readOn(StudyInstanceUID, contents.series).catch(() => {})
}

/** Unfolds another study in the strip. What fails is asked for again, and told, when one of its series is hung. */
export function putBeside(StudyInstanceUID: string, onFailed = () => {}): void {
  if (!isOnScreen(StudyInstanceUID)) bringBeside(StudyInstanceUID).catch(onFailed)
}

/** The study a pane's series is of, with its patient; undefined while that is not known. */
export function studyOnScreen(session: Session, StudyInstanceUID: string | undefined): StudySummary | undefined {
  if (session.study?.StudyInstanceUID === StudyInstanceUID) return session.study
  return session.beside.get(StudyInstanceUID ?? '')?.study
}

/** Every other pane goes to the slice through a point of this one (CSS pixels from its top left). */
export function jumpFrom(pane: Pane, point: [number, number]): boolean {
  const at = pane.imagePoint(point)
  if (at === undefined || !jumpToPoint(pane, at, visiblePanes())) return false
  if (useSession.getState().linked) jumpLinked(pane, visiblePanes())
  return true
}

export function setActive(index: number): void {
  if (useSession.getState().active === index) return
  useSession.setState({ active: index })
}

/** What the strip offers of the opened study, in its order. */
export function ownItems({ study, series, stacks }: Session): StripItem[] {
  return study === undefined ? [] : stripItems(study.StudyInstanceUID, series, stacks)
}

/** Panes that were there keep what they show; new and empty ones are filled with what follows. */
export function setLayout(layout: Layout): void {
  const count = layout.rows * layout.columns
  const session = useSession.getState()
  const { assigned, active } = session
  const next = [...assigned]
  const hung = next.slice(0, count)
  const isHung = (item: StripItem) =>
    hung.some(
      one =>
        one?.SeriesInstanceUID === item.SeriesInstanceUID && (one.id === item.id || one.id === one.SeriesInstanceUID),
    )
  const items = ownItems(session).filter(item => item.hasImages)
  const last = items.findLastIndex(isHung)
  const rest = [...items.slice(last + 1), ...items.slice(0, last + 1)].filter(item => !isHung(item))
  for (let index = 0; index < count; index++) {
    if (next[index] !== undefined) continue
    const following = rest.shift()
    if (following === undefined) break
    next[index] = assignmentOf(following)
  }
  useSession.setState({
    layout,
    oneUp: undefined,
    assigned: next,
    active: Math.min(active, count - 1),
    popup: undefined,
  })
  // Those that are mounted now show theirs by themselves; one that stood empty (its series had not come yet) is there already.
  next.forEach((one, index) => {
    if (index < count && one !== assigned[index] && panes[index] !== undefined) void showSeries(index)
  })
  followRest()
}

/** The reader chooses a layout: of a study that no protocol hung it is the one for the next of its modality, too. */
export function chooseLayout(layout: Layout): void {
  const { study, series } = useSession.getState()
  setLayout(layout)
  if (study !== undefined) noteChosenLayout(study.StudyInstanceUID, series, layout)
}

/** A pane takes the whole grid, or gives it back. */
export function toggleOneUp(index = useSession.getState().active): void {
  const { layout, oneUp } = useSession.getState()
  if (layout.rows * layout.columns === 1) return
  useSession.setState({ oneUp: oneUp === undefined ? index : undefined, active: index })
}

/** ←/→: the display set before or after the active pane's, in its own study. */
export function stepSeries(delta: number): void {
  const session = useSession.getState()
  const current = session.assigned[session.active]
  const other = session.beside.get(current?.StudyInstanceUID ?? '')
  const items =
    current === undefined || other === undefined
      ? ownItems(session)
      : stripItems(current.StudyInstanceUID, other.series, session.stacks)
  const at = items.findIndex(
    item =>
      item.id === sourceSetId(current?.id ?? '') ||
      (item.stack === undefined && item.SeriesInstanceUID === current?.SeriesInstanceUID),
  )
  const next = items[at + delta]
  if (next !== undefined) assignSeries(assignmentOf(next))
}
