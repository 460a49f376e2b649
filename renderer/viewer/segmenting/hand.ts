import type { Point2 } from '../../../shared/viewing/geometry.ts'
import { brush, type Sieve } from '../../../shared/viewing/segmenting/brush.ts'
import { Edit, eraseFrom, paintOver } from '../../../shared/viewing/segmenting/edit.ts'
import { grow, inRange, rangeAbout } from '../../../shared/viewing/segmenting/grow.ts'
import { fillOutline } from '../../../shared/viewing/segmenting/scissors.ts'
import { lockedNumbers } from '../../../shared/viewing/segmenting/segment.ts'
import { t, whyOf } from '../../i18n/index.ts'
import { announce } from '../../ui/index.ts'
import type { Pane } from '../pane.ts'
import { reformatOf } from '../volume/reformats.ts'
import { waitsForKept } from './keeper.ts'
import { viewOf } from './place.ts'
import {
  addStep,
  changeSegment,
  putAwaySegmentTool,
  setDrawing,
  sourceStack,
  startWork,
  tellDrawn,
  useSegmenting,
} from './segmentStore.ts'
import { valuesHere, valuesOf } from './values.ts'
import type { Work } from './work.ts'

/** Something the hand is drawing. */
interface Stroke {
  pane: Pane
  work: Work
  slice: number
  /** Image coordinates. */
  last: Point2
  edit: Edit
  sieve: Sieve | undefined
  /** Scissors: the line so far. */
  line: Point2[] | undefined
}

let stroke: Stroke | undefined
/** Voxels growing may reach: a whole chest of 512 × 512 × 60. */
const MOST_GROWN = 16_000_000
/** Points of an outline. */
const MOST_POINTS = 20_000

/** The line that the scissors draw, of a pane. */
export function outlineIn(pane: Pane): readonly Point2[] | undefined {
  return stroke?.pane === pane ? stroke.line : undefined
}

function placeOf(event: MouseEvent, pane: Pane): Point2 | undefined {
  const box = pane.element.getBoundingClientRect()
  return pane.imagePoint([event.clientX - box.left, event.clientY - box.top])
}

/** What an edit writes: the active segment, or nothing in its place. */
function editOf(work: Work, erases: boolean): Edit {
  const { active, segments } = work.head
  return erases
    ? new Edit(work.map, 0, eraseFrom(active))
    : new Edit(work.map, active, paintOver(lockedNumbers(segments)))
}

/** Why the active segment cannot be changed now, in words. */
export function refusalOf(work: Work): string | undefined {
  const segment = work.head.segments.find(({ number }) => number === work.head.active)
  if (useSegmenting.getState().busy !== undefined) return t('Something is still being worked out: wait, or cancel it')
  if (segment === undefined) return t('Add a segment first')
  if (segment.locked) return t('This segment is locked: unlock it to draw')
  return undefined
}

/** The left button is pressed in a pane; true = for a segment, and nobody else. */
export function pressSegment(event: PointerEvent, pane: Pane): boolean {
  const { tool } = useSegmenting.getState()
  const stack = sourceStack(pane)
  const at = placeOf(event, pane)
  if (tool === undefined || stack === undefined || at === undefined) return false
  // The press is kept from the browser, which would have taken the keys from a field in the panel.
  event.preventDefault()
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  const { StudyInstanceUID } = stack.manifest
  const waits = waitsForKept(StudyInstanceUID, stack.set.id)
  if (waits !== undefined) {
    announce(waits)
    return true
  }
  const work = startWork(stack)
  const refused = 'refusal' in work ? work.refusal : refusalOf(work)
  if (refused !== undefined || 'refusal' in work) {
    announce(refused ?? '')
    return true
  }
  const view = viewOf(work, pane)
  // A slab is a picture of many images.
  if (view === undefined || !('slice' in view) || reformatOf(pane.stack)?.slab !== undefined) {
    announce('This plane is cut through the images: segments are drawn on the images themselves')
    return true
  }
  begin(event, { pane, work, slice: view.slice, at })
  return true
}

