import { expect, test } from 'vitest'
import type { DimseDoor } from '../../electron/station/sync/dimseDoor.ts'
import { createNodeSource } from '../../electron/station/sync/pull/nodeSource.ts'
import { Answered } from '../../electron/station/wire/scu.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { never } from './harness.ts'

const EXPLICIT = encodingOf(TS.ExplicitVRLittleEndian)

/** A node that lists these dates, a study each, and counts what it was heard of. */
function nodeWith(
  dates: string[],
  heedsDates = true,
  idOf: (number: number) => string = () => '',
  heedsIDs = true,
  folded: (id: string) => string = id => id,
  refuses: (PatientID: string) => boolean = () => false,
) {
  const heard: number[] = []
  const matches = dates.map((StudyDate, number) => {
    const match = writeDataSet({ StudyInstanceUID: `1.2.${number + 1}`, StudyDate, PatientID: idOf(number) }, EXPLICIT)
    return DataSet.read(Buffer.from(match), EXPLICIT)
  })
  const query: DimseDoor['query'] = async (_, __, keys, each) => {
    const [from = '', to = from] = String(keys.StudyDate ?? '-').split('-')
    heard.push(0)
    const isAsked = Object.hasOwn(keys, 'StudyDate') && keys.StudyDate !== ''
    const wanted = String(keys.PatientID ?? '')
    if (refuses(wanted)) throw new Answered('C-FIND was answered 0xa900')
    const isOf = (id: string) =>
      !heedsIDs ||
      wanted === '' ||
      (wanted.endsWith('*') ? folded(id).startsWith(folded(wanted.slice(0, -1))) : folded(id) === folded(wanted))
    for (const [number, StudyDate] of dates.entries()) {
      // What has no date is in no range.
      if (heedsDates && isAsked && (StudyDate === '' || StudyDate < from || (to !== '' && StudyDate > to))) continue
      if (!isOf(idOf(number))) continue
      heard[heard.length - 1]! += 1
      if (each(matches[number]!) === 'enough') return
    }
  }
  const unused = () => Promise.reject(new Error('not asked for'))
  const dimse: DimseDoor = {
    ...{ store: unused, find: unused, fetch: unused, get: unused, move: unused, echo: unused },
    ...{ addressOf: () => '', query },
  }
  return { heard, source: createNodeSource({ kind: 'dimse', node: 'pacs' }, dimse) }
}

async function pagesOf({ source }: ReturnType<typeof nodeWith>, since?: string) {
  const sizes: number[] = []
  const uids = new Set<string>()
  for await (const page of source.studies(since ? { since } : {}, never)) {
    sizes.push(page.length)
    for (const { StudyInstanceUID } of page) uids.add(StudyInstanceUID)
  }
  return { sizes, uids }
}

test('of an archive that lists more than a page its studies come a few days at a time, each once, the newest and later too', async () => {
  const days = Array.from({ length: 28 }, (_, day) => `202402${String(day + 1).padStart(2, '0')}`)
  const dates = [...days.flatMap(day => Array<string>(220).fill(day)), '18580101', '19050101', '21000101']
  const node = nodeWith(dates)
  const all = await pagesOf(node)
  expect(all.uids.size).toBe(dates.length)
  expect(all.sizes.reduce((sum, size) => sum + size)).toBe(dates.length)
  expect(Math.max(...all.sizes)).toBeLessThanOrEqual(5000)
  expect(Math.max(...node.heard)).toBe(5001)
  const since = await pagesOf(node, '20240220')
  expect(since.uids.size).toBe(9 * 220 + 1)
})

test('a busier day than a page is one page; a node that heeds no dates is asked for all at once, not for each day', async () => {
  expect((await pagesOf(nodeWith(Array<string>(5100).fill('20240201')))).sizes).toContain(5100)
  const careless = nodeWith(Array<string>(5100).fill('20240201'), false)
  expect((await pagesOf(careless)).uids.size).toBe(5100)
  expect(careless.heard).toHaveLength(3)
})

