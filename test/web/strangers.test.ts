import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from '../../electron/station/store/index.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { dataSetBytes, smallCT } from '../fixtures/oddFiles.ts'
import { type Counter, openCounter, silentLog } from './counter.ts'

let dataDir: string
let store: Store
let counter: Counter

async function arrives(study: number, sender: { AET: string; address: string } | 'import'): Promise<void> {
  const { AET, address } = sender === 'import' ? { AET: '', address: '' } : sender
  const uids = {
    StudyInstanceUID: `2.25.${study}`,
    SeriesInstanceUID: `2.25.${study}.1`,
    SOPInstanceUID: `2.25.${study}.1.1`,
  }
  const values = smallCT(uids)
  const receive = store.beginReceive({
    origin: {
      door: sender === 'import' ? 'import' : 'dimse',
      sourceAET: AET,
      sendingAET: AET,
      receivingAET: '',
      address,
    },
    SOPClassUID: String(values.SOPClassUID),
    SOPInstanceUID: uids.SOPInstanceUID,
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
  })
  await receive.write(dataSetBytes(values))
  await receive.commit()
}

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-strangers-'))
  store = await openStore({ dataDir, log: silentLog, durability: 'os' })
  counter = await openCounter(store, { dataDir })
  await arrives(1, { AET: 'CT9', address: '10.0.0.7' })
  await arrives(2, { AET: 'MR1', address: '10.0.0.8' })
  await arrives(3, 'import')
})
afterAll(async () => {
  await counter?.close()
  await store?.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function call<Answer>(name: string, input: unknown): Promise<Answer> {
  return (await (await counter.post(`/api/${name}`, input)).json()) as Answer
}

async function strangers(): Promise<Record<string, boolean>> {
  const { studies } = await call<{ studies: Array<{ StudyInstanceUID: string; fromStranger: boolean }> }>(
    'studies.list',
    { sort: 'lastReceived' },
  )
  return Object.fromEntries(studies.map(study => [study.StudyInstanceUID, study.fromStranger]))
}

const scanner = (AET: string, more = {}) => ({ name: AET, AET, host: 'scanner.example', port: 104, ...more })

test('who is no node is marked on its studies and told of, until it is one; what came by hand is nobody’s', async () => {
  expect(await strangers()).toEqual({ '2.25.1': true, '2.25.2': true, '2.25.3': false })
  await call('nodes.set', { nodes: [scanner('CT9')] })
  expect(await strangers()).toEqual({ '2.25.1': false, '2.25.2': true, '2.25.3': false })
  const { study } = await call<{ study: { fromStranger: boolean } }>('study.get', { StudyInstanceUID: '2.25.2' })
  expect(study.fromStranger).toBe(true)
  const { peers } = await call<{ peers: unknown[] }>('peers.list', {})
  expect(peers).toMatchObject([
    { AET: 'MR1', address: '10.0.0.8', instances: 1, stranger: true },
    { AET: 'CT9', address: '10.0.0.7', instances: 1, stranger: false },
  ])
})

test('who calls itself as a node does, from an address that is not the node’s, is a stranger', async () => {
  await call('nodes.set', { nodes: [scanner('CT9', { addresses: ['10.0.0.99'] }), scanner('MR1')] })
  expect(await strangers()).toEqual({ '2.25.1': true, '2.25.2': false, '2.25.3': false })
})

test('what is fetched from a node by its host name is not a stranger’s', async () => {
  await arrives(4, { AET: 'PACS', address: 'pacs.example' })
  const pacs = { name: 'PACS', AET: 'PACS', host: 'pacs.example', port: 104, addresses: ['10.0.0.5'] }
  await call('nodes.set', { nodes: [pacs] })
  expect((await strangers())['2.25.4']).toBe(false)
})

test('a change of the nodes lets every list be read anew', async () => {
  const gone = new AbortController()
  const events = await fetch(`${counter.origin}/api/events`, {
    headers: { authorization: 'Basic eDphLWtleStvZi9vdXJzPT0=' },
    signal: gone.signal,
  })
  const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader()
  let heard = (await reader?.read())?.value ?? ''
  await call('nodes.set', { nodes: [] })
  while (!heard.includes('event: again')) heard += (await reader?.read())?.value ?? ''
  expect(heard).toContain('event: again')
  gone.abort()
})
