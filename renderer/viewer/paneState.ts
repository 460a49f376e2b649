import type { ImageAttributes } from '../../shared/viewing/image.ts'
import type { PaletteName } from '../../shared/viewing/palettes.ts'
import type { Matrix, View } from '../../shared/viewing/view.ts'
import type { SeriesStack } from './catalog.ts'
import type { VoiRange } from './windows.ts'

/** What a pane shows, for the overlays. `shown` always belongs to the pixels on the screen; `index` is what is wanted. */
export interface PaneState {
  stack: SeriesStack | undefined
  index: number
  /** The entry whose pixels are on the screen. */
  shown: number | undefined
  range: VoiRange | undefined
  /** Device pixels of the screen for the width of one pixel of the image. */
  zoom: number
  /** Image coordinates (shared/viewing/view.ts) to CSS pixels of the pane; undefined while nothing is shown. */
  transform: Matrix | undefined
  quarterTurns: View['quarterTurns']
  mirrored: boolean
  /** By the reader: black and white exchanged. */
  inverted: boolean
  palette: PaletteName
  nearest: boolean
  playing: boolean
  /** Why there is no picture at `index`. */
  reason: string | undefined
  loading: boolean
}

/** Of a pane that shows nothing. */
export const EMPTY_PANE: PaneState = {
  stack: undefined,
  index: 0,
  shown: undefined,
  range: undefined,
  zoom: 1,
  transform: undefined,
  quarterTurns: 0,
  mirrored: false,
  inverted: false,
  palette: 'grey',
  nearest: false,
  playing: false,
  reason: undefined,
  loading: false,
}

/** What a reader has set in a pane, as a draft keeps it. */
export interface PaneView {
  /** Absent = as stored. */
  range?: VoiRange | undefined
  inverted: boolean
  quarterTurns: View['quarterTurns']
  mirrored: boolean
  /** Absent = fitted. */
  zoom?: number | undefined
  centre?: [number, number] | undefined
}

/** A picture as somebody's presentation state says. */
export interface PanePresentation {
  /** In place of the image's own. */
  attributes: ImageAttributes
  view: PaneView
}

export interface PaneListener {
  /** What is wanted has changed: the load order follows. */
  onMoved: () => void
  /** The reader set a window: it sticks to the series, in every pane. */
  onWindow: (SeriesInstanceUID: string, range: VoiRange | undefined) => void
}
