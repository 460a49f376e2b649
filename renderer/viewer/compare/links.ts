import { create } from 'zustand'
import {
  type Anchor,
  anchorOffset,
  followedPosition,
  type LinkMode,
  linkWords,
  nearestPosition,
  positionOf,
  relativeIndex,
  sense,
} from '../../../shared/viewing/compare/linking.ts'
import { type Registration, registeredPoint } from '../../../shared/viewing/compare/registration.ts'
import { dot, type ImagePlane, imageToPatient, type Point3, patientToImage } from '../../../shared/viewing/geometry.ts'
import { t } from '../../i18n/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import type { Pane } from '../pane.ts'
import { followPane, patientOf, planeOf, planesOf, samePlace, useSpace, whileFollowing } from '../space.ts'
import { spacingOf } from '../spacing.ts'
import { unitOf } from '../uptake.ts'
import { curvedSourceId } from '../volume/curvedSet.ts'
import type { VoiRange } from '../windows.ts'

/** What holds while panes are linked (`Session.linked`); the mode is kept while they are not. */
interface Links {
  mode: Exclude<LinkMode, 'off'>
  /** By pane id: what is one place, in each by its own normal. Only with 'position'. */
  anchors: ReadonlyMap<string, Anchor & { set: string }>
  /** Zoom and pan go with the hand, by mm. */
  views: boolean
  /** Windows of one modality are one. */
  windows: boolean
  registrations: readonly Registration[]
}

export const useLinks = create<Links>(() => ({
  mode: 'place',
  anchors: new Map(),
  views: false,
  windows: false,
  registrations: [],
}))

function wantedPlane(pane: Pane): ImagePlane | undefined {
  const { stack, index } = pane.state.getState()
  return stack && planeOf(stack, index)
}

/** Only one patient's pictures go with one another. */
function isOnePatient(a: SeriesStack | undefined, b: SeriesStack | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return patientOf(a.manifest.StudyInstanceUID) === patientOf(b.manifest.StudyInstanceUID)
}

/** A point of one plane's space in another's, where a registration object of this patient says how; both as the planes name them. */
export function registered(from: ImagePlane, to: ImagePlane, point: Point3): Point3 | undefined {
  if (!isPatientOfBoth(from, to)) return undefined
  const [a, b] = [from, to].map(({ FrameOfReferenceUID: uid }) => uid.slice(uid.lastIndexOf(' ') + 1))
  for (const one of useLinks.getState().registrations) {
    const found = registeredPoint(one, a!, b!, point)
    if (found !== undefined) return found
  }
  return undefined
}

function anchorOf(pane: Pane): Anchor | undefined {
  const anchor = useLinks.getState().anchors.get(pane.id)
  return anchor?.set === pane.stack?.set.id ? anchor : undefined
}

function keepAnchor(pane: Pane, anchor: Anchor): void {
  const set = pane.stack?.set.id ?? ''
  useLinks.setState(({ anchors }) => ({ anchors: new Map(anchors).set(pane.id, { ...anchor, set }) }))
}

/** As it stands now; where `by` is given, so that it is one place with that pane's anchor by what is known of both. */
function anchorNow(pane: Pane, by?: Pane, asItStands = false): Anchor | undefined {
  const plane = wantedPlane(pane)
  if (plane === undefined) return undefined
  const { normal } = plane
  const [from, other] = by === undefined ? [] : [anchorOf(by), wantedPlane(by)]
  const turn = from === undefined ? 0 : sense(from.normal, normal)
  if (from === undefined || other === undefined || turn === 0) return { normal, at: positionOf(plane) }
  if (!asItStands) {
    if (other.FrameOfReferenceUID === plane.FrameOfReferenceUID) return { normal, at: turn * from.at }
    const there = registered(other, plane, other.position)
    if (there !== undefined) return { normal, at: dot(there, normal) - turn * (positionOf(other) - from.at) }
  }
  return { normal, at: positionOf(plane) - turn * (positionOf(other) - from.at) }
}

/**
 * By which anchored pane it is best known where another one is: by coordinates (of the same study first: one of another may have been
 * moved), by a registration, or as they stand.
 */
