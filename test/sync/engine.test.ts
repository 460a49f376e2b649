import { expect, onTestFinished, test } from 'vitest'
import type { z } from 'zod'
import { Problems } from '../../electron/station/base/problems.ts'
import { startSync } from '../../electron/station/sync/index.ts'
import { type Destination, type destination, destinations, RANK } from '../../shared/sync.ts'
import { FakeArchive, queuedItem } from '../fakes/fakeCarrier.ts'
import { createFakeStore } from '../fakes/fakeStore.ts'
import { MemoryOutbox } from '../fakes/memoryOutbox.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { VirtualClock } from '../fakes/virtualClock.ts'
import { silentLog } from '../web/counter.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

type Wish = Partial<z.input<typeof destination>>

const configured = (...wishes: Wish[]): Destination[] =>
  destinations.parse(
    wishes.map((wish, n) => ({
      name: `archive ${n + 1}`,
      route: { kind: 'dicomweb', url: `http://archive${n + 1}.example/dicom-web` },
      ...wish,
    })),
  )

const uidOf = ({ item }: { item: { SOPInstanceUID: string } }) => item.SOPInstanceUID

/** The engine before archives in memory, one for each wish, in a time of its own. */
async function openWorld(wishes: Wish[] = [{}], seed = 1) {
  const clock = new VirtualClock(seed)
  const outbox = new MemoryOutbox(() => clock.now())
  const problems = new Problems()
  const all = configured(...wishes)
  const archives = new Map(all.map(({ name }) => [name, new FakeArchive(clock)]))
  const sync = await startSync({
    outbox,
    store: createFakeStore(),
    log: silentLog,
    audit: silentAudit,
    problems,
    destinations: all,
    createCarrier: ({ name }) => archives.get(name)!,
    clock,
  })
  const close = async () => {
    const closing = sync.close()
    let closed = false
    void closing.then(() => (closed = true))
    await clock.pass(() => closed, MINUTE)
    await closing
  }
  onTestFinished(close)
  const [first] = archives.values()
  const name = 'archive 1'
  const put = (count: number, given: Parameters<typeof queuedItem>[1] = {}, from = 0) => {
    for (let n = from; n < from + count; n++) outbox.put(name, queuedItem(n, { received: clock.now(), ...given }))
  }
  const all1 = () => outbox.all(name)
  const inState = (state: string) => all1().filter(row => row.state === state)
  const settled = () => all1().every(row => row.state === 'confirmed' || row.state === 'dead')
  const status = async () => (await sync.status())[0]!
  /** An hour of each: what is called every 15 s is called less often. */
  const days = async (count: number) => {
    for (let day = 0; day < count; day++) {
      clock.offset += DAY - HOUR
      await clock.pass(() => false, HOUR)
    }
  }
  return { clock, outbox, problems, archives, archive: first!, sync, put, inState, settled, status, days, close, name }
}

test('what arrives is there and proved equal within a second of the last image', async () => {
  const { clock, put, settled, inState, archive, problems } = await openWorld()
  put(100)
  expect(await clock.pass(settled, SECOND)).toBe(true)
  expect(inState('confirmed')).toHaveLength(100)
  expect(new Set(inState('confirmed').map(row => row.proof))).toEqual(new Set(['equal']))
  expect(archive.held.size).toBe(100)
  expect(archive.mostSending).toBeLessThanOrEqual(3)
  expect(problems.list()).toEqual([])
})

