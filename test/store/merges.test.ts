import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import type { Store } from '../../electron/station/store/index.ts'
import { createRandom } from '../faults/random.ts'
import { ctSlice, newStore, send, temporaryFolder } from './objects.ts'

const uid = (study: number) => `2.25.1000.${study}`
const TEMPORARY = { PatientName: 'UNKNOWN^TRAUMA', PatientID: 'NOTFALL-17', PatientBirthDate: '', PatientSex: '' }
const BEA = { PatientName: 'Berg^Bea', PatientID: '77', PatientBirthDate: '19800101', PatientSex: 'F' }

const decide = (store: Store, study: number, to: number, same = true) =>
  store.decidePatients({ StudyInstanceUID: uid(study), to: uid(to), same, reason: 'ID found' }, 'anna')
const idOf = async (store: Store, study: number) => (await store.read.getStudy(uid(study))).study.PatientID
const proposals = (store: Store, study = '') => store.read.patientProposals(study, 50)

/** All rows that say whose a study is, what it is found by, and beside what it is shown. */
function rowsOf(dataDir: string): unknown {
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  try {
    return [
      db.prepare('SELECT study.*, key FROM study JOIN patient ON patient.id = study.patient ORDER BY study.id').all(),
      db.prepare('SELECT * FROM series ORDER BY id').all(),
      db.prepare('SELECT * FROM studyToken ORDER BY study, token').all(),
    ]
  } finally {
    db.close()
  }
}

test('an emergency is proposed by its accession number and merged; its new images and studies follow, and all comes back', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1, { ...BEA, AccessionNumber: 'ACC1' }, { study: 1 }))
  await send(store, ctSlice(1, { ...TEMPORARY, AccessionNumber: 'ACC1' }, { study: 2 }))
  await send(store, ctSlice(1, { ...TEMPORARY, AccessionNumber: 'ACC2' }, { study: 3 }))
  expect(await proposals(store)).toMatchObject([
    { likeness: 'likely', from: { PatientID: 'NOTFALL-17' }, to: { PatientID: '77' } },
  ])
  expect(await proposals(store, uid(1))).toHaveLength(1)
  const { id } = await decide(store, 2, 1)
  expect(await proposals(store)).toEqual([])
  await send(store, ctSlice(2, TEMPORARY, { study: 2 }))
  await send(store, ctSlice(1, TEMPORARY, { study: 4 }))
  for (const study of [2, 3, 4]) {
    expect((await store.read.getStudy(uid(study))).study).toMatchObject({
      PatientName: 'Berg^Bea',
      PatientID: '77',
      priors: 3,
    })
    const [object] = await store.read.locate({ StudyInstanceUID: uid(study) }, 1)
    expect(object?.overlay?.values).toMatchObject({ PatientName: 'Berg^Bea', PatientBirthDate: '19800101' })
  }
  expect((await store.read.listMoves(10)).map(move => move.id)).toEqual([id, id, id])

  await expect(decide(store, 1, 1)).rejects.toMatchObject({ code: 'bad-request' })
  await expect(decide(store, 2, 1)).rejects.toMatchObject({ code: 'bad-request' })
  // What was decided stands in the log: an index that is made anew shows the same.
  await store.close()
  const copy = join(temporaryFolder(), 'data')
  cpSync(dataDir, copy, { recursive: true })
  for (const end of ['', '-wal', '-shm']) rmSync(join(copy, `index.sqlite${end}`), { force: true })
  const { store: anew } = await newStore({ dataDir: copy })
  await vi.waitFor(async () => expect(await idOf(anew, 4)).toBe('77'), { timeout: 15_000 })
  await send(anew, ctSlice(1, TEMPORARY, { study: 5 }))
  expect(await idOf(anew, 5)).toBe('77')

  const { store: again } = await newStore({ dataDir })
  await send(again, ctSlice(1, TEMPORARY, { study: 5 }))
  expect(await idOf(again, 5)).toBe('77')
  await again.moveBack(id, 'ben')
  for (const study of [2, 3, 4, 5]) expect(await idOf(again, study)).toBe('NOTFALL-17')
  await send(again, ctSlice(1, TEMPORARY, { study: 6 }))
  expect(await idOf(again, 6)).toBe('NOTFALL-17')
  await expect(again.moveBack(id, 'ben')).rejects.toMatchObject({ code: 'not-found' })
})

test('two that are not one are not proposed again, also not by a new study, until that is taken back', async () => {
  const { store } = await newStore()
  const other = { ...BEA, PatientID: '88' }
  await send(store, ctSlice(1, BEA, { study: 1 }))
  await send(store, ctSlice(1, other, { study: 2 }))
  expect(await proposals(store)).toMatchObject([{ likeness: 'possible' }])
  const { id } = await decide(store, 1, 2, false)
  await send(store, ctSlice(1, other, { study: 3 }))
  expect(await proposals(store)).toEqual([])
  await store.moveBack(id, 'anna')
  expect(await proposals(store)).toHaveLength(1)
})

test('one ID with two birth dates is told, and neither study is refused', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1, BEA, { study: 1 }))
  await send(store, ctSlice(1, { ...BEA, PatientBirthDate: '19550101' }, { study: 2 }))
  expect(await proposals(store)).toMatchObject([{ likeness: 'apart', reasons: ['same ID', 'other birth date'] }])
  await decide(store, 1, 2, false)
  expect(await proposals(store)).toEqual([])
})

test('merged and taken back in the reverse order, whatever was merged, every row is as it was', async () => {
  const { store, dataDir } = await newStore()
  for (let study = 1; study <= 12; study++) {
    const patient = 1 + (study % 5)
    const said = {
      PatientName: `Name${patient}^${study}`,
      PatientID: `P-${patient}`,
      PatientBirthDate: `1980010${patient}`,
    }
    await send(store, ctSlice(1, said, { study }))
  }
  const before = rowsOf(dataDir)
  for (let seed = 1; seed <= 8; seed++) {
    const random = createRandom(seed)
    const ids: string[] = []
    const undone: string[] = []
    for (let step = 0; step < 10; step++) {
      const pick = () => 1 + Math.floor(random() * 12)
      // A circle, or the same patient: refused, and nothing is changed.
      const merged = await decide(store, pick(), pick()).catch(() => undefined)
      if (merged) ids.unshift(merged.id)
    }
    expect(ids.length).toBeGreaterThan(1)
    expect(rowsOf(dataDir)).not.toEqual(before)
    for (const id of ids) {
      await store.moveBack(id, 'anna')
      undone.push(id)
    }
    expect(undone).toEqual(ids)
    expect(rowsOf(dataDir), `seed ${seed}`).toEqual(before)
  }
})

test('a merge that others rest on is taken back after them', async () => {
  const { store } = await newStore()
  for (const study of [1, 2, 3]) await send(store, ctSlice(1, { PatientID: `P-${study}` }, { study }))
  const { id: first } = await decide(store, 1, 2)
  const { id: second } = await decide(store, 2, 3)
  expect(await idOf(store, 1)).toBe('P-3')
  await expect(decide(store, 3, 1)).rejects.toMatchObject({ code: 'bad-request' })
  await expect(store.moveBack(first, 'anna')).rejects.toMatchObject({ code: 'bad-request' })
  await send(store, ctSlice(1, { PatientID: 'P-1' }, { study: 4 }))
  expect(await idOf(store, 4)).toBe('P-3')
  await store.moveBack(second, 'anna')
  expect(await idOf(store, 4)).toBe('P-2')
  await store.moveBack(first, 'anna')
  expect(await idOf(store, 4)).toBe('P-1')
})
