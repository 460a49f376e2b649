import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { Store, StudyQuery } from '../../electron/station/store/index.ts'
import { createSearch } from '../../electron/station/store/searched.ts'
import { matching, walkStatements } from '../../electron/station/store/studyQuery.ts'
import { type CallIn, contract, type StudySort, type StudySummary, studySort } from '../../shared/contract.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { ctSlice, newStore, send } from './objects.ts'

const NAMES = [
  'Müller^Anna-Lena',
  'Yamada^Tarou=山田^太郎=やまだ^たろう',
  'Hong^Gildong=洪^吉洞=홍^길동',
  'Διονυσιος',
  'Люкceмбypг',
  'قباني^لنزار',
  "O'Brien^Seán^^Dr",
]

/** A list as the counter asks for it, its defaults filled in. */
const query = (given: CallIn<'studies.list'> = {}) => contract['studies.list'].in.parse(given)
const numberOf = (study: StudySummary) => Number(study.StudyInstanceUID.split('.').at(-1))

async function worklist(more: (n: number) => NewDataSet = () => ({})): Promise<{ store: Store; dataDir: string }> {
  const opened = await newStore()
  for (const [index, PatientName] of NAMES.entries()) {
    const values = {
      PatientName,
      StudyDate: `2025010${index + 1}`,
      StudyTime: `1${index}3000`,
      SpecificCharacterSet: 'ISO_IR 192',
      ...more(index + 1),
    }
    await send(opened.store, ctSlice(1, values, { study: index + 1, size: 8 }))
  }
  return opened
}

async function found(store: Store, given: CallIn<'studies.list'>): Promise<number[]> {
  const page = await store.read.listStudies(query({ sort: 'StudyDate', descending: false, ...given }))
  expect(page.total).toBe(page.studies.length)
  const { ids } = await store.read.orderStudies(query({ sort: 'StudyDate', descending: false, ...given }))
  expect([...ids]).toEqual(page.studies.map(study => study.id))
  const counted = await store.read.countStudies(query(given))
  expect(counted.total).toBe(page.total)
  expect(counted.unread).toBe(page.studies.filter(study => study.reading.status !== 'read').length)
  return page.studies.map(numberOf)
}

test('a study is found by parts of its name in any order, without accents, case and kana form', async () => {
  const { store } = await worklist()
  const search = (text: string) => found(store, { search: text })
  expect(await search('muller')).toEqual([1])
  expect(await search('LENA mül')).toEqual([1])
  expect(await search('太郎')).toEqual([2])
  for (const kana of [
    'やまだ',
    'ヤマダ',
    'ﾔﾏﾀﾞ',
    'ヤマタ゛',
    'やまだ たろう',
    'タロー',
    'たろー',
    'ﾀﾛｰ ﾔﾏﾀﾞ',
    'タロウ',
    'やま',
  ]) {
    expect(await search(kana)).toEqual([2])
  }
  expect(await search('やまた')).toEqual([])
  expect(await search('tar yam')).toEqual([2])
  expect(await search('길동')).toEqual([3])
  expect(await search('διονύσ')).toEqual([4])
  expect(await search('لنز')).toEqual([6])
  expect(await search('sean brien')).toEqual([7])
  expect(await search('ulle')).toEqual([])
  expect(await search('')).toHaveLength(NAMES.length)
})

test('ID and accession are found by their beginning whatever their leading zeros, and a description by its words', async () => {
  const { store } = await worklist(n => ({
    PatientID: `000${n}21`,
    AccessionNumber: n % 2 ? `0A-77${n}` : `77${n}`,
    StudyDescription: n < 4 ? 'CT Schädel nativ' : 'MR Knie 0.5mm',
  }))
  const search = (text: string) => found(store, { search: text })
  for (const id of ['00021', '00321', '321', '0000321', '32']) {
    expect(await search(id)).toEqual(id === '00021' ? [] : [3])
  }
  expect(await search('00')).toHaveLength(7)
  expect(await search('0775')).toEqual([5])
  expect(await search('776')).toEqual([6])
  expect(await search('00776')).toEqual([6])
  expect(await search('a-775')).toEqual([5])
  expect(await search('schadel')).toEqual([1, 2, 3])
  expect(await search('knie 421')).toEqual([4])
  expect(await search('0.5')).toEqual([4, 5, 6, 7])
})

