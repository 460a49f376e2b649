import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../../electron/station/store/index.ts'
import { openApiKeys } from '../../electron/station/web/apiKeys.ts'
import { chooseCoding } from '../../electron/station/web/contentCoding.ts'
import { FailureLimit, isLoopback } from '../../electron/station/web/failureLimit.ts'
import { codecFor } from '../../electron/station/work/decode/codecs.ts'
import { startWork, type Work } from '../../electron/station/work/index.ts'
import { type Config, configSchema } from '../../shared/config.ts'
import type { CallOut } from '../../shared/contract.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { readPng } from '../fixtures/png.ts'
import { type Counter, openCounter, silentLog } from './counter.ts'

/** The DICOMweb server beyond searching and fetching, over the real store and workshop. */
let dataDir: string
let store: Store
let work: Work
let counter: Counter

const SIZE = { rows: 20, columns: 30 }
const FRAMES = 3
/** A ramp from left to right, another one in each frame. */
const pixels = Uint16Array.from({ length: SIZE.rows * SIZE.columns * FRAMES }, (_, i) => {
  const frame = Math.floor(i / (SIZE.rows * SIZE.columns))
  return (i % SIZE.columns) * 10 + frame * 100
})

async function put(instance: number, values: Record<string, unknown>): Promise<void> {
  const SOPInstanceUID = `1.3.1.${instance}`
  const all = {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.7.3',
    SOPInstanceUID,
    StudyInstanceUID: '1.3',
    SeriesInstanceUID: '1.3.1',
    Modality: 'OT',
    PatientName: 'A<b>&"c"^D',
    PatientID: 'P',
    InstanceNumber: instance,
    ...values,
  }
  const bytes = writeDataSet(all as Parameters<typeof writeDataSet>[0], encodingOf(TS.ExplicitVRLittleEndian))
  const receive = store.beginReceive({
    origin: { door: 'import', sourceAET: 'TEST', sendingAET: '', receivingAET: '', address: '' },
    SOPClassUID: all.SOPClassUID,
    SOPInstanceUID,
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
  })
  await receive.write(bytes)
  await receive.commit()
}

const grey = {
  Rows: SIZE.rows,
  Columns: SIZE.columns,
  NumberOfFrames: FRAMES,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 0,
  WindowCenter: 128,
  WindowWidth: 256,
  PixelData: pixels,
  RedPaletteColorLookupTableData: { vr: 'OW', value: new Uint16Array(2000).fill(7) },
}
const OTHER_PAGE = 'https://viewer.example'

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-whole-'))
  store = await openStore({ dataDir, log: silentLog })
  work = startWork({ audit: silentAudit, store, log: silentLog, transcodedFolder: path.join(dataDir, 'transcoded') })
  const config: Config = configSchema.parse({ httpPort: 0, web: { origins: [OTHER_PAGE] } })
  counter = await openCounter(store, { dataDir, work, config })
  await put(1, grey)
  await put(2, {
    ...grey,
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    NumberOfFrames: 1,
    PixelData: {
      vr: 'OB',
      value: Uint8Array.from({ length: SIZE.rows * SIZE.columns * 3 }, (_, i) => [200, 100, 50][i % 3]!),
    },
  })
  await put(3, { SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.11', Modality: 'SR' })
})
afterAll(async () => {
  await counter?.close()
  await work?.close()
  await store?.close()
  await rm(dataDir, { recursive: true, force: true })
})

const at = (instance: number, rest = '') => `/dicom-web/studies/1.3/series/1.3.1/instances/1.3.1.${instance}${rest}`
const bodyOf = async (response: Response) => Buffer.from(await response.arrayBuffer())
const row = (all: Uint8Array, length: number) => [...all.subarray(0, length)]

