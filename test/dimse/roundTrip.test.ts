import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta, writeFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS, transferSyntax } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { startWireTap } from '../fakes/wireTap.ts'
import { sharedFiles } from '../fixtures/sharedData.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/**
 * The whole way, through the built station: what goes in by C-STORE (ours byte for byte, and DCMTK's storescu) or by import
 * comes back by WADO-RS with identical data set bytes and is listed by QIDO-RS under the right name. Own fixtures always,
 * and every file of the shared data folder where it is there.
 */
const run = promisify(execFile)

interface Case {
  name: string
  path: string
  SOPClassUID: string
  SOPInstanceUID: string
  StudyInstanceUID: string
  TransferSyntaxUID: string
  dataSet: Buffer
  /** Its File Meta says what a sender must know. */
  sendable: boolean
  /** Carries the three UIDs without which an object belongs nowhere; others must be refused with a sentence. */
  storable: boolean
  /** A DICOMDIR, by its File Meta: passed over by import. */
  isCatalogue: boolean
  malformed: boolean
}

const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10'
const SC = '1.2.840.10008.5.1.4.1.1.7'
/** Names as bytes of their own character sets, the ones of PS3.5 Annexes H to K among them. */
const OWN_NAMES = [
  { name: 'Buc^Jérôme', SpecificCharacterSet: 'ISO_IR 100', hex: '4275635e4ae972f46d65' },
  {
    name: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
    SpecificCharacterSet: '\\ISO 2022 IR 87',
    hex: '59616d6164615e5461726f753d1b24423b3345441b28425e1b244242404f3a1b28423d1b24422464245e24401b28425e1b2442243f246d24261b2842',
  },
  {
    name: 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう',
    SpecificCharacterSet: 'ISO 2022 IR 13\\ISO 2022 IR 87',
    hex: 'd4cfc0de5ec0dbb33d1b24423b3345441b284a5e1b244242404f3a1b284a3d1b24422464245e24401b284a5e1b2442243f246d24261b284a',
  },
  {
    name: 'Hong^Gildong=洪^吉洞=홍^길동',
    SpecificCharacterSet: '\\ISO 2022 IR 149',
    hex: '486f6e675e47696c646f6e673d1b242943fbf35e1b242943d1ced4d73d1b242943c8ab5e1b242943b1e6b5bf',
  },
  { name: 'Wang^XiaoDong=王^小东', SpecificCharacterSet: 'GB18030', hex: '57616e675e5869616f446f6e673dcdf55ed0a1b6ab' },
  { name: 'Διονυσιος', SpecificCharacterSet: 'ISO_IR 126', hex: 'c4e9efedf5f3e9eff2' },
  { name: 'Люкceмбypг', SpecificCharacterSet: 'ISO_IR 144', hex: 'bbeeda6365dcd17970d3' },
  { name: 'قباني^لنزار', SpecificCharacterSet: 'ISO_IR 127', hex: 'e2c8c7e6ea5ee4e6d2c7d1' },
  { name: 'שרון^דבורה', SpecificCharacterSet: 'ISO_IR 138', hex: 'f9f8e5ef5ee3e1e5f8e4' },
  { name: 'Müller^Zoë=山田', SpecificCharacterSet: 'ISO_IR 192', hex: '4dc3bc6c6c65725e5a6fc3ab3de5b1b1e794b0' },
]

let folder = ''
const cases: Case[] = []
const nameOf = new Map<string, string>()

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-roundtrip-'))
  await writeOwnFixtures()
  for (const name of await readdir(folder)) cases.push(await readCase(name, path.join(folder, name), false))
  for (const file of sharedFiles()) cases.push(await readCase(file.name, file.path, file.malformed))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Character sets, encodings, compression, private elements, odd but legal bytes: each in a file of its own. */
async function writeOwnFixtures(): Promise<void> {
  let count = 0
  const write = async (values: NewDataSet, TransferSyntaxUID: string) => {
    count += 1
    const SOPInstanceUID = `2.25.4000.1.${count}`
    const dataSet = writeDataSet(
      {
        SOPClassUID: SC,
        SOPInstanceUID,
        StudyInstanceUID: `2.25.4000.2.${count}`,
        SeriesInstanceUID: `2.25.4000.3.${count}`,
        PatientID: `RT-${count}`,
        Modality: 'OT',
        StudyDate: '20260101',
        ...values,
      },
      encodingOf(TransferSyntaxUID),
    )
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: SC,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID,
    })
    await writeFile(path.join(folder, `own-${count}.dcm`), Buffer.concat([meta, dataSet]))
    return `2.25.4000.2.${count}`
  }
  for (const { name, SpecificCharacterSet, hex } of OWN_NAMES) {
    const values = { SpecificCharacterSet: SpecificCharacterSet.split('\\'), PatientName: Buffer.from(hex, 'hex') }
    nameOf.set(await write(values, TS.ExplicitVRLittleEndian), name)
  }
  const pixels = {
    Rows: 4,
    Columns: 4,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
  }
  const PixelData = Uint16Array.from({ length: 16 }, (_, i) => i * 200)
  for (const syntax of [TS.ImplicitVRLittleEndian, TS.ExplicitVRLittleEndian, TS.ExplicitVRBigEndian]) {
    await write({ PatientName: 'Encoding^Plain', ...pixels, PixelData }, syntax)
  }
  await write(
    {
      PatientName: 'Private^Odd',
      ...pixels,
      PixelData,
      '00290010': 'ISOCENTER TEST',
      '00291010': { vr: 'OB', value: Uint8Array.from({ length: 64 }, (_, i) => i) },
    },
    TS.ExplicitVRLittleEndian,
  )
  await write(
    {
      PatientName: 'Fragments^RLE',
      ...pixels,
      PixelData: encapsulate([[new Uint8Array(70)], [new Uint8Array(72)]], { bot: true }),
      NumberOfFrames: 2,
    },
    TS.RLELossless,
  )
}

