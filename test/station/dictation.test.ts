import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Station, startStation } from '../../electron/station/station.ts'
import { configSchema } from '../../shared/config.ts'
import type { CallIn, CallName, CallOut } from '../../shared/contract.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { CT_IMAGE, ctSlice } from '../store/objects.ts'
import { KEY, silentLog } from '../web/counter.ts'

/** Dictation in another program: what it is told of a study, and what it may say with a key of its own. */
let folder: string
let station: Station

async function post(name: CallName, input: unknown, key = KEY): Promise<Response> {
  return fetch(`http://127.0.0.1:${station.httpPort}/api/${name}`, {
    method: 'POST',
    headers: { 'authorization': `Api-Key ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  })
}
async function call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
  const response = await post(name, input)
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
  return (await response.json()) as CallOut<N>
}

const refused = async (name: CallName, input: unknown, key?: string) => {
  const response = await post(name, input, key)
  return [response.status, ((await response.json()) as { code: string }).code]
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-dictation-'))
  station = await startStation({
    dataDir: folder,
    key: KEY,
    rendererDir: path.join(folder, 'renderer'),
    version: '0.0.0',
    config: configSchema.parse({ httpPort: 0, dimsePort: 0 }),
    log: silentLog,
  })
  const arriving = path.join(folder, 'arriving')
  await mkdir(arriving)
  await mkdir(path.join(folder, 'told'))
  const order = { AccessionNumber: 'TWO', PatientID: 'ID-2' }
  for (const slice of [
    ctSlice(1),
    ctSlice(1, order, { study: 2 }),
    ctSlice(1, order, { study: 3 }),
    ctSlice(1, { AccessionNumber: 'ACC1', PatientID: 'another' }, { study: 4 }),
  ]) {
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: CT_IMAGE,
      MediaStorageSOPInstanceUID: slice.SOPInstanceUID,
      TransferSyntaxUID: slice.TransferSyntaxUID,
    })
    await writeFile(path.join(arriving, slice.SOPInstanceUID), Buffer.concat([meta, slice.bytes]))
  }
  const { id } = await call('import.start', { paths: [arriving] })
  while ((await call('jobs.list', {})).jobs.find(job => job.id === id)?.state === 'running') await wait(20)
})
afterAll(async () => {
  await station.close()
  await rm(folder, { recursive: true, force: true })
})

const STUDY = '2.25.1000.1'
const settings = { kind: 'none', url: '', folder: '', content: '', command: '', whenOpened: false } as const

test('nothing is told until somebody says whom; then a file named by the study lies whole in the folder', async () => {
  expect(await call('dictation.tell', { StudyInstanceUID: STUDY })).toEqual({ kind: 'none', url: '' })
  const told = path.join(folder, 'told')
  const asFile = { ...settings, kind: 'file', folder: told, content: '{AccessionNumber};{PatientName}' } as const
  await call('dictation.set', { settings: asFile })
  expect(await call('dictation.get', {})).toEqual(asFile)
  await Promise.all([STUDY, STUDY].map(StudyInstanceUID => call('dictation.tell', { StudyInstanceUID })))
  expect(await readdir(told)).toEqual([`${STUDY}.txt`])
  expect(await readFile(path.join(told, `${STUDY}.txt`), 'utf8')).toBe('ACC1;Müller^Anna')
  expect(await refused('dictation.tell', { StudyInstanceUID: '1.2.3' })).toEqual([404, 'not-found'])
  const { records } = await call('audit.list', { text: 'dictation', limit: 10 })
  expect(JSON.stringify(records)).toContain('Told to the dictation system')
  await rm(told, { recursive: true })
  expect(await refused('dictation.tell', { StudyInstanceUID: STUDY })).toEqual([400, 'bad-request'])
})

test('an address is made for the window; what is none, and a folder that is not there, is not kept', async () => {
  const asUrl = { ...settings, kind: 'url', url: 'https://ris.example/?acc={AccessionNumber}&pat={PatientID}' } as const
  await call('dictation.set', { settings: asUrl })
  expect(await call('dictation.tell', { StudyInstanceUID: STUDY })).toEqual({
    kind: 'url',
    url: 'https://ris.example/?acc=ACC1&pat=ID-1',
  })
  const wrong = [
    { ...asUrl, url: 'javascript:{PatientID}' },
    { ...asUrl, kind: 'file', folder: 'relative' },
    { ...asUrl, kind: 'file', folder: path.join(folder, 'nowhere') },
  ]
  for (const one of wrong) expect(await refused('dictation.set', { settings: one })).toEqual([400, 'bad-request'])
  expect(await call('dictation.get', {})).toEqual(asUrl)
})

test('a key of its own says that a study was dictated elsewhere, and opens nothing else', async () => {
  const { secret } = await call('apiKeys.make', { name: 'dictation', scopes: ['dictation'] })
  const done = { AccessionNumber: 'ACC1', PatientID: 'ID-1' }
  for (const wrong of [
    { ...done, PatientID: 'ID-2' },
    { ...done, AccessionNumber: 'ACC%' },
    { ...done, StudyInstanceUID: '2.25.1000.2' },
  ]) {
    expect(await refused('dictation.final', wrong, secret)).toEqual([404, 'not-found'])
  }
  const answer = await post('dictation.final', done, secret)
  expect([answer.status, await answer.json()]).toEqual([200, { StudyInstanceUID: STUDY }])
  const { study } = await call('study.get', { StudyInstanceUID: STUDY })
  expect(study.reading).toMatchObject({ status: 'read', by: 'dictated elsewhere' })

  const order = { AccessionNumber: 'TWO', PatientID: 'ID-2' }
  expect(await refused('dictation.final', order, secret)).toEqual([409, 'order-ambiguous'])
  expect((await call('study.get', { StudyInstanceUID: '2.25.1000.2' })).study.reading.status).toBe('new')
  const named = await post('dictation.final', { ...order, StudyInstanceUID: '2.25.1000.3' }, secret)
  expect(await named.json()).toEqual({ StudyInstanceUID: '2.25.1000.3' })
  expect((await call('study.get', { StudyInstanceUID: '2.25.1000.2' })).study.reading.status).toBe('new')

  expect(await refused('studies.rows', { ids: [] }, secret)).toEqual([403, 'forbidden'])
  expect(await refused('dictation.tell', { StudyInstanceUID: STUDY }, secret)).toEqual([403, 'forbidden'])
  const { secret: reader } = await call('apiKeys.make', { name: 'reader', scopes: ['read', 'store', 'delete'] })
  expect(await refused('dictation.final', done, reader)).toEqual([403, 'forbidden'])
})
