import { judgeSpacing, placesOf } from './displaySetSpacing.ts'

/** Who said what belongs to a study. */
export type ListSource = 'commitment' | 'step' | 'notice'

/** A list of objects that somebody gave of a study. */
export interface KnownList {
  source: ListSource
  /** AE title of who gave it. */
  AET: string
  /** False: a procedure step that still goes on. */
  final: boolean
  /** Objects on it, and how many of them are not here. */
  total: number
  absent: number
}

export interface SeriesFacts {
  SeriesInstanceUID: string
  /** What people call it. */
  name: string
  instances: number
  /** Of those that have one. */
  InstanceNumber: number[]
  /** ImagePositionPatient and ImageOrientationPatient of those that have both. */
  slices: Array<{ position: readonly number[]; orientation: readonly number[] }>
  /** Acquisitions all of whose images say the same of how many they are (Images in Acquisition), single frames only. */
  acquisitions: Array<{ ImagesInAcquisition: number; instances: number }>
}

/** What the station that sent a study said, when it was asked (C-FIND), that it has of it. */
export interface SenderCounts {
  AET: string
  series: Array<{ SeriesInstanceUID: string; instances: number }>
}

export interface CompletenessFacts {
  lists: KnownList[]
  /** Objects of the study that are here, and how many of them stand on a final list. */
  here: number
  listed: number
  /** Of final lists, what is not here: by series, '' = of none that was named. */
  lacking: Array<{ SeriesInstanceUID: string; count: number }>
  series: SeriesFacts[]
  sender: SenderCounts | null
}

/** 'proved': all that was named or counted is here, and nothing is here that was not. 'looksComplete': nothing speaks against it. */
export type CompletenessVerdict = 'proved' | 'looksComplete' | 'missing'

export interface Completeness {
  verdict: CompletenessVerdict
  /** How many objects are known, or seem, to be missing. */
  missing: number
  /** Sentences, the weightiest first. */
  reasons: string[]
}

/** Fewer than these lie as they lie. */
const FEWEST = 5
/** More holes than one number in ten are a way of counting. */
const MOST_HOLES = 0.1
const MOST_REASONS = 10

/**
 * Whether all of a study is here. Lists prove it, and so do the sender's own counts where nobody gave a list; gaps between slices and in
 * numbers, and what images say of how many they are, are hints and say so. To be asked when nothing comes any more.
 */
export function judgeCompleteness(facts: CompletenessFacts): Completeness {
  const { lists, here, listed, lacking, series } = facts
  const reasons: string[] = []
  const absent = lists.filter(list => list.final && list.absent > 0)
  for (const list of absent) {
    reasons.push(
      `${describe(list)} names ${objects(list.total)}; ${list.absent} of them ${list.absent === 1 ? 'is' : 'are'} not here.`,
    )
  }
  for (const { SeriesInstanceUID, count } of lacking) {
    const known = series.find(one => one.SeriesInstanceUID === SeriesInstanceUID)
    if (known) reasons.push(`${known.name}: ${count} not here, ${known.instances} are.`)
    else if (SeriesInstanceUID !== '')
      reasons.push(`A whole series is not here: ${objects(count)} (${SeriesInstanceUID}).`)
  }
  const known = lacking.reduce((sum, { count }) => sum + count, 0)
  const unfinished = lists.filter(({ final }) => !final)
  const final = lists.filter(list => list.final)
  if (absent.length === 0 && final.length > 0 && unfinished.length === 0 && listed === here) {
    for (const list of final) reasons.push(`${describe(list)} names ${objects(list.total)}; all are here.`)
    return { verdict: 'proved', missing: 0, reasons: short(reasons) }
  }
  const asked = lists.length === 0 ? sender(facts) : undefined
  if (asked?.proved) return { verdict: 'proved', missing: 0, reasons: short(asked.reasons) }
  if (asked) reasons.push(...asked.reasons)
  const hints = series.flatMap(hintsOf)
  for (const { words } of hints) reasons.push(words)
  const seem = hints.reduce((sum, { missing }) => sum + missing, 0)
  const missing = Math.max(known, seem, asked?.missing ?? 0)
  if (missing > 0) return { verdict: 'missing', missing, reasons: short(reasons) }
  for (const list of final) reasons.push(`${describe(list)} names ${objects(list.total)}; all are here.`)
  if (final.length > 0 && listed < here) reasons.push(`${objects(here - listed)} of it stand on no list.`)
  for (const { AET } of unfinished) reasons.push(`${AET} has not said yet that its procedure step is done.`)
  if (lists.length === 0 && !asked) reasons.push('Nobody has said what belongs to it.')
  reasons.push('No gaps are seen, and nothing was coming any more.')
  return { verdict: 'looksComplete', missing: 0, reasons: short(reasons) }
}

