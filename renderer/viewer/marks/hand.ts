import type { Mark } from '../../../shared/viewing/draft.ts'
import type { Point } from '../../../shared/viewing/measure/scale.ts'
import { applyMatrix } from '../../../shared/viewing/view.ts'
import { isLastingUid } from '../../../shared/viewing/volume/reformatUid.ts'
import { announce } from '../../ui/index.ts'
import type { Pane } from '../pane.ts'
import { draftOf } from './drafts.ts'
import { drawnPoints, type Hold, handlesOf, holdAt, movedMark, placedPoints, withHandle } from './edit.ts'
import { scaleAt } from './figures.ts'
import { markToolUsed, useMarks } from './marksStore.ts'
import { imagePoint, labelOf, marksOn, type ShownFrame, shownFrame } from './onPane.ts'

/** Under this many CSS pixels a press and its release are a click: the next point follows with another. */
const CLICK_PX = 4

interface Drawing {
  kind: 'drawing'
  pane: Pane
  shown: ShownFrame
  placed: Point[]
  pressedAt: Point
}
interface Moving {
  kind: 'moving'
  pane: Pane
  shown: ShownFrame
  mark: Mark
  hold: Hold
  /** The pointer when it took hold, in image coordinates. */
  from: Point
  pressedAt: Point
  moved: boolean
}

let work: Drawing | Moving | undefined
/** Whether the last press was for a mark: then a double click is none of the viewer's. */
let mine = false

/** CSS pixels of the pane. */
function pointOf(event: MouseEvent, pane: Pane): Point {
  const box = pane.element.getBoundingClientRect()
  return [event.clientX - box.left, event.clientY - box.top]
}

function sameFrame(a: ShownFrame, b: ShownFrame | undefined): boolean {
  return a.SOPInstanceUID === b?.SOPInstanceUID && a.frame === b.frame
}

/** The mark under a point of the pane, the selected and the newest first, and what of it. */
function markAt(pane: Pane, shown: ShownFrame, point: Point): { mark: Mark; hold: Hold } | undefined {
  const { selected } = useMarks.getState()
  const { clientWidth: width, clientHeight: height } = pane.element
  const marks = marksOn(shown).reverse()
  for (const mark of [...marks.filter(one => one.id === selected), ...marks.filter(one => one.id !== selected)]) {
    const hold = holdAt(mark, labelOf(mark, shown, { width, height })?.box, shown.transform, point)
    if (hold !== undefined) return { mark, hold }
  }
  return undefined
}

/**
 * The left button is pressed in a pane; true = for a mark, and nobody else. A tool in hand begins or goes on with a mark;
 * without one a mark under the pointer is taken.
 */
function press(event: PointerEvent, pane: Pane): boolean {
  endWriting(true)
  const shown = shownFrame(pane)
  mine = false
  if (shown === undefined) return false
  const point = pointOf(event, pane)
  const { tool, live } = useMarks.getState()
  // Another tool was taken meanwhile: what it had begun is gone.
  if (live === undefined) work = undefined
  if (work?.kind === 'drawing' && work.pane === pane && sameFrame(work.shown, shown)) goOn(work, shown, point)
  else if (tool !== undefined) begin(pane, shown, point)
  else if (!take(pane, shown, point)) return false
  mine = true
  event.preventDefault()
  if (work !== undefined) pane.element.setPointerCapture(event.pointerId)
  return true
}

function begin(pane: Pane, shown: ShownFrame, point: Point): void {
  const { tool } = useMarks.getState()
  if (tool === undefined) return
  if (!isLastingUid(shown.SOPInstanceUID)) {
    announce(
      'This plane was turned freely and will not be found again: marks are kept on the axial, coronal and sagittal planes',
    )
    return
  }
  const { SeriesInstanceUID, SOPInstanceUID, frame } = shown
  const at = placeFor(tool, shown, point)
  work = { kind: 'drawing', pane, shown, placed: [at], pressedAt: point }
  const points = drawnPoints(tool, [at], at, scaleAt(shown.imageId, [at]))
  const mark = { id: crypto.randomUUID(), kind: tool, SeriesInstanceUID, SOPInstanceUID, frame, points, text: '' }
  useMarks.setState({
    live: { pane: pane.id, StudyInstanceUID: shown.StudyInstanceUID, mark },
    selected: undefined,
  })
}

