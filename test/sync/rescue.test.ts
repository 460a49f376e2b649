import { expect, onTestFinished, test } from 'vitest'
import type { EvictedContent, LostContent } from '../../electron/station/store/index.ts'
import { FetchBack } from '../../electron/station/sync/fetchBack.ts'
import { Rescue } from '../../electron/station/sync/rescue.ts'
import type { AuditEvent } from '../../shared/audit.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { ctObject, part10 } from '../dimse/harness.ts'
import { VirtualClock } from '../fakes/virtualClock.ts'
import { silentLog } from '../web/counter.ts'

const HOUR = 3_600_000

test('what one archive lost is fetched from another, and where that fails tried again, less and less', async () => {
  const clock = new VirtualClock()
  let lost: LostContent[] = [
    { contentId: 1, StudyInstanceUID: '1.2', holders: ['second'] },
    { contentId: 2, StudyInstanceUID: '1.2', holders: [] },
    { contentId: 3, StudyInstanceUID: '1.2', holders: ['second'] },
  ]
  const tried: number[] = []
  const rescue = new Rescue({
    outbox: { lost: async () => lost },
    async bring(contentId) {
      tried.push(contentId)
      if (contentId === 3) throw new IsocenterError('archive-offline', 'nobody listens')
      lost = lost.filter(one => one.contentId !== contentId)
    },
    clock,
    log: silentLog,
  })
  let closed = false
  onTestFinished(async () => {
    void rescue.close().then(() => (closed = true))
    await clock.pass(() => closed, HOUR)
  })
  await clock.pass(() => false, 8 * HOUR)
  expect(tried.filter(id => id === 1)).toHaveLength(1)
  expect(tried).not.toContain(2)
  const times = tried.filter(id => id === 3).length
  expect(times).toBeGreaterThan(5)
  expect(times).toBeLessThan(12)
})

test('an image that comes back is told to the audit trail: from where, for whom, of which study; one that nobody has says so', async () => {
  const object = ctObject(1)
  const told: Array<[string, AuditEvent]> = []
  const finished: string[] = []
  const content = (contentId: number, destinations: string[]): EvictedContent => ({
    contentId,
    StudyInstanceUID: '1.2',
    SeriesInstanceUID: '1.2.3',
    SOPInstanceUID: object.SOPInstanceUID,
    SOPClassUID: object.SOPClassUID,
    TransferSyntaxUID: object.TransferSyntaxUID,
    length: object.dataSet.length,
    crc: 0,
    origin: { door: 'dimse', sourceAET: '', sendingAET: '', receivingAET: '', address: '' },
    destinations,
  })
  const all = new Map([1, 2, 3].map(id => [id, content(id, id === 3 ? [] : ['first'])]))
  const fetchBack = new FetchBack({
    store: {
      read: { evicted: async id => all.get(id) ?? null, evictedOf: async () => [...all.keys()] },
      beginReceive: () => ({
        write() {},
        async commit() {
          const [contentId = 0] = all.keys()
          all.delete(contentId)
          const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = content(contentId, [])
          return { outcome: 'stored', seq: 1, contentId, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }
        },
        async abort() {},
      }),
    },
    from: () =>
      async function* () {
        yield part10(object)
      },
    peerOf: () => ({ door: 'dicomweb', address: 'pacs.example' }),
    audit: { gather: (session, event) => told.push([session, event]), finish: session => finished.push(session) },
    log: silentLog,
  })
  const failed: string[] = []
  await fetchBack.study('1.2', {
    signal: new AbortController().signal,
    total() {},
    received() {},
    failed: (_, reason) => failed.push(reason),
  })
  expect(told).toHaveLength(2)
  expect(told[0]?.[1]).toMatchObject({
    event: 'instancesTransferred',
    text: 'Fetched back from an archive for a reader',
    participants: [{ UserID: 'first', address: 'pacs.example', role: 'source' }],
    study: { StudyInstanceUID: '1.2' },
  })
  expect(finished).toContain(told[0]?.[0])
  expect(failed).toHaveLength(1)
  await expect(fetchBack.bring(3)).rejects.toMatchObject({ code: 'image-lost' })
  await fetchBack.close()
})
