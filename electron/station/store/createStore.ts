import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { KEY_OBJECT_SELECTION } from '../../../shared/dicom/rejectionNote.ts'
import { ERRORS, IsocenterError } from '../../../shared/errors.ts'
import { Staging } from '../base/alignedMemory.ts'
import { type Disk, errorCode, SyncError } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import type { Thread } from '../base/thread.ts'
import { startBin, unlinkDoomed } from './bin.ts'
import { BlockPool } from './blockPool.ts'
import { createVerifier } from './commitment/verify.ts'
import { type JudgeTimes, startJudge } from './completeness/judge.ts'
import { type Decision, openDecisionLog } from './decisionLog.ts'
import type { Decided } from './decisions.ts'
import { tellingEmptied } from './emptied.ts'
import type { Change, Receive, Received, Store, StoreProblem } from './index.ts'
import { createGroupCommit } from './landing/groupCommit.ts'
import { type LandingLimits, openLanding } from './landing/landing.ts'
import {
  type LandingFolder,
  liesSettled,
  newestRecord,
  replayLanding,
  tidyLanding,
  untouchedSegments,
} from './landing/replay.ts'
import { type ReserveTimes, startReserve } from './landing/reserve.ts'
import { LANDING_FOLDER, segmentFile } from './landing/segment.ts'
import { createSyncGate } from './landing/syncGate.ts'
import { createOutbox } from './outbox/outbox.ts'
import type { ReaderApi } from './reader.ts'
import { createReaderCall, createReads } from './readPool.ts'
import { ObjectReceive, type ReceiveContext } from './receive.ts'
import { condemnIndex, INDEX_FILE } from './repair/indexFile.ts'
import type { SoundIndex } from './repair/openSoundIndex.ts'
import { replayDecisionLog } from './repair/repair.ts'
import { startUpkeep, type UpkeepOptions, type UpkeepParts } from './repair/upkeep.ts'
import type { Backlog } from './settle/settleRows.ts'
import { createSettler, type SettlerParts, type SettleTimes } from './settle/settler.ts'
import { createDrains } from './volumes/drain.ts'
import type { SpaceWatch } from './volumes/spaceWatch.ts'
import { summarize } from './volumes/summary.ts'
import type { Volumes, VolumesParts } from './volumes/volumes.ts'
import { warmReaders } from './warmReaders.ts'
import type { WriterApi } from './writer.ts'

/** So long after an arrival or a read the store counts as busy. */
const BUSY_MS = 500
/** Problems kept for the first listener: a store that opens meets few. */
const UNTOLD_PROBLEMS = 100
/** Content numbers left free for what lies on disks that are away while a lost index is made again. */
const AWAY_NUMBERS = 1 << 20
/** Thumbnails come by the dozen: their studies are told together. */
const WORK_TOLD_EVERY_MS = 300

export interface StoreParts {
  dataDir: string
  log: Log
  binDays: number
  graceMs: number
  recoverMs: number
  disk: Disk
  writer: Thread<WriterApi>
  readers: Array<Thread<ReaderApi>>
  startSettleThread: SettlerParts['startThread']
  settleTimes: SettleTimes
  limits: LandingLimits
  reserveTimes: ReserveTimes
  folder: LandingFolder
  opened: ReturnType<WriterApi['open']>
  lost: SoundIndex['lost']
  upkeep: UpkeepOptions
  judgeTimes: JudgeTimes
  onCondemned(): void
  onPurge(deletion: { id: string; StudyInstanceUID: string; PatientID: string }): Promise<void>
  startLookThread: UpkeepParts['startLookThread']
  startBackupThread: UpkeepParts['startBackupThread']
  backlog: Backlog
  watchSpace(report: (problem: StoreProblem) => void): Promise<SpaceWatch>
  openVolumes(parts: Pick<VolumesParts, 'report' | 'dataSpace'>): Promise<Volumes>
}

