import { create } from 'zustand'
import type { StudySummary } from '../../shared/contract.ts'
import {
  type ImagePlane,
  imagePlane,
  imageToPatient,
  nearestPlane,
  type Point2,
  type Point3,
  parallel,
  patientToImage,
  planeCentre,
} from '../../shared/viewing/geometry.ts'
import { applyMatrix } from '../../shared/viewing/view.ts'
import { describeFrame, type SeriesStack } from './catalog.ts'
import type { Pane } from './pane.ts'

/** Where the panes' pictures lie in the patient: what linked scrolling, reference lines and the crosshair share. */
interface Space {
  /** By pane id: the plane of the image on the screen. */
  planes: ReadonlyMap<string, ImagePlane>
  crosshair: { FrameOfReferenceUID: string; point: Point3 } | undefined
}

export const useSpace = create<Space>(() => ({ planes: new Map(), crosshair: undefined }))

const patients = new Map<string, string>()

/** Whose a study is: a frame of reference is one patient's, whatever UIDs a badly anonymised other one repeats. */
export function notePatient(study: Pick<StudySummary, 'StudyInstanceUID' | 'PatientID' | 'IssuerOfPatientID'>): void {
  const { StudyInstanceUID, PatientID, IssuerOfPatientID } = study
  patients.set(StudyInstanceUID, PatientID === '' ? StudyInstanceUID : JSON.stringify([IssuerOfPatientID, PatientID]))
}

/** Whose a study is: equal for studies of one patient, by ID and issuer as the store has them. */
export function patientOf(StudyInstanceUID: string): string {
  return patients.get(StudyInstanceUID) ?? StudyInstanceUID
}

/** A frame of reference as the planes name it: one patient's. */
export function patientFrame(StudyInstanceUID: string, FrameOfReferenceUID: string): string {
  return `${patientOf(StudyInstanceUID)} ${FrameOfReferenceUID}`
}

/** By place; what is not there has not been asked for. */
const laidOut = new WeakMap<SeriesStack, Map<number, ImagePlane | undefined>>()

/** Where each of the entries lies, by its place. */
export function planesOf(stack: SeriesStack): Array<ImagePlane | undefined> {
  return stack.entries.map((_, index) => planeOf(stack, index))
}

/** The plane of a stack's image; undefined where it has no place in the patient. */
export function planeOf(stack: SeriesStack, index: number): ImagePlane | undefined {
  const known = laidOut.get(stack) ?? new Map<number, ImagePlane | undefined>()
  laidOut.set(stack, known)
  // One alone: while a hand turns a plane there is a new stack of hundreds for each picture.
  if (!known.has(index)) {
    const plane = imagePlane(describeFrame(stack.entries[index]?.imageId ?? '')?.attributes ?? {})
    const { StudyInstanceUID } = stack.manifest
    known.set(
      index,
      plane && { ...plane, FrameOfReferenceUID: patientFrame(StudyInstanceUID, plane.FrameOfReferenceUID) },
    )
  }
  return known.get(index)
}

/** The space all images of a stack lie in: one patient's frame of reference; '' where they have none, or several. */
export function spaceOf(stack: SeriesStack): string {
  const [first, ...others] = planesOf(stack)
  const space = first?.FrameOfReferenceUID ?? ''
  return others.every(plane => plane?.FrameOfReferenceUID === space) ? space : ''
}

/** Keeps the pane's plane known while it lives. Returns what ends that. */
export function placeInSpace(pane: Pane): () => void {
  const set = (plane: ImagePlane | undefined) => {
    const { planes } = useSpace.getState()
    if (planes.get(pane.id) === plane) return
    const next = new Map(planes)
    if (plane === undefined) next.delete(pane.id)
    else next.set(pane.id, plane)
    useSpace.setState({ planes: next })
  }
  const unsubscribe = pane.state.subscribe(({ stack, shown }) => {
    set(stack === undefined || shown === undefined ? undefined : planeOf(stack, shown))
  })
  return () => {
    unsubscribe()
    set(undefined)
  }
}

let following = false

/** What a pane does because another one moved must not move the others again. */
export function whileFollowing(action: () => void): void {
  if (following) return
  following = true
  try {
    action()
  } finally {
    following = false
  }
}

const last = new WeakMap<Pane, { stack: SeriesStack; index: number }>()

