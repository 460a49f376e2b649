import { serveThread } from '../base/thread.ts'
import { lookInto } from './look.ts'
import { sampleObjects } from './samples/index.ts'
import type { SampleObject } from './samples/synthetic.ts'

/** What costs time: decoding for thumbnails, building phantoms. A job that must not wait for another has a thread of its own. */
export interface WorkApi {
  lookInto: typeof lookInto
  /** The next of `sampleObjects`, null behind the last. */
  nextSample(): SampleObject | null
}

serveThread((): WorkApi => {
  const samples = sampleObjects()
  return {
    lookInto,
    nextSample: () => samples.next().value ?? null,
  }
})
