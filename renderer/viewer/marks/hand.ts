import type { Mark } from '../../../shared/viewing/draft.ts'
import type { Point } from '../../../shared/viewing/measure/scale.ts'
import { isCurvedUid, isLastingUid } from '../../../shared/viewing/volume/reformatUid.ts'
import { mayMeasure } from '../../selftest/index.ts'
import { announce } from '../../ui/index.ts'
import { describeFrame } from '../catalog.ts'
import { capturePointer, isKeyPointerIn } from '../keyPointer.ts'
import { isSlideId } from '../slides/openSlides.ts'
import { draftOf } from './drafts.ts'
import { CLICK_PX, type Drawing, endsAt, finishedMark, place, pointsNow, startDrawing, trace } from './drawing.ts'
import { type Hold, handlesOf, holdAt, isOpenEnded, movedMark, placedPoints, withHandle } from './edit.ts'
import { scaleOfMark } from './figures.ts'
import { kindDrawnBy, type MarkTool, markToolUsed, putAwayMarkTool, type Service, useMarks } from './marksStore.ts'
import { imagePoint, labelOf, type MarkedPane, marksOn, type ShownFrame, shownFrame } from './onPane.ts'
import { calibrateBy, refusalOf, windowByMark } from './services.ts'
import { nextVertebra } from './spine.ts'

interface Moving {
  kind: 'moving'
  pane: MarkedPane
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
function pointOf(event: MouseEvent, pane: MarkedPane): Point {
  const box = pane.element.getBoundingClientRect()
  return [event.clientX - box.left, event.clientY - box.top]
}

function sameFrame(a: ShownFrame, b: ShownFrame | undefined): boolean {
  return a.SOPInstanceUID === b?.SOPInstanceUID && a.frame === b.frame
}

/** The mark under a point of the pane, the selected and the newest first, and what of it. */
function markAt(pane: MarkedPane, shown: ShownFrame, point: Point): { mark: Mark; hold: Hold } | undefined {
  const { selected } = useMarks.getState()
  const { clientWidth: width, clientHeight: height } = pane.element
  const marks = marksOn(shown).reverse()
  for (const mark of [...marks.filter(one => one.id === selected), ...marks.filter(one => one.id !== selected)]) {
    const hold = holdAt(
      mark,
      labelOf(mark, shown, { width, height })?.box,
      shown.transform,
      point,
      scaleOfMark(mark, shown.imageId),
    )
    if (hold !== undefined) return { mark, hold }
  }
  return undefined
}

/**
 * The left button is pressed in a pane; true = for a mark, and nobody else. A tool in hand begins or goes on with a mark;
 * without one a mark under the pointer is taken.
 */
function press(event: PointerEvent, pane: MarkedPane): boolean {
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
  if (work !== undefined) capturePointer(pane.element, event)
  return true
}

function begin(pane: MarkedPane, shown: ShownFrame, point: Point): void {
  const { tool } = useMarks.getState()
  if (tool === undefined) return
  const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frame, imageId } = shown
  if (isSlideId(imageId) && NOT_ON_SLIDES.has(tool)) {
    announce('This tool is none for slides')
    return
  }
  const serves = serviceOf(tool)
  const refused = serves && refusalOf(serves, imageId)
  const text = tool === 'vertebra' ? nextVertebra(shown) : ''
  if (refused !== undefined || text === undefined) {
    announce(refused ?? 'That was the last vertebra: choose the one to label next')
    return
  }
  const kind = kindDrawnBy(tool)
  if (isCurvedUid(SOPInstanceUID)) {
    if (!ON_CURVES.has(kind)) {
      announce('On a straightened picture only lengths and values are the patient’s: no areas and angles')
      return
    }
  } else if (!serves && !isLastingUid(SOPInstanceUID)) {
    announce(
      'This plane was turned freely and will not be found again: marks are kept on the axial, coronal and sagittal planes',
    )
    return
  }
  if (!mayMeasure({ kind, TransferSyntaxUID: describeFrame(imageId)?.instance.TransferSyntaxUID })) {
    putAwayMarkTool()
    return
  }
  const at = placeFor(kind, shown, point)
  work = startDrawing(kind, pane, shown, at, point)
  const mark = {
    id: crypto.randomUUID(),
    kind,
    SeriesInstanceUID,
    SOPInstanceUID,
    frame,
    points: pointsNow(work, at),
    text,
  }
  useMarks.setState({
    live: { pane: pane.id, StudyInstanceUID, imageId, mark, ...(serves && { serves }) },
    selected: undefined,
  })
}

/** What is straight on a straightened picture. */
const ON_CURVES: ReadonlySet<Mark['kind']> = new Set(['length', 'probe', 'arrow', 'text'])

