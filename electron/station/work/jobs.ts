import { randomUUID } from 'node:crypto'
import type { JobSummary } from '../../../shared/contract.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import type { Received } from '../store/index.ts'

/** Listeners hear of a running job this often at most: five times a second. */
const TELL_EVERY_MS = 200
/** The rate is that of this much past. */
const RATE_MS = 3000
const MAX_REFUSED = 200
/** Ended jobs stay on the list until there are more than this. */
const MAX_JOBS = 50

/** What a job's work gets: its way to report, and the signal that ends it. */
export interface Progress {
  readonly signal: AbortSignal
  total(count: number): void
  /** One more was looked at and is in the store (or was there before). */
  received(outcome: Received['outcome']): void
  /** One more was looked at and is of no interest. */
  passed(): void
  notDicom(file: string): void
  failed(file: string, reason: string): void
}

/** Long work with progress: started, listed, cancelled. */
export class Jobs {
  #jobs = new Map<string, { summary: JobSummary; abort: AbortController; ended: Promise<void> }>()
  #listeners = new Set<(job: JobSummary) => void>()
  #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  /** `work` ends the job by returning; what it throws is the job's error, and makes it 'failed'. */
  start(kind: JobSummary['kind'], title: string, work: (progress: Progress) => Promise<void>): JobSummary {
    const summary: JobSummary = {
      id: randomUUID(),
      kind,
      title,
      state: 'running',
      done: 0,
      total: 0,
      stored: 0,
      duplicates: 0,
      notDicom: 0,
      failed: 0,
      refused: [],
      rate: 0,
      startedAt: Date.now(),
      endedAt: null,
      error: null,
    }
    const abort = new AbortController()
    const ended = this.#run(summary, abort.signal, work)
    this.#jobs.set(summary.id, { summary, abort, ended })
    for (const [id, { summary: old }] of this.#jobs) {
      if (this.#jobs.size <= MAX_JOBS) break
      if (old.state !== 'running') this.#jobs.delete(id)
    }
    return copyOf(summary)
  }

  async #run(summary: JobSummary, signal: AbortSignal, work: (progress: Progress) => Promise<void>): Promise<void> {
    let telling: NodeJS.Timeout | undefined
    const past: Array<[time: number, done: number]> = [[Date.now(), 0]]
    const tell = () => {
      telling = undefined
      for (const listener of this.#listeners) listener(copyOf(summary))
    }
    const measure = () => {
      const now = Date.now()
      past.push([now, summary.done])
      while (past.length > 2 && past[0]![0] < now - RATE_MS) past.shift()
      const [time, done] = past[0]!
      summary.rate = ((summary.done - done) * 1000) / Math.max(1, now - time)
      tell()
    }
    const soon = () => {
      telling ??= setTimeout(measure, TELL_EVERY_MS)
    }
    const refuse = (file: string, reason: string) => {
      if (summary.refused.length < MAX_REFUSED) summary.refused.push({ file, reason })
    }
    const looked = () => {
      summary.done++
      soon()
    }
    const progress: Progress = {
      signal,
      total(count) {
        summary.total = count
        soon()
      },
      received(outcome) {
        if (outcome === 'duplicate') summary.duplicates++
        else summary.stored++
        looked()
      },
      passed: looked,
      notDicom(file) {
        summary.notDicom++
        refuse(file, 'This is not a DICOM file.')
        looked()
      },
      failed(file, reason) {
        summary.failed++
        refuse(file, reason)
        looked()
      },
    }
    // Whoever started the job has its summary before the first report about it.
    await Promise.resolve()
    soon()
    try {
      await work(progress)
      summary.state = signal.aborted ? 'cancelled' : 'done'
    } catch (thrown) {
      const error = toIsocenterError(thrown)
      summary.state = signal.aborted ? 'cancelled' : 'failed'
      if (!signal.aborted) summary.error = error.message
      if (!signal.aborted) this.#log.error({ err: error, job: summary.id }, 'a job failed')
    }
    summary.endedAt = Date.now()
    if (summary.state === 'done') summary.total = summary.done
    clearTimeout(telling)
    const seconds = Math.max(0.001, (summary.endedAt - summary.startedAt) / 1000)
    summary.rate = summary.done / seconds
    tell()
    const { id, kind, state, done, stored, duplicates, notDicom, failed } = summary
    this.#log.info({ job: id, kind, state, done, stored, duplicates, notDicom, failed, seconds }, 'a job has ended')
  }

  /** Throws 'not-found'. The job ends within the file it is at. */
  cancel(id: string): JobSummary {
    const job = this.#jobs.get(id)
    if (!job) throw new IsocenterError('not-found', `job ${id}`)
    job.abort.abort()
    return copyOf(job.summary)
  }

  /** Newest first. */
  list(): JobSummary[] {
    return [...this.#jobs.values()].map(({ summary }) => copyOf(summary)).reverse()
  }

  onChange(listener: (job: JobSummary) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Cancels what runs and waits for it. */
  async close(): Promise<void> {
    for (const { abort } of this.#jobs.values()) abort.abort()
    await Promise.all([...this.#jobs.values()].map(({ ended }) => ended))
    this.#listeners.clear()
  }
}

/** Summaries leave this room as values. */
function copyOf(summary: JobSummary): JobSummary {
  return { ...summary, refused: [...summary.refused] }
}
