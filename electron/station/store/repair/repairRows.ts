import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { createApplyDecision } from '../applyDecision.ts'
import type { createCommitRows } from '../commitRows.ts'
import { fileOfContent } from '../contentFile.ts'
import type { Decision } from '../decisionLog.ts'
import type { Change, Origin } from '../index.ts'
import type { PlacedObject } from '../receivedObject.ts'
import { type ContentPlace, sameDataSet } from '../sameBytes.ts'
import type { Visibility } from '../visibility.ts'

/** A content as its rows have it, with what its object is made from again. */
export interface KnownCopy extends ContentPlace {
  contentId: number
  SOPInstanceUID: string
  /** null: never read to its end. */
  crc: number | null
  /** Empty until it is known. */
  sha256: Uint8Array
  /** 0: it has not settled, `file` is in the landing folder. */
  volume: number
  /** With which `file` begins; '' = the data folder's. */
  root: string
  state: 'whole' | 'damaged'
  received: number
  origin: Origin
}

/**
 * What became of the objects, in their order. 'known': has its rows; 'cut': ends early, and its image came whole; 'gone': a decision
 * took it away; 'retry': newer versions are known that did not come with it.
 */
export interface AdoptAnswer {
  outcomes: Array<'adopted' | 'duplicate' | 'known' | 'cut' | 'gone' | 'retry' | { failed: string }>
  changes: Change[]
  /** For `decisions.log`, as of a commit. */
  decisions: Decision[]
  seq: number
}

/** What was found out about copies that have rows. */
export interface Findings {
  damaged: number[]
  whole: number[]
  hashes: Array<{ contentId: number; crc: number; sha256: Uint8Array }>
}

/** An image whose copy is damaged or missing. */
export interface LostCopy {
  contentId: number
  StudyInstanceUID: string
  SOPInstanceUID: string
}

type KnownRow = Omit<KnownCopy, 'origin'> & Origin

const KNOWN = `SELECT content.id AS contentId, SOPInstanceUID, root || file AS file, root, offset, copy.metaLength, content.length, crc, sha256, volume, state,
  received, door, sourceAET, sendingAET, receivingAET, address
  FROM content JOIN copy ON copy.content = content.id JOIN volume ON volume.id = copy.volume JOIN instance ON instance.id = content.instance`

