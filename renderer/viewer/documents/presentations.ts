import { create } from 'zustand'
import {
  allValues,
  type FramePresentation,
  type PresentationState,
  presentationOf,
  tableInImage,
  viewOfState,
  windowInImage,
} from '../../../shared/viewing/documents/presentationState.ts'
import { rescale } from '../../../shared/viewing/grey.ts'
import type { ImageAttributes } from '../../../shared/viewing/image.ts'
import { applyMatrix, fitZoom, type Matrix } from '../../../shared/viewing/view.ts'
import { t } from '../../i18n/index.ts'
import { announce } from '../../ui/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import { goesOn } from '../growth.ts'
import type { Pane } from '../pane.ts'
import type { PaneView } from '../paneState.ts'
import { useSession } from '../session.ts'
import { spacingOf } from '../spacing.ts'
import { mmPerDevicePixel } from '../trueSize.ts'
import { windowToRange } from '../windows.ts'
import { isReading, NO_OBJECTS, useStudyObjects, whenRead } from './studyObjects.ts'

/** What a pane shows by somebody's state: with this stack only, and what that has grown to. */
export interface Presented {
  stack: SeriesStack
  state: PresentationState
  /** The reader keeps his own window, zoom and turn. */
  graphicsOnly: boolean
}

export const usePresented = create<{ panes: Readonly<Record<string, Presented | undefined>> }>(() => ({ panes: {} }))

// A study that is opened again opens as the reader left it; nothing of another one is held.
useSession.subscribe(({ study }, before) => {
  if (study === undefined && before.study !== undefined) usePresented.setState({ panes: {} })
})

function setPresented(pane: Pane, presented: Presented | undefined): void {
  usePresented.setState(({ panes }) => ({ panes: { ...panes, [pane.id]: presented } }))
}

/** Undefined where none is chosen, or it was for another series; one that still arrives is the same. */
export function presentedIn(pane: Pane | undefined): Presented | undefined {
  const presented = pane && usePresented.getState().panes[pane.id]
  return presented !== undefined && goesOn(pane?.stack, presented.stack) ? presented : undefined
}

/** The states of what a pane shows, newest first. */
function statesOf({ manifest, entries }: SeriesStack): PresentationState[] {
  const { states } = useStudyObjects.getState().studies.get(manifest.StudyInstanceUID) ?? NO_OBJECTS
  const here = new Set(entries.map(({ instance }) => instance.SOPInstanceUID))
  return states.filter(({ references }) => references.some(({ SOPInstanceUID }) => here.has(SOPInstanceUID)))
}

/** The next stored state of the series in a pane; after the last, none. */
export async function cyclePresentation(pane: Pane): Promise<void> {
  const { stack } = pane
  if (stack === undefined) return
  if (statesOf(stack).length === 0 && isReading()) {
    await whenRead(t('The presentation states are still being read'))
    if (pane.stack !== stack) return
  }
  const states = statesOf(stack)
  if (states.length === 0) {
    announce('No presentation state is stored for this series')
    return
  }
  const before = presentedIn(pane)
  const next = states[before === undefined ? 0 : states.indexOf(before.state) + 1]
  setPresented(pane, next && { stack, state: next, graphicsOnly: before?.graphicsOnly ?? false })
}

/** A state says how the picture on the pane's screen is seen. */
export function isPresented(pane: Pane): boolean {
  return presentedFrame(pane) !== undefined && !presentedIn(pane)?.graphicsOnly
}

export function toggleGraphicsOnly(pane: Pane): void {
  const presented = presentedIn(pane)
  if (presented !== undefined) setPresented(pane, { ...presented, graphicsOnly: !presented.graphicsOnly })
}

/** What the state of a pane says of the frame on its screen. */
export function presentedFrame(pane: Pane): FramePresentation | undefined {
  const presented = presentedIn(pane)
  const { stack, shown } = pane.state.getState()
  const entry = stack?.entries[shown ?? -1]
  if (presented === undefined || entry === undefined) return undefined
  return presentationOf(presented.state, entry.instance.SOPInstanceUID, entry.frame)
}

/**
 * What was applied to a pane last: an image with the same window and area leaves what the reader did since. One with another rescale
 * (PET) has the same window in other values.
 */
const applied = new WeakMap<Pane, { state: PresentationState; area: unknown; window: unknown; rescale: string }>()