test('urgent images overtake what waits; off-peak ones wait for the quiet hours, and that is said', async () => {
  const { clock, put, settled, archive, status } = await openWorld([
    { concurrency: 1, offPeak: { from: '20:00', to: '06:00' } },
  ])
  clock.offset = new Date(2026, 10, 22, 15).getTime()
  put(10, { rank: RANK.offPeak })
  put(200, { rank: RANK.current }, 100)
  await clock.pass(() => archive.came.length > 50, SECOND)
  put(10, { rank: RANK.urgent }, 1000)
  await clock.pass(() => archive.held.size === 210, MINUTE)
  const urgent = archive.came.map((uid, at) => ({ uid, at })).filter(({ uid }) => Number(uid.slice(4)) >= 1000)
  expect(urgent.every(({ at }) => at < 90)).toBe(true)
  await clock.pass(settled, MINUTE)
  expect(archive.held.size).toBe(210)
  expect(await status()).toMatchObject({ state: 'quiet hours', queued: 10 })
  expect(await clock.pass(settled, 6 * HOUR)).toBe(true)
  expect(new Date(clock.now()).getHours()).toBe(20)
})

test('an archive that is away is offline within seconds, which is no problem beside that, asked less and less, and well when it works', async () => {
  const { clock, put, settled, archive, status, problems, inState } = await openWorld()
  let calls = 0
  archive.mood = () => {
    calls += 1
    return 'away'
  }
  put(1000)
  await clock.pass(() => false, 3 * SECOND)
  expect(await status()).toMatchObject({ state: 'offline', queued: 1000, trouble: 'nobody listens' })
  await clock.pass(() => false, HOUR)
  expect(calls).toBeLessThan(200)
  // The badge says it: one outage is not two pieces of news.
  expect(problems.list()).toEqual([])
  expect((await status()).nextTryAt).toBeGreaterThan(clock.now())
  archive.mood = () => 'works'
  expect(await clock.pass(settled, MINUTE)).toBe(true)
  expect(inState('confirmed')).toHaveLength(1000)
  expect(problems.list()).toEqual([])
  expect(await status()).toMatchObject({ state: 'idle', trouble: '', nextTryAt: null })
})

test('an archive that nothing is sent to is known to be away, and to be back', async () => {
  const { clock, archive, status } = await openWorld()
  archive.mood = () => 'away'
  await clock.pass(() => false, MINUTE)
  expect(await status()).toMatchObject({ state: 'offline', queued: 0 })
  archive.mood = () => 'works'
  await clock.pass(() => false, MINUTE)
  expect(await status()).toMatchObject({ state: 'idle', trouble: '' })
})

test('an archive that took nothing is tried with a call when there is nothing left to send', async () => {
  const { clock, put, archive, outbox, settled, status, problems, name } = await openWorld()
  archive.mood = call => (call === 'send' ? 'full' : 'works')
  put(1)
  await clock.pass(() => false, HOUR)
  expect(await status()).toMatchObject({ state: 'waiting', trouble: '507' })
  expect(problems.list()).toHaveLength(1)
  await outbox.settle(name, [{ contentId: 0, state: 'dead', reason: 'by a person' }])
  await clock.pass(() => false, MINUTE)
  expect(settled()).toBe(true)
  expect(await status()).toMatchObject({ state: 'idle', trouble: '' })
  expect(problems.list()).toEqual([])
})

test('a dead archive slows no other', async () => {
  const { clock, outbox, archives } = await openWorld([{}, {}])
  archives.get('archive 1')!.mood = () => 'away'
  archives.get('archive 1')!.latencyMs = 30_000
  for (let n = 0; n < 100; n++) for (const name of archives.keys()) outbox.put(name, queuedItem(n))
  expect(await clock.pass(() => outbox.all('archive 2').every(row => row.state === 'confirmed'), SECOND)).toBe(true)
})

test('one that spoils a batch is found by halving; the rest arrives, it is refused with the reason', async () => {
  const { clock, put, settled, archive, inState } = await openWorld()
  archive.spoilers.add('1.4.4')
  put(40)
  expect(await clock.pass(settled, 10 * MINUTE)).toBe(true)
  expect(inState('confirmed')).toHaveLength(39)
  expect(inState('dead')).toMatchObject([{ item: { SOPInstanceUID: '1.4.4' }, reason: '400' }])
})

