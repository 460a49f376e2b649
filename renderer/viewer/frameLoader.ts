import { cache, Enums, eventTarget, imageLoader, type Types, utilities } from '@cornerstonejs/core'
import { ERRORS, IsocenterError } from '../../shared/errors.ts'
import { UnshowableError } from '../../shared/viewing/samples.ts'
import { fetchFrame, onStationEvent, type StreamedFrame, streamFrames, UnreachableError } from '../client.ts'
import { type CatalogFrame, describeFrame, schemeOf } from './catalog.ts'
import { decodeFrame } from './decode.ts'
import { interleave, readingOn, type StackOrder } from './loadOrder.ts'
import { type DisplayPixels, displayPixels } from './pixels.ts'
import { spacingOf } from './spacing.ts'
import { initialRange, rangeToWindow } from './windows.ts'

/**
 * What is on the screen or jumped to comes by a single-frame request; the rest by the window's one ordered stream.
 * A jump aborts the stream and asks anew with what is still lacking; a wanted frame that the stream is about to bring
 * (`NEAR` frames) is waited for, so that scrolling with the stream never restarts it.
 */
const NEAR = 8
/** Six connections a host for all windows: two for single frames, whatever is wanted at once. */
const SINGLE_REQUESTS = 2
/** One stream of what nobody waits for yet: it gives its place among all windows' streams back in between. */
const AHEAD_FRAMES = 64
/** A burst of jumps (a held key) restarts the stream once. */
const REORDER_MS = 60

type Bytes = Uint8Array<ArrayBuffer>

let order: string[] = []
let delivered = 0
let streaming: AbortController | undefined
/** What streams is read ahead: it stands back while somebody acts, so nobody waits for it. */
let isReadingAhead = false
let reorderTimer: ReturnType<typeof setTimeout> | undefined
let stacks: StackOrder[] = []
/** What is read when all of `stacks` is here. */
let further: string[][] = []
/** Of `further`, what has come since it was said: what the cache lets go again is not asked for in a circle. */
const cameAhead = new Set<string>()
/** There is nothing to ask for: all is here, or cannot be had. */
let nothingLeft = false
const arrived = new Map<string, Bytes>()
const waiting = new Map<string, { resolve: (bytes: Bytes) => void; reject: (reason: unknown) => void }>()
const failures = new Map<string, string>()
const loaded = new Set<string>()
/** Being fetched or decoded: the stream must not bring them a second time. */
const loading = new Set<string>()
const unreachable = new Set<string>()
/** Of `failures`: an archive that is away may be back. */
const elsewhere = new Set<string>()
const listeners = new Set<() => void>()

