import { create } from 'zustand'
import type { SeriesSummary, StudySummary } from '../../shared/contract.ts'
import { call } from '../client.ts'
import { onStudiesChanged, studyContents, studyThumbnails } from '../series/index.ts'
import { catalogSeries, type SeriesStack } from './catalog.ts'
import { type Engine, startEngine } from './engine.ts'
import { needFrame, orderStacks, stopStream } from './frameLoader.ts'
import { Pane } from './pane.ts'
import type { VoiRange } from './windows.ts'

export type ToolName = 'window' | 'zoom' | 'pan' | 'scroll'
export interface Layout {
  rows: number
  columns: number
}
export const LAYOUTS: Layout[] = [
  { rows: 1, columns: 1 },
  { rows: 1, columns: 2 },
  { rows: 2, columns: 2 },
  { rows: 3, columns: 3 },
]

interface Session {
  study: StudySummary | undefined
  series: SeriesSummary[]
  thumbnails: Map<string, string>
  layout: Layout
  /** The series each pane was given, by pane. */
  assigned: string[]
  /** Why a pane's series could not be opened, by pane. */
  problems: Array<string | undefined>
  active: number
  tool: ToolName
  overlays: boolean
  /** The header on show: which content, and what it is called. */
  header: { contentId: number; title: string } | undefined
  error: string | undefined
  stacks: Map<string, SeriesStack>
}

export const useSession = create<Session>(() => ({
  study: undefined,
  series: [],
  thumbnails: new Map(),
  layout: LAYOUTS[0]!,
  assigned: [],
  problems: [],
  active: 0,
  tool: 'window',
  overlays: true,
  header: undefined,
  error: undefined,
  stacks: new Map(),
}))

const panes: Array<Pane | undefined> = []
/** Windows the reader has set, by series: they stick to it, whatever pane it is in. */
const ranges = new Map<string, VoiRange>()

const listener = {
  onMoved: () => followReader(),
  onWindow: (SeriesInstanceUID: string, range: VoiRange | undefined) => {
    if (range === undefined) ranges.delete(SeriesInstanceUID)
    else ranges.set(SeriesInstanceUID, range)
    const source = panes[useSession.getState().active]
    for (const pane of panes) {
      if (pane !== source && pane?.stack?.manifest.SeriesInstanceUID === SeriesInstanceUID) pane.setRange(range, false)
    }
  },
}

// ── reading ahead ──

/** Laid-out series by study, for as long as the study does not change. */
const openedStacks = new Map<string, Map<string, Promise<SeriesStack>>>()
const STUDIES_KEPT = 8

function openStack(StudyInstanceUID: string, SeriesInstanceUID: string): Promise<SeriesStack> {
  const stacks = openedStacks.get(StudyInstanceUID) ?? new Map<string, Promise<SeriesStack>>()
  openedStacks.delete(StudyInstanceUID)
  openedStacks.set(StudyInstanceUID, stacks)
  for (const uid of openedStacks.keys()) {
    if (openedStacks.size <= STUDIES_KEPT) break
    openedStacks.delete(uid)
  }
  let stack = stacks.get(SeriesInstanceUID)
  if (stack === undefined) {
    stack = call('series.open', { StudyInstanceUID, SeriesInstanceUID }).then(catalogSeries)
    stack.catch(() => stacks.delete(SeriesInstanceUID))
    stacks.set(SeriesInstanceUID, stack)
  }
  return stack
}

function firstSeries(series: SeriesSummary[]): SeriesSummary | undefined {
  return series.find(one => one.hasImages) ?? series[0]
}

/** What opening a study will need first: its list of series, the first one's manifest and first image. */
export async function preloadStudy(StudyInstanceUID: string): Promise<void> {
  const { series } = await studyContents(StudyInstanceUID)
  const first = firstSeries(series)
  if (first === undefined) return
  startEngine()
  const stack = await openStack(StudyInstanceUID, first.SeriesInstanceUID)
  const [imageId] = stack.imageIds
  if (imageId !== undefined) await needFrame(imageId)
}

// ── panes ──

/** Gives pane `index` its element; the pane's series, if it has one, is shown. Returns what takes it away again. */
export function mountPane(index: number, element: HTMLDivElement): () => void {
  const pane = new Pane(startEngine(), `pane-${index}`, element, listener)
  panes[index] = pane
  const { assigned } = useSession.getState()
  const SeriesInstanceUID = assigned[index]
  if (SeriesInstanceUID !== undefined) void showSeries(index, SeriesInstanceUID)
  return () => {
    pane.dispose()
    if (panes[index] === pane) panes[index] = undefined
  }
}