test('an object that ends the archive is given up after it did so twice alone, and nothing else with it', async () => {
  const { clock, put, settled, archive, inState } = await openWorld()
  archive.poison.add('1.4.4')
  put(100)
  expect(await clock.pass(settled, HOUR)).toBe(true)
  expect(inState('confirmed')).toHaveLength(99)
  expect(inState('dead')).toMatchObject([
    { item: { SOPInstanceUID: '1.4.4' }, reason: expect.stringMatching(/sent alone/) },
  ])
  // As one of ten, of five, of two, and twice alone.
  expect(archive.deaths).toBe(5)
})

test('a single object that ends the archive ends it twice and no more', async () => {
  const { clock, put, settled, archive, inState } = await openWorld()
  archive.poison.add('1.4.0')
  put(1)
  expect(await clock.pass(settled, HOUR)).toBe(true)
  expect([inState('dead').length, archive.deaths]).toEqual([1, 2])
})

test('what nests too deep is never sent', async () => {
  const { clock, put, settled, archive, inState, problems } = await openWorld()
  put(1, { nestsTooDeep: true })
  expect(await clock.pass(settled, SECOND)).toBe(true)
  expect(inState('dead')).toMatchObject([{ reason: expect.stringMatching(/32 levels/) }])
  expect(archive.came).toEqual([])
  expect(problems.list()).toMatchObject([{ sentence: expect.stringMatching(/refused images for good/) }])
})

test('after an answer that says nothing it is looked before anything is sent again', async () => {
  const { clock, put, settled, archive, inState } = await openWorld([{ concurrency: 1 }])
  let first = true
  archive.mood = call => {
    if (call !== 'send' || !first) return 'works'
    first = false
    // All of it was stored.
    for (let n = 0; n < 10; n++) archive.held.set(`1.4.${n}`, `sha ${n}`)
    return 'silent'
  }
  put(10)
  expect(await clock.pass(settled, MINUTE)).toBe(true)
  expect(inState('confirmed')).toHaveLength(10)
  expect(archive.came).toHaveLength(10)
})

test('an archive that says yes and stores nothing leaves all unconfirmed and raises the alarm', async () => {
  const { clock, put, archive, problems, inState, status, settled } = await openWorld()
  archive.mood = call => (call === 'send' ? 'silent' : 'works')
  const keep = archive.held.set
  archive.held.set = () => archive.held
  put(100)
  await clock.pass(() => false, HOUR)
  expect(inState('confirmed')).toEqual([])
  expect(problems.list()).toMatchObject([{ sentence: expect.stringMatching(/takes nothing at the moment/) }])
  expect(await status()).toMatchObject({ state: 'waiting', trouble: '503', confirmed: 0 })
  archive.mood = () => 'works'
  archive.held.set = keep
  expect(await clock.pass(settled, HOUR)).toBe(true)
  expect(problems.list()).toEqual([])
})

test('what an archive lists and loses at once is sent again by itself', async () => {
  const { clock, put, settled, archive, inState } = await openWorld()
  archive.loses = 0.2
  put(500)
  expect(await clock.pass(settled, HOUR)).toBe(true)
  expect(inState('confirmed')).toHaveLength(500)
  expect(archive.held.size).toBe(500)
})

test('what it loses after it was proved, or damages, is found and healed within ten minutes', async () => {
  const { clock, put, settled, archive, inState, problems, days } = await openWorld()
  put(300)
  await clock.pass(settled, MINUTE)
  archive.held.delete('1.4.5')
  archive.held.set('1.4.6', 'damaged')
  expect(await clock.pass(() => archive.held.get('1.4.6') === 'sha 6' && settled(), 10 * MINUTE)).toBe(true)
  expect(archive.held.get('1.4.5')).toBe('sha 5')
  expect(archive.removed).toContain('1.4.6')
  expect(inState('confirmed').filter(row => row.lost > 0)).toHaveLength(2)
  expect(problems.list()).toMatchObject([{ sentence: expect.stringMatching(/had lost images/) }])
  // Years on, it still looks, about once a week.
  archive.looks = 0
  await days(28)
  expect(archive.looks).toBeGreaterThan(3 * 8)
  expect(archive.looks).toBeLessThan(6 * 300)
  archive.held.delete('1.4.9')
  await days(9)
  expect(archive.held.has('1.4.9')).toBe(true)
})

