import { create } from 'zustand'
import type { StudySummary } from '../../../shared/contract.ts'
import type { SetFacts } from '../../../shared/viewing/hanging/facts.ts'
import type { Verdict } from '../../../shared/viewing/hanging/match.ts'
import type { Pane } from '../pane.ts'
import type { PaneView } from '../paneState.ts'
import type { VoiRange } from '../windows.ts'

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

// What a rule made of display sets where it hung them last: nothing the reader set, and nothing to take up elsewhere.
const ranges = new Map<string, VoiRange>()
const sizes = new Map<string, string>()

const sized = ({ zoom, centre, quarterTurns, mirrored }: PaneView) =>
  JSON.stringify([zoom, centre, quarterTurns, mirrored])

/** The window a rule gave a set; undefined: it gave none. */
export function noteGivenRange(set: string, range: VoiRange | undefined): void {
  if (range === undefined) ranges.delete(set)
  else ranges.set(set, range)
}

/** The size, place and turn a rule gave a set. */
export function noteGivenSize(set: string, view: PaneView): void {
  sizes.set(set, sized(view))
}

/** Size, place and turn are still as a rule gave them. */
export function isSizeGiven(set: string, view: PaneView): boolean {
  return sizes.get(set) === sized(view)
}

/** A view without what a rule gave of it. */
export function ownView(set: string, view: PaneView): PaneView {
  const { zoom, centre, range, ...rest } = view
  const given = ranges.get(set)
  const isRangeGiven = given?.lower === range?.lower && given?.upper === range?.upper
  return {
    ...rest,
    ...(range && !isRangeGiven && { range }),
    ...(zoom !== undefined && centre !== undefined && !isSizeGiven(set, view) && { zoom, centre }),
  }
}

const looks = new WeakMap<Pane, (kept: PaneView) => void>()

/** Who gives a pane its look when a view was brought back in it. */
export function onBroughtBack(pane: Pane, look: (kept: PaneView) => void): void {
  looks.set(pane, look)
}

/** A pane has the view back in which its set was left: what that does not say is again as its protocol has it. */
export function broughtBack(pane: Pane, kept: PaneView): void {
  looks.get(pane)?.(kept)
}

/** Whether the reader has panes linked; what a protocol says of it holds for its stage alone. */
let ownLinked = true

export function linkedByReader(): boolean {
  return ownLinked
}

export function noteLinked(linked: boolean): void {
  ownLinked = linked
}

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
