import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dayBefore } from '../../shared/pull.ts'
import { ctObject, part10 } from '../dimse/harness.ts'
import { CentralArchive } from '../faults/centralArchive.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

const ROOT = '1.2.826.0.1.3680043.10.7'
const TODAY = dayBefore(Date.now(), 0)

/** `images` of one study, by numbers from `first` on. */
async function putStudy(
  central: CentralArchive,
  number: number,
  first: number,
  images: number,
  more: object,
  size = 32,
) {
  for (let n = 0; n < images; n += 1) {
    const at = {
      StudyInstanceUID: `${ROOT}.${number}`,
      SeriesInstanceUID: `${ROOT}.${number}.1`,
      SOPInstanceUID: `${ROOT}.${number}.1.${first + n}`,
      StudyDate: TODAY,
      PatientID: 'P-7',
      ...more,
    }
    const object = ctObject(first + n, at, undefined, size)
    const body = part10({ ...object, SOPInstanceUID: at.SOPInstanceUID })
    const { ok } = await fetch(`${central.origin}/instances`, { method: 'POST', body: Buffer.from(body) })
    if (!ok) throw new Error('the archive took nothing')
  }
}

const destination = (central: CentralArchive, more: object = {}) => ({
  name: 'Central',
  route: { kind: 'dicomweb' as const, url: `${central.origin}/dicom-web`, orthanc: central.origin },
  pull: { rules: [{ modalities: ['CT'], sinceDays: 1 }], priors: { most: 2 }, everySeconds: 1 },
  ...more,
})

/** How many images of each study are here, by the last component of its UID. */
async function here(station: RunningStation): Promise<Record<string, number>> {
  const rows = (await (await station.get('/dicom-web/studies?includefield=00201208')).text()) || '[]'
  const studies: Array<Record<string, { Value: string[] }>> = JSON.parse(rows)
  return Object.fromEntries(
    studies.map(row => [row['0020000D']!.Value[0]!.split('.').at(-1), Number(row['00201208']!.Value[0])]),
  )
}

async function comes(station: RunningStation, wanted: Record<string, number>): Promise<void> {
  await expect.poll(() => here(station), { timeout: 20_000, interval: 100 }).toEqual(wanted)
}

test('what others store there comes here by rule, with its priors, and what is added later; nothing goes back, or comes twice', async () => {
  const central = await CentralArchive.open()
  onTestFinished(() => central.close())
  const year = Number(TODAY.slice(0, 4))
  await putStudy(central, 1, 1, 3, {})
  await putStudy(central, 2, 1, 1, { Modality: 'MR', PatientID: 'P-8' })
  // Of its patient: the two nearest of the last five years.
  await putStudy(central, 3, 1, 1, { StudyDate: `${year - 1}0101`, Modality: 'US' })
  await putStudy(central, 4, 1, 2, { StudyDate: `${year - 2}0101` })
  await putStudy(central, 5, 1, 1, { StudyDate: `${year - 3}0101` })
  await putStudy(central, 6, 1, 1, { StudyDate: `${year - 9}0101` })
  const station = await startStation({ config: { destinations: [destination(central)] } })
  onTestFinished(async () => void (await station.stop()))
  await comes(station, { 1: 3, 4: 2, 5: 1 })
  const { archives } = await station.call('pull.status', {})
  expect(archives).toMatchObject([
    { destination: 'Central', today: { wanted: 1, here: 1 }, priors: { wanted: 2, here: 2 }, queued: 0, lacking: [] },
  ])
  // It is where it came from, so nothing is to be sent.
  const { destinations } = await station.call('sync.status', {})
  expect(destinations).toMatchObject([{ queued: 0, unproved: 0, confirmed: 6, dead: 0 }])
  expect(await central.instances()).toHaveLength(9)

  const deleted = { StudyInstanceUID: `${ROOT}.1`, SeriesInstanceUID: `${ROOT}.1.1`, SOPInstanceUID: `${ROOT}.1.1.2` }
  await station.call('bin.delete', { items: [deleted], reason: 'not of this patient', user: 'local' })
  await putStudy(central, 1, 4, 2, {})
  await comes(station, { 1: 4, 4: 2, 5: 1 })

  await station.job(await station.call('pull.study', { destination: 'Central', StudyInstanceUID: `${ROOT}.2` }))
  await comes(station, { 1: 4, 2: 1, 4: 2, 5: 1 })
  const nowhere = await station.call('pull.study', { destination: 'Central', StudyInstanceUID: `${ROOT}.77` })
  await expect(station.job(nowhere)).rejects.toThrow()
  await expect(station.call('pull.study', { destination: 'Other', StudyInstanceUID: ROOT })).rejects.toThrow('404')
  await expect(
    station.call('pull.study', { destination: 'Central', StudyInstanceUID: '../../system' }),
  ).rejects.toThrow('400')

  await central.renew()
  // More than its list held before: only what stands in it tells that it is another.
  await putStudy(central, 9, 1, 30, { PatientID: 'P-9' })
  await comes(station, { 1: 4, 2: 1, 4: 2, 5: 1, 9: 30 })
  expect((await station.call('sync.status', {})).destinations[0]?.queued).toBe(0)
})

test('killed in the middle, it brings the rest; without a list of changes by counting', async () => {
  const central = await CentralArchive.open()
  const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-pull-'))
  onTestFinished(async () => {
    await central.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  await putStudy(central, 1, 1, 40, {}, 128)
  const route = { kind: 'dicomweb' as const, url: `${central.origin}/dicom-web` }
  const slow = destination(central, { limits: [{ from: '00:00', to: '00:00', kilobytesPerSecond: 300 }], route })
  const first = await startStation({ dataDir, config: { destinations: [slow] } })
  await expect.poll(async () => (await here(first))['1'] ?? 0, { timeout: 20_000, interval: 20 }).toBeGreaterThan(3)
  first.process.kill('SIGKILL')
  const second = await startStation({ dataDir, config: { destinations: [destination(central, { route })] } })
  onTestFinished(async () => void (await second.stop()))
  expect((await here(second))['1']).toBeLessThan(40)
  await comes(second, { 1: 40 })
  await putStudy(central, 1, 41, 1, {})
  await comes(second, { 1: 41 })
  // Each came once: what was here was not asked for again.
  expect(await (await second.get('/metrics')).text()).not.toMatch(/outcome="duplicate"[^\n]* [1-9]/)
})
