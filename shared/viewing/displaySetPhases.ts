import { acquiredAt, type SetFrame } from './displaySetFrames.ts'
import { judgeSpacing } from './displaySetSpacing.ts'
import { dot } from './geometry.ts'
import type { ImageAttributes } from './image.ts'

/** A frame of parallel slices, with the number of its place along the normal. */
export interface PlacedFrame {
  frame: SetFrame
  place: number
  position: number
}

/** What sets some frames apart from others: by `value`, for a person `label`. */
export interface Part {
  name: string
  value: string
  label: string
}

export interface Phase {
  frames: PlacedFrame[]
  parts: Part[]
  /** Frames in one place follow each other as a movie, directions or repetitions; none of them is a duplicate. */
  repeated: boolean
}

type Value = number | string

interface Dimension {
  name: string
  /** A value for each frame. */
  of(frames: readonly PlacedFrame[]): Value[]
  /** `ordinal` counts the values from 1, in order. */
  label(value: Value, ordinal: number): string
}

/** So many images in each place, and more of them than places, are run as a movie there, not read as stacks. */
const MOVIE = 16
/** mm; a jump sideways of more is another station of the table, less the shift of a tilted gantry from slice to slice. */
const STATION_MM = 10

function attribute<Key extends keyof ImageAttributes>(
  key: Key,
  label: (value: Value, ordinal: number) => string,
): Dimension {
  const of: Dimension['of'] = frames =>
    frames.map(({ frame }) => {
      const value = frame.value(key)
      return typeof value === 'number' ? value : String(value ?? '')
    })
  return { name: key, of, label }
}

const rounded = (value: Value) => (typeof value === 'number' ? String(Math.round(value * 100) / 100) : value || 'none')

/** What may differ where the place is the same; in the order it is tried. The first alone say what a picture is of. */
const CONTRASTS: Dimension[] = [
  { name: 'ImageType', of: frames => frames.map(imageType), label: value => imageTypeLabel(String(value)) },
  attribute('EchoNumbers', value => `echo ${rounded(value)}`),
  attribute('EchoTime', value => `TE ${rounded(value)} ms`),
  attribute('DiffusionBValue', value => `b ${rounded(value)}`),
  attribute('InversionTime', value => `TI ${rounded(value)} ms`),
  attribute('FlipAngle', value => `flip ${rounded(value)}°`),
  attribute('TemporalPositionIdentifier', value => `phase ${rounded(value)}`),
  attribute('NominalPercentageOfCardiacPhase', value => `${rounded(value)} %`),
  attribute('NominalCardiacTriggerDelayTime', value => `${rounded(value)} ms`),
  attribute('TriggerTime', value => `${rounded(value)} ms`),
]
const STATION: Dimension = { name: 'station', of: stations, label: (_value, ordinal) => `station ${ordinal}` }
const TIMES: Dimension[] = [
  attribute('AcquisitionNumber', value => `acquisition ${rounded(value)}`),
  attribute('FrameReferenceTime', value => `${rounded(Number(value) / 1000)} s`),
  {
    name: 'AcquisitionTime',
    of: frames => frames.map(({ frame }) => acquiredAt(frame)),
    label: (_value, ordinal) => `time ${ordinal}`,
  },
]
/** Makers who write nothing else number the images volume by volume, or place by place. */
const REPETITION: Dimension = { name: 'repetition', of: repetitions, label: value => `volume ${value}` }

/**
 * Frames of one orientation as the stacks they are read in: where images lie in the same places again and again, or between each
 * other, by whatever tells these repetitions apart (echo, b-value, phase, acquisition, …); else all in one.
 */
export function splitPhases(frames: PlacedFrame[]): Phase[] {
  const columns = Math.max(...frames.map(({ frame }) => frame.value('DimensionIndexValues')?.length ?? 0))
  const own = Array.from(
    { length: Math.min(columns, 16) },
    (_, index): Dimension => ({
      name: `dimension ${index + 1}`,
      of: all => all.map(({ frame }) => frame.value('DimensionIndexValues')?.[index] ?? 0),
      label: value => `dimension ${index + 1}: ${value}`,
    }),
  )
  return split(frames, [...CONTRASTS, STATION, ...own, ...TIMES, REPETITION])
}