test('every condition of a filter must hold', async () => {
  const { store } = await worklist()
  await send(store, ctSlice(1, { Modality: 'SEG' }, { study: 1, series: 2, size: 4 }))
  await send(store, ctSlice(1, { Modality: 'MR', StudyDate: '' }, { study: 8, size: 4 }))
  expect(await found(store, { from: '20250102', to: '20250104' })).toEqual([2, 3, 4])
  expect(await found(store, { to: '20250102' })).toEqual([1, 2])
  expect(await found(store, { from: '20250106' })).toEqual([6, 7])
  expect(await found(store, { modalities: ['SEG', 'MR'] })).toEqual([8, 1])
  expect(await found(store, { modalities: ['S'] })).toEqual([])
  expect(await found(store, { modalities: ['CT'], from: '20250106', search: 'o' })).toEqual([7])
  await store.setReading([{ StudyInstanceUID: '2.25.1000.2', status: 'read' }], 'anna')
  await store.setPriority('2.25.1000.3', 'urgent')
  expect(await found(store, { statuses: ['read'] })).toEqual([2])
  expect(await found(store, { statuses: ['new', 'opened'], to: '20250103' })).toEqual([1, 3])
  expect(await found(store, { priorities: ['urgent', 'stat'] })).toEqual([3])
  const { studies } = await store.read.listStudies(query({ sort: 'lastReceived' }))
  const newest = Math.max(...studies.map(study => study.firstReceived))
  expect(await found(store, { receivedSince: newest, modalities: ['MR'] })).toEqual([8])
  expect(await found(store, { receivedSince: newest + 1 })).toEqual([])
})

test('what has changed since a list was read is found by the feed: new studies, and those that match only now', async () => {
  const { store } = await worklist()
  const { seq } = await store.read.listStudies(query())
  expect(await found(store, { changedSince: seq })).toEqual([])
  await store.setPriority('2.25.1000.5', 'stat')
  await store.setPriority('2.25.1000.6', 'urgent')
  await send(store, ctSlice(1, { Modality: 'MR', StudyDate: '', PatientName: 'LENA' }, { study: 8, size: 4 }))
  expect((await found(store, { changedSince: seq })).toSorted()).toEqual([5, 6, 8])
  expect(await found(store, { changedSince: seq, priorities: ['stat'] })).toEqual([5])
  expect(await found(store, { changedSince: seq, search: 'lena' })).toEqual([8])
  expect(await found(store, { changedSince: seq, search: 'muller' })).toEqual([])
  const later = await store.read.listStudies(query({ changedSince: seq }))
  expect(await found(store, { changedSince: later.seq })).toEqual([])
})