function surestOf(pane: Pane, anchored: readonly Pane[]): Pane | undefined {
  const plane = wantedPlane(pane)
  if (plane === undefined) return undefined
  const along = anchored.flatMap(one => {
    const its = wantedPlane(one)
    return its !== undefined && sense(its.normal, plane.normal) !== 0 ? [{ one, its }] : []
  })
  const inFrame = along.filter(({ its }) => its.FrameOfReferenceUID === plane.FrameOfReferenceUID)
  const known =
    inFrame.find(({ one }) => one.stack?.manifest.StudyInstanceUID === pane.stack?.manifest.StudyInstanceUID) ??
    inFrame[0] ??
    along.find(({ its }) => registered(its, plane, its.position) !== undefined) ??
    along[0]
  return known?.one
}

/** Panes that have none yet, or hang another series now, join those that are linked by position. */
function joinAnchors(panes: readonly Pane[]): void {
  for (const pane of panes) {
    if (anchorOf(pane) !== undefined) continue
    const by = surestOf(
      pane,
      panes.filter(other => other !== pane && anchorOf(other) !== undefined && isOnePatient(other.stack, pane.stack)),
    )
    const anchor = anchorNow(pane, by)
    if (anchor !== undefined) keepAnchor(pane, anchor)
  }
}

/**
 * From now on by position: in one frame of reference (or a registered one) by the patient's coordinates, otherwise what is shown now
 * is the same place. `asShown`: what is shown is, whatever the coordinates say.
 */
export function linkByPosition(first: Pane, panes: readonly Pane[], asShown = false): void {
  useLinks.setState({ mode: 'position', anchors: new Map() })
  const all = [first, ...panes.filter(pane => pane !== first)]
  if (!asShown) joinAnchors(all)
  else {
    for (const pane of all) {
      const anchor = anchorNow(pane)
      if (anchor !== undefined) keepAnchor(pane, anchor)
    }
  }
}

/** Where a pane goes because `source` moved, by the mode; undefined: it stays. */
function placeFor(source: Pane, pane: Pane): number | undefined {
  const { mode } = useLinks.getState()
  if (mode === 'place') return samePlace(source, pane)
  const [from, to] = [source.stack, pane.stack]
  if (from === undefined || to === undefined || !isOnePatient(from, to)) return undefined
  // Pages of a straightened picture turn about a line: they are no way through the patient.
  if ([from, to].some(({ set }) => curvedSourceId(set.id) !== undefined)) return undefined
  if (mode === 'index') return relativeIndex(source.state.getState().index, from.entries.length, to.entries.length)
  const [a, b, plane] = [anchorOf(source), anchorOf(pane), wantedPlane(source)]
  const position = a && b && plane && followedPosition(a, positionOf(plane), b)
  if (position === undefined) return undefined
  const place = nearestPosition(planesOf(to), b!, position, pane.state.getState().index)
  return place === -1 ? undefined : place
}

/** A pane has moved, or hangs another series: those that are linked with it follow. */
export function followLinks(source: Pane, panes: Pane[]): void {
  // Those that hang something new join before anybody moves; nobody has moved by opening.
  if (panes.length > 1 && useLinks.getState().mode === 'position') joinAnchors(panes)
  followPane(source, panes, placeFor)
}

/**
 * Moves one pane while the others stay; where they are linked, it is linked from where it comes to stand, by position. `panes`: those
 * that are linked.
 */
export function moveAlone(pane: Pane, delta: number, panes: readonly Pane[]): void {
  const { mode } = useLinks.getState()
  const others = panes.filter(other => other !== pane && isOnePatient(other.stack, pane.stack))
  const plane = wantedPlane(pane)
  const by = others.find(other => {
    const its = wantedPlane(other)
    return plane !== undefined && its !== undefined && sense(plane.normal, its.normal) !== 0
  })
  // What counted as one place until now is reckoned from before the move.
  if (by !== undefined && mode !== 'position') linkByPosition(by, [...others, pane])
  whileFollowing(() => pane.step(delta))
  const anchor = by && anchorNow(pane, by, true)
  if (anchor !== undefined) keepAnchor(pane, anchor)
}

/** A point of `source`'s space where it lies in `pane`'s, by registration or by the offset of the link; undefined: not linked. */
function linkedPoint(
  source: string,
  pane: string,
  from: ImagePlane,
  to: ImagePlane,
  point: Point3,
): Point3 | undefined {
  const { mode, anchors } = useLinks.getState()
  if (mode !== 'position') return undefined
  const known = registered(from, to, point)
  if (known !== undefined) return known
  const [a, b] = [anchors.get(source), anchors.get(pane)]
  const offset = a && b && anchorOffset(a, b)
  if (offset === undefined || !isPatientOfBoth(from, to)) return undefined
  return moved(point, b!.normal, offset)
}

