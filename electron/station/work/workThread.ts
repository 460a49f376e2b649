import { serveThread } from '../base/thread.ts'
import { deidentifyObject } from './export/deidentifyObject.ts'
import { findText } from './findText.ts'
import { lookInto } from './look.ts'
import { renderFrame } from './renderFrame.ts'
import type { SampleObject } from './samples/synthetic.ts'
import { nativeFrameOf } from './transcode/nativeFrameOf.ts'
import { transcode } from './transcode/transcode.ts'

/** What costs time: decoding for thumbnails, building phantoms. A job that must not wait for another has a thread of its own. */
export interface WorkApi {
  lookInto: typeof lookInto
  transcode: typeof transcode
  nativeFrameOf: typeof nativeFrameOf
  renderFrame: typeof renderFrame
  findText: typeof findText
  deidentifyObject: typeof deidentifyObject
  /** How many there will be. */
  sampleCount(): Promise<number>
  /** The next of `sampleObjects`, null behind the last. */
  nextSample(): Promise<SampleObject | null>
}

serveThread((): WorkApi => {
  let objects: Generator<SampleObject> | undefined
  return {
    lookInto,
    transcode,
    nativeFrameOf,
    renderFrame,
    findText,
    deidentifyObject,
    // Loaded when asked for: their phantoms are reckoned for 0.4 s, and most threads only look.
    sampleCount: async () => (await import('./samples/index.ts')).SAMPLE_COUNT,
    async nextSample() {
      objects ??= (await import('./samples/index.ts')).sampleObjects()
      return objects.next().value ?? null
    },
  }
})
