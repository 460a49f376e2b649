import { cache, Enums, eventTarget, imageLoader, type Types, utilities } from '@cornerstonejs/core'
import { ERRORS, IsocenterError } from '../../shared/errors.ts'
import { UnshowableError } from '../../shared/viewing/samples.ts'
import { fetchFrame, onStationEvent, streamFrames, UnreachableError } from '../client.ts'
import { describeFrame, schemeOf } from './catalog.ts'
import { decodeFrame } from './decode.ts'
import { interleave, type StackOrder } from './loadOrder.ts'
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
/** A burst of jumps (a held key) restarts the stream once. */
const REORDER_MS = 60

type Bytes = Uint8Array<ArrayBuffer>

let order: string[] = []
let delivered = 0
let streaming: AbortController | undefined
let reorderTimer: ReturnType<typeof setTimeout> | undefined
let stacks: StackOrder[] = []
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
    notify()
  })
  onStationEvent('connection', online => {
    if (!online) return
    for (const imageId of unreachable) failures.delete(imageId)
    unreachable.clear()
    notify()
  })
  onStationEvent('sync', ({ destinations }) => {
    if (elsewhere.size === 0 || destinations.some(({ state }) => state === 'offline')) return
    for (const imageId of elsewhere) failures.delete(imageId)
    elsewhere.clear()
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

/** Says what the panes show now (active pane first). Restarts the stream only where its order no longer fits. */
export function orderStacks(next: StackOrder[]): void {
  const sameSeries = next.length === stacks.length && next.every((s, i) => s.imageIds === stacks[i]?.imageIds)
  stacks = next
  const fits =
    sameSeries && next.every(({ imageIds, index }) => loaded.has(imageIds[index] ?? '') || isNear(imageIds[index]))
  if (fits && streaming !== undefined) return
  clearTimeout(reorderTimer)
  // At once, not when the new order is made: what still comes of the old one is in the way of the frame jumped to.
  if (!fits) streaming?.abort()
  reorderTimer = setTimeout(() => void restartStream(), streaming === undefined ? 0 : REORDER_MS)
}

/** Another study is about to be opened: nothing of the old one may stand in its way. */
export function stopStream(): void {
  clearTimeout(reorderTimer)
  stacks = []
  streaming?.abort()
}

function isNear(imageId: string | undefined): boolean {
  if (imageId === undefined || streaming === undefined) return false
  return order.slice(delivered, delivered + NEAR).includes(imageId)
}

async function restartStream(): Promise<void> {
  streaming?.abort()
  const controller = new AbortController()
  streaming = controller
  order = withinBudget(interleave(stacks, isSettled))
  delivered = 0
  try {
    const wanted = order
    if (wanted.length > 0) {
      const frames = wanted.flatMap((imageId, tag): Array<[number, number, number]> => {
        const described = describeFrame(imageId)
        return described === undefined ? [] : [[described.instance.contentId, described.frame, tag]]
      })
      await streamFrames({ frames }, frame => receive(wanted[frame.tag], frame.status, frame.bytes), controller.signal)
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

/** Three fifths of the cache: ordering more would push out what was just loaded. */
function withinBudget(imageIds: string[]): string[] {
  let bytes = stacks.reduce(
    (sum, stack) => sum + stack.imageIds.reduce((part, id) => part + (loaded.has(id) ? frameBytes(id) : 0), 0),
    0,
  )
  const budget = cache.getMaxCacheSize() * 0.6
  const end = imageIds.findIndex(imageId => {
    bytes += frameBytes(imageId)
    return bytes > budget
  })
  return end === -1 ? imageIds : imageIds.slice(0, end)
}

function frameBytes(imageId: string): number {
  const { Rows = 0, Columns = 0, BitsAllocated = 16, SamplesPerPixel = 1 } = describeFrame(imageId)?.attributes ?? {}
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
  const { instance, attributes } = described
  loading.add(imageId)
  const promise = frameOf(imageId)
    .then(bytes => decodeFrame(bytes, instance.TransferSyntaxUID, attributes))
    .then(frame => toImage(imageId, displayPixels(frame, attributes)))
    .finally(() => loading.delete(imageId))
  return { promise }
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
