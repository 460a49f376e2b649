import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { OutboxOutcome } from '../../electron/station/store/index.ts'
import { migrate } from '../../electron/station/store/migrate.ts'
import { LEASE_PLANS } from '../../electron/station/store/outbox/outboxRows.ts'
import { READ_PLANS } from '../../electron/station/store/outbox/readOutbox.ts'
import { createListReader } from '../../electron/station/store/readLists.ts'
import { contract } from '../../shared/contract.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { RANK, type SendRule, sendRule } from '../../shared/sync.ts'
import { ctSlice, keyObjects, newStore, send, temporaryFolder } from './objects.ts'
import { archive, leaseAll, ledger, looked, uidsOf } from './outboxModel.ts'

const rule = (given: Partial<SendRule>) => sendRule.parse(given)
const small = (n: number, values: NewDataSet = {}, study = 1) => ctSlice(n, values, { study, size: 4 })
const confirmed = (contentId: number): OutboxOutcome => ({ contentId, state: 'confirmed', proof: 'equal' })
const recent = new Date().toISOString().slice(0, 10).replaceAll('-', '')

async function waitingOf(store: Awaited<ReturnType<typeof newStore>>['store'], study: string) {
  return (await store.read.getStudy(study)).study.custody
}

test('an image goes where its rules say: leased once, sent, proved, and counted all the way', async () => {
  const { store, dataDir } = await newStore()
  await send(store, small(1))
  expect(await waitingOf(store, '2.25.1000.1')).toBe(null)
  await store.outbox.setDestinations([
    archive('all'),
    archive('mr', { rules: [rule({ modalities: ['MR'] })] }),
    archive('not', { rules: [rule({ send: false, sendingAETs: ['ct1'] }), rule({})] }),
  ])
  let woken = 0
  store.outbox.onWaiting(() => woken++)
  const second = await send(store, small(2))
  await expect.poll(() => woken).toBeGreaterThan(0)
  await looked(dataDir)
  expect(await waitingOf(store, '2.25.1000.1')).toEqual({ waiting: 2, dead: 0 })
  const items = await leaseAll(store, 'all')
  expect(uidsOf(items)).toEqual([small(2).SOPInstanceUID, small(1).SOPInstanceUID])
  expect(items[0]).toMatchObject({
    contentId: second.contentId,
    state: 'queued',
    attempts: 0,
    PatientID: 'ID-1',
    nestsTooDeep: false,
    sentMd5: '',
    sentSha256: '',
  })
  expect(existsSync(items[0]!.path)).toBe(true)
  expect(Object.keys(items[0]!)).not.toContain('file')
  expect(await leaseAll(store, 'all')).toEqual([])
  expect(await leaseAll(store, 'mr')).toEqual([])
  expect(await leaseAll(store, 'nowhere')).toEqual([])
  const [sentMd5, sentSha256] = ['ab'.repeat(16), 'cd'.repeat(32)]
  await store.outbox.settle(
    'all',
    items.map(({ contentId }) => ({ contentId, state: 'sent', nextAt: 5, attempts: 1, sentMd5, sentSha256 })),
  )
  const [counts] = await store.outbox.counts()
  expect(counts).toMatchObject({ name: 'all', queued: 0, queuedBytes: 0, unproved: 2, confirmed: 0, dead: 0 })
  expect(counts?.oldest).toBeGreaterThan(0)
  const only = { destination: 'all', objects: 10, bytes: 1e9, rank: RANK.offPeak, now: 10, until: 20 }
  expect(await store.outbox.lease({ ...only, only: ['queued'] })).toEqual([])
  const sent = await store.outbox.lease({ ...only, only: ['sent', 'unsure'] })
  expect(sent.map(item => [item.state, item.attempts, item.sentMd5, item.sentSha256])).toEqual([
    ['sent', 1, sentMd5, sentSha256],
    ['sent', 1, sentMd5, sentSha256],
  ])
  await store.outbox.settle('all', [
    confirmed(second.contentId),
    { contentId: sent.find(item => item.contentId !== second.contentId)!.contentId, state: 'dead', reason: 'No room.' },
  ])
  const uids = [1, 2].map(n => small(n).SOPInstanceUID)
  const none = { waiting: [], refused: [], lost: [] }
  expect(await store.outbox.unproved('all', uids)).toEqual({ ...none, refused: [small(1).SOPInstanceUID] })
  // It does not go there, so nothing waits for that; of an archive that nobody knows nothing is proved.
  expect(await store.outbox.unproved('mr', uids)).toEqual(none)
  expect(await store.outbox.unproved('nowhere', uids)).toEqual({ ...none, waiting: uids })
  expect(await waitingOf(store, '2.25.1000.1')).toEqual({ waiting: 1, dead: 1 })
  const page = await store.read.listStudies(contract['studies.list'].in.parse({}))
  expect(page.studies.map(study => study.custody)).toEqual([{ waiting: 1, dead: 1 }])
  const { custody, events } = await store.outbox.study('2.25.1000.1')
  expect(custody).toEqual([
    {
      destination: 'all',
      queued: 0,
      unproved: 0,
      confirmed: { listed: 0, present: 0, equal: 1 },
      dead: 1,
      withheld: 0,
      gone: 0,
      lost: 0,
    },
  ])
  expect(events.map(event => [event.kind, event.images, event.detail])).toEqual([
    ['dead', 1, 'No room.'],
    ['confirmed', 1, 'What it holds is equal to what was sent.'],
    ['sent', 2, ''],
  ])
  expect(await store.outbox.nextDue('all', RANK.offPeak)).toBe(null)
  ledger(dataDir)
})

