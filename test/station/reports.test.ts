import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Station, startStation } from '../../electron/station/station.ts'
import { configSchema } from '../../shared/config.ts'
import type { CallIn, CallName, CallOut } from '../../shared/contract.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { uidFromRandom } from '../../shared/dicom/uids.ts'
import { replaced } from '../../shared/reporting/edit.ts'
import type { ReportContent } from '../../shared/reporting/report.ts'
import { BASIC_TEXT_SR, basicTextReport, ENHANCED_SR } from '../../shared/viewing/writing/basicText.ts'
import { encapsulatedPdf } from '../../shared/viewing/writing/encapsulatedPdf.ts'
import { writeObject } from '../../shared/viewing/writing/newObject.ts'
import { CT_IMAGE, ctSlice } from '../store/objects.ts'
import { KEY, silentLog } from '../web/counter.ts'

/** Reports at the station: what may follow what, also after a restart, and what is stored of one, as others read it. */
const STUDY = '2.25.1000.1'
const IMAGE = `${STUDY}.1.1`
let dataDir: string
let station: Station

const headers = { 'authorization': `Api-Key ${KEY}`, 'content-type': 'application/json' }
const post = (name: CallName, input: unknown) =>
  fetch(`http://127.0.0.1:${station.httpPort}/api/${name}`, { method: 'POST', headers, body: JSON.stringify(input) })
async function call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
  const response = await post(name, input)
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
  return (await response.json()) as CallOut<N>
}
const refused = async (name: CallName, input: unknown) => {
  const response = await post(name, input)
  return [response.status, ((await response.json()) as { code: string }).code]
}
const show = (StudyInstanceUID: string) => call('window.shows', { window: 'w', StudyInstanceUID })

async function start(): Promise<void> {
  station = await startStation({
    dataDir,
    key: KEY,
    rendererDir: path.join(dataDir, 'renderer'),
    version: '0.0.0',
    config: configSchema.parse({ httpPort: 0, dimsePort: 0 }),
    log: silentLog,
  })
}

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-reports-'))
  await start()
  const folder = path.join(dataDir, 'arriving')
  await mkdir(folder)
  const { SOPInstanceUID, TransferSyntaxUID, bytes } = ctSlice(1)
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: CT_IMAGE,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID,
  })
  await writeFile(path.join(folder, SOPInstanceUID), Buffer.concat([meta, bytes]))
  const { id } = await call('import.start', { paths: [folder] })
  while ((await call('jobs.list', {})).jobs.find(job => job.id === id)?.state === 'running') await wait(20)
})
afterAll(async () => {
  await station.close()
  await rm(dataDir, { recursive: true, force: true })
})

const FINDINGS = 'Nodule of . Łódź, naïve, 山田太郎, محمد أحمد, Straße.'
const linked = replaced({ text: FINDINGS, links: [] }, { from: 10, to: 10 }, '12.3 mm', {
  mark: 'm1',
  name: 'Length',
  value: '12.3',
  unit: 'mm',
  SeriesInstanceUID: `${STUDY}.1`,
  SOPClassUID: CT_IMAGE,
  SOPInstanceUID: IMAGE,
  frame: null,
})
const content = (title: string): ReportContent => ({
  version: 1,
  template: 'general',
  title,
  sections: [
    { id: 'indication', title: 'Indication', text: 'Cough.', links: [] },
    { id: 'findings', title: 'Findings', ...linked },
    { id: 'impression', title: 'Impression', text: 'Two lines.\nOf an impression.', links: [] },
  ],
})

test('a draft is kept as it was, made on an old revision it is not, and it outlives the station', async () => {
  const put = { StudyInstanceUID: STUDY, version: 1, content: content('CT') }
  expect(await call('report.put', { ...put, rev: 0 })).toEqual({ rev: 1 })
  expect(await call('report.put', { ...put, rev: 0 })).toEqual({ rev: null })
  expect(await refused('report.put', { ...put, StudyInstanceUID: '1.2.3', rev: 0 })).toEqual([404, 'not-found'])
  await station.close()
  await start()
  const { versions } = await call('report.get', { StudyInstanceUID: STUDY })
  expect(versions).toMatchObject([{ version: 1, state: 'draft', rev: 1, content: content('CT'), signature: null }])
})

test('it is signed only with the study in front; signed it is locked for good, and an addendum follows', async () => {
  const sign = { StudyInstanceUID: STUDY, version: 1, rev: 1, state: 'final', name: 'Curie^Marie' } as const
  expect(await refused('report.sign', sign)).toEqual([409, 'report-not-in-front'])
  await show(STUDY)
  await show('')
  expect(await refused('report.sign', sign)).toEqual([409, 'report-not-in-front'])
  await show(STUDY)
  expect(await refused('report.sign', { ...sign, rev: 7 })).toEqual([409, 'draft-conflict'])
  const { report } = await call('report.sign', sign)
  expect(report).toMatchObject({ state: 'final', signature: { name: 'Curie^Marie', by: 'local' } })
  expect(report.signature?.sha256).toMatch(/^[0-9a-f]{64}$/)
  await station.close()
  await start()
  await show(STUDY)
  const put = { StudyInstanceUID: STUDY, version: 1, rev: 2, content: content('Other') }
  expect(await refused('report.put', put)).toEqual([409, 'report-locked'])
  expect(await refused('report.sign', { ...sign, rev: 2 })).toEqual([409, 'report-locked'])
  const addendum = await call('report.addend', { StudyInstanceUID: STUDY })
  expect(addendum.report).toMatchObject({ version: 2, state: 'draft', rev: 1 })
  expect(await refused('report.addend', { StudyInstanceUID: STUDY })).toEqual([409, 'draft-conflict'])
})

