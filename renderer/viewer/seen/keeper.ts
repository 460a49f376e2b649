import { ERRORS, IsocenterError } from '../../../shared/errors.ts'
import { addSeen, hasFrame, readSeen, SEEN_TEXT, type SeenFrames, writeSeen } from '../../../shared/viewing/seen.ts'
import { call } from '../../client.ts'

/** What is not kept yet goes to the station this long after the first of it; a station that is away is tried again as often. */
const KEEP_MS = 2000
/** Studies in memory, the last ones. */
const KEPT = 16

/** A frame, wherever it stands. */
export interface SeenFrame {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  /** 1-based. */
  frame: number
}

interface StudySeen {
  /** By series: here and, as far as it was read, in other windows and before. */
  series: Map<string, SeenFrames>
  /** Of these, what the station has not got yet. */
  unsent: Map<string, SeenFrames>
  /** When the station was asked. Never rejects: what it cannot say is not known to have been seen. */
  read: Promise<void>
  timer: ReturnType<typeof setTimeout> | undefined
}

const studies = new Map<string, StudySeen>()
const listeners = new Set<(SeriesInstanceUID: string) => void>()

/** Told of series of which more is seen. Returns the unsubscribe. */
export function onSeen(listener: (SeriesInstanceUID: string) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function seenOf(StudyInstanceUID: string): StudySeen {
  let study = studies.get(StudyInstanceUID)
  if (study === undefined) {
    study = { series: new Map(), unsent: new Map(), read: Promise.resolve(), timer: undefined }
    study.read = readInto(StudyInstanceUID, study)
    studies.set(StudyInstanceUID, study)
    for (const [uid, { unsent }] of studies) {
      if (studies.size <= KEPT) break
      if (unsent.size === 0) studies.delete(uid)
    }
  }
  return study
}

async function readInto(StudyInstanceUID: string, study: StudySeen): Promise<void> {
  const answer = await call('seen.get', { StudyInstanceUID }).catch(() => undefined)
  for (const [SeriesInstanceUID, text] of Object.entries(answer?.series ?? {})) {
    add(study.series, SeriesInstanceUID, readSeen(text))
    for (const listener of listeners) listener(SeriesInstanceUID)
  }
}

function add(all: Map<string, SeenFrames>, SeriesInstanceUID: string, more: SeenFrames): void {
  const known = all.get(SeriesInstanceUID)
  if (known === undefined) all.set(SeriesInstanceUID, new Map(more))
  else addSeen(known, more)
}

/** Reads what is kept of a study's looking at, so that it is known when the first picture is here. */
export function expectSeen(StudyInstanceUID: string): void {
  seenOf(StudyInstanceUID)
}

/** What was seen of a series, as far as it is known here. */
export function seenFrames(StudyInstanceUID: string, SeriesInstanceUID: string): SeenFrames | undefined {
  return seenOf(StudyInstanceUID).series.get(SeriesInstanceUID)
}

export function wasSeen({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frame }: SeenFrame): boolean {
  return hasFrame(seenFrames(StudyInstanceUID, SeriesInstanceUID)?.get(SOPInstanceUID), frame)
}

/** This one has been on the screen. */
export function noteSeen({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frame }: SeenFrame): void {
  const study = seenOf(StudyInstanceUID)
  const more: SeenFrames = new Map([[SOPInstanceUID, [[frame, frame]]]])
  add(study.series, SeriesInstanceUID, more)
  add(study.unsent, SeriesInstanceUID, more)
  keepSoon(StudyInstanceUID, study)
  for (const listener of listeners) listener(SeriesInstanceUID)
}

function keepSoon(StudyInstanceUID: string, study: StudySeen): void {
  study.timer ??= setTimeout(() => void keep(StudyInstanceUID, study), KEEP_MS)
}

async function keep(StudyInstanceUID: string, study: StudySeen, leaving = false): Promise<void> {
  clearTimeout(study.timer)
  study.timer = undefined
  const { unsent } = study
  if (unsent.size === 0) return
  study.unsent = new Map()
  const texts = [...unsent].map(([uid, seen]) => [uid, writeSeen(seen)] as const)
  try {
    // What no text can hold is called not seen when the study is opened again.
    const series = Object.fromEntries(texts.filter(([, text]) => text.length <= SEEN_TEXT))
    await call('seen.put', { StudyInstanceUID, series }, undefined, leaving)
  } catch (thrown) {
    // The study is gone, or the station refuses it for good: nothing can be kept of it.
    if (thrown instanceof IsocenterError && !ERRORS[thrown.code].retryable) return
    for (const [uid, seen] of unsent) add(study.unsent, uid, seen)
    keepSoon(StudyInstanceUID, study)
  }
}

/** Brings what is not kept yet to the station, and what other windows have seen meanwhile here. Never rejects. */
export async function syncSeen(StudyInstanceUID: string): Promise<void> {
  const study = seenOf(StudyInstanceUID)
  await study.read
  await keep(StudyInstanceUID, study)
  await readInto(StudyInstanceUID, study)
}

// A window that is closed, or hidden for good, still says what was seen in it.
globalThis.addEventListener?.('pagehide', () => {
  for (const [uid, study] of studies) void keep(uid, study, true)
})
