import type { Database } from 'better-sqlite3'
import { REJECTION_CODES } from '../../../shared/dicom/rejectionNote.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { fileOfContent } from './contentFile.ts'
import type { Decision } from './decisionLog.ts'
import { createEmptiedRows, type Emptied } from './emptied.ts'
import type { RemovedItem } from './index.ts'
import { spilledFile } from './landing/segment.ts'
import { MAX_REMOVED } from './limits.ts'
import type { CustodyRows } from './outbox/custodyRows.ts'
import { isSeen, type Visibility } from './visibility.ts'
import { DATA_VOLUME } from './volumes/placement.ts'

export type Removal = Extract<Decision, { kind: 'removal' }>
type Restored = Extract<Decision, { kind: 'restored' }>
type Purged = Extract<Decision, { kind: 'purged' }>

interface RemovalRow {
  number: number
  id: string
  code: string
  StudyInstanceUID: string
  state: 'binned' | 'restored' | 'purging' | 'purged'
  purgeTo: number
  images: number
  changedAt: number
  changedBy: string
}

/** Of the deletion's own code '': nothing of it is shown; a note for quality reasons leaves its images to whoever asks for them. */
function levelOf(code: string): 1 | 2 {
  return REJECTION_CODES[code]?.retrievable ? 1 : 2
}

/**
 * What was deleted or rejected, as rows. Everything here happens within the caller's transaction; `apply…` does what a decision
 * says, whether it is made now or read back from the log.
 */
