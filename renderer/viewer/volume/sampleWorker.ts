import type { PartialVolume } from '../../../shared/viewing/volume/sample.ts'
import { type PlanePixels, type PlaneRequest, sampleInTurns, turn } from './sampling.ts'

/** What the page tells the worker. Volumes lie in shared memory: what the page fills in is seen here. */
export type ToSampler =
  | { kind: 'volume'; id: number; volume: PartialVolume; touch: boolean }
  | { kind: 'drop'; id: number }
  | { kind: 'sample'; job: number; volume: number; request: PlaneRequest }
  | { kind: 'cancel'; job: number }

/** Without pixels: cancelled, or the volume is gone. */
export interface FromSampler {
  job: number
  pixels: PlanePixels | undefined
}

const volumes = new Map<number, PartialVolume>()
const cancelled = new Set<number>()

/** Words of a page of memory; and how many pages are touched in a turn. */
const PAGE_WORDS = 1024
const PAGES = 4096

/**
 * A system gives memory when it is first written to, which took as long as the copying itself: it is asked for here, on another
 * core, a little before the page fills it. Adding nothing in one piece changes no value that the page has just put there.
 */
async function touch({ values: { buffer } }: PartialVolume): Promise<void> {
  const words = new Int32Array(buffer, 0, buffer.byteLength >> 2)
  for (let page = 0; page * PAGE_WORDS < words.length; page++) {
    Atomics.add(words, page * PAGE_WORDS, 0)
    if (page % PAGES === PAGES - 1) await turn()
  }
}

async function sample({ job, volume: id, request }: Extract<ToSampler, { kind: 'sample' }>): Promise<void> {
  const volume = volumes.get(id)
  const pixels = volume && (await sampleInTurns(volume, request, () => cancelled.has(job)))
  cancelled.delete(job)
  const answer: FromSampler = { job, pixels }
  self.postMessage(answer, { transfer: pixels ? [pixels.buffer] : [] })
}

self.onmessage = ({ data }: MessageEvent<ToSampler>) => {
  if (data.kind === 'volume') {
    volumes.set(data.id, data.volume)
    if (data.touch) void touch(data.volume)
  }
  if (data.kind === 'drop') volumes.delete(data.id)
  if (data.kind === 'cancel') cancelled.add(data.job)
  if (data.kind === 'sample') void sample(data)
}