test('what waits goes by rank, then in order of arrival, and no more than was asked for', async () => {
  const { store } = await newStore()
  await store.outbox.setDestinations([
    archive('pacs', {
      rules: [
        rule({ urgency: 'urgent', descriptions: ['stroke'] }),
        rule({ urgency: 'offPeak', modalities: ['MG'] }),
        rule({}),
      ],
    }),
  ])
  await send(store, small(1, { Modality: 'MG' }, 4))
  await send(store, small(1, {}, 3))
  await send(store, small(1, { StudyDate: recent }, 2))
  await send(store, small(2, { StudyDate: recent }, 2))
  await send(store, small(1, { StudyDescription: 'CT Stroke protocol' }, 1))
  const now = Date.now()
  const wanted = { destination: 'pacs', objects: 2, bytes: 1e9, rank: RANK.offPeak, now, until: now + 1000 }
  expect(uidsOf(await store.outbox.lease({ ...wanted, rank: RANK.urgent }))).toEqual(['2.25.1000.1.1.1'])
  expect(await store.outbox.nextDue('pacs', RANK.urgent)).toBe(now + 1000)
  expect(await store.outbox.prioritise('2.25.1000.4')).toBe(1)
  // The first is given whatever its size.
  expect(uidsOf(await store.outbox.lease({ ...wanted, bytes: 1 }))).toEqual(['2.25.1000.4.1.1'])
  expect(uidsOf(await store.outbox.lease(wanted))).toEqual(['2.25.1000.2.1.1', '2.25.1000.2.1.2'])
  expect(await store.outbox.nextDue('pacs', RANK.current)).toBe(now + 1000)
  expect(await store.outbox.nextDue('pacs', RANK.prior)).toBeLessThanOrEqual(now)
  expect(uidsOf(await store.outbox.lease(wanted))).toEqual(['2.25.1000.3.1.1'])
})

