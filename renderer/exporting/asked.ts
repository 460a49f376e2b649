import { create } from 'zustand'
import type { StudySummary } from '../../shared/contract.ts'

/** The studies whose export is being asked about. */
export const useExport = create<{ studies: StudySummary[] | undefined }>(() => ({ studies: undefined }))

/** Opens the dialog over whatever room is open. */
export function askExport(studies: StudySummary[]): void {
  useExport.setState({ studies })
}
