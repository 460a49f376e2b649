import { create } from 'zustand'
import type { Mark, MarkKind } from '../../../shared/viewing/draft.ts'
import { mayMeasure } from '../../selftest/index.ts'

/** A mark between press and release: it stands in for the kept one, and is kept when the hand lets go. */
export interface LiveMark {
  pane: string
  StudyInstanceUID: string
  mark: Mark
  /** The mark as kept; absent while it is being drawn. */
  before?: Mark
  /** Its words are being written. */
  writing?: boolean
}

interface MarksState {
  /** The measuring tool in hand; undefined = the viewer's own tools have the left button. */
  tool: MarkKind | undefined
  /** It stays after one use. */
  stays: boolean
  live: LiveMark | undefined
  selected: string | undefined
  hovered: string | undefined
  listed: boolean
}

export const useMarks = create<MarksState>(() => ({
  tool: undefined,
  stays: false,
  live: undefined,
  selected: undefined,
  hovered: undefined,
  listed: false,
}))

/** Renders anew whatever shows the state of the tools: which is in hand, whether it stays, whether the list is open. */
export function useMarkTools(): void {
  useMarks(({ tool, stays, listed }) => `${tool} ${stays} ${listed}`)
}

/** Takes a measuring tool, for one use; taken a second time it stays, a third time it is put away. */
export function takeMarkTool(tool: MarkKind): void {
  if (!mayMeasure({ kind: tool })) return
  const { tool: before, stays } = useMarks.getState()
  if (tool !== before) useMarks.setState({ tool, stays: false, live: undefined, selected: undefined })
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
