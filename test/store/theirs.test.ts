import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { Origin, Store } from '../../electron/station/store/index.ts'
import { createOutboxReader } from '../../electron/station/store/outbox/readOutbox.ts'
import { EMPTY_DRAFT } from '../../shared/viewing/draft.ts'
import { ctSlice, newStore, scanner, send, temporaryFolder } from './objects.ts'
import { archive, leaseAll, ledger, looked, uidsOf } from './outboxModel.ts'

const UID = '2.25.1000.1'
const CT = '1.2.840.10008.5.1.4.1.1.2'
const none = { waiting: [], refused: [], lost: [] }
const fromPacs: Origin = { door: 'pull', archive: 'pacs', sourceAET: '', sendingAET: '', receivingAET: '', address: '' }
const slice = (n: number) => ctSlice(n, {}, { size: 8 })

async function pulled(names: string[]) {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations(names.map(name => archive(name)))
  const { contentId } = await send(store, slice(1), fromPacs)
  return { store, dataDir, contentId }
}

const gone = (store: Store, contentId: number) =>
  store.outbox.settle('pacs', [{ contentId, state: 'gone', lost: true, reason: 'Not there any more.' }])
const custodyOf = async (store: Store, name = 'pacs') =>
  (await store.outbox.study(UID)).custody.find(({ destination }) => destination === name)

test('what came from an archive and was taken away there is not sent back, and nothing of it waits, until somebody says so', async () => {
  const { store, dataDir, contentId } = await pulled(['pacs', 'second'])
  expect(await store.outbox.theirs('pacs', [contentId])).toEqual([contentId])
  // The other archive was sent it by us: there it is ours.
  expect(await store.outbox.theirs('second', [contentId])).toEqual([])
  expect(await gone(store, contentId)).toEqual([])
  expect(await custodyOf(store)).toMatchObject({ gone: 1, lost: 0, queued: 0, dead: 0 })
  expect((await store.outbox.study(UID)).events[0]).toMatchObject({ kind: 'gone', images: 1 })
  expect(await leaseAll(store, 'pacs', Date.now() + 1e12)).toEqual([])
  expect(await store.outbox.toAudit('pacs', Number.MAX_SAFE_INTEGER, 10)).toEqual([])
  // Only the other archive is still to get it.
  expect((await store.read.getStudy(UID)).study.custody).toEqual({ waiting: 1, dead: 0 })
  ledger(dataDir)
  expect(await store.outbox.retry('pacs', { StudyInstanceUID: UID })).toBe(1)
  expect(uidsOf(await leaseAll(store, 'pacs'))).toEqual([slice(1).SOPInstanceUID])
  // From now on it is ours to keep there.
  expect(await store.outbox.theirs('pacs', [contentId])).toEqual([])
  ledger(dataDir)
})

test('work of ours in its study, or a scanner that sent the same, makes it ours', async () => {
  const { store, contentId } = await pulled(['pacs'])
  const isTheirs = async () => (await store.outbox.theirs('pacs', [contentId])).length === 1
  const looks = { ...EMPTY_DRAFT, layout: { rows: 1, columns: 1, panes: [], active: 0 } }
  const { rev } = await store.putDraft(UID, 'ann', looks, 0)
  expect(await isTheirs()).toBe(true)
  const keyImage = { SeriesInstanceUID: '1.2', SOPInstanceUID: '1.3', frame: 1 }
  await store.putDraft(UID, 'ann', { ...looks, keyImages: [keyImage] }, rev)
  expect(await isTheirs()).toBe(false)
  const calibration = { unit: 'px', drawn: 100, mm: 25, SOPInstanceUID: '1.3', frame: 1 }
  await store.putDraft(UID, 'ann', { ...looks, calibrations: { one: calibration } }, rev + 1)
  expect(await isTheirs()).toBe(false)
  await store.putDraft(UID, 'ann', null, rev + 2)
  expect(await isTheirs()).toBe(true)

  await gone(store, contentId)
  expect(await send(store, slice(1), scanner)).toMatchObject({ outcome: 'duplicate', contentId })
  expect(await custodyOf(store)).toMatchObject({ gone: 0, queued: 1 })

  const other = await pulled(['pacs'])
  await send(other.store, slice(2), scanner)
  expect(await other.store.outbox.theirs('pacs', [other.contentId])).toEqual([])
})

