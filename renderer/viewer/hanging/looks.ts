import { uprightBreast, wallCentre } from '../../../shared/viewing/hanging/breast.ts'
import type { HangingLook, HangingStage } from '../../../shared/viewing/hanging/rules.ts'
import { fitZoom } from '../../../shared/viewing/view.ts'
import { describeFrame } from '../catalog.ts'
import { fuse, fusible, fusionOf } from '../fusion/fusionStore.ts'
import { keptView, noteAsOpened } from '../marks/arrangement.ts'
import type { Pane } from '../pane.ts'
import type { PaneView } from '../paneState.ts'
import { renderingOf, toggleRendering } from '../rendering/rendering.ts'
import { paneAt, useSession } from '../session.ts'
import { spacingOf } from '../spacing.ts'
import { showTrueSize } from '../trueSize.ts'
import { sourceSetId } from '../volume/reformats.ts'
import { windowToRange } from '../windows.ts'
import { type Hung, isSizeGiven, noteGivenRange, noteGivenSize, onBroughtBack, useHanging } from './hangingState.ts'

/** Panes that have been given a size: what they show differently since, the reader has changed. */
const given = new WeakSet<Pane>()
/** For which hanging a pane has its look. */
const looked = new WeakMap<Pane, { layout: Hung['layout']; set: string }>()

function attributesOf(pane: Pane) {
  return describeFrame(pane.entry?.imageId ?? '')?.attributes ?? {}
}

/** The stage a pane hangs by, if it still shows what was hung there. */
function hungIn(pane: Pane, index: number): { hung: Hung; stage: HangingStage; look: HangingLook } | undefined {
  const { hung } = useHanging.getState()
  const { study, layout } = useSession.getState()
  const { stack } = pane.state.getState()
  if (hung === undefined || study?.StudyInstanceUID !== hung.StudyInstanceUID || layout !== hung.layout)
    return undefined
  const stage = hung.verdict.protocol.stages[hung.stage]
  const own = stage?.panes[index]
  const set = hung.panes[index]
  if (stage === undefined || own === undefined || set === undefined || stack === undefined) return undefined
  // A series whose manifest has come since has its own sets.
  const shows = sourceSetId(stack.set.id) === set.id || stack.manifest.SeriesInstanceUID === set.id
  return shows ? { hung, stage, look: own.look ?? {} } : undefined
}

/** Keeps the look a protocol gives a pane, from its first picture on. Returns what ends it. */
export function followLook(pane: Pane, index: number): () => void {
  const look = (broughtBack?: PaneView) => {
    const { stack, shown, loading } = pane.state.getState()
    if (stack === undefined || shown === undefined || loading) return
    const found = hungIn(pane, index)
    if (found === undefined) return
    const last = looked.get(pane)
    if (!broughtBack && last?.layout === found.hung.layout && last.set === stack.set.id) return
    looked.set(pane, { layout: found.hung.layout, set: stack.set.id })
    given.delete(pane)
    give(pane, found.look, broughtBack ?? keptView(stack)?.view)
    if (isTogether(found.stage)) scaleTogether(found.hung, found.stage)
    noteAsOpened(pane)
  }
  const resized = new ResizeObserver(() => {
    const found = hungIn(pane, index)
    // After the pane itself has taken its new size.
    if (found && isTogether(found.stage)) requestAnimationFrame(() => scaleTogether(found.hung, found.stage))
  })
  resized.observe(pane.element)
  onBroughtBack(pane, look)
  const stop = pane.state.subscribe(() => look())
  look()
  return () => {
    stop()
    resized.disconnect()
  }
}

