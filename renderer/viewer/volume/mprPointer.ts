import { imageToPatient, type Point2, type Point3, patientToImage } from '../../../shared/viewing/geometry.ts'
import { type CrossLines, crossLines, turnAbout } from '../../../shared/viewing/volume/crossLines.ts'
import { REFORMATS, turnedAxes } from '../../../shared/viewing/volume/reformat.ts'
import { capturePointer } from '../keyPointer.ts'
import type { Pane } from '../pane.ts'
import { livePanes, useSession } from '../session.ts'
import { jumpToPoint, useSpace } from '../space.ts'
import { isCoarse } from './coarse.ts'
import { pressCurve } from './curvedActions.ts'
import { arrange, arrangementOf, makeReformat, type Reformat, reformatOf } from './reformats.ts'

/** What the two other planes of a volume draw over the picture of this one. */
export interface MprLines extends CrossLines {
  /** The panes of the two planes, in the order of `directions`. */
  others: [Pane, Pane]
  names: [Reformat['name'], Reformat['name']]
  /** CSS pixels from the centre to the handles that turn them. */
  reach: number
}

/** CSS pixels that take hold: of the middle, of a handle, of a line. */
const CENTRE = 12
const HANDLE = 10
const LINE = 4

/** The panes that show the planes of a volume, each name once, in their order. */
function panesOf(reformat: Reformat): Pane[] {
  const panes = livePanes().filter(pane => reformatOf(pane.stack)?.volume === reformat.volume)
  return REFORMATS.flatMap(name => panes.find(pane => reformatOf(pane.stack)?.name === name) ?? [])
}

/** The lines over a pane's picture; undefined unless the two other planes of its volume are on the screen too. */
export function linesIn(pane: Pane): MprLines | undefined {
  const { stack, transform } = pane.state.getState()
  const reformat = reformatOf(stack)
  if (reformat === undefined || transform === undefined) return undefined
  const [first, second] = panesOf(reformat).filter(other => reformatOf(other.stack)?.name !== reformat.name)
  if (first === undefined || second === undefined) return undefined
  const { planes } = useSpace.getState()
  const [own, one, two] = [pane, first, second].map(({ id }) => planes.get(id))
  const lines = own && one && two && crossLines(own, one, two, transform)
  if (lines === undefined) return undefined
  const { clientWidth, clientHeight } = pane.element
  const nameOf = (other: Pane) => reformatOf(other.stack)!.name
  return {
    ...lines,
    others: [first, second],
    names: [nameOf(first), nameOf(second)],
    reach: Math.min(clientWidth, clientHeight) * 0.36,
  }
}

/** Where the handles are, CSS pixels. */
export function handlesOf({ centre, directions, reach }: MprLines): Point2[] {
  return directions.flatMap(([x, y]): Point2[] => [
    [centre[0] + x * reach, centre[1] + y * reach],
    [centre[0] - x * reach, centre[1] - y * reach],
  ])
}

type Hold = { part: 'centre' } | { part: 'handle' } | { part: 'line'; other: Pane }

function holdAt(lines: MprLines, [x, y]: Point2): Hold | undefined {
  const [dx, dy] = [x - lines.centre[0], y - lines.centre[1]]
  if (Math.hypot(dx, dy) <= CENTRE) return { part: 'centre' }
  if (handlesOf(lines).some(([hx, hy]) => Math.hypot(x - hx, y - hy) <= HANDLE)) return { part: 'handle' }
  const line = lines.directions.findIndex(([lx, ly]) => Math.abs(dx * ly - dy * lx) <= LINE)
  const other = lines.others[line]
  return other && { part: 'line', other }
}

function pointOf(event: MouseEvent, pane: Pane): [number, number] {
  const box = pane.element.getBoundingClientRect()
  return [event.clientX - box.left, event.clientY - box.top]
}

function patientPoint(pane: Pane, point: [number, number]): Point3 | undefined {
  const at = pane.imagePoint(point)
  const plane = useSpace.getState().planes.get(pane.id)
  return at && plane && imageToPatient(plane, at)
}