/** The planes' frames begin with the patient. */
function isPatientOfBoth(a: ImagePlane, b: ImagePlane): boolean {
  const patient = ({ FrameOfReferenceUID: uid }: ImagePlane) => uid.slice(0, uid.lastIndexOf(' '))
  return patient(a) === patient(b)
}

function moved([x, y, z]: Point3, [a, b, c]: Point3, by: number): Point3 {
  return [x + a * by, y + b * by, z + c * by]
}

/** The crosshair's point in a pane of another frame of reference that is linked by position: approximated; else undefined. */
export function approximatedPoint(pane: string, plane: ImagePlane): Point3 | undefined {
  const { crosshair, planes } = useSpace.getState()
  if (crosshair === undefined) return undefined
  const source = [...planes].find(
    ([id, its]) => id !== pane && its.FrameOfReferenceUID === crosshair.FrameOfReferenceUID,
  )
  return source && linkedPoint(source[0], pane, source[1], plane, crosshair.point)
}

/** Panes of other frames of reference go to the slice through the crosshair's point, as far as the link says where that is. */
export function jumpLinked(source: Pane, panes: readonly Pane[]): void {
  const { crosshair, planes } = useSpace.getState()
  const from = planes.get(source.id)
  if (crosshair === undefined || from === undefined) return
  whileFollowing(() => {
    for (const pane of panes) {
      const to = planes.get(pane.id)
      if (pane === source || pane.stack === undefined || to?.FrameOfReferenceUID === from.FrameOfReferenceUID) continue
      const point = to && linkedPoint(source.id, pane.id, from, to, crosshair.point)
      if (to === undefined || point === undefined) continue
      const { index } = pane.state.getState()
      const place = nearestPosition(planesOf(pane.stack), to, dot(point, to.normal), index)
      if (place !== -1) pane.goTo(place)
    }
  })
}

/** How planes of one pane lie in the space of a second series that hangs in another; `offset` mm along its normal. */
export interface Laying {
  lay: (plane: ImagePlane) => ImagePlane
  /** How good that is, in words; '' in one frame of reference. */
  words: string
}

/** By the patient's coordinates, a registration, or the offset of the link (which there must be then); undefined: not to be laid. */
export function layingOf(pane: Pane, second: Pane): Laying | undefined {
  const [from, to] = [wantedPlane(pane), wantedPlane(second)]
  if (from === undefined || to === undefined) return undefined
  const offset = offsetBetween(pane, second)
  const onePlace = from.FrameOfReferenceUID === to.FrameOfReferenceUID
  if (onePlace && (offset === undefined || offset === 0)) return { lay: plane => plane, words: '' }
  if (!onePlace && registered(from, to, from.position) !== undefined) {
    return {
      lay: plane => {
        const at = (point: Point3) => registered(from, to, point) ?? point
        const origin = at(plane.position)
        const turned = (direction: Point3): Point3 => {
          const [x, y, z] = at(moved(plane.position, direction, 1))
          return [x - origin[0], y - origin[1], z - origin[2]]
        }
        const { FrameOfReferenceUID } = to
        const [row, column, normal] = [turned(plane.row), turned(plane.column), turned(plane.normal)]
        return { ...plane, FrameOfReferenceUID, position: origin, row, column, normal }
      },
      words: t('laid on by a registration object'),
    }
  }
  const anchor = anchorOf(second)
  if (offset === undefined || anchor === undefined) return undefined
  return {
    lay: plane => ({
      ...plane,
      FrameOfReferenceUID: to.FrameOfReferenceUID,
      position: moved(plane.position, anchor.normal, offset),
    }),
    words: onePlace
      ? t('moved by hand, {{mm}} mm along the slices', { mm: offset.toFixed(1) })
      : t('another frame of reference: laid on by its coordinates, {{mm}} mm along the slices', {
          mm: offset.toFixed(1),
        }),
  }
}

/** mm by which the second pane's positions differ from the first's for the same place; undefined: not linked by position. */
function offsetBetween(first: Pane, second: Pane): number | undefined {
  if (useLinks.getState().mode !== 'position') return undefined
  const [a, b] = [anchorOf(first), anchorOf(second)]
  return a && b && anchorOffset(a, b)
}

