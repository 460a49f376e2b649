import { create } from 'zustand'
import type { Mark, MarkKind } from '../../../shared/viewing/draft.ts'
import type { SpineDirection } from '../../../shared/viewing/measure/spine.ts'
import { mayMeasure } from '../../selftest/index.ts'

/** Tools that draw a mark which is not kept: what it says of the image is. */
export type Service = 'calibrate' | 'spotWindow'
export type MarkTool = MarkKind | Service

/** The kind of mark a tool draws. */
export function kindDrawnBy(tool: MarkTool): MarkKind {
  if (tool === 'calibrate') return 'length'
  return tool === 'spotWindow' ? 'rectangle' : tool
}

/** A mark between press and release: it stands in for the kept one, and is kept when the hand lets go. */
export interface LiveMark {
  pane: string
  StudyInstanceUID: string
  /** Of the frame it is on. */
  imageId: string
  mark: Mark
  /** What it is drawn for, when it will not be kept. */
  serves?: Service
  /** The mark as kept; absent while it is being drawn. */
  before?: Mark
  /** Its words are being written. */
  writing?: boolean
}

interface MarksState {
  /** The measuring tool in hand; undefined = the viewer's own tools have the left button. */
  tool: MarkTool | undefined
  /** It stays after one use. */
  stays: boolean
  live: LiveMark | undefined
  selected: string | undefined
  hovered: string | undefined
  listed: boolean
  /** No mark is shown, for a look at the image alone. */
  hidden: boolean
  /** How much the magnifier enlarges; undefined = put away. */
  glass: number | undefined
  /** The histogram of the selected area is open. */
  histogram: boolean
  /** It is asked where the selected mark is to be copied to. */
  copying: boolean
  /** How vertebrae are counted; `next`: chosen by the reader for the one to come. */
  spine: { direction: SpineDirection; next?: string }
}

export const useMarks = create<MarksState>(() => ({
  tool: undefined,
  stays: false,
  live: undefined,
  selected: undefined,
  hovered: undefined,
  listed: false,
  hidden: false,
  glass: undefined,
  histogram: false,
  copying: false,
  spine: { direction: 'down' },
}))

/** Renders anew whatever shows the state of the tools: which is in hand, whether it stays, what is open and hidden. */
export function useMarkTools(): void {
  useMarks(({ tool, stays, listed, hidden, glass }) => `${tool} ${stays} ${listed} ${hidden} ${glass}`)
}

/** Takes a measuring tool, for one use; taken a second time it stays, a third time it is put away. */
export function takeMarkTool(tool: MarkTool): void {
  if (!mayMeasure({ kind: kindDrawnBy(tool) })) return
  const { tool: before, stays } = useMarks.getState()
  // A spine has more than one vertebra.
  const anew = { tool, stays: tool === 'vertebra', live: undefined, selected: undefined, hidden: false }
  if (tool !== before) useMarks.setState(anew)
  else if (!stays) useMarks.setState({ stays: true })
  else putAwayMarkTool()
}

export function markToolInHand(): boolean {
  return useMarks.getState().tool !== undefined
}

export function putAwayMarkTool(): void {
  useMarks.setState({ tool: undefined, stays: false, live: undefined })
}

/** A mark has been drawn: the tool before has the left button again, unless this one was told to stay. */
export function markToolUsed(): void {
  if (!useMarks.getState().stays) useMarks.setState({ tool: undefined })
}
