import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MultipartReader } from '../../electron/station/base/multipart.ts'
import { openStore, type Store } from '../../electron/station/store/index.ts'
import { startWork, type Work } from '../../electron/station/work/index.ts'
import { contract } from '../../shared/contract.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet } from '../../shared/dicom/writer.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { dataSetBytes, smallCT } from '../fixtures/oddFiles.ts'
import { type Counter, openCounter, silentLog } from './counter.ts'

/** What is not stored as it is asked for, over the real store and workshop. */
let dataDir: string
let store: Store
let work: Work
let counter: Counter

const FRAMES = 40
/** 16 bits, 4 × 4, another value in each frame. */
const pixels = Uint16Array.from({ length: 16 * FRAMES }, (_, i) => (Math.floor(i / 16) + 1) * 257)
const native = Buffer.from(pixels.buffer)
/** PS3.5 annex G: two segments, most significant bytes first, each one run of 16 equal bytes. */
const rle = Array.from({ length: FRAMES }, (_, frame) => {
  const header = Buffer.alloc(64)
  for (const [i, value] of [2, 64, 66].entries()) header.writeUInt32LE(value, i * 4)
  return [Uint8Array.from([...header, 0xf1, frame + 1, 0xf1, frame + 1])]
})

const STORED = {
  explicit: TS.ExplicitVRLittleEndian,
  implicit: TS.ImplicitVRLittleEndian,
  bigEndian: TS.ExplicitVRBigEndian,
  deflated: TS.DeflatedExplicitVRLittleEndian,
  rle: TS.RLELossless,
}
const uids = Object.fromEntries(Object.keys(STORED).map((name, i) => [name, `2.25.2.${i + 1}`]))

async function put(study: string, SOPInstanceUID: string, TransferSyntaxUID: string, changes: NewDataSet = {}) {
  const compressed = TransferSyntaxUID === TS.RLELossless ? { PixelData: encapsulate(rle, { bot: false }) } : {}
  const values = smallCT({
    StudyInstanceUID: study,
    SeriesInstanceUID: `${study}.1`,
    SOPInstanceUID,
    NumberOfFrames: FRAMES,
    PixelData: pixels,
    ...compressed,
    ...changes,
  })
  const plain = dataSetBytes(values, TransferSyntaxUID)
  const receive = store.beginReceive({
    origin: { door: 'import', sourceAET: 'TEST', sendingAET: '', receivingAET: '', address: '' },
    SOPClassUID: String(values.SOPClassUID),
    SOPInstanceUID,
    TransferSyntaxUID,
  })
  await receive.write(TransferSyntaxUID === TS.DeflatedExplicitVRLittleEndian ? deflateRawSync(plain) : plain)
  await receive.commit()
}

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-transcoded-'))
  store = await openStore({ dataDir, log: silentLog, durability: 'os' })
  work = startWork({ store, audit: silentAudit, log: silentLog, transcodedFolder: path.join(dataDir, 'transcoded') })
  counter = await openCounter(store, { dataDir, work })
  for (const [name, syntax] of Object.entries(STORED)) await put('2.25.2', uids[name] ?? '', syntax)
  await put('2.25.3', '2.25.3.1', TS.MPEG4HP41)
  await put('2.25.3', '2.25.3.2', TS.ExplicitVRLittleEndian)
  // A codestream that is none, behind two that are.
  await put('2.25.4', '2.25.4.1', TS.RLELossless, { InstanceNumber: 1 })
  await put('2.25.4', '2.25.4.2', TS.RLELossless, { InstanceNumber: 2 })
  const broken = encapsulate(Array(FRAMES).fill([new Uint8Array(70).fill(9)]), { bot: false })
  await put('2.25.4', '2.25.4.3', TS.RLELossless, { InstanceNumber: 3, PixelData: broken })
  await put('2.25.5', '2.25.5.1', TS.RLELossless, { PatientName: 'Wrong^Patient' })
})
afterAll(async () => {
  await counter?.close()
  await work?.close()
  await store?.close()
  await rm(dataDir, { recursive: true, force: true })
})

const at = (study: string, instance: string) => `/dicom-web/studies/${study}/series/${study}.1/instances/${instance}`
const get = (where: string, accept?: string) => counter.get(where, accept ? { accept } : {})
const PARTS = 'multipart/related; type="application/dicom"'
const EXPLICIT = `application/dicom; transfer-syntax=${TS.ExplicitVRLittleEndian}`

