import type { PatientFacts, SetFacts, StudyFacts } from './facts.ts'
import type { HangingPane, HangingStage, PriorRule, Selector } from './rules.ts'
import { says } from './words.ts'

type Answer = 'yes' | 'no' | 'maybe'

/** What a pane gets. `wait`: this has to be known first; `none`: there is nothing such, in words. */
export type Placed =
  | { kind: 'hang'; set: SetFacts; because: string }
  | { kind: 'wait'; study: string; series?: string }
  /** `missing`: the study itself. */
  | { kind: 'none'; words: string; missing?: true }

/** Of what the manifest tells and a summary does not. */
function told<T>(set: SetFacts, value: T | undefined, holds: (value: T) => boolean): Answer {
  return value === undefined ? (set.known ? 'no' : 'maybe') : holds(value) ? 'yes' : 'no'
}

const READ = new Set<SetFacts['kind']>(['stack', 'cine'])

/** Whether a set is what a selector asks for; scouts, screen saves and reports never are. */
export function answers(wanted: Selector, set: SetFacts): Answer {
  const { modality, region, words, without, laterality, view, imageType, plane, images, contrast } = wanted
  // What most sets fail at comes first.
  if (modality && !modality.includes(set.Modality)) return 'no'
  if (!READ.has(set.kind)) return 'no'
  if (contrast !== undefined && (set.contrast ?? false) !== contrast) return 'no'
  if (region && !region.some(one => set.regions.includes(one))) return 'no'
  const mayFit = !set.known && set.several
  const { min = 0, max = Number.POSITIVE_INFINITY } = images ?? {}
  if (!mayFit && (set.images < min || set.images > max)) return 'no'
  const asked = [images && mayFit ? 'maybe' : 'yes']
  if (plane) asked.push(told(set, set.plane, one => one === plane))
  if (laterality) asked.push(told(set, set.laterality, side => side === laterality))
  if (view) asked.push(told(set, set.view, one => view.includes(one)))
  if (imageType) asked.push(told(set, set.imageType, types => imageType.some(one => types.includes(one))))
  if (asked.includes('no')) return 'no'
  if (words && !words.some(one => says(set.words, one))) return 'no'
  if (without?.some(one => says(set.words, one))) return 'no'
  return asked.includes('maybe') ? 'maybe' : 'yes'
}

/** How alike two sets are: undefined where they are of another kind. */
function likeness(set: SetFacts, other: SetFacts): number | undefined {
  if (set.Modality !== other.Modality) return undefined
  const traits = ['plane', 'laterality', 'view'] as const
  if (traits.some(trait => set.known && set[trait] !== other[trait] && other[trait] !== undefined)) return undefined
  const shared = new Set(set.words.filter(word => other.words.includes(word))).size
  return shared - (set.words.length + other.words.length) / 100
}

/** Best first; `sets` come in reading order. Without an order what is known now is as good as what may be. */
function ranked(sets: SetFacts[], order: Selector['order'], model: SetFacts | undefined): SetFacts[] {
  if (model) return sets.toSorted((a, b) => (likeness(b, model) ?? 0) - (likeness(a, model) ?? 0))
  if (order === 'last') return sets.toReversed()
  if (order === 'most') return sets.toSorted((a, b) => b.images - a.images)
  const thin = ({ thickness }: SetFacts) => thickness ?? Number.POSITIVE_INFINITY
  // Infinity less infinity is no order.
  if (order === 'thinnest') return sets.toSorted((a, b) => (thin(a) === thin(b) ? 0 : thin(a) - thin(b)))
  if (order === 'first') return sets
  return [...sets.filter(set => set.known), ...sets.filter(set => !set.known)]
}

const DAY_MS = 86_400_000
function dayOf(da: string): number | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(da) ?? []
  return year === undefined ? undefined : Date.UTC(Number(year), Number(month) - 1, Number(day)) / DAY_MS
}

/** The studies a rule means, newest first. */
export function priorsBy(rule: PriorRule, { current, priors = [] }: PatientFacts): StudyFacts[] {
  const today = dayOf(current.date)
  return priors.filter(({ modalities, regions, date }) => {
    if (rule.sameModality && !modalities.some(one => current.modalities.includes(one))) return false
    if (rule.sameRegion && current.regions.length > 0 && !regions.some(one => current.regions.includes(one)))
      return false
    const day = dayOf(date)
    const age = today === undefined || day === undefined ? undefined : today - day
    return rule.olderThan === undefined || (age !== undefined && age >= rule.olderThan)
  })
}