test('what was deleted here is not sent to the archive that took it away, though a scanner sends it again', async () => {
  const { store, dataDir, contentId } = await pulled(['pacs'])
  await gone(store, contentId)
  await store.remove([{ StudyInstanceUID: UID }], '', 'ann')
  await send(store, slice(1), scanner)
  expect(await custodyOf(store)).toMatchObject({ gone: 0, queued: 0, withheld: 1 })
  expect(await leaseAll(store, 'pacs')).toEqual([])
  ledger(dataDir)
})

/** Proved at these archives, read, and gone from this disk. */
async function evicted(names: string[]) {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations(names.map(name => archive(name)))
  const { contentId } = await send(store, slice(1))
  await store.settleAll()
  await looked(dataDir)
  for (const name of names) {
    await leaseAll(store, name)
    await store.outbox.settle(name, [{ contentId, state: 'confirmed', proof: 'equal' }])
  }
  await store.setReading([{ StudyInstanceUID: UID, status: 'read' }], 'ann')
  expect((await store.evict(UID, names)).bytes).toBeGreaterThan(0)
  return { store, dataDir, contentId }
}

const references = { [CT]: [slice(1).SOPInstanceUID] }
const never = new AbortController().signal
const verified = (store: Store) => store.commitments.verify(references, never)

test('what has left and the archive loses is lost, not queued: nobody could send it; once it is here again it goes there', async () => {
  const { store, dataDir, contentId } = await evicted(['pacs', 'second'])
  const [uid] = references[CT]!
  // What an archive was shown to hold is as safe as what lies here.
  expect(await verified(store)).toEqual({ failed: [], away: {} })
  const lost = { contentId, StudyInstanceUID: UID, holders: ['second'] }
  const outcome = { contentId, state: 'queued', lost: true, attempts: 0, nextAt: 0 } as const
  expect(await store.outbox.settle('pacs', [outcome])).toEqual([lost])
  expect(await store.outbox.lost(10)).toEqual([lost])
  expect(await custodyOf(store)).toMatchObject({ lost: 1, queued: 0 })
  expect((await store.read.getStudy(UID)).study.custody).toEqual({ waiting: 1, dead: 0 })
  expect(await store.outbox.unproved('pacs', [uid!])).toEqual({ ...none, lost: [uid] })
  expect(await verified(store)).toEqual({ failed: [], away: {} })
  ledger(dataDir)
  expect(await store.outbox.settle('second', [{ ...outcome, state: 'dead' }])).toEqual([{ ...lost, holders: [] }])
  expect(await store.read.evicted(contentId)).toMatchObject({ destinations: [] })
  expect(await verified(store)).toMatchObject({ failed: [{ FailureReason: 0x0112 }] })

  expect(await send(store, slice(1))).toMatchObject({ contentId })
  expect(await store.outbox.lost(10)).toEqual([])
  for (const name of ['pacs', 'second']) {
    expect(uidsOf(await leaseAll(store, name))).toEqual([uid])
    expect(await custodyOf(store, name)).toMatchObject({ lost: 0, queued: 1 })
  }
  ledger(dataDir)
})

test('what came from an archive, has left, and is taken away there is lost: it may be had from elsewhere; what they replaced is theirs', async () => {
  const { store, dataDir, contentId } = await pulled(['pacs'])
  await store.settleAll()
  await looked(dataDir)
  await store.setReading([{ StudyInstanceUID: UID, status: 'read' }], 'ann')
  expect((await store.evict(UID, ['pacs'])).bytes).toBeGreaterThan(0)
  const outcome = { contentId, state: 'gone', lost: true, reason: 'Not there any more.' } as const
  expect(await store.outbox.settle('pacs', [{ ...outcome, isOther: true }])).toEqual([])
  expect(await custodyOf(store)).toMatchObject({ gone: 1, lost: 0 })
  expect(await gone(store, contentId)).toEqual([{ contentId, StudyInstanceUID: UID, holders: [] }])
  expect(await custodyOf(store)).toMatchObject({ gone: 0, lost: 1 })
  expect((await store.outbox.study(UID)).events[0]).toMatchObject({ kind: 'lost', images: 1 })
  ledger(dataDir)
})