describe('rendered pictures', () => {
  test('show the image through its own window, pixel for pixel', async () => {
    const response = await counter.get(at(1, '/frames/1/rendered'), { accept: 'image/png' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/png')
    const png = readPng(await bodyOf(response))
    expect([png.width, png.height, png.samples]).toEqual([SIZE.columns, SIZE.rows, 1])
    // PS3.3 C.11.2.1.2.1: LINEAR, centre 128, width 256.
    const expected = Array.from({ length: SIZE.columns }, (_, x) =>
      Math.round(Math.min(255, Math.max(0, ((x * 10 - 127.5) / 255 + 0.5) * 255))),
    )
    expect(row(png.pixels, SIZE.columns)).toEqual(expected)
  })

  test('or through the one that is asked for', async () => {
    for (const [name, value] of [
      ['linear', (v: number) => ((v - 149.5) / 99 + 0.5) * 255],
      ['linear-exact', (v: number) => ((v - 150) / 100 + 0.5) * 255],
      ['sigmoid', (v: number) => 255 / (1 + Math.exp((-4 * (v - 150)) / 100))],
    ] as const) {
      const response = await counter.get(at(1, `/frames/1/rendered?window=150,100,${name}`), { accept: 'image/png' })
      const png = readPng(await bodyOf(response))
      const expected = Array.from({ length: SIZE.columns }, (_, x) => Math.min(255, Math.max(0, value(x * 10))))
      const worst = Math.max(...expected.map((grey, x) => Math.abs(grey - png.pixels[x]!)))
      expect(worst, name).toBeLessThanOrEqual(1)
    }
  })

  test('fit the viewport, whole or in part', async () => {
    const size = async (viewport: string) => {
      const png = readPng(
        await bodyOf(await counter.get(at(1, `/rendered?viewport=${viewport}`), { accept: 'image/png' })),
      )
      return [png.width, png.height]
    }
    expect(await size('15,100')).toEqual([15, 10])
    expect(await size('60,40')).toEqual([60, 40])
    expect(await size('100,100,10,5,10,10')).toEqual([100, 100])
  })

  test('are JPEGs that any decoder shows', async () => {
    const jpeg = await bodyOf(await counter.get(at(2, '/rendered?quality=95'), { accept: 'image/jpeg' }))
    const decode = codecFor(TS.JPEGBaseline8Bit, jpeg)
    const { columns, rows, values } = await decode!(jpeg)
    expect([columns, rows]).toEqual([SIZE.columns, SIZE.rows])
    for (const [i, wanted] of [200, 100, 50].entries()) expect(Math.abs(values[i]! - wanted)).toBeLessThanOrEqual(3)
  })

  test('come in parts, every frame of every image that has a picture', async () => {
    const response = await counter.get('/dicom-web/studies/1.3/rendered', {
      accept: 'multipart/related; type="image/png"',
    })
    const text = (await bodyOf(response)).toString('latin1')
    expect(text.match(/Content-Type: image\/png/g)).toHaveLength(FRAMES + 1)
    const two = await counter.get(at(1, '/frames/3,1/rendered'), { accept: 'multipart/related; type="image/jpeg"' })
    expect((await bodyOf(two)).toString('latin1').match(/Content-Type: image\/jpeg/g)).toHaveLength(2)
  })

  test('stand for a series and a study; thumbnails come as either kind', async () => {
    for (const where of ['/dicom-web/studies/1.3', '/dicom-web/studies/1.3/series/1.3.1', at(1)]) {
      const whole = await counter.get(`${where}/rendered`)
      expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
      await whole.body?.cancel()
      const small = await counter.get(`${where}/thumbnail`, { accept: 'image/jpeg' })
      expect([small.status, small.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
      await small.body?.cancel()
    }
    const png = readPng(await bodyOf(await counter.get(at(1, '/frames/2/thumbnail'), { accept: 'image/png' })))
    expect(Math.max(png.width, png.height)).toBe(128)
  })

  test.each([
    [at(1, '/rendered?window=1'), 'image/png', 400],
    [at(1, '/rendered?window=1,0'), 'image/png', 400],
    [at(1, '/rendered?window=1,2,cubic'), 'image/png', 400],
    [at(1, '/rendered?window=1e99999,2'), 'image/png', 400],
    [at(1, '/rendered?viewport=0,10'), 'image/png', 400],
    [at(1, '/rendered?viewport=100000,10'), 'image/png', 400],
    [at(1, '/rendered?viewport=10,10,100,100,5,5'), 'image/png', 400],
    [at(1, '/rendered?quality=0'), 'image/png', 400],
    [at(1, '/rendered'), 'image/gif', 406],
    [at(1, '/frames/1,2/rendered'), 'image/png', 406],
    [at(1, '/frames/4/rendered'), 'image/png', 404],
    [at(1, '/frames/0/rendered'), 'image/png', 400],
    [at(3, '/rendered'), 'image/png', 404],
    [at(3, '/thumbnail'), 'image/png', 404],
    [at(9, '/rendered'), 'image/png', 404],
  ])('%s as %s is %i', async (where, accept, status) => {
    expect((await counter.get(where, { accept })).status).toBe(status)
  })
})

describe('an answer that is here already', () => {
  test.each([
    [at(1), 'application/dicom; transfer-syntax=*'],
    [at(1, '/metadata'), 'application/dicom+json'],
    ['/dicom-web/studies/1.3', 'multipart/related; type="application/dicom"; transfer-syntax=*'],
    [at(1, '/frames/1'), 'application/octet-stream'],
    [at(1, '/rendered'), 'image/png'],
    [at(1, '/thumbnail'), 'image/jpeg'],
    [at(1, '/bulkdata/00281201'), 'application/octet-stream'],
  ])('%s as %s is not sent again', async (where, accept) => {
    const first = await counter.get(where, { accept })
    expect(first.status).toBe(200)
    const tag = first.headers.get('etag') ?? ''
    expect(tag).toMatch(/^(W\/)?"[\w-]{27}"$/)
    await first.body?.cancel()
    const again = await counter.get(where, { accept, 'if-none-match': `"other", ${tag}` })
    expect([again.status, again.headers.get('etag')]).toEqual([304, tag])
    const another = await counter.get(where, { accept, 'if-none-match': '"other"' })
    expect(another.status).toBe(200)
    await another.body?.cancel()
  })

  test('goes on where it broke off, unless it has changed', async () => {
    for (const [where, accept] of [
      [at(1), 'application/dicom; transfer-syntax=*'],
      [at(1, '/frames/2'), 'application/octet-stream'],
      [at(1, '/bulkdata/00281201'), 'application/octet-stream'],
    ] as const) {
      const whole = await counter.get(where, { accept })
      const tag = whole.headers.get('etag') ?? ''
      const bytes = await bodyOf(whole)
      const part = await counter.get(where, { accept, 'range': 'bytes=100-', 'if-range': tag })
      expect(part.status).toBe(206)
      expect((await bodyOf(part)).equals(bytes.subarray(100))).toBe(true)
      const stale = await counter.get(where, { accept, 'range': 'bytes=100-', 'if-range': '"another"' })
      expect(stale.status).toBe(200)
      expect((await bodyOf(stale)).equals(bytes)).toBe(true)
    }
  })
})

/** As sent: fetch undoes codings by itself. */
function raw(
  where: string,
  headers: Record<string, string>,
): Promise<{ headers: http.IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = http.get(counter.origin + where, { agent: false, headers: { ...KEYED, ...headers } }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }))
    })
    request.on('error', reject)
  })
}
const KEYED = { authorization: 'Api-Key a-key+of/ours==' }
/** What a proxy on this machine says for a client that is elsewhere. */
const PROXIED = { via: '1.1 proxy' }

