import { cache } from '@cornerstonejs/core'
import type { Samples } from '../../../shared/viewing/samples.ts'
import { emptyVolume, type FrameValues, fillSlice } from '../../../shared/viewing/volume/fill.ts'
import { bytesOf, type VolumePlan, type VolumeRefusal, volumePlan } from '../../../shared/viewing/volume/plan.ts'
import type { PartialVolume } from '../../../shared/viewing/volume/sample.ts'
import { heard, t } from '../../i18n/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import { countLoaded, failureOf, isLoaded, needFrame, onFrames } from '../frameLoader.ts'
import { dropFromSampler, prepareSampler } from './sampler.ts'
import { turn } from './sampling.ts'

/**
 * A volume that fills from the frame cache while frames arrive. In shared memory where the page has it (a secure context): then
 * the worker samples what the page fills, without a copy.
 */
export interface LiveVolume extends PartialVolume {
  id: number
  plan: VolumePlan
  here: Uint8Array
  /** Slices that are here; `plan.slices.length` when it is whole. */
  filled: number
  /** Values of what is here, as in `values`; min > max while nothing is. */
  range: { min: number; max: number }
  /** Nothing that is in the frame cache is still to be copied. */
  settled: boolean
  /** Why it will not become whole, for as long as that is so. */
  trouble: string | undefined
  /** It would be finer, if other volumes on the screen left it the memory. */
  crowded: boolean
}

/** Who keeps a volume alive. */
export interface VolumeHolder {
  /** False: its pane is closed for now, and it can do without when memory is wanted. */
  isShown: () => boolean
  /** The volume is gone. */
  lost: () => void
}

interface Kept {
  volume: LiveVolume
  /** Image ids of the frames the plan counts. */
  imageIds: string[]
  holders: Set<VolumeHolder>
  /** `performance.now()` when somebody last asked for it or let go of it. */
  usedAt: number
  listeners: Set<() => void>
  filling: Filling
}

interface Filling {
  /** These slices before the others. */
  prefer: (first: number, last: number) => void
  stop: () => void
}

/** Of one volume: half of what the frame cache has at most (engine.ts), where the frames themselves lie too. */
function mostOfOne(): number {
  return cache.getMaxCacheSize() / 2
}

/** Of all volumes together: as much again as the frames. */
function mostOfAll(): number {
  return cache.getMaxCacheSize()
}

/** The page's hand is never held up for longer by a turn of filling. */
const TURN_MS = 8
/** Frames that nobody brings for so long are asked for one by one: no pane shows them, or they were let go for others. */
const PATIENCE_MS = 600
/** A first picture waits no longer for what is being copied. */
const FIRST_MS = 400
/** A volume nobody holds is kept so long: panes are mounted anew, a reader goes back and forth. */
const KEEP_MS = 5000

const kept = new Map<SeriesStack, Kept>()
let refusalOf: (stack: SeriesStack) => string | undefined = () => undefined

/** Who knows of display sets that no volume may be made of, and says why in words (covered.ts). */
export function refuseVolumes(refuse: typeof refusalOf): void {
  refusalOf = refuse
}

/** The display sets that have a volume now. */
export function keptVolumes(): SeriesStack[] {
  return [...kept.keys()]
}

/** Its volume goes at once, whoever shows it. */
export function dropVolume(stack: SeriesStack): void {
  const one = kept.get(stack)
  if (one !== undefined) drop(stack, one)
}

let nextId = 1

