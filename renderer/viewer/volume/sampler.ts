import type { PartialVolume } from '../../../shared/viewing/volume/sample.ts'
import type { FromSampler, ToSampler } from './sampleWorker.ts'
import { type PlanePixels, type PlaneRequest, sampleInTurns } from './sampling.ts'

interface Job {
  number: number
  volume: PartialVolume & { id: number }
  request: PlaneRequest
  isWanted: () => boolean
  resolve: (pixels: PlanePixels | undefined) => void
  cancelled: boolean
}

let worker: Worker | undefined
/** Volumes the worker has. */
const given = new Set<number>()
let waiting: Job[] = []
let atWork: Job | undefined
let nextJob = 1

/**
 * The pixels of a plane through a volume, made by a worker (by this page in turns, where there is no shared memory). One at a
 * time, the newest wish first; what nobody wants any more (`isWanted`) is given up, also half way. Undefined: given up.
 */
export function samplePlane(
  volume: PartialVolume & { id: number },
  request: PlaneRequest,
  isWanted: () => boolean,
): Promise<PlanePixels | undefined> {
  return new Promise(resolve => {
    waiting.push({ number: nextJob++, volume, request, isWanted, resolve, cancelled: false })
    if (atWork !== undefined && !atWork.cancelled && !atWork.isWanted()) {
      atWork.cancelled = true
      tell({ kind: 'cancel', job: atWork.number })
    }
    next()
  })
}

/** The worker forgets a volume. */
export function dropFromSampler(id: number): void {
  if (given.delete(id)) tell({ kind: 'drop', id })
}

function tell(message: ToSampler): void {
  worker?.postMessage(message)
}

function next(): void {
  if (atWork !== undefined) return
  for (const { isWanted, resolve } of waiting) if (!isWanted()) resolve(undefined)
  waiting = waiting.filter(({ isWanted }) => isWanted())
  const job = waiting.pop()
  if (job === undefined) return
  atWork = job
  if (job.volume.values.buffer instanceof ArrayBuffer) {
    void sampleInTurns(job.volume, job.request, () => job.cancelled).then(pixels => finish(job, pixels))
  } else {
    askWorker(job)
  }
}

function askWorker(job: Job): void {
  if (worker === undefined) {
    worker = new Worker(new URL('./sampleWorker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }: MessageEvent<FromSampler>) => {
      if (atWork?.number === data.job) finish(atWork, data.pixels)
    }
  }
  const { volume, request, number } = job
  if (!given.has(volume.id)) {
    given.add(volume.id)
    const { grid, values, slope, intercept, here } = volume
    tell({ kind: 'volume', id: volume.id, volume: { grid, values, slope, intercept, ...(here && { here }) } })
  }
  tell({ kind: 'sample', job: number, volume: volume.id, request })
}

function finish(job: Job, pixels: PlanePixels | undefined): void {
  atWork = undefined
  job.resolve(pixels)
  next()
}
