import { cache } from '@cornerstonejs/core'
import { create } from 'zustand'
import { directionLetters, imageToPatient, oppositeLetters, type Point3 } from '../../../shared/viewing/geometry.ts'
import type { ImageAttributes } from '../../../shared/viewing/image.ts'
import type { Matrix } from '../../../shared/viewing/view.ts'
import {
  acrossAt,
  type Curve,
  curveThrough,
  type StraightPicture,
  shownSides,
  straightPicture,
  straightPixel,
} from '../../../shared/viewing/volume/curve.ts'
import { curvedUid } from '../../../shared/viewing/volume/reformatUid.ts'
import type { Slab } from '../../../shared/viewing/volume/sample.ts'
import { t } from '../../i18n/index.ts'
import { type CatalogFrame, describeFrame, describeScheme, type SeriesStack, type StackEntry } from '../catalog.ts'
import { makeScheme } from '../frameLoader.ts'
import { isWantedByPane, panesAlive } from '../pane.ts'
import type { DisplayPixels } from '../pixels.ts'
import { curvedSetId } from './curvedSet.ts'
import { filledUp, isKept, type LiveVolume, onVolume } from './liveVolume.ts'
import { displayOf, outsideOf, valueAttributes } from './planeValues.ts'
import { samplePlane } from './sampler.ts'

/** A volume straightened along a curve: a stack of pictures, each turned a little farther about it. */
export interface Curved {
  id: number
  source: SeriesStack
  volume: LiveVolume
  curve: Curve
  /** As the panes' planes name it. */
  frame: string
  slab: Slab | undefined
}

/** Points a reader is placing, and the curve that hangs. */
interface Curves {
  drawing: { source: SeriesStack; volume: LiveVolume; frame: string; points: Point3[] } | undefined
  hung: Curved | undefined
}

export const useCurves = create<Curves>(() => ({ drawing: undefined, hung: undefined }))

/** mm across, half of it to each side. */
const WIDTH = 60
/** Degrees from one picture to the next; half a turn shows all. */
const TURN = 10
const PAGES = 180 / TURN
const SCHEME = 'curved'
/** A volume that fills is drawn anew so often. */
const RENEW_MS = 500

interface Known {
  curved: Curved
  stack: SeriesStack
  pictures: Array<StraightPicture | undefined>
  /** Slices that were in the volume when a page's pixels were begun. */
  filled: Array<number | undefined>
  /** What was made before the last slices came is made anew. */
  renewSoon: () => void
}

const byId = new Map<number, Known>()
const byStack = new WeakMap<SeriesStack, Curved>()
let nextId = 1

export function curvedOf(stack: SeriesStack | undefined): Curved | undefined {
  return stack && byStack.get(stack)
}

/** What hangs under the id of a curved display set of one of these stacks. */
export function openCurved(set: string, series: readonly SeriesStack[]): SeriesStack | undefined {
  const { hung } = useCurves.getState()
  if (hung === undefined || !series.includes(hung.source) || set !== curvedSetId(hung.source.set.id)) return undefined
  return isKept(hung.volume) ? byId.get(hung.id)?.stack : undefined
}

/** The stack of straightened pictures through these points; undefined where they make no curve. */
export function makeCurved(
  { source, volume, frame, points }: NonNullable<Curves['drawing']>,
  slab: Slab | undefined,
): SeriesStack | undefined {
  const curve = curveThrough(points, straightPixel(volume.grid))
  return curve && hangable({ source, volume, curve, frame, slab })
}

/** The same curve, as thick as said. */
export function recut({ id: _, ...curved }: Curved, slab: Slab | undefined): SeriesStack {
  return hangable({ ...curved, slab })
}

function hangable(made: Omit<Curved, 'id'>): SeriesStack {
  begin()
  const curved: Curved = { ...made, id: nextId++ }
  const stack = stackOf(curved)
  byId.set(curved.id, { curved, stack, pictures: [], filled: [], renewSoon: follow(curved) })
  byStack.set(stack, curved)
  useCurves.setState({ hung: curved })
  setTimeout(forgetOthers, RENEW_MS * 4)
  return stack
}

