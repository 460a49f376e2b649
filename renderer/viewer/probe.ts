import { isLoaded } from './frameLoader.ts'
import { currentEngine, livePanes } from './session.ts'
import { timings } from './timings.ts'

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
  }>
  /** The canvas of a viewport, device pixels. */
  readPixels(id: string): ImageData | undefined
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
        const { stack, shown, index, loading, range } = pane.state.getState()
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
            settled: shown === index && !loading,
            range,
          },
        ]
      }),
    readPixels: id =>
      livePanes()
        .find(pane => pane.id === id)
        ?.readPixels(),
    rendering: () => {
      const { rendering, renderer } = currentEngine()
      return { path: rendering, renderer }
    },
    timings,
  }
}