test('a lost index takes no report along: the decisions bring it back', async () => {
  const before = await call('report.get', { StudyInstanceUID: STUDY })
  await station.close()
  for (const name of await readdir(dataDir)) {
    if (name.startsWith('index.sqlite') || name === 'backups') await rm(path.join(dataDir, name), { recursive: true })
  }
  await start()
  await expect.poll(() => call('report.get', { StudyInstanceUID: STUDY }), { timeout: 20_000 }).toEqual(before)
})

/** Whatever dciodvfy finds wrong. */
async function verified(file: string): Promise<string[]> {
  const said = await promisify(execFile)('dciodvfy', [file]).catch(
    (failed: { stderr: string; stdout: string }) => failed,
  )
  return `${said.stdout}${said.stderr}`.split('\n').filter(line => line.startsWith('Error'))
}

test('what is stored is sound for dciodvfy, and pydicom and pdf.js read its text back', async () => {
  const { versions } = await call('report.get', { StudyInstanceUID: STUDY })
  const [report] = versions
  const { pdf } = await call('report.pdf', { StudyInstanceUID: STUDY, version: 1 })
  const bytes = Uint8Array.from(Buffer.from(pdf, 'base64'))
  const identity = {
    PatientName: 'Müller^Anna',
    PatientID: 'ID-1',
    PatientBirthDate: '',
    PatientSex: 'F',
    StudyInstanceUID: STUDY,
    StudyDate: '20250102',
    StudyTime: '101500',
    ReferringPhysicianName: '',
    StudyID: '',
    AccessionNumber: 'ACC1',
  }
  const text = basicTextReport({
    StudyInstanceUID: STUDY,
    content: report!.content,
    state: 'final',
    signature: { name: 'Curie^Marie', organisation: 'Radium Institute', DateTime: '20261122101500+0000' },
    language: { code: 'en', name: 'English' },
    predecessors: [{ SOPClassUID: BASIC_TEXT_SR, SeriesInstanceUID: '2.25.5', SOPInstanceUID: '2.25.6' }],
  })
  expect(text.SOPClassUID).toBe(ENHANCED_SR)
  const plain = basicTextReport({
    StudyInstanceUID: STUDY,
    content: { ...content('CT'), sections: content('CT').sections.filter(({ links }) => links.length === 0) },
    state: 'preliminary',
    signature: { name: 'Curie^Marie', organisation: '', DateTime: '20261122101500+0000' },
    language: { code: 'en', name: 'English' },
    predecessors: [],
  })
  expect(plain.SOPClassUID).toBe(BASIC_TEXT_SR)
  const making = { now: new Date(), newUID: () => uidFromRandom(crypto.getRandomValues(new Uint8Array(16))) }
  const files = [text, encapsulatedPdf(bytes, 'CT'), plain].map(object => writeObject(identity, object, making).part10)
  const places = files.map((_, index) => path.join(dataDir, `made-${index}.dcm`))
  for (const [index, part10] of files.entries()) await writeFile(places[index]!, part10)
  for (const place of places) expect(await verified(place)).toEqual([])

  const { stdout } = await promisify(execFile)('/usr/bin/python3', [
    path.join(import.meta.dirname, 'reports.py'),
    ...places.slice(0, 2),
  ])
  expect(JSON.parse(stdout)).toEqual({
    patient: 'Müller^Anna',
    study: STUDY,
    flags: ['COMPLETE', 'VERIFIED'],
    verifier: 'Curie^Marie',
    content: [
      ['container', '18785-6', 'Indications for Procedure'],
      ['text', 'Patient Presentation', 'Cough.'],
      ['container', '59776-5', 'Findings'],
      ['text', 'Finding', linked.text],
      ['num', 'Length', '12.3', 'mm', IMAGE],
      ['container', '19005-8', 'Impressions'],
      ['text', 'Impression', 'Two lines.\r\nOf an impression.'],
    ],
    pdf: '%PDF-',
    end: true,
  })

  const document = await getDocument({ data: bytes }).promise
  const { items } = await (await document.getPage(1)).getTextContent()
  const read = items.map(item => ('str' in item ? item.str : '')).join('')
  for (const words of [
    'Müller',
    '12.3 mm',
    'Łódź',
    'naïve',
    'Straße',
    'Cough',
    'Nodule',
    '山田太郎',
    'Signed electronically by',
  ]) {
    expect(read.replaceAll(/\s+/g, ' ')).toContain(words)
  }
})
