import type { PatientFacts, SetFacts } from './facts.ts'
import { judgeProtocols } from './match.ts'
import { describePrior, describeSelector, placeStage, priorsBy } from './place.ts'
import type { HangingLook, HangingMatch, HangingPane, HangingProtocol, PriorRule, Selector } from './rules.ts'

/** What hangs in a pane, and how; undefined = nothing. */
export type Seen = { set: SetFacts; look: HangingLook } | undefined

/** What a reader says of the rule that is made of it. */
export interface Wish {
  id: string
  name: string
  layout: { rows: number; columns: number }
  linked: boolean
  modality: boolean
  region: boolean
  /** Of the descriptions; [] = they do not count. */
  words: string[]
  /** Descriptions of series count for what hangs where. */
  seriesWords: boolean
}

/** Words that say which series it is, and not merely its number or machine. */
function tellingWords(words: readonly string[]): string[] {
  return [...new Set(words.filter(word => /\p{L}/u.test(word) && word.length > 1))].slice(0, 3)
}

function selectorFor({ Modality, plane, laterality, view, words, contrast }: SetFacts, seriesWords: boolean): Selector {
  const telling = tellingWords(words)
  return {
    modality: [Modality],
    ...(plane && { plane }),
    ...((laterality === 'L' || laterality === 'R') && { laterality }),
    ...(view !== undefined && /^[A-Z0-9]{1,16}$/.test(view) && { view: [view] }),
    ...(contrast && { contrast }),
    // All of them in one: 't2 tse fs'.
    ...(seriesWords && telling.length > 0 && { words: [telling.join(' ')] }),
  }
}

/** Without a side or view they are alike in, any would do. */
function withoutWords({ words: _, contrast: __, ...rest }: Selector): Selector {
  return rest
}

const NEWEST: PriorRule = { nth: 1, sameModality: true, sameRegion: true }

function priorOf(set: SetFacts, patient: PatientFacts): PriorRule | undefined {
  if (set.StudyInstanceUID === patient.current.StudyInstanceUID) return undefined
  for (const sameRegion of [true, false]) {
    for (const sameModality of [true, false]) {
      const rule = { ...NEWEST, sameModality, sameRegion }
      const at = priorsBy(rule, patient).findIndex(({ StudyInstanceUID }) => StudyInstanceUID === set.StudyInstanceUID)
      if (at >= 0 && at < 9) return { ...rule, nth: at + 1 }
    }
  }
  return { ...NEWEST, sameModality: false, sameRegion: false }
}

/** The rule that hangs what is seen now: its one stage, and the studies it is for. */
export function protocolOf(seen: readonly Seen[], patient: PatientFacts, wish: Wish): HangingProtocol | undefined {
  const used: string[] = []
  const shown = seen.findLastIndex(one => one !== undefined)
  if (shown === -1) return undefined
  const panes = seen.slice(0, shown + 1).map((one): HangingPane => {
    if (one === undefined) return { take: [{ modality: ['NONE'] }], optional: true }
    const prior = priorOf(one.set, patient)
    const narrow = selectorFor(one.set, wish.seriesWords)
    const again = used.includes(one.set.id)
    used.push(one.set.id)
    const wide = withoutWords(narrow)
    const isWide = JSON.stringify(wide) === JSON.stringify(narrow)
    const take = (isWide ? [narrow] : [narrow, wide]).map(each => ({ ...each, ...(again && { again }) }))
    const hasLook = Object.keys(one.look).length > 0
    return { ...(prior && { prior }), take, ...(hasLook && { look: one.look }) }
  })
  const { current } = patient
  const modalities = [...new Set(seen.flatMap(one => (one && !priorOf(one.set, patient) ? [one.set.Modality] : [])))]
  const regions = current.regions.length > 0 ? current.regions : (current.sets ?? []).flatMap(set => set.regions)
  const match: HangingMatch = {
    ...(wish.modality && modalities.length > 0 && { modality: modalities }),
    ...(wish.region && regions.length > 0 && { region: [...new Set(regions)] }),
    ...(wish.words.length > 0 && { words: wish.words }),
  }
  const { rows, columns } = wish.layout
  const name = `${rows}×${columns}`
  return { id: wish.id, name: wish.name, match, stages: [{ name, rows, columns, panes, linked: wish.linked }] }
}

/** What a rule says of its studies, in words. */
export function describeMatch({
  modality,
  region,
  words,
  without,
  has,
  prior,
  displays,
  windows,
}: HangingMatch): string {
  const parts = [
    modality?.join('/'),
    region?.join('/'),
    words && `described by “${words.join('” or “')}”`,
    without && `not “${without.join('”, “')}”`,
    ...(has ?? []).map(one => `has ${describeSelector(one)}`),
    prior && `has ${describePrior(prior)}`,
    displays && `${displays} displays or more`,
    windows && `${windows} windows or more`,
  ].filter(Boolean)
  return parts.join(' · ') || 'every study'
}

/** What a rule would do to the open study: '' where it hangs what is seen now, else what would be otherwise, in words. */
export function tryProtocol(protocol: HangingProtocol, seen: readonly Seen[], patient: PatientFacts): string {
  const [verdict] = judgeProtocols([protocol], [], patient)
  if (verdict === undefined || verdict.refusal !== '') return `It is not for this study: ${verdict?.refusal}`
  const [stage] = protocol.stages
  const placed = stage ? placeStage(stage, patient) : []
  for (const [at, one] of placed.entries()) {
    const wanted = seen[at]?.set.id
    if (wanted === undefined) continue
    if (one.kind !== 'hang') return `Pane ${at + 1} would stay empty.`
    if (one.set.id !== wanted) return `Pane ${at + 1} would have “${one.set.words.join(' ')}” of ${one.set.Modality}.`
  }
  return ''
}
