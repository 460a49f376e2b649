import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../../electron/station/store/index.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { type Counter, openCounter, silentLog } from './counter.ts'

/** The counter over the real store, which is filled through its only way in. */
let dataDir: string
let store: Store
let counter: Counter

const CT = '1.2.840.10008.5.1.4.1.1.2'
const pixels = Uint16Array.from({ length: 4 * 4 * 3 }, (_, i) => i * 257)
const littleEndian = Buffer.from(pixels.buffer)
const frameBytes = (frame: number) => littleEndian.subarray((frame - 1) * 32, frame * 32)
const jpegs = [Buffer.from('ffd8ffe0aabbffd9', 'hex'), Buffer.from('ffd8ffe1ccffd9'.padEnd(16, '0'), 'hex')]

const image = {
  Rows: 4,
  Columns: 4,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 0,
}

function common(study: string, series: string, sop: string): NewDataSet {
  return {
    SOPClassUID: CT,
    SOPInstanceUID: sop,
    StudyInstanceUID: study,
    SeriesInstanceUID: series,
    Modality: 'CT',
    PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
    PatientID: 'P1',
    StudyDate: '20240131',
    StudyTime: '101500',
    StudyID: 'S1',
    AccessionNumber: 'A1',
    SeriesNumber: 3,
    InstanceNumber: 1,
    ...image,
  }
}

const data = new Map<string, Buffer>()

async function put(values: NewDataSet, TransferSyntaxUID: string): Promise<void> {
  const plain = writeDataSet(values, encodingOf(TransferSyntaxUID))
  const bytes = TransferSyntaxUID === TS.DeflatedExplicitVRLittleEndian ? deflateRawSync(plain) : Buffer.from(plain)
  const SOPInstanceUID = String(values.SOPInstanceUID)
  data.set(SOPInstanceUID, bytes)
  const receive = store.beginReceive({
    origin: { door: 'import', sourceAET: 'TEST', sendingAET: '', receivingAET: '', address: '' },
    SOPClassUID: String(values.SOPClassUID),
    SOPInstanceUID,
    TransferSyntaxUID,
  })
  await receive.write(bytes)
  await receive.commit()
}

const native = { NumberOfFrames: 3, PixelData: pixels }
const instances = {
  explicit: '1.1.1.1',
  implicit: '1.1.1.2',
  bigEndian: '1.1.1.3',
  deflated: '1.1.1.4',
  jpeg: '1.1.1.5',
}

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-web-store-'))
  store = await openStore({ dataDir, log: silentLog })
  counter = await openCounter(store, { dataDir })
  const lut = {
    ModalityLUTSequence: [
      {
        LUTDescriptor: { vr: 'US', value: [1024, 0, 16] },
        LUTData: { vr: 'OW', value: new Uint16Array(1024).fill(0x1234) },
      },
    ],
  }
  await put({ ...common('1.1', '1.1.1', instances.explicit), ...native, ...lut }, TS.ExplicitVRLittleEndian)
  await put({ ...common('1.1', '1.1.1', instances.implicit), ...native, InstanceNumber: 2 }, TS.ImplicitVRLittleEndian)
  await put({ ...common('1.1', '1.1.1', instances.bigEndian), ...native, InstanceNumber: 3 }, TS.ExplicitVRBigEndian)
  await put(
    { ...common('1.1', '1.1.1', instances.deflated), ...native, InstanceNumber: 4 },
    TS.DeflatedExplicitVRLittleEndian,
  )
  const PixelData = encapsulate(
    jpegs.map(jpeg => [jpeg]),
    { bot: true },
  )
  const eightBit = { BitsAllocated: 8, BitsStored: 8, HighBit: 7 }
  const jpeg = { ...eightBit, NumberOfFrames: 2, PixelData, InstanceNumber: 5 }
  await put({ ...common('1.1', '1.1.1', instances.jpeg), ...jpeg }, TS.JPEGBaseline8Bit)
  for (let i = 1; i <= 5; i++) {
    const other = { PatientName: `Doe^Jane^${i}`, PatientID: `D${i}`, StudyDate: `2023010${i}`, Modality: 'MR' }
    await put({ ...common(`2.${i}`, `2.${i}.1`, `2.${i}.1.1`), ...other, ...native }, TS.ExplicitVRLittleEndian)
  }
})
afterAll(async () => {
  await counter?.close()
  await store?.close()
  await rm(dataDir, { recursive: true, force: true })
})

