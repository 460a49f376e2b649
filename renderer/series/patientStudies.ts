import type { StudySummary } from '../../shared/contract.ts'
import { call } from '../client.ts'
import { keepNewest } from '../keepNewest.ts'

/** A patient's studies as they were asked for from one of them. */
interface Family {
  studies: Promise<StudySummary[]>
  /** By UID; empty until they are here. */
  members: ReadonlySet<string>
  /** Something has changed since that may be of them. */
  isStale: boolean
  /** Changed studies that are not among them: since when, and whether another look is due for them. */
  strangers: Map<string, { since: number; isDue: boolean }>
}

const families = new Map<string, Family>()
const KEPT = 16
/** A study on its way changes five times a second. One that is another patient's makes nobody ask again sooner: it may be moved to this one. */
const STRANGER_MS = 5000
const MOST_STRANGERS = 500

/** The patient's other studies, newest first, from memory while nothing has changed that may be of them. Rejects like `call`. */
export function patientStudies(StudyInstanceUID: string): Promise<StudySummary[]> {
  const before = families.get(StudyInstanceUID)
  if (before?.isStale === false) return before.studies
  const studies = call('patient.studies', { StudyInstanceUID }).then(found => found.studies)
  const strangers = before?.strangers ?? new Map()
  const family: Family = { studies, members: new Set(), isStale: false, strangers }
  studies.then(
    known => {
      family.members = new Set(known.map(one => one.StudyInstanceUID))
    },
    () => {
      family.isStale = true
    },
  )
  keepNewest(families, StudyInstanceUID, family, KEPT)
  return studies
}

/** A study has changed, or has come. */
export function familyChanged(StudyInstanceUID: string): void {
  for (const [of, { members, strangers }] of families) {
    const stranger = strangers.get(StudyInstanceUID)
    const isMember = of === StudyInstanceUID || members.has(StudyInstanceUID)
    const wait = stranger === undefined || isMember ? 0 : stranger.since + STRANGER_MS - performance.now()
    if (stranger === undefined || wait <= 0) {
      outdate(of, StudyInstanceUID)
    } else if (!stranger.isDue) {
      stranger.isDue = true
      setTimeout(() => outdate(of, StudyInstanceUID), wait)
    }
  }
}

function outdate(of: string, changed: string): void {
  const family = families.get(of)
  if (family === undefined) return
  family.isStale = true
  keepNewest(family.strangers, changed, { since: performance.now(), isDue: false }, MOST_STRANGERS)
}

/** Anything may have changed. */
export function allFamiliesChanged(): void {
  for (const family of families.values()) family.isStale = true
}
