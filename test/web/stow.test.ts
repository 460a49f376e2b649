import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../../electron/station/store/index.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta, writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { createFakeStore } from '../fakes/fakeStore.ts'
import { type Counter, KEY, openCounter, silentLog } from './counter.ts'

/** STOW-RS over real HTTP into the real store. */
let dataDir: string
let store: Store
let counter: Counter

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-stow-'))
  store = await openStore({ dataDir, log: silentLog })
  counter = await openCounter(store, { dataDir })
})
afterAll(async () => {
  await counter?.close()
  await store?.close()
  await rm(dataDir, { recursive: true, force: true })
})

const CT = '1.2.840.10008.5.1.4.1.1.2'

interface Given {
  study?: string
  pixels?: number
  TransferSyntaxUID?: string
  metaSOPInstanceUID?: string
}

function dataSet(SOPInstanceUID: string, { study = '1.5', pixels = 512, TransferSyntaxUID }: Given = {}): Buffer {
  const values = {
    SOPClassUID: CT,
    SOPInstanceUID,
    StudyInstanceUID: study,
    SeriesInstanceUID: `${study}.1`,
    Modality: 'CT',
    PatientName: 'Secret^Name',
    PatientID: 'P1',
    Rows: 1,
    Columns: pixels,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 0,
    PixelData: Uint16Array.from({ length: pixels }, (_, i) => i * 31),
  }
  return Buffer.from(writeDataSet(values, encodingOf(TransferSyntaxUID ?? TS.ExplicitVRLittleEndian)))
}

function file(SOPInstanceUID: string, given: Given = {}): Buffer {
  const { TransferSyntaxUID = TS.ExplicitVRLittleEndian, metaSOPInstanceUID = SOPInstanceUID } = given
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: CT,
    MediaStorageSOPInstanceUID: metaSOPInstanceUID,
    TransferSyntaxUID,
    SourceApplicationEntityTitle: 'THEIRS',
  })
  return Buffer.concat([meta, dataSet(SOPInstanceUID, given)])
}

const BOUNDARY = 'a-boundary'
const MULTIPART = `multipart/related; type="application/dicom"; boundary=${BOUNDARY}`