test.each(studySort.options)(
  'pages by %s are complete, without repeats and in order while studies arrive',
  async sort => {
    const { store } = await newStore()
    for (let study = 1; study <= 12; study++) {
      const values = {
        // Keys repeat: pages must not break inside equal ones.
        PatientName: `Name${study % 3}`,
        StudyDate: `2025010${study % 2}`,
        PatientBirthDate: `1970010${study % 4}`,
        PatientSex: study % 2 ? 'F' : 'M',
        StudyDescription: study % 2 ? 'Abdomen' : 'abdomen',
        ReferringPhysicianName: `Dr${study % 5}`,
        InstitutionName: 'Here',
        StationName: `CT${study % 2}`,
        BodyPartExamined: study % 3 ? 'HEAD' : '',
        RequestedProcedurePriority: study % 4 === 0 ? 'STAT' : study % 4 === 1 ? 'HIGH' : 'ROUTINE',
      }
      await send(store, ctSlice(1, values, { study, size: 4 }))
    }
    for (const descending of [true, false]) {
      const seen: StudySummary[] = []
      let cursor: string | undefined
      do {
        const page = await store.read.listStudies(query({ sort, descending, limit: 5, cursor }))
        seen.push(...page.studies)
        cursor = page.nextCursor ?? undefined
        const study = 100 + seen.length + (descending ? 0 : 50)
        await send(store, ctSlice(1, { PatientName: 'Name9', StudyDate: '20251231' }, { study, size: 4 }))
      } while (cursor)
      const numbers = seen.map(numberOf)
      expect(new Set(numbers).size).toBe(numbers.length)
      for (let study = 1; study <= 12; study++) expect(numbers).toContain(study)
      expect(seen.slice(0, 3).map(study => study.priority)).toEqual(['stat', 'stat', 'stat'])
    }
    // The same order whether the index is walked (nothing left out) or what matches is sorted (a search).
    for (const descending of [true, false]) {
      const walked = await store.read.orderStudies(query({ sort, descending, limit: 500 }))
      const sorted = await store.read.orderStudies(query({ sort, descending, limit: 500, search: 'name' }))
      expect([...sorted.ids]).toEqual([...walked.ids])
      const paged: number[] = []
      let cursor: string | undefined
      do {
        const page = await store.read.orderStudies(query({ sort, descending, limit: 3, search: 'name', cursor }))
        paged.push(...page.ids)
        cursor = page.nextCursor ?? undefined
      } while (cursor)
      expect(paged).toEqual([...walked.ids])
    }
  },
)

test('keys are in the order the list says', async () => {
  const { store } = await worklist()
  const by = async (given: CallIn<'studies.list'>) => (await store.read.listStudies(query(given))).studies.map(numberOf)
  expect(await by({ sort: 'StudyDate', descending: true })).toEqual([7, 6, 5, 4, 3, 2, 1])
  expect(await by({ sort: 'PatientID', descending: false })).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect((await by({ sort: 'PatientName', descending: false })).slice(0, 4)).toEqual([3, 1, 7, 2])
  expect(await by({ sort: 'lastReceived', descending: true })).toEqual([7, 6, 5, 4, 3, 2, 1])
})

test('rows by number come as they are now, in the order asked, without those that are gone', async () => {
  const { store } = await worklist()
  const { ids, seq } = await store.read.orderStudies(query({ sort: 'StudyDate' }))
  const asked = [ids[3] ?? 0, 999, ids[0] ?? 0]
  const rows = await store.read.getStudies(asked)
  expect(rows.studies.map(study => study.id)).toEqual([ids[3], ids[0]])
  expect(rows.seq).toBe(seq)
})

test('a cursor that is none, or of another order, is refused', async () => {
  const { store } = await worklist()
  const { nextCursor } = await store.read.listStudies(query({ sort: 'StudyDate', limit: 2 }))
  for (const cursor of ['x', nextCursor ?? '']) {
    await expect(store.read.listStudies(query({ cursor }))).rejects.toMatchObject({ code: 'bad-request' })
  }
})

test('a patient’s other studies come newest first, and every study says how many there are', async () => {
  const { store } = await newStore()
  const told: string[] = []
  store.onChanges(changes => told.push(...changes.map(change => change.StudyInstanceUID)))
  for (const study of [1, 2, 3]) {
    await send(store, ctSlice(1, { PatientID: 'P1', StudyDate: `2025010${4 - study}` }, { study, size: 4 }))
  }
  await send(store, ctSlice(1, { PatientID: 'P2' }, { study: 4, size: 4 }))
  // An ID that names nobody has no priors.
  await send(store, ctSlice(1, { PatientID: 'UNKNOWN' }, { study: 5, size: 4 }))
  await send(store, ctSlice(1, { PatientID: 'UNKNOWN' }, { study: 6, size: 4 }))
  const { studies } = await store.read.listStudies(query({ sort: 'lastReceived', descending: false }))
  expect(studies.map(study => study.priors)).toEqual([2, 2, 2, 0, 0, 0])
  const others = await store.read.patientStudies('2.25.1000.2')
  expect(others.studies.map(numberOf)).toEqual([1, 3])
  expect((await store.read.patientStudies('2.25.1000.5')).studies).toEqual([])
  await expect(store.read.patientStudies('1.2')).rejects.toMatchObject({ code: 'not-found' })
  // The first study is shown otherwise since the third came.
  expect(told.filter(uid => uid === '2.25.1000.1').length).toBeGreaterThanOrEqual(4)
})