export function createRemovals(db: Database, visibility: Visibility, custody: Pick<CustodyRows, 'refresh'>) {
  const byId = db.prepare<[string], RemovalRow>(
    'SELECT number, id, code, StudyInstanceUID, state, purgeTo, images, changedAt, changedBy FROM removal WHERE id = ?',
  )
  const add = db.prepare(
    `INSERT OR IGNORE INTO removal (id, code, level, at, by, reason, StudyInstanceUID, SeriesInstanceUID, images, state, changedAt, changedBy, hides)
     VALUES (@id, @code, @level, @at, @by, @reason, @StudyInstanceUID, @SeriesInstanceUID, @images, 'binned', @at, @by, 1)`,
  )
  const name = db.prepare('INSERT OR IGNORE INTO removed (SOPInstanceUID, removal) SELECT value, ? FROM json_each(?)')
  const named = db.prepare<[number], string>('SELECT SOPInstanceUID FROM removed WHERE removal = ?').pluck()
  const setState = db.prepare(
    'UPDATE removal SET state = @state, changedAt = @at, changedBy = @by, hides = @hides, purgeTo = @purgeTo WHERE number = @number',
  )
  const contentsOf = db
    .prepare<[number], number>(
      `SELECT content.id FROM removed JOIN instance ON instance.SOPInstanceUID = removed.SOPInstanceUID
       JOIN content ON content.instance = instance.id WHERE removal = ? ORDER BY content.id`,
    )
    .pluck()
  const someContents = db
    .prepare<[number, number, number], number>(
      `SELECT content.id FROM removed JOIN instance ON instance.SOPInstanceUID = removed.SOPInstanceUID
       JOIN content ON content.instance = instance.id WHERE removal = ? AND content.id <= ? LIMIT ?`,
    )
    .pluck()
  const place = db.prepare<[number], { instance: number; hidden: number; series: number; study: number }>(
    `SELECT instance.id AS instance, instance.hidden, series.id AS series, study FROM content JOIN instance ON instance.id = content.instance
     JOIN series ON series.id = instance.series WHERE content.id = ?`,
  )
  const volumes = db.prepare<[number], number>('SELECT id FROM volume WHERE id >= ?').pluck()
  const receivedOf = db.prepare<[number], number>('SELECT received FROM content WHERE id = ?').pluck()
  const doom = db.prepare('INSERT OR IGNORE INTO doomed (volume, file) VALUES (?, ?)')
  const doomLanded = db.prepare(
    `INSERT OR IGNORE INTO doomed (volume, file) SELECT ${DATA_VOLUME}, file FROM copy WHERE content = ? AND volume = 0 AND file LIKE '%.dcm'`,
  )
  const addGone = db.prepare('INSERT OR IGNORE INTO gone VALUES (?)')
  const forgetContent = ['thumbnail', 'pending', 'unreadNote', 'copy']
    .map(table => db.prepare(`DELETE FROM ${table} WHERE content = ?`))
    .concat(db.prepare('DELETE FROM content WHERE id = ?'))
  const forgetInstance = db.prepare(
    'DELETE FROM instance WHERE id = ? AND NOT EXISTS (SELECT 1 FROM content WHERE instance = instance.id)',
  )
  const showFirst = db.prepare(
    'UPDATE instance SET shown = (SELECT min(id) FROM content WHERE instance = instance.id) WHERE id = ?',
  )
  const forgetSeries = db.prepare(
    'DELETE FROM series WHERE id = ? AND NOT EXISTS (SELECT 1 FROM instance WHERE series = series.id)',
  )
  const emptyStudy = db
    .prepare<[number], string>(
      `SELECT StudyInstanceUID FROM study WHERE id = ? AND NOT EXISTS (SELECT 1 FROM series WHERE study = study.id)
       AND NOT EXISTS (SELECT 1 FROM move WHERE move.StudyInstanceUID = study.StudyInstanceUID AND state = 'active')`,
    )
    .pluck()
  const forgetStudy = db.prepare('DELETE FROM study WHERE id = ?')
  const forgetDrafts = db.prepare('DELETE FROM draft WHERE StudyInstanceUID = ?')
  const forgetSegments = db.prepare('DELETE FROM segmentPart WHERE StudyInstanceUID = ?')
  const forgetReports = db.prepare('DELETE FROM report WHERE StudyInstanceUID = ?')
  const forgetSeen = db.prepare('DELETE FROM seen WHERE StudyInstanceUID = ?')
  const noteAgain = db.prepare(
    // What comes back from the landing log came before.
    `UPDATE removal SET arrivedAgain = arrivedAgain + 1, againAt = max(againAt, @at) WHERE hides = 1 AND at <= @at
     AND number IN (SELECT removal FROM removed WHERE SOPInstanceUID = @SOPInstanceUID)`,
  )
  const purgingOf = db
    .prepare<[string], number>(
      `SELECT content.id FROM instance JOIN content ON content.instance = instance.id WHERE SOPInstanceUID = ?
       AND content.id <= (SELECT coalesce(max(purgeTo), 0) FROM removed JOIN removal ON removal.number = removed.removal
         WHERE removed.SOPInstanceUID = instance.SOPInstanceUID AND state = 'purging')`,
    )
    .pluck()
  const shownOf = (condition: string) =>
    db
      .prepare<unknown[], string>(
        `SELECT SOPInstanceUID FROM study JOIN series ON series.study = study.id JOIN instance ON instance.series = series.id
         WHERE ${isSeen('instance')} AND StudyInstanceUID = ? ${condition} LIMIT ${MAX_REMOVED + 1}`,
      )
      .pluck()
  const shown = [
    shownOf(''),
    shownOf('AND SeriesInstanceUID = ?'),
    shownOf('AND SeriesInstanceUID = ? AND SOPInstanceUID = ?'),
  ]

  function required(id: string): RemovalRow {
    const row = byId.get(id)
    if (!row) throw new IsocenterError('not-found', `deletion ${id}`)
    return row
  }

  function applyRemoval(decision: Removal): string[] {
    const { id, code, at, by, reason, StudyInstanceUID, SeriesInstanceUID, instances } = decision
    const images = instances.filter(uid => uid !== id).length
    const row = { id, code, level: levelOf(code), at, by, reason, StudyInstanceUID, SeriesInstanceUID, images }
    if (add.run(row).changes === 0) return []
    const { number } = required(id)
    name.run(number, JSON.stringify(instances))
    return visibility.refresh(instances)
  }

  function applyRestored({ id, at, by }: Restored): string[] {
    const row = byId.get(id)
    // What was purged is not here to be shown.
    if (row?.state !== 'binned') return []
    setState.run({ number: row.number, state: 'restored', at, by, hides: 0, purgeTo: 0 })
    return visibility.refresh(named.all(row.number))
  }

  /** Removes the rows of contents and what is empty without them; their files are doomed. The studies that are shown otherwise. */
  function forget(contents: number[]): string[] {
    const series = new Set<number>()
    const studies = new Set<number>()
    // What is hidden counts nowhere: there is nothing to count anew when it goes.
    let isCounted = false
    const everywhere = volumes.all(DATA_VOLUME)
    for (const id of contents) {
      // Under its own name wherever it may lie: settling, or a move between volumes, may have made it without a row yet, and an index
      // that is made anew may have no row of it at all. A landing segment holds many: it goes when nothing lies in it any more.
      for (const volume of everywhere) doom.run(volume, fileOfContent(id))
      doom.run(DATA_VOLUME, spilledFile(id))
      // What came again for a content that was damaged or away landed under a number of its own.
      doomLanded.run(id)
      const at = place.get(id)
      if (!at) continue
      for (const statement of forgetContent) statement.run(id)
      if (forgetInstance.run(at.instance).changes === 0) {
        showFirst.run(at.instance)
        custody.refresh(at.instance)
      }
      if (at.hidden === 0) isCounted = true
      series.add(at.series)
      studies.add(at.study)
    }
    const touched = isCounted ? visibility.recount(series, studies) : []
    for (const id of series) forgetSeries.run(id)
    for (const id of studies) forgetIfEmpty(id)
    return touched
  }

  function forgetIfEmpty(study: number): void {
    const uid = emptyStudy.get(study)
    if (uid === undefined) return
    forgetDrafts.run(uid)
    forgetSegments.run(uid)
    forgetSeen.run(uid)
    forgetReports.run(uid)
    forgetStudy.run(study)
    emptied.add(uid)
  }

  const emptied = new Set<string>()
  const emptiedRows = createEmptiedRows(db)

  /** Those of this transaction, which the log is to hear of whatever comes between. */
  function oweEmptied(at: number): Emptied[] {
    for (const uid of emptied) emptiedRows.owe(uid, at)
    return [...emptied].map(StudyInstanceUID => ({ StudyInstanceUID, at }))
  }

  /** From now on it is being purged: its rows go in steps (`purgeSome`). */
  function beginPurge({ id, at, by, contents }: Purged): void {
    const row = byId.get(id)
    // Whatever becomes of its rows and files: repair adopts none of them again.
    for (const content of contents) addGone.run(content)
    if (!row || row.state === 'purged') return
    setState.run({ number: row.number, state: 'purging', at, by, hides: 1, purgeTo: contents.at(-1) ?? 0 })
  }

  /** Nothing of a study is here any more: what was written of it before goes, as rows. */
  function applyEmptied(uid: string): void {
    forgetDrafts.run(uid)
    forgetReports.run(uid)
  }

  function forgetSome(id: string, most: number): { left: boolean; touched: string[] } {
    emptied.clear()
    const row = byId.get(id)
    if (row?.state !== 'purging') return { left: false, touched: [] }
    const contents = someContents.all(row.number, row.purgeTo, most)
    const touched = forget(contents)
    return { left: contents.length === most, touched }
  }

  function endPurge(id: string): string[] {
    const row = byId.get(id)
    if (row?.state !== 'purging') return []
    // What is deleted may come anew; what was rejected stays rejected, sent again or not.
    db.prepare(`UPDATE removal SET state = 'purged', hides = ? WHERE number = ?`).run(
      Number(row.code !== ''),
      row.number,
    )
    // The page of what was deleted waits for this, whether anything else is shown otherwise or not.
    return [row.StudyInstanceUID, ...visibility.refresh(named.all(row.number))]
  }

  return {
    applyRemoval,
    applyRestored,
    applyEmptied,
    beginPurge,
    /** The next of a purge's rows. `left`: there are more; `emptied`: the studies of which nothing is here any more. */
    purgeSome: (id: string, most: number, at: number): { left: boolean; touched: string[]; emptied: Emptied[] } => ({
      ...forgetSome(id, most),
      emptied: oweEmptied(at),
    }),
    endPurge,
    forgetIfEmpty,
    /** A whole purge at once, as it is read back from the log: of its contents, and of nothing that came after it. */
    applyPurged(decision: Purged): string[] {
      // An older index that somebody put back may have given a number again: an image that came after the purge stays.
      const contents = decision.contents.filter(id => (receivedOf.get(id) ?? 0) <= decision.at)
      beginPurge({ ...decision, contents })
      const touched = forget(contents)
      return [...touched, ...forgetSome(decision.id, Number.MAX_SAFE_INTEGER).touched, ...endPurge(decision.id)]
    },
    /** The decision that takes what these items show now into the bin. Throws 'not-found' or 'too-large'. */
    planRemoval(item: RemovedItem, given: { id: string; at: number; by: string; reason: string }): Removal {
      const { StudyInstanceUID, SeriesInstanceUID = '', SOPInstanceUID } = item
      const instances =
        SOPInstanceUID !== undefined
          ? shown[2]!.all(StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID)
          : SeriesInstanceUID !== ''
            ? shown[1]!.all(StudyInstanceUID, SeriesInstanceUID)
            : shown[0]!.all(StudyInstanceUID)
      if (instances.length === 0) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
      if (instances.length > MAX_REMOVED) throw new IsocenterError('too-large', `more than ${MAX_REMOVED} images`)
      return { kind: 'removal', ...given, code: '', StudyInstanceUID, SeriesInstanceUID, instances }
    },
    /** Throws 'not-found', or 'gone' when it was purged. */
    planRestore(id: string, at: number, by: string): Restored & { images: number } {
      const row = required(id)
      if (row.state === 'purging' || row.state === 'purged') throw new IsocenterError('gone', `deletion ${id}`)
      return { kind: 'restored', id, at, by, StudyInstanceUID: row.StudyInstanceUID, images: row.images }
    },
    planPurge(id: string, at: number, by: string): Purged {
      const row = required(id)
      if (row.state === 'restored') throw new IsocenterError('not-found', `deletion ${id} was taken back`)
      const contents = row.state === 'binned' ? contentsOf.all(row.number) : []
      return { kind: 'purged', id, at, by, StudyInstanceUID: row.StudyInstanceUID, contents }
    },
    /** The word of a purge that is under way, of what it has still to take: whose it was, and when, its row says. */
    purgeUnderWay(id: string): Purged {
      const { number, StudyInstanceUID, purgeTo, changedAt: at, changedBy: by } = required(id)
      const contents = contentsOf.all(number).filter(content => content <= purgeTo)
      return { kind: 'purged', id, at, by, StudyInstanceUID, contents }
    },
    isKnown: (id: string): boolean => byId.get(id) !== undefined,
    /** One of them was sent again and stays hidden. */
    arrivedAgain(SOPInstanceUID: string, at: number): void {
      noteAgain.run({ at, SOPInstanceUID })
    },
    /**
     * Ends an instance whose purge has begun before it is stored anew, so that nobody is told "duplicate" of what is about to go. Returns
     * the studies of which nothing is here any more.
     */
    finishPurgeOf(SOPInstanceUID: string, at: number): Emptied[] {
      emptied.clear()
      forget(purgingOf.all(SOPInstanceUID))
      return oweEmptied(at)
    },
    emptied: emptiedRows,
  }
}
