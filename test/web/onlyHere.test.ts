import { expect, onTestFinished, test } from 'vitest'
import type { OnlyCopy } from '../../electron/station/store/index.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { createFakeStore } from '../fakes/fakeStore.ts'
import { openCounter } from './counter.ts'

const image = (contentId: number, PatientName = 'Doe^Jane'): OnlyCopy => ({
  contentId,
  PatientID: 'P1',
  PatientName,
  AccessionNumber: 'A1',
  StudyDate: '20250102',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.3.4',
  SOPInstanceUID: `1.2.3.4.${contentId}`,
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  sendingAET: 'CT1',
  received: Date.UTC(2026, 0, 2),
  length: 10,
})

async function counterWith(images: OnlyCopy[]) {
  const onlyOn = async (volume: string, after: number, limit: number) => {
    if (volume !== 'nas') throw new IsocenterError('not-found')
    return images.filter(({ contentId }) => contentId > after).slice(0, limit)
  }
  const counter = await openCounter(createFakeStore({ onlyOn }))
  onTestFinished(() => counter.close())
  return counter
}

test('what exists on one disk alone is a file, however long', async () => {
  const counter = await counterWith(Array.from({ length: 450 }, (_, index) => image(index + 1)))
  const csv = await (await counter.get('/api/volumes/nas/only-here')).text()
  const lines = csv.trimEnd().split('\r\n')
  expect(lines).toHaveLength(451)
  expect(lines[0]).toMatch(/^PatientID,PatientName,/)
  expect(lines[450]).toContain('1.2.3.4.450')
  const answer = await counter.get('/api/volumes/nas/only-here?format=json')
  expect(answer.headers.get('content-disposition')).toContain('only-on-nas.json')
  const list = (await answer.json()) as Array<Record<string, unknown>>
  expect(list.map(one => one.SOPInstanceUID)).toEqual(Array.from({ length: 450 }, (_, n) => `1.2.3.4.${n + 1}`))
  expect(list[0]?.received).toBe('2026-01-02T00:00:00.000Z')
})

test('nothing is an empty list, an unknown disk or form an error', async () => {
  const counter = await counterWith([])
  expect(await (await counter.get('/api/volumes/nas/only-here?format=json')).json()).toEqual([])
  expect((await counter.get('/api/volumes/other/only-here')).status).toBe(404)
  expect((await counter.get('/api/volumes/nas/only-here?format=xml')).status).toBe(400)
})

test('a name cannot become a formula or another cell', async () => {
  const counter = await counterWith([image(1, '=HYPERLINK("x")'), image(2, 'a,b\r\nc')])
  const csv = await (await counter.get('/api/volumes/nas/only-here')).text()
  expect(csv).toContain(`P1,"'=HYPERLINK(""x"")",2025`)
  expect(csv).toContain('P1,"a,b\r\nc",2025')
})