test('studies without a date of an archive that lists more than a page are found by the first letters of the Patient ID', async () => {
  const dates = Array.from({ length: 12_000 }, (_, number) =>
    number % 1000 === 0 ? '' : `2024${String(1 + (number % 12)).padStart(2, '0')}11`,
  )
  const idOf = (number: number) => (number < 7000 ? `1${number}` : number === 7000 ? '1' : `X-${number}`)
  const node = nodeWith(dates, true, idOf)
  const { uids, sizes } = await pagesOf(node)
  expect(uids.size).toBe(12_000)
  // Those with a date came once.
  expect(sizes.reduce((sum, size) => sum + size)).toBe(12_000)
  expect(Math.max(...node.heard)).toBe(5001)
  // With a date that is asked for, nobody without one is.
  expect((await pagesOf(node, '20240601')).uids.size).toBe(dates.filter(date => date >= '20240601').length)
  // A node that knows no wildcards is asked for all at once.
  expect((await pagesOf(nodeWith(dates, true, idOf, false))).uids.size).toBe(12_000)
})

test('an archive that ignores case is asked for each letter of a long Patient ID once', async () => {
  const dates = Array.from({ length: 10_200 }, (_, number) => (number % 1700 === 0 ? '' : `2024020${1 + (number % 3)}`))
  const idOf = (number: number) => `${number % 2 === 0 ? 'HOSP' : 'hosp'}${number % 7}${number}`
  const node = nodeWith(dates, true, idOf, true, id => id.toLowerCase())
  const { uids } = await pagesOf(node)
  expect(uids.size).toBe(10_200)
  // Some 75 of one letter each, and of each of the four that all begin with.
  expect(node.heard.length).toBeLessThan(500)
})

test('an archive that lists a patient under another ID, too, is still asked by letters', async () => {
  const dates = Array.from({ length: 10_200 }, (_, number) => (number % 1700 === 0 ? '' : `2024020${1 + (number % 3)}`))
  const node = nodeWith(
    dates,
    true,
    number => `${number % 7}${number}`,
    true,
    id => (id === '310' ? '410' : id),
  )
  expect((await pagesOf(node)).uids.size).toBe(10_200)
  expect(Math.max(...node.heard)).toBe(5001)
})

test.each([
  ['any wildcard', (id: string) => id.endsWith('*'), 12],
  ['one odd letter', (id: string) => id.startsWith('#'), 6],
])('an archive that answers %s with an error is looked at to the end all the same', async (_, refuses, undated) => {
  const dates = Array.from({ length: 12_000 }, (_, number) =>
    number % 1000 === 0 ? '' : `2024${String(1 + (number % 12)).padStart(2, '0')}11`,
  )
  const idOf = (number: number) => `${number % 2000 === 0 ? '#' : 'X'}${number}`
  const { uids } = await pagesOf(nodeWith(dates, true, idOf, true, undefined, refuses))
  expect(uids.size).toBe(dates.filter(Boolean).length + undated)
})

test('an archive that is lost between the letters fails the look', async () => {
  const dates = [...Array<string>(5100).fill('20240201'), '']
  let asked = 0
  const node = nodeWith(dates, true, String, true, undefined, id => {
    if (id.endsWith('*')) asked += 1
    if (asked > 2) throw new IsocenterError('peer-failed', 'the line broke')
    return false
  })
  await expect(pagesOf(node)).rejects.toMatchObject({ detail: 'the line broke' })
})

test('a look at an archive with more than can be held that knows no wildcards ends with all that has a date', async () => {
  const dates = Array.from({ length: 100_200 }, (_, number) =>
    number % 25_000 === 7
      ? ''
      : `20${String(10 + (number % 9))}${String(1 + (number % 12)).padStart(2, '0')}${10 + (number % 19)}`,
  )
  const node = nodeWith(dates, true, number => `${number % 7}${number}`, false)
  expect((await pagesOf(node)).uids.size).toBe(dates.filter(Boolean).length)
}, 240_000)

test('what has neither date nor Patient ID is in none of the lists of a large archive', async () => {
  const { uids } = await pagesOf(
    nodeWith([...Array<string>(5100).fill('20240201'), ...Array<string>(5100).fill('20240202'), ''], true),
  )
  expect(uids.size).toBe(10_200)
})