/** The rows that repair reads and writes. What is adopted goes through the same statements as what is received. */
export function createRepairRows(
  db: Database,
  dataDir: string,
  epoch: number,
  commitRows: ReturnType<typeof createCommitRows>,
  { applyDecision, visibility }: ReturnType<typeof createApplyDecision>,
) {
  const between = db.prepare<[number, number], KnownRow>(`${KNOWN} WHERE content.id BETWEEN ? AND ?`)
  const behind = db.prepare<[number, number], KnownRow>(
    `${KNOWN} WHERE content.id > ? AND volume = 1 AND state = 'whole' ORDER BY content.id LIMIT ?`,
  )
  const ofInstance = db.prepare<[string, number], KnownRow>(`${KNOWN} WHERE SOPInstanceUID = ? AND content.id > ?`)
  const isKnown = db.prepare<[number], 1>('SELECT 1 FROM content WHERE id = ?').pluck()
  const goneBetween = db
    .prepare<[number, number], number>('SELECT content FROM gone WHERE content BETWEEN ? AND ?')
    .pluck()
  const doomedBetween = db
    .prepare<[number, string, string], string>('SELECT file FROM doomed WHERE volume = ? AND file BETWEEN ? AND ?')
    .pluck()
  const isGone = db.prepare<[number], 1>('SELECT 1 FROM gone WHERE content = ?').pluck()
  // What has rows is no half of anything: it was received again by a start that was cut off itself.
  const addGone = db.prepare(
    'INSERT OR IGNORE INTO gone SELECT @content WHERE NOT EXISTS (SELECT 1 FROM content WHERE id = @content)',
  )
  const lastGone = db.prepare<[], number | null>('SELECT max(content) FROM gone').pluck()
  const setState = db.prepare('UPDATE state SET value = ? WHERE key = ?')
  const getState = db.prepare<[string], number>('SELECT value FROM state WHERE key = ?').pluck()
  const markCopy = db.prepare(
    'UPDATE copy SET state = @state WHERE content = @content AND volume = 1 AND state <> @state',
  )
  const setHash = db.prepare(`UPDATE content SET sha256 = @sha256, crc = @crc WHERE id = @contentId AND sha256 = x''`)
  const lost = db.prepare<[string], LostCopy>(
    `SELECT content.id AS contentId, StudyInstanceUID, SOPInstanceUID FROM content JOIN instance ON instance.id = content.instance
     JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
     WHERE content.id IN (SELECT value FROM json_each(?))`,
  )
  const lowerFirst = db.prepare(
    'UPDATE study SET firstReceived = @at WHERE StudyInstanceUID = @uid AND firstReceived > @at',
  )
  const studyByUID = db.prepare<[string], { reading: number; priorityByHand: number }>(
    'SELECT reading, priorityByHand FROM study WHERE StudyInstanceUID = ?',
  )
  const keepUndecided = db.prepare('INSERT OR REPLACE INTO undecided VALUES (?, ?, ?)')
  const undecidedOf = db.prepare<[string], string>('SELECT decision FROM undecided WHERE StudyInstanceUID = ?').pluck()
  const waiting = db.prepare<[], string>('SELECT DISTINCT StudyInstanceUID FROM undecided').pluck()
  const clearUndecided = db.prepare('DELETE FROM undecided WHERE StudyInstanceUID = ?')
  const addChange = db.prepare(
    `INSERT INTO change (epoch, kind, StudyInstanceUID, SOPInstanceUID, content) VALUES (?, 'study', ?, '', NULL)`,
  )
  const newestSeq = db.prepare<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'change'`).pluck()
  const forget = createForget(db, visibility)

  const tellStudies = (uids: Iterable<string>): Change[] =>
    [...new Set(uids)].map(StudyInstanceUID => ({
      seq: Number(addChange.run(epoch, StudyInstanceUID).lastInsertRowid),
      kind: 'study',
      StudyInstanceUID,
    }))

  /** What waited for the study's row; what a person has said since counts more. */
  function applyUndecided(StudyInstanceUID: string): string[] {
    const study = studyByUID.get(StudyInstanceUID)
    if (!study) return []
    const touched = undecidedOf.all(StudyInstanceUID).flatMap(json => {
      const decision = JSON.parse(json) as Decision
      const since = decision.kind === 'reading' ? study.reading > 0 : study.priorityByHand === 1
      return since && decision.kind !== 'kept' ? [] : applyDecision(decision)
    })
    clearUndecided.run(StudyInstanceUID)
    return touched
  }

  function adopt(objects: PlacedObject[]): AdoptAnswer {
    const coming = new Set(objects.map(({ contentId }) => contentId))
    const outcomes: AdoptAnswer['outcomes'] = []
    const placed = objects.filter((object, index) => {
      const versions = ofInstance.all(object.header.SOPInstanceUID, 0)
      const newer = versions.filter(({ contentId }) => contentId > object.contentId)
      if (isKnown.get(object.contentId)) outcomes[index] = 'known'
      else if (isGone.get(object.contentId)) outcomes[index] = 'gone'
      else if (versions.some(version => isCutOff(version, object))) outcomes[index] = 'cut'
      else if (newer.some(({ contentId }) => !coming.has(contentId))) outcomes[index] = 'retry'
      if (outcomes[index]) return false
      for (const { contentId } of newer) forget.content(contentId)
      return true
    })
    const answer = commitRows(placed, undefined)
    forget.end()
    const touched: string[] = []
    for (const [index, result] of answer.results.entries()) {
      const object = placed[index]
      if (!object) continue
      const at = objects.indexOf(object)
      if ('failed' in result) outcomes[at] = result
      else {
        outcomes[at] = result.outcome === 'duplicate' ? 'duplicate' : 'adopted'
        lowerFirst.run({ at: object.received, uid: result.StudyInstanceUID })
        touched.push(...applyUndecided(result.StudyInstanceUID))
      }
    }
    const changes = [...answer.changes, ...tellStudies(touched)]
    return { outcomes, changes, decisions: answer.decisions, seq: newestSeq.get() ?? 0 }
  }

  /** What came back since, or never went, lies in its file. */
  function isNotHere(content: number): boolean {
    return !existsSync(resolve(dataDir, fileOfContent(content)))
  }

  /** Nothing is in it that the other version does not begin with. */
  function isCutOff(whole: KnownRow, { header, ...object }: PlacedObject): boolean {
    if (!header.flags.includes('truncated') || whole.length <= object.length) return false
    return sameDataSet(dataDir, { ...whole, length: object.length }, object)
  }

  return {
    /** `doomed`: files of the volume that are about to be unlinked, whatever else is known of them. */
    contentsBetween: (
      volume: number,
      from: number,
      to: number,
    ): { copies: KnownCopy[]; gone: number[]; doomed: string[] } => ({
      copies: between.all(from, to).map(knownCopy),
      gone: goneBetween.all(from, to),
      doomed: doomedBetween.all(volume, fileOfContent(from), fileOfContent(to)),
    }),

    /** The next settled copies behind a content number, to be read again. */
    settledBehind: (contentId: number, limit: number): KnownCopy[] => behind.all(contentId, limit).map(knownCopy),

    /** Versions of the same instances that came later and have rows already: with the older ones among them they are placed anew. */
    newerVersions: (objects: Array<{ SOPInstanceUID: string; contentId: number }>): KnownCopy[] =>
      objects.flatMap(({ SOPInstanceUID, contentId }) => ofInstance.all(SOPInstanceUID, contentId).map(knownCopy)),

    /** Objects that lie at their place, in the order of their numbers. */
    adopt: db.transaction(adopt).immediate,

    /** Returns those that were thought whole before and are not. */
    mark: db.transaction(({ damaged, whole, hashes }: Findings): LostCopy[] => {
      const found = damaged.filter(content => markCopy.run({ content, state: 'damaged' }).changes > 0)
      for (const content of whole) markCopy.run({ content, state: 'whole' })
      for (const hash of hashes) setHash.run(hash)
      return lost.all(JSON.stringify(found))
    }).immediate,

    /** A part of `decisions.log`, in its order. What is said of a study that has no row yet waits for it. */
    replayDecisions: db.transaction((decisions: Decision[]): { changes: Change[]; seq: number } => {
      const touched = decisions.flatMap(decision => {
        const needsRow = ['reading', 'priority', 'kept'].includes(decision.kind)
        if (decision.kind === 'evicted')
          return applyDecision({ ...decision, contents: decision.contents.filter(isNotHere) })
        if (!needsRow || studyByUID.get(decision.StudyInstanceUID)) return applyDecision(decision)
        keepUndecided.run(decision.StudyInstanceUID, decision.kind, JSON.stringify(decision))
        return []
      })
      return { changes: tellStudies(touched), seq: newestSeq.get() ?? 0 }
    }).immediate,

    /** The files with these numbers, if there are any, are not to be adopted; numbers that have rows are left out. */
    addGone: db.transaction((contents: number[]): void => {
      for (const content of contents) addGone.run({ content })
    }).immediate,
    lastGone: (): number => lastGone.get() ?? 0,

    goneContents: (): number[] => db.prepare<[], number>('SELECT content FROM gone').pluck().all(),

    /** Whose rows came by another way than adoption. */
    applyUndecided: db.transaction((): Change[] => tellStudies(waiting.all().flatMap(applyUndecided))).immediate,

    isRepairing: (): boolean => getState.get('repairing') === 1,
    beginRepair(): void {
      setState.run(1, 'repairing')
    },
    endRepair: db.transaction((): { changes: Change[] } => {
      const changes = tellStudies(waiting.all().flatMap(applyUndecided))
      db.exec('DELETE FROM undecided')
      setState.run(0, 'repairing')
      return { changes }
    }).immediate,
    scrubState: (): { scrubbedTo: number; scrubBegun: number } => ({
      scrubbedTo: getState.get('scrubbedTo') ?? 0,
      scrubBegun: getState.get('scrubBegun') ?? 0,
    }),
    setScrubState(scrubbedTo: number, scrubBegun: number): void {
      setState.run(scrubbedTo, 'scrubbedTo')
      setState.run(scrubBegun, 'scrubBegun')
    },
  }
}

function knownCopy({ door, sourceAET, sendingAET, receivingAET, address, ...row }: KnownRow): KnownCopy {
  // A fresh copy: a small view of a large buffer would cross to another thread with all of it.
  return {
    ...row,
    sha256: Uint8Array.from(row.sha256),
    origin: { door, sourceAET, sendingAET, receivingAET, address },
  }
}

/** Takes rows away that are made again in the same transaction, behind an older version of the same instance. */
function createForget(db: Database, visibility: Visibility) {
  const place = db.prepare<[number], { instance: number; series: number; study: number; contents: number }>(
    `SELECT instance.id AS instance, series.id AS series, series.study,
       (SELECT count(*) FROM content AS every WHERE every.instance = instance.id) AS contents
     FROM content JOIN instance ON instance.id = content.instance JOIN series ON series.id = instance.series
     WHERE content.id = ?`,
  )
  const removeRows = ['copy', 'pending', 'thumbnail', 'unreadNote']
    .map(table => db.prepare(`DELETE FROM ${table} WHERE content = ?`))
    .concat(db.prepare('DELETE FROM content WHERE id = ?'))
  const removeInstance = db.prepare('DELETE FROM instance WHERE id = ?')
  const removeSeries = db.prepare(
    'DELETE FROM series WHERE id = ? AND NOT EXISTS (SELECT 1 FROM instance WHERE series = series.id)',
  )
  const removeStudy = db.prepare(
    `DELETE FROM study WHERE id = ? AND NOT EXISTS (SELECT 1 FROM series WHERE study = study.id)
     AND NOT EXISTS (SELECT 1 FROM move WHERE move.StudyInstanceUID = study.StudyInstanceUID AND state = 'active')`,
  )
  const correctTimes = db.prepare(
    `UPDATE study SET (firstReceived, lastReceived) = (SELECT min(received), max(received) FROM series
       JOIN instance ON instance.series = series.id JOIN content ON content.instance = instance.id
       WHERE series.study = study.id) WHERE id = ? AND EXISTS (SELECT 1 FROM series WHERE study = study.id)`,
  )
  const left = { series: new Set<number>(), studies: new Set<number>() }

  return {
    /** The content's rows, and with the last of them its instance's. */
    content(id: number): void {
      const at = place.get(id)
      if (!at) return
      for (const remove of removeRows) remove.run(id)
      if (at.contents === 1) removeInstance.run(at.instance)
      left.series.add(at.series)
      left.studies.add(at.study)
    },
    /** When the rows are made again: all is summed anew, what stayed empty goes, the rest says again when its images came. */
    end(): void {
      visibility.recount(left.series, left.studies)
      for (const id of left.series) removeSeries.run(id)
      for (const id of left.studies) {
        removeStudy.run(id)
        correctTimes.run(id)
      }
      left.series.clear()
      left.studies.clear()
    },
  }
}
