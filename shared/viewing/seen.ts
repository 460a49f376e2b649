import type { SeriesSummary } from '../contract.ts'
import { readingRank } from './seriesOrder.ts'

/**
 * What a reader has had on the screen. A frame was seen when its pixels stood there for `SEEN_MS` at a zoom of at least
 * `SEEN_ZOOM`. That it was seen says nothing of what was noticed; that it was not seen is certain.
 */
export const SEEN_MS = 80
/** Device pixels of the screen for one pixel of the image: smaller is an overview. */
export const SEEN_ZOOM = 0.25

/** Frames, 1-based, first and last of each run; sorted, and never touching. */
export type FrameRuns = ReadonlyArray<readonly [number, number]>
/** What was seen of a series: frames by SOP Instance UID. */
export type SeenFrames = Map<string, FrameRuns>

/** More objects than any series has; what a text may be unfolded to. */
const MOST_OBJECTS = 100_000
/** Characters of a series' text: 4,000 objects whose UIDs follow no order. */
export const SEEN_TEXT = 256 * 1024

export function hasFrame(runs: FrameRuns | undefined, frame: number): boolean {
  return runs?.some(([first, last]) => first <= frame && frame <= last) ?? false
}

/** What either has. */
export function joinRuns(a: FrameRuns, b: FrameRuns): FrameRuns {
  const joined: Array<[number, number]> = []
  for (const [first, last] of [...a, ...b].sort((x, y) => x[0] - y[0])) {
    const before = joined.at(-1)
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else joined.push([first, last])
  }
  return joined
}

/** Adds to `seen` what `more` has. */
export function addSeen(seen: SeenFrames, more: SeenFrames): void {
  for (const [uid, runs] of more) seen.set(uid, joinRuns(seen.get(uid) ?? [], runs))
}

export function countFrames(seen: SeenFrames): number {
  let count = 0
  for (const runs of seen.values()) for (const [first, last] of runs) count += last - first + 1
  return count
}

/**
 * As it is kept: `head:tails:frames;…`. UIDs of a series mostly differ in their last component alone, and count there, so that a
 * series of thousands is one short line: `1.2.840.99.:1-240,244:1`. Nothing but digits and `.:;,-` (UIDs have no other characters).
 */
export function writeSeen(seen: SeenFrames): string {
  const groups = new Map<string, string[]>()
  for (const [uid, runs] of seen) {
    const cut = uid.lastIndexOf('.') + 1
    const frames = runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join()
    const key = `${uid.slice(0, cut)} ${frames}`
    const tails = groups.get(key)
    if (tails === undefined) groups.set(key, [uid.slice(cut)])
    else tails.push(uid.slice(cut))
  }
  return [...groups]
    .map(([key, tails]) => {
      const [head, frames] = key.split(' ')
      return `${head}:${writeTails(tails)}:${frames}`
    })
    .join(';')
}

function writeTails(tails: string[]): string {
  // A component with a leading zero is no number (and no proper UID, but such come).
  const numbers = tails.filter(isNumber).map(BigInt)
  const runs: Array<[bigint, bigint]> = []
  for (const number of numbers.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    const before = runs.at(-1)
    if (before !== undefined && number === before[1] + 1n) before[1] = number
    else runs.push([number, number])
  }
  const others = tails.filter(tail => !isNumber(tail))
  return [...runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)), ...others].join()
}

function isNumber(tail: string): boolean {
  return /^(0|[1-9]\d{0,63})$/.test(tail)
}

/** What `writeSeen` wrote. Of a text that is damaged, or unfolds to more than a series can have, what comes before that. */
export function readSeen(text: string): SeenFrames {
  const seen: SeenFrames = new Map()
  // What is unfolded is paid for, new or not: a short text must not keep a thread busy.
  let left = text.length > SEEN_TEXT ? 0 : MOST_OBJECTS
  for (const group of text.split(';')) {
    const [head, tails, frames] = group.split(':')
    const runs = frames === undefined ? [] : readRuns(frames)
    if (head === undefined || tails === undefined || runs.length === 0) continue
    for (const part of tails.split(',')) {
      const [first = '', last] = part.split('-')
      if (first === '' || (last !== undefined && !(isNumber(first) && isNumber(last)))) continue
      const end = last === undefined ? undefined : BigInt(last)
      for (let number = end === undefined ? undefined : BigInt(first); left > 0; number = (number ?? 0n) + 1n) {
        if (number !== undefined && end !== undefined && number > end) break
        const uid = `${head}${number ?? first}`
        const before = seen.get(uid)
        left -= runs.length + (before?.length ?? 0)
        seen.set(uid, before === undefined ? runs : joinRuns(before, runs))
        if (end === undefined) break
      }
    }
  }
  return seen
}

function readRuns(text: string): FrameRuns {
  const runs = text.split(',').map((part): readonly [number, number] => {
    const [first = '', last = first] = part.split('-')
    return [Number(first), Number(last)]
  })
  const isRun = ([first, last]: readonly [number, number]) =>
    Number.isInteger(first) && Number.isInteger(last) && first >= 1 && last >= first && last < 2 ** 31
  return joinRuns(runs.filter(isRun), [])
}

/** What either text says; `before` where both together would be more than is kept. */
export function mergeSeenTexts(before: string, more: string): string {
  const seen = readSeen(before)
  addSeen(seen, readSeen(more))
  const text = writeSeen(seen)
  return text.length > SEEN_TEXT ? before : text
}

