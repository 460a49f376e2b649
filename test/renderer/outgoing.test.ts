import { expect, test } from 'vitest'
import { asksForWord, riskWords } from '../../renderer/exporting/words.ts'
import { lineOf } from '../../renderer/viewer/outgoing/film.ts'
import { everyNth, onSheets, paperSize } from '../../renderer/viewer/outgoing/sheets.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { Directory } from '../../shared/dicomdir/dicomdir.ts'
import { recordType } from '../../shared/dicomdir/records.ts'
import { studySummary } from './studySummary.ts'

test('every n-th image, and as many sheets as they fill', () => {
  expect(everyNth(10, 3)).toEqual([0, 3, 6, 9])
  expect(everyNth(3, 0)).toEqual([0, 1, 2])
  expect(everyNth(0, 2)).toEqual([])
  expect(onSheets([1, 2, 3, 4, 5], { rows: 2, columns: 2 })).toEqual([[1, 2, 3, 4], [5]])
  expect(onSheets([], { rows: 2, columns: 2 })).toEqual([[]])
  expect(paperSize({ paper: 'A4', landscape: true })).toEqual([297, 210])
})

test('under each picture on a film stands whose it is itself, whoever else is on it', () => {
  const study = studySummary(1, { PatientName: 'Berg^Eva', PatientID: 'B-1', StudyDate: '20260102' })
  const picture = { study, stranger: true, words: '2 · 1/9' }
  expect(lineOf(picture, true)).toMatch(/^Berg.* · B-1 · .*2026.* · 2 · 1\/9 · Not for diagnosis$/)
  expect(lineOf(picture, false)).toMatch(/^⚠ Another patient: · .*2026/)
  expect(lineOf({ ...picture, stranger: false }, false)).not.toMatch(/Berg|Another/)
})

test('what would be left out, or may name somebody, is counted in words', () => {
  const series = (images: number, ...risks: Parameters<typeof riskWords>[0]['series'][number]['risks']) => {
    return {
      StudyInstanceUID: '1',
      SeriesInstanceUID: '1',
      Modality: 'US',
      SeriesDescription: '',
      images,
      pictured: true,
      risks,
    }
  }
  const plan = { series: [series(3, 'perhaps-burned-in'), series(2, 'report'), series(4, 'perhaps-burned-in')] }
  expect(riskWords(plan).map(({ words }) => words.slice(0, 14))).toEqual(['7 of the files', '2 of the files'])
  expect(asksForWord(plan)).toBe(false)
  expect(asksForWord({ series: [series(1, 'document')] })).toBe(true)
})

test('a directory’s offsets lead from the first patient to the last file', () => {
  const entry = (patient: string, study: string, series: string, file: string) => ({
    patient: { DirectoryRecordType: 'PATIENT', PatientID: [patient], PatientName: ['Łódź^Ana'] },
    study: { DirectoryRecordType: 'STUDY', StudyInstanceUID: [study] },
    series: { DirectoryRecordType: 'SERIES', SeriesInstanceUID: [series] },
    own: { DirectoryRecordType: 'IMAGE', ReferencedFileID: ['DICOM', file] },
  })
  const entries = [entry('1', '1.1', '1.1.1', 'A'), entry('1', '1.1', '1.1.1', 'B'), entry('1', '1.1', '1.1.2', 'C')]
  const written = new Directory()
  for (const one of [...entries, entry('2', '1.2', '1.2.1', 'D')]) written.add(one)
  const file = new Uint8Array(Buffer.concat(written.write('SET', '2.25.1')))
  const meta = readFileMeta(file)!
  const directory = DataSet.read(file, encodingOf(TS.ExplicitVRLittleEndian), { offset: meta.dataSetOffset, depth: 1 })
  const records = new Map(directory.items('DirectoryRecordSequence').map(item => [item.start - 8, item]))
  const walk = (at: number): unknown[] => {
    const found: unknown[] = []
    for (let here = at; here !== 0; ) {
      const record = records.get(here)
      if (!record) throw new Error(`no record at ${here}`)
      const below = walk(record.number('OffsetOfReferencedLowerLevelDirectoryEntity') ?? 0)
      found.push(below.length > 0 ? below : record.strings('ReferencedFileID').join('/'))
      here = record.number('OffsetOfTheNextDirectoryRecord') ?? 0
    }
    return found
  }
  const first = directory.number('OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity') ?? 0
  expect(walk(first)).toEqual([[[['DICOM/A', 'DICOM/B'], ['DICOM/C']]], [[['DICOM/D']]]])
  const last = records.get(directory.number('OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity') ?? 0)
  expect(last?.string('PatientID')).toBe('2')
  // Polish letters, said so in the record itself.
  expect(last?.string('PatientName')).toBe('Łódź^Ana')
})

test('each kind of object has the record that PS3.3 gives it', () => {
  const storage = (rest: string) => recordType(`1.2.840.10008.5.1.4.1.1.${rest}`)
  expect(['2', '88.22', '88.59', '11.1', '104.1', '9.1.1', '481.3', '66', '66.4', '66.1', '12.1'].map(storage)).toEqual(
    [
      'IMAGE',
      'SR DOCUMENT',
      'KEY OBJECT DOC',
      'PRESENTATION',
      'ENCAP DOC',
      'WAVEFORM',
      'RT STRUCTURE SET',
      'RAW DATA',
      'IMAGE',
      'REGISTRATION',
      'IMAGE',
    ],
  )
})
