import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ERRORS, IsocenterError } from '../../../shared/errors.ts'
import { createDisk, type Disk, errorCode, SyncError } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import { startThread, type Thread } from '../base/thread.ts'
import { createCommitQueue } from './commitQueue.ts'
import { openDecisionLog } from './decisionLog.ts'
import type { Decided } from './decisions.ts'
import { GatherPool } from './gatherPool.ts'
import type { Change, Receive, Received, Store, StoreProblem, StoreReader } from './index.ts'
import { setOrphansAside } from './orphans.ts'
import type { ReaderApi, ReaderData } from './reader.ts'
import { ObjectReceive, type ReceiveContext } from './receive.ts'
import type { CommitAnswer } from './receivedObject.ts'
import type { WriterApi, WriterData } from './writer.ts'

/** Reads overlap with each other and never with a commit; more than two only compete for two cores. */
const READERS = 2
/** Thumbnails come by the dozen: their studies are told together. */
const WORK_TOLD_EVERY_MS = 300

export interface StoreOptions {
  dataDir: string
  log: Log
  /** How long `close` waits for running receives. */
  graceMs?: number
  /** For tests: a disk that fails. */
  disk?: Disk
}

/** Opens the vault: one writer thread, a pool of readers, the files below `dataDir`. Rejects with 'database-newer' among others. */
export async function openStore({ dataDir, log, graceMs = 10_000, disk = createDisk() }: StoreOptions): Promise<Store> {
  await mkdir(join(dataDir, 'files'), { recursive: true })
  const data: WriterData & ReaderData = { file: join(dataDir, 'index.sqlite'), dataDir }
  const writer = startThread<WriterApi>(threadUrl('writerThread'), data)
  // Started beside the writer, to load meanwhile; they open the index at their first call.
  const readers = Array.from({ length: READERS }, () => startThread<ReaderApi>(threadUrl('readerThread'), data))
  try {
    const opened = await writer.call('open')
    if (opened.unclean) {
      const moved = await setOrphansAside(dataDir, ids => writer.call('knownContents', ids))
      log.warn(
        { orphans: moved },
        'the station was not closed cleanly; files that were never answered for are set aside',
      )
    }
    return createStore({ dataDir, log, graceMs, disk, writer, readers, ...opened })
  } catch (error) {
    await Promise.all([writer, ...readers].map(thread => thread.stop()))
    throw error
  }
}

/** Sources are run by Node directly; the build puts every thread's entry flat beside the station's. */
function threadUrl(name: 'writerThread' | 'readerThread'): URL {
  return new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
}

interface Parts extends Required<StoreOptions> {
  writer: Thread<WriterApi>
  readers: Array<Thread<ReaderApi>>
  seq: number
  lastContentId: number
}

