import type { ImagePlane } from '../../../shared/viewing/geometry.ts'
import { type PartialVolume, type Slab, samplesIn } from '../../../shared/viewing/volume/sample.ts'
import type { FromSampler, ToSampler } from './sampleWorker.ts'
import { type PlanePixels, type PlaneRequest, sampleInTurns } from './sampling.ts'

interface Job {
  number: number
  volume: PartialVolume & { id: number }
  request: PlaneRequest
  isWanted: () => boolean
  resolve: (pixels: PlanePixels | undefined) => void
  cancelled: boolean
  beganAt: number
}

/** A picture that takes longer is made coarse first: a hand waits for no more. */
const PROMPT_MS = 80
/** Pixels so many times as large, and layers as far apart: an eighth, a 27th of the work. */
const COARSEST = 3

/** ms for a sample, as the last pictures took on this machine; 0 = none was made yet. */
let pace = 0

/** How many times as large the pixels of a picture have to be for it to be there at once; 1 = it is anyway. */
export function coarseness(volume: PartialVolume, plane: ImagePlane, slab: Slab | undefined): number {
  const expected = pace * samplesIn(volume, plane, slab)
  let by = 1
  while (by < COARSEST && expected / by ** 3 > PROMPT_MS) by++
  return by
}

function learnPace({ volume, request, beganAt }: Job): void {
  const { plane, slab, coarse = 1, earlier, lines } = request
  if (earlier !== undefined || lines !== undefined) return
  const now = (performance.now() - beganAt) / (samplesIn(volume, plane, slab) / coarse ** (slab ? 3 : 2))
  pace = pace === 0 ? now : 0.7 * pace + 0.3 * now
}

let worker: Worker | undefined
/** It could not be started, or died: the page samples by itself from then on, which is slower and as right. */
let broken = false
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
    waiting.push({ number: nextJob++, volume, request, isWanted, resolve, cancelled: false, beganAt: 0 })
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
  job.beganAt = performance.now()
  if (broken || job.volume.values.buffer instanceof ArrayBuffer) byThePage(job)
  else askWorker(job)
}

function byThePage(job: Job): void {
  void sampleInTurns(job.volume, job.request, () => job.cancelled).then(pixels => finish(job, pixels))
}

/** A worker that failed answers no more: what it was at is done here. */
function loseWorker(): void {
  if (broken) return
  broken = true
  worker?.terminate()
  worker = undefined
  given.clear()
  if (atWork !== undefined) byThePage(atWork)
}

/** A volume that is about to be filled at once and sampled: its worker starts, and has its memory made ready meanwhile. */
export function prepareSampler(volume: PartialVolume & { id: number }): void {
  if (!broken && !(volume.values.buffer instanceof ArrayBuffer)) give(volume, true)
}

function give(volume: PartialVolume & { id: number }, touch: boolean): void {
  if (worker === undefined) {
    worker = new Worker(new URL('./sampleWorker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }: MessageEvent<FromSampler>) => {
      if (atWork?.number === data.job) finish(atWork, data.pixels)
    }
    worker.onerror = loseWorker
    worker.onmessageerror = loseWorker
  }
  if (given.has(volume.id)) return
  given.add(volume.id)
  const { grid, values, slope, intercept, here } = volume
  const shared = { grid, values, slope, intercept, ...(here && { here }) }
  tell({ kind: 'volume', id: volume.id, volume: shared, touch })
}

function askWorker({ volume, request, number }: Job): void {
  give(volume, false)
  tell({ kind: 'sample', job: number, volume: volume.id, request })
}

function finish(job: Job, pixels: PlanePixels | undefined): void {
  atWork = undefined
  if (pixels !== undefined) learnPace(job)
  job.resolve(pixels)
  next()
}
