import { setTimeout as wait } from 'node:timers/promises'
import type { AuditSink } from '../../../../shared/audit.ts'
import type { WatchedFolder } from '../../../../shared/config.ts'
import type { Problem, WatchedFolderSummary } from '../../../../shared/contract.ts'
import { ERRORS, IsocenterError, toIsocenterError } from '../../../../shared/errors.ts'
import { errorCode } from '../../base/durable.ts'
import type { Log } from '../../base/log.ts'
import { startThread, type Thread } from '../../base/thread.ts'
import type { Store } from '../../store/index.ts'
import { FATAL, IMPORTED } from '../importFiles.ts'
import { isTableOfContents, takeFile } from '../takeFile.ts'
import type { EyesData, FolderEyes, Look, Opened, ReadyFile, Verdict } from './folderEyes.ts'

/** As many wait for one sync together. */
const IN_FLIGHT = 4
/** A call of the thread that takes longer means that the drive hangs. */
const PATIENCE_MS = 15_000
/** After the vault took nothing, or the thread died. */
const PAUSE_MS = 5000
const MOST_REFUSED = 200
/** As the import's threads: nobody waits longer for a system call that hangs. */
const CLOSE_MS = 1000

export interface WatchParts {
  store: Pick<Store, 'beginReceive' | 'space'>
  log: Log
  audit: Pick<AuditSink, 'gather'>
  report(problem: Pick<Problem, 'severity' | 'sentence' | 'detail'>): void
}

/** One watched folder: asks its thread what is new and brings it through the one way in, until it is closed. */
export class WatchedPlace {
  readonly folder: WatchedFolder
  #parts: WatchParts
  #eyes: EyesData
  #abort = new AbortController()
  #running: Promise<void>
  #counts = { taken: 0, duplicates: 0, refusedCount: 0, waiting: 0, known: 0 }
  #last: { lastFile: string; lastAt: number | null } = { lastFile: '', lastAt: null }
  #refused = new Map<string, string>()
  #busy = false
  /** Of the folder, of the vault, of the thread: each is over by its own. */
  #trouble = { folder: '', space: '', vault: '', thread: '' }
  #told = ''

  constructor(folder: WatchedFolder, eyes: EyesData, parts: WatchParts) {
    this.folder = folder
    this.#eyes = eyes
    this.#parts = parts
    this.#running = this.#run()
  }

  summary(): WatchedFolderSummary {
    return {
      ...this.folder,
      ...this.#counts,
      ...this.#last,
      refused: [...this.#refused].map(([file, reason]) => ({ file, reason })).reverse(),
      trouble: this.#sentence(),
      busy: this.#busy,
    }
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#running
  }

  #sentence(): string {
    const { folder, space, vault, thread } = this.#trouble
    return thread || vault || space || folder
  }