/**
 * Which picture has been on the screen long enough. At rest or while it is scrolled through, a picture stands without a break; in
 * a clip that plays, its rounds add up: nobody holds a frame of a heart for 80 ms. Times in ms.
 */
export class Dwell {
  #key: string | undefined
  #since = 0
  #playing = false
  readonly #rounds = new Map<string, number>()

  /** From `now` on this one is there (undefined = none that counts). The one before, if it has been there long enough. */
  show(key: string | undefined, now: number, playing = false): string | undefined {
    const seen = this.left(now) <= 0 ? this.#key : undefined
    if (this.#key !== undefined) {
      if (!this.#playing || seen !== undefined) this.#rounds.delete(this.#key)
      else this.#rounds.set(this.#key, SEEN_MS - this.left(now))
    }
    if (!playing && !this.#playing) this.#rounds.clear()
    this.#key = key
    this.#since = now
    this.#playing = playing
    return seen
  }

  /** How long the one that is there still has to stay; Infinity where none is. */
  left(now: number): number {
    if (this.#key === undefined) return Number.POSITIVE_INFINITY
    return SEEN_MS - (now - this.#since) - (this.#playing ? (this.#rounds.get(this.#key) ?? 0) : 0)
  }
}

/** A series as it is to be read. */
export interface SeriesToRead {
  series: SeriesSummary
  /** Its frames with a picture (of a series without any, its objects); undefined while they are not known one by one. */
  frames: ReadonlyArray<{ SOPInstanceUID: string; frame: number }> | undefined
}

/** What of a study was not seen. Each list in the order given. */
export interface Unseen {
  /** Begun, and not all of it. */
  partly: Array<{ SeriesInstanceUID: string; SeriesNumber: number | null; unseen: number; of: number }>
  /** Nothing of it. SeriesInstanceUIDs: of what is read; scouts; dose reports, screen saves and what has no picture. */
  neverOpened: string[]
  localizers: string[]
  reports: string[]
}

/** Undefined when nothing is left. A scout or a report counts as looked at from its first picture on. */
export function unseenOf(
  study: readonly SeriesToRead[],
  seenOf: (SeriesInstanceUID: string) => SeenFrames | undefined,
): Unseen | undefined {
  const unseen: Unseen = { partly: [], neverOpened: [], localizers: [], reports: [] }
  for (const { series, frames } of study) {
    const { SeriesInstanceUID, SeriesNumber } = series
    const seen = seenOf(SeriesInstanceUID) ?? new Map()
    const of = frames?.length ?? (series.frames || series.NumberOfSeriesRelatedInstances)
    const count =
      frames?.filter(({ SOPInstanceUID, frame }) => hasFrame(seen.get(SOPInstanceUID), frame)).length ??
      Math.min(of, countFrames(seen))
    if (count === of) continue
    // Of a slide that is not open its tiles are not known apart from those of its other levels: begun is not 'never opened'.
    if (frames === undefined && series.Modality === 'SM' && count > 0) continue
    const rank = readingRank(series)
    if (rank === 0 && count > 0) unseen.partly.push({ SeriesInstanceUID, SeriesNumber, unseen: of - count, of })
    else if (count > 0) continue
    else if (rank === 0) unseen.neverOpened.push(SeriesInstanceUID)
    else if (rank === 1) unseen.localizers.push(SeriesInstanceUID)
    else unseen.reports.push(SeriesInstanceUID)
  }
  return Object.values(unseen).some(list => list.length > 0) ? unseen : undefined
}

/** Series named one by one in a sentence; the others are counted. */
const NAMED = 3

/** 'series 4: 61 of 240 not seen · 2 series never opened · 1 localizer not opened'. */
export function unseenWords({ partly, neverOpened, localizers, reports }: Unseen): string {
  const more = partly.length - NAMED
  const counted = (list: string[], one: string, many: string) =>
    list.length === 0 ? [] : [`${list.length} ${list.length === 1 ? one : many}`]
  return [
    ...partly
      .slice(0, NAMED)
      .map(
        ({ SeriesNumber, unseen, of }) =>
          `${SeriesNumber === null ? 'a series without a number' : `series ${SeriesNumber}`}: ${unseen} of ${of} not seen`,
      ),
    ...(more > 0 ? [`${more} more series not seen to the end`] : []),
    ...counted(neverOpened, 'series never opened', 'series never opened'),
    ...counted(localizers, 'localizer not opened', 'localizers not opened'),
    ...counted(reports, 'report not opened', 'reports not opened'),
  ].join(' · ')
}

/**
 * The next place that was not seen: behind `from` in its stack, then in the stacks after it, then from the first stack on round to
 * `from`. Undefined when there is none.
 */
export function nextUnseen(
  lengths: readonly number[],
  isUnseen: (stack: number, index: number) => boolean,
  from: { stack: number; index: number },
): { stack: number; index: number } | undefined {
  for (let turn = 0; turn <= lengths.length; turn++) {
    const stack = (from.stack + turn) % Math.max(1, lengths.length)
    const begin = turn === 0 ? from.index + 1 : 0
    const end = turn === lengths.length ? Math.min(from.index + 1, lengths[stack] ?? 0) : (lengths[stack] ?? 0)
    for (let index = begin; index < end; index++) if (isUnseen(stack, index)) return { stack, index }
  }
  return undefined
}
