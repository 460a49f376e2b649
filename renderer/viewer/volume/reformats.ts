import { cache } from '@cornerstonejs/core'
import { type Point3, planeCentre } from '../../../shared/viewing/geometry.ts'
import type { ImageAttributes } from '../../../shared/viewing/image.ts'
import { patientToVoxel } from '../../../shared/viewing/volume/grid.ts'
import {
  type Axes,
  PATIENT_AXES,
  type PlaneStack,
  planesThrough,
  type ReformatName,
} from '../../../shared/viewing/volume/reformat.ts'
import { passingUid, planesKey, reformatUid } from '../../../shared/viewing/volume/reformatUid.ts'
import {
  type EarlierPicture,
  reachesNew,
  type Slab,
  type SlabMode,
  slicesIn,
} from '../../../shared/viewing/volume/sample.ts'
import { heard, t } from '../../i18n/index.ts'
import { type CatalogFrame, describeFrame, describeScheme, type SeriesStack, type StackEntry } from '../catalog.ts'
import { isLoaded, makeScheme, needFrame } from '../frameLoader.ts'
import { isWantedByPane, panesAlive } from '../pane.ts'
import type { DisplayPixels } from '../pixels.ts'
import { coarseImages, isCoarse, markCoarse } from './coarse.ts'
import { curvedSourceId } from './curvedSet.ts'
import { filledUp, isKept, type LiveVolume, onVolume, openVolume } from './liveVolume.ts'
import { displayOf, outsideOf, storedNear, valueAttributes } from './planeValues.ts'
import { renewalOf } from './renewal.ts'
import { coarseness, samplePlane } from './sampler.ts'

/** A stack of planes through a volume. */
export interface Reformat {
  id: number
  name: ReformatName
  /** What it is made of. */
  source: SeriesStack
  volume: LiveVolume
  axes: Axes
  planes: PlaneStack
  slab: Slab | undefined
}

/** How the planes of one volume lie and how thick they are, until the reader goes back to what hung before. */
interface Arrangement {
  axes: Record<ReformatName, Axes>
  /** A point that turned planes go through. */
  anchor: Point3 | undefined
  mode: SlabMode | undefined
  /** mm; kept while the slab is off. */
  thickness: number
}

const SCHEME = 'mpr'
/** Pictures kept in the frame cache; they are made again in some 10 ms. */
const MOST_IMAGES = 48
/** A stack that is hung no more is kept so long: panes may still wait for it, or show it. */
const RETIRE_MS = 2000

const reformats = new Map<number, Reformat>()
const byStack = new WeakMap<SeriesStack, Reformat>()
const stacks = new WeakMap<Reformat, SeriesStack>()
const arrangements = new Map<string, Arrangement>()
/** What is hung by the id of its display set, so that a pane that is mounted anew gets the same. */
const current = new Map<string, SeriesStack>()
/** A picture in the frame cache. */
interface Made {
  /** Slices that were in the volume. */
  filled: number
  /** While slices are lacking: what it is gone on from. */
  earlier: EarlierPicture | undefined
}

/** By image id, oldest first. */
const images = new Map<string, Made>()
let nextId = 1

const SET_ID = /^(.*)#mpr-(axial|coronal|sagittal)$/s

export function reformatSetId(sourceSet: string, name: ReformatName): string {
  return `${sourceSet}#mpr-${name}`
}

/** The display set a reformat is of; any other set is its own. */
export function sourceSetId(set: string): string {
  return SET_ID.exec(set)?.[1] ?? curvedSourceId(set) ?? set
}

/** What lies over `set` lies over what hangs as `shown`: the set or planes of it. A straightened picture has no place in its space. */
export function liesIn(shown: string, set: string): boolean {
  return curvedSourceId(shown) === undefined && sourceSetId(shown) === sourceSetId(set)
}

/** Whether a display set is one of the three planes. */
export function isPlanesSet(set: string): boolean {
  return SET_ID.test(set)
}

export function reformatOf(stack: SeriesStack | undefined): Reformat | undefined {
  return stack && byStack.get(stack)
}

