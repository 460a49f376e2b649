import { mkdtemp, readFile, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Log } from '../../electron/station/base/log.ts'
import { openStore, type Store } from '../../electron/station/store/index.ts'
import { startWork, type Work } from '../../electron/station/work/index.ts'
import { configSchema } from '../../shared/config.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { below, createRandom, oneOf, type Random } from '../faults/random.ts'
import { startStation } from '../fixtures/station.ts'
import { type Counter, KEY, openCounter, silentLog } from './counter.ts'

/**
 * Requests as a broken or hostile client makes them: made from the grammar of what the counter serves, each a little wrong.
 * `ISOCENTER_FUZZ=100000` for as many; what fails is told with its seed.
 */
const REQUESTS = Number(process.env.ISOCENTER_FUZZ ?? 3000)
const SEED = Number(process.env.ISOCENTER_SEED ?? 1)
const AT_ONCE = 8
/** Of a campaign whose memory is looked at: until then V8 has made its room for garbage. */
const WARM_TENTHS = 3

let dataDir: string
let store: Store
let work: Work
let counter: Counter
/** What the counter logged as its own fault. */
const faults: string[] = []
const log: Log = {
  ...silentLog,
  error: (...words: unknown[]) => faults.push(words.map(word => JSON.stringify(word, errorWords)).join(' ')),
}

function errorWords(_: string, value: unknown): unknown {
  return value instanceof Error ? { message: value.message, stack: value.stack } : value
}

const image = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.7.2',
  StudyInstanceUID: '1.2',
  SeriesInstanceUID: '1.2.1',
  Modality: 'OT',
  PatientName: 'A^B',
  Rows: 8,
  Columns: 8,
  NumberOfFrames: 2,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 8,
  BitsStored: 8,
  HighBit: 7,
  PixelRepresentation: 0,
  PixelData: { vr: 'OB', value: new Uint8Array(128).fill(9) },
} as const

function file(SOPInstanceUID: string): Buffer {
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: image.SOPClassUID,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
  })
  return Buffer.concat([meta, writeDataSet({ ...image, SOPInstanceUID }, encodingOf(TS.ExplicitVRLittleEndian))])
}

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-fuzz-'))
  // What is meant here is the counter: the disk is not waited for.
  store = await openStore({ dataDir, log: silentLog, durability: 'os' })
  work = startWork({ audit: silentAudit, store, log: silentLog, transcodedFolder: path.join(dataDir, 'transcoded') })
  const config = configSchema.parse({ httpPort: 0, web: { origins: ['https://viewer.example'] } })
  counter = await openCounter(store, { dataDir, work, log, config })
  for (const uid of ['1.2.1.1', '1.2.1.2']) {
    const response = await fetch(`${counter.origin}/dicom-web/studies`, {
      method: 'POST',
      headers: { 'authorization': `Api-Key ${KEY}`, 'content-type': 'application/dicom' },
      body: new Uint8Array(file(uid)),
    })
    expect(response.status).toBe(200)
  }
})
afterAll(async () => {
  await counter?.close()
  await work?.close()
  await store?.close()
  await rm(dataDir, { recursive: true, force: true })
})