describe('headers of many images', () => {
  test.each([
    ['/dicom-web/studies/1.3/metadata', 'application/dicom+json'],
    ['/dicom-web/studies', 'application/dicom+json'],
    ['/dicom-web/', 'application/vnd.sun.wadl+xml'],
  ])('%s comes as small as the client takes it, and says the same', async (where, accept) => {
    const plain = await raw(where, { accept })
    const gzip = await raw(where, { accept, 'accept-encoding': 'gzip, deflate', ...PROXIED })
    const zstd = await raw(where, { accept, 'accept-encoding': 'gzip, deflate, br, zstd', ...PROXIED })
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(gzip.headers['content-encoding']).toBe('gzip')
    expect(zstd.headers['content-encoding']).toBe('zstd')
    expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true)
    expect(zstdDecompressSync(zstd.body).equals(plain.body)).toBe(true)
    expect(gzip.headers.vary).toContain('accept-encoding')
  })

  test('a client on this machine gets them as they are: nothing is saved on the way', async () => {
    const accept = 'application/dicom+json'
    const here = await raw('/dicom-web/studies', { accept, 'accept-encoding': 'gzip, deflate, br, zstd' })
    expect(here.headers['content-encoding']).toBeUndefined()
    expect(here.body.equals((await raw('/dicom-web/studies', { accept })).body)).toBe(true)
  })

  test('pixels are sent as they lie there', async () => {
    const { headers } = await raw(at(1, '/frames/1'), {
      'accept': 'application/octet-stream',
      'accept-encoding': 'gzip',
      ...PROXIED,
    })
    expect(headers['content-encoding']).toBeUndefined()
  })

  test.each([
    ['gzip;q=0, zstd;q=0', undefined],
    ['zstd;q=0.1, gzip', 'gzip'],
    ['*', 'zstd'],
    ['*;q=0', undefined],
    ['br, deflate', undefined],
    ['gzip;q=nonsense', undefined],
    [null, undefined],
  ])('of %s the coding is %s', (header, coding) => {
    expect(chooseCoding(header)).toBe(coding)
  })

  test('come as documents of the Native DICOM Model', async () => {
    const response = await counter.get('/dicom-web/studies/1.3/metadata', {
      accept: 'multipart/related; type="application/dicom+xml"',
    })
    const text = (await bodyOf(response)).toString()
    expect(text.match(/<NativeDicomModel /g)).toHaveLength(3)
    expect(text).toContain('<FamilyName>A&lt;b&gt;&amp;&quot;c&quot;</FamilyName><GivenName>D</GivenName>')
    const uri = /tag="00281201" vr="OW"[^>]*><BulkData uri="([^"]+)"/.exec(text)?.[1] ?? ''
    const value = await bodyOf(await counter.get(new URL(uri).pathname))
    expect(value.equals(Buffer.from(new Uint16Array(2000).fill(7).buffer))).toBe(true)
  })
})