export function paneAt(index: number): Pane | undefined {
  return panes[index]
}

export function activePane(): Pane | undefined {
  return panes[useSession.getState().active]
}

export function livePanes(): Pane[] {
  return panes.filter(pane => pane !== undefined)
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
      const index = Math.max(0, stack.imageIds.indexOf(entry?.imageId ?? ''))
      return [{ imageIds: stack.imageIds, index, direction: pane.direction }]
    }),
  )
}

async function showSeries(index: number, SeriesInstanceUID: string): Promise<void> {
  const { study } = useSession.getState()
  const pane = panes[index]
  if (study === undefined || pane === undefined) return
  const setProblem = (problem: string | undefined) =>
    useSession.setState(({ problems }) => {
      const next = [...problems]
      next[index] = problem
      return { problems: next }
    })
  setProblem(undefined)
  try {
    const stack = await openStack(study.StudyInstanceUID, SeriesInstanceUID)
    if (panes[index] !== pane || useSession.getState().assigned[index] !== SeriesInstanceUID) return
    useSession.setState(({ stacks }) => ({ stacks: new Map(stacks).set(SeriesInstanceUID, stack) }))
    await pane.open(stack, ranges.get(SeriesInstanceUID))
  } catch (thrown) {
    setProblem(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

/** Puts a series into a pane (the active one unless told otherwise). */
export function assignSeries(SeriesInstanceUID: string, index = useSession.getState().active): void {
  const assigned = [...useSession.getState().assigned]
  assigned[index] = SeriesInstanceUID
  useSession.setState({ assigned, active: index })
  void showSeries(index, SeriesInstanceUID)
}

export function setActive(index: number): void {
  if (useSession.getState().active !== index) useSession.setState({ active: index })
}

/** New panes are filled with the series that follow. */
export function setLayout(layout: Layout): void {
  const count = layout.rows * layout.columns
  const { assigned, series, active } = useSession.getState()
  const next = assigned.slice(0, count)
  const rest = series.filter(one => one.hasImages && !next.includes(one.SeriesInstanceUID))
  for (let index = next.length; index < count; index++) {
    const following = rest.shift()
    if (following === undefined) break
    next[index] = following.SeriesInstanceUID
  }
  useSession.setState({ layout, assigned: next, active: Math.min(active, count - 1) })
}

/** ←/→: the series before or after the active pane's. */
export function stepSeries(delta: number): void {
  const { series, assigned, active } = useSession.getState()
  const at = series.findIndex(one => one.SeriesInstanceUID === assigned[active])
  const next = series[at + delta]
  if (next !== undefined) assignSeries(next.SeriesInstanceUID)
}

/** The newest opening: what an older one still brings is not shown. */
let opening = 0

/** Opens a study in the first layout. Resolves when its first image is presented (true), or another study was opened meanwhile. */
export async function openStudy(StudyInstanceUID: string): Promise<boolean> {
  const mine = ++opening
  stopStream()
  for (const pane of livePanes()) pane.close()
  useSession.setState({
    study: undefined,
    series: [],
    thumbnails: new Map(),
    assigned: [],
    problems: [],
    stacks: new Map(),
    layout: LAYOUTS[0]!,
    active: 0,
    header: undefined,
    error: undefined,
  })
  try {
    const { study, series } = await studyContents(StudyInstanceUID)
    if (mine !== opening) return false
    const first = firstSeries(series)
    useSession.setState({ study, series, assigned: first === undefined ? [] : [first.SeriesInstanceUID] })
    void studyThumbnails(StudyInstanceUID).then(thumbnails => {
      if (useSession.getState().study?.StudyInstanceUID === StudyInstanceUID) useSession.setState({ thumbnails })
    })
    if (first !== undefined) await showSeries(0, first.SeriesInstanceUID)
  } catch (thrown) {
    if (mine === opening) useSession.setState({ error: thrown instanceof Error ? thrown.message : String(thrown) })
  }
  return mine === opening
}

/** Series that arrive while a study is open join the strip; open panes keep what they show. */
async function refreshStudy(StudyInstanceUID: string): Promise<void> {
  const isOpen = () => useSession.getState().study?.StudyInstanceUID === StudyInstanceUID
  if (!isOpen()) return
  const { study, series } = await studyContents(StudyInstanceUID)
  const thumbnails = await studyThumbnails(StudyInstanceUID)
  if (isOpen()) useSession.setState({ study, series, thumbnails })
}

onStudiesChanged(StudyInstanceUIDs => {
  for (const uid of StudyInstanceUIDs) {
    openedStacks.delete(uid)
    // The station being away is told by the status line; the next event or opening asks again.
    refreshStudy(uid).catch(() => {})
  }
})