interface GotPart {
  type: string
  body: Buffer
}

async function partsOf(response: Response): Promise<GotPart[]> {
  expect(response.status).toBe(200)
  const boundary = /boundary=([^;]+)/.exec(response.headers.get('content-type') ?? '')?.[1] ?? ''
  const reader = new MultipartReader(response.body ?? new ReadableStream(), boundary)
  const parts: GotPart[] = []
  for (let part = await reader.next(); part; part = await reader.next()) {
    const chunks: Buffer[] = []
    for await (const chunk of part.body) chunks.push(Buffer.from(chunk))
    parts.push({ type: part.headers.get('content-type') ?? '', body: Buffer.concat(chunks) })
  }
  return parts
}

/** A Part-10 file that says of itself what it is. */
function dataSetOf(file: Buffer): DataSet {
  const meta = readFileMeta(file)
  expect(meta?.TransferSyntaxUID).toBe(TS.ExplicitVRLittleEndian)
  return DataSet.read(file.subarray(meta?.dataSetOffset), encodingOf(TS.ExplicitVRLittleEndian))
}

/** Nothing lies in the workshop's folder for sending, and goes on lying there: the last removal may follow the answer's end. */
async function nothingLeft(): Promise<void> {
  const folder = path.join(dataDir, 'transcoded')
  let empty = 0
  await expect
    .poll(
      async () => {
        const names = await readdir(folder).catch(() => [])
        empty = names.length === 0 ? empty + 1 : 0
        return empty
      },
      { interval: 30, timeout: 10_000 },
    )
    .toBeGreaterThan(3)
}

test.each(Object.keys(STORED))(
  '%s: without a word about the form it comes as Explicit VR Little Endian',
  async name => {
    for (const accept of [undefined, '*/*', PARTS, `${PARTS}; transfer-syntax=${TS.ExplicitVRLittleEndian}`]) {
      const [part, ...others] = await partsOf(await get(at('2.25.2', uids[name] ?? ''), accept))
      expect([part?.type, others.length]).toEqual([EXPLICIT, 0])
      const dataSet = dataSetOf(part?.body ?? Buffer.alloc(0))
      expect(Buffer.from(dataSet.bytes('PixelData') ?? []).equals(native)).toBe(true)
      expect(dataSet.string('PatientName')).toBe('Test^Small')
    }
    const alone = await get(at('2.25.2', uids[name] ?? ''), 'application/dicom')
    const file = Buffer.from(await alone.arrayBuffer())
    expect([alone.headers.get('content-type'), alone.headers.get('content-length')]).toEqual([
      EXPLICIT,
      `${file.length}`,
    ])
    expect(dataSetOf(file).string('SOPInstanceUID')).toBe(uids[name])
    await nothingLeft()
  },
)

test('a study of every form comes whole, and what needs no decoding as it lies', async () => {
  for (const where of ['/dicom-web/studies/2.25.2', '/dicom-web/studies/2.25.2/series/2.25.2.1']) {
    const parts = await partsOf(await get(where))
    const found = parts.map(({ body }) => dataSetOf(body))
    expect(found.map(dataSet => dataSet.string('SOPInstanceUID')).sort()).toEqual(Object.values(uids).sort())
    for (const dataSet of found) expect(Buffer.from(dataSet.bytes('PixelData') ?? []).equals(native)).toBe(true)
  }
  await nothingLeft()
})

test('of two forms that are wanted alike it takes the stored one, of others the one wanted more', async () => {
  const both = (q: string) => `${EXPLICIT}${q}, application/dicom; transfer-syntax=${TS.RLELossless}`
  const typeOf = async (accept: string) => {
    const response = await get(at('2.25.2', uids.rle ?? ''), accept)
    await response.body?.cancel()
    return response.headers.get('content-type')
  }
  expect(await typeOf(both(''))).toBe(`application/dicom; transfer-syntax=${TS.RLELossless}`)
  expect(await typeOf(`${EXPLICIT}, application/dicom; transfer-syntax=*; q=0.5`)).toBe(EXPLICIT)
})