describe('the service describes itself', () => {
  test('with every route it has', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      const response = await fetch(`${counter.origin}/dicom-web/`, { method, headers: KEYED })
      expect(response.headers.get('content-type')).toBe('application/vnd.sun.wadl+xml')
      const text = await response.text()
      expect(text).toContain(`<resources base="${counter.origin}/dicom-web/">`)
      for (const id of ['SearchForStudies', 'StoreInstances', 'RetrieveFrames', 'RetrieveRenderedSeries']) {
        expect(text).toContain(`id="${id}"`)
      }
    }
  })

  test('and says what may be done with a resource', async () => {
    const allowed = async (method: string, where: string) => {
      const response = await fetch(`${counter.origin}/dicom-web${where}`, { method, headers: KEYED })
      return [response.status, response.headers.get('allow')]
    }
    expect(await allowed('OPTIONS', '/studies')).toEqual([200, 'GET, POST, HEAD, OPTIONS'])
    expect(await allowed('PUT', '/studies')).toEqual([405, 'GET, POST, HEAD, OPTIONS'])
    expect(await allowed('POST', '/series')).toEqual([405, 'GET, HEAD, OPTIONS'])
    expect(await allowed('GET', '/nowhere')).toEqual([404, null])
  })
})

async function call<N extends 'apiKeys.list' | 'apiKeys.make' | 'apiKeys.revoke'>(
  name: N,
  input: unknown,
): Promise<CallOut<N>> {
  const response = await counter.post(`/api/${name}`, input)
  expect(response.status).toBe(200)
  return (await response.json()) as CallOut<N>
}
const status = async (where: string, secret: string, init: RequestInit = {}) =>
  (await fetch(counter.origin + where, { ...init, headers: { authorization: `Bearer ${secret}` } })).status

