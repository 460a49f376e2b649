import type { PatientFacts } from './facts.ts'
import { answers, describePrior, describeSelector, type Placed, placeStage, priorsBy } from './place.ts'
import type { HangingProtocol, HangingStage } from './rules.ts'
import { says } from './words.ts'

/** Why a protocol is for a study, in words, and how well it fits; or why it is not. */
export type Matched = { score: number; because: string[] } | { refusal: string }

/** A region that the order names counts more than one that a series mentions. */
const SCORES = { modality: 10, region: 6, regionOfSeries: 3, words: 4, has: 2, prior: 2, displays: 2, windows: 2 }

export function matchProtocol({ match, weight = 0 }: HangingProtocol, patient: PatientFacts): Matched {
  const { current } = patient
  const sets = current.sets ?? []
  const because: string[] = []
  let score = weight
  const counts = (points: number, words: string) => {
    score += points
    because.push(words)
  }
  if (match.modality) {
    const found = match.modality.filter(one => current.modalities.includes(one))
    if (found.length === 0) return { refusal: `for ${match.modality.join(', ')}` }
    counts(SCORES.modality, found.join('/'))
  }
  if (match.region) {
    const named = match.region.filter(one => current.regions.includes(one))
    const found = named.length > 0 ? named : match.region.filter(one => sets.some(set => set.regions.includes(one)))
    if (found.length === 0) return { refusal: `for ${match.region.join(', ')}` }
    counts(named.length > 0 ? SCORES.region : SCORES.regionOfSeries, found.join('/'))
  }
  const said = [...current.words, ...sets.flatMap(({ words }) => words)]
  if (match.words) {
    const found = match.words.find(one => says(said, one))
    if (found === undefined) return { refusal: `for studies described by “${match.words.join('”, “')}”` }
    counts(SCORES.words, `“${found}”`)
  }
  const excluded = match.without?.find(one => says(current.words, one))
  if (excluded !== undefined) return { refusal: `not for “${excluded}”` }
  for (const wanted of match.has ?? []) {
    if (!sets.some(set => answers(wanted, set) !== 'no')) return { refusal: `no ${describeSelector(wanted)}` }
    counts(SCORES.has, describeSelector(wanted))
  }
  if (match.prior) {
    if (patient.priors && priorsBy(match.prior, patient).length < match.prior.nth) {
      return { refusal: `no ${describePrior(match.prior)}` }
    }
    counts(SCORES.prior, describePrior(match.prior))
  }
  for (const what of ['displays', 'windows'] as const) {
    const least = match[what]
    if (least === undefined) continue
    if (patient[what] < least) return { refusal: `for ${least} ${what}` }
    counts(SCORES[what], `${least} ${what}`)
  }
  return { score, because }
}

/** Why a stage cannot be filled; undefined when it can, as far as is known. */
export function stageRefusal({ panes }: HangingStage, placed: readonly Placed[]): string | undefined {
  if (placed.every(({ kind }) => kind === 'none')) return placed[0]?.kind === 'none' ? placed[0].words : 'empty'
  for (const [at, one] of placed.entries()) {
    if (one.kind === 'none' && (one.missing || !panes[at]?.optional)) return one.words
  }
  return undefined
}

export interface Verdict {
  protocol: HangingProtocol
  /** Of the stages, those that can be filled. */
  stages: number[]
  because: string[]
  score: number
  /** Why it is not for the study, or no stage can be filled; '' when it can be hung. */
  refusal: string
  /** Of stages that are left out. */
  leftOut: string[]
}

/** All protocols, the best first: those that can be hung, then the others with the reason. `own` are a reader's: before all that ship. */
export function judgeProtocols(
  own: readonly HangingProtocol[],
  shipped: readonly HangingProtocol[],
  patient: PatientFacts,
): Verdict[] {
  const judge = (protocol: HangingProtocol): Verdict => {
    const matched = matchProtocol(protocol, patient)
    if ('refusal' in matched) {
      return { protocol, stages: [], because: [], score: -1000, refusal: matched.refusal, leftOut: [] }
    }
    const refusals = protocol.stages.map(stage => stageRefusal(stage, placeStage(stage, patient)))
    const stages = refusals.flatMap((refusal, at) => (refusal === undefined ? [at] : []))
    const leftOut = refusals.flatMap((refusal, at) =>
      refusal === undefined ? [] : [`${protocol.stages[at]?.name}: ${refusal}`],
    )
    const refusal = stages.length > 0 ? '' : (leftOut[0] ?? '')
    return { protocol, stages, ...matched, refusal, leftOut }
  }
  const sorted = (all: readonly HangingProtocol[]) => all.map(judge).sort((a, b) => b.score - a.score)
  const judged = [...sorted(own), ...sorted(shipped)]
  return [...judged.filter(({ refusal }) => refusal === ''), ...judged.filter(({ refusal }) => refusal !== '')]
}