/** `linkWords` in the user's language. */
export function linkSaid(mode: LinkMode, offset?: number): string {
  const words = linkWords(mode)
  return `${t(words)}${linkWords(mode, offset).slice(words.length)}`
}

/** How a pane is linked with the active one, for its corner; '' where nothing is to be said. */
export function linkWordsOf(pane: Pane, active: Pane | undefined, linked: boolean): string {
  const { mode } = useLinks.getState()
  if (!linked || mode === 'place' || active === undefined) return ''
  if (pane === active) return linkSaid(mode)
  if (!isOnePatient(pane.stack, active.stack)) return ''
  if (mode === 'index') return linkSaid(mode)
  const offset = offsetBetween(active, pane)
  return offset === undefined ? '' : linkSaid(mode, offset)
}

// ── zoom, pan and windows ──

/** Gives a pane of one patient, modality and unit the window of another; of uptakes the same uptake, whatever was injected. */
export function giveWindow(source: Pane, pane: Pane, range: VoiRange | undefined): void {
  if (!isOnePatient(source.stack, pane.stack)) return
  if (source.stack?.manifest.Modality !== pane.stack?.manifest.Modality) return
  const [from, to] = [source, pane].map(({ entry }) => describeFrame(entry?.imageId ?? ''))
  if (from === undefined || to === undefined) return
  const [a, b] = [unitOf(from), unitOf(to)]
  if (a.unit !== b.unit) return
  const by = a.factor / b.factor
  pane.setRange(range && { lower: range.lower * by, upper: range.upper * by }, false)
}

/** The reader has windowed `source`: the others follow where windows are linked. */
export function followWindow(source: Pane, pane: Pane, range: VoiRange | undefined): void {
  if (useLinks.getState().windows) giveWindow(source, pane, range)
}

function pixelOf(pane: Pane): number | undefined {
  const attributes = describeFrame(pane.entry?.imageId ?? '')?.attributes
  return attributes?.PixelSpacing === undefined ? undefined : spacingOf(attributes)[1]
}

/** The middle that a pane was given by another one: its picture being drawn so is no move of the hand. */
const given = new WeakMap<Pane, [number, number]>()

/** While zoom and pan are linked, the others show as many mm about the same place as this one. Returns what ends it. */
export function watchView(pane: Pane, linked: () => Pane[]): () => void {
  return pane.state.subscribe(({ transform: now, shown, stack }, before) => {
    if (!useLinks.getState().views || now === undefined || now === before.transform) return
    const then = before.transform
    // Another image, or the first picture of a series: nobody zoomed.
    if (then === undefined || shown !== before.shown || stack !== before.stack) return
    if (now.a === then.a && now.b === then.b && now.e === then.e && now.f === then.f) return
    const { centre } = pane.view()
    if (centre !== undefined && centre === given.get(pane)) return
    for (const other of linked()) if (other !== pane && isOnePatient(other.stack, pane.stack)) showAs(other, pane)
  })
}

function showAs(pane: Pane, source: Pane): void {
  const [image, its] = [source.image, pane.image]
  const [own, other] = [pixelOf(source), pixelOf(pane)]
  if (image === undefined || its === undefined || own === undefined || other === undefined) return
  const { width, height } = source.element.getBoundingClientRect()
  const middle = source.imagePoint([width / 2, height / 2])
  if (middle === undefined) return
  const [from, to] = [wantedPlane(source), wantedPlane(pane)]
  const point = from && imageToPatient(from, middle)
  const there =
    from?.FrameOfReferenceUID === to?.FrameOfReferenceUID
      ? point
      : from && to && point && linkedPoint(source.id, pane.id, from, to, point)
  const at =
    to && there && from && sense(from.normal, to.normal) !== 0
      ? patientToImage(to, there).at
      : // Without a common place: as far from the middle of the picture.
        ([
          its.columns / 2 + ((middle[0] - image.columns / 2) * own) / other,
          its.rows / 2 + ((middle[1] - image.rows / 2) * own) / other,
        ] as const)
  const { zoom } = source.state.getState()
  const centre: [number, number] = [at[0], at[1]]
  given.set(pane, centre)
  pane.setView({ ...pane.view(), zoom: (zoom * other) / own, centre })
}