function split(frames: PlacedFrame[], dimensions: Dimension[]): Phase[] {
  const places = new Set(frames.map(({ place }) => place)).size
  if (places === 1) return [{ frames, parts: [], repeated: frames.length > 1 && isInTurn(frames) }]
  const isMixed = mixes(frames)
  if (places === frames.length && !isMixed) return [{ frames, parts: [], repeated: false }]
  for (const dimension of dimensions) {
    const groups = grouped(frames, dimension.of(frames))
    if (!repeatsPlaces(groups, places) && !(isMixed && interleaves(groups))) continue
    if (dimension === REPETITION && !isTwiceWhole(groups, places)) continue
    const isMovie = groups.length >= MOVIE && groups.length > places
    // Strong diffusion weighting is repeated in many directions, which nobody reads one by one.
    const isDirections =
      dimension === REPETITION && frames.every(({ frame }) => (frame.value('DiffusionBValue') ?? 0) > 0)
    if (isMovie || isDirections) return [{ frames, parts: [], repeated: true }]
    const others = dimensions.filter(other => other !== dimension)
    return groups.flatMap(({ value, frames: mine }, index) => {
      const part = { name: dimension.name, value: String(value), label: dimension.label(value, index + 1) }
      return split(mine, others).map(phase => ({ ...phase, parts: [part, ...phase.parts] }))
    })
  }
  return [{ frames, parts: [], repeated: false }]
}

interface Group {
  value: Value
  frames: PlacedFrame[]
}

/** By value, the smallest first; text before numbers. */
function grouped(frames: PlacedFrame[], values: Value[]): Group[] {
  const groups = new Map<Value, PlacedFrame[]>()
  frames.forEach((frame, index) => {
    const value = values[index] ?? ''
    const group = groups.get(value)
    if (group) group.push(frame)
    else groups.set(value, [frame])
  })
  return [...groups]
    .map(([value, mine]) => ({ value, frames: mine }))
    .sort(({ value: a }, { value: b }) => {
      if (typeof a === 'number' && typeof b === 'number') return a - b
      if (typeof a !== typeof b) return typeof a === 'string' ? -1 : 1
      return a < b ? -1 : 1
    })
}

/**
 * Whether each group covers the places anew: half of all places on the average (a last phase may still be arriving), and mostly
 * places that another group has too (two acquisitions end to end are one stack).
 */
function repeatsPlaces(groups: Group[], places: number): boolean {
  if (groups.length < 2) return false
  const covered = groups.map(({ frames }) => new Set(frames.map(({ place }) => place)))
  const times = new Map<number, number>()
  for (const set of covered) for (const place of set) times.set(place, (times.get(place) ?? 0) + 1)
  let all = 0
  let common = 0
  for (const set of covered) {
    all += set.size
    for (const place of set) if ((times.get(place) ?? 0) > 1) common++
  }
  return all / groups.length >= Math.max(places / 2, 1.5) && common > all / 2
}

/** Uneven or with gaps, as when two acquisitions of one region do not lie in the same places (a breath between them). */
function mixes(frames: PlacedFrame[]): boolean {
  const { uneven, missing } = judgeSpacing(positionsOf(frames))
  return uneven || missing > 0
}

/** Whether the groups, each even by itself, go through each other: their slices by turns would be no stack of anything. */
function interleaves(groups: Group[]): boolean {
  if (groups.length < 2) return false
  const stacks = groups.map(({ frames }) => positionsOf(frames))
  if (stacks.some(positions => positions.length < 3 || judgeSpacing(positions).uneven)) return false
  const ranges = stacks.map(positions => ({ from: positions[0] ?? 0, to: positions.at(-1) ?? 0 }))
  return ranges.every(own =>
    ranges.some(
      other => other !== own && Math.min(own.to, other.to) - Math.max(own.from, other.from) > (own.to - own.from) / 2,
    ),
  )
}

/** mm, one for each place, in order. */
function positionsOf(frames: PlacedFrame[]): number[] {
  const sorted = [...frames].sort((a, b) => a.place - b.place)
  return sorted.filter(({ place }, index) => place !== sorted[index - 1]?.place).map(({ position }) => position)
}