test('what another archive still holds stands first of what is lost, however much nobody has', async () => {
  const { store, dataDir } = await newStore()
  const names = ['pacs', 'second']
  await store.outbox.setDestinations(names.map(name => archive(name)))
  const contents = [await send(store, slice(1)), await send(store, slice(2))].map(({ contentId }) => contentId)
  await store.settleAll()
  await looked(dataDir)
  for (const name of names) {
    await leaseAll(store, name)
    const proved = contents.map(contentId => ({ contentId, state: 'confirmed', proof: 'equal' }) as const)
    await store.outbox.settle(name, proved)
  }
  await store.setReading([{ StudyInstanceUID: UID, status: 'read' }], 'ann')
  await store.evict(UID, names)
  const lost = (contentId: number) => ({ contentId, state: 'dead', lost: true, reason: 'Not there.' }) as const
  await store.outbox.settle('pacs', contents.map(lost))
  await store.outbox.settle('second', [lost(contents[0]!)])
  expect(await store.outbox.lost(1)).toMatchObject([{ contentId: contents[1], holders: ['second'] }])
  expect(await store.outbox.lost(10)).toHaveLength(2)
})

test('while a new archive’s rules are still held against what is here, nothing of that counts as confirmed', async () => {
  const { store, dataDir } = await newStore()
  await send(store, slice(1))
  await store.outbox.setDestinations([archive('pacs')])
  await looked(dataDir)
  await store.close()
  const [uid] = references[CT]!
  const db = new Database(join(dataDir, 'index.sqlite'))
  const { unproved } = createOutboxReader(db, dataDir)
  // As a moment before the first step of it.
  db.exec('DELETE FROM custody; UPDATE destination SET lookedTo = 0')
  expect(unproved('pacs', [uid!])).toEqual({ ...none, waiting: [uid] })
  // Looked at, and its rules do not name it: that it lies here is all there is to confirm.
  db.exec('UPDATE destination SET lookedTo = lookTo')
  expect(unproved('pacs', [uid!])).toEqual(none)
  db.close()
})

test('a study that a person wants here stays, over a lost index too', async () => {
  const dataDir = temporaryFolder()
  const { store } = await newStore({ dataDir })
  await store.outbox.setDestinations([archive('pacs')])
  const { contentId } = await send(store, slice(1))
  await store.settleAll()
  await looked(dataDir)
  await leaseAll(store, 'pacs')
  await store.outbox.settle('pacs', [{ contentId, state: 'confirmed', proof: 'equal' }])
  await store.setReading([{ StudyInstanceUID: UID, status: 'read' }], 'ann')
  expect(await store.setKept(UID, true, 'ann')).toEqual({ before: false })
  expect((await store.read.getStudy(UID)).study.kept).toBe(true)
  expect((await store.read.retained(0, ['pacs'])).studies).toMatchObject([{ pinned: true }])
  expect(await store.evict(UID, ['pacs'])).toEqual({ bytes: 0 })
  await expect(store.setKept('1.9', true, 'ann')).rejects.toMatchObject({ code: 'not-found' })
  await store.close()

  for (const name of readdirSync(dataDir)) {
    if (name.startsWith('index.sqlite') || name === 'backups') rmSync(join(dataDir, name), { recursive: true })
  }
  const again = (await newStore({ dataDir })).store
  const progress = { signal: never, total() {}, received() {}, passed() {}, failed() {} }
  await again.repair(false, progress)
  expect((await again.read.getStudy(UID)).study).toMatchObject({ kept: true, reading: { status: 'read' } })
  expect(await again.setKept(UID, false, 'ann')).toEqual({ before: true })
  expect((await again.read.getStudy(UID)).study.kept).toBe(false)
})

test('what was refused of one study is found without going through everybody’s', async () => {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  for (const study of [1, 2]) await send(store, ctSlice(1, {}, { study, size: 8 }))
  await looked(dataDir)
  const items = await leaseAll(store, 'pacs')
  await store.outbox.settle(
    'pacs',
    items.map(({ contentId }) => ({ contentId, state: 'dead', reason: 'No room.' })),
  )
  const letters = await store.outbox.deadLetters({ StudyInstanceUID: UID, limit: 10 })
  expect(letters).toMatchObject([{ StudyInstanceUID: UID, destination: 'pacs', reason: 'No room.' }])
  expect(await store.outbox.retry('pacs', { StudyInstanceUID: UID })).toBe(1)
  expect(await store.outbox.deadLetters({ limit: 10 })).toHaveLength(1)
})
