import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEvents } from '../../electron/station/web/events.ts'
import { createFakeStore, type FakeStore } from '../fakes/fakeStore.ts'
import { aJob, type Counter, openCounter } from './counter.ts'

let store: FakeStore
let counter: Counter

beforeEach(async () => {
  store = createFakeStore()
  counter = await openCounter(store)
})
afterEach(() => counter.close())

interface Told {
  id: string
  event: string
  data: Record<string, unknown>
}

/** Reads events until `enough` says so, then goes away. */
async function listen(
  enough: (told: Told[]) => boolean,
  options: { lastEventId?: string; meanwhile?(): void } = {},
): Promise<Told[]> {
  const headers: Record<string, string> =
    options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }
  const response = await counter.get('/api/events', headers)
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  options.meanwhile?.()
  const told: Told[] = []
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map(line => line.split(/: (.*)/s, 2)))
      if (fields.event) told.push({ id: fields.id, event: fields.event, data: JSON.parse(fields.data) })
    }
    if (enough(told)) return told
  }
  return told
}

test('a study that arrives is told at once, with the feed’s seq', async () => {
  const told = await listen(all => all.some(e => e.event === 'studies'), { meanwhile: () => store.touch('1.2.3') })
  expect(told.at(-1)).toEqual({ id: '1-1', event: 'studies', data: { seq: 1, StudyInstanceUIDs: ['1.2.3'] } })
})

test('a burst is told a few times, every study in it, and the last seq', async () => {
  const burst = () => {
    for (let i = 0; i < 1000; i++) store.touch(`1.${i % 7}`)
  }
  const told = await listen(all => all.at(-1)?.id === '1-1000', { meanwhile: burst })
  const studies = told.filter(e => e.event === 'studies')
  expect(studies.length).toBeLessThan(4)
  expect(new Set(studies.flatMap(e => e.data.StudyInstanceUIDs)).size).toBe(7)
})

test('more studies at once than a client should look up: read again', async () => {
  const told = await listen(all => all.some(e => e.event === 'again'), {
    meanwhile: () => store.touch(...Array.from({ length: 600 }, (_, i) => `1.${i}`)),
  })
  expect(told.at(-1)).toMatchObject({ event: 'again', data: { seq: 600 } })
})

test('who resumes where the feed is has missed nothing; who is behind reads again', async () => {
  store.touch('1.2')
  const upToDate = await listen(all => all.length > 0, { lastEventId: '1-1' })
  expect(upToDate.map(e => e.event)).toEqual(['associations'])
  const behind = await listen(all => all.length > 1, { lastEventId: '1-0' })
  expect(behind.map(e => e.event)).toEqual(['again', 'associations'])
})

test('jobs, problems and associations are told', async () => {
  const told = await listen(all => all.length >= 4, {
    meanwhile() {
      counter.tellJob({ ...aJob, done: 5 })
      counter.problems.report({ severity: 'attention', sentence: 'A scanner was refused.', detail: 'AE OTHER' })
      counter.associations.push({
        id: 1,
        outgoing: false,
        callingAET: 'CT1',
        calledAET: 'ISOCENTER',
        address: '192.0.2.7',
        startedAt: 1,
        endedAt: null,
        received: 3,
        sent: 0,
        bytes: 9,
        outcome: 'open',
      })
      counter.tellAssociations()
    },
  })
  expect(told.map(e => e.event).sort()).toEqual(['associations', 'associations', 'job', 'problem'])
  expect(told.findLast(e => e.event === 'associations')?.data).toEqual({ open: 1, receiving: 1 })
})

test('a client that does not read is not queued for: it is told to read again once it does', async () => {
  const sources = {
    store,
    work: {
      onChange: (listener: (job: typeof aJob) => void) =>
        store.onChanges(() => listener({ ...aJob, title: 'x'.repeat(4000) })),
    },
    dimse: { associations: () => [], onChange: () => () => {} },
    problems: { onReport: () => () => {} },
    presence: { onChange: () => () => {} },
    sync: { status: async () => [], onChange: () => () => {} },
  }
  const events = createEvents(sources)
  const reader = events.connect(null).body!.getReader()
  for (let i = 0; i < 500; i++) store.touch('1.2')
  let text = ''
  while (!text.includes('event: again')) text += new TextDecoder().decode((await reader.read()).value)
  // 500 jobs of 4 kB were told; what was kept for the client is bounded.
  expect(text.length).toBeLessThan(300_000)
  await reader.cancel()
  expect(events.clients).toBe(0)
  events.close()
})

test('closing the counter ends the streams', async () => {
  const response = await counter.get('/api/events')
  const ended = response.text()
  await counter.close()
  expect(await ended).toContain('retry: 1000')
})
