import { useEffect, useReducer } from 'react'
import { useSelfTest } from '../../selftest/index.ts'
import { useTextSize } from '../../ui/index.ts'
import { onSlides } from '../slides/openSlides.ts'
import { useUptake } from '../uptake.ts'
import { draftOf } from './drafts.ts'
import { useMarks } from './marksStore.ts'
import { type MarkedPane, type ShownFrame, shownFrame } from './onPane.ts'

/** What a pane shows; renders anew when its picture, the marks in hand, the size of the text, the self-test's verdict, or the study's draft change. */
export function useShownFrame(pane: MarkedPane | undefined): ShownFrame | undefined {
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useTextSize()
  useEffect(() => {
    if (pane === undefined) return
    let unsubscribe = () => {}
    let study: string | undefined
    const followDraft = () => {
      const shown = shownFrame(pane)
      if (shown?.StudyInstanceUID === study) return
      unsubscribe()
      study = shown?.StudyInstanceUID
      unsubscribe = study === undefined ? () => {} : draftOf(study).state.subscribe(redraw)
    }
    followDraft()
    const stops = [
      pane.state.subscribe((now, before) => {
        if (now.shown === before.shown && now.transform === before.transform && now.stack === before.stack) return
        followDraft()
        redraw()
      }),
      useMarks.subscribe(redraw),
      useUptake.subscribe(redraw),
      onSlides(redraw),
      useSelfTest.subscribe((now, before) => now.verdict !== before.verdict && redraw()),
    ]
    return () => {
      unsubscribe()
      for (const stop of stops) stop()
    }
  }, [pane])
  return shownFrame(pane)
}