test('what was tried in vain waits its time; whoever keeps a lease too long loses it, and it is looked for first', async () => {
  const { store } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  const { contentId } = await send(store, small(1))
  const now = Date.now()
  await leaseAll(store, 'pacs', now)
  await store.outbox.settle('pacs', [{ contentId, state: 'queued', nextAt: now + 5000, attempts: 1, reason: '503' }])
  expect(await leaseAll(store, 'pacs', now + 4999)).toEqual([])
  expect(await store.outbox.nextDue('pacs', RANK.offPeak)).toBe(now + 5000)
  const [again] = await leaseAll(store, 'pacs', now + 5000)
  expect(again).toMatchObject({ state: 'queued', attempts: 1 })
  expect(await leaseAll(store, 'pacs', now + 64_999)).toEqual([])
  const [late] = await leaseAll(store, 'pacs', now + 65_000)
  expect(late).toMatchObject({ state: 'unsure', attempts: 1 })
  await store.outbox.settle('pacs', [confirmed(contentId)])
  // Whoever had it before speaks up now.
  await store.outbox.settle('pacs', [{ contentId, state: 'queued', nextAt: 0, reason: 'reset' }])
  expect(await store.outbox.counts()).toMatchObject([{ queued: 0, unproved: 0, confirmed: 1 }])
})

test('a station that ended in the middle of sending looks for what it had in its hands, and has everything else as it was', async () => {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  for (let n = 1; n <= 3; n++) await send(store, small(n))
  const now = Date.now()
  await leaseAll(store, 'pacs', now, 1)
  await store.close()
  const { store: next } = await newStore({ dataDir })
  expect(uidsOf(await leaseAll(next, 'pacs', now, 1))).toEqual(['2.25.1000.1.1.2'])
  await next.outbox.releaseLeases()
  const items = await leaseAll(next, 'pacs', now)
  expect(items.map(item => [item.SOPInstanceUID.slice(-1), item.state])).toEqual([
    ['1', 'unsure'],
    ['2', 'unsure'],
    ['3', 'queued'],
  ])
})

test('only what is shown is sent: another version is held back, and takes over when it is shown and nothing was sent', async () => {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  const sendLatest = async (object: ReturnType<typeof small>) => {
    const receive = store.beginReceive({
      origin: { door: 'dimse', sourceAET: 'CT1', sendingAET: 'CT1', receivingAET: 'ISOCENTER', address: '' },
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID: object.SOPInstanceUID,
      TransferSyntaxUID: object.TransferSyntaxUID,
      showLatest: true,
    })
    await receive.write(object.bytes)
    return receive.commit()
  }
  const first = await send(store, small(1))
  const second = await send(store, small(1, { StudyDescription: 'edited' }))
  const states = () => ledger(dataDir).map(row => [row.content, row.state, row.bar])
  expect(states()).toEqual([
    [first.contentId, 'queued', 0],
    [second.contentId, 'dead', 1],
  ])
  const third = await sendLatest(small(1, { StudyDescription: 'edited again' }))
  expect(states()).toEqual([
    [first.contentId, 'dead', 1],
    [second.contentId, 'dead', 1],
    [third.contentId, 'queued', 0],
  ])
  await leaseAll(store, 'pacs')
  const fourth = await sendLatest(small(1, { StudyDescription: 'edited for good' }))
  expect(states().slice(2)).toEqual([
    [third.contentId, 'queued', 0],
    [fourth.contentId, 'dead', 2],
  ])
  // A person's word does not send what this station itself holds back.
  expect(await store.outbox.retry('pacs')).toBe(0)
  // The third was not taken: nothing is there, so that what is shown may go.
  await store.outbox.settle('pacs', [{ contentId: third.contentId, state: 'queued', nextAt: 0 }])
  expect(states().slice(2)).toEqual([
    [third.contentId, 'dead', 1],
    [fourth.contentId, 'queued', 0],
  ])
  const letters = await store.outbox.deadLetters({ limit: 10 })
  expect(letters).toHaveLength(3)
  expect(letters[0]).toMatchObject({ destination: 'pacs', SOPInstanceUID: first.SOPInstanceUID, PatientID: 'ID-1' })
  expect(letters[0]?.reason).toMatch(/Another version/)
})