const UIDS = [
  '1.2',
  '1.2.1',
  '1.2.1.1',
  '1.2.1.2',
  '9.9',
  '',
  '.',
  '0',
  'x'.repeat(70),
  '1.2%00',
  '%E0%A4%A',
  '..',
  '%2e%2e',
  '*',
] as const
const LEAVES = [
  '',
  '/metadata',
  '/rendered',
  '/thumbnail',
  '/series',
  '/instances',
  '/frames/1',
  '/frames/1,2/rendered',
  '/frames/2/thumbnail',
  '/frames/0',
  '/frames/1,,2',
  '/frames/99999999999999999999',
  '/frames/%2c',
  '/bulkdata/7FE00010',
  '/bulkdata/00080005',
  '/bulkdata/52009229/1/00289110',
  '/bulkdata/zz',
  '/bulkdata/',
  '/nowhere',
] as const
const KEYS = [
  'PatientName',
  'PatientID',
  'StudyDate',
  'StudyInstanceUID',
  'ModalitiesInStudy',
  '00100010',
  '0020000D',
  'limit',
  'offset',
  'includefield',
  'fuzzymatching',
  'accept',
  'window',
  'viewport',
  'quality',
  'Nonsense',
  '00280010.00100010',
  '__proto__',
  'constructor',
] as const
const VALUES = [
  '',
  '*',
  '?',
  'A*',
  '20240101-',
  '-20240101',
  '-',
  '1',
  '-1',
  '0',
  '99999999',
  '1e9',
  'NaN',
  '1,2',
  '1,2,linear',
  '1,2,3,4,5,6',
  '10,10',
  '4096,4096',
  '\\\\',
  '%',
  '%00',
  'x'.repeat(1100),
  'true',
  'all',
  'application/dicom+xml',
  'ä',
  "'; DROP TABLE study; --",
  '100',
] as const
const TYPES = [
  'application/dicom',
  'application/dicom+json',
  'application/dicom+xml',
  'application/json',
  'multipart/related',
  'multipart/related; type="application/dicom"',
  'multipart/related; type="application/octet-stream"; transfer-syntax=*',
  'multipart/related; type="image/jpeg"',
  'image/png',
  'image/jpeg',
  'image/*',
  '*/*',
  '*/*;q=0',
  'text/html',
  '',
  '"',
  ';;;',
  ',,,,',
  'multipart/related; type="',
  `${'a/b,'.repeat(300)}`,
] as const
const RANGES = [
  'bytes=0-',
  'bytes=-1',
  'bytes=5-2',
  'bytes=0-0',
  'bytes=999999-',
  'bytes=0-1,2-3',
  'bytes=-',
  'lines=1-2',
  'bytes=00000000000000000000-',
] as const
const CALLS = [
  'studies.list',
  'study.get',
  'instance.header',
  'apiKeys.make',
  'apiKeys.revoke',
  'toString',
  '__proto__',
  'nowhere',
  '',
] as const

function target(random: Random): string {
  const query = () => {
    const pairs = Array.from(
      { length: below(random, 4) },
      () => `${oneOf(random, KEYS)}=${encodeURIComponent(oneOf(random, VALUES))}`,
    )
    return pairs.length > 0 ? `?${pairs.join('&')}` : ''
  }
  const kind = random()
  if (kind < 0.05) return `/api/${oneOf(random, CALLS)}${query()}`
  if (kind < 0.08)
    return oneOf(random, [
      '/',
      '/healthz',
      '/metrics',
      '//',
      '/..',
      '/dicom-web',
      '/dicom-web//',
      '/%',
      '*',
      'http://x/',
      '/?key=x',
      '/api/thumbnails?study=1',
      '/api/volumes/x/only-here',
    ])
  if (kind < 0.3) return `/dicom-web${oneOf(random, ['/studies', '/series', '/instances', '/', '/studies/'])}${query()}`
  // Mostly what is there, so that what lies behind it is reached.
  const uid = (there: string) => (random() < 0.85 ? there : oneOf(random, UIDS))
  const level = below(random, 3)
  const study = `/dicom-web/studies/${uid('1.2')}`
  const series = level > 0 ? `/series/${uid('1.2.1')}` : ''
  const instance = level > 1 ? `/instances/${uid('1.2.1.1')}` : ''
  return `${study}${series}${instance}${oneOf(random, LEAVES)}${query()}`
}