async function readCase(name: string, file: string, malformed: boolean): Promise<Case> {
  const bytes = await readFile(file)
  const meta = readFileMeta(bytes)
  const offset = meta?.dataSetOffset ?? 0
  const dataSet = bytes.subarray(offset)
  const TransferSyntaxUID = meta?.TransferSyntaxUID ?? ''
  const plain = meta && transferSyntax(TransferSyntaxUID).deflated ? inflateRawSync(dataSet) : dataSet
  const elements = meta ? DataSet.read(plain, encodingOf(TransferSyntaxUID), { stopAt: 0x7fe00010 }) : undefined
  const SOPInstanceUID = elements?.string('SOPInstanceUID') || meta?.MediaStorageSOPInstanceUID || ''
  const SOPClassUID = elements?.string('SOPClassUID') || meta?.MediaStorageSOPClassUID || ''
  return {
    name,
    path: file,
    SOPClassUID,
    SOPInstanceUID,
    StudyInstanceUID: elements?.string('StudyInstanceUID') ?? '',
    TransferSyntaxUID,
    dataSet,
    sendable: Boolean(meta?.MediaStorageSOPClassUID && SOPClassUID && SOPInstanceUID && TransferSyntaxUID),
    storable: ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'].every(key =>
      /^[0-9.]{1,64}$/.test(elements?.string(key).replace(/[\0 ]+$/, '') ?? ''),
    ),
    isCatalogue: meta?.MediaStorageSOPClassUID === MEDIA_STORAGE_DIRECTORY,
    malformed,
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** The data sets of every file the station holds, by hash: also those that stand second under their UID. */
/** Of the plain files, once everything has become one. */
async function storedHashes(station: RunningStation): Promise<Set<string>> {
  const waiting = async () => (await (await station.get('/metrics')).text()).match(/^isocenter_unhashed (\d+)/m)?.[1]
  await expect.poll(waiting, { timeout: 120_000 }).toBe('0')
  const root = path.join(station.dataDir, 'files')
  const hashes = new Set<string>()
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = await readFile(path.join(entry.parentPath, entry.name))
    hashes.add(sha256(bytes.subarray(readFileMeta(bytes)?.dataSetOffset)))
  }
  return hashes
}

interface Identity {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
}

async function allInstances(station: RunningStation): Promise<Identity[]> {
  const found: Identity[] = []
  for (;;) {
    const response = await station.get(`/dicom-web/instances?limit=500&offset=${found.length}`)
    const rows = (await response.json()) as Array<Record<string, { Value?: string[] }>>
    for (const row of rows) {
      found.push({
        StudyInstanceUID: row['0020000D']?.Value?.[0] ?? '',
        SeriesInstanceUID: row['0020000E']?.Value?.[0] ?? '',
        SOPInstanceUID: row['00080018']?.Value?.[0] ?? '',
      })
    }
    if (rows.length < 500) return found
  }
}

/** Every instance by WADO-RS as stored: its data set must be one of those that were sent under its UID. */
async function expectRetrievable(station: RunningStation, sent: Map<string, Set<string>>): Promise<number> {
  const instances = await allInstances(station)
  const wrong: string[] = []
  const expectOne = async ({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }: Identity) => {
    const response = await station.get(
      `/dicom-web/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}`,
      { accept: 'application/dicom; transfer-syntax=*' },
    )
    const bytes = Buffer.from(await response.arrayBuffer())
    const hash = sha256(bytes.subarray(readFileMeta(bytes)?.dataSetOffset))
    if (response.status !== 200 || !sent.get(SOPInstanceUID)?.has(hash))
      wrong.push(`${SOPInstanceUID} ${response.status}`)
  }
  // One alone leaves every core but one idle.
  const left = instances.values()
  const inTurn = async () => {
    for (const instance of left) await expectOne(instance)
  }
  await Promise.all(Array.from({ length: 4 }, inTurn))
  expect(wrong).toEqual([])
  return instances.length
}