export function describePrior({ nth, sameModality, sameRegion, olderThan }: PriorRule): string {
  const which = ['newest', '2nd', '3rd', '4th', '5th', '6th', '7th', '8th', '9th'][nth - 1]
  const same = [sameModality && 'modality', sameRegion && 'region'].filter(Boolean).join(' and ')
  const days = olderThan && `, ${olderThan} days or more before`
  return `${which} prior${same && ` of the same ${same}`}${days || ''}`
}

const ORDER_WORDS = { first: 'the first', last: 'the last', most: 'most images', thinnest: 'thinnest' } as const

/** In words: 'CT · chest · axial, thinnest'. */
export function describeSelector(wanted: Selector): string {
  const { modality, region, words, without, laterality, view, imageType, plane, images, contrast, like, order } = wanted
  const parts = [
    modality?.join('/'),
    region?.join('/'),
    laterality,
    view?.join('/'),
    plane,
    words && `“${words.slice(0, 4).join('”, “')}${words.length > 4 ? '”, …' : '”'}`,
    without && `not “${without.slice(0, 3).join('”, “')}${without.length > 3 ? '”, …' : '”'}`,
    imageType?.join('/'),
    contrast !== undefined && (contrast ? 'with contrast' : 'without contrast'),
    images?.min && `${images.min} images or more`,
    images?.max && `${images.max} images or fewer`,
    like !== undefined && `like pane ${like + 1}`,
  ].filter(Boolean)
  return [parts.join(' · ') || 'any', order && ORDER_WORDS[order]].filter(Boolean).join(', ')
}

export function describePane({ prior, take }: HangingPane): string {
  return `${take.map(describeSelector).join(', else ')}, ${prior ? describePrior(prior) : 'current'}`
}

/** What each pane of a stage gets; `fixed`: sets that hang already, by pane, and stay. */
export function placeStage(
  { panes }: HangingStage,
  patient: PatientFacts,
  fixed: ReadonlyArray<SetFacts | undefined> = [],
): Placed[] {
  const used = new Map(fixed.flatMap((set, at) => (set ? [[set.id, at] as const] : [])))
  const placed: Placed[] = []
  for (const [at, pane] of panes.entries()) {
    const stays = fixed[at]
    const one: Placed = stays ? { kind: 'hang', set: stays, because: '' } : place(pane, patient, used, placed)
    if (one.kind === 'hang' && !used.has(one.set.id)) used.set(one.set.id, at)
    placed.push(one)
  }
  return placed
}

/** `used`: by set the pane it hangs in. */
function place(
  pane: HangingPane,
  patient: PatientFacts,
  used: ReadonlyMap<string, number>,
  before: readonly Placed[],
): Placed {
  const { prior, take, look } = pane
  if (prior && patient.priors === undefined) return { kind: 'wait', study: '' }
  const study = prior ? priorsBy(prior, patient)[prior.nth - 1] : patient.current
  if (study === undefined) {
    return {
      kind: 'none',
      words: `There is no ${prior ? describePrior(prior).replace('newest ', '') : 'study'}.`,
      missing: true,
    }
  }
  const { StudyInstanceUID, sets } = study
  if (sets === undefined) return { kind: 'wait', study: StudyInstanceUID }
  for (const wanted of take) {
    const modelled = wanted.like === undefined ? undefined : before[wanted.like]
    if (modelled?.kind === 'wait') return { kind: 'wait', study: StudyInstanceUID }
    if (modelled?.kind === 'none') continue
    const model = modelled?.set
    const found = sets.filter(
      set =>
        (wanted.again || !used.has(set.id)) &&
        answers(wanted, set) !== 'no' &&
        (model === undefined || likeness(set, model) !== undefined),
    )
    const [best] = ranked(found, wanted.order, model)
    if (best === undefined) continue
    const tells = best.known || !(best.several || model !== undefined || look?.mpr !== undefined)
    if (!tells || answers(wanted, best) === 'maybe') {
      return { kind: 'wait', study: StudyInstanceUID, series: best.SeriesInstanceUID }
    }
    return {
      kind: 'hang',
      set: best,
      because: `${describeSelector(wanted)}, ${prior ? describePrior(prior) : 'current'}`,
    }
  }
  const [first] = take
  const which = prior ? ` in the ${describePrior(prior)}` : ''
  const elsewhere = sets.find(set => used.has(set.id) && take.some(wanted => answers(wanted, set) === 'yes'))
  if (elsewhere !== undefined) {
    const there = (used.get(elsewhere.id) ?? 0) + 1
    return {
      kind: 'none',
      words: `${describeSelector(first ?? {})}${which}: there is one, and it hangs in pane ${there}.`,
    }
  }
  return { kind: 'none', words: `There is no ${describeSelector(first ?? {})}${which}.` }
}