/** What is of a body, or asks a picture for pixels that a slide has only in tiles. */
const NOT_ON_SLIDES: ReadonlySet<MarkTool> = new Set(['vertebra', 'cardiothoracic', 'livewire', 'spotWindow'])

function serviceOf(tool: MarkTool): Service | undefined {
  return tool === 'calibrate' || tool === 'spotWindow' ? tool : undefined
}

/** A probe is of a pixel: the one under the pointer's own device pixel. Everything else stands where the hand put it. */
function placeFor(kind: Mark['kind'], shown: ShownFrame, [x, y]: Point): Point {
  if (kind !== 'probe') return imagePoint(shown, [x, y])
  const half = 0.5 / devicePixelRatio
  const [column, row] = imagePoint(shown, [x + half, y + half])
  return [Math.floor(column) + 0.5, Math.floor(row) + 0.5]
}

function goOn(drawing: Drawing, shown: ShownFrame, point: Point): void {
  const at = imagePoint(shown, point)
  const ends = endsAt(drawing, at)
  if (ends !== undefined) {
    finish(drawing, ends === 'closed')
    return
  }
  place(drawing, at)
  drawing.pressedAt = point
  follow(drawing, shown, point)
  if (drawing.placed.length === placedPoints(drawing.draws)) finish(drawing)
}

function follow(drawing: Drawing, shown: ShownFrame, point: Point): void {
  const { live } = useMarks.getState()
  if (live === undefined) return
  const points = pointsNow(drawing, imagePoint(shown, point))
  useMarks.setState({ live: { ...live, mark: { ...live.mark, points } } })
}

function finish(drawing: Drawing, closed = false): void {
  const { live } = useMarks.getState()
  work = undefined
  const mark = live && finishedMark(drawing, live.mark, closed)
  if (live === undefined || mark === undefined) {
    useMarks.setState({ live: undefined })
    return
  }
  markToolUsed()
  if (hasWords(mark) || live.serves === 'calibrate') {
    useMarks.setState({ live: { ...live, mark, writing: true } })
    return
  }
  useMarks.setState({ live: undefined })
  if (live.serves === 'spotWindow') {
    windowByMark(drawing.pane, mark, live.imageId)
    return
  }
  useMarks.setState({ selected: mark.id })
  draftOf(live.StudyInstanceUID).edit([{ mark: { after: mark } }])
  if (mark.kind !== 'vertebra') return
  useMarks.setState(({ spine: { direction } }) => ({ spine: { direction } }))
  if (nextVertebra(drawing.shown) === undefined) putAwayMarkTool()
}

/** Marks whose words a reader writes as soon as they are drawn. */
function hasWords({ kind }: Mark): boolean {
  return kind === 'text' || kind === 'arrow'
}

/** Opens the words of a text, an arrow or a vertebra. */
function startWriting(pane: MarkedPane, { StudyInstanceUID, imageId }: ShownFrame, mark: Mark): void {
  useMarks.setState({ live: { pane: pane.id, StudyInstanceUID, imageId, mark, before: mark, writing: true } })
}

export function write(text: string): void {
  const { live } = useMarks.getState()
  if (live?.writing) useMarks.setState({ live: { ...live, mark: { ...live.mark, text: text.slice(0, 500) } } })
}

/** Keeps what was written, or leaves it as it was before. A text without words is no mark, nor a vertebra without its label. */
export function endWriting(keep: boolean): void {
  const { live } = useMarks.getState()
  if (!live?.writing) return
  const { before, StudyInstanceUID, serves, imageId } = live
  if (serves === 'calibrate') {
    useMarks.setState({ live: undefined })
    if (keep) calibrateBy(live.mark, imageId, live.mark.text)
    return
  }
  const mark = { ...live.mark, text: keep ? live.mark.text.trim() : (before?.text ?? '') }
  useMarks.setState({ live: undefined })
  const empty = (mark.kind === 'text' || mark.kind === 'vertebra') && mark.text === ''
  if (before?.text === mark.text || (empty && before === undefined)) return
  const change = { ...(before && { before }), ...(!empty && { after: mark }) }
  draftOf(StudyInstanceUID).edit([{ mark: change }])
}

function take(pane: MarkedPane, shown: ShownFrame, point: Point): boolean {
  const found = markAt(pane, shown, point)
  useMarks.setState({ selected: found?.mark.id })
  if (found === undefined) return false
  if (found.mark.locked) return true
  const from = imagePoint(shown, point)
  work = { kind: 'moving', pane, shown, ...found, from, pressedAt: point, moved: false }
  return true
}