function begin(
  event: PointerEvent,
  { pane, work, slice, at }: { pane: Pane; work: Work; slice: number; at: Point2 },
): void {
  const { tool } = useSegmenting.getState()
  if (tool === 'grow') {
    void growFrom(work, slice, at)
    return
  }
  const sieve = tool === 'threshold' ? sieveFrom(work, slice, at) : undefined
  if (tool === 'threshold' && sieve === undefined) return
  const edit = editOf(work, tool === 'erase' || event.shiftKey)
  stroke = { pane, work, slice, last: at, edit, sieve, line: tool === 'scissors' ? [at] : undefined }
  setDrawing(true)
  pane.element.setPointerCapture(event.pointerId)
  if (tool !== 'scissors') paintTo(stroke, at)
}

/** The range in hand where the pixel's value is in it; else that about the pixel, which is in hand from then on. */
function rangeAt(work: Work, slice: number, [x, y]: Point2) {
  const values = valuesHere(work, slice)
  const { columns, rows } = work.map.grid
  const pixel = [Math.floor(x), Math.floor(y)] as const
  if (!(pixel[0] >= 0 && pixel[1] >= 0 && pixel[0] < columns && pixel[1] < rows)) return undefined
  if (values === undefined) {
    announce('A range of values needs a grey image that is loaded')
    return undefined
  }
  const { range } = useSegmenting.getState()
  if (range !== undefined && inRange(values, range)(pixel[1] * columns + pixel[0])) return range
  const found = rangeAbout(values, columns, pixel)
  useSegmenting.setState({ range: found })
  return found
}

function sieveFrom(work: Work, slice: number, at: Point2): Sieve | undefined {
  const range = rangeAt(work, slice, at)
  if (range === undefined) return undefined
  const known = new Map<number, ((at: number) => boolean) | undefined>()
  return index => {
    if (!known.has(index)) {
      const values = valuesHere(work, index)
      // A slice that is not here yet is left as it is.
      known.set(index, values === undefined ? () => false : inRange(values, range))
    }
    return known.get(index)
  }
}

function paintTo({ work, slice, last, edit, sieve }: Stroke, to: Point2): void {
  const { radius, through } = useSegmenting.getState()
  guarded(() => brush(edit, slice, last, to, { radius, ball: through }, sieve))
  for (const [index, rect] of edit.takeRects()) tellDrawn({ work, slice: index, rect })
}

/** What has grown too large is said and goes no further; false = it has. */
function guarded(draw: () => void): boolean {
  try {
    draw()
    return true
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    announce(thrown.message)
    return false
  }
}

function moved(event: PointerEvent, pane: Pane): void {
  if (stroke === undefined || stroke.pane !== pane) return
  const view = viewOf(stroke.work, pane)
  // Another picture stands there now: the stroke ends where it was.
  if (view === undefined || !('slice' in view) || view.slice !== stroke.slice) {
    finishStroke()
    return
  }
  const passed = event.getCoalescedEvents?.() ?? []
  for (const one of passed.length > 0 ? passed : [event]) {
    const to = placeOf(one, pane)
    if (to === undefined) continue
    if (stroke.line === undefined) paintTo(stroke, to)
    else if (stroke.line.length < MOST_POINTS) stroke.line.push(to)
    stroke.last = to
  }
}

function finishStroke(): void {
  if (stroke === undefined) return
  const { work, edit, line, slice, sieve } = stroke
  stroke = undefined
  setDrawing(false)
  if (line !== undefined) guarded(() => fillOutline(edit, slice, line))
  commit(work, edit, sieve !== undefined)
}

/** Ends an edit: what it drew is shown, can be taken back and is kept. */
export function commit(work: Work, edit: Edit, semiautomatic: boolean): boolean {
  if (!useSegmenting.getState().works.includes(work)) {
    announce('More images came meanwhile: that was not drawn')
    return false
  }
  for (const [index, rect] of edit.takeRects()) tellDrawn({ work, slice: index, rect })
  const step = edit.finish()
  if (step === undefined) return false
  addStep(work, step)
  if (semiautomatic && edit.value !== 0) changeSegment(work, edit.value, { semiautomatic: true })
  return true
}

/** As if the edit had not begun. */
export function giveUp(work: Work, edit: Edit): void {
  for (const slice of edit.undo()) tellDrawn({ work, slice, rect: undefined })
}

