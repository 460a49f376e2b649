import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { FindPage, FindQuery, QidoQuery, Store } from '../../electron/station/store/index.ts'
import { isIndexed } from '../../electron/station/store/queryConditions.ts'
import { findStatement, qidoStatement } from '../../electron/station/store/readQuery.ts'
import { parseQidoQuery } from '../../electron/station/web/qidoQuery.ts'
import { fillIndex } from '../fixtures/manyStudies.ts'
import { ctSlice, foundBy, newStore, send, temporaryFolder } from './objects.ts'

const NAMES = [
  'Müller^Anna-Lena',
  'Yamada^Tarou=山田^太郎=やまだ^たろう',
  'Hong^Gildong=洪^吉洞=홍^길동',
  'Διονυσιος',
  'Люкceмбypг',
  'قباني^لنزار',
  "O'Brien^Seán^^Dr",
]

async function worklist(): Promise<{ store: Store; dataDir: string }> {
  const opened = await newStore()
  for (const [index, PatientName] of NAMES.entries()) {
    const values = {
      PatientName,
      StudyDate: `2025010${index + 1}`,
      StudyTime: `1${index}3000`,
      SpecificCharacterSet: 'ISO_IR 192',
    }
    await send(opened.store, ctSlice(1, values, { study: index + 1, size: 8 }))
  }
  return opened
}

const study = (matches: Record<string, string>, more: Partial<QidoQuery> = {}): QidoQuery => ({
  level: 'study',
  matches: Object.entries(matches).map(([keyword, value]) => ({ keyword, value })),
  fuzzymatching: false,
  limit: 100,
  offset: 0,
  ...more,
})

test('QIDO matches single values, wildcards, ranges, lists and names', async () => {
  const { store } = await worklist()
  await send(store, ctSlice(1, { Modality: 'SEG' }, { study: 1, series: 2, size: 4 }))
  const uids = async (query: QidoQuery) =>
    (await foundBy(store.read, query)).map(row => Number(String(row.StudyInstanceUID).split('.').at(-1)))
  expect(await uids(study({ PatientID: 'ID-2' }))).toEqual([2])
  expect(await uids(study({ PatientID: 'id-2' }))).toEqual([])
  expect(await uids(study({ PatientID: 'ID-?' }))).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(await uids(study({ PatientID: '*[2]' }))).toEqual([])
  expect(await uids(study({ PatientName: 'YAMADA^TAROU' }))).toEqual([2])
  expect(await uids(study({ PatientName: 'yamada*' }))).toEqual([2])
  expect(await uids(study({ PatientName: '山田*' }))).toEqual([2])
  expect(await uids(study({ PatientName: '*bri*' }))).toEqual([7])
  expect(await uids(study({ PatientName: 'tarou' }))).toEqual([])
  expect(await uids(study({ PatientName: 'tarou' }, { fuzzymatching: true }))).toEqual([2])
  expect(await uids(study({ StudyDate: '20250103' }))).toEqual([3])
  expect(await uids(study({ StudyDate: '20250102-20250104' }))).toEqual([2, 3, 4])
  expect(await uids(study({ StudyDate: '-20250102' }))).toEqual([1, 2])
  expect(await uids(study({ StudyDate: '20250106-' }))).toEqual([6, 7])
  expect(await uids(study({ StudyTime: '12-13' }))).toEqual([3, 4])
  expect(await uids(study({ StudyInstanceUID: '2.25.1000.1\\2.25.1000.5' }))).toEqual([1, 5])
  expect(await uids(study({ StudyInstanceUID: '2.25.1000.1,2.25.1000.5' }))).toEqual([1, 5])
  expect(await uids(study({ ModalitiesInStudy: 'SEG' }))).toEqual([1])
  expect(await uids(study({ ModalitiesInStudy: 'SEG\\CT' }))).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(await uids(study({ ModalitiesInStudy: 'SEG,MR' }))).toEqual([1])
  // Not indexed at this level: ignored.
  expect(await uids(study({ Rows: '8' }))).toHaveLength(7)
  expect(await uids(study({}, { limit: 2, offset: 3 }))).toEqual([4, 5])
})

