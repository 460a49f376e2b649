import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { mediaNames } from '../../electron/station/work/export/mediaNames.ts'
import { indexPage, readmeText } from '../../electron/station/work/export/page.ts'
import { type ZipEntry, zipOf } from '../../electron/station/work/export/zip.ts'

/** As many files as are asked for, and how many that were. */
function endless(failAt = Number.POSITIVE_INFINITY) {
  const state = { asked: 0 }
  async function* entries(): AsyncGenerator<ZipEntry> {
    for (;;) {
      state.asked += 1
      if (state.asked > failAt) throw new Error('the disk is gone')
      yield { name: `F${state.asked}`, bytes: [new Uint8Array(256 * 1024)] }
    }
  }
  return { state, entries: entries() }
}

test('files are asked for as fast as the archive is taken, and no faster', async () => {
  const abort = new AbortController()
  const { state, entries } = endless()
  const zip = zipOf(entries, abort.signal)
  zip.on('error', () => {})
  for (let turns = 0; turns < 200; turns++) await turn()
  expect(state.asked).toBeLessThan(10)
  abort.abort()
})

test('cancelled, or with a file that cannot be read, an archive breaks off: nobody takes half of it for all', async () => {
  const read = async (zip: AsyncIterable<Uint8Array>, after: () => void) => {
    let bytes = 0
    for await (const chunk of zip) {
      bytes += chunk.length
      if (bytes > 2_000_000) after()
    }
  }
  const abort = new AbortController()
  await expect(read(zipOf(endless().entries, abort.signal), () => abort.abort())).rejects.toThrow('cancelled')
  const never = new AbortController().signal
  await expect(read(zipOf(endless(20).entries, never), () => {})).rejects.toThrow('the disk is gone')
})

test('files are named as PS3.10 has them, each where it belongs', () => {
  const names = mediaNames()
  const next = (patient: string, StudyInstanceUID: string, SeriesInstanceUID: string) =>
    names.next(patient, { StudyInstanceUID, SeriesInstanceUID }).slice(1).join('/')
  expect(next('a', '1', '1.1')).toBe('PA000000/ST000000/SE000000/IM000000')
  expect(next('a', '1', '1.1')).toBe('PA000000/ST000000/SE000000/IM000001')
  expect(next('a', '1', '1.2')).toBe('PA000000/ST000000/SE000001/IM000000')
  expect(next('a', '2', '2.1')).toBe('PA000000/ST000001/SE000000/IM000000')
  expect(next('b', '3', '3.1')).toBe('PA000001/ST000000/SE000000/IM000000')
  expect(next('a', '1', '1.1')).toBe('PA000000/ST000000/SE000000/IM000002')
})

test('two studies without a patient’s ID are of two patients', () => {
  const entry = (name: string, uid: string) => ({
    patient: { PatientName: [name], PatientID: [''] },
    study: { StudyInstanceUID: [uid] },
    series: { SeriesInstanceUID: [`${uid}.1`] },
    own: {},
  })
  const page = indexPage([entry('Adam^A', '1'), entry('Berta^B', '2')], [])
  expect([...page.matchAll(/<h1><bdi>([^<]*)/g)].map(([, name]) => name)).toEqual(['Adam A', 'Berta B'])
})

test('the page says every word as a word, and the README what was left out', () => {
  const entry = {
    patient: { PatientName: ['Doe^<script>alert(1)</script>'], PatientID: ['"1"'] },
    study: { StudyInstanceUID: ['1'], StudyDate: ['20260601'], StudyDescription: ['a & b'] },
    series: { SeriesInstanceUID: ['1.1'], Modality: ['CT'], SeriesNumber: ['3'] },
    own: {},
  }
  const picture = { SeriesInstanceUID: '1.1', address: 'PICTURES/P000000.JPG', words: 'Image 2' }
  const page = indexPage([entry, entry], [picture])
  expect(page).not.toContain('<script')
  expect(page).toContain('2026-06-01 · a &#38; b')
  expect(page).toContain('CT · 3</bdi> (2 files)')
  expect(page).toContain('src="PICTURES/P000000.JPG"')
  const readme = readmeText({
    files: 2,
    blackened: 0,
    deidentified: { dates: 'removed' },
    leftOut: ['left out: document'],
  })
  expect(readme).toContain('Left out (1):\r\nleft out: document')
  expect(readme).toContain('annex E')
})