/** Some of the bytes changed, cut out, doubled or put in. */
function mutated(random: Random, bytes: Buffer): Buffer {
  let now = bytes
  for (let i = below(random, 4); i > 0 && now.length > 0; i--) {
    const at = below(random, now.length)
    const length = below(random, 40)
    const [before, piece, after] = [now.subarray(0, at), now.subarray(at, at + length), now.subarray(at + length)]
    const noise = Buffer.from(Array.from({ length }, () => below(random, 256)))
    const pieces: Buffer[][] = [
      [before, after],
      [before, piece, piece, after],
      [before, noise, after],
      [before, noise, piece, after],
      [before],
    ]
    now = Buffer.concat(pieces[below(random, pieces.length)] ?? [])
  }
  return now
}

function stow(random: Random): { type: string; body: Buffer } {
  const boundary = oneOf(random, ['b', '----x', 'x'.repeat(70), 'a b'])
  const said = random() < 0.9 ? boundary : oneOf(random, ['', 'c', 'x'.repeat(71), '"', 'b\\'])
  const parts = Array.from({ length: below(random, 4) }, () => {
    const head = oneOf(random, [
      'Content-Type: application/dicom\r\n',
      '',
      'Content-Type: text/plain\r\n',
      ': \r\n:::\r\n',
      `X: ${'y'.repeat(9000)}\r\n`,
    ])
    const uid = `1.2.1.${1 + below(random, 5)}`
    const body = oneOf(random, [
      file(uid),
      mutated(random, file(uid)),
      mutated(random, file(uid).subarray(132)),
      Buffer.alloc(0),
      Buffer.from(`\r\n--${boundary}`),
    ])
    return Buffer.concat([Buffer.from(`--${boundary}\r\n${head}\r\n`), body, Buffer.from('\r\n')])
  })
  const whole = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)])
  const type = `multipart/related; type="application/dicom"; boundary="${said}"`
  const single = random() < 0.1
  if (single) return { type: 'application/dicom', body: mutated(random, file('1.2.1.3')) }
  return { type: random() < 0.9 ? type : oneOf(random, TYPES), body: random() < 0.5 ? whole : mutated(random, whole) }
}

/** Who is asked. */
interface Target {
  port: number
  key: string
}

/** One request as bytes, and how much of its body is sent before the client goes away. */
function request(random: Random, { port, key }: Target): { head: string; body: Buffer; cut: boolean } {
  const isPost = random() < 0.3
  const method = isPost
    ? 'POST'
    : oneOf(random, ['GET', 'GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT', 'PATCH'])
  const { type, body } = isPost ? stow(random) : { type: oneOf(random, TYPES), body: Buffer.alloc(0) }
  const where =
    isPost && random() < 0.8
      ? oneOf(random, ['/dicom-web/studies', '/dicom-web/studies/1.2', '/dicom-web/studies/9.9'])
      : target(random)
  const headers = [
    `host: 127.0.0.1:${port}`,
    'connection: close',
    random() < 0.95
      ? `authorization: Api-Key ${key}`
      : oneOf(random, ['authorization: Basic ?', 'cookie: isocenter-1=%', `authorization: Bearer ${'x'.repeat(5000)}`]),
  ]
  const wanted = random() < 0.5 ? '*/*, multipart/related; type="*/*"; transfer-syntax=*' : oneOf(random, TYPES)
  headers.push(`accept: ${wanted}`)
  if (random() < 0.2) headers.push(`range: ${oneOf(random, RANGES)}`)
  if (random() < 0.1) headers.push(`if-none-match: ${oneOf(random, ['*', '"x"', 'W/"', ',,,'])}`)
  if (random() < 0.1) headers.push(`if-range: ${oneOf(random, ['"x"', 'Mon'])}`)
  if (random() < 0.3) headers.push(`accept-encoding: ${oneOf(random, ['gzip', 'zstd', 'gzip;q=0', '*', ';;;'])}`)
  if (random() < 0.1)
    headers.push(`origin: ${oneOf(random, ['https://viewer.example', 'null', 'https://evil.example'])}`)
  if (random() < 0.05) headers.push('access-control-request-method: GET')
  const cut = random() < 0.05
  if (method !== 'GET' && method !== 'HEAD') {
    headers.push(`content-type: ${type}`, `content-length: ${cut ? body.length + 10 : body.length}`)
  }
  return {
    head: `${method} ${where.replaceAll(/[\s\r\n]/g, '%20')} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`,
    body,
    cut,
  }
}

