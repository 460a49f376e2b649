import { setTimeout as wait } from 'node:timers/promises'
import { IsocenterError } from '../../../../shared/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Thread } from '../../base/thread.ts'
import type { ReaderApi } from '../reader.ts'
import type { WriterApi } from '../writer.ts'
import type { Outbox } from './types.ts'

/** Contents a step: a few ms of the writer, that a sender waits for at most. */
const LOOK_STEP = 200
const LOOK_PAUSE_MS = 5
const TRY_AGAIN_MS = 15_000
const RETRY_STEP = 500

export interface OutboxParts {
  log: Log
  writer: Thread<WriterApi>
  read: Thread<ReaderApi>['call']
  /** Nothing is written while the disk is in doubt. */
  writable(): boolean
  /** These studies are told of with another state of custody. */
  touched(StudyInstanceUIDs: string[]): void
}

/** The outbox over its threads, and what brings rows to a new destination in the background. */
export function createOutbox({ log, writer, read, writable, touched }: OutboxParts) {
  const listeners = new Set<() => void>()
  const closed = new AbortController()
  let looking: Promise<void> | undefined
  let again = false

  function mayWait(): void {
    setImmediate(() => {
      for (const listener of listeners) {
        try {
          listener()
        } catch (error) {
          log.error({ err: error }, 'a listener to the outbox failed')
        }
      }
    })
  }

  async function look(): Promise<void> {
    while (!closed.signal.aborted && writable()) {
      const more = await writer.call('lookForDestinations', LOOK_STEP)
      if (!more) return
      mayWait()
      await wait(LOOK_PAUSE_MS, undefined, { signal: closed.signal })
    }
  }

  /** What was here before a destination goes there, too; taken up again after a restart. */
  function goOn(): void {
    again = true
    looking ??= (async () => {
      while (again && !closed.signal.aborted) {
        again = false
        try {
          await look()
        } catch (error) {
          if (closed.signal.aborted) return
          log.error({ err: error }, 'not all that is here is known to be on its way: it is tried again')
          again = true
          await wait(TRY_AGAIN_MS, undefined, { signal: closed.signal, ref: false }).catch(() => {})
        }
      }
    })().finally(() => {
      looking = undefined
    })
  }

  function write<Name extends keyof WriterApi & string>(
    ...call: Parameters<typeof writer.call<Name>>
  ): ReturnType<typeof writer.call<Name>> {
    if (!writable()) throw new IsocenterError('store-read-only')
    return writer.call(...call)
  }

  const outbox: Outbox & { mayWait(): void; goOn(): void; close(): Promise<void> } = {
    async setDestinations(destinations) {
      const kept = destinations.map(({ name, rules }) => ({ name, rules }))
      await write('setDestinations', kept)
      mayWait()
      goOn()
    },
    lease: async wanted => write('lease', wanted),
    nextDue: (destination, rank) => read('nextDue', destination, rank),
    async settle(destination, outcomes) {
      const { studies, lost } = await write('settleOutbox', destination, outcomes, Date.now())
      touched(studies)
      return lost
    },
    releaseLeases: async () => write('releaseLeases'),
    counts: () => read('outboxCounts'),
    async prioritise(StudyInstanceUID) {
      const images = await write('prioritise', StudyInstanceUID)
      mayWait()
      return images
    },
    async retry(destination, which) {
      let images = 0
      for (;;) {
        const contents =
          which && 'contentIds' in which
            ? which.contentIds
            : await write('refused', destination, RETRY_STEP, which?.StudyInstanceUID)
        const done = await write('retry', destination, contents, Date.now())
        images += done.images
        touched(done.studies)
        mayWait()
        if ((which && 'contentIds' in which) || done.images === 0) return images
      }
    },
    deadLetters: wanted => read('deadLetters', wanted),
    study: StudyInstanceUID => read('studyCustody', StudyInstanceUID),
    test: (StudyInstanceUID, destinations) => read('testRoutes', StudyInstanceUID, destinations),
    theirs: (destination, contentIds) => read('theirs', destination, contentIds),
    lost: limit => read('lostContents', limit),
    unproved: (destination, SOPInstanceUIDs) => read('unproved', destination, SOPInstanceUIDs),
    toAudit: (destination, before, limit) => read('toAudit', destination, before, limit),
    audited: async (destination, contentIds, at) => write('audited', destination, contentIds, at),
    onWaiting(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    mayWait,
    goOn,
    async close() {
      closed.abort()
      listeners.clear()
      await looking
    },
  }
  return outbox
}
