import type { Database } from 'better-sqlite3'
import { isJunkPatientID } from '../../../shared/dicom/instanceHeader.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Decision } from './decisionLog.ts'
import type { MoveTarget, MoveWish, PatientModule } from './index.ts'
import type { PlacedObject } from './receivedObject.ts'
import { foldName } from './searchTokens.ts'
import type { Visibility } from './visibility.ts'

export type Move = Extract<Decision, { kind: 'move' }>
export type MovedBack = Extract<Decision, { kind: 'movedBack' }>

const PATIENT = ['PatientName', 'PatientID', 'IssuerOfPatientID', 'PatientBirthDate', 'PatientSex', 'lang'] as const
/** What stays the study's own when its series is shown as a study of another patient. */
const STUDY = [
  'PatientAge',
  'StudyDate',
  'StudyTime',
  'StudyID',
  'StudyDescription',
  'AccessionNumber',
  'ReferringPhysicianName',
  'InstitutionName',
] as const
/** Nobody moves a series more often; it also ends a circle no one should have made. */
const MOST_STEPS = 32

interface MoveRow {
  number: number
  id: string
  at: number
  StudyInstanceUID: string
  SeriesInstanceUID: string
  toStudyInstanceUID: string
  made: 0 | 1
  patient: string
  before: string | null
}
type StudyTexts = Record<(typeof STUDY)[number], string>
type StudyRow = PatientModule & StudyTexts & { id: number; patient: number; movedAt: number }
/** As the study was shown: what undoes a move, and makes the study a series came from anew when it has no row any more. */
type Before = PatientModule & StudyTexts & { movedAt: number }

