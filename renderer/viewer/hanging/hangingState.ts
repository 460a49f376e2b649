import { create } from 'zustand'
import type { StudySummary } from '../../../shared/contract.ts'
import type { SetFacts } from '../../../shared/viewing/hanging/facts.ts'
import type { Verdict } from '../../../shared/viewing/hanging/match.ts'

/** What a protocol has hung of the open study. */
export interface Hung {
  StudyInstanceUID: string
  verdict: Verdict
  /** Of the protocol's stages. */
  stage: number
  /** By pane: what was hung; undefined while a pane waits, or stays empty. */
  panes: Array<SetFacts | undefined>
  /** By pane, in words. */
  because: string[]
  /** Changed layouts are the reader's: then nothing is hung any more. */
  layout: { rows: number; columns: number }
}

interface Hanging {
  hung: Hung | undefined
  /** The patient's other studies, as far as they are known: what the newest opening found. */
  others: StudySummary[] | undefined
  /** The first picture is on the screen: what else has to be known may be asked for. */
  shown: boolean
  /** The list of protocols, or the form for a new one, is open. */
  open: 'choose' | 'save' | undefined
}

export const useHanging = create<Hanging>(() => ({ hung: undefined, others: undefined, shown: false, open: undefined }))

let depth = 0

/** What is changed meanwhile is a protocol's doing, not the reader's: no draft keeps it. */
export function byRule(change: () => void): void {
  depth++
  try {
    change()
  } finally {
    depth--
  }
}

export function isByRule(): boolean {
  return depth > 0
}
