import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import dcmjsDimse from 'dcmjs-dimse'
import { expect, onTestFinished, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { FindPeer, type FindPeerOptions } from '../fakes/findPeer.ts'
import { fillIndex } from '../fixtures/manyStudies.ts'
import { ctSlice, newStore, temporaryFolder } from '../store/objects.ts'
import { openFindDoor, serveStore } from './findHarness.ts'
import { dcmtk, until } from './harness.ts'

/** Two patients; the first has two studies, of which one has two series. */
const LATIN = { SpecificCharacterSet: 'ISO_IR 192' }
const OBJECTS = [
  ctSlice(
    1,
    { ...LATIN, PatientName: 'Müller^Anna', PatientID: 'A', StudyDescription: 'Schädel' },
    { study: 1, size: 4 },
  ),
  ctSlice(
    2,
    { ...LATIN, PatientName: 'Müller^Anna', PatientID: 'A', StudyDescription: 'Schädel' },
    { study: 1, size: 4 },
  ),
  ctSlice(
    1,
    { ...LATIN, PatientName: 'Müller^Anna', PatientID: 'A', Modality: 'SR' },
    { study: 1, series: 2, size: 4 },
  ),
  ctSlice(1, { ...LATIN, PatientName: 'Müller^Anna', PatientID: 'A', StudyDate: '20250301' }, { study: 2, size: 4 }),
  ctSlice(
    1,
    { ...LATIN, PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう', PatientID: 'B', Modality: 'MR' },
    { study: 3, size: 4 },
  ),
]
const RETRIEVE_AET = 'ISOCENTER'

interface Found {
  code: number
  output: string
  found: DataSet[]
}

/** DCMTK's findscu; what it received, read from the files it wrote. */
async function findscu(port: number, ...args: string[]): Promise<Found> {
  const folder = join(temporaryFolder(), 'responses')
  mkdirSync(folder)
  const { code, output } = await dcmtk(
    'findscu',
    '-v',
    '-X',
    '-od',
    folder,
    '-aec',
    'ISOCENTER',
    ...args,
    '127.0.0.1',
    `${port}`,
  )
  const found = readdirSync(folder)
    .sort()
    .map(name => {
      const file = readFileSync(join(folder, name))
      const meta = readFileMeta(file)
      return DataSet.read(
        file.subarray(meta?.dataSetOffset ?? 0),
        encodingOf(meta?.TransferSyntaxUID ?? TS.ImplicitVRLittleEndian),
      )
    })
  return { code, output, found }
}

async function openPeer(port: number, options: FindPeerOptions = {}): Promise<FindPeer> {
  const peer = await FindPeer.open(port, options)
  onTestFinished(() => peer.close())
  return peer
}

const keys = (values: Record<string, string>) =>
  Object.entries(values).flatMap(([key, value]) => ['-k', `${key}=${value}`])

test.each([
  ['-P', { QueryRetrieveLevel: 'PATIENT', PatientID: '', NumberOfPatientRelatedStudies: '' }, 'PatientID', ['A', 'B']],
  ['-P', { QueryRetrieveLevel: 'STUDY', PatientID: 'A' }, 'StudyInstanceUID', ['2.25.1000.1', '2.25.1000.2']],
  [
    '-P',
    { QueryRetrieveLevel: 'SERIES', PatientID: 'A', StudyInstanceUID: '2.25.1000.1' },
    'SeriesInstanceUID',
    ['2.25.1000.1.1', '2.25.1000.1.2'],
  ],
  [
    '-P',
    {
      QueryRetrieveLevel: 'IMAGE',
      PatientID: 'A',
      StudyInstanceUID: '2.25.1000.1',
      SeriesInstanceUID: '2.25.1000.1.1',
    },
    'SOPInstanceUID',
    ['2.25.1000.1.1.1', '2.25.1000.1.1.2'],
  ],
  ['-S', { QueryRetrieveLevel: 'STUDY', ModalitiesInStudy: 'MR' }, 'StudyInstanceUID', ['2.25.1000.3']],
  [
    '-S',
    { QueryRetrieveLevel: 'SERIES', StudyInstanceUID: '2.25.1000.1', Modality: 'S*' },
    'SeriesInstanceUID',
    ['2.25.1000.1.2'],
  ],
  [
    '-S',
    {
      QueryRetrieveLevel: 'IMAGE',
      StudyInstanceUID: '2.25.1000.1',
      SeriesInstanceUID: '2.25.1000.1.1',
      InstanceNumber: '2',
    },
    'SOPInstanceUID',
    ['2.25.1000.1.1.2'],
  ],
])("DCMTK's findscu %s %j", async (model, identifier, unique, expected) => {
  const { port } = await openFindDoor(OBJECTS)
  const { code, output, found } = await findscu(port, model, ...keys(identifier))
  expect(code, output).toBe(0)
  expect(found.map(dataSet => dataSet.string(unique))).toEqual(expected)
  for (const dataSet of found) {
    expect(dataSet.string('QueryRetrieveLevel')).toBe(identifier.QueryRetrieveLevel)
    expect(dataSet.string('RetrieveAETitle')).toBe(RETRIEVE_AET)
  }
})

const MATCHING: Array<[how: string, identifier: NewDataSet, studies: string[]]> = [
  ['a single value', { PatientName: 'muller^ANNA' }, ['1', '2']],
  ['a wildcard', { PatientName: 'M?ller*' }, ['1', '2']],
  ['another group of the name', { PatientName: '山田*' }, ['3']],
  ['a list of UIDs', { StudyInstanceUID: '2.25.1000.3\\2.25.1000.1' }, ['1', '3']],
  ['a range of dates', { StudyDate: '20250201-' }, ['2']],
  ['a range of times', { StudyTime: '-1015' }, ['1', '2', '3']],
  ['universal', { AccessionNumber: '*', PatientID: '' }, ['1', '2', '3']],
  ['a class', { SOPClassesInStudy: '1.2.840.10008.5.1.4.1.1.2' }, ['1', '2', '3']],
  ['nothing that is there', { AccessionNumber: 'acc1' }, []],
  ['a name of nothing but delimiters', { PatientName: '^^' }, []],
  ['one of several values, one of them empty', { AccessionNumber: 'ACC1\\\\ACC3' }, ['1', '3']],
]

test('every kind of matching', async () => {
  const { port } = await openFindDoor(OBJECTS)
  const peer = await openPeer(port)
  for (const [how, identifier, studies] of MATCHING) {
    const { found, statuses } = await peer.ask('STUDY', { ...LATIN, QueryRetrieveLevel: 'STUDY', ...identifier })
    const uids = found.map(dataSet => dataSet.string('StudyInstanceUID'))
    expect(uids, how).toEqual(studies.map(study => `2.25.1000.${study}`))
    expect(statuses, how).toEqual([...studies.map(() => 0xff00), 0])
  }
})

test('what is asked comes back, with what makes it unique, and nothing else; what is not known comes empty, and 0xFF01 says so', async () => {
  const { port } = await openFindDoor(OBJECTS)
  const peer = await openPeer(port)
  const tags = (dataSet: DataSet | undefined) => dataSet?.elements.map(({ tag }) => tag.toString(16).padStart(8, '0'))
  const plain = await peer.ask('STUDY', { QueryRetrieveLevel: 'STUDY', AccessionNumber: 'ACC3', PatientSex: '' })
  expect(plain.statuses).toEqual([0xff00, 0])
  // Level, accession, retrieve AE title, sex, study; text that is ASCII needs no character set.
  expect(tags(plain.found[0])).toEqual(['00080050', '00080052', '00080054', '00100040', '0020000d'])
  expect(plain.found[0]?.string('PatientSex')).toBe('')
  const known: NewDataSet = {
    QueryRetrieveLevel: 'STUDY',
    StudyInstanceUID: '2.25.1000.1',
    InstanceAvailability: '',
    ModalitiesInStudy: '',
    NumberOfStudyRelatedSeries: '',
    NumberOfStudyRelatedInstances: '',
    TimezoneOffsetFromUTC: '',
  }
  const { found, statuses } = await peer.ask('STUDY', known)
  expect(statuses[0]).toBe(0xff00)
  expect(found[0]?.strings('ModalitiesInStudy')).toEqual(['CT', 'SR'])
  expect(found[0]?.string('InstanceAvailability')).toBe('ONLINE')
  expect([found[0]?.number('NumberOfStudyRelatedSeries'), found[0]?.number('NumberOfStudyRelatedInstances')]).toEqual([
    2, 3,
  ])
  const unknowns: NewDataSet[] = [
    { ProcedureCodeSequence: [{ CodeValue: '1' }] },
    { '00091001': { vr: 'LO', value: 'x' } },
    { SeriesDescription: 'below the level' },
    { PatientComments: 'x' },
  ]
  for (const unknown of unknowns) {
    const answer = await peer.ask('STUDY', { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '2.25.1000.1', ...unknown })
    expect(answer.statuses).toEqual([0xff01, 0])
    const [key] = Object.keys(unknown)
    const tag = key === '00091001' ? 0x00091001 : key!
    expect(answer.found[0]?.span(tag)?.length).toBe(0)
  }
})

test('images have numbers of their own kinds: US and IS as the standard has them, in both encodings', async () => {
  const { port } = await openFindDoor(OBJECTS)
  for (const transferSyntax of [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian]) {
    const peer = await openPeer(port, { transferSyntax })
    const { found } = await peer.ask('STUDY', {
      QueryRetrieveLevel: 'IMAGE',
      StudyInstanceUID: '2.25.1000.1',
      SeriesInstanceUID: '2.25.1000.1.1',
      Rows: new Uint16Array(),
      NumberOfFrames: '',
      InstanceNumber: '2',
      SOPClassUID: '',
    })
    expect(found).toHaveLength(1)
    expect([found[0]?.number('Rows'), found[0]?.string('NumberOfFrames'), found[0]?.string('InstanceNumber')]).toEqual([
      4,
      '1',
      '2',
    ])
    expect(found[0]?.bytes('Rows')).toEqual(Buffer.from([4, 0]))
  }
})

const REFUSED: Array<[what: string, identifier: NewDataSet | Uint8Array, status: number, words: string]> = [
  ['no level', { PatientID: 'A' }, 0xa900, 'no Query/Retrieve Level'],
  ['a level there is not', { QueryRetrieveLevel: 'FRAME' }, 0xa900, 'no level FRAME'],
  ['patients of Study Root', { QueryRetrieveLevel: 'PATIENT' }, 0xa900, 'no level PATIENT in STUDY ROOT'],
  ['series of no study', { QueryRetrieveLevel: 'SERIES', Modality: 'CT' }, 0xa900, 'StudyInstanceUID: one value'],
  [
    'images of many series',
    { QueryRetrieveLevel: 'IMAGE', StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2\\1.3' },
    0xa900,
    'SeriesInstanceUID: one value',
  ],
  ['a key beyond all measure', { QueryRetrieveLevel: 'STUDY', PatientName: '*a'.repeat(600) }, 0xa900, 'is too long'],
  ['damage', Buffer.from('08005200435300ff', 'hex'), 0xc000, 'damaged'],
]

test('what cannot be asked is refused in words, and the association goes on', async () => {
  const { port } = await openFindDoor([])
  const peer = await openPeer(port)
  for (const [what, identifier, status, words] of REFUSED) {
    const { statuses, comment } = await peer.ask('STUDY', identifier)
    expect(statuses, what).toEqual([status])
    expect(comment, what).toContain(words)
  }
  expect((await peer.ask('STUDY', { QueryRetrieveLevel: 'STUDY' })).statuses).toEqual([0])
})

test('a sequence: what one item has is asked together, and comes back as an item', async () => {
  const request = (ScheduledProcedureStepID: string, RequestedProcedureID: string) => ({
    ScheduledProcedureStepID,
    RequestedProcedureID,
  })
  const { port } = await openFindDoor([
    ctSlice(1, { RequestAttributesSequence: [request('S1', 'R1'), request('S2', 'R2')] }, { size: 4 }),
    ctSlice(1, { RequestAttributesSequence: [request('S3', 'R1')] }, { series: 2, size: 4 }),
    ctSlice(1, {}, { series: 3, size: 4 }),
  ])
  const peer = await openPeer(port)
  const ask = async (item: NewDataSet[]) => {
    const { found, statuses } = await peer.ask('STUDY', {
      QueryRetrieveLevel: 'SERIES',
      StudyInstanceUID: '2.25.1000.1',
      RequestAttributesSequence: item,
    })
    expect(statuses.every(status => status === 0 || status === 0xff00)).toBe(true)
    return found.map(dataSet => [
      Number(dataSet.string('SeriesInstanceUID').split('.').at(-1)),
      dataSet.items('RequestAttributesSequence').map(one => one.elements.map(({ tag }) => one.string(tag)).join(' ')),
    ])
  }
  const all = [
    [1, ['S1 R1', 'S2 R2']],
    [2, ['S3 R1']],
    [3, []],
  ]
  expect(await ask([])).toEqual(all)
  expect(await ask([request('', '')])).toEqual(all)
  expect(await ask([request('S?', 'R1')])).toEqual(all.slice(0, 2))
  // Both are there, but not in one item.
  expect(await ask([request('S1', 'R2')])).toEqual([])
  expect(await ask([{ ScheduledProcedureStepID: 'S3' }])).toEqual([[2, ['S3']]])
})

test('relational, where it was agreed on: nothing above has to be given', async () => {
  const { port } = await openFindDoor(OBJECTS)
  const peer = await openPeer(port, { options: [1] })
  const { found } = await peer.ask('PATIENT', { QueryRetrieveLevel: 'SERIES', Modality: 'CT', PatientID: 'A' })
  expect(found.map(dataSet => dataSet.string('SeriesInstanceUID'))).toEqual(['2.25.1000.1.1', '2.25.1000.2.1'])
})

test('names fuzzily and moments, only where they were agreed on', async () => {
  const { port } = await openFindDoor(OBJECTS)
  const [plain, agreed] = [await openPeer(port), await openPeer(port, { options: [0, 1, 1] })]
  const count = async (peer: FindPeer, identifier: NewDataSet) =>
    (await peer.ask('STUDY', { QueryRetrieveLevel: 'STUDY', ...identifier })).found.length
  expect(await count(plain, { PatientName: 'anna mull' })).toBe(0)
  expect(await count(agreed, { PatientName: 'anna mull' })).toBe(2)
  // A word of the description is none of the name.
  expect(await count(agreed, { PatientName: 'schad' })).toBe(0)
  // Study 2 is of March 1, 10:15: as a moment it is before 09:00 of the day after, by its time alone it is not.
  const range = { StudyDate: '20250301-20250302', StudyTime: '080000-090000' }
  expect(await count(plain, range)).toBe(0)
  expect(await count(agreed, range)).toBe(1)
})

const CHARACTER_SETS: Array<
  [asked: string, set: string | undefined, PatientID: string, answered: string, bytes: string]
> = [
  ['none, and none is needed', undefined, 'B', '', ''],
  ['Latin-1, which carries it', 'ISO_IR 100', 'A', 'ISO_IR 100', 'fc'],
  ['Latin-1, which does not carry Japanese', 'ISO_IR 100', 'JP', 'ISO_IR 192', 'e5b1b1'],
  ['none, but letters beyond ASCII', undefined, 'A', 'ISO_IR 192', 'c3bc'],
  ['UTF-8', 'ISO_IR 192', 'A', 'ISO_IR 192', 'c3bc'],
  ['JIS, by its escapes', '\\ISO 2022 IR 87', 'JP', '\\ISO 2022 IR 87', '1b24423b3345441b2842'],
]

test('answers are in the character set asked in where it has the letters, else in UTF-8', async () => {
  const { port } = await openFindDoor([
    ...OBJECTS.slice(0, 1),
    ctSlice(1, { PatientName: 'Doe^Jane', PatientID: 'B' }, { study: 2, size: 4 }),
    ctSlice(1, { ...LATIN, PatientName: 'Yamada^Tarou=山田^太郎', PatientID: 'JP' }, { study: 3, size: 4 }),
  ])
  const peer = await openPeer(port)
  for (const [asked, SpecificCharacterSet, PatientID, answered, bytes] of CHARACTER_SETS) {
    const set: NewDataSet = SpecificCharacterSet ? { SpecificCharacterSet } : {}
    const { found } = await peer.ask('STUDY', { ...set, QueryRetrieveLevel: 'STUDY', PatientID, PatientName: '' })
    expect(found, asked).toHaveLength(1)
    expect(found[0]?.strings('SpecificCharacterSet').join('\\'), asked).toBe(answered)
    expect(Buffer.from(found[0]?.bytes('PatientName') ?? []).toString('hex'), asked).toContain(bytes)
  }
})

test('a key in Latin-1 finds what came in another set', async () => {
  const { port } = await openFindDoor(OBJECTS)
  const peer = await openPeer(port)
  const { found } = await peer.ask('STUDY', {
    SpecificCharacterSet: 'ISO_IR 100',
    QueryRetrieveLevel: 'STUDY',
    StudyDescription: Buffer.from('Sch\xe4del', 'latin1'),
  })
  expect(found).toHaveLength(1)
  expect(
    Buffer.from(found[0]?.bytes('StudyDescription') ?? [])
      .toString('latin1')
      .trimEnd(),
  ).toBe('Sch\xe4del')
})

const MANY = 20_000

async function openManyStudies(): Promise<number> {
  const dataDir = temporaryFolder()
  fillIndex(dataDir, MANY, Date.UTC(2026, 0, 15))
  const { store } = await newStore({ dataDir })
  return (await serveStore(store)).port
}

test('a cancel in mid-flight ends a long answer, and the association goes on', async () => {
  const port = await openManyStudies()
  const peer = await openPeer(port)
  const messageID = peer.send('STUDY', { QueryRetrieveLevel: 'STUDY', PatientName: '' })
  let cancelled = false
  const { statuses, found } = await peer.answers(count => {
    if (cancelled || count < 300) return
    cancelled = true
    peer.cancel('STUDY', messageID)
  })
  expect(statuses.at(-1)).toBe(0xfe00)
  expect(found.length).toBeLessThan(MANY)
  expect((await peer.ask('STUDY', { QueryRetrieveLevel: 'STUDY', AccessionNumber: 'A00000007' })).found).toHaveLength(1)
  // Too late: there is nothing to be cancelled any more.
  peer.cancel('STUDY', messageID)
  expect((await peer.ask('STUDY', { QueryRetrieveLevel: 'STUDY', AccessionNumber: 'A00000008' })).statuses).toEqual([
    0xff00, 0,
  ])
}, 60_000)

test("DCMTK's findscu gets all of 20,000 studies, each once, and can cancel", async () => {
  const port = await openManyStudies()
  const identifier = keys({ QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '' })
  const file = join(temporaryFolder(), 'all.xml')
  const all = await dcmtk('findscu', '-S', '-Xs', file, '-aec', 'ISOCENTER', ...identifier, '127.0.0.1', `${port}`)
  expect(all.code, all.output).toBe(0)
  const uids = readFileSync(file, 'latin1').match(/2\.25\.900\d+/g)
  expect(uids).toHaveLength(MANY)
  expect(new Set(uids).size).toBe(MANY)
  const some = await findscu(port, '-S', '--cancel', '10', ...identifier)
  expect(some.output).toMatch(/Cancel/i)
  expect(some.found.length).toBeLessThan(MANY)
}, 120_000)

test('a node without the right, and one that nobody knows, are refused on their contexts', async () => {
  const { port, problems } = await openFindDoor(OBJECTS)
  for (const [AET, why] of [
    ['STRANGER', 'it is not among the nodes'],
    ['STORER', 'the node "STORER" may not'],
  ] as const) {
    const result = await findscu(port, '-S', '-aet', AET, ...keys({ QueryRetrieveLevel: 'STUDY', PatientID: '' }))
    expect(result.output).toContain('No Acceptable Presentation Contexts')
    await until(() => problems.some(({ sentence }) => sentence.includes(AET) && sentence.includes(why)))
  }
})

test("dcmjs-dimse's client is answered", async () => {
  const { port } = await openFindDoor(OBJECTS)
  const { CFindRequest } = dcmjsDimse.requests
  dcmjsDimse.log.disableAll()
  const client = new dcmjsDimse.Client()
  const request = CFindRequest.createStudyFindRequest({
    PatientID: 'A',
    PatientName: '',
    StudyDate: '20250101-20250131',
  })
  const responses: Array<{ status: number; uid: unknown }> = []
  request.on('response', response => {
    const elements = response.getDataset()?.getElements() as Record<string, unknown> | undefined
    responses.push({ status: response.getStatus(), uid: elements?.StudyInstanceUID })
  })
  client.addRequest(request)
  const done = new Promise((resolve, reject) => {
    client.on('closed', resolve)
    client.on('networkError', reject)
  })
  client.send('127.0.0.1', port, 'SENDER', 'ISOCENTER')
  await done
  expect(responses).toEqual([
    { status: 0xff00, uid: '2.25.1000.1' },
    { status: 0, uid: undefined },
  ])
})