test('what an archive has lost makes room for the version that is shown by now', async () => {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  const first = await send(store, small(1))
  await leaseAll(store, 'pacs')
  await store.outbox.settle('pacs', [
    { contentId: first.contentId, state: 'sent', nextAt: 0, sentSha256: 'ab'.repeat(32) },
  ])
  const object = small(1, { StudyDescription: 'edited' })
  const receive = store.beginReceive({
    origin: { door: 'dimse', sourceAET: '', sendingAET: '', receivingAET: '', address: '' },
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: object.SOPInstanceUID,
    TransferSyntaxUID: object.TransferSyntaxUID,
    showLatest: true,
  })
  await receive.write(object.bytes)
  await receive.commit()
  await store.outbox.settle('pacs', [confirmed(first.contentId)])
  expect(ledger(dataDir).map(row => row.state)).toEqual(['confirmed', 'dead'])
  await store.outbox.settle('pacs', [{ contentId: first.contentId, state: 'queued', nextAt: 0, lost: true }])
  expect(ledger(dataDir).map(row => row.state)).toEqual(['dead', 'queued'])
})

test('what is deleted is not sent, what is taken back is, a rejection note travels, and what is purged is gone from the ledger', async () => {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  const slices = [small(1), small(2), small(3)]
  for (const slice of slices) await send(store, slice)
  const [item] = await leaseAll(store, 'pacs', Date.now(), 1)
  await store.outbox.settle('pacs', [confirmed(item!.contentId)])
  const { ids } = await store.remove([{ StudyInstanceUID: '2.25.1000.1' }], '', 'anna')
  const states = () => ledger(dataDir).map(row => row.state)
  expect(states()).toEqual(['confirmed', 'withheld', 'withheld'])
  expect(await leaseAll(store, 'pacs')).toEqual([])
  // Again, and another version, and one of the study that came later: that one was never deleted.
  await send(store, small(4))
  expect(states()).toEqual(['confirmed', 'withheld', 'withheld', 'queued'])
  await store.restore(ids[0]!, 'anna')
  expect(states()).toEqual(['confirmed', 'queued', 'queued', 'queued'])
  await send(store, keyObjects(1, { slices: [slices[1]!] }))
  await expect.poll(states).toEqual(['confirmed', 'withheld', 'queued', 'queued', 'queued'])
  expect(uidsOf(await leaseAll(store, 'pacs'))).toContain('2.25.1900.1.1')
  await store.settleAll()
  const again = await store.remove([{ StudyInstanceUID: '2.25.1000.1' }], '', 'anna')
  await store.purge(again.ids[0]!, 'anna')
  await expect.poll(() => ledger(dataDir).length, { timeout: 10_000 }).toBeLessThan(5)
  expect(ledger(dataDir).map(row => row.SOPInstanceUID)).toEqual([slices[1]!.SOPInstanceUID, '2.25.1900.1.1'])
})

test('an object nested so deep that it ends archives is never sent', async () => {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  let nested: NewDataSet = { CodeValue: 'X' }
  for (let level = 0; level < 40; level++) nested = { ConceptNameCodeSequence: [nested] }
  await send(store, small(1, { ...nested, '00091001': { vr: 'OB', value: new Uint8Array(600) } }))
  expect(ledger(dataDir)).toMatchObject([{ state: 'dead', bar: 3 }])
  expect((await store.outbox.deadLetters({ destination: 'pacs', limit: 1 }))[0]?.reason).toMatch(/nested/)
  expect(await store.outbox.retry('pacs')).toBe(0)
})

