import { IsocenterError } from '../../../shared/errors.ts'
import type { Received } from './index.ts'
import type { CommitAnswer, ReceivedObject } from './receivedObject.ts'

/** More rows in one transaction would only make the first of them wait. */
const MAX_GROUP = 256

/**
 * Gathers what waits while a transaction runs, so that concurrent senders share the next one. One group is under way at a time:
 * the busier the station, the larger the groups.
 */
export function createCommitQueue(
  commitGroup: (objects: ReceivedObject[]) => Promise<CommitAnswer>,
  onCommitted: (answer: CommitAnswer) => void,
): (object: ReceivedObject) => Promise<Received> {
  let waiting: Array<{ object: ReceivedObject; resolve(received: Received): void; reject(error: unknown): void }> = []
  let running = false

  async function run(): Promise<void> {
    running = true
    while (waiting.length > 0) {
      const group = waiting.slice(0, MAX_GROUP)
      waiting = waiting.slice(MAX_GROUP)
      try {
        const answer = await commitGroup(group.map(({ object }) => object))
        onCommitted(answer)
        for (const [index, { resolve, reject }] of group.entries()) {
          const result = answer.results[index]
          if (result && 'outcome' in result) resolve(result)
          else reject(new IsocenterError('store-failed', result?.failed))
        }
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    running = false
  }

  return object =>
    new Promise((resolve, reject) => {
      waiting.push({ object, resolve, reject })
      // After this turn of the loop, so that what arrived in the same one goes together.
      if (!running) {
        running = true
        setImmediate(run)
      }
    })
}
