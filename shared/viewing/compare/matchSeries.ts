import { dot, type Point3 } from '../geometry.ts'

/** What of a display set says whether it shows the same as another. */
export interface SeriesTraits {
  Modality: string
  /** Of the series, and what sets the display set apart within it. */
  description: string
  BodyPartExamined: string
  /** Unit normal of its planes; absent where they are not parallel or have no place. */
  normal?: readonly [number, number, number] | undefined
  /** mm between slices. */
  spacing?: number | undefined
  /** mm; thinner where slices overlap. */
  thickness?: number | undefined
  frames: number
  kind: string
}

/** 10°: scouts and gantries are tilted, and a coronal is still none that is axial. */
const SAME_DIRECTION = Math.cos((10 * Math.PI) / 180)

type Phase = 'none' | 'arterial' | 'portal' | 'late' | 'contrast'

const PHASES: ReadonlyArray<readonly [Phase, RegExp]> = [
  ['none', /\b(nativ|native|non[- ]?contrast|plain|w\/?o|without|unenhanced|ohne|sans|pre)\b|\bohne km\b/],
  ['arterial', /\b(art|arterial|arteriell|arterielle|late[- ]?art|cta|angio)\b/],
  ['portal', /\b(pv|portal|portalvenous|portalvenoes|portalvenös|venous|venoes|venös|ven)\b/],
  ['late', /\b(delay|delayed|late|spaet|spät|spaete|equilibrium|hepatobiliary)\b/],
  ['contrast', /\b(km|gd|gad|contrast|kontrast|enhanced|post|ce|c\+)(?![\p{L}\p{N}])/u],
]

/** The contrast phase that a description names; undefined where it names none. */
export function phaseOf(description: string): Phase | undefined {
  const text = description.toLowerCase().replaceAll('_', ' ')
  return PHASES.find(([, words]) => words.test(text))?.[0]
}

function wordsOf(description: string): Set<string> {
  return new Set(description.toLowerCase().match(/[\p{L}]{2,}|\d+(?:[.,]\d+)?/gu) ?? [])
}

/** 0 (nothing in common) to 1: the shared part of the words of both. */
function wordLikeness(a: string, b: string): number {
  const [wordsA, wordsB] = [wordsOf(a), wordsOf(b)]
  const all = new Set([...wordsA, ...wordsB]).size
  return all === 0 ? 0 : [...wordsA].filter(word => wordsB.has(word)).length / all
}

/** 1 where equal, 0 where one is four times the other or more. */
function sizeLikeness(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined || !(a > 0 && b > 0)) return 0.5
  return Math.max(0, 1 - Math.abs(Math.log2(a / b)) / 2)
}

/** How much a series shows the same as another: the higher the better; −1 where they are not to be compared. */
export function seriesLikeness(wanted: SeriesTraits, other: SeriesTraits): number {
  if (wanted.Modality !== other.Modality || other.frames === 0) return -1
  let score = 0
  if (wanted.kind === other.kind) score += 4
  const [a, b] = [wanted.normal, other.normal]
  // The direction decides before anything a technician writes.
  if (a !== undefined && b !== undefined) score += Math.abs(dot(a as Point3, b as Point3)) >= SAME_DIRECTION ? 6 : 0
  else if (a === undefined && b === undefined) score += 3
  const [phaseA, phaseB] = [phaseOf(wanted.description), phaseOf(other.description)]
  score += phaseA === phaseB ? 3 : phaseA === undefined || phaseB === undefined ? 1 : 0
  score += 4 * wordLikeness(wanted.description, other.description)
  score += 2 * sizeLikeness(wanted.spacing, other.spacing) + sizeLikeness(wanted.thickness, other.thickness)
  if (wanted.BodyPartExamined !== '' && wanted.BodyPartExamined === other.BodyPartExamined) score += 1
  // A single slice beside a stack is a reference picture.
  score += sizeLikeness(wanted.frames, other.frames)
  return score
}

/** The series of a prior that shows most the same; of equals the first. Undefined: none of this modality. */
export function bestSeries<T extends SeriesTraits>(wanted: SeriesTraits, others: readonly T[]): T | undefined {
  let best: { one: T; score: number } | undefined
  for (const one of others) {
    const score = seriesLikeness(wanted, one)
    if (score >= 0 && (best === undefined || score > best.score)) best = { one, score }
  }
  return best?.one
}