/** The vault over its threads. What the landing log holds without rows is received again before it resolves. */
export async function createStore(parts: StoreParts): Promise<Store> {
  const { dataDir, log, disk, readers, limits } = parts
  const opened = { ...parts.opened }
  const writer: Thread<WriterApi> = {
    ...parts.writer,
    call: (name, ...args) =>
      parts.writer.call(name, ...args).catch(error => {
        ifDamaged(error)
        throw error
      }),
  }
  let { seq, epoch } = opened
  let lastContentId = Math.max(opened.lastContentId, opened.lastGone, ...parts.folder.spilled)
  let readOnly = false
  let condemned = false
  let lastUse = Number.NEGATIVE_INFINITY
  let closing: Promise<void> | undefined
  const receives = new Set<Receive>()
  const listeners = new Set<(changes: Change[]) => void>()
  const problemListeners = new Set<(problem: StoreProblem) => void>()
  /** What is met before anybody can listen, while the store opens, is told to the first who does. */
  let untold: StoreProblem[] | undefined = []

  function report(problem: StoreProblem): void {
    setImmediate(() => {
      if (untold) {
        if (untold.length < UNTOLD_PROBLEMS) untold.push(problem)
        return
      }
      for (const listener of problemListeners) listener(problem)
    })
  }

  function tell(changes: Change[]): void {
    if (changes.length === 0) return
    outbox.mayWait()
    announce(changes)
  }

  function announce(changes: Change[]): void {
    // After the answers: a listener cannot delay or fail a store.
    setImmediate(() => {
      for (const listener of listeners) {
        try {
          listener(changes)
        } catch (error) {
          log.error({ err: error }, 'a listener to changes failed')
        }
      }
    })
  }

  function becomeReadOnly(error: unknown): void {
    if (readOnly) return
    readOnly = true
    log.error({ err: error }, 'the disk reported an error: no new images are taken, reading goes on')
    const detail = error instanceof Error ? error.message : String(error)
    report({ severity: 'failure', sentence: ERRORS['store-read-only'].sentence, detail })
  }
  /** Damage further in than where opening looks: the next start sets the index aside and makes it again. */
  function ifDamaged(error: unknown): void {
    if (condemned || !(error instanceof IsocenterError && error.code === 'index-damaged')) return
    condemned = true
    log.error({ err: error }, 'the index is damaged')
    condemnIndex(dataDir, disk).then(parts.onCondemned, failure => {
      log.error({ err: failure }, 'the index could not be condemned')
    })
    report({
      severity: 'failure',
      sentence: ERRORS['index-damaged'].sentence,
      detail: error.detail ?? '',
    })
  }

  writer.ended.then(error => {
    if (!closing) becomeReadOnly(error ?? new Error('the writer thread has ended'))
  })

  const space = await parts.watchSpace(report)
  const volumes = await parts.openVolumes({ report, dataSpace: () => space })
  const newestElsewhere = await volumes.newest()
  // As a file of the data folder would say: the index is an older one than the disks are.
  if (!opened.repairing && (volumes.hasUnknown || newestElsewhere > opened.lastContentId)) {
    await writer.call('beginRepair')
    opened.repairing = true
  }
  lastContentId = Math.max(lastContentId, newestElsewhere)
  // What an index forgot and no file here names may lie on a disk that is away.
  if (opened.repairing && volumes.isSomeAway) lastContentId += AWAY_NUMBERS
  const drains = createDrains({ volumes, writer, log, lingerMs: parts.settleTimes.lingerMs, report })
  const prepared = await preparedSegments(parts)
  const folder = { ...parts.folder, segments: parts.folder.segments.filter(number => !prepared.includes(number)) }
  const nextSegment = Math.max(opened.landed.segment, ...parts.folder.segments, 0) + 1
  const staging = new Staging()
  const landing = openLanding(disk, dataDir, { prepared, next: nextSegment }, limits, staging)
  let committedSegment = landing.position.segment
  const settler = createSettler(
    {
      dataDir,
      disk,
      log,
      writer,
      report,
      startThread: parts.startSettleThread,
      committedSegment: () => committedSegment,
      volumes,
      spare: drains.spare,
      mostBytes: limits.mostBytes,
      times: parts.settleTimes,
      failedSync: becomeReadOnly,
    },
    parts.backlog,
  )

  const reserve = startReserve({
    log,
    landing,
    limits,
    times: parts.reserveTimes,
    waiting: () => settler.backlog.bytes,
    space,
  })

  /** Until what the log holds has been received again, its rows must not move the position in it. */
  let replayed = false
  const gate = createSyncGate()
  /** Objects that are wholly here and not answered yet. */
  let waiting = 0
  const commit = createGroupCommit({
    outlook: () => ({ syncMs: gate.newestMs, open: receives.size, coming: receives.size - waiting }),
    land(group) {
      reserve.landing(group.reduce((sum, { record, data }) => sum + (data.length > 0 ? record.length : 0), 0))
      return landing.land(group)
    },
    async writeRows(objects, { position, synced }) {
      const behind = await gate.behind(
        synced,
        objects.reduce((sum, { length }) => sum + length, 0),
      )
      const answer = await writer.call('commit', objects, replayed ? position : undefined, behind)
      await writeDown(answer.decisions)
      return answer
    },
    onCommitted(answer, landed) {
      committedSegment = landed.segment
      seq = Math.max(seq, answer.seq)
      lastUse = performance.now()
      tell(answer.changes)
    },
  })

  const outcomes = { stored: 0, duplicate: 0, revision: 0, conflict: 0 }
  const context: ReceiveContext = {
    dataDir,
    disk,
    share: { pool: new BlockPool(), syncing: false },
    staging,
    get landingFull() {
      return settler.full
    },
    nextContentId: () => ++lastContentId,
    async commit(object): Promise<Received> {
      waiting++
      const received = await commit(object).finally(() => waiting--)
      if (object.header.SOPClassUID === KEY_OBJECT_SELECTION) bin.wake()
      const { outcome, SOPInstanceUID, contentId } = received
      outcomes[outcome]++
      if (outcome !== 'duplicate')
        settler.landed(object.metaLength + object.length, object.entry.record.file === undefined)
      space.landed(object.metaLength + object.length)
      if (outcome === 'revision' || outcome === 'conflict') {
        const { sendingAET, address, door } = object.origin
        log.warn(
          { outcome, SOPInstanceUID, contentId, sendingAET, address, door },
          'other bytes under a known UID: kept',
        )
        // Per sender, not per image: a scanner that re-uses UIDs does so by the hundred. The log has each one.
        const shown = object.showLatest ? 'the latest' : 'the first'
        report({
          severity: 'attention',
          sentence:
            outcome === 'revision'
              ? `Images came again with another header. Both versions are kept; ${shown} is shown.`
              : `Different images came under UIDs that are known here. All are kept; ${shown} is shown.`,
          detail: sendingAET ? `from ${sendingAET} at ${address}` : `by ${door}`,
        })
      }
      return received
    },
    failedSync: becomeReadOnly,
    get readOnly() {
      return readOnly
    },
    ended: receive => receives.delete(receive),
    left(file, error) {
      log.error({ file, err: error }, 'a file that was not stored could not be removed')
    },
  }

  async function replay(): Promise<void> {
    const gone = new Set<number>()
    if (opened.repairing) {
      await bin.sayEmptied().catch(notLogged)
      // First what was decided: nothing that was deleted comes back, not for a moment.
      await replayDecisionLog(decisionsFile, writer)
      for (const contentId of await writer.call('goneContents')) gone.add(contentId)
      lastContentId = Math.max(lastContentId, await newestRecord(dataDir, folder.segments))
      for (const contentId of gone) lastContentId = Math.max(lastContentId, contentId)
    } else await bin.sayPurges().then(bin.sayEmptied).catch(notLogged)
    // Else what was purged but not yet unlinked would be set aside as if it had never had a row.
    await unlinkDoomed(writer, disk, dataDir)
    /** What lies under these numbers is at most half of a settling that was cut off: the objects come from the log. */
    const halves = new Set<number>()
    const settled = new Set<number>()
    const objects = await replayLanding({
      dataDir,
      from: opened.landed,
      segments: folder.segments,
      async skip(record) {
        if (!opened.repairing) return false
        const { contentId } = record
        if (gone.has(contentId)) return true
        const isSettled = await liesSettled(dataDir, disk, record)
        if (isSettled) settled.add(contentId)
        else halves.add(contentId)
        return isSettled
      },
      receive: (start, received) => new ObjectReceive(context, start, received),
      log,
    })
    if (opened.repairing) {
      // A duplicate makes no row, so after a restart its number was given again: what settled under it is whole, and another object's.
      await writer.call(
        'addGone',
        [...halves].filter(id => !settled.has(id)),
      )
      await writer.call('applyUndecided')
    }
    await writer.call('setLanded', landing.position)
    const { orphans } = await tidyLanding({
      dataDir,
      disk,
      folder,
      inUse: files => writer.call('landingFilesInUse', files),
      known: ids => writer.call('knownContents', ids),
    })
    replayed = true
    settler.begin()
    bin.wake()
    if (objects + orphans > 0) log.warn({ objects, orphans }, 'received again from the landing log; set aside')
  }

  const decisionsFile = join(dataDir, 'decisions.log')
  const decisionLog = tellingEmptied(
    openDecisionLog(decisionsFile, disk),
    studies => writer.call('emptiedSaid', studies),
    log,
  )
  /** What storing an object decided. */
  async function writeDown(decisions: Decision[]): Promise<void> {
    if (decisions.length > 0) await decisionLog.append(decisions).catch(notLogged)
  }
  /** What is stored stays stored; the log has the word with the next one, as soon as it takes any. */
  function notLogged(error: unknown): void {
    if (error instanceof SyncError) becomeReadOnly(error)
    log.error({ err: error }, 'decisions.log does not say yet what a purge has taken')
  }
  let deciding = 0
  let undisturbed: Promise<unknown> | undefined
  /** Committed rows are told of at once, for every reader sees them; the answer waits for the log. */
  async function decide<Answer>(commit: () => Promise<Decided<Answer>>): Promise<Answer> {
    if (closing) throw new IsocenterError('draining')
    if (readOnly) throw new IsocenterError('store-read-only')
    while (undisturbed) await undisturbed
    deciding++
    try {
      return await decideNow(commit)
    } finally {
      deciding--
    }
  }

  async function decideNow<Answer>(commit: () => Promise<Decided<Answer>>): Promise<Answer> {
    const { answer, changes, seq: newest, decisions } = await commit()
    seq = Math.max(seq, newest)
    tell(changes)
    try {
      // Even when nothing changed: what is asked for again may be what could not be written before.
      await decisionLog.append(decisions)
    } catch (error) {
      if (error instanceof SyncError) becomeReadOnly(error)
      const code = errorCode(error) === 'ENOSPC' ? 'disk-full' : 'store-read-only'
      throw new IsocenterError(code, 'decisions.log', { cause: error })
    }
    return answer
  }

  const used = () => {
    lastUse = performance.now()
  }
  const warming = warmReaders(readers, join(dataDir, INDEX_FILE))
  const callReader = createReaderCall(readers, used, ifDamaged)
  // Our own reads do not make the store busy.
  const callAside = createReaderCall(readers, () => {}, ifDamaged)
  const outbox = createOutbox({
    log,
    writer,
    read: callAside,
    writable: () => !readOnly && replayed,
    touched: studies => studies.forEach(tellWork),
  })
  const bin = startBin({
    dataDir,
    log,
    disk,
    binDays: parts.binDays,
    writer,
    read: callReader,
    decide,
    report,
    async purging(id) {
      const subject = await callReader('subjectOf', id)
      if (subject) await parts.onPurge({ id, ...subject })
    },
    failedSync: becomeReadOnly,
    writable: () => !readOnly && replayed,
    repairing: () => isRepairing(),
    volumes,
    settler,
    drains,
  })
  volumes.onReady(bin.wake)

  /** After a failed sync: a write, a sync and the index opened anew must succeed before anything is taken again. */
  async function recover(): Promise<void> {
    const path = join(dataDir, LANDING_FOLDER, 'probe')
    try {
      await disk.removeFile(path).catch(() => {})
      const probe = await disk.createFile(path)
      try {
        await probe.write(new Uint8Array(4096).fill(1), 0)
        await probe.sync()
      } finally {
        await probe.close()
      }
      await disk.removeFile(path)
      await disk.syncFolder(join(dataDir, LANDING_FOLDER))
      await decisionLog.recover()
      epoch = (await writer.call('reopen')).epoch
      landing.recover()
      readOnly = false
      if (replayed) bin.wake()
      else await replay()
      outbox.goOn()
      log.warn({}, 'the disk works again: new images are taken')
      report({ severity: 'attention', sentence: 'The disk works again: new images are taken.', detail: '' })
    } catch (error) {
      readOnly = true
      log.error({ err: error }, 'the disk still does not work')
    }
  }
  let recovering: Promise<void> | undefined
  const recovery = setInterval(() => {
    if (!readOnly || closing || receives.size > 0) return
    recovering ??= recover().finally(() => {
      recovering = undefined
    })
  }, parts.recoverMs)
  recovery.unref()

  const worked = new Set<string>()
  let tellingWork: NodeJS.Timeout | undefined
  function tellWork(StudyInstanceUID: string): void {
    worked.add(StudyInstanceUID)
    tellingWork ??= setTimeout(() => {
      tellingWork = undefined
      announce([...worked].map(uid => ({ seq, kind: 'study', StudyInstanceUID: uid })))
      worked.clear()
    }, WORK_TOLD_EVERY_MS)
  }

  async function close(): Promise<void> {
    const deadline = performance.now() + parts.graceMs
    while (receives.size > 0 && performance.now() < deadline) await wait(10)
    if (receives.size > 0) log.warn({ receives: receives.size }, 'receives still open at the end are dropped')
    await Promise.all([...receives].map(receive => receive.abort()))
    clearTimeout(tellingWork)
    clearInterval(recovery)
    space.close()
    listeners.clear()
    await recovering
    await judge.close()
    await outbox.close()
    await verifier.close()
    await upkeep.close().catch(error => log.error({ err: error }, 'upkeep did not end cleanly'))
    await drains.close().catch(error => log.error({ err: error }, 'moving between volumes did not end cleanly'))
    await bin.close()
    await settler.close().catch(error => log.error({ err: error }, 'settling did not end cleanly'))
    const filled = reserve.close()
    await landing.close().catch(error => log.error({ err: error }, 'the landing log was not closed cleanly'))
    await filled
    await decisionLog.close().catch(error => log.error({ err: error }, 'the log of decisions was not closed cleanly'))
    await volumes.close()
    // Readers first: the last checkpoint empties the write-ahead log only when nobody reads in it.
    await warming.stop()
    await Promise.all(readers.map(reader => reader.stop()))
    await writer.call('close').catch(error => log.error({ err: error }, 'the index was not closed cleanly'))
    await writer.stop()
    await warming.close()
  }

  let isRepairing = () => opened.repairing
  await replay().catch(becomeReadOnly)
  outbox.goOn()

  const upkeep = await startUpkeep({
    ...parts,
    writer,
    options: parts.upkeep,
    repairing: opened.repairing,
    oldIndex: parts.lost?.oldIndex,
    newest: () => lastContentId,
    volumes,
    writeDown,
    tell(changes) {
      seq = Math.max(seq, ...changes.map(change => change.seq))
      tell(changes)
    },
    report,
    busy: () => performance.now() - lastUse < BUSY_MS,
    async undisturbed(work) {
      const running = (async () => {
        while (deciding > 0) await wait(5)
        return work()
      })()
      undisturbed = running.catch(() => {})
      return running.finally(() => {
        undisturbed = undefined
      })
    },
  })

  isRepairing = () => upkeep.repairing
  const readAside = createReads(callAside)
  const judge = startJudge({
    times: parts.judgeTimes,
    log,
    read: readAside,
    writer,
    tell(changes) {
      seq = Math.max(seq, ...changes.map(change => change.seq))
      tell(changes)
    },
  })
  const verifier = createVerifier({
    log,
    report,
    copiesOf: uids => readAside.referencedCopies(uids),
    mark: damaged => writer.call('mark', { damaged, whole: [], hashes: [] }),
    startThread: () => parts.startLookThread({ dataDir, profiles: { default: {}, byAET: {} } }),
  })
  if (parts.lost) {
    const { trouble, backup } = parts.lost
    const was = { damaged: 'was damaged and is set aside', missing: 'was missing', asked: 'was set aside as you asked' }
    report({
      severity: 'failure',
      sentence: `The index of the images ${was[trouble]}. No image is lost: it is made again from them, the newest first.`,
      detail: backup ? `begun with ${backup}` : '',
    })
  }
  const volumeNamed = (name: string): number => {
    const volume = volumes.list().find(one => one.name === name && one.id > 0)
    if (!volume) throw new IsocenterError('not-found', `volume ${name}`)
    return volume.id
  }

  const read = createReads(callReader)
  warming.mapSoon()
  return {
    read,
    beginReceive(start) {
      if (closing) throw new IsocenterError('draining')
      if (readOnly || !replayed) throw new IsocenterError('store-read-only')
      if (space.level === 'refuse') throw new IsocenterError('disk-nearly-full')
      const receive = new ObjectReceive(context, start)
      receives.add(receive)
      return receive
    },
    get seq() {
      return seq
    },
    get epoch() {
      return epoch
    },
    onChanges(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onProblem(listener) {
      problemListeners.add(listener)
      const before = untold ?? []
      untold = undefined
      before.forEach(listener)
      return () => problemListeners.delete(listener)
    },
    setSetting: (user, key, value) => writer.call('setSetting', user, key, JSON.stringify(value)),
    setReading: (studies, user) => decide(() => writer.call('setReading', studies, user, Date.now())),
    setOpened: (uid, user) => decide(() => writer.call('setOpened', uid, user, Date.now())),
    setPriority: (uid, priority) => decide(() => writer.call('setPriority', uid, priority, Date.now())),
    setKept: (uid, kept, user) => decide(() => writer.call('setKept', uid, kept, user, Date.now())),
    putDraft: (uid, user, draft, rev) =>
      decide(() => writer.call('putDraft', uid, user, JSON.stringify(draft), rev, Date.now())),
    putSegments: (uid, user, parts, rev) => writer.call('putSegments', uid, user, parts, rev),
    decideReport: (uid, wish, user) => decide(() => writer.call('decideReport', uid, wish, user, Date.now())),
    addSeen: (uid, user, series) => writer.call('addSeen', uid, user, series),
    remove: (items, reason, user) => {
      const ids = items.map(newUID)
      return decide(() => writer.call('remove', items, ids, reason, user, Date.now()))
    },
    restore: (id, user) => decide(() => writer.call('restore', id, user, Date.now())),
    async purge(id, user) {
      // It names files by their rows: those that have none yet would come back with the repair.
      if (upkeep.repairing) throw new IsocenterError('index-incomplete')
      const answer = await decide(() => writer.call('beginPurge', id, user, Date.now()))
      bin.wake()
      return answer
    },
    async evict(uid, from) {
      // Its rows are not all there yet.
      if (upkeep.repairing) throw new IsocenterError('index-incomplete')
      const answer = await decide(() => writer.call('evict', uid, from, Date.now()))
      bin.wake()
      return answer
    },
    used: uid => writer.call('used', uid, Date.now()),
    move: (wish, user) => decide(() => writer.call('move', wish, newUID(), newUID(), user, Date.now())),
    decidePatients: (word, user) => decide(() => writer.call('decidePatients', word, newUID(), user, Date.now())),
    moveBack: (id, user) => decide(() => writer.call('moveBack', id, user, Date.now())),
    senderSays: (StudyInstanceUID, counts) => judge.senderSays(StudyInstanceUID, counts),
    commitments: {
      accept: asked => decide(() => writer.call('acceptCommitment', asked, randomUUID(), Date.now())),
      due: (at, limit) => writer.call('commitmentsDue', at, limit),
      get: number => writer.call('getCommitment', number),
      find: (AET, TransactionUID) => writer.call('findCommitment', AET, TransactionUID),
      verify: (references, signal) => verifier.verify(references, signal),
      over: (number, failed) => decide(() => writer.call('commitmentOver', number, failed, Date.now())),
      postpone: (number, attempts, nextAt) => writer.call('postponeCommitment', number, attempts, nextAt),
    },
    notices: {
      take: told => decide(() => writer.call('takeNotice', told, Date.now())),
      due: (at, limit) => writer.call('noticesDue', at, limit),
      forwarded: number => writer.call('noticeForwarded', number),
      postpone: (number, attempts, nextAt) => writer.call('postponeNotice', number, attempts, nextAt),
    },
    results: {
      setTargets: targets => writer.call('setResultTargets', targets),
      send: (uid, version, target) => writer.call('sendResult', uid, version, target, Date.now()),
      waitingFor: () => writer.call('resultsWaitFor'),
      due: target => writer.call('resultDue', target, Date.now()),
      hurry: target => writer.call('hurryResults', target, Date.now()),
      list: () => writer.call('listResults'),
      over: (number, state, why) => writer.call('resultOver', number, state, why, Date.now()),
      postpone: (number, why, nextAt) => writer.call('postponeResult', number, why, nextAt, Date.now()),
      again: number => writer.call('resultAgain', number, Date.now()),
    },
    outbox,
    async finishWork(contentId, found) {
      tellWork(await writer.call('finishWork', contentId, found))
    },
    get writable() {
      return !readOnly && replayed
    },
    get backlog() {
      return settler.backlog
    },
    get reserveBytes() {
      return landing.readyBytes
    },
    get receiving() {
      return context.share.pool.waiting
    },
    received: outcomes,
    async volumes() {
      return summarize(await read.volumeUse(), volumes.list(), id => drains.progress(id))
    },
    drainVolume: async name => drains.drain(volumeNamed(name)),
    keepVolume: async name => drains.keep(volumeNamed(name)),
    get space() {
      return { free: space.free, total: space.total, level: space.level }
    },
    settleAll: () => settler.settleAll(),
    get needsRepair() {
      return upkeep.repairing
    },
    // A purge waited for it.
    repair: (verify, progress) => upkeep.repair(verify, progress).finally(bin.wake),
    async health() {
      const { scrubbedBytes, backupAgeSeconds } = upkeep
      return { damagedCopies: await read.damagedCopies(), scrubbedBytes, backupAgeSeconds }
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

/** What an earlier process made ready and nobody has written to, as much as may be kept; none of it may have a row. */
async function preparedSegments({ dataDir, folder, opened, limits, writer }: StoreParts): Promise<number[]> {
  const { segmentBytes, reserveBytes } = limits
  const untouched = await untouchedSegments(dataDir, folder, opened.landed, segmentBytes)
  const used = new Set(await writer.call('landingFilesInUse', untouched.map(segmentFile)))
  const free = untouched.slice(untouched.findLastIndex(number => used.has(segmentFile(number))) + 1)
  return free.slice(0, Math.floor(reserveBytes / segmentBytes))
}

/** A UID of our own (PS3.5 §B.2). */
function newUID(): string {
  return `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`
}
