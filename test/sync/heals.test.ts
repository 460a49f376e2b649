import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Problems } from '../../electron/station/base/problems.ts'
import { FileHandles } from '../../electron/station/store/index.ts'
import { type Clock, systemClock } from '../../electron/station/sync/clock.ts'
import { createCarrier } from '../../electron/station/sync/createCarrier.ts'
import { startSync } from '../../electron/station/sync/index.ts'
import { destinations } from '../../shared/sync.ts'
import { keep, openArchive } from '../dimse/archive.ts'
import { ctObject, part10, temporaryFolder, until } from '../dimse/harness.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { silentLog } from '../web/counter.ts'
import { startArchive } from './harness.ts'

const endsWith = (file: Buffer, dataSet: Uint8Array) => file.subarray(-dataSet.length).equals(dataSet)

test('from the vault to Orthanc and proved; what it loses or damages afterwards is found, and there again', async () => {
  const storage = temporaryFolder()
  const central = await startArchive({ StorageDirectory: storage, MaximumStorageCacheSize: 0 })
  onTestFinished(() => central.close())
  const { store, dimse } = await openArchive()
  const files = new FileHandles(contentId => store.read.locateContent(contentId))
  onTestFinished(() => files.close())
  // Somebody sets the clock: what is looked for minutes later is looked for now.
  const shift = { ms: 0 }
  const clock: Clock = {
    ...systemClock,
    now: () => Date.now() + shift.ms,
    sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 500), signal),
  }
  const problems = new Problems()
  const sync = await startSync({
    outbox: store.outbox,
    store,
    log: silentLog,
    audit: silentAudit,
    problems,
    destinations: destinations.parse([
      { name: 'Central', route: { kind: 'dicomweb', url: central.url, orthanc: central.orthanc } },
    ]),
    createCarrier: destination => createCarrier(destination, { files, dimse: dimse.carrying }),
    clock,
  })
  onTestFinished(() => sync.close())
  const counts = async () => (await sync.status())[0]
  const confirmed = async (images: number) => {
    for (;;) {
      const now = await counts()
      if (now?.confirmed === images && now.queued + now.unproved === 0) return now
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  const objects = Array.from({ length: 12 }, (_, n) => ctObject(5000 + n, { PatientID: 'P-1' }, undefined, 32))
  for (const object of objects) await keep(store, part10(object))
  expect(await confirmed(12)).toMatchObject({ dead: 0, trouble: '' })
  expect(await central.stored()).toBe(12)

  const entries = readdirSync(storage, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  const pathOf = (n: number) => {
    const { dataSet } = objects[n]!
    const entry = entries.find(({ parentPath, name }) => endsWith(readFileSync(join(parentPath, name)), dataSet))
    return join(entry?.parentPath ?? '', entry?.name ?? '')
  }
  writeFileSync(pathOf(0), readFileSync(pathOf(0)).fill(0, 1000))
  rmSync(pathOf(1))
  const found = await fetch(`${central.orthanc}/tools/lookup`, { method: 'POST', body: objects[2]!.SOPInstanceUID })
  const [gone] = (await found.json()) as [{ ID: string }]
  await fetch(`${central.orthanc}/instances/${gone.ID}`, { method: 'DELETE' })
  expect(await central.stored()).toBe(11)
  shift.ms = 5 * 60_000
  await until(() => problems.list().some(({ sentence }) => sentence.includes('had lost images')))
  await confirmed(12)
  expect(await central.stored()).toBe(12)
  for (const { SOPInstanceUID } of objects.slice(0, 3)) {
    const again = await fetch(`${central.orthanc}/tools/lookup`, { method: 'POST', body: SOPInstanceUID })
    const [{ ID }] = (await again.json()) as [{ ID: string }]
    const object = objects.find(one => one.SOPInstanceUID === SOPInstanceUID)!
    const file = Buffer.from(await (await fetch(`${central.orthanc}/instances/${ID}/file`)).arrayBuffer())
    expect(endsWith(file, object.dataSet)).toBe(true)
  }
})