/** Makes the picture look as its state says, or as the reader had it where no state is chosen or it does not mean this frame. */
export async function applyPresentation(pane: Pane): Promise<void> {
  const presented = presentedIn(pane)
  const frame = presentedFrame(pane)
  const imageId = pane.entry?.imageId
  const described = describeFrame(imageId ?? '')
  if (presented === undefined || presented.graphicsOnly || frame === undefined || described === undefined) {
    if (applied.delete(pane)) pane.present(undefined)
    return
  }
  const { state } = presented
  const { attributes } = described
  const { area, window } = frame
  const now = { state, area, window, rescale: JSON.stringify(rescale(attributes)) }
  const before = applied.get(pane)
  const isAlike =
    before?.state === state && before.area === area && before.window === window && before.rescale === now.rescale
  if (pane.presented && isAlike) return
  const mm = area?.mode === 'TRUE SIZE' ? await mmPerDevicePixel() : undefined
  // The reader may have gone on meanwhile.
  if (presentedIn(pane) !== presented || pane.entry?.imageId !== imageId) return
  applied.set(pane, now)
  pane.present({
    attributes: presentedAttributes(state, frame, attributes),
    view: presentedView(pane, state, frame, attributes, mm),
  })
}

/** What stands in the place of the image's own: a VOI LUT opens where there is no window. */
function presentedAttributes(
  state: PresentationState,
  { window }: FramePresentation,
  attributes: ImageAttributes,
): ImageAttributes {
  const table = window?.table && tableInImage(window.table, state.rescale, rescale(attributes))
  return {
    ...(table && { VOILUT: [table], WindowCenter: [], WindowWidth: [] }),
    ...(window?.kind !== undefined && { VOILUTFunction: window.kind }),
  }
}

/** What of a state's greys cannot be said in an image's own values, in words: its table has other steps than they. */
export function lacking(
  { rescale: own }: PresentationState,
  { window }: FramePresentation,
  attributes: ImageAttributes,
): string[] {
  const isLost = window?.table !== undefined && tableInImage(window.table, own, rescale(attributes)) === undefined
  return isLost ? ['its table of greys'] : []
}

/** Window, polarity and turn of a state, in an image's own values. */
export function greysAndTurn(
  state: PresentationState,
  window: FramePresentation['window'],
  attributes: ImageAttributes,
): PaneView {
  const { center, width } = window ?? {}
  // A state's own shape stands for the polarity that MONOCHROME1 is (PS3.3 C.11.6).
  const inverted =
    state.inverse !== undefined && state.inverse !== (attributes.PhotometricInterpretation === 'MONOCHROME1')
  const range =
    center !== undefined && width !== undefined
      ? windowToRange(windowInImage({ center, width }, state.rescale, rescale(attributes)), window?.kind)
      : window === undefined && state.rescale !== undefined
        ? allValues(attributes, rescale(attributes))
        : undefined
  return { range, inverted, ...viewOfState(state) }
}

function presentedView(
  pane: Pane,
  state: PresentationState,
  { area, window }: FramePresentation,
  attributes: ImageAttributes,
  mm: number | undefined,
): PaneView {
  const view = greysAndTurn(state, window, attributes)
  if (area === undefined) return view
  const { Rows = 0, Columns = 0 } = attributes
  const [row, column] = spacingOf(attributes)
  const aspect = row / column
  const shape = { columns: area.to[0] - area.from[0], rows: area.to[1] - area.from[1], aspect }
  const fitted = area.mode !== 'MAGNIFY' && (area.mode !== 'TRUE SIZE' || mm === undefined || !area.spacing)
  const all = area.from[0] <= 0 && area.from[1] <= 0 && area.to[0] >= Columns && area.to[1] >= Rows
  if (fitted && all) return view
  const box = pane.element.getBoundingClientRect()
  const size = { width: box.width * devicePixelRatio, height: box.height * devicePixelRatio }
  const centre: [number, number] = [(area.from[0] + area.to[0]) / 2, (area.from[1] + area.to[1]) / 2]
  if (fitted) return { ...view, centre, zoom: fitZoom(size, shape, view.quarterTurns) }
  const zoom = area.mode === 'MAGNIFY' ? (area.magnification ?? 1) : (area.spacing?.[1] ?? column) / (mm ?? column)
  return { ...view, centre, zoom }
}

/** Where the displayed area lies on the screen, CSS pixels: what DISPLAY coordinates are parts of. */
export function areaBox(
  { area }: FramePresentation,
  { Rows = 0, Columns = 0 }: ImageAttributes,
  transform: Matrix,
): { x: number; y: number; width: number; height: number } {
  const corners = [area?.from ?? [0, 0], area?.to ?? [Columns, Rows]].map(point =>
    applyMatrix(transform, point as [number, number]),
  )
  const [x, y] = [Math.min(corners[0]![0], corners[1]![0]), Math.min(corners[0]![1], corners[1]![1])]
  return { x, y, width: Math.abs(corners[1]![0] - corners[0]![0]), height: Math.abs(corners[1]![1] - corners[0]![1]) }
}