function createStore({ dataDir, log, graceMs, disk, writer, readers, ...opened }: Parts): Store {
  let seq = opened.seq
  let lastContentId = opened.lastContentId
  let readOnly = false
  /** A file may lie there without a row, so the next start has to look. */
  let unclean = false
  let closing: Promise<void> | undefined
  const receives = new Set<Receive>()
  const listeners = new Set<(changes: Change[]) => void>()
  const problemListeners = new Set<(problem: StoreProblem) => void>()

  function report(problem: StoreProblem): void {
    setImmediate(() => {
      for (const listener of problemListeners) listener(problem)
    })
  }

  function tell(changes: Change[]): void {
    if (changes.length === 0) return
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
    unclean = true
    log.error({ err: error }, 'the disk reported an error: no new images are taken, reading goes on')
    const detail = error instanceof Error ? error.message : String(error)
    report({ severity: 'failure', sentence: ERRORS['store-read-only'].sentence, detail })
  }
  writer.ended.then(error => {
    if (!closing) becomeReadOnly(error ?? new Error('the writer thread has ended'))
  })

  const commit = createCommitQueue(
    objects => writer.call('commit', objects),
    (answer: CommitAnswer) => {
      seq = Math.max(seq, answer.seq)
      tell(answer.changes)
    },
  )

  const context: ReceiveContext = {
    dataDir,
    disk,
    gathering: new GatherPool(),
    nextContentId: () => ++lastContentId,
    async commit(object): Promise<Received> {
      const received = await commit(object)
      const { outcome, SOPInstanceUID, contentId } = received
      if (outcome === 'revision' || outcome === 'conflict') {
        const { sendingAET, address, door } = object.origin
        log.warn(
          { outcome, SOPInstanceUID, contentId, sendingAET, address, door },
          'other bytes under a known UID: kept',
        )
        // Per sender, not per image: a scanner that re-uses UIDs does so by the hundred. The log has each one.
        report({
          severity: 'attention',
          sentence:
            outcome === 'revision'
              ? 'Images came again with another header. Both versions are kept; the first is shown.'
              : 'Different images came under UIDs that are known here. All are kept; the first is shown.',
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
      unclean = true
      log.error({ file, err: error }, 'a file that was not stored could not be removed')
    },
  }

  const decisionLog = openDecisionLog(join(dataDir, 'decisions.log'), disk)
  /** Committed rows are told of at once, for every reader sees them; the answer waits for the log. */
  async function decide<Answer>(commit: () => Promise<Decided<Answer>>): Promise<Answer> {
    if (closing) throw new IsocenterError('draining')
    if (readOnly) throw new IsocenterError('store-read-only')
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

  const worked = new Set<string>()
  let tellingWork: NodeJS.Timeout | undefined
  function tellWork(StudyInstanceUID: string): void {
    worked.add(StudyInstanceUID)
    tellingWork ??= setTimeout(() => {
      tellingWork = undefined
      tell([...worked].map(uid => ({ seq, kind: 'study', StudyInstanceUID: uid })))
      worked.clear()
    }, WORK_TOLD_EVERY_MS)
  }

  async function close(): Promise<void> {
    const deadline = Date.now() + graceMs
    while (receives.size > 0 && Date.now() < deadline) await wait(10)
    if (receives.size > 0) log.warn({ receives: receives.size }, 'receives still open at the end are dropped')
    await Promise.all([...receives].map(receive => receive.abort()))
    clearTimeout(tellingWork)
    listeners.clear()
    await decisionLog.close().catch(error => log.error({ err: error }, 'the log of decisions was not closed cleanly'))
    // Readers first: the last checkpoint empties the write-ahead log only when nobody reads in it.
    await Promise.all(readers.map(reader => reader.stop()))
    await writer
      .call('close', { clean: receives.size === 0 && !unclean })
      .catch(error => log.error({ err: error }, 'the index was not closed cleanly'))
    await writer.stop()
  }

  return {
    read: createReadPool(readers),
    beginReceive(start) {
      if (closing) throw new IsocenterError('draining')
      if (readOnly) throw new IsocenterError('store-read-only')
      const receive = new ObjectReceive(context, start)
      receives.add(receive)
      return receive
    },
    get seq() {
      return seq
    },
    onChanges(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onProblem(listener) {
      problemListeners.add(listener)
      return () => problemListeners.delete(listener)
    },
    setSetting: (user, key, value) => writer.call('setSetting', user, key, JSON.stringify(value)),
    setReading: (studies, user) => decide(() => writer.call('setReading', studies, user, Date.now())),
    setOpened: (uid, user) => decide(() => writer.call('setOpened', uid, user, Date.now())),
    setPriority: (uid, priority) => decide(() => writer.call('setPriority', uid, priority, Date.now())),
    putDraft: (uid, user, draft, rev) =>
      decide(() => writer.call('putDraft', uid, user, JSON.stringify(draft), rev, Date.now())),
    async finishWork(contentId, found) {
      tellWork(await writer.call('finishWork', contentId, found))
    },
    get writable() {
      return !readOnly
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

/** Each call goes to the reader with the least to do. */
function createReadPool(readers: Array<Thread<ReaderApi>>): StoreReader {
  const open = readers.map(() => 0)
  const call: Thread<ReaderApi>['call'] = async (name, ...args) => {
    const index = open.indexOf(Math.min(...open))
    const reader = readers[index]
    if (!reader) throw new IsocenterError('internal', 'no reader')
    open[index] = (open[index] ?? 0) + 1
    try {
      return await reader.call(name, ...args)
    } finally {
      open[index] = (open[index] ?? 1) - 1
    }
  }
  return {
    listStudies: query => call('listStudies', query),
    orderStudies: query => call('orderStudies', query),
    getStudies: ids => call('getStudies', ids),
    countStudies: filter => call('countStudies', filter),
    patientStudies: uid => call('patientStudies', uid),
    getDraft: (uid, user) => call('getDraft', uid, user),
    getStudy: uid => call('getStudy', uid),
    getManifest: (study, series) => call('getManifest', study, series),
    qido: query => call('qido', query),
    locate: (uids, limit) => call('locate', uids, limit),
    locateContent: contentId => call('locateContent', contentId),
    locateFrames: wanted => call('locateFrames', wanted),
    counts: () => call('counts'),
    listPeers: () => call('listPeers'),
    getSettings: user => call('getSettings', user),
    unreadGroups: (study, series) => call('unreadGroups', study, series),
    pendingWork: limit => call('pendingWork', limit),
    getThumbnail: contentId => call('getThumbnail', contentId),
  }
}