const at = (instance: string) => `/dicom-web/studies/1.1/series/1.1.1/instances/${instance}`
const web = (where: string, accept?: string) => counter.get(where, accept ? { accept } : {})

type Json = Record<string, { vr: string; Value?: unknown[]; BulkDataURI?: string }>

async function search(where: string): Promise<Json[]> {
  const response = await web(`/dicom-web${where}`, 'application/dicom+json')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/dicom+json')
  return (await response.json()) as Json[]
}

/** The parts of a multipart/related answer. */
async function partsOf(response: Response): Promise<Array<{ type: string; body: Buffer }>> {
  expect(response.status).toBe(200)
  const boundary = /boundary=([^;]+)/.exec(response.headers.get('content-type') ?? '')?.[1]
  const text = Buffer.from(await response.arrayBuffer()).toString('latin1')
  const pieces = `\r\n${text}`.split(`\r\n--${boundary}`)
  expect(pieces.at(-1)).toBe('--\r\n')
  return pieces.slice(1, -1).map(piece => {
    const split = piece.indexOf('\r\n\r\n')
    const type = /Content-Type: (.*)/.exec(piece.slice(0, split))?.[1]?.trim() ?? ''
    return { type, body: Buffer.from(piece.slice(split + 4), 'latin1') }
  })
}

/** The data set of a Part-10 file, as it went in. */
function dataSetOf(file: Buffer): Buffer {
  const meta = readFileMeta(file)
  return file.subarray(meta?.dataSetOffset ?? 0)
}

describe('QIDO-RS', () => {
  test('finds studies with the standard’s attributes, names in all their groups', async () => {
    const [study] = await search('/studies?PatientID=P1')
    expect(study).toMatchObject({
      '00080005': { vr: 'CS', Value: ['ISO_IR 192'] },
      '00080020': { vr: 'DA', Value: ['20240131'] },
      '00080050': { vr: 'SH', Value: ['A1'] },
      '00080056': { vr: 'CS', Value: ['ONLINE'] },
      '00080061': { vr: 'CS', Value: ['CT'] },
      '00081190': { vr: 'UR', Value: [`${counter.origin}/dicom-web/studies/1.1`] },
      '00100010': {
        vr: 'PN',
        Value: [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎', Phonetic: 'やまだ^たろう' }],
      },
      '00100020': { vr: 'LO', Value: ['P1'] },
      '0020000D': { vr: 'UI', Value: ['1.1'] },
      '00201206': { vr: 'IS', Value: [1] },
      '00201208': { vr: 'IS', Value: [5] },
    })
  })

  test.each([
    ['/studies', 6],
    ['/studies?PatientName=doe*', 5],
    ['/studies?00100010=Doe%5EJane%5E3', 1],
    ['/studies?PatientName=%E5%B1%B1%E7%94%B0*', 1],
    ['/studies?StudyDate=20230102-20230104', 3],
    ['/studies?StudyInstanceUID=2.1,2.2,9.9', 2],
    ['/studies?StudyInstanceUID=2.1&StudyInstanceUID=2.3', 2],
    ['/studies?ModalitiesInStudy=MR', 5],
    ['/studies?PatientID=', 6],
    ['/studies?PatientName=jane%20doe&fuzzymatching=true', 5],
    ['/studies?includefield=all&includefield=00100040&limit=2', 2],
    ['/studies?limit=4&offset=4', 2],
    ['/studies?PatientID=nobody', 0],
    ['/studies/1.1/series', 1],
    ['/series?Modality=MR', 5],
    ['/studies/1.1/series/1.1.1/instances', 5],
    ['/studies/1.1/instances?InstanceNumber=2', 1],
    ['/instances?SOPInstanceUID=1.1.1.5', 1],
    ['/studies/9.9/series', 0],
  ])('%s finds %i', async (where, found) => {
    expect(await search(where)).toHaveLength(found)
  })

  test('pages cover everything once', async () => {
    const pages = await Promise.all([0, 2, 4].map(offset => search(`/studies?limit=2&offset=${offset}`)))
    expect(new Set(pages.flat().map(study => study['0020000D']?.Value?.[0])).size).toBe(6)
  })

  test('an instance tells its class, its frames and how it is stored', async () => {
    const [instance] = await search('/instances?SOPInstanceUID=1.1.1.5')
    expect(instance).toMatchObject({
      '00080016': { vr: 'UI', Value: [CT] },
      '00081190': { Value: [`${counter.origin}${at('1.1.1.5')}`] },
      '00083002': { vr: 'UI', Value: [TS.JPEGBaseline8Bit] },
      '00280008': { vr: 'IS', Value: [2] },
      '00280010': { vr: 'US', Value: [4] },
    })
    expect(Object.keys(instance ?? {})).toEqual(Object.keys(instance ?? {}).sort())
  })

  test('warns of what it ignored and of what is left', async () => {
    const response = await web('/dicom-web/studies?limit=2&StationName=X&Nonsense"%0d%0a=1')
    expect(response.headers.get('warning')).toMatch(
      /^299 isocenter "[^"]*StationName, Nonsense\?\?\?", 299 isocenter "There are additional/,
    )
    expect((await web('/dicom-web/studies')).headers.get('warning')).toBeNull()
  })

  test('comes as XML too, a document for each', async () => {
    const xml = 'multipart/related; type="application/dicom+xml"'
    const response = await web('/dicom-web/studies?PatientID=P1', `${xml}, application/json;q=0.5`)
    const [study, ...others] = await partsOf(response)
    expect([study?.type, others.length]).toEqual(['application/dicom+xml', 0])
    const text = study?.body.toString('latin1') ?? ''
    expect(Buffer.from(text, 'latin1').toString('utf8')).toContain(
      '<DicomAttribute tag="00100010" vr="PN" keyword="PatientName"><PersonName number="1"><Alphabetic><FamilyName>Yamada</FamilyName><GivenName>Tarou</GivenName></Alphabetic><Ideographic><FamilyName>山田</FamilyName>',
    )
    expect((await web('/dicom-web/studies', 'text/html')).status).toBe(406)
  })

  test.each([
    '/studies?limit=-1',
    '/studies?offset=x',
    '/studies/abc/series',
    `/studies?PatientName=${'x'.repeat(2000)}`,
  ])('%s is refused', async where => {
    expect((await web(`/dicom-web${where}`)).status).toBe(400)
  })
})

