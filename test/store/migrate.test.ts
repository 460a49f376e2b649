import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { MIGRATIONS, migrate } from '../../electron/station/store/migrate.ts'
import { contract } from '../../shared/contract.ts'
import { ctSlice, newStore, send, temporaryFolder } from './objects.ts'
import { archive, leaseAll, ledger, looked } from './outboxModel.ts'

const next = `ALTER TABLE study ADD COLUMN StudyStatusID TEXT NOT NULL DEFAULT ''`

test('an upgrade keeps what is there and leaves a whole backup of the version before', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await store.close()
  const file = join(dataDir, 'index.sqlite')
  const db = new Database(file)
  migrate(db, [...MIGRATIONS, next])
  expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length + 1)
  expect(db.prepare('SELECT StudyInstanceUID, StudyStatusID FROM study').all()).toEqual([
    { StudyInstanceUID: '2.25.1000.1', StudyStatusID: '' },
  ])
  db.close()
  const backup = new Database(`${file}.v${MIGRATIONS.length}.backup`, { readonly: true })
  expect(backup.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(backup.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length)
  expect(backup.prepare('SELECT count(*) AS n FROM instance').get()).toEqual({ n: 1 })
  backup.close()
})

test('a step that fails changes nothing', () => {
  const db = new Database(join(temporaryFolder(), 'index.sqlite'))
  migrate(db)
  expect(() => migrate(db, [...MIGRATIONS, `${next}; SELECT nonsense FROM nowhere`])).toThrow()
  expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length)
  expect(() => db.prepare('SELECT StudyStatusID FROM study').all()).toThrow()
  db.close()
})

test('a database of a newer version is not opened and not touched', async () => {
  const dataDir = temporaryFolder()
  const file = join(dataDir, 'index.sqlite')
  const db = new Database(file)
  db.pragma('user_version = 99')
  db.close()
  await expect(newStore({ dataDir })).rejects.toMatchObject({ code: 'database-newer' })
  expect(existsSync(`${file}.v99.backup`)).toBe(false)
})

test('a worklist of the first version gets its lists, priors and search words', async () => {
  const dataDir = temporaryFolder()
  const db = new Database(join(dataDir, 'index.sqlite'))
  migrate(db, MIGRATIONS.slice(0, 1))
  db.exec(`
    INSERT INTO patient VALUES (1, '["","P1"]'), (2, '["","P2"]');
    UPDATE state SET value = 3 WHERE key = 'series'`)
  const addStudy = db.prepare(
    `INSERT INTO study (id, patient, StudyInstanceUID, PatientName, foldedName, lang, PatientID, IssuerOfPatientID,
       PatientBirthDate, PatientSex, StudyDate, StudyTime, StudyID, StudyDescription, AccessionNumber,
       ReferringPhysicianName, InstitutionName, ModalitiesInStudy, firstReceived, lastReceived, sendingAET, synthetic)
     VALUES (?, ?, ?, ?, ?, '', '000123', '', '', '', '20250101', '', '', 'CT Schädel', 'A1', '', '', '["CT"]', 5, 6, 'CT1', 0)`,
  )
  // Folded as the first version did.
  addStudy.run(1, 1, '1.1', 'ヤマダ^タロー', 'やまだ^たろー')
  addStudy.run(2, 1, '1.2', 'Ito', 'ito')
  addStudy.run(3, 2, '1.3', 'Sato', 'sato')
  db.exec(`INSERT INTO studyToken VALUES ('たろー', 1), ('000123', 1)`)
  const addSeries = db.prepare(
    `INSERT INTO series (study, SeriesInstanceUID, Modality, SeriesDescription, BodyPartExamined, SeriesDate, SeriesTime,
       InstitutionName, StationName, Manufacturer) VALUES (1, ?, 'CT', '', ?, '', '', '', ?, '')`,
  )
  addSeries.run('2.1', 'HEAD', 'CT2')
  addSeries.run('2.2', '', 'CT1')
  addSeries.run('2.3', 'HEAD', 'CT2')
  db.close()

  const { store } = await newStore({ dataDir })
  const list = (search: string) =>
    store.read.listStudies(contract['studies.list'].in.parse({ search, descending: false }))
  const { studies } = await list('')
  expect(studies).toMatchObject([
    { StudyInstanceUID: '1.1', StationName: ['CT2', 'CT1'], BodyPartExamined: ['HEAD'], priors: 1 },
    { StudyInstanceUID: '1.2', StationName: [], BodyPartExamined: [], priors: 1 },
    { StudyInstanceUID: '1.3', priors: 0, reading: { status: 'new', by: '', at: null }, priority: 'routine' },
  ])
  const having = (modality: string) =>
    store.read.listStudies(contract['studies.list'].in.parse({ modalities: [modality] }))
  expect([(await having('CT')).total, (await having('MR')).total, (await store.read.counts()).studies]).toEqual([
    3, 0, 3,
  ])
  // The words are folded anew while the station already works.
  while ((await list('schadel')).total < 3) await wait(20)
  expect((await list('たろう 123')).studies.map(study => study.StudyInstanceUID)).toEqual(['1.1'])
  expect((await list('yamada')).total).toBe(0)
})

test('an upgrade keeps the queues; the version before takes its backup again with them, not the newer database', async () => {
  const { store, dataDir } = await newStore()
  await store.outbox.setDestinations([archive('pacs')])
  await looked(dataDir)
  // A series each: the first of each is looked into.
  const objects = Array.from({ length: 50 }, (_, n) => ctSlice(1, {}, { series: n + 1, size: 8 }))
  for (const object of objects) await send(store, object)
  const { backlog } = store
  const pending = await store.read.pendingWork(100)
  expect([pending.length, backlog.objects]).toEqual([50, 50])
  // On their way to the archive: proved, sent, refused for good, the rest queued.
  const [proved, sent, dead] = await leaseAll(store, 'pacs', Date.now(), 3)
  await store.outbox.settle('pacs', [
    { contentId: proved!.contentId, state: 'confirmed', proof: 'equal' },
    { contentId: sent!.contentId, state: 'sent', nextAt: 5, attempts: 1, sentMd5: '', sentSha256: '' },
    { contentId: dead!.contentId, state: 'dead', reason: 'refused' },
  ])
  const states = () => ledger(dataDir).map(({ SOPInstanceUID, state }) => [SOPInstanceUID, state])
  const outbox = states()
  expect(Object.groupBy(outbox, ([, state]) => state!)).toMatchObject({ confirmed: [{}], sent: [{}], dead: [{}] })
  expect(outbox.filter(([, state]) => state === 'queued')).toHaveLength(47)
  await store.close()
  const file = join(dataDir, 'index.sqlite')
  const db = new Database(file)
  migrate(db, [...MIGRATIONS, next])
  expect(db.prepare('SELECT content AS contentId FROM pending').all()).toEqual(
    pending.map(({ contentId }) => ({ contentId })),
  )
  db.close()
  expect(states()).toEqual(outbox)
  const upgraded = readFileSync(file)
  await expect(newStore({ dataDir })).rejects.toMatchObject({ code: 'database-newer' })
  expect(readFileSync(file).equals(upgraded)).toBe(true)
  renameSync(`${file}.v${MIGRATIONS.length}.backup`, file)
  const { store: again } = await newStore({ dataDir })
  expect(await again.read.pendingWork(100)).toEqual(pending)
  expect(again.backlog).toEqual(backlog)
  await again.outbox.setDestinations([archive('pacs')])
  expect(states()).toEqual(outbox)
  for (const object of objects) expect((await send(again, object)).outcome).toBe('duplicate')
})
