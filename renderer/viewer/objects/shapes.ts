import { type ImagePlane, imageToPatient, type Point2, patientToImage } from '../../../shared/viewing/geometry.ts'
import { cssColour } from '../../../shared/viewing/objects/colours.ts'
import { type Dose, isodoseColour } from '../../../shared/viewing/objects/dose.ts'
import { isoLines, type Mask, maskOutline, type Samples } from '../../../shared/viewing/objects/outline.ts'
import type { ParametricMap } from '../../../shared/viewing/objects/parametricMap.ts'
import { isInside } from '../../../shared/viewing/objects/polygons.ts'
import type { DrawnObject } from '../../../shared/viewing/objects/readObject.ts'
import type { Segment } from '../../../shared/viewing/objects/segmentation.ts'
import { carriedOver, cutRegion } from '../../../shared/viewing/objects/slabs.ts'
import type { Contour, StructureROI } from '../../../shared/viewing/objects/structureSet.ts'
import { fieldSampler, sampleField } from '../../../shared/viewing/objects/valueField.ts'
import { keepNewest } from '../../keepNewest.ts'
import { describeFrame } from '../catalog.ts'
import type { PaneState } from '../paneState.ts'
import { patientFrame } from '../space.ts'
import { doseReference, type IsodoseLevels, type ListedObject, partKey } from './objectsStore.ts'

/** What a pane shows, and where that lies. */
export interface Place {
  /** The same as long as the picture and its place are. */
  key: object
  /** Its frame of reference as `patientFrame` names it. */
  plane: ImagePlane | undefined
  SOPInstanceUID: string
  frame: number
  Columns: number
  Rows: number
  /** mm: half the distance of the images, what each of them stands for. */
  reach: number
}

/** A line on a picture, as an SVG path in image coordinates. */
export interface Shape {
  key: string
  name: string
  colour: string
  d: string
  /** Closed: it can be filled, and holds a point or not. */
  loops: Point2[][]
  /** It was drawn on a slice beside this one and only reaches here. */
  between: boolean
  /** Points: lines without length, drawn as dots. */
  dots: boolean
}

/** `plane`: of what is on the pane's screen, from `space.ts`. */
export function placeOf({ stack, shown }: PaneState, plane: ImagePlane | undefined): Place | undefined {
  const entry = stack?.entries[shown ?? -1]
  const attributes = describeFrame(entry?.imageId ?? '')?.attributes
  if (stack === undefined || entry === undefined || attributes === undefined) return undefined
  const { Columns = 0, Rows = 0, SliceThickness } = attributes
  return {
    key: plane ?? entry,
    plane,
    SOPInstanceUID: entry.instance.SOPInstanceUID,
    frame: entry.frame,
    Columns: plane?.Columns ?? Columns,
    Rows: plane?.Rows ?? Rows,
    reach: (stack.set.spacing ?? SliceThickness ?? 1) / 2,
  }
}

/** The plane, where an object's frame of reference is the picture's. */
function commonPlane(listed: ListedObject, object: DrawnObject, place: Place): ImagePlane | undefined {
  if (object.kind === 'plan' || object.FrameOfReferenceUID === '') return undefined
  const frame = patientFrame(listed.StudyInstanceUID, object.FrameOfReferenceUID)
  return place.plane?.FrameOfReferenceUID === frame ? place.plane : undefined
}

// ── structures ──

/** Of the pictures drawn last, by picture and part: scrolling back draws nothing anew. Parts are not held: each has its whole object. */
const drawn = new Map<object, WeakMap<object, Shape[]>>()
const PICTURES_KEPT = 64

function keptOf(key: object): WeakMap<object, Shape[]> {
  const kept = drawn.get(key) ?? new WeakMap<object, Shape[]>()
  keepNewest(drawn, key, kept, PICTURES_KEPT)
  return kept
}