function byUid(sent: Array<{ SOPInstanceUID: string; dataSet: Uint8Array }>): Map<string, Set<string>> {
  const map = new Map<string, Set<string>>()
  for (const { SOPInstanceUID, dataSet } of sent) {
    const uid = SOPInstanceUID.replace(/[\0 ]+$/, '')
    map.set(uid, (map.get(uid) ?? new Set()).add(sha256(dataSet)))
  }
  return map
}

async function expectServing(station: RunningStation): Promise<void> {
  expect((await fetch(`${station.origin}/healthz`)).status).toBe(200)
  await run('echoscu', ['-aec', 'ISOCENTER', '127.0.0.1', String(station.dimsePort)], {
    env: { ...process.env, TCP_NODELAY: '1' },
  })
}

/** 600 files through three doors, on a machine that may be busy. */
describe('byte for byte', { timeout: 300_000 }, () => {
  test('a byte-exact sender: every object is stored as sent, broken ones end in a status and a comment', async () => {
    const station = await startStation({ config: { settleAfterSeconds: 0 } })
    try {
      const sendable = cases.filter(one => one.sendable)
      const groups = Map.groupBy(sendable, one => one.SOPClassUID)
      const results = new Map<Case, { status: number; comment: string }>()
      // Classes in groups, so that no association needs more than 128 contexts.
      for (const group of groups.values()) {
        const answers = await sendBytes(group, { port: station.dimsePort })
        for (const [index, answer] of answers.entries()) results.set(group[index] as Case, answer)
      }
      const refused = [...results].filter(([, answer]) => answer.status !== 0)
      expect(
        refused
          .filter(([one]) => one.storable && !one.malformed)
          .map(([one, answer]) => `${one.name}: ${answer.status.toString(16)} ${answer.comment}`),
      ).toEqual([])
      for (const [, answer] of refused) expect(answer.comment).not.toBe('')
      const stored = sendable.filter(one => results.get(one)?.status === 0)
      const hashes = await storedHashes(station)
      expect(stored.filter(one => !hashes.has(sha256(one.dataSet))).map(one => one.name)).toEqual([])
      const count = await expectRetrievable(station, byUid(stored))
      console.info(
        `byte-exact sender: ${sendable.length} sent, ${stored.length} stored, ${count} instances retrieved identical, ${refused.length} refused with a comment`,
      )
      await expectServing(station)
    } finally {
      expect(await station.stop()).toBe(0)
    }
  })

  test("DCMTK's storescu: what crossed the wire is what is stored", async () => {
    const station = await startStation({ config: { settleAfterSeconds: 0 } })
    const tap = await startWireTap(station.dimsePort)
    try {
      const sendable = cases.filter(one => one.sendable && one.storable && !one.malformed)
      const before = tap.dataSets.length
      for (const [syntax, group] of Map.groupBy(sendable, one => one.TransferSyntaxUID)) {
        // 60 classes of two contexts each stay below the 128 of one association.
        for (let at = 0; at < group.length; at += 60) {
          const part = group.slice(at, at + 60)
          await run(
            'storescu',
            [
              '-nh',
              '-R',
              ...proposal(syntax),
              '-aec',
              'ISOCENTER',
              '127.0.0.1',
              String(tap.port),
              ...part.map(one => one.path),
            ],
            { env: { ...process.env, TCP_NODELAY: '1' }, maxBuffer: 1 << 26 },
          ).catch((error: { code?: number }) => {
            // -nh goes on past files storescu itself cannot read; what it did send is compared below.
            if (typeof error.code !== 'number') throw error
          })
        }
      }
      const crossed = tap.dataSets.slice(before)
      expect(crossed.length).toBeGreaterThan(0)
      const hashes = await storedHashes(station)
      expect(crossed.filter(one => !hashes.has(sha256(one.bytes))).length).toBe(0)
      console.info(
        `storescu: ${sendable.length} files offered, ${crossed.length} data sets crossed, all stored as they crossed`,
      )
      // What storescu does not read or re-encodes is few; a silent refusal of ours would show here.
      expect(crossed.length).toBeGreaterThan(sendable.length * 0.9)
      await expectServing(station)
    } finally {
      await tap.close()
      expect(await station.stop()).toBe(0)
    }
  })

  test('import: the file on disk and the object that comes back have the same data set; names are right', async () => {
    const station = await startStation({ config: { settleAfterSeconds: 0 } })
    try {
      const roots = [folder, ...cases.filter(one => !one.path.startsWith(folder)).map(one => one.path)]
      const job = await station.job(await station.call('import.start', { paths: roots }))
      expect(job.total).toBe(cases.length)
      const whole = cases.filter(one => one.storable && !one.malformed)
      const hashes = await storedHashes(station)
      const absent = whole.filter(one => !hashes.has(sha256(one.dataSet))).map(one => one.name)
      expect(absent, JSON.stringify(job.refused, null, 1)).toEqual([])
      // Whatever was not stored is named with a reason.
      const catalogues = cases.filter(one => one.isCatalogue).length
      expect(job.stored + job.duplicates + job.notDicom + job.failed).toBe(cases.length - catalogues)
      for (const { reason } of job.refused) expect(reason).not.toBe('')
      const count = await expectRetrievable(station, byUid(cases))
      console.info(
        `import: ${job.total} files, ${job.stored} stored, ${job.duplicates} duplicates, ${job.refused.length} refused with a reason, ${count} instances retrieved identical`,
      )
      await expectNames(station)
      await expectServing(station)
    } finally {
      expect(await station.stop()).toBe(0)
    }
  })
})