/** The study is left: none of its curves is kept, nor the voxels they are made of. */
export function forgetCurves(): void {
  useCurves.setState({ drawing: undefined, hung: undefined })
  setTimeout(forgetOthers, RENEW_MS * 4)
}

/** All that no pane shows or waits for, but the one that hangs. */
function forgetOthers(): void {
  const { hung } = useCurves.getState()
  for (const id of byId.keys()) {
    const isShown = panesAlive().some(pane => curvedOf(pane.stack)?.id === id)
    if (id !== hung?.id && !isShown && !imagesOf(id).some(isWantedByPane)) forget(id)
  }
}

function forget(id: number): void {
  for (const imageId of imagesOf(id)) dropImage(imageId)
  byId.delete(id)
  if (useCurves.getState().hung?.id === id) useCurves.setState({ hung: undefined })
}

function imagesOf(id: number): string[] {
  return Array.from({ length: PAGES }, (_, page) => `${SCHEME}:${id}:${page}`)
}

function angleOf(page: number): number {
  return (page * TURN * Math.PI) / 180
}

function pictureOf(id: number, page: number): StraightPicture | undefined {
  const known = byId.get(id)
  if (known === undefined) return undefined
  const { curved, pictures } = known
  pictures[page] ??= straightPicture(curved.curve, curved.frame, WIDTH, angleOf(page))
  return pictures[page]
}

function stackOf({ id, source, volume, curve, frame }: Curved): SeriesStack {
  const { set, manifest, imageIds: sourceIds } = source
  const middle = describeFrame(sourceIds[Math.floor(sourceIds.length / 2)] ?? '')
  if (middle === undefined) throw new Error('The series of the curve is not known any more.')
  const { perFrame: _, ...stored } = middle.instance
  const { Rows, Columns, pixel } = straightPicture(curve, frame, WIDTH, 0)
  // No place in the patient: what is straight here is not straight there.
  const attributes: ImageAttributes = {
    ...valueAttributes(middle.attributes, volume),
    Rows,
    Columns,
    PixelSpacing: [pixel, pixel],
  }
  const entries = Array.from({ length: PAGES }, (_, page): StackEntry => {
    const instance = { ...stored, SOPInstanceUID: curvedUid(id, page), NumberOfFrames: 1, attributes }
    return { imageId: `${SCHEME}:${id}:${page}`, instance, frame: 1, position: page * TURN }
  })
  const { AcquisitionDate, AcquisitionTime } = manifest.common
  const common = { ...(AcquisitionDate && { AcquisitionDate }), ...(AcquisitionTime && { AcquisitionTime }) }
  const { normal: _normal, spacing: _spacing, ...rest } = set
  return {
    manifest: { ...manifest, common },
    set: {
      ...rest,
      id: curvedSetId(set.id),
      label: [set.label, 'curved'].filter(Boolean).join(' · '),
      frames: [],
      pictureless: [],
      missing: 0,
      duplicated: 0,
      uneven: false,
    },
    entries,
    imageIds: entries.map(({ imageId }) => imageId),
    sourceIds,
  }
}

/** What is straightened: how long, wide and thick; and what lies to either side of the line at its middle, as it is shown. */
export function curvedWords({ curve, slab }: Curved, page: number, transform: Matrix): [what: string, how: string] {
  const { stations, length } = curve
  const last = directionLetters(acrossAt(stations[Math.floor(stations.length / 2)]!, angleOf(page)))
  const [, right] = shownSides(oppositeLetters(last), last, transform)
  const thick = slab === undefined ? '' : `, ${slab.mode} ${slab.thickness} mm`
  return [
    t('straightened, {{length}} × {{width}} mm{{thick}}', { length: length.toFixed(0), width: WIDTH, thick }),
    t('turned {{degrees}}°: {{left}} – {{right}} at the middle', {
      degrees: page * TURN,
      left: oppositeLetters(right),
      right,
    }),
  ]
}