/** What of an object's parts that are on lies on a picture. */
export function partsOn(
  { listed, object }: { listed: ListedObject; object: DrawnObject },
  place: Place,
  off: ReadonlySet<string>,
): Shape[] {
  if (object.kind !== 'segmentation' && object.kind !== 'structures') return []
  const plane = commonPlane(listed, object, place)
  const kept = keptOf(place.key)
  return object.segments.flatMap((part: Segment | StructureROI) => {
    const key = partKey(listed.contentId, part.number)
    if (off.has(key)) return []
    let shapes = kept.get(part)
    if (shapes === undefined) {
      shapes = drawPart(key, part, plane, place)
      kept.set(part, shapes)
    }
    return shapes
  })
}

function drawPart(key: string, part: Segment | StructureROI, plane: ImagePlane | undefined, place: Place): Shape[] {
  const named = { key, name: part.label, colour: cssColour(part.colour) }
  const make = (loops: Point2[][], between: boolean): Shape[] =>
    loops.length === 0
      ? []
      : [{ ...named, d: loops.map(loop => `${pathOf(loop)}Z`).join(''), loops, between, dots: false }]
  const open = (kind: 'open' | 'point'): Shape[] => {
    const lines = 'contours' in part && plane !== undefined ? openContours(part.contours, kind, plane, place) : []
    if (lines.length === 0) return []
    return [{ ...named, d: lines.map(pathOf).join(''), loops: [], between: false, dots: kind === 'point' }]
  }
  if (plane === undefined) return 'onImages' in part ? onItsImage(part, place).flatMap(loops => make(loops, false)) : []
  const { slabs, mask } = cutRegion(part.region, plane, place.reach)
  const shapes = slabs.flatMap(({ slab, between }) => {
    const over = carriedOver(slab.plane, plane)
    const loops = slab.polygons ?? maskOutline(slab.mask?.() ?? NOTHING)
    return make(
      loops.map(loop => loop.map(over)),
      between,
    )
  })
  const cut = mask === undefined ? [] : make(maskOutline(mask), false)
  return [...shapes, ...cut, ...open('open'), ...open('point')]
}

const NOTHING: Mask = { data: new Uint8Array(0), columns: 0, rows: 0 }

/** Drawn on this very image: its pixels, whatever is known of where it lies. */
function onItsImage({ onImages }: Segment, place: Place): Point2[][][] {
  return onImages.flatMap(({ image, mask }) => {
    if (image.SOPInstanceUID !== place.SOPInstanceUID || (image.frame ?? place.frame) !== place.frame) return []
    const its = mask()
    const [across, down] = [place.Columns / its.columns, place.Rows / its.rows]
    // Of another shape than the image it is some other picture's.
    if (!(Math.abs(across / down - 1) < 0.01)) return []
    return [maskOutline(its).map(loop => loop.map(([x, y]): Point2 => [x * across, y * down]))]
  })
}

/** Lines and points that lie on the picture, or were drawn on it. A point is a line without length: it is drawn as a dot. */
function openContours(
  contours: readonly Contour[],
  wanted: 'open' | 'point',
  plane: ImagePlane,
  place: Place,
): Point2[][] {
  return contours.flatMap(({ kind, points, images }) => {
    if (kind !== wanted) return []
    const feet = points.map(point => patientToImage(plane, point))
    const near = feet.every(({ distance }) => Math.abs(distance) <= place.reach)
    if (!near && !images.includes(place.SOPInstanceUID)) return []
    const line = feet.map(({ at }) => at)
    return [line.length === 1 ? [line[0]!, line[0]!] : line]
  })
}

