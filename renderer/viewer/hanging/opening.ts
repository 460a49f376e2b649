import type { SeriesSummary, StudySummary } from '../../../shared/contract.ts'
import type { PatientFacts, SetFacts } from '../../../shared/viewing/hanging/facts.ts'
import { judgeProtocols, type Verdict } from '../../../shared/viewing/hanging/match.ts'
import { type Placed, placeStage } from '../../../shared/viewing/hanging/place.ts'
import { hangingRulesAreHere, SHIPPED, useHangingRules } from '../../hanging/index.ts'
import { windowNumber, windowsHere } from '../../otherWindows.ts'
import { patientStudies } from '../../series/index.ts'
import type { SeriesStack } from '../catalog.ts'
import { openStacks } from '../stacks.ts'
import type { Assignment } from '../strip.ts'
import { reformatSetId } from '../volume/reformats.ts'
import { patientFacts } from './facts.ts'
import { type Hung, linkedByReader } from './hangingState.ts'

/** Manifests that the first picture may wait for: where none of so many can be hung, it is done without a protocol. */
const MOST_MANIFESTS = 8

export interface ByRule {
  layout: { rows: number; columns: number }
  assigned: Array<Assignment | undefined>
  active: number
  linked: boolean
}

export function judge(patient: PatientFacts): Verdict[] {
  return judgeProtocols(useHangingRules.getState().protocols, SHIPPED, patient)
}

/** A set as a pane is given it. */
export function assignmentFor(set: SetFacts, { verdict, stage }: Pick<Hung, 'verdict' | 'stage'>, at: number) {
  const { StudyInstanceUID, SeriesInstanceUID } = set
  const mpr = verdict.protocol.stages[stage]?.panes[at]?.look?.mpr
  return { StudyInstanceUID, SeriesInstanceUID, id: mpr ? reformatSetId(set.id, mpr) : set.id }
}

/** What a stage makes of the panes. */
export function plan(
  StudyInstanceUID: string,
  verdict: Verdict,
  at: number,
  placed: readonly Placed[],
): { hung: Hung; session: ByRule } {
  const stage = verdict.protocol.stages[at]!
  const layout = { rows: stage.rows, columns: stage.columns }
  const panes = placed.map(one => (one.kind === 'hang' ? one.set : undefined))
  const because = placed.map(one => (one.kind === 'hang' ? one.because : one.kind === 'none' ? one.words : ''))
  const hung: Hung = { StudyInstanceUID, verdict, stage: at, panes, because, layout }
  const assigned = panes.map((set, index) => set && assignmentFor(set, hung, index))
  // The first of the study itself; a prior above it is looked at second.
  const own = panes.findIndex(set => set?.StudyInstanceUID === StudyInstanceUID)
  const active = own === -1 ? panes.findIndex(set => set !== undefined) : own
  const { linked = linkedByReader() } = stage
  return { hung, session: { layout, assigned, active: Math.max(0, active), linked } }
}

/** The patient's other studies, as a protocol may ask for them; none where it does not, or they cannot be had. */
export async function othersForRule(study: StudySummary): Promise<StudySummary[]> {
  await hangingRulesAreHere()
  if (!useHangingRules.getState().automatic || study.priors === 0) return []
  return patientStudies(study.StudyInstanceUID).catch(() => [])
}

/**
 * How a study that is opened is hung by protocol; undefined: as without. Asks for no more than the first picture needs anyway: the
 * manifest of the series it is in, and the list of the patient's studies where there are any (`known`: it is on its way).
 */
export async function openByRule(
  study: StudySummary,
  series: SeriesSummary[],
  known: Promise<StudySummary[]> = othersForRule(study),
): Promise<{ hung: Hung; others: StudySummary[]; session: ByRule } | undefined> {
  const others = await known
  const { automatic, windows } = useHangingRules.getState()
  if (!automatic) return undefined
  const { StudyInstanceUID } = study
  const stacks = new Map<string, SeriesStack[]>()
  for (let read = 0; read <= MOST_MANIFESTS; read++) {
    const patient = patientFacts({ study, series, stacks }, others, () => undefined, windowsHere())
    const verdict = judge(patient).find(({ refusal }) => refusal === '')
    if (verdict === undefined) return undefined
    const kept = windows[`${verdict.protocol.id} ${windowNumber()}`]
    const byTurn = verdict.stages[Math.min(windowNumber(), verdict.stages.length) - 1]!
    const stage = kept !== undefined && verdict.stages.includes(kept) ? kept : byTurn
    const placed = placeStage(verdict.protocol.stages[stage]!, patient)
    if (placed.some(({ kind }) => kind === 'hang')) {
      return { ...plan(StudyInstanceUID, verdict, stage, placed), others }
    }
    const asked = placed.find(one => one.kind === 'wait' && one.series !== undefined && one.study === StudyInstanceUID)
    if (asked?.kind !== 'wait' || asked.series === undefined || stacks.has(asked.series)) return undefined
    // What cannot be read says so in the pane it hangs in.
    const laidOut = await openStacks(StudyInstanceUID, asked.series).catch(() => undefined)
    if (laidOut === undefined) return undefined
    stacks.set(asked.series, laidOut)
  }
  return undefined
}
