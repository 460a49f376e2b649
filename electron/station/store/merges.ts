import type { Database } from 'better-sqlite3'
import { isJunkPatientID } from '../../../shared/dicom/instanceHeader.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Decision } from './decisionLog.ts'
import type { PatientModule } from './index.ts'
import type { createMoves } from './moves.ts'
import type { PlacedObject } from './receivedObject.ts'

type Merged = Extract<Decision, { kind: 'merged' }>
type Apart = Extract<Decision, { kind: 'apart' }>
type Unmerged = Extract<Decision, { kind: 'unmerged' }>

interface Shown extends PatientModule {
  key: string
}
interface MergeRow {
  id: string
  at: number
  by: string
  reason: string
  StudyInstanceUID: string
  source: string
  target: string
  patient: string
}

/** Nobody merges further than this; it also ends a circle that only a damaged log could make. */
const MOST_STEPS = 32
/** One patient with more studies is no patient. */
const MOST_STUDIES = 1000

/**
 * Two patients said to be one: an edge from the one to the other, and a move for each study, so that what shows, sends and takes
 * back moves needs to know nothing more. Two said not to be one are remembered.
 */
export function createMerges(db: Database, moves: ReturnType<typeof createMoves>) {
  const shownBy = db.prepare<[string], Shown>(
    `SELECT key, PatientName, PatientID, IssuerOfPatientID, PatientBirthDate, PatientSex, lang
     FROM study JOIN patient ON patient.id = study.patient WHERE StudyInstanceUID = ?`,
  )
  const studiesOf = db
    .prepare<[string, number], string>(
      `SELECT StudyInstanceUID FROM study WHERE patient = (SELECT id FROM patient WHERE key = ?) ORDER BY study.id LIMIT ?`,
    )
    .pluck()
  const bySource = db.prepare<[string], MergeRow>(`SELECT * FROM merge WHERE source = ? AND state = 'active'`)
  const byId = db.prepare<[string], MergeRow & { state: string }>('SELECT * FROM merge WHERE id = ?')
  const add = db.prepare(
    `INSERT OR IGNORE INTO merge (id, at, by, reason, StudyInstanceUID, source, target, patient, state)
     VALUES (@id, @at, @by, @reason, @StudyInstanceUID, @source, @target, @patient, 'active')`,
  )
  const setUndone = db.prepare(`UPDATE merge SET state = 'undone' WHERE id = ?`)
  const markMove = db.prepare('UPDATE move SET merge = ? WHERE id = ?')
  const movesOf = db.prepare<[string], { id: string; StudyInstanceUID: string }>(
    `SELECT id, StudyInstanceUID FROM move WHERE merge = ? AND merge <> '' AND state = 'active' ORDER BY number DESC`,
  )
  const hasMoves = db
    .prepare<[string], number>(`SELECT 1 FROM move WHERE StudyInstanceUID = ? AND state = 'active' LIMIT 1`)
    .pluck()
  const addApart = db.prepare(
    `INSERT OR IGNORE INTO apart (id, pair, StudyInstanceUID, state) VALUES (?, ?, ?, 'active')`,
  )
  const apartById = db.prepare<[string], { StudyInstanceUID: string; state: string }>(
    'SELECT StudyInstanceUID, state FROM apart WHERE id = ?',
  )
  const setTogether = db.prepare(`UPDATE apart SET state = 'undone' WHERE id = ?`)

  /** Patients that are shown under another: every other object is asked nothing further. */
  const sources = new Set(db.prepare<[], string>(`SELECT source FROM merge WHERE state = 'active'`).pluck().all())

  function moveOne(merge: Omit<MergeRow, 'source' | 'target'>, StudyInstanceUID: string): string[] {
    const id = `${merge.id} ${StudyInstanceUID}`
    const { at, by, reason } = merge
    const same = { kind: 'move', id, at, by, reason, StudyInstanceUID, SeriesInstanceUID: '', made: false } as const
    const touched = moves.applyMove({ ...same, to: StudyInstanceUID, patient: JSON.parse(merge.patient) })
    markMove.run(merge.id, id)
    return touched
  }

  function shown(StudyInstanceUID: string): Shown {
    const row = shownBy.get(StudyInstanceUID)
    if (!row) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
    return row
  }

  function leadsTo(from: string, to: string): boolean {
    let key: string | undefined = from
    for (let step = 0; key !== undefined && step < MOST_STEPS; step++) {
      if (key === to) return true
      key = bySource.get(key)?.target
    }
    return key !== undefined
  }

  return {
    applyMerged({ patient, ...decision }: Merged): string[] {
      const merge = { ...decision, patient: JSON.stringify(patient) }
      if (add.run(merge).changes === 0) return []
      sources.add(merge.source)
      return studiesOf.all(merge.source, MOST_STUDIES).flatMap(uid => moveOne(merge, uid))
    },

    applyApart({ id, pair, StudyInstanceUID }: Apart): string[] {
      addApart.run(id, pair, StudyInstanceUID)
      return []
    },

    /** Of a merge, or of the word that two are not one. */
    applyUnmerged({ id, at, by }: Unmerged): string[] {
      setTogether.run(id)
      const merge = byId.get(id)
      if (merge?.state !== 'active') return []
      setUndone.run(id)
      sources.delete(merge.source)
      return movesOf.all(id).flatMap(move => moves.applyMovedBack({ kind: 'movedBack', at, by, ...move }).touched)
    },

    /**
     * `StudyInstanceUID`'s patient is the one of `to`: all that is shown under the first is shown under the second from now on.
     * Throws 'not-found', 'too-large', or 'bad-request' where they are one already, or it would lead round in a circle.
     */
    planMerge(
      { StudyInstanceUID, to, reason }: { StudyInstanceUID: string; to: string; reason: string },
      given: { id: string; at: number; by: string },
    ): Merged {
      const { key: source } = shown(StudyInstanceUID)
      const { key: target, ...patient } = shown(to)
      if (patient.PatientID === '' || isJunkPatientID(patient.PatientID)) {
        throw new IsocenterError('bad-request', 'the patient it would go to has no Patient ID that names anybody')
      }
      if (leadsTo(target, source)) throw new IsocenterError('bad-request', 'they are one patient already')
      if (bySource.get(source)) throw new IsocenterError('bad-request', 'it was merged before: take that back first')
      if (studiesOf.all(source, MOST_STUDIES + 1).length > MOST_STUDIES) {
        throw new IsocenterError('too-large', `more than ${MOST_STUDIES} studies`)
      }
      return { kind: 'merged', ...given, reason, StudyInstanceUID, source, target, patient }
    },

    planApart(StudyInstanceUID: string, other: string, given: { id: string; at: number; by: string }): Apart {
      const pair = pairOf(shown(StudyInstanceUID), shown(other))
      return { kind: 'apart', ...given, StudyInstanceUID, pair }
    },

    /** Undefined when the id is of no merge. Throws 'bad-request' when a study of it was moved on since. */
    planUnmerge(id: string, at: number, by: string): Unmerged | undefined {
      const row = byId.get(id) ?? apartById.get(id)
      if (!row) return undefined
      if (row.state !== 'active') throw new IsocenterError('not-found', `merge ${id}`)
      for (const move of movesOf.all(id)) moves.planMoveBack(move.id, at, by)
      return { kind: 'unmerged', id, at, by, StudyInstanceUID: row.StudyInstanceUID }
    },

    /** A new study of a patient that was merged is moved before it is placed. */
    follow({ header }: PlacedObject): void {
      if (sources.size === 0) return
      const { IssuerOfPatientID, PatientID, StudyInstanceUID } = header
      let merge = bySource.get(JSON.stringify([IssuerOfPatientID, PatientID]))
      // One that is here is shown as somebody decided.
      if (!merge || hasMoves.get(StudyInstanceUID) || shownBy.get(StudyInstanceUID)) return
      for (let step = 0; merge && step < MOST_STEPS; step++) {
        moveOne(merge, StudyInstanceUID)
        merge = bySource.get(merge.target)
      }
    },
  }
}

/**
 * What is remembered of two that are not one. Under one ID it is birth date and sex that tell them from each other: else a third
 * would be taken for known.
 */
export function pairOf(a: Shown, b: Shown): string {
  const isOne = a.key === b.key
  const sides = [a, b].map(({ key, PatientBirthDate, PatientSex }) =>
    isOne ? `${key} ${PatientBirthDate} ${PatientSex}` : key,
  )
  return JSON.stringify(sides.sort())
}
