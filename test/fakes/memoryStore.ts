import type { ServedStore } from '../../electron/station/dimse/services.ts'
import type { Receive, ReceiveStart, RetrievableObject, Space } from '../../electron/station/store/index.ts'
import { isStorableUID } from '../../shared/dicom/uids.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { createFakeStore } from './fakeStore.ts'

export interface MemoryObject extends ReceiveStart {
  bytes: Buffer
}

/** The way in of the store, in memory, with knobs for what a disk can do to a door. */
export class MemoryStore implements ServedStore {
  readonly objects = new Map<string, MemoryObject>()
  /** Receives begun and not ended. */
  open = 0
  aborted = 0
  /** Thrown by the next `beginReceive`, `write` or `commit`. */
  failBegin: IsocenterError | undefined
  failWrite: IsocenterError | undefined
  failCommit: IsocenterError | undefined
  /** What there is to be retrieved. */
  stored: RetrievableObject[] = []
  readonly read: ServedStore['read'] = {
    retrievable: async () => ({ objects: this.stored, next: null }),
    retrievableForms: async () => ({ forms: this.stored.map(form => ({ ...form, objects: 1 })), next: null }),
    locateContent: async contentId => {
      const object = this.stored.find(one => one.contentId === contentId)
      if (!object) throw new IsocenterError('not-found', `content ${contentId}`)
      return object
    },
    find: async () => ({ rows: [], rest: new Uint32Array(), next: null }),
    findRows: async () => [],
  }
  readonly commitments = createFakeStore().commitments
  readonly notices = createFakeStore().notices
  space: Space = { free: 1e12, total: 2e12, level: 'ok' }
  /** When set, `write` answers with it: a disk that lags. */
  writeGate: (() => Promise<void>) | undefined
  commitGate: (() => Promise<void>) | undefined
  /** Most bytes handed over while a write was pending: more than 0 breaks the contract. */
  overlapping = 0
  /** False: count only, for measuring the door alone. */
  keep = true

  beginReceive(start: ReceiveStart): Receive {
    if (this.failBegin) throw this.failBegin
    if (!isStorableUID(start.SOPInstanceUID)) throw new IsocenterError('invalid-uid', `"${start.SOPInstanceUID}"`)
    this.open += 1
    const parts: Buffer[] = []
    let pending = false
    return {
      write: chunk => {
        if (pending) this.overlapping += chunk.length
        if (this.failWrite) throw this.failWrite
        if (this.keep) parts.push(Buffer.from(chunk))
        if (!this.writeGate) return
        pending = true
        return this.writeGate().then(() => {
          pending = false
        })
      },
      commit: async () => {
        await this.commitGate?.()
        this.open -= 1
        if (this.failCommit) throw this.failCommit
        const known = this.objects.has(start.SOPInstanceUID)
        this.objects.set(start.SOPInstanceUID, { ...start, bytes: Buffer.concat(parts) })
        return {
          outcome: known ? 'duplicate' : 'stored',
          StudyInstanceUID: '1.2',
          SeriesInstanceUID: '1.3',
          SOPInstanceUID: start.SOPInstanceUID,
          contentId: this.objects.size,
          seq: this.objects.size,
        }
      },
      abort: async () => {
        this.open -= 1
        this.aborted += 1
      },
    }
  }
}