async function growFrom(work: Work, slice: number, at: Point2): Promise<void> {
  const range = rangeAt(work, slice, at)
  if (range === undefined) return
  const { through } = useSegmenting.getState()
  const edit = editOf(work, false)
  const { grid } = work.map
  await working(t('Growing'), async (signal, breathe) => {
    const seed = { slice, at: Math.floor(at[1]) * grid.columns + Math.floor(at[0]) }
    const grown = await grow(grid, seed, through && grid.sliceSpacing !== undefined, MOST_GROWN, {
      accepts: async index => {
        const values = await valuesOf(work, index)
        signal.throwIfAborted()
        return values && inRange(values, range)
      },
      breathe,
    })
    if (grown === undefined) {
      announce('That fits more than 16 million voxels: nothing was drawn. Give a narrower range')
      return
    }
    const fits = guarded(() => {
      for (const [index, mask] of grown.masks) edit.mask(index, mask)
    })
    if (fits) commit(work, edit, true)
    else giveUp(work, edit)
  })
}

/** ms of the page's thread at a time. */
const SLICE_MS = 10

/** Does something that takes its time and can be given up; what it is, is said meanwhile. */
export async function working(
  words: string,
  action: (signal: AbortSignal, breathe: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const abort = new AbortController()
  useSegmenting.setState({ busy: { words, abort } })
  let since = performance.now()
  const breathe = async () => {
    if (performance.now() - since > SLICE_MS) {
      await new Promise(resolve => setTimeout(resolve))
      since = performance.now()
    }
    abort.signal.throwIfAborted()
  }
  try {
    await action(abort.signal, breathe)
  } catch (thrown) {
    if (!abort.signal.aborted) announce(whyOf(thrown))
  } finally {
    useSegmenting.setState({ busy: undefined })
  }
}

/** Esc: what is being drawn is as before, then what is being worked out, then the tool is put away. True = there was something. */
export function cancelSegmenting(): boolean {
  const { busy, tool } = useSegmenting.getState()
  if (stroke !== undefined) {
    const { work, edit } = stroke
    stroke = undefined
    setDrawing(false)
    giveUp(work, edit)
    return true
  }
  if (busy !== undefined) {
    busy.abort.abort()
    return true
  }
  putAwaySegmentTool()
  return tool !== undefined
}

const LEAST_RADIUS = 0.2
const MOST_RADIUS = 200

export function setRadius(radius: number): void {
  useSegmenting.setState({ radius: Math.max(LEAST_RADIUS, Math.min(MOST_RADIUS, radius)) })
}

/** Alt and the wheel: the brush grows and shrinks. */
function turned(event: WheelEvent): void {
  const { tool, radius } = useSegmenting.getState()
  if (tool === undefined || !event.altKey) return
  event.preventDefault()
  event.stopImmediatePropagation()
  const by = event.deltaY || event.deltaX
  if (by !== 0) setRadius(radius * 1.15 ** -Math.sign(by))
}

/** Follows the pointer over a pane; `tell` is told where it is, for the brush's rim. Returns what detaches it. */
export function attachSegmenting(pane: Pane, tell: (at: Point2 | undefined) => void): () => void {
  const abort = new AbortController()
  const { signal } = abort
  const { element } = pane
  const follow = (event: PointerEvent) => {
    moved(event, pane)
    tell(placeOf(event, pane))
  }
  element.addEventListener('pointermove', follow, { signal })
  element.addEventListener('pointerdown', follow, { signal })
  const released = (event: PointerEvent) => {
    if (stroke?.pane === pane && event.button === 0) finishStroke()
    tell(placeOf(event, pane))
  }
  element.addEventListener('pointerup', released, { signal })
  element.addEventListener('pointercancel', () => stroke?.pane === pane && cancelSegmenting(), { signal })
  element.addEventListener('pointerleave', () => tell(undefined), { signal })
  element.addEventListener('wheel', turned, { signal, passive: false, capture: true })
  // Two quick strokes are no wish for one picture alone.
  element.addEventListener(
    'dblclick',
    event => useSegmenting.getState().tool !== undefined && event.stopImmediatePropagation(),
    { signal, capture: true },
  )
  return () => {
    abort.abort()
    if (stroke?.pane === pane) cancelSegmenting()
  }
}