test('an object without a copy here is never taken away there', async () => {
  const { clock, put, settled, archive } = await openWorld()
  put(1, { path: '' })
  await clock.pass(settled, MINUTE)
  archive.held.set('1.4.0', 'damaged')
  await clock.pass(() => false, 5 * MINUTE)
  expect(archive.removed).toEqual([])
})

test('less proof than asked for is never taken in silence', async () => {
  const { clock, put, settled, archive, inState, problems } = await openWorld()
  archive.shows = 'present'
  put(10)
  await clock.pass(settled, MINUTE)
  expect(inState('confirmed')).toMatchObject(
    Array(10).fill({ proof: 'present', reason: expect.stringMatching(/whether it is equal/) }),
  )
  expect(problems.list()).toMatchObject([{ sentence: expect.stringMatching(/count as confirmed by less/) }])
})

test('paused, nothing goes; it goes on by a word, and "send now" waits for no back-off', async () => {
  const { clock, put, sync, archive, settled, status } = await openWorld([{ paused: true }])
  put(100)
  await clock.pass(() => false, HOUR)
  expect(archive.came).toEqual([])
  expect((await status()).state).toBe('paused')
  archive.mood = call => (call === 'send' ? 'full' : 'works')
  const going = sync.setDestinations(configured({}))
  await clock.pass(() => false, 6 * HOUR)
  await going
  expect(await status()).toMatchObject({ state: 'waiting', trouble: '507' })
  archive.mood = () => 'works'
  sync.wake('archive 1')
  expect(await clock.pass(settled, 2 * SECOND)).toBe(true)
})

test('the limit of the hour holds, and another one from its hour on', async () => {
  const { clock, put, settled } = await openWorld([
    { limits: [{ from: '07:00', to: '19:00', kilobytesPerSecond: 512 }] },
  ])
  clock.offset = new Date(2026, 10, 22, 18, 55).getTime()
  const began = clock.now()
  put(1000)
  await clock.pass(settled, HOUR)
  const minutes = (clock.now() - began) / MINUTE
  expect(minutes).toBeGreaterThan(5)
  expect(minutes).toBeLessThan(6)
})

test('when the clock is set back, nothing waits for the old time to come again', async () => {
  const { clock, put, settled, archive } = await openWorld()
  archive.mood = call => (call === 'send' ? 'full' : 'works')
  put(20)
  await clock.pass(() => false, MINUTE)
  archive.mood = () => 'works'
  clock.offset -= 30 * DAY
  expect(await clock.pass(settled, 20 * MINUTE)).toBe(true)
})

test('what cannot be written down is written later, and nothing is sent twice for it', async () => {
  const { clock, put, outbox, settled, archive } = await openWorld()
  outbox.failSettles = 10
  put(10)
  expect(await clock.pass(settled, MINUTE)).toBe(true)
  expect(archive.came).toHaveLength(10)
})

test('closing takes seconds, whatever is on its way', async () => {
  const { clock, put, archive, close } = await openWorld()
  archive.latencyMs = HOUR
  put(100)
  await clock.pass(() => archive.sending > 0, SECOND)
  const began = clock.now()
  await close()
  expect(clock.now() - began).toBeLessThan(7 * SECOND)
})

test('a destination can be left out and another added while it runs', async () => {
  const { clock, outbox, archives, sync, put, settled } = await openWorld([{}, {}])
  put(10)
  await clock.pass(settled, MINUTE)
  const [, second] = configured({}, {})
  const setting = sync.setDestinations([second!])
  await clock.pass(() => false, 10 * SECOND)
  await setting
  put(10, {}, 100)
  for (let n = 0; n < 10; n++) outbox.put('archive 2', queuedItem(n))
  await clock.pass(() => false, MINUTE)
  expect([...archives.values()].map(archive => archive.held.size)).toEqual([10, 10])
  expect((await sync.status()).map(({ name }) => name)).toEqual(['archive 2'])
})

