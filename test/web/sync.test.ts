import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Destination, type DestinationSummary, destinations } from '../../shared/sync.ts'
import { createFakeStore } from '../fakes/fakeStore.ts'
import { aJob, type Counter, openCounter } from './counter.ts'

const CENTRAL: DestinationSummary = {
  name: 'Central "east"',
  kind: 'dicomweb',
  address: 'pacs.example',
  state: 'offline',
  since: 1,
  queued: 312,
  queuedBytes: 4,
  unproved: 5,
  confirmed: 6,
  dead: 7,
  oldest: Date.now() - 60_000,
  imagesPerSecond: 0,
  bytesPerSecond: 0,
  etaSeconds: null,
  trouble: 'nobody listens there',
  nextTryAt: 2,
  outages: [],
}
const route = { kind: 'dicomweb' as const, url: 'https://pacs.example/dicom-web' }

let counter: Counter
let configured: Destination[]
let woken: Array<string | undefined>
const NOBODY = { PatientName: '', lang: '', PatientID: '', StudyDate: '', StudyDescription: '' }
const EXCHANGED = [{ StudyInstanceUID: '1.2.3', images: 4, came: true }]
let changed: () => void
let asked: number
const store = createFakeStore()

beforeEach(async () => {
  configured = destinations.parse([{ name: CENTRAL.name, route }])
  woken = []
  asked = 0
  store.outbox.prioritise = async () => 3
  counter = await openCounter(store, {
    sync: {
      status: async () => {
        asked += 1
        return [CENTRAL]
      },
      destinations: () => configured,
      wake: name => woken.push(name),
      pulls: () => [],
      pullStudy: () => aJob,
      tryOut: async ({ name }) => ({ works: false, words: `${name}: nobody listens there` }),
      exchanged: (name, until) => (name === CENTRAL.name && until === 7 ? EXCHANGED : []),
      retry: async (_, which) => (which ? ('contentIds' in which ? which.contentIds.length : 3) : 7),
      givingBack: () => [],
      fetchBack: () => Promise.resolve(),
      onChange(listener) {
        changed = listener
        return () => {}
      },
    },
    setDestinations: async next => {
      configured = next
    },
  })
})
afterEach(() => counter.close())

const call = async (name: string, input: object) => (await counter.post(`/api/${name}`, input)).json()

test('destinations are read, tried before they are kept, and kept', async () => {
  expect(await call('destinations.list', {})).toEqual({ destinations: configured })
  const other = { name: 'other', route }
  expect(await call('destination.try', other)).toEqual({ works: false, words: 'other: nobody listens there' })
  expect(configured).toHaveLength(1)
  expect(await call('destinations.set', { destinations: [...configured, other] })).toEqual({})
  expect(configured.map(({ name }) => name)).toEqual([CENTRAL.name, 'other'])
  expect((await counter.post('/api/destinations.set', { destinations: [other, other] })).status).toBe(400)
})

test('one is paused and goes on, and is called now; what is not among them is not found', async () => {
  const destination = CENTRAL.name
  await call('sync.pause', { destination, paused: true })
  expect(configured).toMatchObject([{ name: destination, paused: true }])
  await call('sync.pause', { destination, paused: false })
  expect(configured).toMatchObject([{ paused: false }])
  await call('sync.now', { destination })
  await call('sync.now', {})
  expect(woken).toEqual([destination, undefined])
  for (const [name, input] of Object.entries({
    'sync.pause': { destination: 'nobody', paused: true },
    'sync.now': { destination: 'nobody' },
    'sync.retry': { destination: 'nobody' },
  })) {
    expect((await counter.post(`/api/${name}`, input)).status).toBe(404)
  }
})

test('refused images are sent again by a word, a study goes first by another', async () => {
  const destination = CENTRAL.name
  expect(await call('sync.retry', { destination })).toEqual({ images: 7 })
  expect(await call('sync.retry', { destination, contentIds: [1, 2] })).toEqual({ images: 2 })
  expect(await call('sync.retry', { destination, StudyInstanceUID: '1.2' })).toEqual({ images: 3 })
  expect(await call('sync.prioritise', { StudyInstanceUID: '1.2' })).toEqual({ images: 3 })
})

test('what was exchanged after an outage is told by study, also of one that is not here any more', async () => {
  const asked = { destination: CENTRAL.name, until: 7 }
  expect(await call('sync.exchanged', asked)).toEqual({ studies: [{ ...EXCHANGED[0], ...NOBODY }] })
  expect(await call('sync.exchanged', { ...asked, until: 8 })).toEqual({ studies: [] })
})

test('how they do is told to everybody who listens, and to nobody else; machines read it as metrics', async () => {
  expect(await call('sync.status', {})).toEqual({ destinations: [CENTRAL] })
  const before = asked
  changed()
  expect(asked).toBe(before)
  const response = await counter.get('/api/events')
  const reader = response.body!.getReader()
  let text = ''
  while (!text.includes('event: sync')) {
    changed()
    const { value } = await reader.read()
    text += new TextDecoder().decode(value)
  }
  expect(text).toContain(JSON.stringify({ destinations: [CENTRAL] }))
  await reader.cancel()
  const metrics = await (await counter.get('/metrics')).text()
  expect(metrics).toContain('isocenter_sync_queued{destination="Central \\"east\\""} 312')
  expect(metrics).toContain('isocenter_sync_works{destination="Central \\"east\\""} 0')
  expect(metrics).toMatch(/isocenter_sync_oldest_seconds\{destination="Central \\"east\\""\} 6\d/)
})