test('QIDO answers each level with its own attributes and those above', async () => {
  const { store } = await worklist()
  const [first] = await foundBy(store.read, study({ StudyInstanceUID: '2.25.1000.2' }))
  expect(first).toMatchObject({
    PatientName: { Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎', Phonetic: 'やまだ^たろう' },
    ModalitiesInStudy: 'CT',
    NumberOfStudyRelatedSeries: 1,
    NumberOfStudyRelatedInstances: 1,
  })
  const [series] = await foundBy(
    store.read,
    study({ Modality: 'CT' }, { level: 'series', StudyInstanceUID: '2.25.1000.2' }),
  )
  expect(series).toMatchObject({
    SeriesInstanceUID: '2.25.1000.2.1',
    NumberOfSeriesRelatedInstances: 1,
    SeriesNumber: 1,
  })
  const instances = await foundBy(store.read, study({ InstanceNumber: '1', PatientID: 'ID-2' }, { level: 'instance' }))
  expect(instances).toMatchObject([
    {
      SOPInstanceUID: '2.25.1000.2.1.1',
      Rows: 8,
      Columns: 8,
      BitsAllocated: 16,
      NumberOfFrames: 1,
      PatientName: { Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎', Phonetic: 'やまだ^たろう' },
    },
  ])
})

test('QIDO matches what one item of a sequence has', async () => {
  const { store } = await newStore()
  const request = (RequestedProcedureID: string, ScheduledProcedureStepID: string) => ({
    RequestAttributesSequence: [{ RequestedProcedureID, ScheduledProcedureStepID }],
  })
  await send(store, ctSlice(1, request('R1', 'S1'), { series: 1, size: 4 }))
  await send(store, ctSlice(1, request('R1', 'S2'), { series: 2, size: 4 }))
  const series = async (parameters: string) => {
    const { query, ignored } = parseQidoQuery(new URLSearchParams(parameters), { level: 'series' })
    expect(ignored).toEqual([])
    return (await foundBy(store.read, query)).map(row => row.SeriesNumber)
  }
  expect(await series('RequestAttributesSequence.RequestedProcedureID=R1')).toEqual([1, 2])
  expect(await series('00400275.00400009=S2&RequestAttributesSequence.RequestedProcedureID=R*')).toEqual([2])
  expect(await series('RequestAttributesSequence.RequestedProcedureID=R2')).toEqual([])
  const { ignored } = parseQidoQuery(new URLSearchParams('RequestAttributesSequence.Rows=1&Modality.Rows=1'), {
    level: 'series',
  })
  expect(ignored).toEqual(['RequestAttributesSequence.Rows', 'Modality.Rows'])
})

/** Pages of the write-ahead log that a reader keeps from the database: with one that stays, the log grows for as long as it does. */
function pinnedPages(dataDir: string): number {
  const index = new Database(join(dataDir, 'index.sqlite'))
  try {
    const [{ log, checkpointed }] = index.pragma('wal_checkpoint(PASSIVE)') as [{ log: number; checkpointed: number }]
    return log - checkpointed
  } finally {
    index.close()
  }
}

test('a query that no index helps is answered a part of the studies at a time, each once, and holds no log up between the parts', async () => {
  const dataDir = temporaryFolder()
  fillIndex(dataDir, 12_000, Date.UTC(2026, 0, 15))
  const { store } = await newStore({ dataDir })
  const query = { ...study({ SeriesDescription: '*er*' }), level: 'series' as const, returned: ['SeriesInstanceUID'] }
  const uids: string[] = []
  let pages = 0
  for (let from: number | null = 0; from !== null; pages++) {
    const page: FindPage = await store.read.find({ ...query, from })
    if (pages === 0) {
      // Whoever asked may stop here for as long as the association lasts.
      expect(page.rest.length).toBeGreaterThan(0)
      await send(store, ctSlice(1, { SeriesDescription: 'other' }, { size: 8 }))
      await expect.poll(() => pinnedPages(dataDir), { timeout: 20_000 }).toBe(0)
      // What it would look like.
      const idle = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
      idle.exec('BEGIN')
      idle.prepare('SELECT count(*) FROM state').get()
      await send(store, ctSlice(2, { SeriesDescription: 'other' }, { size: 8 }))
      expect(pinnedPages(dataDir)).toBeGreaterThan(0)
      idle.close()
    }
    expect(page.rows.length).toBeLessThanOrEqual(200)
    const rest = await store.read.findRows('series', query.returned, page.rest)
    uids.push(...[...page.rows, ...rest].map(([uid]) => uid ?? ''))
    from = page.next
  }
  expect(pages).toBeGreaterThan(1)
  // One came meanwhile.
  expect(uids).toHaveLength(12_001)
  expect(new Set(uids).size).toBe(12_001)
})

test('settings are kept per user', async () => {
  const { store, dataDir } = await newStore()
  await store.setSetting('anna', 'layout', { rows: 2 })
  await store.setSetting('anna', 'layout', { rows: 3 })
  await store.setSetting('ben', 'layout', null)
  expect(await store.read.getSettings('anna')).toEqual({ layout: { rows: 3 } })
  expect(await store.read.getSettings('ben')).toEqual({ layout: null })
  await store.close()
  const { store: again } = await newStore({ dataDir })
  expect(await again.read.getSettings('anna')).toEqual({ layout: { rows: 3 } })
})

test('whose name begins as is asked is found, wherever the wildcard stands', async () => {
  const { store } = await worklist()
  const more = ['Adler^Anna', 'Adlerson^Anna', 'Ann^Ann', 'X^Xavier', 'Jean-Pierre^A B']
  const all = [...NAMES, ...more]
  for (const [index, PatientName] of more.entries()) {
    const values = { PatientName, SpecificCharacterSet: 'ISO_IR 192' }
    await send(store, ctSlice(1, values, { study: NAMES.length + index + 1, size: 8 }))
  }
  const found = async (PatientName: string) =>
    (await foundBy(store.read, study({ PatientName }))).map(
      row => all[Number(String(row.StudyInstanceUID).split('.').at(-1)) - 1],
    )
  const missed: string[] = []
  for (const name of all) {
    for (let cut = 1; cut <= name.length; cut += 1) {
      const begin = name.slice(0, cut)
      if (!(await found(`${begin}*`)).includes(name)) missed.push(`${begin}*`)
    }
    if (!(await found(name)).includes(name)) missed.push(name)
  }
  expect(missed).toEqual([])
  expect(await found('adler^*')).toEqual(['Adler^Anna'])
  expect(await found('adler*^an*')).toEqual(['Adler^Anna', 'Adlerson^Anna'])
  expect(await found('ann^a*')).toEqual(['Ann^Ann'])
  expect(await found('x^x*')).toEqual(['X^Xavier'])
})

test('a page of a name that many share is the first of all of them, whatever else has the word', async () => {
  const dataDir = temporaryFolder()
  fillIndex(dataDir, 5000, Date.UTC(2026, 0, 15))
  const db = new Database(join(dataDir, 'index.sqlite'))
  // A third of the studies has the word in another attribute.
  const others = db.prepare<[], number>('SELECT id FROM study WHERE id % 3 = 0').pluck().all()
  const word = db.prepare('INSERT OR IGNORE INTO studyToken (token, study) VALUES (?, ?)')
  for (const id of others) word.run('kovacs', id)
  db.close()
  const { store } = await newStore({ dataDir })
  for (const PatientName of ['Kovac*', 'K*', 'kovacs*', 'Kovac*^Anna', 'Kovacson^A*', 'A*^E*', 'nobody*']) {
    const all = await foundBy(store.read, study({ PatientName }, { limit: 5000, offset: 0 }))
    const byOffset = await foundBy(store.read, study({ PatientName }, { limit: 5000, offset: 1 }))
    expect(byOffset, PatientName).toEqual(all.slice(1))
    for (const limit of [1, 20, 101]) {
      expect(await foundBy(store.read, study({ PatientName }, { limit })), PatientName).toEqual(all.slice(0, limit))
    }
  }
  expect(await foundBy(store.read, study({ PatientName: 'Kovac*' }, { limit: 5000 }))).not.toHaveLength(0)
})

test('the queries of QIDO-RS and C-FIND go through indexes', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  const plan = ({ sql, values }: { sql: string; values: unknown[] }) =>
    db
      .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...values)
      .map(row => row.detail)
      .join('\n')
  try {
    const noScan = (query: QidoQuery) => expect(plan(qidoStatement(query))).not.toMatch(/SCAN (?!other)/)
    noScan(study({ StudyInstanceUID: '1.2' }))
    noScan(study({ PatientID: 'A' }))
    noScan(study({ AccessionNumber: 'A' }))
    noScan(study({ PatientName: 'yamada^t*' }))
    noScan(study({ StudyDate: '20250101-20250131' }))
    noScan(study({ SOPInstanceUID: '1.2' }, { level: 'instance' }))
    noScan(study({ SeriesInstanceUID: '1.2' }, { level: 'series' }))
    noScan(study({}, { level: 'instance', StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.3' }))
    const found = (level: FindQuery['level'], keys: Record<string, string>) => {
      const query = { ...study(keys), level, returned: [], from: 0 }
      expect(isIndexed(query)).toBe(true)
      expect(plan(findStatement(query, undefined))).not.toMatch(/SCAN (?!json_each)/)
    }
    found('study', { AccessionNumber: 'A*' })
    found('study', { PatientID: 'A\\B' })
    found('study', { StudyDate: '20250101-20250107', ModalitiesInStudy: 'CT' })
    found('study', { PatientName: 'yamada*', StudyDate: '20250101-' })
    found('series', { StudyInstanceUID: '1.2\\1.3' })
    found('instance', { SeriesInstanceUID: '1.2' })
  } finally {
    db.close()
  }
})