/**
 * Panes that follow move when the page has time for it, and at least so often, ms: one picture of theirs, its words and lines cost
 * more than the one under the hand, which waits for none of them. Their own words and lines tell where they are meanwhile.
 */
const FOLLOW_MS = 100

interface Following {
  stack: SeriesStack
  panes: Pane[]
  placeFor: (source: Pane, pane: Pane) => number | undefined
}

/** By the pane that has moved. */
const due = new Map<Pane, Following>()

/** The other panes go where `placeFor` says that they follow to. Opening a series moves nobody. */
export function followPane(source: Pane, panes: Pane[], placeFor: Following['placeFor']): void {
  const { stack, index } = source.state.getState()
  if (stack === undefined) return
  const before = last.get(source)
  last.set(source, { stack, index })
  if (before?.stack !== stack || before.index === index || following) return
  if (due.size === 0) requestIdleCallback(moveFollowers, { timeout: FOLLOW_MS })
  due.set(source, { stack, panes, placeFor })
}

function moveFollowers(): void {
  const moved = [...due]
  due.clear()
  for (const [source, { stack, panes, placeFor }] of moved) {
    if (source.stack !== stack) continue
    whileFollowing(() => {
      for (const pane of panes) {
        if (pane === source || pane.stack === undefined) continue
        const place = placeFor(source, pane)
        if (place !== undefined) pane.goTo(place)
      }
    })
  }
}

/** Stacks parallel to `source`'s, in its frame of reference, go to the slice at its position. */
export function samePlace(source: Pane, pane: Pane): number | undefined {
  const { stack, index } = source.state.getState()
  const plane = stack && planeOf(stack, index)
  return plane && pane.stack && parallelPlace(pane.stack, plane, pane.state.getState().index)
}

/** The slice of a stack at the place of `plane`, if it runs parallel to it in the same frame of reference. */
function parallelPlace(stack: SeriesStack, plane: ImagePlane, current: number): number | undefined {
  const sample = planeOf(stack, current)
  if (sample?.FrameOfReferenceUID !== plane.FrameOfReferenceUID || !parallel(sample.normal, plane.normal))
    return undefined
  const { index } = nearestPlane(planesOf(stack), planeCentre(plane), current)
  return index === -1 ? undefined : index
}

/** Where a stack that is hung beside `panes` starts, so that it shows the same place; undefined when they share none. */
export function alignedPlace(stack: SeriesStack, panes: Pane[]): number | undefined {
  for (const pane of panes) {
    // Where it goes, not what it still shows of a movement that ends now.
    const { stack: hung, index } = pane.state.getState()
    const plane = hung && planesOf(hung)[index]
    const place = plane && parallelPlace(stack, plane, 0)
    if (place !== undefined) return place
  }
  return undefined
}

/** Every other pane of the frame of reference goes to the slice through the point, and shows it. False: the image has no place. */
export function jumpToPoint(source: Pane, at: Point2, panes: Pane[]): boolean {
  const plane = useSpace.getState().planes.get(source.id)
  if (plane === undefined) return false
  const { FrameOfReferenceUID } = plane
  const point = imageToPatient(plane, at)
  useSpace.setState({ crosshair: { FrameOfReferenceUID, point } })
  whileFollowing(() => {
    for (const pane of panes) {
      if (pane === source || pane.stack === undefined) continue
      const planes = planesOf(pane.stack)
      const { index: current, transform } = pane.state.getState()
      if (planes[current]?.FrameOfReferenceUID !== FrameOfReferenceUID) continue
      const { index } = nearestPlane(planes, point, current)
      const target = planes[index]
      if (target === undefined) continue
      const found = patientToImage(target, point).at
      const [x, y] = transform === undefined ? [0, 0] : applyMatrix(transform, found)
      pane.goTo(index)
      const { clientWidth, clientHeight } = pane.element
      const inImage = found[0] >= 0 && found[1] >= 0 && found[0] <= target.Columns && found[1] <= target.Rows
      if (inImage && (x < 0 || y < 0 || x > clientWidth || y > clientHeight)) pane.centreOn([...found])
    }
  })
  return true
}

export function hideCrosshair(): boolean {
  if (useSpace.getState().crosshair === undefined) return false
  useSpace.setState({ crosshair: undefined })
  return true
}