function multipart(bodies: Buffer[], contentType = 'application/dicom'): Buffer {
  const parts = bodies.flatMap(body => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Type: ${contentType}\r\n\r\n`),
    body,
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)])
}

type Json = Record<string, { vr: string; Value?: Json[] & unknown[] }>
const failed = (answer: Json) =>
  answer['00081198']?.Value?.map(item => [item['00081155']?.Value?.[0], item['00081197']?.Value?.[0]])
const stored = (answer: Json) => answer['00081199']?.Value?.map(item => item['00081155']?.Value?.[0])

async function stow(
  body: Buffer,
  { where = '/dicom-web/studies', ...headers }: Record<string, string> = {},
): Promise<{ status: number; answer: Json; headers: Headers }> {
  const response = await fetch(counter.origin + where, {
    method: 'POST',
    headers: { 'authorization': `Api-Key ${KEY}`, 'content-type': MULTIPART, ...headers },
    body: new Uint8Array(body),
  })
  const text = await response.text()
  return { status: response.status, answer: JSON.parse(text) as Json, headers: response.headers }
}

async function kept(SOPInstanceUID: string, study = '1.5'): Promise<Buffer | undefined> {
  const [object] = await store.read.locate({ StudyInstanceUID: study, SOPInstanceUID }, 1)
  if (!object) return undefined
  const { path: where, fileOffset, dataSetOffset, dataSetLength } = object
  return (await readFile(where)).subarray(fileOffset, dataSetOffset + dataSetLength)
}

/** The data set of a Part-10 file. */
function inside(bytes: Buffer | undefined): Buffer {
  return bytes?.subarray(readFileMeta(bytes)?.dataSetOffset ?? 0) ?? Buffer.alloc(0)
}

describe('what is stored', () => {
  test('lies on the disk as it came, however large, and each is answered for', async () => {
    const bodies = [
      file('1.5.1.1'),
      file('1.5.1.2', { pixels: 2_000_000 }),
      file('1.5.1.3', { TransferSyntaxUID: TS.ImplicitVRLittleEndian }),
    ]
    const { status, answer, headers } = await stow(multipart(bodies))
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/dicom+json')
    expect(answer['00081190']?.Value).toEqual([`${counter.origin}/dicom-web/studies/1.5`])
    expect(answer['00081198']).toBeUndefined()
    expect(answer['00081199']?.Value).toEqual(
      ['1.5.1.1', '1.5.1.2', '1.5.1.3'].map(uid => ({
        '00081150': { vr: 'UI', Value: [CT] },
        '00081155': { vr: 'UI', Value: [uid] },
        '00081190': {
          vr: 'UR',
          Value: [`${counter.origin}/dicom-web/studies/1.5/series/1.5.1/instances/${uid}`],
        },
      })),
    )
    for (const [index, uid] of ['1.5.1.1', '1.5.1.2', '1.5.1.3'].entries()) {
      const now = await kept(uid)
      expect(inside(now).equals(inside(bodies[index]))).toBe(true)
      // The vault's own File Meta, with the source that the sender's named.
      expect(readFileMeta(now!)?.SourceApplicationEntityTitle).toBe('THEIRS')
    }
    const url = answer['00081199']?.Value?.[1]?.['00081190']?.Value?.[0] as unknown as string
    const back = await counter.get(new URL(url).pathname, { accept: 'application/dicom; transfer-syntax=*' })
    expect(inside(Buffer.from(await back.arrayBuffer())).equals(inside(bodies[1]))).toBe(true)
  })

  test('is answered alike when it is sent again', async () => {
    const { status, answer } = await stow(multipart([file('1.5.1.1')]))
    expect(status).toBe(200)
    expect(stored(answer)).toEqual(['1.5.1.1'])
  })

  test('may come alone', async () => {
    const { status, answer } = await stow(file('1.5.1.4'), { 'content-type': 'application/dicom' })
    expect([status, stored(answer)]).toEqual([200, ['1.5.1.4']])
  })

  test('may lack what stands before the data set, and have a File Meta that is stale', async () => {
    const bare = dataSet('1.5.1.5')
    const stale = file('1.5.1.6', { metaSOPInstanceUID: '9.9.9' })
    const { status, answer } = await stow(multipart([bare, stale], 'application/octet-stream'))
    expect([status, stored(answer)]).toEqual([200, ['1.5.1.5', '1.5.1.6']])
  })

  test('is told in XML to who wants it', async () => {
    const response = await fetch(`${counter.origin}/dicom-web/studies`, {
      method: 'POST',
      headers: { 'authorization': `Api-Key ${KEY}`, 'content-type': MULTIPART, 'accept': 'application/dicom+xml' },
      body: new Uint8Array(multipart([file('1.5.1.1'), Buffer.from('no DICOM')])),
    })
    expect(response.status).toBe(202)
    expect(response.headers.get('content-type')).toBe('application/dicom+xml')
    const text = await response.text()
    expect(text).toContain(
      '<DicomAttribute tag="00081155" vr="UI" keyword="ReferencedSOPInstanceUID"><Value number="1">1.5.1.1</Value></DicomAttribute>',
    )
    expect(text).toContain('tag="0008119A"')
  })
})

describe('what is not stored', () => {
  test('is named with its reason, and the rest is', async () => {
    const bodies = [
      file('1.6.1.1', { study: '1.6' }),
      file('1.7.1.1', { study: '1.7' }),
      Buffer.from('this is no DICOM'),
      file('1.6.1.2', { study: '1.6' }),
    ]
    const { status, answer } = await stow(multipart(bodies), { where: '/dicom-web/studies/1.6' })
    expect(status).toBe(202)
    expect(stored(answer)).toEqual(['1.6.1.1', '1.6.1.2'])
    expect(failed(answer)).toEqual([['1.7.1.1', 0xa900]])
    expect(answer['0008119A']?.Value).toEqual([{ '00081197': { vr: 'US', Value: [0xc000] } }])
    expect(await kept('1.7.1.1', '1.7')).toBeUndefined()
    const [problem] = counter.problems.list()
    expect(problem?.sentence).toBe('2 of 4 images that main key at 127.0.0.1 sent by DICOMweb were not stored.')
    expect(problem?.detail).toContain('1.7.1.1')
    expect(problem?.detail).not.toContain('Secret')
  })

  test('is 409 when it is everything', async () => {
    const { status, answer } = await stow(multipart([file('1.7.1.1', { study: '1.7' })]), {
      where: '/dicom-web/studies/1.6',
    })
    expect(status).toBe(409)
    expect(answer['00081199']).toBeUndefined()
    expect(failed(answer)).toEqual([['1.7.1.1', 0xa900]])
  })

  test('is what a body broke off in, and nothing before it', async () => {
    const whole = multipart([file('1.8.1.1', { study: '1.8' }), file('1.8.1.2', { study: '1.8', pixels: 60_000 })])
    const { status, answer } = await stow(whole.subarray(0, whole.length - 200))
    expect(status).toBe(202)
    expect(stored(answer)).toEqual(['1.8.1.1'])
    expect(failed(answer)).toEqual([['1.8.1.2', 0xc000]])
    expect(await kept('1.8.1.2', '1.8')).toBeUndefined()
  })

  test.each([
    ['application/json', 415],
    ['multipart/related; type="application/dicom+json"; boundary=b', 415],
    ['multipart/form-data; boundary=b', 415],
    ['multipart/related; type="application/dicom"', 400],
    [`multipart/related; type="application/dicom"; boundary=${'x'.repeat(71)}`, 400],
    ['multipart/related; type="application/dicom"; boundary=another', 400],
    ['', 415],
  ])('of %s is %i', async (contentType, expected) => {
    const { status } = await stow(multipart([file('1.9.1.1', { study: '1.9' })]), { 'content-type': contentType })
    expect(status).toBe(expected)
    expect(await kept('1.9.1.1', '1.9')).toBeUndefined()
  })

  test('is what nobody could be told of, or belongs to no study', async () => {
    const body = multipart([file('1.9.1.1', { study: '1.9' })])
    expect((await stow(body, { accept: 'text/html' })).status).toBe(406)
    expect((await stow(body, { where: '/dicom-web/studies/abc' })).status).toBe(400)
    expect((await stow(Buffer.from(`--${BOUNDARY}--`))).status).toBe(400)
    expect(await kept('1.9.1.1', '1.9')).toBeUndefined()
  })
})

/** A request whose body the test writes itself. */
function open(headers: Record<string, string> = {}): {
  request: http.ClientRequest
  answer: Promise<http.IncomingMessage>
} {
  const request = http.request({
    host: '127.0.0.1',
    port: counter.port,
    path: '/dicom-web/studies',
    method: 'POST',
    agent: false,
    headers: { 'authorization': `Api-Key ${KEY}`, 'content-type': MULTIPART, ...headers },
  })
  const answer = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', reject)
  })
  return { request, answer }
}

test('a client that dies in the middle leaves nothing half, and the station well', async () => {
  const body = multipart([file('1.10.1.1', { study: '1.10' }), file('1.10.1.2', { study: '1.10', pixels: 3_000_000 })])
  const files = async () => (await readdir(path.join(dataDir, 'landing'))).filter(name => name.endsWith('.dcm')).length
  const before = await files()
  const { request, answer } = open()
  answer.catch(() => {})
  request.write(body.subarray(0, 3_000_000))
  await expect.poll(() => kept('1.10.1.1', '1.10')).toBeDefined()
  await expect.poll(files).toBe(before + 1)
  request.destroy()
  await expect.poll(files).toBe(before)
  expect(await kept('1.10.1.2', '1.10')).toBeUndefined()
  expect((await stow(multipart([file('1.10.1.3', { study: '1.10' })]))).status).toBe(200)
})

test('the body is called for only once it is wanted', async () => {
  const body = multipart([file('1.11.1.1', { study: '1.11' })])
  const welcome = open({ 'expect': '100-continue', 'content-length': String(body.length) })
  let called = false
  welcome.request.on('continue', () => {
    called = true
    welcome.request.end(body)
  })
  welcome.request.flushHeaders()
  expect((await welcome.answer).resume().statusCode).toBe(200)
  expect(called).toBe(true)

  const refused = open({ 'expect': '100-continue', 'authorization': 'Api-Key wrong' })
  refused.request.on('continue', () => expect.unreachable())
  refused.request.flushHeaders()
  expect((await refused.answer).resume().statusCode).toBe(401)
  refused.request.destroy()
})

test('a store that takes nothing says so of each, and when to come again', async () => {
  const full = createFakeStore()
  const { IsocenterError } = await import('../../shared/errors.ts')
  full.beginReceive = () => {
    throw new IsocenterError('disk-full')
  }
  const other = await openCounter(full)
  try {
    const response = await fetch(`${other.origin}/dicom-web/studies`, {
      method: 'POST',
      headers: { 'authorization': `Api-Key ${KEY}`, 'content-type': MULTIPART },
      body: new Uint8Array(multipart([file('1.12.1.1'), file('1.12.1.2')])),
    })
    expect(response.status).toBe(507)
    expect(response.headers.get('retry-after')).toBe('30')
    expect(failed((await response.json()) as Json)).toEqual([
      ['1.12.1.1', 0xa700],
      ['1.12.1.2', 0xa700],
    ])
  } finally {
    await other.close()
  }
})