test('what a destination refused goes again when a person says so', async () => {
  const { store } = await newStore()
  await store.outbox.setDestinations([archive('a'), archive('b')])
  for (let n = 1; n <= 5; n++) await send(store, small(n))
  for (const name of ['a', 'b']) {
    const items = await leaseAll(store, name)
    const dead = items.map(({ contentId }) => ({ contentId, state: 'dead' as const, attempts: 2, reason: 'Refused.' }))
    await store.outbox.settle(name, dead)
  }
  expect(await store.outbox.deadLetters({ limit: 100 })).toHaveLength(10)
  const letters = await store.outbox.deadLetters({ destination: 'a', limit: 100 })
  expect(letters.map(letter => letter.attempts)).toEqual([2, 2, 2, 2, 2])
  expect(await store.outbox.deadLetters({ limit: 100, before: letters.at(-1)!.at })).toEqual([])
  expect(await store.outbox.retry('a', { contentIds: [letters[0]!.contentId, 999] })).toBe(1)
  expect(await store.outbox.retry('a')).toBe(4)
  expect((await leaseAll(store, 'a')).map(item => item.attempts)).toEqual([0, 0, 0, 0, 0])
  expect(await store.outbox.counts()).toMatchObject([
    { name: 'a', dead: 0, queued: 5 },
    { name: 'b', dead: 5, queued: 0 },
  ])
  expect((await store.outbox.study('2.25.1000.1')).events.map(event => event.kind)).toEqual([
    'retried',
    'retried',
    'dead',
    'dead',
  ])
})

test('a new destination gets what is here already behind everything else; one that comes back gets what it missed', async () => {
  const { store, dataDir } = await newStore()
  for (let n = 1; n <= 450; n++) await send(store, small(n))
  await send(store, small(1, { PatientID: 'SYNTHETIC-1' }, 2))
  await store.outbox.setDestinations([archive('a')])
  // Ended in the middle of it: the next start goes on.
  await store.close()
  const { store: next } = await newStore({ dataDir })
  await looked(dataDir)
  // What was made to try the station with goes nowhere.
  expect(ledger(dataDir)).toHaveLength(450)
  const newest = await send(next, small(1, { StudyDate: recent }, 3))
  const [first, second] = await leaseAll(next, 'a', Date.now(), 2)
  expect(first).toMatchObject({ contentId: newest.contentId, rank: RANK.current })
  expect(second).toMatchObject({ SOPInstanceUID: '2.25.1000.1.1.1', rank: RANK.backfill })
  await next.outbox.setDestinations([archive('b', { rules: [rule({ modalities: ['MR'] })] })])
  expect(await leaseAll(next, 'a')).toEqual([])
  expect((await next.outbox.counts()).map(counts => counts.name)).toEqual(['b'])
  await send(next, small(2, {}, 3))
  await next.outbox.setDestinations([archive('b'), archive('a')])
  await looked(dataDir)
  expect(ledger(dataDir)).toHaveLength(2 * 452)
  // Rules that are changed say anew what goes: what was not sent yet does not go any more.
  await next.outbox.setDestinations([archive('b'), archive('a', { rules: [rule({ modalities: ['MR'] })] })])
  await looked(dataDir)
  expect(ledger(dataDir).filter(row => row.destination === 'a')).toMatchObject([{ leased: 1 }, { leased: 1 }])
})

test('what is on a disk that is away waits and is counted, and goes when it is back', async () => {
  const root = join(temporaryFolder(), 'nas')
  const away = `${root}.away`
  mkdirSync(root)
  const { store } = await newStore({
    volumes: [{ id: 'nas', path: root, rule: { modalities: ['CT'] } }],
    settle: { afterMs: 3_600_000, lingerMs: 0 },
    volumeTimes: { checkMs: 50, hangMs: 20_000 },
  })
  await store.outbox.setDestinations([archive('pacs')])
  for (let n = 1; n <= 3; n++) await send(store, small(n))
  await store.settleAll()
  await send(store, small(1, { Modality: 'MR' }, 2))
  renameSync(root, away)
  mkdirSync(root)
  const state = async () => (await store.volumes()).volumes.find(({ name }) => name === 'nas')?.state
  await expect.poll(state, { timeout: 10_000 }).toBe('missing')
  const now = Date.now()
  expect(uidsOf(await leaseAll(store, 'pacs', now))).toEqual(['2.25.1000.2.1.1'])
  expect(await leaseAll(store, 'pacs', now)).toEqual([])
  expect(await store.outbox.counts()).toMatchObject([{ queued: 4 }])
  rmSync(root, { recursive: true })
  renameSync(away, root)
  await expect.poll(state, { timeout: 10_000 }).toBe('ready')
  const later = (await store.outbox.nextDue('pacs', RANK.offPeak))!
  const items = await leaseAll(store, 'pacs', now + 300_000)
  expect(later).toBeLessThanOrEqual(now + 300_000)
  expect(uidsOf(items).filter(uid => uid.startsWith('2.25.1000.1.'))).toHaveLength(3)
  expect(items.every(item => existsSync(item.path))).toBe(true)
})

