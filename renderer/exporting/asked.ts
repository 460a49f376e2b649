import { create } from 'zustand'
import type { StudySummary } from '../../shared/contract.ts'

/** The study whose export is being asked about, and the one series of it that may leave alone. */
export interface AskedExport {
  study: StudySummary
  series?: { SeriesInstanceUID: string; words: string }
}

export const useExport = create<{ asked: AskedExport | undefined }>(() => ({ asked: undefined }))

/** Opens the dialog over whatever room is open. */
export function askExport(asked: AskedExport): void {
  useExport.setState({ asked })
}