test('age, stations and body parts of a study are gathered from what arrives', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1, { StationName: 'CT2', BodyPartExamined: 'HEAD' }, { size: 4 }))
  await send(
    store,
    ctSlice(1, { StationName: 'CT1', BodyPartExamined: 'HEAD', PatientAge: '064Y' }, { series: 2, size: 4 }),
  )
  await send(store, ctSlice(1, { StationName: 'CT2', Modality: 'SR' }, { series: 3, size: 4 }))
  const { study } = await store.read.getStudy('2.25.1000.1')
  expect(study).toMatchObject({
    PatientAge: '064Y',
    StationName: ['CT2', 'CT1'],
    BodyPartExamined: ['HEAD'],
    ModalitiesInStudy: ['CT', 'SR'],
    reading: { status: 'new', by: '', at: null },
    priority: 'routine',
    priors: 0,
    openBy: [],
    fromStranger: false,
  })
})

test('lists and counts go through indexes, and no order is sorted', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  createSearch(db)
  const plan = ({ sql, values }: { sql: string; values: unknown[] }) =>
    db
      .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...values)
      .map(row => row.detail)
      .join('\n')
  const everything: StudyQuery = query()
  try {
    const orders: Array<[StudySort, boolean]> = studySort.options.flatMap(sort => [
      [sort, true],
      [sort, false],
    ])
    for (const [sort, descending] of orders) {
      for (const pinned of [0, 1]) {
        const after = { pinned, keys: sort === 'StudyDate' ? ['k', 'k'] : ['k'], id: 5 }
        for (const place of [undefined, after]) {
          for (const filter of [{}, { modalities: ['CT'], from: '20250101' }]) {
            const given = { ...everything, sort, descending, ...filter }
            for (const statement of walkStatements('study.id', given, { kind: 'many' }, place)) {
              const detail = plan({ sql: statement.sql, values: [...statement.values, 200] })
              expect(detail).toMatch(/^SEARCH study USING (COVERING )?INDEX studySort\w+ \(pinned=\?/)
              expect(detail).not.toMatch(/TEMP B-TREE/)
              // From the place on, not from the beginning of equal keys.
              if (place && /study\.id [<>] \?/.test(statement.sql)) expect(detail).toMatch(/=\? AND id[<>]\?\)$/)
            }
          }
        }
      }
    }
    const counted = (given: CallIn<'studies.list'>) => plan({ ...prefixed(matching(query(given), { kind: 'all' })) })
    const prefixed = ({ sql, values }: { sql: string; values: unknown[] }) => ({
      sql: `SELECT count(*) FILTER (WHERE reading < 2) ${sql}`,
      values,
    })
    expect(counted({ statuses: ['new'], modalities: ['CT'] })).toMatch(/COVERING INDEX studyFilterByDate/)
    expect(counted({ from: '20250101', to: '20250102' })).toMatch(
      /COVERING INDEX studyFilterByDate \(StudyDate>\? AND StudyDate<\?\)/,
    )
    expect(counted({ receivedSince: 5, modalities: ['CT'] })).toMatch(
      /COVERING INDEX studyFilterByArrival \(firstReceived>\?\)/,
    )
    const few = matching(query({ from: '20250101' }), { kind: 'some', ids: '[1]' })
    expect(plan(prefixed(few))).toMatch(/SEARCH study USING INTEGER PRIMARY KEY \(rowid=\?\)/)
  } finally {
    db.close()
  }
})