export function arrangementOf(sourceSet: string): Arrangement {
  return arrangements.get(sourceSet) ?? { axes: PATIENT_AXES, anchor: undefined, mode: undefined, thickness: 5 }
}

export function arrange(sourceSet: string, change: Partial<Arrangement>): void {
  arrangements.set(sourceSet, { ...arrangementOf(sourceSet), ...change })
}

/** Straight and thin again. */
export function forgetArrangement(sourceSet: string): void {
  arrangements.delete(sourceSet)
}

/**
 * The reformat that a set id names, of the stacks its series is laid out as; undefined when it names none, or its source is
 * gone. Throws an Error in words where the source makes no volume.
 */
export function openReformat(set: string, series: SeriesStack[]): SeriesStack | undefined {
  const [, sourceSet, name] = SET_ID.exec(set) ?? []
  const source = series.find(stack => stack.set.id === sourceSet)
  if (source === undefined) return undefined
  const volume = openVolume(source)
  if ('refusal' in volume) throw new Error(t('No reformat: {{why}}', { why: heard(volume.refusal) }))
  const before = current.get(set)
  const known = reformatOf(before)
  if (known?.volume === volume && reformats.has(known.id)) return before
  return makeReformat(source, volume, name as ReformatName)
}

/** A stack of planes as its volume is arranged now. */
export function makeReformat(source: SeriesStack, volume: LiveVolume, name: ReformatName): SeriesStack {
  begin()
  const { axes: all, anchor, mode, thickness } = arrangementOf(source.set.id)
  const axes = all[name]
  const straight = axes === PATIENT_AXES[name]
  const planes = planesThrough(volume.grid, axes, straight ? undefined : anchor)
  const slab = mode && { mode, thickness }
  const reformat: Reformat = { id: nextId++, name, source, volume, axes, planes, slab }
  const stack = stackOf(reformat, straight)
  reformats.set(reformat.id, reformat)
  byStack.set(stack, reformat)
  stacks.set(reformat, stack)
  follow(volume)
  const before = reformatOf(current.get(stack.set.id))
  current.set(stack.set.id, stack)
  // While it is turned a new one is made for each move of the hand.
  if (before !== undefined) retire(before)
  return stack
}

function retire({ id }: Reformat): void {
  setTimeout(() => {
    const shown = panesAlive().some(pane => reformatOf(pane.stack)?.id === id)
    if (shown) return
    reformats.delete(id)
    dropImages(imageId => viewOf(imageId) === id)
  }, RETIRE_MS)
}

function stackOf({ id, name, source, planes, axes, volume, slab }: Reformat, straight: boolean): SeriesStack {
  const { set, manifest, imageIds: sourceIds } = source
  const first = describeFrame(sourceIds[0] ?? '')
  const values = valueAttributes(first?.attributes ?? {}, volume)
  const toVoxel = patientToVoxel(volume.grid)
  const key = planesKey(set.id, planes.plane(0))
  const entries = Array.from({ length: planes.count }, (_, page): StackEntry => {
    const plane = planes.plane(page)
    const { position, row, column, rowSpacing, columnSpacing, Rows, Columns } = plane
    const mm = position[0] * axes.pages[0] + position[1] * axes.pages[1] + position[2] * axes.pages[2]
    const attributes: ImageAttributes = {
      ...values,
      Rows,
      Columns,
      PixelSpacing: [rowSpacing, columnSpacing],
      ImagePositionPatient: [...position],
      ImageOrientationPatient: [...row, ...column],
      FrameOfReferenceUID: volume.grid.FrameOfReferenceUID,
      ...(slab && { SliceThickness: slab.thickness }),
    }
    const instance = {
      ...storedNear(volume, sourceIds, toVoxel(planeCentre(plane))[2]),
      SOPInstanceUID: straight ? reformatUid(key, name, mm) : passingUid(id, page),
      NumberOfFrames: 1,
      attributes,
    }
    return { imageId: `${SCHEME}:${id}:${page}`, instance, frame: 1, position: mm }
  })
  const label = [set.label, straight ? name : `oblique from ${name}`].filter(Boolean).join(' · ')
  // When the scan began: decay is reckoned from it, on a plane as on an image.
  const { AcquisitionDate, AcquisitionTime } = manifest.common
  const common = { ...(AcquisitionDate && { AcquisitionDate }), ...(AcquisitionTime && { AcquisitionTime }) }
  return {
    manifest: { ...manifest, common },
    set: {
      ...set,
      id: reformatSetId(set.id, name),
      label,
      frames: [],
      pictureless: [],
      normal: [...axes.pages],
      spacing: planes.spacing,
      missing: 0,
      duplicated: 0,
      uneven: false,
    },
    entries,
    imageIds: entries.map(({ imageId }) => imageId),
    sourceIds,
  }
}