/** A probe is of a pixel: the one under the pointer's own device pixel. Everything else stands where the hand put it. */
function placeFor(kind: Mark['kind'], shown: ShownFrame, [x, y]: Point): Point {
  if (kind !== 'probe') return imagePoint(shown, [x, y])
  const half = 0.5 / devicePixelRatio
  const [column, row] = imagePoint(shown, [x + half, y + half])
  return [Math.floor(column) + 0.5, Math.floor(row) + 0.5]
}

function goOn(drawing: Drawing, shown: ShownFrame, point: Point): void {
  const { live } = useMarks.getState()
  if (live === undefined) return
  drawing.placed.push(imagePoint(shown, point))
  drawing.pressedAt = point
  follow(drawing, shown, point)
  if (drawing.placed.length === placedPoints(live.mark.kind)) finish(drawing)
}

function follow({ placed }: Drawing, shown: ShownFrame, point: Point): void {
  const { live } = useMarks.getState()
  if (live === undefined) return
  const { mark } = live
  const pointer = imagePoint(shown, point)
  const points = drawnPoints(mark.kind, placed, pointer, scaleAt(shown.imageId, [...placed, pointer]))
  useMarks.setState({ live: { ...live, mark: { ...mark, points } } })
}

/** A press and release in one place, where two points are needed, is a slip and no mark. */
function isSlip({ kind, points }: Mark, { transform }: ShownFrame): boolean {
  const [first = [0, 0], ...others] = points.map(point => applyMatrix(transform, point))
  return placedPoints(kind) > 1 && others.every(([x, y]) => Math.hypot(x - first[0], y - first[1]) < CLICK_PX)
}

function finish({ shown }: Drawing): void {
  const { live } = useMarks.getState()
  work = undefined
  if (live === undefined || isSlip(live.mark, shown)) {
    useMarks.setState({ live: undefined })
    return
  }
  const { mark, StudyInstanceUID } = live
  markToolUsed()
  if (mark.kind === 'text' || mark.kind === 'arrow') {
    useMarks.setState({ live: { ...live, writing: true } })
    return
  }
  useMarks.setState({ live: undefined, selected: mark.id })
  draftOf(StudyInstanceUID).edit([{ mark: { after: mark } }])
}

/** Opens the words of a text or an arrow. */
function startWriting(pane: Pane, StudyInstanceUID: string, mark: Mark): void {
  useMarks.setState({ live: { pane: pane.id, StudyInstanceUID, mark, before: mark, writing: true } })
}

export function write(text: string): void {
  const { live } = useMarks.getState()
  if (live?.writing) useMarks.setState({ live: { ...live, mark: { ...live.mark, text: text.slice(0, 500) } } })
}

/** Keeps what was written, or leaves it as it was before. A text without words is no mark. */
export function endWriting(keep: boolean): void {
  const { live } = useMarks.getState()
  if (!live?.writing) return
  const { before, StudyInstanceUID } = live
  const mark = { ...live.mark, text: keep ? live.mark.text.trim() : (before?.text ?? '') }
  useMarks.setState({ live: undefined })
  const empty = mark.kind === 'text' && mark.text === ''
  if (before?.text === mark.text || (empty && before === undefined)) return
  const change = { ...(before && { before }), ...(!empty && { after: mark }) }
  draftOf(StudyInstanceUID).edit([{ mark: change }])
}

function take(pane: Pane, shown: ShownFrame, point: Point): boolean {
  const found = markAt(pane, shown, point)
  useMarks.setState({ selected: found?.mark.id })
  if (found === undefined) return false
  const from = imagePoint(shown, point)
  work = { kind: 'moving', pane, shown, ...found, from, pressedAt: point, moved: false }
  return true
}

function moveMark(moving: Moving, shown: ShownFrame, point: Point): void {
  const { mark, hold, from, pane, pressedAt } = moving
  if (!moving.moved && Math.hypot(point[0] - pressedAt[0], point[1] - pressedAt[1]) < 2) return
  moving.moved = true
  const to = imagePoint(shown, point)
  const live = { pane: pane.id, StudyInstanceUID: shown.StudyInstanceUID, before: mark }
  useMarks.setState({ live: { ...live, mark: movedBy(moving, to[0] - from[0], to[1] - from[1], shown) } })
  if (hold.part === 'handle') pane.element.style.cursor = 'none'
}