/** What the reader set stays: `kept`. */
function give(pane: Pane, look: HangingLook, kept: PaneView | undefined): void {
  const { stack } = pane.state.getState()
  if (stack === undefined) return
  const attributes = attributesOf(pane)
  const range = look.window && !kept?.range ? windowToRange(look.window, attributes.VOILUTFunction) : undefined
  if (range) pane.setRange(range, false)
  noteGivenRange(stack.set.id, range)
  if (look.invert !== undefined && !kept && look.invert !== pane.state.getState().inverted) pane.invert()
  if (look.zoom === 'one-to-one' && !kept?.zoom) pane.setZoom(1)
  if (look.zoom === 'true-size' && !kept?.zoom) void showTrueSize(pane)
  const last = stack.entries.length - 1
  // Where it was left, or what is beside it lies, is better than any place by rule.
  const image = kept || pane.state.getState().index > 0 ? undefined : (look.image ?? (look.mpr && 'middle'))
  if (image === 'middle') pane.goTo(Math.floor(last / 2))
  if (image === 'last') pane.goTo(last)
  if (look.cine && !kept && !pane.state.getState().playing) pane.toggleCine()
  if (look.volume && renderingOf(pane) === undefined) toggleRendering(pane)
  if (look.fuse !== undefined && fusionOf(pane) === undefined) layOver(pane, look.fuse)
}

/** When the second series is known; at once if it is. */
function layOver(pane: Pane, Modality: string): void {
  const { stack } = pane.state.getState()
  const attempt = () => {
    const second = fusible(pane).find(({ manifest }) => manifest.Modality === Modality)
    if (second !== undefined) void fuse(pane, second)
    return second !== undefined
  }
  if (attempt()) return
  const stop = useSession.subscribe((now, before) => {
    if (pane.state.getState().stack !== stack) stop()
    else if (now.stacks !== before.stacks && attempt()) stop()
  })
}

// ── mammograms, and pictures of one scale ──

const isTogether = ({ sameScale, panes }: HangingStage) => sameScale === true || panes.some(({ look }) => look?.wall)

/** The smallest scale that shows every picture whole, in all of them; chest walls at their side. What the reader has moved stays. */
function scaleTogether({ layout }: Hung, { panes, sameScale }: HangingStage): void {
  if (useSession.getState().layout !== layout) return
  const fitted = panes.flatMap(({ look }, index) => {
    const pane = paneAt(index)
    const found = pane && hungIn(pane, index)
    const { shown, stack } = pane?.state.getState() ?? {}
    if (pane === undefined || found === undefined || shown === undefined || stack === undefined) return []
    // Fitted again by the reader, too, once it was given a size.
    const { zoom: now } = pane.view()
    if (!isSizeGiven(stack.set.id, pane.view()) && (given.has(pane) || now !== undefined)) return []
    const attributes = attributesOf(pane)
    const { Columns: columns = 0, Rows: rows = 0 } = attributes
    const [row, column] = spacingOf(attributes)
    const { width, height } = pane.element.getBoundingClientRect()
    const size = { width: width * devicePixelRatio, height: height * devicePixelRatio }
    const { ImageLaterality: laterality, ViewPosition: view, PatientOrientation } = attributes
    const { quarterTurns, mirrored } = look?.wall
      ? uprightBreast({ ...(PatientOrientation && { PatientOrientation }), laterality, view }, look.wall)
      : pane.view()
    const zoom = fitZoom(size, { columns, rows, aspect: row / column }, quarterTurns)
    return [{ pane, wall: look?.wall, columns, rows, size, column, quarterTurns, mirrored, zoom }]
  })
  const mm = Math.max(...fitted.map(({ column, zoom }) => column / zoom))
  for (const { pane, wall, columns, rows, size, column, quarterTurns, mirrored, zoom } of fitted) {
    const own = sameScale ? column / mm : zoom
    const x = wall ? wallCentre(wall, columns, size.width / own, { quarterTurns, mirrored }) : columns / 2
    pane.setView({ ...pane.view(), quarterTurns, mirrored, zoom: own, centre: [x, rows / 2] })
    given.add(pane)
    noteGivenSize(pane.stack?.set.id ?? '', pane.view())
    noteAsOpened(pane)
  }
}
