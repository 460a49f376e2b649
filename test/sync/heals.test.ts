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
import { aJob, silentLog } from '../web/counter.ts'
import { digests, never, startArchive } from './harness.ts'

const endsWith = (file: Buffer, dataSet: Uint8Array) => file.subarray(-dataSet.length).equals(dataSet)

/** Orthanc, a vault and what brings the one into the other; `shift.ms`: what somebody has set the clock ahead. */
async function openPair() {
  const storage = temporaryFolder()
  const central = await startArchive({ StorageDirectory: storage, MaximumStorageCacheSize: 0 })
  onTestFinished(() => central.close())
  const { store, dimse } = await openArchive()
  const files = new FileHandles(contentId => store.read.locateContent(contentId))
  onTestFinished(() => files.close())
  // What is looked for minutes or days later is looked for now.
  const shift = { ms: 0 }
  const clock: Clock = {
    ...systemClock,
    now: () => Date.now() + shift.ms,
    sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 500), signal),
  }
  const problems = new Problems()
  const jobs: Array<Promise<void>> = []
  const sync = await startSync({
    outbox: store.outbox,
    store,
    log: silentLog,
    audit: silentAudit,
    problems,
    destinations: destinations.parse([
      { name: 'Central', route: { kind: 'dicomweb', url: central.url, orthanc: central.orthanc } },
    ]),
    createCarrier: destination => createCarrier(destination, { files, digests, dimse: dimse.carrying }),
    pulling: {
      store,
      dimse: dimse.carrying,
      startJob(_, __, work) {
        jobs.push(work({ signal: never, total() {}, received() {}, failed() {} }))
        return aJob
      },
    },
    clock,
  })
  onTestFinished(() => sync.close())
  return { storage, central, store, sync, problems, shift, jobs }
}

const idAt = async (orthanc: string, SOPInstanceUID: string) => {
  const found = await fetch(`${orthanc}/tools/lookup`, { method: 'POST', body: SOPInstanceUID })
  return ((await found.json()) as Array<{ ID: string }>)[0]?.ID
}

test('from the vault to Orthanc and proved; what it loses or damages afterwards is found, and there again', async () => {
  const { storage, central, store, sync, problems, shift } = await openPair()
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
  const gone = await idAt(central.orthanc, objects[2]!.SOPInstanceUID)
  await fetch(`${central.orthanc}/instances/${gone}`, { method: 'DELETE' })
  expect(await central.stored()).toBe(11)
  shift.ms = 5 * 60_000
  await until(() => problems.list().some(({ sentence }) => sentence.includes('had lost images')))
  await confirmed(12)
  expect(await central.stored()).toBe(12)
  for (const { SOPInstanceUID } of objects.slice(0, 3)) {
    const ID = await idAt(central.orthanc, SOPInstanceUID)
    const object = objects.find(one => one.SOPInstanceUID === SOPInstanceUID)!
    const file = Buffer.from(await (await fetch(`${central.orthanc}/instances/${ID}/file`)).arrayBuffer())
    expect(endsWith(file, object.dataSet)).toBe(true)
  }
})

test('what was brought from Orthanc and is deleted there later is not sent back, and nobody is alarmed', async () => {
  const { central, store, sync, problems, shift, jobs } = await openPair()
  const object = ctObject(5100, { PatientID: 'P-2' }, undefined, 32)
  const put = await fetch(`${central.orthanc}/instances`, { method: 'POST', body: new Uint8Array(part10(object)) })
  expect(put.status).toBe(200)
  const StudyInstanceUID = '1.2.826.0.1.3680043.10.1'
  sync.pullStudy('Central', StudyInstanceUID)
  await Promise.all(jobs)
  expect((await store.read.getStudy(StudyInstanceUID)).study.NumberOfStudyRelatedInstances).toBe(1)
  await fetch(`${central.orthanc}/instances/${await idAt(central.orthanc, object.SOPInstanceUID)}`, {
    method: 'DELETE',
  })
  // The weekly look is due.
  shift.ms = 8 * 86_400_000
  const custody = async () => (await store.outbox.study(StudyInstanceUID)).custody[0]
  await expect.poll(custody, { timeout: 20_000 }).toMatchObject({ gone: 1, queued: 0 })
  expect(await central.stored()).toBe(0)
  expect(problems.list()).toEqual([])
  expect(await sync.retry('Central', { StudyInstanceUID })).toBe(1)
  await expect.poll(custody, { timeout: 20_000 }).toMatchObject({ gone: 0, confirmed: { equal: 1 } })
  expect(await central.stored()).toBe(1)
})