/** The volume of a display set, filling; the same one for everybody while it is held (`holdVolume`). Or why there is none. */
export function openVolume(stack: SeriesStack): LiveVolume | VolumeRefusal {
  const known = kept.get(stack)
  if (known !== undefined) {
    known.usedAt = performance.now()
    return known.volume
  }
  const alone = planOf(stack)
  if ('refusal' in alone) return alone
  makeRoom(bytesOf(alone))
  const left = mostOfAll() - bytesKept()
  const plan = bytesOf(alone) <= left ? alone : planWithin(stack, left)
  if ('refusal' in plan)
    return {
      refusal: t('{{refusal}} Other volumes on the screen take it: close one.', { refusal: heard(plan.refusal) }),
    }
  const bytes = bytesOf(plan)
  const shared = typeof SharedArrayBuffer === 'function'
  const make = (size: number) => (shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size))
  let volume: LiveVolume
  try {
    volume = {
      ...emptyVolume(plan, make(bytes)),
      id: nextId++,
      plan,
      here: new Uint8Array(make(plan.slices.length)),
      filled: 0,
      range: { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
      settled: false,
      trouble: undefined,
      crowded: plan !== alone,
    }
  } catch {
    return { refusal: t('There is no memory for {{MB}} MB of voxels.', { MB: String(Math.ceil(bytes / 2 ** 20)) }) }
  }
  const one: Kept = {
    volume,
    imageIds: stack.imageIds,
    holders: new Set(),
    usedAt: performance.now(),
    listeners: new Set(),
    filling: { prefer: () => {}, stop: () => {} },
  }
  one.filling = startFilling(one)
  kept.set(stack, one)
  // While it is still coming every core has enough to do.
  if (countLoaded(stack.imageIds) > stack.imageIds.length / 2) prepareSampler(volume)
  letGoLater(stack, one)
  return volume
}

/** Why a display set makes no volume, or how it makes one; nothing is allocated. */
export function planOf(stack: SeriesStack): VolumePlan | VolumeRefusal {
  return kept.get(stack)?.volume.plan ?? planWithin(stack, mostOfOne())
}

function planWithin(stack: SeriesStack, budget: number): VolumePlan | VolumeRefusal {
  if (stack.sourceIds !== undefined) return { refusal: t('This is a reformat already.') }
  const refusal = refusalOf(stack)
  if (refusal !== undefined) return { refusal }
  return volumePlan(
    stack.imageIds.map(imageId => describeFrame(imageId)?.attributes ?? {}),
    budget,
  )
}

function bytesKept(): number {
  return [...kept.values()].reduce((sum, { volume }) => sum + bytesOf(volume.plan), 0)
}

/** Lets go of volumes that are not shown, the one used longest ago first, until so many bytes fit beside the rest. */
function makeRoom(bytes: number): void {
  const now = performance.now()
  const isHidden = ({ holders, usedAt }: Kept) =>
    // Just opened: whoever did has not mounted yet.
    holders.size === 0 ? now - usedAt > KEEP_MS / 2 : ![...holders].some(one => one.isShown())
  const hidden = [...kept].filter(([, one]) => isHidden(one))
  hidden.sort(([, a], [, b]) => a.usedAt - b.usedAt)
  for (const [stack, one] of hidden) {
    if (bytesKept() + bytes <= mostOfAll()) return
    drop(stack, one)
  }
}

/** Keeps a volume alive while somebody shows it. Returns what lets go of it. */
export function holdVolume(
  volume: LiveVolume,
  holder: VolumeHolder = { isShown: () => true, lost: () => {} },
): () => void {
  const [stack, one] = [...kept].find(([, { volume: its }]) => its === volume) ?? []
  if (stack === undefined || one === undefined) return () => {}
  one.holders.add(holder)
  return () => {
    one.holders.delete(holder)
    one.usedAt = performance.now()
    letGoLater(stack, one)
  }
}

function drop(stack: SeriesStack, one: Kept): void {
  kept.delete(stack)
  one.filling.stop()
  dropFromSampler(one.volume.id)
  for (const listener of one.listeners) listener()
  for (const { lost } of [...one.holders]) lost()
}

function letGoLater(stack: SeriesStack, one: Kept): void {
  setTimeout(() => {
    if (one.holders.size > 0 || kept.get(stack) !== one) return
    // Asked for meanwhile: whoever did has not mounted yet.
    if (performance.now() - one.usedAt < KEEP_MS / 2) letGoLater(stack, one)
    else drop(stack, one)
  }, KEEP_MS)
}

/** Whether a volume is still kept: what was let go is not sampled again. */
export function isKept(volume: LiveVolume): boolean {
  return [...kept.values()].some(one => one.volume === volume)
}

/** Told when slices came. Returns the unsubscribe. */
export function onVolume(volume: LiveVolume, listener: () => void): () => void {
  const one = [...kept.values()].find(({ volume: its }) => its === volume)
  one?.listeners.add(listener)
  return () => one?.listeners.delete(listener)
}

