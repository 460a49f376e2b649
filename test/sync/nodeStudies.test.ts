import { expect, test } from 'vitest'
import type { DimseDoor } from '../../electron/station/sync/dimseDoor.ts'
import { createNodeSource } from '../../electron/station/sync/pull/nodeSource.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { never } from './harness.ts'

const EXPLICIT = encodingOf(TS.ExplicitVRLittleEndian)

/** A node that lists these dates, a study each, and counts what it was heard of. */
function nodeWith(dates: string[], heedsDates = true) {
  const heard: number[] = []
  const matches = dates.map((StudyDate, number) => {
    const match = writeDataSet({ StudyInstanceUID: `1.2.${number + 1}`, StudyDate }, EXPLICIT)
    return DataSet.read(Buffer.from(match), EXPLICIT)
  })
  const query: DimseDoor['query'] = async (_, __, keys, each) => {
    const [from = '', to = from] = String(keys.StudyDate ?? '-').split('-')
    heard.push(0)
    for (const [number, StudyDate] of dates.entries()) {
      if (heedsDates && (StudyDate < from || (to !== '' && StudyDate > to))) continue
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
