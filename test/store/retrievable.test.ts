import { expect, test } from 'vitest'
import type { RetrieveCursor, RetrieveKeys, Store } from '../../electron/station/store/index.ts'
import { ctSlice, newStore, send } from './objects.ts'

async function all(store: Store, keys: RetrieveKeys, limit: number): Promise<string[]> {
  const uids: string[] = []
  let after: RetrieveCursor | null | undefined
  while (after !== null) {
    const page = await store.read.retrievable(keys, limit, after)
    expect(page.objects.length).toBeLessThanOrEqual(limit)
    uids.push(...page.objects.map(({ SOPInstanceUID }) => SOPInstanceUID))
    after = page.next
  }
  return uids
}

const uid = (study: number, series: number, n: number) => `2.25.1000.${study}.${series}.${n}`

/** Two studies of one patient, of two series of five. */
async function filled(): Promise<Store> {
  const { store } = await newStore()
  for (const study of [1, 2]) {
    for (const n of [5, 3, 1, 2, 4]) {
      for (const series of [1, 2]) await send(store, ctSlice(n, { PatientID: 'ID-1' }, { study, series, size: 8 }))
    }
  }
  return store
}

test('pages of any size give every object once, series by series', async () => {
  const store = await filled()
  const expected = [1, 2].flatMap(series => [5, 3, 1, 2, 4].map(n => uid(1, series, n)))
  for (const limit of [1, 3, 5, 200]) {
    expect(await all(store, { StudyInstanceUID: ['2.25.1000.1'] }, limit)).toEqual(expected)
  }
})

test('all that is given must hold, of a list any', async () => {
  const store = await filled()
  const [one, other] = ['2.25.1000.1', '2.25.1000.2']
  expect(await all(store, { PatientID: 'ID-1' }, 7)).toHaveLength(20)
  expect(await all(store, { StudyInstanceUID: [one, other, '2.25.9'] }, 7)).toHaveLength(20)
  expect(await all(store, { PatientID: 'ID-9', StudyInstanceUID: [one] }, 7)).toEqual([])
  expect(await all(store, { SeriesInstanceUID: [`${other}.2`] }, 7)).toHaveLength(5)
  const some = [uid(1, 2, 3), uid(2, 1, 4), uid(1, 1, 9)]
  expect(await all(store, { SOPInstanceUID: some }, 1)).toEqual([uid(1, 2, 3), uid(2, 1, 4)])
  expect(await all(store, { StudyInstanceUID: [one], SOPInstanceUID: some }, 7)).toEqual([uid(1, 2, 3)])
  expect(await all(store, {}, 7)).toEqual([])
})

test('the forms of all pages are those of the objects, and as many', async () => {
  const store = await filled()
  const keys = { StudyInstanceUID: ['2.25.1000.1'] }
  const [object] = (await store.read.retrievable(keys, 1)).objects
  for (const limit of [1, 3, 200]) {
    let objects = 0
    let after: RetrieveCursor | null | undefined
    while (after !== null) {
      const page = await store.read.retrievableForms(keys, limit, after)
      for (const form of page.forms) {
        expect(form).toMatchObject({
          SOPClassUID: object?.SOPClassUID,
          TransferSyntaxUID: object?.TransferSyntaxUID,
        })
        objects += form.objects
      }
      after = page.next
    }
    expect(objects).toBe(10)
  }
})

test('what arrives meanwhile shifts nothing', async () => {
  const store = await filled()
  const keys = { SeriesInstanceUID: ['2.25.1000.1.1'] }
  const first = await store.read.retrievable(keys, 3)
  await send(store, ctSlice(0, { PatientID: 'ID-1' }, { study: 1, series: 1, size: 8 }))
  const second = await store.read.retrievable(keys, 3, first.next!)
  const uids = [...first.objects, ...second.objects].map(({ SOPInstanceUID }) => SOPInstanceUID)
  expect(uids).toEqual([5, 3, 1, 2, 4, 0].map(n => uid(1, 1, n)))
})