function movedBy({ mark, hold, pane }: Moving, dx: number, dy: number, shown: ShownFrame): Mark {
  if (hold.part === 'handle') {
    const handle = handlesOf(mark)[hold.index] ?? [0, 0]
    return withHandle(mark, hold.index, [handle[0] + dx, handle[1] + dy], scaleAt(shown.imageId, mark.points))
  }
  if (hold.part === 'body' || mark.kind === 'text') {
    const moved = movedMark(mark, dx, dy)
    if (mark.kind !== 'probe') return moved
    return { ...moved, points: moved.points.map(([x, y]): Point => [Math.floor(x) + 0.5, Math.floor(y) + 0.5]) }
  }
  const { clientWidth: width, clientHeight: height } = pane.element
  const box = labelOf(mark, shown, { width, height })?.box
  if (box === undefined) return mark
  const corner = imagePoint(shown, [box.x, box.y])
  return { ...mark, label: [corner[0] + dx, corner[1] + dy] }
}

function moved(event: PointerEvent, pane: Pane): void {
  const shown = shownFrame(pane)
  if (shown === undefined) return
  const point = pointOf(event, pane)
  if (work === undefined) {
    hover(pane, shown, point, event.buttons !== 0)
    return
  }
  if (work.pane !== pane) return
  if (!sameFrame(work.shown, shown)) cancelMark()
  else if (work.kind === 'moving') moveMark(work, shown, point)
  else follow(work, shown, point)
}

function hover(pane: Pane, shown: ShownFrame, point: Point, pressed: boolean): void {
  const { tool, hovered } = useMarks.getState()
  const found = pressed || tool !== undefined ? undefined : markAt(pane, shown, point)
  if (found?.mark.id !== hovered) useMarks.setState({ hovered: found?.mark.id })
  pane.element.style.cursor = found === undefined ? '' : found.hold.part === 'handle' ? 'pointer' : 'move'
}

function released(event: PointerEvent, pane: Pane): void {
  if (work === undefined || work.pane !== pane || event.button !== 0) return
  const point = pointOf(event, pane)
  if (work.kind === 'moving') {
    letGo(work)
    return
  }
  const { live } = useMarks.getState()
  const shown = shownFrame(pane)
  if (live === undefined || shown === undefined) return
  const count = placedPoints(live.mark.kind)
  const dragged = Math.hypot(point[0] - work.pressedAt[0], point[1] - work.pressedAt[1]) >= CLICK_PX
  if (dragged && work.placed.length < count) work.placed.push(imagePoint(shown, point))
  follow(work, shown, point)
  if (work.placed.length === count) finish(work)
}

function letGo({ pane }: Moving): void {
  const { live } = useMarks.getState()
  work = undefined
  pane.element.style.cursor = ''
  useMarks.setState({ live: undefined })
  if (live?.before !== undefined) {
    draftOf(live.StudyInstanceUID).edit([{ mark: { before: live.before, after: live.mark } }])
  }
}

/** First Esc: what is being drawn or moved is as before, the tool is put away; true = there was something to cancel. */
export function cancelMark(): boolean {
  const { tool, live, selected } = useMarks.getState()
  work = undefined
  useMarks.setState({
    live: undefined,
    ...(live === undefined && { tool: undefined, stays: false, selected: undefined }),
  })
  return live !== undefined || tool !== undefined || selected !== undefined
}

function doubleClicked(event: MouseEvent, pane: Pane): void {
  if (!mine) return
  event.stopImmediatePropagation()
  const shown = shownFrame(pane)
  const { selected, live } = useMarks.getState()
  const mark = shown && marksOn(shown).find(one => one.id === selected)
  if (shown === undefined || mark === undefined || live !== undefined) return
  if (mark.kind === 'text' || mark.kind === 'arrow') startWriting(pane, shown.StudyInstanceUID, mark)
}

/** What the viewer's mouse asks first. */
export const marksPointer = {
  /** The left button is pressed; true = a mark has taken it, and hears of the rest by itself. */
  down: press,
}

/** Follows the pointer over a pane: hovering, drawing, moving. Returns what detaches it. */
export function attachMarks(pane: Pane): () => void {
  const abort = new AbortController()
  const { signal } = abort
  const { element } = pane
  element.addEventListener('pointermove', event => moved(event, pane), { signal })
  element.addEventListener('pointerup', event => released(event, pane), { signal })
  element.addEventListener('pointercancel', () => work?.pane === pane && cancelMark(), { signal })
  element.addEventListener('pointerleave', () => useMarks.setState({ hovered: undefined }), { signal })
  element.addEventListener('dblclick', event => doubleClicked(event, pane), { signal, capture: true })
  return () => {
    abort.abort()
    if (work?.pane === pane) cancelMark()
  }
}
