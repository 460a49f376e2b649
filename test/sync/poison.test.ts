import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { Problems } from '../../electron/station/base/problems.ts'
import { FileHandles } from '../../electron/station/store/index.ts'
import { createCarrier } from '../../electron/station/sync/createCarrier.ts'
import { startSync } from '../../electron/station/sync/index.ts'
import { destinations } from '../../shared/sync.ts'
import { keep, openArchive } from '../dimse/archive.ts'
import { ctObject, part10 } from '../dimse/harness.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { CentralArchive } from '../faults/centralArchive.ts'
import { nestedSequences } from '../fixtures/oddFiles.ts'
import { silentLog } from '../web/counter.ts'
import { digests } from './harness.ts'

const GOOD = 6
/** Its sequences are nested 64 levels deep, in 3 KB: Orthanc 1.10.1 reads it and is gone. */
const poison = () => {
  const object = ctObject(6100, { PatientID: 'P-6' }, undefined, 32)
  const levels = Buffer.from(nestedSequences(64, true))
  // (0040,9096), above the groups of the image.
  for (let at = 0; at < 64 * 20; at += 20) levels.set([0x40, 0, 0x96, 0x90], at)
  const pixels = Buffer.from(object.dataSet).indexOf(Buffer.from('e07f1000', 'hex'))
  return { ...object, dataSet: Buffer.concat([object.dataSet.subarray(0, pixels), levels]) }
}

/** A real Orthanc, and somebody who starts it again when it has died, as a service does. `gated`: the station has seen what not to send. */
async function openPair(gated: boolean) {
  const central = await CentralArchive.open()
  const watched = { deaths: 0, over: false }
  const watching = (async () => {
    while (!watched.over) {
      if (central.hasEnded()) {
        watched.deaths += 1
        await central.start()
      }
      await wait(100)
    }
  })()
  onTestFinished(async () => {
    watched.over = true
    await watching
    await central.close()
  })
  const { store, dimse, dataDir } = await openArchive()
  const files = new FileHandles(contentId => store.read.locateContent(contentId))
  onTestFinished(() => files.close())
  const objects = [
    ...Array.from({ length: GOOD }, (_, n) => ctObject(6000 + n, { PatientID: 'P-6' }, undefined, 32)),
    poison(),
  ]
  for (const object of objects) await keep(store, part10(object))
  if (!gated) {
    const db = new Database(join(dataDir, 'index.sqlite'))
    db.exec("UPDATE content SET flags = '[]'")
    db.close()
  }
  const route = { kind: 'dicomweb', url: `${central.origin}/dicom-web`, orthanc: central.origin }
  const sync = await startSync({
    outbox: store.outbox,
    store,
    log: silentLog,
    audit: silentAudit,
    problems: new Problems(),
    destinations: [],
    createCarrier: one => createCarrier(one, { files, digests, dimse: dimse.carrying }),
  })
  onTestFinished(() => sync.close())
  // All at once, so that the bad one goes among the good ones.
  await sync.setDestinations(destinations.parse([{ name: 'Central', route }]))
  const counts = async () => {
    const [{ confirmed, dead, queued, unproved } = { confirmed: 0, dead: 0, queued: 1, unproved: 0 }] =
      await sync.status()
    return { confirmed, dead, left: queued + unproved }
  }
  const refused = async () =>
    (await store.outbox.deadLetters({ destination: 'Central', limit: 9 })).map(one => one.reason)
  return { central, watched, counts, refused }
}

test('an object that ends Orthanc is never sent to it; what came with it arrives', async () => {
  const { central, watched, counts, refused } = await openPair(true)
  await expect.poll(counts, { timeout: 60_000 }).toEqual({ confirmed: GOOD, dead: 1, left: 0 })
  expect(await refused()).toEqual([expect.stringMatching(/nested so deep/)])
  expect((await central.instances()).length).toBe(GOOD)
  expect(watched.deaths).toBe(0)
  // It is what it is said to be.
  await fetch(`${central.origin}/instances`, { method: 'POST', body: new Uint8Array(part10(poison())) }).catch(() => {})
  await expect.poll(() => watched.deaths, { timeout: 10_000 }).toBe(1)
}, 120_000)

test('one that nobody knew of ends it a few times, is given up alone, and the archive lives and has the rest', async () => {
  const { central, watched, counts, refused } = await openPair(false)
  await expect.poll(counts, { timeout: 90_000 }).toEqual({ confirmed: GOOD, dead: 1, left: 0 })
  expect(await refused()).toEqual([expect.stringMatching(/sent alone/)])
  const { deaths } = watched
  expect(deaths).toBeGreaterThanOrEqual(2)
  await wait(2000)
  expect(watched.deaths).toBe(deaths)
  expect((await central.instances()).length).toBe(GOOD)
}, 120_000)