test('three days of outage with 200,000 images queued: it drains by itself, urgent first, and holds few of them at a time', async () => {
  const { clock, put, archive, outbox, settled, problems, name } = await openWorld([{ concurrency: 4 }])
  archive.mood = () => 'away'
  put(200_000)
  await clock.pass(() => false, 72 * HOUR)
  for (let n = 500_000; n < 500_020; n++) outbox.put(name, queuedItem(n, { rank: RANK.urgent }))
  archive.mood = () => 'works'
  await clock.pass(() => archive.held.size >= 200_020, 2 * HOUR)
  await clock.pass(settled, HOUR)
  expect(archive.held.size).toBe(200_020)
  expect(outbox.all(name).every(row => row.state === 'confirmed' && row.confirmations === 1)).toBe(true)
  // Four batches of ten on their way, two looks at forty.
  expect(outbox.mostLeased).toBeLessThanOrEqual(4 * 10 + 2 * 40)
  expect(archive.came.slice(0, 30).filter(uid => Number(uid.slice(4)) >= 500_000)).toHaveLength(20)
  expect(problems.list()).toEqual([])
}, 60_000)

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'whatever the archive does, in the end all that is confirmed is there, equal (%i)',
  async seed => {
    const { clock, put, archive, outbox, settled, name, inState, sync, days } = await openWorld(
      [{ concurrency: 3 }],
      seed,
    )
    const { random } = clock
    const moods = ['works', 'works', 'works', 'away', 'reset', 'silent', 'full', 'lies'] as const
    let mood: (typeof moods)[number] = 'works'
    archive.loses = 0.01
    archive.mood = () => (random() < 0.7 ? mood : 'works')
    archive.poison.add('1.4.77')
    archive.unwanted.add('1.4.78')
    archive.spoilers.add('1.4.79')
    archive.held.set('1.4.80', 'of another station')
    for (let round = 0; round < 120; round++) {
      mood = moods[Math.floor(random() * moods.length)] ?? 'works'
      put(Math.floor(random() * 20), { rank: random() < 0.1 ? RANK.urgent : RANK.current }, round * 20)
      if (random() < 0.05) clock.offset += (random() - 0.5) * DAY
      if (random() < 0.1) outbox.failSettles = 2
      if (random() < 0.1) sync.wake()
      if (random() < 0.1) archive.held.delete([...archive.held.keys()][Math.floor(random() * archive.held.size)] ?? '')
      await clock.pass(() => false, random() * 2 * MINUTE)
    }
    mood = 'works'
    archive.loses = 0
    // What was lost behind its back after the first look is found by the weekly one.
    await days(10)
    await clock.pass(settled, DAY)
    const rows = outbox.all(name)
    expect(rows.filter(row => row.state !== 'confirmed' && row.state !== 'dead').map(uidOf)).toEqual([])
    const confirmed = inState('confirmed')
    const wrong = confirmed.filter(({ item }) => archive.held.get(item.SOPInstanceUID) !== `sha ${item.contentId}`)
    expect(wrong.map(uidOf)).toEqual([])
    expect(confirmed.filter(row => row.confirmations !== 1 + row.lost).map(uidOf)).toEqual([])
    const dead = new Map(inState('dead').map(row => [row.item.SOPInstanceUID, row.reason]))
    expect([...dead.values()].filter(reason => reason === '')).toEqual([])
    // No other than these: a line that is cut makes no image dead.
    expect([...dead.keys()].toSorted().filter(uid => !/^1\.4\.(77|78|79|80)$/.test(uid))).toEqual([])
    expect(confirmed.length).toBeGreaterThan(500)
  },
  60_000,
)