test('after the index was lost everything is on the ledger again, to be looked for before it is sent', async () => {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  for (let n = 1; n <= 4; n++) await send(store, small(n))
  await store.settleAll()
  await store.close()
  for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `index.sqlite${end}`), { force: true })
  rmSync(join(dataDir, 'backups'), { recursive: true, force: true })
  const { store: next } = await newStore({ dataDir })
  await next.outbox.setDestinations([archive('pacs')])
  await next.repair(false, {
    signal: new AbortController().signal,
    total() {},
    received() {},
    passed() {},
    failed() {},
  })
  await looked(dataDir)
  await send(next, small(9))
  expect(ledger(dataDir).map(row => row.state)).toEqual(['unsure', 'unsure', 'unsure', 'unsure', 'queued'])
  // Also for one that is configured only then.
  await next.outbox.setDestinations([archive('pacs'), archive('second')])
  await looked(dataDir)
  expect(ledger(dataDir).filter(row => row.destination === 'second' && row.state === 'unsure')).toHaveLength(4)
})

test('a series that is moved takes what is known of it along, and is sent as it is shown', async () => {
  const { store } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  await send(store, ctSlice(1, {}, { study: 1, series: 1, size: 4 }))
  await send(store, ctSlice(1, {}, { study: 1, series: 2, size: 4 }))
  await send(store, small(1, {}, 2))
  await store.move(
    {
      StudyInstanceUID: '2.25.1000.1',
      SeriesInstanceUID: '2.25.1000.1.2',
      to: { StudyInstanceUID: '2.25.1000.2', into: true },
      reason: '',
    },
    'anna',
  )
  expect(await waitingOf(store, '2.25.1000.1')).toEqual({ waiting: 1, dead: 0 })
  expect(await waitingOf(store, '2.25.1000.2')).toEqual({ waiting: 2, dead: 0 })
  const moved = (await leaseAll(store, 'pacs')).find(item => item.SeriesInstanceUID === '2.25.1000.1.2')
  expect(moved?.StudyInstanceUID).toBe('2.25.1000.2')
  expect(moved?.overlay?.values).toMatchObject({ PatientID: 'ID-2', StudyInstanceUID: '2.25.1000.2' })
})

test('what was proved is proved again in turn, oldest first; what is lost there is sent again', async () => {
  const { store } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  for (let n = 1; n <= 3; n++) await send(store, small(n))
  const items = await leaseAll(store, 'pacs')
  const ids = items.map(item => item.contentId)
  await store.outbox.settle('pacs', ids.map(confirmed))
  const soon = Date.now() + 1000
  expect(await store.outbox.toAudit('pacs', 0, 10)).toEqual([])
  await store.outbox.audited('pacs', [ids[0]!], soon)
  const audit = await store.outbox.toAudit('pacs', soon, 10)
  expect(uidsOf(audit)).toEqual(uidsOf(items.slice(1)))
  expect(await leaseAll(store, 'pacs')).toEqual([])
  await store.outbox.settle('pacs', [
    { contentId: ids[1]!, state: 'queued', nextAt: 0, lost: true, reason: 'It is not there any more.' },
  ])
  expect(await store.outbox.counts()).toMatchObject([{ queued: 1, confirmed: 2 }])
  expect(uidsOf(await leaseAll(store, 'pacs'))).toEqual([items[1]!.SOPInstanceUID])
  expect((await store.outbox.study('2.25.1000.1')).events[0]).toMatchObject({ kind: 'lost', images: 1 })
})

