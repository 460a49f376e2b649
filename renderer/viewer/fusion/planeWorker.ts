import type { ImagePlane } from '../../../shared/viewing/geometry.ts'
import type { Volume } from '../../../shared/viewing/volume/grid.ts'
import { planeValues } from '../../../shared/viewing/volume/planeValues.ts'

/** To the worker: a volume it keeps under a key, that it may let go of it, or a plane that is wanted of it. */
export type PlaneRequest =
  | { kind: 'keep'; key: string; volume: Volume }
  | { kind: 'forget'; key: string }
  | { kind: 'plane'; key: string; id: number; plane: ImagePlane; columns: number; rows: number }

/** `values` are absent where the volume is not here. */
export interface PlaneAnswer {
  id: number
  values: Float32Array<ArrayBuffer> | undefined
}

const volumes = new Map<string, Volume>()

addEventListener('message', ({ data }: MessageEvent<PlaneRequest>) => {
  if (data.kind === 'keep') volumes.set(data.key, data.volume)
  else if (data.kind === 'forget') volumes.delete(data.key)
  else {
    const volume = volumes.get(data.key)
    const values = volume && planeValues(volume, data.plane, data.columns, data.rows)
    const answer = { id: data.id, values } as PlaneAnswer
    postMessage(answer, { transfer: values === undefined ? [] : [values.buffer as ArrayBuffer] })
  }
})
