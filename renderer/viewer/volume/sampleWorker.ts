import type { PartialVolume } from '../../../shared/viewing/volume/sample.ts'
import { type PlanePixels, type PlaneRequest, sampleInTurns } from './sampling.ts'

/** What the page tells the worker. Volumes lie in shared memory: what the page fills in is seen here. */
export type ToSampler =
  | { kind: 'volume'; id: number; volume: PartialVolume }
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

async function sample({ job, volume: id, request }: Extract<ToSampler, { kind: 'sample' }>): Promise<void> {
  const volume = volumes.get(id)
  const pixels = volume && (await sampleInTurns(volume, request, () => cancelled.has(job)))
  cancelled.delete(job)
  const answer: FromSampler = { job, pixels }
  self.postMessage(answer, { transfer: pixels ? [pixels.buffer] : [] })
}

self.onmessage = ({ data }: MessageEvent<ToSampler>) => {
  if (data.kind === 'volume') volumes.set(data.id, data.volume)
  if (data.kind === 'drop') volumes.delete(data.id)
  if (data.kind === 'cancel') cancelled.add(data.job)
  if (data.kind === 'sample') void sample(data)
}