describe('keys', () => {
  test('open what they were made for, until they are revoked', async () => {
    const { key, secret } = await call('apiKeys.make', { name: 'Slicer', scopes: ['read'] })
    expect(await status('/dicom-web/studies', secret)).toBe(200)
    expect(await status('/dicom-web/studies', secret, { method: 'POST', body: '' })).toBe(403)
    expect(await status('/api/apiKeys.list', secret, { method: 'POST', body: '{}' })).toBe(403)
    const { keys } = await call('apiKeys.list', {})
    expect(keys).toEqual([{ ...key, lastUsedAt: expect.any(Number) }])
    const file = await readFile(path.join(counter.dir, 'api-keys.json'), 'utf8')
    expect(file).toContain('Slicer')
    expect(file).not.toContain(secret)
    expect(JSON.stringify(keys)).not.toContain('hash')
    await call('apiKeys.revoke', { id: key.id })
    expect(await status('/dicom-web/studies', secret)).toBe(401)
    expect((await counter.post('/api/apiKeys.revoke', { id: key.id })).status).toBe(404)
  })

  test('outlive the station; a file that is none is set aside and told of', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'isocenter-keys-'))
    try {
      let now = 1_000_000
      let told = 0
      const open = () =>
        openApiKeys(
          folder,
          silentLog,
          () => told++,
          () => now,
        )
      const first = await open()
      const [one, two] = await Promise.all([first.make('one', ['store']), first.make('two', ['read', 'read'])])
      now += 1000
      first.used(one.key.id)
      await first.revoke(two.key.id)
      await first.close()
      const second = await open()
      expect(second.list()).toEqual([{ ...one.key, lastUsedAt: now }])
      expect(second.find(one.secret)?.scopes).toEqual(['store'])
      expect(second.find(two.secret)).toBeUndefined()
      expect(second.find('')).toBeUndefined()
      await writeFile(path.join(folder, 'api-keys.json'), '{"version":1,"keys":[{}]}')
      expect((await open()).list()).toEqual([])
      expect(told).toBe(1)
      expect(await readFile(path.join(folder, 'api-keys.damaged.json'), 'utf8')).toContain('[{}]')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('that are wrong too often are not looked at any more; the right one of this machine still is', async () => {
    const answers: number[] = []
    for (let i = 0; i < 12; i++) answers.push(await status('/dicom-web/studies', `guess ${i}`))
    expect(answers.slice(0, 5)).toEqual([401, 401, 401, 401, 401])
    const refused = await fetch(`${counter.origin}/dicom-web/studies`, { headers: { authorization: 'Bearer again' } })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await counter.get('/dicom-web/studies')).status).toBe(200)
  })

  test('ten at once, then ten a minute, for each address alone', () => {
    let now = 0
    const limit = new FailureLimit(() => now)
    const tries = (address: string, count: number) => Array.from({ length: count }, () => limit.fail(address))
    expect(tries('192.0.2.1', 12).filter(Boolean)).toHaveLength(10)
    expect(limit.retryAfter('192.0.2.1')).toBe(6)
    expect(limit.retryAfter('192.0.2.2')).toBe(0)
    now += 6000
    expect(limit.retryAfter('192.0.2.1')).toBe(0)
    expect(tries('192.0.2.1', 2)).toEqual([true, false])
    now += 3_600_000
    expect(tries('192.0.2.1', 12).filter(Boolean)).toHaveLength(10)
    for (let i = 0; i < 20_000; i++) limit.fail(`2001:db8::${i.toString(16)}`)
    expect(limit.retryAfter('192.0.2.1')).toBe(0)
    expect([isLoopback('127.0.0.1'), isLoopback('::1'), isLoopback('192.0.2.1')]).toEqual([true, true, false])
  })
})

describe('pages of other origins', () => {
  const ask = (method: string, headers: Record<string, string>, where = '/dicom-web/studies') =>
    new Promise<{ status: number; headers: http.IncomingHttpHeaders }>((resolve, reject) => {
      const request = http.request(counter.origin + where, { method, agent: false, headers }, response => {
        response.resume()
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }))
      })
      request.on('error', reject)
      request.end()
    })
  const preflight = { 'origin': OTHER_PAGE, 'access-control-request-method': 'GET' }

  test('that are listed may ask, with a key of their own', async () => {
    const asked = await ask('OPTIONS', preflight)
    expect(asked.status).toBe(204)
    expect(asked.headers['access-control-allow-origin']).toBe(OTHER_PAGE)
    expect(asked.headers['access-control-allow-headers']).toContain('authorization')
    expect(asked.headers['access-control-allow-credentials']).toBeUndefined()
    const answered = await ask('GET', { origin: OTHER_PAGE, ...KEYED })
    expect(answered.status).toBe(200)
    expect(answered.headers['access-control-allow-origin']).toBe(OTHER_PAGE)
    expect(answered.headers.vary).toContain('origin')
    expect((await ask('GET', { origin: OTHER_PAGE })).status).toBe(401)
  })

  test('others hear nothing, and nobody of anything but DICOMweb', async () => {
    for (const [headers, where] of [
      [{ ...preflight, origin: 'https://evil.example' }, '/dicom-web/studies'],
      [preflight, '/api/studies.list'],
      [preflight, '/'],
    ] as const) {
      const asked = await ask('OPTIONS', headers, where)
      expect(asked.status).toBe(401)
      expect(asked.headers['access-control-allow-origin']).toBeUndefined()
    }
    const answered = await ask('GET', { origin: 'https://evil.example', ...KEYED })
    expect(answered.headers['access-control-allow-origin']).toBeUndefined()
  })

  test.each(['https://x.example/', 'https://X.example', '*', 'null', 'x.example', 'file://'])(
    '%s is no origin',
    origin => {
      expect(configSchema.safeParse({ web: { origins: [origin] } }).success).toBe(false)
    },
  )
})