test('rules that are not in force yet say where a study would go', async () => {
  const { store } = await newStore()
  await send(store, small(1))
  await send(store, ctSlice(1, { Modality: 'SR' }, { study: 1, series: 2, size: 4 }))
  const answers = await store.outbox.test('2.25.1000.1', [
    archive('all'),
    archive('ct', { rules: [rule({ modalities: ['MR'] }), rule({ modalities: ['CT'], urgency: 'urgent' })] }),
    archive('not', { rules: [rule({ send: false, modalities: ['SR', 'CT'] })] }),
    archive('us', { rules: [rule({ modalities: ['US'] })] }),
  ])
  expect(answers).toEqual([
    { destination: 'all', images: 2, of: 2, urgency: 'normal', why: 'It has no rules: everything goes there.' },
    { destination: 'ct', images: 1, of: 2, urgency: 'urgent', why: 'Sent by rule 2.' },
    { destination: 'not', images: 0, of: 2, urgency: null, why: 'Kept back by rule 1.' },
    { destination: 'us', images: 0, of: 2, urgency: null, why: 'None of its rules fits.' },
  ])
  await expect(store.outbox.test('2.25.1', [archive('all')])).rejects.toMatchObject({ code: 'not-found' })
})

test('the history keeps the newest 100,000 of what happened', async () => {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  await send(store, small(1))
  const db = new Database(join(dataDir, 'index.sqlite'))
  db.exec(`WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100300)
    INSERT INTO custodyEvent SELECT n, n, 1, 'x', 'sent', 1, '' FROM n`)
  const [item] = await leaseAll(store, 'pacs')
  await store.outbox.settle('pacs', [confirmed(item!.contentId)])
  expect(db.prepare('SELECT count(*), min(number) FROM custodyEvent').raw().get()).toEqual([100_000, 302])
  expect((await store.outbox.study('2.25.1000.1')).events.map(event => event.kind)).toEqual(['confirmed'])
  db.close()
})

test('no step of sending looks through what it does not take', () => {
  const db = new Database(join(temporaryFolder(), 'index.sqlite'))
  migrate(db)
  const indexes: Record<string, string> = {
    ...{ ready: 'custodyReady', due: 'custodyLater', refused: 'custodyDead', later: 'custodyLater' },
    ...{ oldest: 'custodyWaiting', dead: 'custodyDead', audit: 'custodyConfirmed' },
  }
  for (const [name, sql] of [...Object.entries(LEASE_PLANS), ...Object.entries(READ_PLANS)]) {
    const parameters = [...sql.matchAll(/\?/g)].map(() => 1)
    const plan = db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters)
    expect(plan.map(step => step.detail)).toEqual([
      expect.stringMatching(new RegExp(`^SEARCH custody USING (COVERING )?INDEX ${indexes[name]} \\(destination=\\?`)),
    ])
  }
  db.close()
})

test('a page of 200 studies with where they are is asked for in as many statements as one of two', async () => {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations([archive('pacs'), archive('second')])
  await Promise.all(Array.from({ length: 210 }, (_, study) => send(store, small(1, {}, study + 1))))
  let statements = 0
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true, verbose: () => statements++ })
  const lists = createListReader(db)
  const page = (limit: number) => {
    statements = 0
    const { studies } = lists.listStudies(contract['studies.list'].in.parse({ limit }))
    expect(studies.map(({ custody }) => custody)).toEqual(Array(limit).fill({ waiting: 1, dead: 0 }))
    return statements
  }
  const few = page(2)
  expect(few).toBeGreaterThan(2)
  expect(page(200)).toBe(few)
  db.close()
})
