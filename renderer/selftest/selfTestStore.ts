import { create } from 'zustand'
import {
  type KeptResult,
  type Measuring,
  NOTHING_WRONG,
  refusalOf,
  shortRefusalOf,
  type TestCell,
  type Verdict,
} from '../../shared/viewing/selftest/verdict.ts'
import { announceFailure } from '../ui/index.ts'

interface SelfTestState {
  /** What must not be trusted on this machine, as its last run found. */
  verdict: Verdict
  /** That run, here or before this window was opened; undefined = there was none with this version, browser and graphics card. */
  result: KeptResult | undefined
  /** All its checks, where it was run in this window. */
  cells: TestCell[] | undefined
  /** Phantoms tried and all of them, while it runs. */
  running: { done: number; of: number } | undefined
  /** Why the last run came to no end. */
  trouble: string | undefined
}

export const useSelfTest = create<SelfTestState>(() => ({
  verdict: NOTHING_WRONG,
  result: undefined,
  cells: undefined,
  running: undefined,
  trouble: undefined,
}))

/**
 * Whether it may be measured here: with a tool, on an image in a transfer syntax; without them, at all. The one question others ask
 * before they show a figure.
 */
export function measuringAllowed(measuring: Measuring = {}): boolean {
  return refusalOf(useSelfTest.getState().verdict, measuring) === undefined
}

/** The same, of a reader who is about to measure: a refusal is said. */
export function mayMeasure(measuring: Measuring = {}): boolean {
  const refusal = shortRefusalOf(useSelfTest.getState().verdict, measuring)
  if (refusal !== undefined) announceFailure('Not measured.', refusal)
  return refusal === undefined
}