test('compressed frames come as plain pixels, alone and in parts, in the order asked', async () => {
  const frame = (n: number) => native.subarray((n - 1) * 32, n * 32)
  const where = at('2.25.2', uids.rle ?? '')
  for (const accept of [
    'application/octet-stream',
    `application/octet-stream; transfer-syntax=${TS.ExplicitVRLittleEndian}`,
  ]) {
    const alone = await get(`${where}/frames/7`, accept)
    expect(alone.headers.get('content-type')).toBe('application/octet-stream')
    expect(Buffer.from(await alone.arrayBuffer()).equals(frame(7))).toBe(true)
  }
  // As dicomweb-client and OHIF ask when nobody has told them a transfer syntax.
  for (const accept of ['multipart/related; type="application/octet-stream"', undefined]) {
    const parts = await partsOf(await get(`${where}/frames/3,1,40`, accept))
    expect(parts.map(({ type }) => type)).toEqual(Array(3).fill('application/octet-stream'))
    expect(parts.map(({ body }) => body)).toEqual([frame(3), frame(1), frame(40)])
  }
  const bulk = await partsOf(await get(`${where}/bulkdata/7FE00010`))
  expect(Buffer.concat(bulk.map(({ body }) => body)).equals(native)).toBe(true)
  const missing = await get(`${where}/frames/41`, 'application/octet-stream')
  expect(missing.status).toBe(404)
})

test('what has no uncompressed form is told so, and can be had as it is', async () => {
  expect((await get(at('2.25.3', '2.25.3.1'), 'application/dicom')).status).toBe(406)
  // All of a study or nothing.
  expect((await get('/dicom-web/studies/2.25.3')).status).toBe(406)
  const asStored = await partsOf(await get('/dicom-web/studies/2.25.3', `${PARTS}; transfer-syntax=*`))
  expect(asStored).toHaveLength(2)
  const second = await get(at('2.25.3', '2.25.3.1'), 'application/dicom, application/dicom; transfer-syntax=*; q=0.1')
  expect(second.headers.get('content-type')).toBe(`application/dicom; transfer-syntax=${TS.MPEG4HP41}`)
  await second.body?.cancel()
})

test('a damaged codestream is an error with its reason; a study that holds one breaks off, never ends short', async () => {
  const bad = at('2.25.4', '2.25.4.3')
  expect((await get(bad, 'application/dicom')).status).toBe(422)
  expect((await get(`${bad}/frames/1`, 'application/octet-stream')).status).toBe(422)
  const fallback = await get(`${bad}/frames/1`, 'application/octet-stream, */*; transfer-syntax=*; q=0.5')
  expect(fallback.headers.get('content-type')).toContain('multipart/related')
  await fallback.body?.cancel()
  const study = await get('/dicom-web/studies/2.25.4')
  expect(study.status).toBe(200)
  await expect(study.arrayBuffer()).rejects.toThrow()
  await nothingLeft()
})

test('a client that goes away, or only asks whether it is there, leaves nothing behind', async () => {
  const gone = new AbortController()
  const headers = { 'authorization': 'Basic eDphLWtleStvZi9vdXJzPT0=' }
  const response = await fetch(`${counter.origin}/dicom-web/studies/2.25.2`, { headers, signal: gone.signal })
  await response.body?.getReader().read()
  gone.abort()
  for (const accept of ['application/dicom', PARTS]) {
    const url = counter.origin + at('2.25.2', uids.rle ?? '')
    const head = await fetch(url, { method: 'HEAD', headers: { ...headers, accept } })
    expect(head.status).toBe(200)
  }
  await nothingLeft()
})

test('what was moved is uncompressed with the values it is shown with', async () => {
  const patient = {
    PatientName: 'Right^Patient',
    PatientID: 'R1',
    IssuerOfPatientID: '',
    PatientBirthDate: '',
    PatientSex: '',
  }
  const wish = contract['move.make'].in.parse({ StudyInstanceUID: '2.25.5', to: { patient }, reason: 'wrong' })
  await store.move(wish, '')
  const [part] = await partsOf(await get('/dicom-web/studies/2.25.5'))
  const dataSet = dataSetOf(part?.body ?? Buffer.alloc(0))
  expect([dataSet.string('PatientName'), dataSet.string('PatientID')]).toEqual(['Right^Patient', 'R1'])
  expect(dataSet.items('OriginalAttributesSequence')).toHaveLength(1)
  expect(Buffer.from(dataSet.bytes('PixelData') ?? []).equals(native)).toBe(true)
})