describe('WADO-RS instances', () => {
  test.each(Object.entries(instances))('%s comes back as it was stored', async (_, instance) => {
    const response = await web(at(instance), 'application/dicom; transfer-syntax=*')
    expect(response.status).toBe(200)
    const file = Buffer.from(await response.arrayBuffer())
    expect(response.headers.get('content-length')).toBe(String(file.length))
    expect(dataSetOf(file).equals(data.get(instance) ?? Buffer.alloc(0))).toBe(true)
    expect(response.headers.get('content-type')).toBe(
      `application/dicom; transfer-syntax=${readFileMeta(file)?.TransferSyntaxUID}`,
    )
  })

  test.each([
    ['explicit', 'application/dicom', 200],
    ['explicit', undefined, 200],
    ['explicit', `application/dicom; transfer-syntax=${TS.ExplicitVRLittleEndian}`, 200],
    ['explicit', `application/dicom; transfer-syntax=${TS.JPEGBaseline8Bit}`, 406],
    ['explicit', 'image/png', 406],
    ['implicit', `application/dicom; transfer-syntax=${TS.ExplicitVRBigEndian}`, 406],
    ['deflated', `application/dicom; transfer-syntax=${TS.ImplicitVRLittleEndian}`, 406],
    // No workshop here, so nothing can be decoded (transcoded.test.ts has one).
    ['jpeg', 'multipart/related; type="application/dicom"', 406],
    ['jpeg', `application/dicom; transfer-syntax=${TS.JPEGBaseline8Bit}`, 200],
    ['jpeg', 'application/dicom, application/dicom;transfer-syntax=*;q=0.5', 200],
  ] as const)('%s asked as %s: %i', async (name, accept, status) => {
    expect((await web(at(instances[name]), accept)).status).toBe(status)
  })

  test('a study comes in parts, each as stored', async () => {
    const response = await web(
      '/dicom-web/studies/1.1',
      'multipart/related; type="application/dicom"; transfer-syntax=*',
    )
    const parts = await partsOf(response)
    expect(parts.map(part => part.type)).toContain(`application/dicom; transfer-syntax=${TS.JPEGBaseline8Bit}`)
    const sent = parts.map(part => dataSetOf(part.body).toString('hex')).sort()
    expect(sent).toEqual(
      Object.values(instances)
        .map(uid => data.get(uid)?.toString('hex'))
        .sort(),
    )
    expect(await partsOf(await web('/dicom-web/studies/2.1/series/2.1.1'))).toHaveLength(1)
  })

  test('resumes and answers HEAD', async () => {
    const where = at(instances.explicit)
    const whole = Buffer.from(await (await web(where, 'application/dicom')).arrayBuffer())
    const range = async (value: string) => counter.get(where, { accept: 'application/dicom', range: value })
    const middle = await range('bytes=100-199')
    expect(middle.status).toBe(206)
    expect(middle.headers.get('content-range')).toBe(`bytes 100-199/${whole.length}`)
    expect(Buffer.from(await middle.arrayBuffer())).toEqual(whole.subarray(100, 200))
    expect(Buffer.from(await (await range('bytes=-10')).arrayBuffer())).toEqual(whole.subarray(-10))
    expect(Buffer.from(await (await range(`bytes=${whole.length - 3}-`)).arrayBuffer())).toEqual(whole.subarray(-3))
    expect((await range(`bytes=${whole.length}-`)).status).toBe(416)
    expect((await range('bytes=0-1,3-4')).status).toBe(200)
    const head = await fetch(counter.origin + where, {
      method: 'HEAD',
      headers: { authorization: 'Basic eDphLWtleStvZi9vdXJzPT0=', accept: 'application/dicom' },
    })
    expect(head.headers.get('content-length')).toBe(String(whole.length))
  })

  test('what is not there is 404', async () => {
    for (const where of [
      '/studies/9.9',
      '/studies/1.1/series/9',
      at('9').slice(10),
      '/studies/1.1/nothing',
      '/nowhere',
    ]) {
      expect((await web(`/dicom-web${where}`)).status).toBe(404)
    }
  })
})