/** The left button is pressed in a pane; true = on a line of the volume's other planes, which goes with the hand. */
export function pressMpr(event: PointerEvent, pane: Pane): boolean {
  if (pressCurve(event, pane)) return true
  const lines = useSession.getState().referenceLines ? linesIn(pane) : undefined
  const hold = lines && holdAt(lines, pointOf(event, pane))
  if (lines === undefined || hold === undefined) return false
  event.preventDefault()
  const { element } = pane
  capturePointer(element, event)
  const abort = new AbortController()
  const { signal } = abort
  let last = patientPoint(pane, pointOf(event, pane))
  const move = (moved: PointerEvent) => {
    const to = patientPoint(pane, pointOf(moved, pane))
    if (to === undefined || last === undefined) return
    if (hold.part === 'handle') turn(pane, lines.point, last, to)
    else {
      for (const other of hold.part === 'line' ? [hold.other] : lines.others) showPoint(other, to)
      if (hold.part === 'centre') showInStacks(pane, moved)
    }
    last = to
  }
  element.addEventListener('pointermove', move, { signal })
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) {
    element.addEventListener(end, () => abort.abort(), { signal })
  }
  return true
}

/** The point where the planes meet is shown in the images beside them, too, as the crosshair shows one. */
function showInStacks(pane: Pane, event: PointerEvent): void {
  const at = pane.imagePoint(pointOf(event, pane))
  if (at === undefined) return
  jumpToPoint(
    pane,
    at,
    livePanes().filter(({ stack }) => stack?.sourceIds === undefined),
  )
}

/** What a press would take hold of shows in the pointer's shape. Returns what detaches it. */
export function attachMpr(pane: Pane): () => void {
  const { element } = pane
  const hover = (event: PointerEvent) => {
    if (event.buttons !== 0 || !useSession.getState().referenceLines) return
    const lines = linesIn(pane)
    const hold = lines && holdAt(lines, pointOf(event, pane))
    if (hold !== undefined) element.style.cursor = hold.part === 'handle' ? 'grab' : 'move'
  }
  element.addEventListener('pointermove', hover)
  return () => element.removeEventListener('pointermove', hover)
}

const heading = new WeakMap<Pane, number>()

/**
 * Goes to the plane through a point. While a picture is being made the next one waits for it, the newest place alone: a hand is
 * faster than a thick slab, and a picture that is overtaken each time would never be seen.
 */
function showPoint(pane: Pane, point: Point3): void {
  const reformat = reformatOf(pane.stack)
  if (reformat === undefined) return
  const page = reformat.planes.page(point)
  // What is being made fine after the hand has rested is overtaken.
  if (!pane.state.getState().loading || isCoarse(pane.entry?.imageId ?? '')) {
    pane.goTo(page)
    return
  }
  const waits = heading.has(pane)
  heading.set(pane, page)
  if (waits) return
  const stop = pane.state.subscribe(({ loading }) => {
    if (loading) return
    stop()
    const to = heading.get(pane)
    heading.delete(pane)
    // It may show something else by now.
    if (to !== undefined && reformatOf(pane.stack) === reformat) pane.goTo(to)
  })
}

/** Both other planes turn about this one's normal, through the point where all three meet. */
function turn(pane: Pane, centre: Point3, from: Point3, to: Point3): void {
  const reformat = reformatOf(pane.stack)
  const plane = useSpace.getState().planes.get(pane.id)
  if (reformat === undefined || plane === undefined) return
  const angle = turnAbout(plane, centre, from, to)
  const { source, name } = reformat
  const { axes } = arrangementOf(source.set.id)
  const turned = { ...axes }
  for (const other of REFORMATS) if (other !== name) turned[other] = turnedAxes(axes[other], plane.normal, angle)
  arrange(source.set.id, { axes: turned, anchor: centre })
  for (const other of panesOf(reformat)) if (other !== pane) void followTurn(other, centre)
}

/** Panes that make a turned picture, and whether the hand has gone on since. */
const turning = new Map<Pane, boolean>()

async function followTurn(pane: Pane, centre: Point3): Promise<void> {
  if (turning.has(pane)) {
    turning.set(pane, true)
    return
  }
  do {
    const own = reformatOf(pane.stack)
    if (own === undefined) break
    turning.set(pane, false)
    const next = makeReformat(own.source, own.volume, own.name)
    const { planes } = reformatOf(next)!
    const index = planes.page(centre)
    const before = own.planes.plane(pane.state.getState().index)
    // The point where the planes meet stays where it stands on the screen.
    const [was, is] = [patientToImage(before, centre).at, patientToImage(planes.plane(index), centre).at]
    await pane.replace(next, index, ([x, y]) => [x + is[0] - was[0], y + is[1] - was[1]])
  } while (turning.get(pane))
  turning.delete(pane)
}
