import { expect, test } from 'vitest'
import { createSyncGate, type Gate, waitForSync } from '../../electron/station/store/landing/syncGate.ts'

/** A gate for each of the syncs, one after the other, the way a fast disk gets them; all of them are over. */
async function gatesOf(syncs: Array<() => Promise<void>>): Promise<Gate[]> {
  const gate = createSyncGate()
  // Until the first is over the disk counts as slow.
  await gate.behind(Promise.resolve())
  const gates: Gate[] = []
  for (const sync of syncs) {
    const synced = sync()
    const given = await gate.behind(synced)
    if (!given) throw new Error('the thread was not to wait')
    gates.push(given)
    await synced.catch(() => {})
  }
  return gates
}

const works = () => Promise.resolve()
const fails = () => Promise.reject(new Error('EIO'))
const readOnly = expect.objectContaining({ code: 'store-read-only' })

test('rows whose bytes did not get to the disk are refused, whatever became of the next ones meanwhile', async () => {
  for (const next of [works, fails]) {
    const [first, second] = (await gatesOf([fails, next])) as [Gate, Gate]
    expect(() => waitForSync(first)).toThrow(readOnly)
    if (next === fails) expect(() => waitForSync(second)).toThrow(readOnly)
    else expect(() => waitForSync(second)).not.toThrow()
  }
})

test('rows whose bytes are on the disk go, whatever became of the ones before and behind', async () => {
  const [, second] = (await gatesOf([fails, works, fails])) as [Gate, Gate, Gate]
  expect(() => waitForSync(second)).not.toThrow()
})