function moveMark(moving: Moving, shown: ShownFrame, point: Point): void {
  const { mark, hold, from, pane, pressedAt } = moving
  if (!moving.moved && Math.hypot(point[0] - pressedAt[0], point[1] - pressedAt[1]) < 2) return
  moving.moved = true
  const to = imagePoint(shown, point)
  const { StudyInstanceUID, imageId } = shown
  const live = { pane: pane.id, StudyInstanceUID, imageId, before: mark }
  useMarks.setState({ live: { ...live, mark: movedBy(moving, to[0] - from[0], to[1] - from[1], shown) } })
  if (hold.part === 'handle') pane.element.style.cursor = 'none'
}

function movedBy({ mark, hold, pane }: Moving, dx: number, dy: number, shown: ShownFrame): Mark {
  if (hold.part === 'handle') {
    const handle = handlesOf(mark)[hold.index] ?? [0, 0]
    return withHandle(mark, hold.index, [handle[0] + dx, handle[1] + dy], scaleOfMark(mark, shown.imageId))
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

function moved(event: PointerEvent, pane: MarkedPane): void {
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
  else {
    if (work.draws === 'freehand') trace(work, imagePoint(shown, point))
    follow(work, shown, point)
  }
}

function hover(pane: MarkedPane, shown: ShownFrame, point: Point, pressed: boolean): void {
  const { tool, hovered } = useMarks.getState()
  const found = pressed || tool !== undefined ? undefined : markAt(pane, shown, point)
  if (found?.mark.id !== hovered) useMarks.setState({ hovered: found?.mark.id })
  const held = found?.hold.part === 'handle' ? 'pointer' : 'move'
  pane.element.style.cursor = found === undefined ? '' : found.mark.locked ? 'default' : held
}

function released(event: PointerEvent, pane: MarkedPane): void {
  if (work === undefined || work.pane !== pane || event.button !== 0) return
  const point = pointOf(event, pane)
  if (work.kind === 'moving') {
    letGo(work)
    return
  }
  const { live } = useMarks.getState()
  const shown = shownFrame(pane)
  if (live === undefined || shown === undefined) return
  if (work.draws === 'freehand') {
    finish(work)
    return
  }
  const count = placedPoints(work.draws)
  const dragged = Math.hypot(point[0] - work.pressedAt[0], point[1] - work.pressedAt[1]) >= CLICK_PX
  if (dragged && work.placed.length < count) place(work, imagePoint(shown, point))
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
  const { tool, live, selected, glass } = useMarks.getState()
  work = undefined
  useMarks.setState({
    live: undefined,
    ...(live === undefined && { tool: undefined, stays: false, selected: undefined, glass: undefined }),
  })
  return live !== undefined || tool !== undefined || selected !== undefined || glass !== undefined
}

function doubleClicked(event: MouseEvent, pane: MarkedPane): void {
  if (!mine) return
  event.stopImmediatePropagation()
  const shown = shownFrame(pane)
  const { selected, live, tool } = useMarks.getState()
  const mark = shown && marksOn(shown).find(one => one.id === selected)
  if (shown === undefined || mark === undefined || mark.locked || live !== undefined || tool !== undefined) return
  if (hasWords(mark) || mark.kind === 'vertebra') startWriting(pane, shown, mark)
}

/** Enter ends a mark of any number of points, as a second press on its last one does; it is a press where keys move the pointer. */
function keyPressed(event: KeyboardEvent, pane: MarkedPane): void {
  if (isKeyPointerIn(pane)) return
  if (event.key !== 'Enter' || work?.kind !== 'drawing' || work.pane !== pane || !isOpenEnded(work.draws)) return
  event.preventDefault()
  event.stopPropagation()
  finish(work)
}

/** What the viewer's mouse asks first. */
export const marksPointer = {
  /** The left button is pressed; true = a mark has taken it, and hears of the rest by itself. */
  down: press,
}

/** Follows the pointer over a pane: hovering, drawing, moving. Returns what detaches it. */
export function attachMarks(pane: MarkedPane): () => void {
  const abort = new AbortController()
  const { signal } = abort
  const { element } = pane
  element.addEventListener('pointermove', event => moved(event, pane), { signal })
  element.addEventListener('pointerup', event => released(event, pane), { signal })
  element.addEventListener('pointercancel', () => work?.pane === pane && cancelMark(), { signal })
  element.addEventListener('pointerleave', () => useMarks.setState({ hovered: undefined }), { signal })
  element.addEventListener('dblclick', event => doubleClicked(event, pane), { signal, capture: true })
  window.addEventListener('keydown', event => keyPressed(event, pane), { signal, capture: true })
  return () => {
    abort.abort()
    if (work?.pane === pane) cancelMark()
  }
}
