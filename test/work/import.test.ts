import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TS } from '../../shared/dicom/uids.ts'
import { dataSetBytes, part10, smallCT } from '../fixtures/oddFiles.ts'
import { ended, openWork, temporaryFolder } from './withWork.ts'

const ct = (number: number) => smallCT({ SOPInstanceUID: `2.25.${number}`, InstanceNumber: number })

test('a folder with junk: every image goes in, everything else is counted and named', async () => {
  const { store, work } = await openWork()
  const folder = await temporaryFolder()
  const deep = join(folder, 'CD', 'a', 'b')
  await mkdir(deep, { recursive: true })
  await writeFile(join(folder, 'CD', 'one.dcm'), part10(dataSetBytes(ct(1))))
  await writeFile(join(deep, 'TWO'), part10(dataSetBytes(ct(2))))
  await writeFile(join(deep, 'bare.dcm'), dataSetBytes(ct(3), TS.ImplicitVRLittleEndian))
  await writeFile(join(folder, 'CD', 'DICOMDIR'), 'a table of contents')
  await writeFile(join(folder, 'CD', 'autorun.inf'), 'x'.repeat(5000))
  await writeFile(join(deep, 'empty'), '')
  await writeFile(join(deep, 'nowhere.dcm'), part10(dataSetBytes(smallCT({ StudyInstanceUID: '' }))))
  await symlink(join(folder, 'CD'), join(deep, 'loop'))
  await symlink(join(folder, 'gone'), join(deep, 'dangling'))

  const job = await ended(work, work.startImport([join(folder, 'CD')]))
  expect(job).toMatchObject({ state: 'done', stored: 3, duplicates: 0, notDicom: 2, failed: 2, error: null })
  expect(job.done).toBe(8)
  expect(job.total).toBe(8)
  expect(job.title).toBe('Import of CD')
  const named = Object.fromEntries(job.refused.map(({ file, reason }) => [file, reason]))
  expect(named[join('CD', 'autorun.inf')]).toBe('This is not a DICOM file.')
  expect(named[join('CD', 'a', 'b', 'empty')]).toBe('This is not a DICOM file.')
  expect(named[join('CD', 'a', 'b', 'nowhere.dcm')]).toContain('missing or impossible')
  expect(named[join('CD', 'a', 'b', 'dangling')]).toBe('It is not there.')
  expect(await store.read.counts()).toMatchObject({ studies: 1, instances: 3 })
})

test('importing again brings duplicates, not images', async () => {
  const { store, work } = await openWork()
  const folder = await temporaryFolder()
  for (let i = 1; i <= 5; i++) await writeFile(join(folder, `${i}.dcm`), part10(dataSetBytes(ct(i))))
  await ended(work, work.startImport([folder]))
  const again = await ended(work, work.startImport([folder, join(folder, '1.dcm')]))
  expect(again).toMatchObject({ state: 'done', stored: 0, duplicates: 6, failed: 0 })
  expect(await store.read.counts()).toMatchObject({ instances: 5 })
})

test('the bytes stored are the bytes of the file', async () => {
  const { work, everything } = await openWork()
  const folder = await temporaryFolder()
  const original = dataSetBytes(ct(9), TS.ImplicitVRLittleEndian)
  await writeFile(join(folder, 'x'), part10(original, TS.ImplicitVRLittleEndian))
  await ended(work, work.startImport([folder]))
  const [stored] = await everything()
  const { path, dataSetOffset, dataSetLength } = stored!.object
  const bytes = (await readFile(path)).subarray(dataSetOffset, dataSetOffset + dataSetLength)
  expect(Buffer.compare(bytes, original)).toBe(0)
  expect(stored!.object.TransferSyntaxUID).toBe(TS.ImplicitVRLittleEndian)
})

test('cancel stops an import; what was stored stays, and listeners hear the end', async () => {
  const { store, work } = await openWork()
  const folder = await temporaryFolder()
  for (let i = 1; i <= 400; i++) await writeFile(join(folder, `${i}.dcm`), part10(dataSetBytes(ct(i))))
  const heard: string[] = []
  work.onChange(job => heard.push(job.state))
  const job = work.startImport([folder])
  expect(job.state).toBe('running')
  work.cancel(job.id)
  const last = await ended(work, job)
  expect(last.state).toBe('cancelled')
  expect(last.stored).toBeLessThan(400)
  expect((await store.read.counts()).instances).toBe(last.stored)
  expect(heard.at(-1)).toBe('cancelled')
  expect(() => work.cancel('no such job')).toThrow('no such')
})

test('a path that is not there ends in a sentence, not in a crash', async () => {
  const { work } = await openWork()
  const job = await ended(work, work.startImport([join(await temporaryFolder(), 'nothing')]))
  expect(job).toMatchObject({ state: 'done', failed: 1, refused: [{ file: 'nothing', reason: 'It is not there.' }] })
})

test('the sample studies load and show their pictures', { timeout: 180_000 }, async () => {
  const { store, work, settled, everything } = await openWork()
  const job = await ended(work, work.loadSamples())
  expect(job).toMatchObject({ state: 'done', failed: 0, duplicates: 0 })
  expect(job.stored).toBe(job.total)
  expect(await store.read.counts()).toMatchObject({ studies: 5, series: 8, instances: job.total })
  await settled()
  const all = await everything()
  expect(all.filter(({ thumbnail }) => !thumbnail)).toEqual([])
  expect(all.filter(({ unshowable }) => unshowable)).toEqual([])
})
