import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../electron/station/sync/clock.ts'
import { Outages } from '../../electron/station/sync/outages.ts'
import { Pace } from '../../electron/station/sync/pace.ts'
import { Puller } from '../../electron/station/sync/pull/puller.ts'
import { dayBefore } from '../../shared/pull.ts'
import { destinations } from '../../shared/sync.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { silentLog } from '../web/counter.ts'

const pulling = (sinceDays: number) =>
  destinations.parse([
    {
      name: 'Central',
      route: { kind: 'dicomweb', url: 'http://central.example/dicom-web' },
      pull: { rules: [{ modalities: ['CT'], sinceDays }], priors: { most: 2 }, everySeconds: 3600 },
    },
  ])[0]!

test('rules that change while an archive is looked at are looked for from their first day on, and not only the last two', async () => {
  const asked: string[] = []
  const isAtMoves = Promise.withResolvers<void>()
  const moves = Promise.withResolvers<never[]>()
  const unused = () => Promise.reject(new Error('not asked for'))
  const puller = new Puller(pulling(1), {
    store: {
      beginReceive: () => {
        throw new Error('nothing comes')
      },
      setSetting: async () => {},
      read: {
        knownInstances: unused,
        getSettings: async () => ({}),
        listMoves: () => {
          isAtMoves.resolve()
          return moves.promise
        },
      },
    },
    source: {
      ...{ address: '', door: 'dicomweb', feed: undefined, series: unused, instances: unused, close() {} },
      async *studies({ since = '' }) {
        asked.push(since)
        yield []
      },
      objects: () => {
        throw new Error('nothing comes')
      },
    },
    ...{ audit: silentAudit, clock: systemClock, log: silentLog, pace: new Pace(), outages: new Outages([], () => {}) },
  })
  onTestFinished(() => puller.close())
  await isAtMoves.promise
  puller.set(pulling(30))
  moves.resolve([])
  await expect.poll(() => asked, { timeout: 20_000 }).toEqual([dayBefore(Date.now(), 1), dayBefore(Date.now(), 30)])
})
