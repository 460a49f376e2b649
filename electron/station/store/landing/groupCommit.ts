import { setTimeout as wait } from 'node:timers/promises'
import { IsocenterError } from '../../../../shared/errors.ts'
import type { Received } from '../index.ts'
import type { CommitAnswer, PlacedObject, ReceivedObject } from '../receivedObject.ts'
import type { Landing, LandingPosition } from './landing.ts'
import type { LandingEntry } from './segment.ts'
import { FAST_MS } from './syncGate.ts'

/** More in one transaction would only make the first of them wait. */
const MAX_GROUP = 256
/** Company is waited for no longer than one sync takes, and no longer than this part of it for the next to come. */
const NEXT_WITHIN = 1 / 4
/** Nor longer than this: a disk that hung for a minute says nothing of the next sync, and a sender's patience is half of one. */
const MOST_COMPANY_MS = 250

interface Waiting {
  object: ReceivedObject
  resolve(received: Received): void
  reject(error: unknown): void
}

export interface GroupCommitStages {
  /** What the newest sync took beside its bytes, ms; how many objects are open in all, and how many of them are still on their way in. */
  outlook(): { syncMs: number; open: number; coming: number }
  /** Begins one write and one sync for the first of them, as many as there is room for. One call at a time, two on their way. */
  land(group: LandingEntry[]): Promise<Landing>
  /** One transaction, which also keeps the position; it is committed when the bytes are synced, and rolled back when they cannot be. */
  writeRows(objects: PlacedObject[], landing: Landing): Promise<CommitAnswer>
  onCommitted(answer: CommitAnswer, landed: LandingPosition): void
}

/**
 * What waits while a sync runs shares the next one: the busier the station, the larger the groups. The rows of a group are made
 * while its bytes are on their way to the disk, and committed behind them; the next group lands beside that commit, on a disk
 * that is slow to sync beside that sync, too, but no further one, so that groups also grow where it is the rows that take long. Each stage keeps the order of the log, so that a
 * position in it says for which records there are rows.
 */
export function createGroupCommit(stages: GroupCommitStages): (object: ReceivedObject) => Promise<Received> {
  let waiting: Waiting[] = []
  let isLanding = false
  /** Until the newest group is answered. */
  let before: Promise<void> = Promise.resolve()

  async function landAll(): Promise<void> {
    while (waiting.length > 0) {
      await company()
      let group = waiting.slice(0, MAX_GROUP)
      try {
        const landing = await stages.land(group.map(({ object }) => object.entry))
        group = group.slice(0, landing.places.length)
        const written = writeRows(group, landing)
        waiting = waiting.slice(group.length)
        // Twice as many groups cost more than they bring where a sync is short: 1.9 CPU-ms an image at ten associations instead of 1.6.
        if (stages.outlook().syncMs < FAST_MS) await landing.synced.catch(() => {})
        await before
        before = written
      } catch (error) {
        waiting = waiting.slice(group.length)
        for (const { reject } of group) reject(error)
      }
    }
    isLanding = false
  }

  /**
   * Senders that were answered together come back together, one a little after the other: the first of them alone in a slow sync
   * would hold up all others for the length of it. Half of them share it, for the other half can have the next at the same time.
   */
  async function company(): Promise<void> {
    const { syncMs } = stages.outlook()
    if (syncMs < FAST_MS) return
    const began = performance.now()
    let joined = began
    for (let known = waiting.length; waiting.length < MAX_GROUP; ) {
      const { open, coming } = stages.outlook()
      if (coming === 0 || waiting.length * 2 >= open) return
      await wait(1)
      const now = performance.now()
      if (waiting.length > known) joined = now
      known = waiting.length
      if (now - began >= Math.min(syncMs, MOST_COMPANY_MS) || now - joined >= syncMs * NEXT_WITHIN) return
    }
  }

  /** Never rejects: those that wait are told. */
  async function writeRows(group: Waiting[], landing: Landing): Promise<void> {
    try {
      const objects = group.map(({ object: { entry: _, ...object } }, index): PlacedObject => {
        const place = landing.places[index]
        if (!place) throw new IsocenterError('internal', 'an object that did not land')
        return { ...object, ...place }
      })
      const rows = stages.writeRows(objects, landing)
      // What the disk says comes before what the index says of it; and nobody is told while the thread is still at the rows.
      await rows.catch(() => {})
      await landing.synced
      const answer = await rows
      stages.onCommitted(answer, landing.position)
      for (const [index, { resolve, reject }] of group.entries()) {
        const result = answer.results[index]
        if (result && 'outcome' in result) resolve(result)
        else reject(new IsocenterError('store-failed', result?.failed))
      }
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  return object =>
    new Promise((resolve, reject) => {
      waiting.push({ object, resolve, reject })
      // After this turn of the loop, so that what arrived in the same one goes together.
      if (isLanding) return
      isLanding = true
      setImmediate(landAll)
    })
}
