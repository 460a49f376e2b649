import { randomInt } from 'node:crypto'
import Database from 'better-sqlite3'
import type { Priority } from '../../../shared/contract.ts'
import { ATTRIBUTES_VERSION } from '../../../shared/dicom/imageAttributes.ts'
import type { RejectionNote } from '../../../shared/dicom/rejectionNote.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { ReportWish } from '../../../shared/reporting/states.ts'
import type { SendRule } from '../../../shared/sync.ts'
import type { Completeness } from '../../../shared/viewing/completeness.ts'
import { createApplyDecision } from './applyDecision.ts'
import { type AskedCommitment, createCommitmentRows, type FailedReferences } from './commitment/commitmentRows.ts'
import { createCommitRows } from './commitRows.ts'
import { createListRows } from './completeness/listRows.ts'
import { createVerdictRows } from './completeness/verdictRows.ts'
import type { Decision } from './decisionLog.ts'
import { createDecisions, type Decided, type StudyStatus } from './decisions.ts'
import type { Emptied } from './emptied.ts'
import type { MoveWish, PatientWord, RemovedItem, WorkFound } from './index.ts'
import type { LandingPosition } from './landing/landing.ts'
import { type Gate, waitForSync } from './landing/syncGate.ts'
import { createLifecycle } from './lifecycle.ts'
import { migrate } from './migrate.ts'
import { createNoticeRows, type ToldNotice } from './notices/noticeRows.ts'
import { createDestinationRows } from './outbox/destinationRows.ts'
import { createOutboxRows, type Wanted } from './outbox/outboxRows.ts'
import type { OutboxItem, OutboxOutcome } from './outbox/types.ts'
import type { CommitAnswer, PlacedObject } from './receivedObject.ts'
import { createRefold } from './refold.ts'
import {
  type AdoptAnswer,
  createRepairRows,
  type Findings,
  type KnownCopy,
  type LostCopy,
} from './repair/repairRows.ts'
import { createResultRows, type ResultTargetRow } from './results/resultRows.ts'
import { createSeenRows } from './seenRows.ts'
import { createSegmentRows } from './segmentRows.ts'
import { type Backlog, createSettleRows, type PlacedCopy, type UnsettledCopy } from './settle/settleRows.ts'
import { told, toldDamage } from './told.ts'
import { createVolumeRows, type MovableCopy, type MovedCopy, type VolumeRow } from './volumes/volumeRows.ts'

/** A checkpoint after this many contents keeps the write-ahead log at a few MB; it runs after the answer, never before it. */
const CHECKPOINT_EVERY = 400
/** Steps of refolding: 2,000 studies, some 60 MB of log. */
const REFOLD_CHECKPOINT_EVERY = 40

export interface WriterData {
  /** The SQLite file. */
  file: string
  dataDir: string
}

export interface OpenedIndex {
  unclean: boolean
  /** Of the feed: positions of another epoch mean nothing. */
  epoch: number
  seq: number
  lastContentId: number
  /** The greatest content number that repair must not adopt: none of them is ever given again. */
  lastGone: number
  landed: LandingPosition
  /** It lacks what lies in the files, or may. */
  repairing: boolean
}

export type WriterApi = ReturnType<typeof createWriter>