/** Studies and series that are shown under another patient or in another study, as rows; the objects stay as they were received. */
export function createMoves(db: Database, visibility: Visibility) {
  const COLUMNS = 'number, id, at, StudyInstanceUID, SeriesInstanceUID, toStudyInstanceUID, made, patient, before'
  const byId = db.prepare<[string], MoveRow & { state: string }>(`SELECT ${COLUMNS}, state FROM move WHERE id = ?`)
  const active = db.prepare<[string, string], MoveRow>(
    `SELECT ${COLUMNS} FROM move WHERE StudyInstanceUID = ? AND SeriesInstanceUID = ? AND state = 'active'
     ORDER BY number DESC LIMIT 1`,
  )
  const add = db.prepare(
    `INSERT OR IGNORE INTO move (id, at, by, reason, StudyInstanceUID, SeriesInstanceUID, toStudyInstanceUID, made, patient, before, state)
     VALUES (@id, @at, @by, @reason, @StudyInstanceUID, @SeriesInstanceUID, @to, @made, @patient, @before, 'active')`,
  )
  const allActive = db.prepare<[string], MoveRow>(
    `SELECT ${COLUMNS} FROM move WHERE StudyInstanceUID = ? AND SeriesInstanceUID = '' AND state = 'active' ORDER BY number`,
  )
  const setBefore = db.prepare('UPDATE move SET before = ? WHERE number = ? AND before IS NULL')
  const setUndone = db.prepare(`UPDATE move SET state = 'undone' WHERE number = ?`)
  const studyByUID = db.prepare<[string], StudyRow>(
    `SELECT id, patient, movedAt, ${[...PATIENT, ...STUDY].join(', ')} FROM study WHERE StudyInstanceUID = ?`,
  )
  const seriesIn = db
    .prepare<[number, string], number>('SELECT id FROM series WHERE study = ? AND SeriesInstanceUID = ?')
    .pluck()
  const patientByKey = db.prepare<[string], number>('SELECT id FROM patient WHERE key = ?').pluck()
  const addPatient = db.prepare('INSERT INTO patient (key) VALUES (?)')
  const setPatient = db.prepare(
    `UPDATE study SET patient = @patient, foldedName = @foldedName, movedAt = @movedAt,
       ${PATIENT.map(name => `${name} = @${name}`).join(', ')} WHERE id = @id`,
  )
  // Hidden until its series is in it.
  const addStudyLike = db.prepare(
    `INSERT INTO study (patient, StudyInstanceUID, foldedName, firstReceived, lastReceived, sendingAET, synthetic, reading,
       readingBy, readingAt, priority, priorityByHand, hidden, ${[...PATIENT, ...STUDY].join(', ')})
     SELECT @patient, @to, @foldedName, firstReceived, lastReceived, sendingAET, synthetic, reading, readingBy, readingAt,
       priority, priorityByHand, 1, ${[...PATIENT, ...STUDY].map(name => `@${name}`).join(', ')} FROM study WHERE id = @id`,
  )
  const setStudyOf = db.prepare('UPDATE series SET study = ?, movedAt = ? WHERE id = ?')
  const setSeriesMoved = db.prepare('UPDATE series SET movedAt = ? WHERE id = ?')
  const setStudyMoved = db.prepare('UPDATE study SET movedAt = ? WHERE id = ?')

  /** Studies with a move, in force or taken back: all others, and that is nearly every object, are asked nothing further. */
  const everMoved = new Set(db.prepare<[], string>('SELECT StudyInstanceUID FROM move').pluck().all())

  function patientId({ IssuerOfPatientID, PatientID }: PatientModule, StudyInstanceUID: string): number {
    const identifies = PatientID !== '' && !isJunkPatientID(PatientID)
    const key = JSON.stringify(identifies ? [IssuerOfPatientID, PatientID] : ['', '', StudyInstanceUID])
    return patientByKey.get(key) ?? Number(addPatient.run(key).lastInsertRowid)
  }

  function showAs(study: StudyRow, StudyInstanceUID: string, as: Before): string[] {
    const patient = patientId(as, StudyInstanceUID)
    setPatient.run({ ...pick(as), patient, foldedName: foldName(as.PatientName), movedAt: as.movedAt, id: study.id })
    visibility.writeTokens(study.id)
    const counted = patient === study.patient ? [] : [study.patient, patient]
    return [StudyInstanceUID, ...counted.flatMap(one => visibility.countPriors(one, study.id))]
  }

  function makeStudy(from: StudyRow, to: string, as: PatientModule & StudyTexts): StudyRow {
    const foldedName = foldName(as.PatientName)
    const texts = { ...pick(as), ...pickStudy(as) }
    addStudyLike.run({ ...texts, patient: patientId(as, to), to, foldedName, id: from.id })
    return studyByUID.get(to) as StudyRow
  }

  function applyMove(decision: Move): string[] {
    const { id, at, by, reason, StudyInstanceUID, SeriesInstanceUID, to, made, patient } = decision
    const study = studyByUID.get(StudyInstanceUID)
    const before = study ? JSON.stringify(asShown(study)) : null
    const row = {
      id,
      at,
      by,
      reason,
      StudyInstanceUID,
      SeriesInstanceUID,
      to,
      made: Number(made),
      before,
      patient: JSON.stringify(patient),
    }
    everMoved.add(StudyInstanceUID)
    if (add.run(row).changes === 0 || !study) return []
    if (SeriesInstanceUID === '') return showAs(study, StudyInstanceUID, { ...asShown(study), ...patient, movedAt: at })
    const series = seriesIn.get(study.id, SeriesInstanceUID)
    if (series === undefined) return []
    // One that was there then says itself what it is as soon as its own images are here again.
    const target = studyByUID.get(to) ?? makeStudy(study, to, { ...(made ? pickStudy(study) : NO_TEXTS), ...patient })
    setStudyOf.run(target.id, at, series)
    return visibility.recount([], [study.id, target.id])
  }

  function applyMovedBack({ id }: MovedBack): { touched: string[]; left: number[] } {
    const row = byId.get(id)
    if (row?.state !== 'active') return { touched: [], left: [] }
    setUndone.run(row.number)
    const before: Before | undefined = row.before === null ? undefined : JSON.parse(row.before)
    if (row.SeriesInstanceUID === '') {
      const study = studyByUID.get(row.StudyInstanceUID)
      return { touched: study && before ? showAs(study, row.StudyInstanceUID, before) : [], left: [] }
    }
    const target = studyByUID.get(row.toStudyInstanceUID)
    const series = target && seriesIn.get(target.id, row.SeriesInstanceUID)
    if (target === undefined || series === undefined) return { touched: [], left: [] }
    const origin = studyByUID.get(row.StudyInstanceUID) ?? makeStudy(target, row.StudyInstanceUID, before ?? target)
    setStudyOf.run(origin.id, 0, series)
    return { touched: visibility.recount([], [origin.id, target.id]), left: [target.id] }
  }

  /** The moves that a series of this study went, one after the other. */
  function wayOf(StudyInstanceUID: string, SeriesInstanceUID: string): MoveRow[] {
    const way: MoveRow[] = []
    for (let at = StudyInstanceUID; way.length < MOST_STEPS; ) {
      const next = active.get(at, SeriesInstanceUID)
      if (!next) break
      way.push(next)
      at = next.toStudyInstanceUID
    }
    return way
  }

  /** What takes moves back that were read from the log before anything of their study was here. */
  function fillBefore(moves: MoveRow[], received: Before): void {
    let before = received
    for (const { number, at, patient } of moves) {
      setBefore.run(JSON.stringify(before), number)
      before = { ...before, ...pick(JSON.parse(patient)), movedAt: at }
    }
  }

  /** What every move of the object's place takes back to. */
  function fillMoves(header: PlacedObject['header'], way: MoveRow[]): void {
    const received: Before = { ...pick(header), ...pickStudy(header), movedAt: 0 }
    const ofOrigin = allActive.all(header.StudyInstanceUID)
    const first = way[0]
    const last = way.at(-1)
    fillBefore(ofOrigin, received)
    if (!first || !last) return
    // Its study may have been moved before the series left it.
    const then = ofOrigin.filter(({ number }) => number < first.number).at(-1)
    fillBefore(way, then ? { ...received, ...pick(JSON.parse(then.patient)), movedAt: then.at } : received)
    if (last.made)
      fillBefore(allActive.all(last.toStudyInstanceUID), { ...received, ...pick(JSON.parse(last.patient)) })
  }

  function targetPatient(to: MoveTarget): PatientModule {
    if ('patient' in to) return { lang: '', ...to.patient }
    const row = studyByUID.get(to.StudyInstanceUID)
    if (!row) throw new IsocenterError('not-found', `study ${to.StudyInstanceUID}`)
    return pick(row)
  }

  return {
    applyMove,
    applyMovedBack,
    /** The decision that does what is wished. `newUID` names a study made for a series. Throws 'not-found' or 'bad-request'. */
    planMove(wish: MoveWish, given: { id: string; at: number; by: string; newUID: string }): Move | MovedBack {
      const { StudyInstanceUID, SeriesInstanceUID = '', to, reason } = wish
      const { newUID, ...said } = given
      const study = studyByUID.get(StudyInstanceUID)
      if (!study) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
      const patient = targetPatient(to)
      if (patient.PatientID === '' || isJunkPatientID(patient.PatientID)) {
        throw new IsocenterError('bad-request', 'the patient it would go to has no Patient ID that names anybody')
      }
      if (SeriesInstanceUID === '') {
        if (PATIENT.every(name => patient[name] === study[name])) throw new IsocenterError('bad-request', 'it is there')
        const to = StudyInstanceUID
        return { kind: 'move', ...said, reason, StudyInstanceUID, SeriesInstanceUID, to, made: false, patient }
      }
      if (seriesIn.get(study.id, SeriesInstanceUID) === undefined) {
        throw new IsocenterError('not-found', `series ${SeriesInstanceUID}`)
      }
      const into = 'into' in to && to.into === true ? to.StudyInstanceUID : newUID
      const target = studyByUID.get(into)
      if (target && seriesIn.get(target.id, SeriesInstanceUID) !== undefined) {
        throw new IsocenterError('bad-request', 'the series is in that study')
      }
      // Home again is the way it came, taken back: else what arrives later would go round in a circle.
      const way = wayOf(into, SeriesInstanceUID).at(-1)
      if (way?.toStudyInstanceUID === StudyInstanceUID) {
        if (way.StudyInstanceUID !== into)
          throw new IsocenterError('bad-request', 'take its earlier moves back instead')
        return { kind: 'movedBack', id: way.id, at: said.at, by: said.by, StudyInstanceUID: into }
      }
      const made = target === undefined
      return { kind: 'move', ...said, reason, StudyInstanceUID, SeriesInstanceUID, to: into, made, patient }
    },
    /** Throws 'not-found', or 'bad-request' when it was moved on since. */
    planMoveBack(id: string, at: number, by: string): MovedBack {
      const row = byId.get(id)
      if (row?.state !== 'active') throw new IsocenterError('not-found', `move ${id}`)
      const { StudyInstanceUID, SeriesInstanceUID, toStudyInstanceUID } = row
      const newest = active.get(StudyInstanceUID, SeriesInstanceUID)
      const onwards = SeriesInstanceUID !== '' && active.get(toStudyInstanceUID, SeriesInstanceUID) !== undefined
      if (newest?.id !== id || onwards)
        throw new IsocenterError('bad-request', 'it was moved again since: take that back first')
      return { kind: 'movedBack', id, at, by, StudyInstanceUID }
    },
    /**
     * An object as it is to be shown when its study or series was moved before it came. What the destination knows of its
     * patient and study is not filled from it.
     */
    place(object: PlacedObject): { object: PlacedObject; mark(study: number, series: number): void } | undefined {
      const { header } = object
      if (!everMoved.has(header.StudyInstanceUID)) return undefined
      const way = wayOf(header.StudyInstanceUID, header.SeriesInstanceUID)
      const ofSeries = way.at(-1)
      const StudyInstanceUID = ofSeries?.toStudyInstanceUID ?? header.StudyInstanceUID
      const ofStudy = active.get(StudyInstanceUID, '')
      const newest = ofStudy ?? ofSeries
      if (!newest) return undefined
      const isKnown = studyByUID.get(StudyInstanceUID) !== undefined
      const patient: PatientModule = isKnown ? NOBODY : JSON.parse(newest.patient)
      const study = ofSeries && (isKnown || !ofSeries.made) ? NO_TEXTS : {}
      const flags = header.flags.filter(flag => flag !== 'no-patient-id' && flag !== 'junk-patient-id')
      return {
        object: { ...object, header: { ...header, ...study, ...patient, StudyInstanceUID, flags } },
        mark(studyId, seriesId) {
          if (ofSeries) setSeriesMoved.run(ofSeries.at, seriesId)
          if (ofStudy) setStudyMoved.run(ofStudy.at, studyId)
          fillMoves(header, way)
        },
      }
    },
  }
}

const NOBODY: PatientModule = {
  PatientName: '',
  PatientID: '',
  IssuerOfPatientID: '',
  PatientBirthDate: '',
  PatientSex: '',
  lang: '',
}

const NO_TEXTS = Object.fromEntries(STUDY.map(name => [name, ''])) as StudyTexts

function asShown(study: StudyRow): Before {
  return { ...pick(study), ...pickStudy(study), movedAt: study.movedAt }
}

function pickStudy(from: StudyTexts): StudyTexts {
  return Object.fromEntries(STUDY.map(name => [name, from[name]])) as StudyTexts
}

function pick(from: PatientModule): PatientModule {
  const { PatientName, PatientID, IssuerOfPatientID, PatientBirthDate, PatientSex, lang } = from
  return { PatientName, PatientID, IssuerOfPatientID, PatientBirthDate, PatientSex, lang }
}