/** Numbers alone say little: one slice made again is a duplicate, not a second volume. */
function isTwiceWhole(groups: Group[], places: number): boolean {
  return groups.filter(({ frames }) => frames.length === places).length > 1
}

/** Original or derived, primary or secondary, and from value 3 on what the picture is of (PS3.3 C.7.6.1.1.2). */
function imageType({ frame }: PlacedFrame): string {
  return (frame.value('ImageType') ?? []).join('\\')
}

const TYPE_WORDS: Record<string, string> = { M: 'magnitude', P: 'phase', R: 'real', I: 'imaginary' }

function imageTypeLabel(type: string): string {
  const words = type.split('\\').slice(2)
  return (words.length > 0 ? words : type.split('\\')).map(word => TYPE_WORDS[word] ?? word.toLowerCase()).join(' ')
}

/** Whether number or time says of any two frames which came first. */
function isInTurn(frames: readonly PlacedFrame[]): boolean {
  return new Set(frames.map(({ frame }) => frame.turn)).size === frames.length
}

/** The how manieth of its place a frame is; the same for all when two of a place have no order. */
function repetitions(frames: readonly PlacedFrame[]): Value[] {
  if (!isInTurn(frames)) return frames.map(() => 1)
  const seen = new Map<number, number>()
  const numbers = new Map<PlacedFrame, number>()
  for (const frame of [...frames].sort((a, b) => a.frame.turn - b.frame.turn)) {
    const number = (seen.get(frame.place) ?? 0) + 1
    seen.set(frame.place, number)
    numbers.set(frame, number)
  }
  return frames.map(frame => numbers.get(frame) ?? 1)
}

function stations(frames: readonly PlacedFrame[]): Value[] {
  const across = chained(frames.map(({ frame: { place } }) => (place ? dot(place.position, place.row) : 0)))
  const down = chained(frames.map(({ frame: { place } }) => (place ? dot(place.position, place.column) : 0)))
  return frames.map((_, index) => `${across[index]} ${down[index]}`)
}

/** For each value the number of its chain: a new one begins where the next larger value is further off than STATION_MM. */
function chained(values: number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
  const chains = new Array<number>(values.length).fill(0)
  order.forEach((index, at) => {
    const before = order[at - 1]
    if (before === undefined) return
    const jump = (values[index] ?? 0) - (values[before] ?? 0) > STATION_MM
    chains[index] = (chains[before] ?? 0) + (jump ? 1 : 0)
  })
  return chains
}

/** Among frames of one place: temporal, trigger, echo, b-value and the rest, smallest first. */
export function compareContrasts(a: PlacedFrame, b: PlacedFrame): number {
  for (const key of WITHIN) {
    const [first = Number.NEGATIVE_INFINITY, second = Number.NEGATIVE_INFINITY] = [
      a.frame.value(key),
      b.frame.value(key),
    ]
    if (first !== second) return first < second ? -1 : 1
  }
  return 0
}

const WITHIN = [
  'TemporalPositionIdentifier',
  'NominalPercentageOfCardiacPhase',
  'NominalCardiacTriggerDelayTime',
  'TriggerTime',
  'EchoNumbers',
  'EchoTime',
  'DiffusionBValue',
  'InversionTime',
  'FlipAngle',
] as const

/** Equal for frames that, in the same place, show the same; a compressed or otherwise derived copy shows the same. */
export function contrastOf(frame: SetFrame): string {
  const { value } = frame
  const numbers = WITHIN.map(key => value(key) ?? '')
  return [
    ...numbers,
    value('ImageType')?.slice(2),
    value('DiffusionGradientOrientation'),
    value('DimensionIndexValues'),
  ].join('|')
}

/** Whether the frames of one place are a movie: time tells them apart. */
export function isMovie(frames: readonly PlacedFrame[]): boolean {
  const keys = [
    'TemporalPositionIdentifier',
    'NominalPercentageOfCardiacPhase',
    'NominalCardiacTriggerDelayTime',
    'TriggerTime',
    'FrameReferenceTime',
  ] as const
  const isDistinct = (values: unknown[]) => new Set(values).size === frames.length
  return (
    frames.length > 1 &&
    (keys.some(key => isDistinct(frames.map(({ frame }) => frame.value(key)))) ||
      isDistinct(frames.map(({ frame }) => acquiredAt(frame))))
  )
}