/** Called when frames came, went or failed; at most once a frame of the display. Returns the unsubscribe. */
export function onFrames(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

let notifying = false
function notify(): void {
  if (notifying) return
  notifying = true
  requestAnimationFrame(() => {
    notifying = false
    for (const listener of listeners) listener()
  })
}

export function isLoaded(imageId: string): boolean {
  return loaded.has(imageId)
}

/** Why a frame cannot be shown; undefined when nothing has failed. */
export function failureOf(imageId: string): string | undefined {
  return failures.get(imageId)
}

export function countLoaded(imageIds: string[]): number {
  return imageIds.reduce((count, imageId) => count + (loaded.has(imageId) ? 1 : 0), 0)
}

/** Registers the scheme `iso:`. */
export function installFrameLoader(): void {
  imageLoader.registerImageLoader('iso', loadFrame)
  const { IMAGE_CACHE_IMAGE_ADDED, IMAGE_CACHE_IMAGE_REMOVED } = Enums.Events
  eventTarget.addEventListener(IMAGE_CACHE_IMAGE_ADDED, (event: CustomEvent<{ image: Types.ICachedImage }>) => {
    loaded.add(event.detail.image.imageId)
    notify()
  })
  eventTarget.addEventListener(IMAGE_CACHE_IMAGE_REMOVED, (event: CustomEvent<{ imageId: string }>) => {
    loaded.delete(event.detail.imageId)
    nothingLeft = false
    notify()
  })
  onStationEvent('connection', online => {
    if (!online) return
    for (const imageId of unreachable) failures.delete(imageId)
    unreachable.clear()
    nothingLeft = false
    notify()
  })
  onStationEvent('sync', ({ destinations }) => {
    if (elsewhere.size === 0 || destinations.some(({ state }) => state === 'offline')) return
    for (const imageId of elsewhere) failures.delete(imageId)
    elsewhere.clear()
    nothingLeft = false
    notify()
  })
}

const pending = new Map<string, Promise<boolean>>()

/** Puts one frame into Cornerstone's cache, by itself if need be. Resolves when it can be shown; false when it cannot. */
export function needFrame(imageId: string): Promise<boolean> {
  if (loaded.has(imageId)) return Promise.resolve(true)
  let promise = pending.get(imageId)
  if (promise === undefined) {
    promise = intoCache(imageId).finally(() => pending.delete(imageId))
    pending.set(imageId, promise)
  }
  return promise
}

/** Not by `loadAndCacheImage`: that leaves a second promise behind, whose rejection nobody can handle. */
async function intoCache(imageId: string): Promise<boolean> {
  try {
    const image = await loadFrame(imageId).promise
    if (cache.getImage(imageId) === undefined) cache.putImageSync(imageId, image)
    failures.delete(imageId)
    loaded.add(imageId)
    return true
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') return false
    failures.set(imageId, thrown instanceof Error ? thrown.message : 'The image could not be decoded.')
    if (thrown instanceof UnreachableError) unreachable.add(imageId)
    if (thrown instanceof IsocenterError && thrown.code === 'archive-offline') elsewhere.add(imageId)
    notify()
    return false
  }
}

/**
 * Says what the panes show now (active pane first), and what is worth having after that. Restarts the stream only where its order
 * no longer fits.
 */
export function orderStacks(next: StackOrder[], after: string[][] = []): void {
  if (after !== further) {
    further = after
    cameAhead.clear()
    nothingLeft = false
  }
  const sameSeries = next.length === stacks.length && next.every((s, i) => s.imageIds === stacks[i]?.imageIds)
  stacks = next
  const fits =
    sameSeries && next.every(({ imageIds, index }) => loaded.has(imageIds[index] ?? '') || isNear(imageIds[index]))
  if (fits && (streaming !== undefined || nothingLeft)) return
  clearTimeout(reorderTimer)
  // At once, not when the new order is made: what still comes of the old one is in the way of the frame jumped to.
  if (!fits) streaming?.abort()
  reorderTimer = setTimeout(() => void restartStream(), streaming === undefined ? 0 : REORDER_MS)
}

/** Another study is about to be opened: nothing of the old one may stand in its way. */
export function stopStream(): void {
  clearTimeout(reorderTimer)
  stacks = []
  further = []
  streaming?.abort()
}

function isNear(imageId: string | undefined): boolean {
  if (imageId === undefined || streaming === undefined || isReadingAhead) return false
  return order.slice(delivered, delivered + NEAR).includes(imageId)
}

/** `ahead`: all that the panes have was asked for already, and what the cache has let go of it waits for the reader's next move. */
async function restartStream(ahead = false): Promise<void> {
  streaming?.abort()
  const controller = new AbortController()
  streaming = controller
  const ofPanes = stacks.map(({ imageIds }) => imageIds)
  order = ahead ? [] : withinBudget(interleave(stacks, isSettled), ofPanes)
  const isAhead = order.length === 0
  isReadingAhead = isAhead
  if (isAhead) {
    // Beside all that the panes have: nothing of it is pushed out for what nobody asked for.
    const wanted = readingOn(further, imageId => isSettled(imageId) || cameAhead.has(imageId))
    order = withinBudget(wanted, [...ofPanes, ...further]).slice(0, AHEAD_FRAMES)
  }
  delivered = 0
  nothingLeft = order.length === 0 && !ahead
  let isDone = false
  try {
    const wanted = order
    if (wanted.length > 0) {
      const frames = wanted.flatMap((imageId, tag): Array<[number, number, number]> => {
        const described = describeFrame(imageId)
        return described === undefined ? [] : [[described.instance.contentId, described.frame, tag]]
      })
      const onFrame = ({ tag, status, bytes }: StreamedFrame) => {
        const imageId = wanted[tag]
        if (isAhead && imageId !== undefined) cameAhead.add(imageId)
        receive(imageId, status, bytes)
      }
      await streamFrames({ frames }, onFrame, controller.signal, isAhead)
      isDone = true
    }
  } catch (thrown) {
    if (!controller.signal.aborted) {
      // The station went away: what is wanted on the screen is asked for singly and says so; the rest waits.
      reorderTimer = setTimeout(() => void restartStream(), 2000)
    }
    if (!(thrown instanceof Error) && !(thrown instanceof DOMException)) throw thrown
  } finally {
    if (streaming === controller) {
      streaming = undefined
      if (isDone) {
        clearTimeout(reorderTimer)
        reorderTimer = setTimeout(() => void restartStream(true), 0)
      }
      order = []
      for (const [imageId, waiter] of [...waiting]) {
        waiting.delete(imageId)
        fetchSingle(imageId).then(waiter.resolve, waiter.reject)
      }
    }
  }
}

/** Here, known to fail, or on its way by a request of its own. */
function isSettled(imageId: string): boolean {
  return loaded.has(imageId) || failures.has(imageId) || (loading.has(imageId) && !waiting.has(imageId))
}

/** Three fifths of the cache, with what is here of `kept`: ordering more would push out what was just loaded. */
function withinBudget(imageIds: string[], kept: string[][]): string[] {
  if (imageIds.length === 0) return imageIds
  let bytes = 0
  for (const id of new Set(kept.flat())) if (loaded.has(id)) bytes += frameBytes(id)
  const budget = cache.getMaxCacheSize() * 0.6
  const end = imageIds.findIndex(imageId => {
    bytes += frameBytes(imageId)
    return bytes > budget
  })
  return end === -1 ? imageIds : imageIds.slice(0, end)
}

function frameBytes(imageId: string): number {
  const { attributes = {} } = describeFrame(imageId) ?? {}
  const { Rows = 0, Columns = 0, BitsAllocated = 16, SamplesPerPixel = 1 } = attributes
  // Kept as RGB of 8 bits, whatever its table is entered with.
  if (attributes.PhotometricInterpretation === 'PALETTE COLOR') return Rows * Columns * 3
  return (Rows * Columns * SamplesPerPixel * Math.max(8, BitsAllocated)) / 8
}

function receive(imageId: string | undefined, status: number, bytes: Bytes): void {
  delivered++
  if (imageId === undefined) return
  const waiter = waiting.get(imageId)
  waiting.delete(imageId)
  if (status !== 0) {
    const sentence = new TextDecoder().decode(bytes)
    failures.set(imageId, sentence)
    if (status === ERRORS['archive-offline'].httpStatus) elsewhere.add(imageId)
    waiter?.reject(new UnshowableError(sentence))
    notify()
    return
  }
  if (waiter !== undefined) {
    waiter.resolve(bytes)
  } else if (!loaded.has(imageId) && !loading.has(imageId)) {
    arrived.set(imageId, bytes)
    void needFrame(imageId)
  }
}

function frameOf(imageId: string): Promise<Bytes> {
  const here = arrived.get(imageId)
  if (here !== undefined) {
    arrived.delete(imageId)
    return Promise.resolve(here)
  }
  if (isNear(imageId)) {
    return new Promise((resolve, reject) => waiting.set(imageId, { resolve, reject }))
  }
  return fetchSingle(imageId)
}

let singles = 0
const queue: Array<() => void> = []

async function fetchSingle(imageId: string): Promise<Bytes> {
  const described = describeFrame(imageId)
  if (described === undefined) throw new UnshowableError('This image is not known.')
  // The newest wish first: it is what the reader looks at now.
  if (singles >= SINGLE_REQUESTS) await new Promise<void>(resolve => queue.unshift(resolve))
  singles++
  try {
    const { manifest, instance, frame } = described
    return await fetchFrame({
      StudyInstanceUID: manifest.StudyInstanceUID,
      SeriesInstanceUID: manifest.SeriesInstanceUID,
      SOPInstanceUID: instance.SOPInstanceUID,
      frame,
    })
  } finally {
    singles--
    queue.shift()?.()
  }
}

type MakeImage = (imageId: string) => Promise<DisplayPixels>
const makers = new Map<string, MakeImage>()

/** Pictures of a scheme that are made here, not fetched. An AbortError: nobody wants it any more. */
export function makeScheme(scheme: string, make: MakeImage): void {
  makers.set(scheme, make)
}

function loadFrame(imageId: string): { promise: Promise<Types.IImage> } {
  const make = makers.get(schemeOf(imageId))
  if (make !== undefined) return { promise: make(imageId).then(pixels => toImage(imageId, pixels)) }
  const described = describeFrame(imageId)
  if (described === undefined) return { promise: Promise.reject(new UnshowableError('This image is not known.')) }
  loading.add(imageId)
  const promise = frameOf(imageId)
    .then(bytes => frameImage(imageId, described, bytes))
    .finally(() => loading.delete(imageId))
  return { promise }
}

/** A frame's bytes as the screens take them. Rejects with an UnshowableError. */
export async function frameImage(imageId: string, described: CatalogFrame, bytes: Bytes): Promise<Types.IImage> {
  const { instance, attributes } = described
  const frame = await decodeFrame(bytes, instance.TransferSyntaxUID, attributes)
  return toImage(imageId, displayPixels(frame, attributes))
}

/** Cornerstone asks an image for a canvas of its own first; having none, it draws the pixels at the window (createImage does the same). */
const NO_CANVAS = undefined as unknown as Types.IImage['getCanvas']

function toImage(imageId: string, display: DisplayPixels): Types.IImage {
  const { attributes } = describeFrame(imageId)!
  const { Rows = 1, Columns = 1 } = attributes
  const [rowPixelSpacing, columnPixelSpacing] = spacingOf(attributes)
  const { pixels, components, min, max, slope, intercept } = display
  const color = components === 3
  const window = color ? { center: 128, width: 256 } : rangeToWindow(initialRange(attributes, display.valueRange))
  return {
    imageId,
    minPixelValue: min,
    maxPixelValue: max,
    slope,
    intercept,
    preScale: {
      enabled: true,
      scaled: slope === 1 && intercept === 0,
      scalingParameters: { rescaleSlope: 1, rescaleIntercept: 0 },
    },
    windowCenter: window.center,
    windowWidth: window.width,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    rows: Rows,
    columns: Columns,
    height: Rows,
    width: Columns,
    color,
    rgba: false,
    numberOfComponents: components,
    rowPixelSpacing,
    columnPixelSpacing,
    invert: !color && attributes.PhotometricInterpretation === 'MONOCHROME1',
    photometricInterpretation: color ? 'RGB' : (attributes.PhotometricInterpretation ?? 'MONOCHROME2'),
    sizeInBytes: pixels.byteLength,
    dataType: pixels.constructor.name as Types.PixelDataTypedArrayString,
    voxelManager: utilities.VoxelManager.createImageVoxelManager({
      width: Columns,
      height: Rows,
      scalarData: pixels,
      numberOfComponents: components,
    }),
    getPixelData: () => pixels,
    getCanvas: NO_CANVAS,
  }
}
