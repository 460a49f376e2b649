import { useStore } from 'zustand'
import { createStore } from 'zustand/vanilla'
import { EMPTY_DRAFT } from '../../../shared/viewing/draft.ts'
import type { DraftState } from './draftKeeper.ts'
import { draftOf } from './drafts.ts'

const NOTHING = createStore<DraftState>(() => ({ draft: EMPTY_DRAFT, saved: true, trouble: undefined }))

/** Renders anew what says how large a pixel is, when a reader calibrates a display set of the study or takes it back. */
export function useCalibrations(StudyInstanceUID: string | undefined): void {
  const { state } = StudyInstanceUID === undefined ? { state: NOTHING } : draftOf(StudyInstanceUID)
  useStore(state, ({ draft }) => draft.calibrations)
}