function pathOf(points: Point2[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(2)} ${y.toFixed(2)}`).join('')
}

// ── doses and maps ──

/** By plane and field, which is not held: it may be of a quarter of a gigabyte. */
const sampled = new Map<object, WeakMap<object, { samples: Samples | undefined }>>()
const SAMPLES_KEPT = 16

function samplesOf(field: Dose['field'], plane: ImagePlane): Samples | undefined {
  const onPlane = sampled.get(plane) ?? new WeakMap<object, { samples: Samples | undefined }>()
  const known = onPlane.get(field)
  if (known !== undefined) return known.samples
  const samples = sampleField(field, plane)
  keepNewest(sampled, plane, onPlane.set(field, { samples }), SAMPLES_KEPT)
  return samples
}

/** The levels of a dose or map as they are drawn: highest first, in its own unit. */
export function levelsOf(
  listed: ListedObject,
  object: Dose | ParametricMap,
  state: Parameters<typeof doseReference>[1],
): Array<{ value: number; words: string; colour: string }> {
  const { unit, max } = object.field
  // A map has no reference: parts of its greatest value.
  if (object.kind === 'map') {
    return [90, 70, 50, 30, 10].map(percent => ({
      value: (max * percent) / 100,
      words: figureWithUnit((max * percent) / 100, unit),
      colour: isodoseColour(percent),
    }))
  }
  const { value: reference } = doseReference(listed, state)
  const inPercent = ({ unit: by, levels }: IsodoseLevels) =>
    by === '%' ? levels : levels.map(level => (100 * level) / reference)
  return inPercent(state.isodoses)
    .filter(percent => percent > 0 && Number.isFinite(percent))
    .sort((a, b) => b - a)
    .map(percent => {
      const value = (reference * percent) / 100
      const words = `${Number(percent.toFixed(1))} % · ${figureWithUnit(value, unit)}`
      return { value, words, colour: isodoseColour(percent) }
    })
}

/** The lines of equal value on a picture; [] where the grid does not lie in it. */
export function isodosesOn(
  { listed, object }: { listed: ListedObject; object: Dose | ParametricMap },
  place: Place,
  state: Parameters<typeof doseReference>[1],
): Shape[] {
  const plane = commonPlane(listed, object, place)
  const samples = plane && samplesOf(object.field, plane)
  if (samples === undefined) return []
  return levelsOf(listed, object, state).flatMap(({ value, words, colour }) => {
    const strokes = isoLines(samples, value)
    if (strokes.length === 0) return []
    const d = strokes.map(pathOf).join('')
    return [{ key: `${listed.contentId}:${words}`, name: words, colour, d, loops: [], between: false, dots: false }]
  })
}

// ── under the pointer ──

/** What lies at a point of the picture (image coordinates), in words: parts by name, doses and maps by value. */
export function wordsAt(
  at: Point2,
  here: ReadonlyArray<{ listed: ListedObject; object: DrawnObject }>,
  place: Place,
  shapes: readonly Shape[],
  state: Parameters<typeof doseReference>[1],
): string[] {
  const names = shapes
    .filter(({ loops }) => loops.filter(loop => isInside(at, loop)).length % 2 === 1)
    .map(({ name }) => name)
  const values = here.flatMap(({ listed, object }) => {
    if (object.kind !== 'dose' && object.kind !== 'map') return []
    const plane = commonPlane(listed, object, place)
    const value = plane && fieldSampler(object.field)(imageToPatient(plane, at))
    if (value === undefined) return []
    if (object.kind === 'map') return [`${object.label} ${figureWithUnit(value, object.field.unit)}`]
    const { value: reference } = doseReference(listed, state)
    return [`${figureWithUnit(value, object.field.unit)} (${((100 * value) / reference).toFixed(1)} %)`]
  })
  return [...values, ...new Set(names)]
}

export function figureWithUnit(value: number, unit: string): string {
  const digits = unit === 'Gy' ? value.toFixed(2) : String(Number(value.toPrecision(4)))
  return unit === '' ? digits : `${digits} ${unitWords(unit)}`
}

/** UCUM as people write it: um2/s is µm²/s. */
function unitWords(unit: string): string {
  const exponents: Record<string, string> = { 2: '²', 3: '³' }
  return unit
    .replaceAll(/(?<![A-Za-z])u(?=[A-Za-z])/g, 'µ')
    .replaceAll(/(?<=[A-Za-z])[23](?!\d)/g, digit => exponents[digit] ?? digit)
}
