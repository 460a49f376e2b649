import { opensWithVOILUT } from '../../shared/viewing/grey.ts'
import type { Matrix } from '../../shared/viewing/view.ts'
import { describeFrame } from './catalog.ts'
import { renderingPath } from './engine.ts'
import { isLoaded } from './frameLoader.ts'
import { studyAhead } from './readAhead.ts'
import { currentEngine, livePanes } from './session.ts'
import { timings } from './timings.ts'
import { isCoarse } from './volume/coarse.ts'

interface ShownImage {
  pixels: ArrayLike<number>
  slope: number
  intercept: number
  VOILUTFunction: string
  /** It opens with its VOI LUT instead of a window. */
  byVOILUT: boolean
}

/** What tests and the benchmark may read of the viewer; it changes nothing. */
export interface IsocenterProbe {
  /** The panes in use, with what their pixels show now. */
  viewports(): Array<{
    id: string
    seriesUID: string
    SOPInstanceUID: string
    frame: number
    /** The stack's images in the cache, and all of them. */
    loaded: number
    images: number
    /** False while the wanted image is still on its way: then the pixels are of `SOPInstanceUID`, not of the wanted one. */
    settled: boolean
    range: { lower: number; upper: number } | undefined
    /** Image coordinates to CSS pixels (shared/viewing/view.ts). */
    transform: Matrix | undefined
  }>
  /** The display set each pane in use has, and why it shows nothing, if it does not. */
  panes(): Array<{ id: string; seriesUID: string; set: string; reason: string | undefined }>
  /** The samples under the picture: modality values but for slope and intercept, or RGB. */
  image(id: string): ShownImage | undefined
  /** The canvas of a viewport, device pixels. */
  readPixels(id: string): ImageData | undefined
  /** The study that was read ahead whole. */
  studyAhead(): string | undefined
  rendering(): { path: 'cpu' | 'gl'; renderer: string }
  readonly timings: Readonly<typeof timings>
}

declare global {
  interface Window {
    isocenter: IsocenterProbe
  }
}

export function installProbe(): void {
  window.isocenter = {
    viewports: () =>
      livePanes().flatMap(pane => {
        const { stack, shown, index, loading, range, transform } = pane.state.getState()
        const entry = stack?.entries[shown ?? -1]
        if (stack === undefined || entry === undefined) return []
        return [
          {
            id: pane.id,
            seriesUID: stack.manifest.SeriesInstanceUID,
            SOPInstanceUID: entry.instance.SOPInstanceUID,
            frame: entry.frame,
            loaded: stack.imageIds.filter(isLoaded).length,
            images: stack.imageIds.length,
            settled: shown === index && !loading && !isCoarse(entry.imageId),
            range,
            transform,
          },
        ]
      }),
    panes: () =>
      livePanes().flatMap(pane => {
        const { stack, reason } = pane.state.getState()
        if (stack === undefined) return []
        return [{ id: pane.id, seriesUID: stack.manifest.SeriesInstanceUID, set: stack.set.id, reason }]
      }),
    image: id => {
      const image = livePanes().find(pane => pane.id === id)?.image
      const attributes = describeFrame(image?.imageId ?? '')?.attributes
      if (image === undefined || attributes === undefined) return undefined
      const { slope, intercept } = image
      const { VOILUTFunction = 'LINEAR' } = attributes
      return { pixels: image.getPixelData(), slope, intercept, VOILUTFunction, byVOILUT: opensWithVOILUT(attributes) }
    },
    readPixels: id =>
      livePanes()
        .find(pane => pane.id === id)
        ?.readPixels(),
    studyAhead,
    rendering: () => {
      const engine = currentEngine()
      return { path: renderingPath(engine), renderer: engine.renderer }
    },
    timings,
  }
}