/** Our fixtures' names are known; for the shared files DCMTK's own conversion to UTF-8 is the independent witness. */
async function expectNames(station: RunningStation): Promise<void> {
  const expected = new Map<string, Set<string>>()
  for (const [study, name] of nameOf) expected.set(study, new Set([name]))
  const others = cases.filter(one => !one.path.startsWith(folder) && one.storable && !one.malformed)
  const witnessed = await dcmtkNames(others.map(one => one.path))
  for (const { path: file, StudyInstanceUID } of others) {
    const name = witnessed.get(file)
    if (name !== undefined) expected.set(StudyInstanceUID, (expected.get(StudyInstanceUID) ?? new Set()).add(name))
  }
  const wrong: string[] = []
  for (const [study, names] of expected) {
    const response = await station.get(`/dicom-web/studies?StudyInstanceUID=${study}`)
    const [row] = (await response.json()) as Array<Record<string, { Value?: Array<Record<string, string>> }>>
    const value = row?.['00100010']?.Value?.[0] ?? {}
    const got = [value.Alphabetic ?? '', value.Ideographic ?? '', value.Phonetic ?? ''].join('=').replace(/=+$/, '')
    if (!names.has(got)) wrong.push(`${study}: ${JSON.stringify(got)} instead of ${JSON.stringify([...names])}`)
  }
  expect(wrong).toEqual([])
  console.info(`names: ${nameOf.size} of our own and ${witnessed.size} files witnessed by dcmdump agree`)
}

/** What dcmdump makes of the names in UTF-8, by file; absent where it cannot convert the character set. */
async function dcmtkNames(files: string[]): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  for (let at = 0; at < files.length; at += 100) {
    const part = files.slice(at, at + 100)
    // It ends with 1 when one of them could not be converted, and has printed the others.
    const { stdout } = await run('dcmdump', ['+U8', '-q', '+F', '+L', '+P', '0010,0010', ...part]).catch(
      (error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }),
    )
    let file: string | undefined
    for (const line of stdout.split('\n')) {
      const head = /^# dcmdump \((\d+)\/\d+\): /.exec(line)
      if (head) file = part[Number(head[1]) - 1]
      else if (file && line.startsWith('(0010,0010)')) names.set(file, nameIn(line))
    }
  }
  return names
}

function nameIn(line: string): string {
  const open = line.indexOf('[')
  return open < 0 ? '' : line.slice(open + 1, line.lastIndexOf(']')).replace(/[ =]+$/, '')
}

/** storescu proposes one compressed syntax when told which. */
function proposal(syntax: string): string[] {
  const flags: Record<string, string> = {
    [TS.ImplicitVRLittleEndian]: '-xi',
    [TS.ExplicitVRBigEndian]: '-xb',
    [TS.DeflatedExplicitVRLittleEndian]: '-xd',
    [TS.JPEGBaseline8Bit]: '-xy',
    [TS.JPEGExtended12Bit]: '-xx',
    [TS.JPEGLosslessSV1]: '-xs',
    [TS.JPEGLSLossless]: '-xt',
    [TS.JPEGLSNearLossless]: '-xu',
    [TS.JPEG2000Lossless]: '-xv',
    [TS.JPEG2000]: '-xw',
    [TS.RLELossless]: '-xr',
  }
  return [flags[syntax] ?? '-xe']
}
