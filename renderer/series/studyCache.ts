import type { SeriesSummary, StudySummary } from '../../shared/contract.ts'
import { call, fetchThumbnails, onStationEvent } from '../client.ts'
import { keepNewest } from '../keepNewest.ts'
import { allFamiliesChanged, familyChanged } from './patientStudies.ts'

export interface StudyContents {
  study: StudySummary
  series: SeriesSummary[]
}

interface Kept {
  contents: Promise<StudyContents>
  thumbnails?: Promise<Map<string, string>>
}

/** The studies last asked for, newest last; what changes on the station is dropped. */
const kept = new Map<string, Kept>()
const KEPT = 16

function keep(StudyInstanceUID: string): Kept {
  let found = kept.get(StudyInstanceUID)
  if (found === undefined) {
    const contents = call('study.get', { StudyInstanceUID })
    contents.catch(() => kept.delete(StudyInstanceUID))
    found = { contents }
  }
  keepNewest(kept, StudyInstanceUID, found, KEPT)
  return found
}

/** A study with its series, from memory while nothing has changed. Rejects like `call`. */
export function studyContents(StudyInstanceUID: string): Promise<StudyContents> {
  return keep(StudyInstanceUID).contents
}

/** Data URLs by UID; empty when there are none yet. */
export function studyThumbnails(StudyInstanceUID: string): Promise<Map<string, string>> {
  const found = keep(StudyInstanceUID)
  found.thumbnails ??= fetchThumbnails(StudyInstanceUID).catch(() => {
    delete found.thumbnails
    return new Map<string, string>()
  })
  return found.thumbnails
}

const listeners = new Set<(StudyInstanceUIDs: string[]) => void>()

/** Told which kept studies have changed, after they were dropped. Returns the unsubscribe. */
export function onStudiesChanged(listener: (StudyInstanceUIDs: string[]) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function drop(StudyInstanceUIDs: string[]): void {
  for (const uid of StudyInstanceUIDs) {
    kept.delete(uid)
    familyChanged(uid)
  }
  for (const listener of listeners) listener(StudyInstanceUIDs)
}

onStationEvent('studies', ({ StudyInstanceUIDs }) => drop(StudyInstanceUIDs))
onStationEvent('again', () => {
  allFamiliesChanged()
  drop([...kept.keys()])
})