/** What a reader must know before measuring on a page of it. */
export function curvedNotes({ id, volume }: Curved, page: number): string[] {
  const { plan } = volume
  // Of the pixels on the screen, not of what has come since.
  const filled = byId.get(id)?.filled[page] ?? volume.filled
  return [
    filled < plan.slices.length ? t('loaded {{filled}} of {{total}}', { filled, total: plan.slices.length }) : '',
    t('mm true along and across the line'),
  ].filter(Boolean)
}

// ── pictures ──

let begun = false
function begin(): void {
  if (begun) return
  begun = true
  describeScheme(SCHEME, describe)
  makeScheme(SCHEME, make)
}

function placeOf(imageId: string): { id: number; page: number } {
  const [, id, page] = imageId.split(':')
  return { id: Number(id), page: Number(page) }
}

function describe(imageId: string): CatalogFrame | undefined {
  const { id, page } = placeOf(imageId)
  const known = byId.get(id)
  const entry = known?.stack.entries[page]
  if (known === undefined || entry === undefined) return undefined
  const { manifest, set } = known.stack
  const { instance } = entry
  const PixelPaddingValue = outsideOf(known.curved.volume)
  const attributes = { ...manifest.common, ...instance.attributes, PixelPaddingValue }
  return { manifest, instance, frame: 1, displaySet: set.id, attributes }
}

async function make(imageId: string): Promise<DisplayPixels> {
  const { id, page } = placeOf(imageId)
  const picture = pictureOf(id, page)
  const known = byId.get(id)
  if (known === undefined || picture === undefined) throw new Error('This curve is not known any more.')
  const { volume, slab } = known.curved
  await filledUp(volume, [0, volume.plan.slices.length - 1])
  const outside = outsideOf(volume)
  const isWanted = () => isWantedByPane(imageId)
  const { filled } = volume
  const request = { plane: picture.rows[0]!, lines: picture.rows, slab, outside }
  let pixels = isWanted() ? await samplePlane(volume, request, isWanted) : undefined
  while (pixels === undefined && isWanted() && isKept(volume)) pixels = await samplePlane(volume, request, isWanted)
  if (pixels === undefined) throw new DOMException('overtaken', 'AbortError')
  known.filled[page] = filled
  if (filled < volume.filled) known.renewSoon()
  return displayOf(volume, pixels, outside)
}

function dropImage(imageId: string): void {
  if (cache.getImage(imageId) !== undefined) cache.removeImageLoadObject(imageId)
}

/** Pictures of a volume that fills are made anew; of one that was let go nothing is kept, its voxels least of all. */
function follow({ id, volume }: Curved): () => void {
  let due = false
  const renewSoon = () => {
    if (due) return
    due = true
    setTimeout(() => {
      due = false
      const { filled = [] } = byId.get(id) ?? {}
      for (const [page, imageId] of imagesOf(id).entries())
        if ((filled[page] ?? volume.filled) < volume.filled) dropImage(imageId)
      for (const pane of panesAlive()) if (curvedOf(pane.stack)?.id === id) pane.renew()
    }, RENEW_MS)
  }
  const stop = onVolume(volume, () => {
    if (!byId.has(id)) stop()
    else if (!isKept(volume)) {
      stop()
      forget(id)
    } else renewSoon()
  })
  return renewSoon
}

// ── points ──

/** A point of a pane's picture becomes the next one of the curve; false where it lies in another space. */
export function addCurvePoint(plane: Parameters<typeof imageToPatient>[0] | undefined, at: [number, number]): boolean {
  const { drawing } = useCurves.getState()
  if (drawing === undefined || plane?.FrameOfReferenceUID !== drawing.frame) return false
  useCurves.setState({ drawing: { ...drawing, points: [...drawing.points, imageToPatient(plane, at)] } })
  return true
}

/** Esc: the points that are being placed go. False: there were none. */
export function cancelCurve(): boolean {
  if (useCurves.getState().drawing === undefined) return false
  useCurves.setState({ drawing: undefined })
  return true
}