/** The only writable handle on the index: its calls run one after the other, in the writer thread. */
export function createWriter({ file, dataDir }: WriterData) {
  let db: Database.Database | undefined
  let commitRows: ReturnType<typeof createCommitRows>
  let settleRows: ReturnType<typeof createSettleRows>
  let decisions: ReturnType<typeof createDecisions>
  let repairRows: ReturnType<typeof createRepairRows>
  let lifecycle: ReturnType<typeof createLifecycle>
  let volumeRows: ReturnType<typeof createVolumeRows>
  let commitmentRows: ReturnType<typeof createCommitmentRows>
  let noticeRows: ReturnType<typeof createNoticeRows>
  let listRows: ReturnType<typeof createListRows>
  let resultRows: ReturnType<typeof createResultRows>
  let verdictRows: ReturnType<typeof createVerdictRows>
  let destinationRows: ReturnType<typeof createDestinationRows>
  let outboxRows: ReturnType<typeof createOutboxRows>
  let seenRows: ReturnType<typeof createSeenRows>
  let segmentRows: ReturnType<typeof createSegmentRows>
  let sinceCheckpoint = 0
  /** Contents have rows that no sync has covered for certain. */
  let isAhead = false
  /** Met between the calls: the next commit tells of it. */
  let damage: IsocenterError | undefined

  function handle(): Database.Database {
    if (!db) throw new IsocenterError('internal', 'the index is not open')
    return db
  }

  function openIndex(): OpenedIndex {
    return told(() => {
      const opening = new Database(file, { timeout: 5000 })
      try {
        opening.pragma('journal_mode = WAL')
        opening.pragma('synchronous = FULL')
        if (process.platform === 'darwin') {
          opening.pragma('fullfsync = 1')
          opening.pragma('checkpoint_fullfsync = 1')
        }
        // A new study touches 40 pages all over the index: with SQLite's own 2 MB, each is read again every time.
        opening.pragma('cache_size = -65536')
        opening.pragma('foreign_keys = ON')
        opening.pragma('wal_autocheckpoint = 0')
        opening.pragma('journal_size_limit = 67108864')
        migrate(opening)
        opening
          .prepare(
            'INSERT OR IGNORE INTO pending (content, again) SELECT id, 1 FROM content WHERE attributesVersion < ?',
          )
          .run(ATTRIBUTES_VERSION)
        const state = opening.prepare<[string], { value: number }>('SELECT value FROM state WHERE key = ?')
        const unclean = state.get('open')?.value === 1
        // Random, and new at each start: a folder that was set back to yesterday's, closed cleanly or not, goes on with
        // positions that were given before, and a counter would call both by the same epoch.
        const epoch = randomInt(1, 2 ** 47)
        opening.transaction(() => {
          opening.prepare(`UPDATE state SET value = ? WHERE key = 'epoch'`).run(epoch)
          opening.exec(`UPDATE state SET value = 1 WHERE key = 'open'`)
        })()
        const sequence = opening.prepare<[string], { seq: number }>('SELECT seq FROM sqlite_sequence WHERE name = ?')
        const applied = createApplyDecision(opening)
        commitRows = createCommitRows(opening, dataDir, epoch, applied)
        decisions = createDecisions(opening, epoch, applied.applyDecision)
        lifecycle = createLifecycle(opening, epoch, applied)
        settleRows = createSettleRows(opening)
        volumeRows = createVolumeRows(opening)
        repairRows = createRepairRows(opening, dataDir, epoch, commitRows, applied)
        commitmentRows = createCommitmentRows(opening)
        noticeRows = createNoticeRows(opening)
        listRows = createListRows(opening)
        verdictRows = createVerdictRows(opening, epoch)
        destinationRows = createDestinationRows(opening, applied.custody)
        outboxRows = createOutboxRows(opening, dataDir, applied.custody)
        seenRows = createSeenRows(opening)
        segmentRows = createSegmentRows(opening)
        resultRows = createResultRows(opening)
        // From here on what is lost with the power is in the landing log, too, or is done again; all else goes `durably`.
        opening.pragma('synchronous = NORMAL')
        db = opening
        refoldFrom(createRefold(opening))
        return {
          unclean,
          epoch,
          seq: sequence.get('change')?.seq ?? 0,
          lastContentId: sequence.get('content')?.seq ?? 0,
          lastGone: repairRows.lastGone(),
          landed: { segment: state.get('landedSegment')?.value ?? 0, offset: state.get('landedOffset')?.value ?? 0 },
          repairing: repairRows.isRepairing(),
        }
      } catch (error) {
        opening.close()
        throw error
      }
    })
  }

  /** On the disk when it returns, with all that was committed before it. */
  function durably<T>(work: () => T): T {
    handle().pragma('synchronous = FULL')
    try {
      return told(work)
    } finally {
      db?.pragma('synchronous = NORMAL')
    }
  }

  function checkpointSoon(contents: number): void {
    sinceCheckpoint += contents
    if (sinceCheckpoint < CHECKPOINT_EVERY) return
    sinceCheckpoint = 0
    setImmediate(() => {
      try {
        toldDamage(() => db?.pragma('wal_checkpoint(PASSIVE)'))
        toldDamage(() => db && prune(db))
      } catch (error) {
        if (!(error instanceof IsocenterError)) throw error
        damage = error
      }
    })
  }

  /** Between the calls, a step at a time, until all is done or the index is closed. */
  function refoldFrom(step: () => boolean, steps = 1): void {
    setImmediate(() => {
      if (!db) return
      const more = step()
      if (!more || steps % REFOLD_CHECKPOINT_EVERY === 0) db.pragma('wal_checkpoint(PASSIVE)')
      if (more) refoldFrom(step, steps + 1)
    })
  }

  return {
    /** Opens and migrates. `unclean`: the station that had it open before did not close it. Throws 'database-newer'. */
    open: (): OpenedIndex => openIndex(),

    /**
     * `landed`: behind it there are no records without rows any more; absent while what lies behind it is received again. `gate`:
     * the rows are made at once and committed when the objects' bytes are on the disk; rolled back when they cannot be.
     */
    commit(objects: PlacedObject[], landed?: LandingPosition, gate?: Gate): CommitAnswer {
      if (damage) throw damage
      isAhead = true
      const answer = told(() => commitRows(objects, landed, gate && (() => waitForSync(gate))))
      checkpointSoon(objects.length)
      return answer
    },

    /** Of the given content numbers, those that have a row. */
    knownContents(ids: number[]): number[] {
      return told(() =>
        handle()
          .prepare<[string], { id: number }>('SELECT id FROM content WHERE id IN (SELECT value FROM json_each(?))')
          .all(JSON.stringify(ids))
          .map(row => row.id),
      )
    },

    setLanded(landed: LandingPosition): void {
      durably(() => settleRows.setLanded(landed))
    },

    /**
     * What was committed is on the disk when it returns. Before files are made of what landed: one that is newer than every row says that
     * the index is an older one, which a power cut must not make it.
     */
    syncRows(): void {
      if (!isAhead) return
      durably(() => settleRows.touch())
      isAhead = false
    },

    unsettled: (limit: number): UnsettledCopy[] => told(() => settleRows.unsettled(limit)),

    landingBytes: (): Backlog => told(() => settleRows.landingBytes()),

    /** Durable when it returns: what the copies left may go. */
    settled: (copies: PlacedCopy[]): PlacedCopy[] => durably(() => settleRows.settled(copies)),

    /** Of the given files of the landing folder, those that copies lie in. */
    landingFilesInUse: (files: string[]): string[] => told(() => settleRows.inUse(files)),

    contentsBetween: (volume: number, from: number, to: number) =>
      told(() => repairRows.contentsBetween(volume, from, to)),
    settledBehind: (contentId: number, limit: number): KnownCopy[] =>
      told(() => repairRows.settledBehind(contentId, limit)),
    newerVersions: (objects: Array<{ SOPInstanceUID: string; contentId: number }>): KnownCopy[] =>
      told(() => repairRows.newerVersions(objects)),
    /** Of objects that lie in their files: lost with the power they are adopted again. */
    adopt(objects: PlacedObject[]): AdoptAnswer {
      const answer = told(() => repairRows.adopt(objects))
      checkpointSoon(objects.length)
      return answer
    },
    mark: (findings: Findings): LostCopy[] => told(() => repairRows.mark(findings)),
    replayDecisions: (log: Decision[]) => durably(() => repairRows.replayDecisions(log)),
    addGone: (contents: number[]): void => durably(() => repairRows.addGone(contents)),
    goneContents: (): number[] => told(() => repairRows.goneContents()),
    applyUndecided: () => told(() => repairRows.applyUndecided()),
    beginRepair(): void {
      durably(() => {
        repairRows.beginRepair()
        destinationRows.beginDoubt()
      })
    },
    endRepair: () =>
      durably(() => {
        destinationRows.endDoubt()
        return repairRows.endRepair()
      }),
    scrubState: () => told(() => repairRows.scrubState()),
    setScrubState: (scrubbedTo: number, scrubBegun: number): void =>
      told(() => repairRows.setScrubState(scrubbedTo, scrubBegun)),
    /** By which volumes are known to be this station's. */
    stationIdentity: (): string => told(() => volumeRows.station()),
    setStationIdentity(identity: string): void {
      durably(() => volumeRows.setStation(identity))
    },
    volumes: (): VolumeRow[] => told(() => volumeRows.list()),
    /** Returns all of them. */
    registerVolume: (volume: Pick<VolumeRow, 'name' | 'identity' | 'root'>): VolumeRow[] =>
      durably(() => volumeRows.register(volume)),
    setVolumeAvailable(id: number, available: boolean): void {
      told(() => volumeRows.setAvailable(id, available))
    },
    setVolumeDraining(id: number, draining: boolean): void {
      durably(() => volumeRows.setDraining(id, draining))
    },
    copiesOn: (volume: number, after: number, limit: number): MovableCopy[] =>
      told(() => volumeRows.copiesOn(volume, after, limit)),
    /** Durable when it returns: what they left may go. Returns those that moved. */
    movedCopies: (copies: MovedCopy[]): number[] => durably(() => volumeRows.moved(copies)),

    setReading(studies: StudyStatus[], by: string, at: number): Decided<{ before: StudyStatus[] }> {
      return durably(() => decisions.setReading(studies, by, at))
    },

    setOpened(StudyInstanceUID: string, by: string, at: number): Decided<undefined> {
      return durably(() => decisions.setOpened(StudyInstanceUID, by, at))
    },

    setPriority(StudyInstanceUID: string, priority: Priority, at: number): Decided<{ before: Priority }> {
      return durably(() => decisions.setPriority(StudyInstanceUID, priority, at))
    },

    setKept: (uid: string, kept: boolean, by: string, at: number) =>
      durably(() => decisions.setKept(uid, kept, by, at)),

    putDraft(StudyInstanceUID: string, by: string, draft: string, rev: number, at: number): Decided<{ rev: number }> {
      return durably(() => decisions.putDraft(StudyInstanceUID, by, draft, rev, at))
    },

    putSegments: (uid: string, user: string, parts: Array<{ part: string; data: string | null }>, rev: number) =>
      durably(() => segmentRows.put(uid, user, parts, rev)),
    decideReport: (uid: string, wish: ReportWish, by: string, at: number) =>
      durably(() => decisions.decideReport(uid, wish, by, at)),

    addSeen(StudyInstanceUID: string, user: string, series: Record<string, string>): void {
      told(() => seenRows.add(StudyInstanceUID, user, series))
    },

    remove: (items: RemovedItem[], ids: string[], reason: string, by: string, at: number) =>
      durably(() => lifecycle.remove(items, ids, reason, { by, at })),

    reject: (
      content: number,
      note: (RejectionNote & { SOPInstanceUID: string }) | undefined,
      place: string,
      by: string,
      at: number,
    ) => durably(() => lifecycle.reject(content, note, place, { by, at })),

    restore: (id: string, by: string, at: number) => durably(() => lifecycle.restore(id, { by, at })),

    beginPurge: (id: string, by: string, at: number) => durably(() => lifecycle.beginPurge(id, { by, at })),

    sayPurges: (ids: string[]) => told(() => lifecycle.sayPurges(ids)),
    sayEmptied: (studies: Emptied[]) => told(() => lifecycle.sayEmptied(studies)),
    emptied: (): Emptied[] => told(() => lifecycle.emptied()),
    emptiedSaid: (studies: Emptied[]): void => durably(() => lifecycle.emptiedSaid(studies)),

    endPurge: (id: string) => durably(() => lifecycle.endPurge(id)),

    purgeSome: (id: string, most: number, at: number) => durably(() => lifecycle.purgeSome(id, most, at)),

    move: (wish: MoveWish, id: string, newUID: string, by: string, at: number) =>
      durably(() => lifecycle.move(wish, id, newUID, { by, at })),

    decidePatients: (word: PatientWord, id: string, by: string, at: number) =>
      durably(() => lifecycle.decidePatients(word, id, { by, at })),

    moveBack: (id: string, by: string, at: number) => durably(() => lifecycle.moveBack(id, { by, at })),

    evict: (uid: string, from: string[], at: number) => durably(() => lifecycle.evict(uid, from, at)),
    used: (uid: string, at: number): void => told(() => lifecycle.used(uid, at)),

    duePurges: (before: number): string[] => told(() => lifecycle.due(before)),

    purging: (): string[] => told(() => lifecycle.purging()),

    doomed: (volume: number, after: string, most: number): string[] =>
      told(() => lifecycle.doomed(volume, after, most)),

    forgetDoomed: (volume: number, files: string[]): void => told(() => lifecycle.forgetDoomed(volume, files)),

    unreadNotes: (most: number) => told(() => lifecycle.unreadNotes(most)),
    acceptCommitment: (asked: AskedCommitment, id: string, at: number) =>
      durably(() => commitmentRows.accept(asked, id, at)),
    commitmentsDue: (at: number, limit: number): number[] => told(() => commitmentRows.due(at, limit)),
    getCommitment: (number: number) => told(() => commitmentRows.get(number)),
    findCommitment: (AET: string, TransactionUID: string) => told(() => commitmentRows.find(AET, TransactionUID)),
    commitmentOver: (number: number, failed: FailedReferences | null, at: number) =>
      durably(() => commitmentRows.over(number, failed, at)),
    postponeCommitment: (number: number, attempts: number, nextAt: number): void =>
      told(() => commitmentRows.postpone(number, attempts, nextAt)),

    takeNotice: (notice: ToldNotice, at: number) => durably(() => noticeRows.take(notice, at)),
    noticesDue: (at: number, limit: number) => told(() => noticeRows.due(at, limit)),
    noticeForwarded: (number: number): void => told(() => noticeRows.forwarded(number)),
    postponeNotice: (number: number, attempts: number, nextAt: number): void =>
      told(() => noticeRows.postpone(number, attempts, nextAt)),
    setResultTargets: (targets: ResultTargetRow[]): void => durably(() => resultRows.setTargets(targets)),
    sendResult: (uid: string, version: number, target: string | undefined, at: number): number =>
      durably(() => resultRows.send(uid, version, target, at)),
    resultsWaitFor: () => told(() => resultRows.waitingFor()),
    resultDue: (target: string, at: number) => told(() => resultRows.due(target, at)),
    hurryResults: (target: string, at: number): void => told(() => resultRows.hurry(target, at)),
    listResults: () => told(() => resultRows.list()),
    resultOver: (number: number, state: 'sent' | 'refused' | 'gaveUp', why: string, at: number): void =>
      durably(() => resultRows.over(number, state, why, at)),
    postponeResult: (number: number, why: string, nextAt: number, at: number): void =>
      told(() => resultRows.postpone(number, why, nextAt, at)),
    resultAgain: (number: number, at: number): boolean => durably(() => resultRows.again(number, at)),
    judgeAgain: (uid: string): void => told(() => listRows.judgeAgain(uid)),
    placeLists: (uid: string): void => told(() => listRows.placeLists(uid)),
    setVerdict: (uid: string, verdict: Completeness, seen: { unjudged: number; here: number }) =>
      told(() => verdictRows.setVerdict(uid, verdict, seen)),

    setDestinations: (destinations: Array<{ name: string; rules: SendRule[] }>): void =>
      durably(() => destinationRows.set(destinations)),
    /** The next of what was here before a destination or its rules were. False: there is nothing left. */
    lookForDestinations(most: number): boolean {
      const more = told(() => destinationRows.look(most))
      if (more) checkpointSoon(most)
      return more
    },
    lease(wanted: Wanted): OutboxItem[] {
      const items = told(() => outboxRows.lease(wanted))
      checkpointSoon(items.length)
      return items
    },
    settleOutbox(destination: string, outcomes: OutboxOutcome[], at: number) {
      const isFinal = outcomes.some(({ state, lost }) => lost || state === 'confirmed' || state === 'dead')
      const settle = () => outboxRows.settle(destination, outcomes, at)
      const settled = isFinal ? durably(settle) : told(settle)
      checkpointSoon(outcomes.length)
      return settled
    },
    releaseLeases: (): void => told(() => outboxRows.releaseLeases()),
    prioritise: (uid: string): number => told(() => outboxRows.prioritise(uid)),
    refused: (destination: string, most: number, uid?: string): number[] =>
      told(() => outboxRows.refused(destination, most, uid)),
    retry: (destination: string, contents: number[], at: number) =>
      told(() => outboxRows.retry(destination, contents, at)),
    audited: (destination: string, contents: number[], at: number): void =>
      told(() => outboxRows.audited(destination, contents, at)),

    setSetting(user: string, key: string, value: string): void {
      durably(() =>
        handle()
          .prepare('INSERT INTO setting VALUES (?, ?, ?) ON CONFLICT (user, key) DO UPDATE SET value = excluded.value')
          .run(user, key, value),
      )
    },

    /** Returns the UID of the content's study. Throws 'not-found'. */
    finishWork(content: number, found: WorkFound): string {
      return told(() => {
        const db = handle()
        return db.transaction(() => {
          const place = db
            .prepare<[number], { StudyInstanceUID: string }>(
              `SELECT StudyInstanceUID FROM content JOIN instance ON instance.id = content.instance
                 JOIN series ON series.id = instance.series JOIN study ON study.id = series.study WHERE content.id = ?`,
            )
            .get(content)
          if (!place) throw new IsocenterError('not-found', `content ${content}`)
          if (found.attributes) {
            db.prepare('UPDATE content SET attributes = ?, perFrame = ?, attributesVersion = ? WHERE id = ?').run(
              JSON.stringify(found.attributes),
              found.perFrame?.length ? JSON.stringify(found.perFrame) : null,
              ATTRIBUTES_VERSION,
              content,
            )
          }
          if (found.unshowable) {
            db.prepare('UPDATE content SET unshowable = ? WHERE id = ?').run(found.unshowable, content)
          }
          if (found.thumbnail) {
            db.prepare('INSERT OR REPLACE INTO thumbnail (content, png) VALUES (?, ?)').run(content, found.thumbnail)
          }
          db.prepare('DELETE FROM pending WHERE content = ?').run(content)
          return place.StudyInstanceUID
        })()
      })
    },

    /** After a failed sync: everything is written from memory once more, and synced, and the handle is a new one. */
    reopen(): OpenedIndex {
      const [written] = handle().pragma('wal_checkpoint(TRUNCATE)') as Array<{ busy: number }>
      if (written?.busy !== 0) throw new IsocenterError('store-read-only', 'the index is being read')
      db?.close()
      db = undefined
      return openIndex()
    },

    /** Everything into the database file. */
    close(): void {
      if (!db) return
      db.exec(`UPDATE state SET value = 0 WHERE key = 'open'`)
      db.pragma('wal_checkpoint(TRUNCATE)')
      db.close()
      db = undefined
    },
  }
}

/** Steps of the feed that nobody has asked for behind so many others are dropped; who is further behind reads everything again. */
const KEPT_CHANGES = 1_000_000
const PRUNED_AT_ONCE = 2000

function prune(db: Database.Database): void {
  db.prepare(
    `DELETE FROM change WHERE seq IN (SELECT seq FROM change
     WHERE seq < (SELECT seq FROM sqlite_sequence WHERE name = 'change') - ? ORDER BY seq LIMIT ?)`,
  ).run(KEPT_CHANGES, PRUNED_AT_ONCE)
}