/** What the sender's counts say; undefined where it was not asked, or knows nothing of the study. */
function sender({
  sender: told,
  series,
  here,
}: CompletenessFacts): { proved: boolean; missing: number; reasons: string[] } | undefined {
  const total = told?.series.reduce((sum, { instances }) => sum + instances, 0) ?? 0
  if (!told || total === 0) return undefined
  const hereOf = new Map(series.map(one => [one.SeriesInstanceUID, one]))
  const lacking = told.series.flatMap(({ SeriesInstanceUID, instances }) => {
    const one = hereOf.get(SeriesInstanceUID)
    const count = instances - (one?.instances ?? 0)
    if (count <= 0) return []
    const what = one
      ? `${one.name}: ${count} more there than here.`
      : `A whole series is only there: ${objects(count)} (${SeriesInstanceUID}).`
    return [{ count, what }]
  })
  const missing = lacking.reduce((sum, { count }) => sum + count, 0)
  const has = `${told.AET}, asked what it has of the study, counts ${objects(total)}`
  if (missing > 0) return { proved: false, missing, reasons: [`${has}.`, ...lacking.map(({ what }) => what)] }
  if (here > total) return { proved: false, missing: 0, reasons: [`${has}; ${here} are here.`] }
  return { proved: true, missing: 0, reasons: [`${has}; as many are here, series by series.`] }
}

function short(reasons: string[]): string[] {
  if (reasons.length <= MOST_REASONS) return reasons
  return [...reasons.slice(0, MOST_REASONS), `… and ${reasons.length - MOST_REASONS} more.`]
}

function objects(count: number): string {
  return count === 1 ? 'one object' : `${count} objects`
}

function describe({ source, AET }: KnownList): string {
  if (source === 'commitment') return `The request of ${AET} to have storage confirmed`
  return source === 'step' ? `The performed procedure step of ${AET}` : `The availability notice of ${AET}`
}

interface Hint {
  missing: number
  words: string
}

function hintsOf(series: SeriesFacts): Hint[] {
  const slices = missingSlices(series.slices)
  if (slices > 0) {
    return [
      {
        missing: slices,
        words: `${series.name}: ${slices === 1 ? 'a slice seems' : `${slices} slices seem`} to be missing (a gap in their positions).`,
      },
    ]
  }
  const stated = series.acquisitions.reduce((sum, one) => sum + Math.max(0, one.ImagesInAcquisition - one.instances), 0)
  if (stated > 0) {
    return [
      {
        missing: stated,
        words: `${series.name}: ${stated === 1 ? 'an image seems' : `${stated} images seem`} to be missing (its images say how many they are).`,
      },
    ]
  }
  // Where positions say that nothing is missing, numbers may be as they like.
  if (series.slices.length >= FEWEST) return []
  const numbers = missingNumbers(series.InstanceNumber)
  if (numbers === 0) return []
  return [
    {
      missing: numbers,
      words: `${series.name}: ${numbers === 1 ? 'an image seems' : `${numbers} images seem`} to be missing (a gap in their numbers).`,
    },
  ]
}

function missingSlices(slices: SeriesFacts['slices']): number {
  const groups = new Map<string, Array<readonly number[]>>()
  for (const { position, orientation } of slices) {
    const key = orientation.map(cosine => cosine.toFixed(3)).join(' ')
    const group = groups.get(key) ?? []
    group.push(position)
    groups.set(key, group)
  }
  let missing = 0
  for (const [key, positions] of groups) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = key.split(' ').map(Number)
    // Along the normal: the cross product of row and column.
    const [nx, ny, nz] = [b * f - c * e, c * d - a * f, a * e - b * d]
    const along = positions.map(([x = 0, y = 0, z = 0]) => x * nx + y * ny + z * nz)
    const places = placesOf(along)
    const distinct = [...new Map(places.map((place, index) => [place, along[index] ?? 0])).values()].sort(
      (p, q) => p - q,
    )
    if (distinct.length >= FEWEST) missing += judgeSpacing(distinct).missing
  }
  return missing
}

function missingNumbers(all: readonly number[]): number {
  const numbers = new Set(all)
  if (numbers.size < FEWEST) return 0
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const number of numbers) {
    low = Math.min(low, number)
    high = Math.max(high, number)
  }
  const holes = high - low + 1 - numbers.size
  return holes <= numbers.size * MOST_HOLES ? holes : 0
}