describe('WADO-RS frames', () => {
  const OCTETS = 'application/octet-stream'

  test.each(['explicit', 'implicit', 'bigEndian', 'deflated'] as const)(
    '%s: a bare little-endian frame as a single part',
    async name => {
      for (const accept of [OCTETS, `${OCTETS}; transfer-syntax=*`]) {
        const response = await web(`${at(instances[name])}/frames/2`, accept)
        expect(response.headers.get('content-type')).toBe(OCTETS)
        expect(Buffer.from(await response.arrayBuffer())).toEqual(frameBytes(2))
      }
    },
  )

  test('several come in parts, in the order asked', async () => {
    const response = await web(`${at(instances.explicit)}/frames/3,1`, `multipart/related; type="${OCTETS}"`)
    expect(response.headers.get('content-type')).toMatch(`multipart/related; type="${OCTETS}"; boundary=`)
    expect((await partsOf(response)).map(part => part.body)).toEqual([frameBytes(3), frameBytes(1)])
  })

  test('without a word about the form: the default, in parts', async () => {
    expect((await partsOf(await web(`${at(instances.explicit)}/frames/1`)))[0]).toEqual({
      type: OCTETS,
      body: frameBytes(1),
    })
  })

  test.each([
    [`${OCTETS}; transfer-syntax=*`, 200, `${OCTETS}; transfer-syntax=${TS.JPEGBaseline8Bit}`],
    ['image/jpeg; transfer-syntax=*', 200, `image/jpeg; transfer-syntax=${TS.JPEGBaseline8Bit}`],
    [`image/jpeg; transfer-syntax=${TS.JPEGBaseline8Bit}`, 200, `image/jpeg; transfer-syntax=${TS.JPEGBaseline8Bit}`],
    ['image/jpeg', 406, 'application/json'],
    [OCTETS, 406, 'application/json'],
    ['image/jls; transfer-syntax=*', 406, 'application/json'],
  ])('a compressed frame asked as %s: %i', async (accept, status, type) => {
    const response = await web(`${at(instances.jpeg)}/frames/2`, accept)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe(type)
    if (status === 200) expect(Buffer.from(await response.arrayBuffer())).toEqual(jpegs[1])
  })

  test.each([
    ['4', 404],
    ['0', 400],
    ['1,x', 400],
    ['1.5', 400],
    ['1,2', 406],
  ])('frames/%s as a single part: %i', async (list, status) => {
    expect((await web(`${at(instances.explicit)}/frames/${list}`, OCTETS)).status).toBe(status)
  })

  test('the frame stream has the same bytes', async () => {
    const { NumberOfFrames, contentId } = await firstInstance()
    expect(NumberOfFrames).toBe(3)
    const body = Buffer.from(await (await counter.post('/api/frames', { frames: [[contentId, 2, 7]] })).arrayBuffer())
    expect(body.subarray(12)).toEqual(frameBytes(2))
  })
})

async function firstInstance(): Promise<{ NumberOfFrames: number; contentId: number }> {
  const manifest = await store.read.getManifest('1.1', '1.1.1')
  return manifest.instances.find(instance => instance.SOPInstanceUID === instances.explicit)!
}