// ── what the pane says ──

/** That it is no image as it was sent; with a slab, how thick it is and what is made of it. */
export function reformatWords({ slab }: Reformat): string {
  return slab === undefined ? 'resampled' : `${slab.mode} ${slab.thickness} mm, resampled`
}

/** What a reader must know before trusting the picture of an image id, most important first. */
export function reformatNotes({ volume }: Reformat, imageId: string): string[] {
  const { plan, trouble } = volume
  // Of the pixels on the screen, not of what has come since.
  const filled = images.get(imageId)?.filled ?? volume.filled
  return [
    filled < plan.slices.length ? t('loaded {{filled}} of {{total}}', { filled, total: plan.slices.length }) : '',
    filled < plan.slices.length && trouble !== undefined ? trouble : '',
    ...volumeNotes(volume),
  ].filter(Boolean)
}

/** In what a volume is not what was scanned. */
export function volumeNotes({ plan, crowded }: Pick<LiveVolume, 'plan' | 'crowded'>): string[] {
  const { inPlane, slices } = plan.decimation
  const kept = [
    inPlane > 1 ? t('1 of {{number}} pixels', { number: inPlane }) : '',
    slices > 1 ? t('1 of {{number}} slices', { number: slices }) : '',
  ]
  return [
    inPlane * slices > 1
      ? t('decimated: {{kept}}', { kept: kept.filter(Boolean).join(', ') }) +
        (crowded ? t(' (other volumes take the memory)') : '')
      : '',
    plan.resampled ? t('uneven slices resampled') : '',
    plan.tilt > 0 ? t('gantry tilt {{degrees}}° corrected', { degrees: plan.tilt.toFixed(1) }) : '',
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

function viewOf(imageId: string): number {
  return Number(imageId.split(':')[1])
}

function placeOf(imageId: string): { reformat: Reformat; page: number } | undefined {
  const reformat = reformats.get(viewOf(imageId))
  return reformat && { reformat, page: Number(imageId.split(':')[2]) }
}

function describe(imageId: string): CatalogFrame | undefined {
  const place = placeOf(imageId)
  if (place === undefined) return undefined
  const { reformat, page } = place
  const stack = stacks.get(reformat)
  const entry = stack?.entries[page]
  if (stack === undefined || entry === undefined) return undefined
  const { manifest } = stack
  const { instance } = entry
  const PixelPaddingValue = outsideOf(reformat.volume)
  const attributes = { ...manifest.common, ...instance.attributes, PixelPaddingValue }
  return { manifest, instance, frame: 1, displaySet: stack.set.id, attributes }
}

async function make(imageId: string): Promise<DisplayPixels> {
  const place = placeOf(imageId)
  if (place === undefined) throw new Error('This reformat is not known any more.')
  const { reformat, page } = place
  const { volume, planes, slab } = reformat
  const isWanted = () => isWantedByPane(imageId)
  // What is in the cache already is in the first picture.
  const plane = planes.plane(page)
  await filledUp(volume, slicesIn(volume, plane, slab))
  const outside = outsideOf(volume)
  const { filled } = volume
  const here = volume.here.slice()
  const earlier = gone.get(imageId)
  // Only a picture from nothing is worth a coarse one before it, and only the first: the second is the fine one.
  const coarse = isCoarse(imageId) || earlier !== undefined ? 1 : coarseness(volume, plane, slab)
  const request = { plane, slab, outside, coarse, ...(earlier && { earlier }) }
  const sample = () => samplePlane(volume, request, isWanted)
  let pixels = isWanted() ? await sample() : undefined
  // Given up, and wanted again before that was known: whoever came back waits for this very promise.
  while (pixels === undefined && isWanted() && isKept(volume)) pixels = await sample()
  if (pixels === undefined) throw new DOMException('overtaken', 'AbortError')
  const isWhole = filled === volume.plan.slices.length
  images.delete(imageId)
  images.set(imageId, { filled, earlier: isWhole || coarse > 1 ? undefined : { pixels, here, outside } })
  gone.delete(imageId)
  markCoarse(imageId, coarse > 1)
  if (coarse > 1) settleSoon()
  // Slices came while it was made: nobody may tell of them again.
  if (filled < volume.filled) renewSoon.get(volume)?.()
  const old = [...images.keys()].slice(0, Math.max(0, images.size - MOST_IMAGES)).filter(id => !isWantedByPane(id))
  dropImages(id => old.includes(id))
  return displayOf(volume, pixels, outside)
}

function dropImages(isToGo: (imageId: string) => boolean): void {
  for (const imageId of [...images.keys(), ...gone.keys()].filter(isToGo)) {
    if (isLoaded(imageId)) cache.removeImageLoadObject(imageId)
    images.delete(imageId)
    gone.delete(imageId)
    markCoarse(imageId, false)
  }
}

/** Pictures that are made anew for what has come since: only the rows that it lies in are. */
const gone = new Map<string, EarlierPicture>()

/** Of the images that are there, those that lack what is here by now. */
function dropOutgrown(volume: LiveVolume, isOf: (imageId: string) => boolean): void {
  const outside = outsideOf(volume)
  for (const [imageId, made] of images) {
    if (!isOf(imageId) || made.filled >= volume.filled) continue
    const { earlier } = made
    const { reformat, page } = placeOf(imageId)!
    const { planes, slab } = reformat
    // Nothing of what came lies in it: it is as it would be made again.
    if (earlier?.outside === outside && !reachesNew(volume, planes.plane(page), slab, earlier.here)) {
      made.filled = volume.filled
      continue
    }
    dropImages(its => its === imageId)
    if (earlier) gone.set(imageId, earlier)
  }
}

/** The hand rests for so long: what was made coarse for it is made fine. */
const SETTLE_MS = 200
let settling: ReturnType<typeof setTimeout> | undefined

/** Once no coarse picture has come for a while, those on the screens are made again, fine; the others when they are wanted. */
function settleSoon(): void {
  clearTimeout(settling)
  settling = setTimeout(() => {
    const ids = coarseImages()
    const panes = panesAlive().filter(pane => ids.includes(pane.entry?.imageId ?? ''))
    const shown = new Set(panes.map(pane => pane.entry?.imageId))
    dropImages(imageId => ids.includes(imageId))
    // They stay marked until the fine one is here: that is what asks for it.
    for (const imageId of ids) markCoarse(imageId, shown.has(imageId))
    for (const pane of panes) pane.renew()
  }, SETTLE_MS)
}

/** For volumes that are followed: draws its planes anew, soon. */
const renewSoon = new WeakMap<LiveVolume, () => void>()

/** Pictures of a volume that fills are made anew; of one that was let go, nothing is kept. */
function follow(volume: LiveVolume): void {
  if (renewSoon.has(volume)) return
  const isOf = (imageId: string) => reformats.get(viewOf(imageId))?.volume === volume
  const { soon, stop } = renewalOf(
    () => volume.filled === volume.plan.slices.length,
    () => {
      dropOutgrown(volume, isOf)
      const panes = panesAlive().filter(pane => reformatOf(pane.stack)?.volume === volume)
      for (const pane of panes) pane.renew()
      return panes.flatMap(({ entry }) => (entry === undefined ? [] : [needFrame(entry.imageId)]))
    },
  )
  renewSoon.set(volume, soon)
  onVolume(volume, () => {
    if (isKept(volume)) {
      soon()
      return
    }
    stop()
    dropImages(isOf)
    for (const [id, reformat] of reformats) if (reformat.volume === volume) reformats.delete(id)
    for (const [set, stack] of current) if (reformatOf(stack)?.volume === volume) current.delete(set)
  })
}
