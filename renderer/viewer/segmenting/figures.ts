import { useEffect, useReducer } from 'react'
import { countLabels, voxelVolume } from '../../../shared/viewing/segmenting/labels.ts'
import { joinMoments, type Moments, momentsOn, NO_VALUES } from '../../../shared/viewing/segmenting/moments.ts'
import { onDrawn } from './segmentStore.ts'
import { valuesOf } from './values.ts'
import type { Work } from './work.ts'

export interface SegmentFigures {
  voxels: number
  slices: number
  /** ml; undefined where no distance of the slices is known. */
  volume: number | undefined
  /** Of its modality values, SD of the population; undefined while they are gathered, and where there are none. */
  values: { n: number; mean: number; sd: number; min: number; max: number } | undefined
}

interface SliceFigures {
  version: number
  counts: Uint32Array
  moments: Map<number, Moments>
}

/** By work: what its slices hold, as they were last looked at. */
const known = new WeakMap<Work['map'], Array<SliceFigures | undefined>>()

const REST_MS = 150
const SLICE_MS = 10

/** Looks again at the slices that have changed, some at a time. Rejects when it is given up. */
async function lookAgain(work: Work, signal: AbortSignal): Promise<void> {
  const slices = known.get(work.map) ?? []
  known.set(work.map, slices)
  let since = performance.now()
  for (const index of work.map.drawn()) {
    const version = work.versions[index]!
    if (slices[index]?.version === version) continue
    const labels = work.map.slice(index)!
    const counts = countLabels(labels)
    const isEmpty = counts[0] === labels.length
    const values = isEmpty ? undefined : await valuesOf(work, index)
    signal.throwIfAborted()
    slices[index] = { version, counts, moments: values ? momentsOn(labels, values) : new Map() }
    if (performance.now() - since < SLICE_MS) continue
    await new Promise(resolve => setTimeout(resolve))
    since = performance.now()
    signal.throwIfAborted()
  }
}

/** Undefined while a slice has not been looked at. */
function figuresOf(work: Work, segment: number): SegmentFigures | undefined {
  const looked = known.get(work.map) ?? []
  if (work.map.drawn().some(index => looked[index] === undefined)) return undefined
  let [voxels, slices, moments] = [0, 0, NO_VALUES]
  for (const slice of looked) {
    const count = slice?.counts[segment] ?? 0
    if (slice === undefined || count === 0) continue
    voxels += count
    slices++
    moments = joinMoments(moments, slice.moments.get(segment) ?? NO_VALUES)
  }
  const one = voxelVolume(work.map.grid)
  const { n, mean, min, max } = moments
  return {
    voxels,
    slices,
    volume: one === undefined ? undefined : one * voxels,
    values: n === 0 ? undefined : { n, mean, sd: Math.sqrt(moments.squares / n), min, max },
  }
}

/** The figures of the segments of a work, by number: reckoned when the hand rests, off the drawing's way. */
export function useFigures(work: Work | undefined): ReadonlyMap<number, SegmentFigures | undefined> {
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const map = work?.map
  // biome-ignore lint/correctness/useExhaustiveDependencies: a work is its voxels.
  useEffect(() => {
    if (work === undefined) return
    let abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const soon = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        abort.abort()
        abort = new AbortController()
        lookAgain(work, abort.signal).then(redraw, () => {})
      }, REST_MS)
    }
    soon()
    const stop = onDrawn(drawn => drawn.work === work && soon())
    return () => {
      stop()
      clearTimeout(timer)
      abort.abort()
    }
  }, [map])
  return new Map((work?.head.segments ?? []).map(({ number }) => [number, figuresOf(work!, number)]))
}
