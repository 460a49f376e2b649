import { IsocenterError } from '../../../../shared/errors.ts'
import type { Received } from '../index.ts'
import type { CommitAnswer, PlacedObject, ReceivedObject } from '../receivedObject.ts'
import type { LandingPosition } from './landing.ts'
import type { Landed, LandingEntry } from './segment.ts'

/** More in one transaction would only make the first of them wait. */
const MAX_GROUP = 256

interface Waiting {
  object: ReceivedObject
  resolve(received: Received): void
  reject(error: unknown): void
}

interface Synced {
  group: Waiting[]
  objects: PlacedObject[]
  landed: LandingPosition
}

export interface GroupCommitStages {
  /** One write and one sync for all of them. */
  land(group: LandingEntry[]): Promise<Landed[]>
  /** Behind what has landed so far. */
  position(): LandingPosition
  /** One transaction, which also keeps the position. */
  writeRows(objects: PlacedObject[], landed: LandingPosition): Promise<CommitAnswer>
  onCommitted(answer: CommitAnswer, landed: LandingPosition): void
}

/**
 * What waits while a sync runs shares the next one, and what was synced while a transaction runs shares the next of those: the
 * busier the station, the larger the groups. The two stages overlap; each keeps the order of the log, so that a position in it
 * says for which records there are rows.
 */
export function createGroupCommit(stages: GroupCommitStages): (object: ReceivedObject) => Promise<Received> {
  let waiting: Waiting[] = []
  let landing = false
  let synced: Synced[] = []
  let writing = false

  async function landAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.slice(0, MAX_GROUP)
      waiting = waiting.slice(MAX_GROUP)
      try {
        const places = await stages.land(group.map(({ object }) => object.entry))
        const objects = group.map(({ object: { entry: _, ...object } }, index): PlacedObject => {
          const place = places[index]
          if (!place) throw new IsocenterError('internal', 'an object that did not land')
          return { ...object, ...place }
        })
        synced.push({ group, objects, landed: stages.position() })
        if (!writing) {
          writing = true
          void writeAll()
        }
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    landing = false
  }

  async function writeAll(): Promise<void> {
    for (let newest = synced.at(-1); newest; newest = synced.at(-1)) {
      const all = synced.flatMap(({ group }) => group)
      const objects = synced.flatMap(group => group.objects)
      synced = []
      try {
        const answer = await stages.writeRows(objects, newest.landed)
        stages.onCommitted(answer, newest.landed)
        for (const [index, { resolve, reject }] of all.entries()) {
          const result = answer.results[index]
          if (result && 'outcome' in result) resolve(result)
          else reject(new IsocenterError('store-failed', result?.failed))
        }
      } catch (error) {
        for (const { reject } of all) reject(error)
      }
    }
    writing = false
  }

  return object =>
    new Promise((resolve, reject) => {
      waiting.push({ object, resolve, reject })
      // After this turn of the loop, so that what arrived in the same one goes together.
      if (landing) return
      landing = true
      setImmediate(landAll)
    })
}