/** Resolves when the volume has these slices, or all that the frame cache has, or after a while. They are copied first. */
export function filledUp(volume: LiveVolume, [first, last]: readonly [number, number]): Promise<void> {
  const isHere = () => volume.settled || last < first || !volume.here.subarray(first, last + 1).includes(0)
  if (isHere()) return Promise.resolve()
  // The whole volume has no first ones.
  const one = [...kept.values()].find(({ volume: its }) => its === volume)
  if (last - first < volume.plan.slices.length / 2) one?.filling.prefer(first, last)
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      unsubscribe()
      resolve()
    }
    const timer = setTimeout(done, FIRST_MS)
    const unsubscribe = onVolume(volume, () => isHere() && done())
  })
}

/** Slices that are not here yet, in a list that shrinks. Ends by itself when there are none. */
function startFilling(one: Kept): Filling {
  const { volume, imageIds, listeners } = one
  const { plan } = volume
  let lacking = plan.slices.map((_, k) => k)
  let due = false
  let stopped = false
  let lastAt = performance.now()
  const stop = () => {
    stopped = true
    unsubscribe()
    clearInterval(watch)
  }
  const troubleOf = (k: number) => {
    const { from, to } = plan.slices[k]!
    return failureOf(imageIds[from]!) ?? failureOf(imageIds[to]!)
  }
  const fill = () => {
    due = false
    if (stopped) return
    const began = performance.now()
    const before = lacking.length
    let outOfTime = false
    lacking = lacking.filter(k => {
      const { from, to } = plan.slices[k]!
      if (outOfTime || !isLoaded(imageIds[from]!) || !isLoaded(imageIds[to]!)) return true
      if (!fillFrom(volume, k, imageIds[from]!, imageIds[to]!)) return true
      outOfTime = performance.now() - began > TURN_MS
      return false
    })
    volume.filled = plan.slices.length - lacking.length
    if (lacking.length === 0) volume.trouble = undefined
    const settles = !volume.settled && !outOfTime
    if (settles) volume.settled = true
    if (lacking.length === 0) stop()
    else if (outOfTime) soon()
    if (lacking.length < before) lastAt = performance.now()
    else if (!settles) return
    for (const listener of listeners) listener()
  }
  const soon = () => {
    if (due) return
    due = true
    void turn().then(fill)
  }
  const unsubscribe = onFrames(soon)
  const watch = setInterval(() => {
    if (performance.now() - lastAt < PATIENCE_MS) return
    soon()
    const isStuck = (k: number) => troubleOf(k) !== undefined
    const trouble = lacking.map(troubleOf).find(reason => reason !== undefined)
    if (volume.trouble !== trouble) {
      volume.trouble = trouble
      for (const listener of listeners) listener()
    }
    // What failed is asked for again when what hindered it has passed: then it is no failure any more.
    const k = lacking.find(one => !isStuck(one))
    if (k === undefined) return
    const { from, to } = plan.slices[k]!
    const wanted = [imageIds[from]!, imageIds[to]!]
    void Promise.all(wanted.map(needFrame)).then(soon)
  }, PATIENCE_MS / 4)
  soon()
  const prefer = (first: number, last: number) => {
    const isFirst = (k: number) => k >= first && k <= last
    lacking = [...lacking.filter(isFirst), ...lacking.filter(k => !isFirst(k))]
  }
  return { prefer, stop }
}

function valuesOf(imageId: string): (FrameValues & { min: number; max: number }) | undefined {
  const image = cache.getImage(imageId)
  if (image === undefined) return undefined
  const { columns, slope, intercept, minPixelValue: min, maxPixelValue: max } = image
  return { pixels: image.getPixelData() as Samples, columns, slope, intercept, min, max }
}

function fillFrom(volume: LiveVolume, k: number, fromId: string, toId: string): boolean {
  const from = valuesOf(fromId)
  const to = valuesOf(toId)
  if (from === undefined || to === undefined) return false
  const { plan, range } = volume
  fillSlice(volume, plan, k, from, to)
  for (const { min, max, slope, intercept } of [from, to]) {
    const ends = [min, max].map(value => (value * slope + intercept - plan.intercept) / plan.slope)
    range.min = Math.min(range.min, ...ends)
    range.max = Math.max(range.max, ...ends)
  }
  volume.here[k] = 1
  return true
}