  /** A problem once for each trouble; it is over without a word, as the folder's own line says. */
  #setTrouble(kind: 'folder' | 'space' | 'vault' | 'thread', words: string): void {
    this.#trouble[kind] = words
    const now = this.#sentence()
    if (now !== '' && now !== this.#told) {
      const sentence = `A watched folder needs a look. ${now}`
      this.#parts.report({ severity: 'attention', sentence, detail: this.folder.path })
    }
    this.#told = now
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    while (!signal.aborted) {
      let thread: Thread<FolderEyes> | undefined
      try {
        thread = startThread<FolderEyes>(
          new URL(import.meta.url.endsWith('.ts') ? './watchThread.ts' : './watchThread.js', import.meta.url),
          this.#eyes,
        )
        await this.#watch(thread)
      } catch (error) {
        if (signal.aborted) break
        this.#parts.log.error({ err: error, folder: this.folder.id }, 'a watched folder’s thread has failed')
        this.#setTrouble('thread', `It cannot be watched (${errorCode(error) || 'internal error'}); it is tried again.`)
        await wait(PAUSE_MS, undefined, { signal }).catch(() => {})
      } finally {
        this.#busy = false
        await Promise.race([thread?.stop(), wait(CLOSE_MS, undefined, { ref: false })])
      }
    }
  }

  async #watch(thread: Thread<FolderEyes>): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const look = await this.#ask(() => thread.call('look'))
      this.#note(look)
      const { level } = this.#parts.store.space
      const isFull = level === 'close' || level === 'refuse'
      this.#setTrouble('space', isFull ? 'The station’s disk is nearly full: nothing is taken for now.' : '')
      if (look.ready.length > 0) {
        this.#busy = true
        const files = look.ready.values()
        const worker = async () => {
          for (const file of files) await this.#take(thread, file, isFull)
        }
        await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
        if (isFull || this.#trouble.vault !== '') await wait(PAUSE_MS, undefined, { signal: this.#abort.signal })
      } else if (look.rest) {
        this.#busy = false
        if (look.young === 0) this.#setTrouble('vault', '')
        await this.#unlessClosed(thread.call('rest'))
      }
    }
  }

  #note({ young, known, trouble, reasons }: Look): void {
    this.#counts.waiting = young
    this.#counts.known = known
    this.#setTrouble('folder', trouble)
    for (const { file, reason } of reasons) this.#name(file, reason)
  }

  #name(file: string, reason: string): void {
    this.#refused.delete(file)
    this.#refused.set(file, reason)
    for (const oldest of this.#refused.keys()) {
      if (this.#refused.size <= MOST_REFUSED) break
      this.#refused.delete(oldest)
    }
  }

  async #take(thread: Thread<FolderEyes>, { id, name }: ReadyFile, isFull: boolean): Promise<void> {
    let verdict: Verdict = 'later'
    try {
      if (!isFull) verdict = await this.#bring(thread, id, name)
    } finally {
      if (!this.#abort.signal.aborted) await this.#ask(() => thread.call('finish', id, verdict))
    }
  }

  /** What became of it. Rejects when the thread does. */
  async #bring(thread: Thread<FolderEyes>, id: number, name: string): Promise<Verdict> {
    if (isTableOfContents(name)) return 'refused'
    const { signal } = this.#abort
    const opened = await this.#ask(() => thread.call('open', id))
    if (!opened) return 'later'
    let changed = false
    const read = () => this.#ask(() => thread.call('read', id))
    async function* chunks(first: Opened): AsyncGenerator<Uint8Array> {
      yield first.chunk
      for (let { end } = first; !end; ) {
        const next = await read()
        if (next === null) {
          changed = true
          throw new IsocenterError('cancelled')
        }
        yield next.chunk
        end = next.end
      }
    }
    try {
      const wishes = { door: 'folder', whole: !opened.isAll, showLatest: opened.again } as const
      const taken = await takeFile(this.#parts.store, chunks(opened), wishes, signal)
      if (taken === 'contents') return 'refused'
      if (taken === 'notDicom') return this.#refuse(name, 'This is not a DICOM file.')
      const study = { StudyInstanceUID: taken.StudyInstanceUID, PatientID: '', instances: {} }
      const text = `Watched folder ${this.folder.id}`
      this.#parts.audit.gather(text, { ...IMPORTED, text, study }, taken.SOPClassUID)
      this.#counts[taken.outcome === 'duplicate' ? 'duplicates' : 'taken']++
      this.#last = { lastFile: name, lastAt: Date.now() }
      this.#refused.delete(name)
      this.#setTrouble('vault', '')
      return 'taken'
    } catch (thrown) {
      if (changed || signal.aborted) return 'later'
      const error = toIsocenterError(thrown)
      if (error.code === 'cut-short') {
        this.#name(name, 'It ends in the middle: the rest is waited for.')
        return 'half'
      }
      if (FATAL.has(error.code)) {
        this.#setTrouble('vault', error.message)
        return 'later'
      }
      if (ERRORS[error.code].retryable) {
        // The error itself may name the file, and so the patient.
        const code = errorCode(thrown) || error.code
        this.#parts.log.warn({ code, folder: this.folder.id }, 'a file of a watched folder could not be taken')
        this.#name(name, 'It could not be read; it is tried again.')
        return 'forget'
      }
      return this.#refuse(name, error.message)
    }
  }

  #refuse(name: string, reason: string): Verdict {
    this.#counts.refusedCount++
    this.#name(name, reason)
    return 'refused'
  }

  /** A call that may hang with its drive: said after a while, and waited for. */
  async #ask<T>(call: () => Promise<T>): Promise<T> {
    const slow = setTimeout(() => {
      this.#setTrouble('thread', 'Its drive does not answer: nothing comes from there until it does.')
    }, PATIENCE_MS)
    try {
      const answer = await this.#unlessClosed(call())
      if (this.#trouble.thread !== '') this.#setTrouble('thread', '')
      return answer
    } finally {
      clearTimeout(slow)
    }
  }

  #unlessClosed<T>(answer: Promise<T>): Promise<T> {
    const { signal } = this.#abort
    return new Promise((resolve, reject) => {
      const closed = () => reject(new IsocenterError('cancelled'))
      if (signal.aborted) return closed()
      signal.addEventListener('abort', closed, { once: true })
      answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', closed))
    })
  }
}
