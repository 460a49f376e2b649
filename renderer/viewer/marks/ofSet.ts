import { useStore } from 'zustand'
import { createStore } from 'zustand/vanilla'
import { type DisplayShutter, EMPTY_DRAFT } from '../../../shared/viewing/draft.ts'
import type { DraftState } from './draftKeeper.ts'
import { draftOf } from './drafts.ts'

const NOTHING = createStore<DraftState>(() => ({ draft: EMPTY_DRAFT, saved: true, trouble: undefined }))

/** Renders anew what says how large a pixel is, when a reader calibrates a display set of the study or takes it back. */
export function useCalibrations(StudyInstanceUID: string | undefined): void {
  useStore(stateOf(StudyInstanceUID), ({ draft }) => draft.calibrations)
}

/** What the reader has covered of a display set's images. */
export function useKeptShutter(StudyInstanceUID: string | undefined, displaySet: string): DisplayShutter | undefined {
  return useStore(stateOf(StudyInstanceUID), ({ draft }) => draft.shutters[displaySet]) ?? undefined
}

function stateOf(StudyInstanceUID: string | undefined) {
  return StudyInstanceUID === undefined ? NOTHING : draftOf(StudyInstanceUID).state
}