describe('WADO-RS metadata', () => {
  test('has the header and, for what is large, addresses that answer', async () => {
    const [json] = await search(`${at(instances.explicit).slice(10)}/metadata`)
    expect(json).toMatchObject({
      '00100010': {
        vr: 'PN',
        Value: [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎', Phonetic: 'やまだ^たろう' }],
      },
      '00280010': { vr: 'US', Value: [4] },
      '00083002': { vr: 'UI', Value: [TS.ExplicitVRLittleEndian] },
    })
    const toPath = (uri: string | undefined) => new URL(uri ?? '').pathname
    const [modality] = (json?.['00283000']?.Value ?? []) as Json[]
    const lut = await web(toPath(modality?.['00283006']?.BulkDataURI))
    expect(Buffer.from(await lut.arrayBuffer())).toEqual(Buffer.from(new Uint16Array(1024).fill(0x1234).buffer))
    const frames = await partsOf(await web(toPath(json?.['7FE00010']?.BulkDataURI)))
    expect(Buffer.concat(frames.map(frame => frame.body))).toEqual(littleEndian)
    expect((await web(`${at(instances.explicit)}/bulkdata/00283000/9/00283006`)).status).toBe(404)
    expect((await web(`${at(instances.explicit)}/bulkdata/nonsense`)).status).toBe(400)
  })

  test('of every encoding, of a series and of a study', async () => {
    for (const where of ['/studies/1.1/series/1.1.1/metadata', '/studies/1.1/metadata']) {
      const all = await search(where)
      expect(all.map(json => json['00080018']?.Value?.[0]).sort()).toEqual(Object.values(instances).sort())
      expect(all.every(json => json['00280011']?.Value?.[0] === 4 && json['7FE00010']?.BulkDataURI)).toBe(true)
    }
    expect((await web('/dicom-web/studies/1.1/metadata', 'text/html')).status).toBe(406)
  })

  test('the header view shows the same, pixels and all', async () => {
    const { contentId } = await firstInstance()
    const { elements } = (await (await counter.post('/api/instance.header', { contentId })).json()) as {
      elements: Array<{ keyword: string; value: string }>
    }
    expect(elements.find(line => line.keyword === 'PatientID')?.value).toBe('P1')
    expect(elements.at(-1)).toMatchObject({ tag: '7FE00010', keyword: 'PixelData', value: '96 bytes' })
  })
})

describe('thumbnails', () => {
  test('not yet while they are to be made; then for the instance, its series and its study, and all in one answer', async () => {
    const early = await web('/dicom-web/studies/2.1/thumbnail')
    expect(early.status).toBe(503)
    expect(early.headers.get('retry-after')).toBe('1')
    const [object] = await store.read.locate({ StudyInstanceUID: '2.1' }, 1)
    const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47])
    await store.finishWork(object!.contentId, { thumbnail: png })
    for (const where of ['', '/series/2.1.1', '/series/2.1.1/instances/2.1.1.1']) {
      const response = await web(`/dicom-web/studies/2.1${where}/thumbnail`, 'image/*')
      expect(response.headers.get('content-type')).toBe('image/png')
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(png)
    }
    expect(await (await web('/api/thumbnails?study=2.1')).json()).toEqual({
      '2.1.1': Buffer.from(png).toString('base64'),
    })
    expect((await web('/api/thumbnails?study=9.9')).status).toBe(404)
  })

  test('none, when work found that there is no picture', async () => {
    const [object] = await store.read.locate({ StudyInstanceUID: '2.2' }, 1)
    await store.finishWork(object!.contentId, { unshowable: 'No pixels.' })
    expect((await web('/dicom-web/studies/2.2/series/2.2.1/instances/2.2.1.1/thumbnail')).status).toBe(404)
  })
})

test('a file that is gone from the disk is an error with a status, and the counter serves on', async () => {
  await store.settleAll()
  const [object] = await store.read.locate({ StudyInstanceUID: '2.5' }, 1)
  expect((await readFile(object!.path)).length).toBeGreaterThan(0)
  await rm(object!.path)
  expect((await web('/dicom-web/studies/2.5/metadata')).status).toBe(404)
  expect(
    (await web('/dicom-web/studies/2.5/series/2.5.1/instances/2.5.1.1/frames/1', 'application/octet-stream')).status,
  ).toBe(404)
  await expect(web('/dicom-web/studies/2.5').then(response => response.arrayBuffer())).rejects.toThrow()
  expect(await search('/studies/2.5/series')).toHaveLength(1)
})