/** The answer's status and body; 0 when the connection was closed without one. */
function send(
  { port }: Target,
  { head, body, cut }: ReturnType<typeof request>,
): Promise<{ status: number; text: string }> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', chunk => chunks.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1')
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text })
    })
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]))
    if (cut) setImmediate(() => socket.destroy())
  })
}

const isOurFault = ({ status, text }: { status: number; text: string }) =>
  status === 500 || text.includes('"code":"internal"')

/** So many requests, eight at a time: how they were answered, and those that were our fault or were not answered at all. */
async function campaign(target: Target, firstSeed: number, count: number) {
  const statuses = new Map<number, number>()
  const wrong: string[] = []
  let next = 0
  const client = async () => {
    while (next < count) {
      const seed = firstSeed + next++
      const made = request(createRandom(seed), target)
      const answer = await send(target, made)
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      if (isOurFault(answer) || (answer.status === 0 && !made.cut))
        wrong.push(`${seed}: ${answer.status} to ${made.head.slice(0, 300)}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, client))
  return { statuses, wrong }
}

test(`${REQUESTS} requests, each a little wrong, are answered with what is wrong with them`, {
  timeout: 3_600_000,
}, async () => {
  const { statuses, wrong } = await campaign({ port: counter.port, key: KEY }, SEED * 1_000_003, REQUESTS)
  expect(wrong.slice(0, 5)).toEqual([])
  expect(faults.slice(0, 3)).toEqual([])
  // It was more than a wall of refusals.
  const share = (from: number, to: number) =>
    [...statuses].filter(([status]) => status >= from && status < to).reduce((sum, [, count]) => sum + count, 0) /
    REQUESTS
  expect(share(200, 300)).toBeGreaterThan(0.1)
  expect(share(400, 500)).toBeGreaterThan(0.15)
  // And it is well.
  expect((await counter.get('/dicom-web/studies?StudyInstanceUID=1.2')).status).toBe(200)
  expect((await counter.get('/healthz')).status).toBe(200)
  if (process.env.ISOCENTER_FUZZ) console.log(Object.fromEntries([...statuses].sort()))
})

// Of a station in a process of its own, so that the client's memory is not counted; run it when it was built.
if (process.env.ISOCENTER_FUZZ && process.platform === 'linux') {
  test(`a station's process that is warm holds no more memory after ${REQUESTS} such requests`, {
    timeout: 3_600_000,
  }, async () => {
    const station = await startStation({ config: { durability: 'os' } })
    try {
      const target = { port: station.httpPort, key: new URL(station.url).searchParams.get('key') ?? '' }
      const memory = async () => {
        const status = await readFile(`/proc/${station.process.pid}/status`, 'utf8')
        const of = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1])
        return { all: of('VmRSS') / 1024, own: of('RssAnon') / 1024, threads: of('Threads') }
      }
      const tenth = Math.ceil(REQUESTS / 10)
      const found: Array<Awaited<ReturnType<typeof memory>>> = []
      for (let i = 0; i < 10; i++) {
        const { wrong } = await campaign(target, SEED * 1_000_003 + i * tenth, tenth)
        expect(wrong.slice(0, 5)).toEqual([])
        found.push(await memory())
      }
      const told = found.map(({ all, own, threads }) => `${all.toFixed(0)} (${own.toFixed(0)}, ${threads})`)
      console.log(`MiB of the station's process (its own, its threads) after each tenth: ${told.join(', ')}`)
      // V8 makes 40 MiB of room for garbage in the first tenths (live objects stay at 23, threads at 16): what grows from then on would grow for ever.
      expect((found.at(-1)?.all ?? 0) - (found[WARM_TENTHS - 1]?.all ?? 0)).toBeLessThan(50)
    } finally {
      await station.stop()
    }
  })
}
