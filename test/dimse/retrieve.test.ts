import { readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Association } from '../../electron/station/wire/association.ts'
import { COMMAND, type CommandSet, NO_DATA_SET, responseTo, STATUS } from '../../electron/station/wire/dimse.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { startOrthanc } from '../bench/receivers.ts'
import { associateRequest } from '../fakes/byteSender.ts'
import { statusPeer } from '../fakes/statusPeer.ts'
import { freePort } from '../fixtures/freePort.ts'
import { filesIn, keep, node, openArchive, readPart10, startStorescp } from './archive.ts'
import { CT_IMAGE, ctObject, dcmtk, part10, temporaryFolder } from './harness.ts'

const STUDY = '1.2.826.0.1.3680043.10.1'
const SERIES = '1.2.826.0.1.3680043.10.2'
const studyKeys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${STUDY}`]

const PRIVATE = {
  '00290010': { vr: 'LO', value: 'ISOCENTER TEST' },
  '00291001': { vr: 'OB', value: Uint8Array.of(1, 2, 3, 4) },
  '00291002': { vr: 'SQ', value: [{ '00290010': { vr: 'LO', value: 'INNER' } }] },
}

function getscu(port: number, folder: string, ...args: string[]) {
  return dcmtk('getscu', '-aet', 'READER', '-aec', 'ISOCENTER', '-S', '-od', folder, ...args, '127.0.0.1', `${port}`)
}

function movescu(port: number, destination: string, ...args: string[]) {
  const called = ['-aet', 'READER', '-aec', 'ISOCENTER', '-aem', destination]
  return dcmtk('movescu', '-v', '-S', ...called, ...args, '127.0.0.1', `${port}`)
}

async function compressed(folder: string, number: number, tool: string, ...flags: string[]): Promise<string> {
  const [source, file] = [join(folder, `${number}.dcm`), join(folder, `${number}-${tool}.dcm`)]
  writeFileSync(source, part10(ctObject(number, PRIVATE)))
  expect(await dcmtk(tool, ...flags, source, file)).toMatchObject({ code: 0 })
  return file
}

test('getscu gets a study byte for byte, whatever its size', async () => {
  const { port, store, dimse } = await openArchive([node('READER')])
  const objects = [ctObject(1, PRIVATE), ctObject(2, {}, TS.ExplicitVRLittleEndian, 1500), ctObject(3)]
  for (const object of objects) await keep(store, part10(object))
  const folder = temporaryFolder()
  const result = await getscu(port, folder, '+B', ...studyKeys)
  expect(result).toMatchObject({ code: 0 })
  const files = filesIn(folder)
  expect(files.size).toBe(3)
  for (const object of objects) expect(files.get(object.SOPInstanceUID)?.bytes.equals(object.dataSet)).toBe(true)
  expect(dimse.associations()[0]).toMatchObject({ callingAET: 'READER', sent: 3, outgoing: false })
})

test('movescu moves a study to a third peer: as stored, counted, listed', async () => {
  const own = await freePort()
  const { port, store, dimse } = await openArchive([node('STORESCP', own), node('READER')])
  for (const number of [1, 2, 3]) await keep(store, part10(ctObject(number, PRIVATE)))
  const { folder } = await startStorescp(own)
  const result = await movescu(port, 'STORESCP', '-d', ...studyKeys)
  expect(result.code, result.output).toBe(0)
  expect(result.output).toMatch(/Completed Suboperations +: 3/)
  const files = filesIn(folder)
  for (const number of [1, 2, 3]) {
    const { SOPInstanceUID, dataSet } = ctObject(number, PRIVATE)
    expect(files.get(SOPInstanceUID)?.bytes.equals(dataSet)).toBe(true)
  }
  expect(dimse.associations()).toContainEqual(
    expect.objectContaining({ outgoing: true, calledAET: 'STORESCP', callingAET: 'ISOCENTER', sent: 3 }),
  )
})

test.each([
  ['explicit little endian, by C-GET', false, TS.ExplicitVRLittleEndian],
  ['implicit little endian, by C-MOVE', true, TS.ImplicitVRLittleEndian],
])(
  'compressed objects reach a peer that takes only %s with the pixels other decoders find',
  async (_, move, syntax) => {
    const own = await freePort()
    const { port, store } = await openArchive([node('STORESCP', own), node('READER')])
    const made = temporaryFolder()
    const files = [
      { file: await compressed(made, 1, 'dcmcjpeg', '+e1'), decode: ['dcmdjpeg'] },
      { file: await compressed(made, 2, 'dcmcjpls', '+el'), decode: ['dcmdjpls'] },
      { file: await compressed(made, 3, 'dcmcrle'), decode: ['dcmdrle'] },
      { file: await compressed(made, 4, 'gdcmconv', '--j2k'), decode: ['gdcmconv', '--raw'] },
    ]
    for (const { file } of files) await keep(store, readFileSync(file))
    const folder = move ? (await startStorescp(own, '+xi')).folder : temporaryFolder()
    const result = move
      ? await movescu(port, 'STORESCP', ...studyKeys)
      : await getscu(port, folder, '+xi', '+B', ...studyKeys)
    expect(result.code, result.output).toBe(0)
    const got = filesIn(folder)
    expect(got.size).toBe(4)
    for (const { file, decode } of files) {
      const [tool = '', ...flags] = decode
      const plain = `${file}.raw`
      expect(await dcmtk(tool, ...flags, file, plain)).toMatchObject({ code: 0 })
      const expected = readPart10(plain)
      const received = got.get(expected.MediaStorageSOPInstanceUID)!
      expect(received.TransferSyntaxUID).toBe(syntax)
      const pixels = received.dataSet.bytes('PixelData')
      expect(pixels && Buffer.from(pixels).equals(expected.dataSet.bytes('PixelData')!)).toBe(true)
      expect(received.dataSet.bytes(0x00291001)).toEqual(expected.dataSet.bytes(0x00291001))
      expect(received.dataSet.string('PatientName')).toBe('Doe^Jane')
    }
  },
)

test('a study of 150 classes and syntaxes goes over two associations, each object as it is stored', async () => {
  const own = await freePort()
  const { port, store, dimse } = await openArchive([node('STORESCP', own), node('READER')])
  const syntaxes = [
    TS.ExplicitVRLittleEndian,
    TS.ImplicitVRLittleEndian,
    TS.JPEGBaseline8Bit,
    TS.JPEGExtended12Bit,
    TS.JPEGLosslessSV1,
    TS.JPEGLSLossless,
    TS.JPEGLSNearLossless,
    TS.JPEG2000Lossless,
    TS.JPEG2000,
    TS.RLELossless,
  ]
  const classes = [
    '1',
    '1.1',
    '1.2',
    '1.3',
    '2',
    '4',
    '6.1',
    '7',
    '12.1',
    '12.2',
    '20',
    '128',
    '3.1',
    '77.1.4',
    '77.1.1',
  ]
  let number = 0
  for (const end of classes) {
    for (const syntax of syntaxes) {
      const SOPClassUID = `1.2.840.10008.5.1.4.1.1.${end}`
      // No pixels: only how they are labelled matters here.
      const object = ctObject(++number, { SOPClassUID }, syntax === TS.ImplicitVRLittleEndian ? syntax : undefined, 2)
      await keep(store, part10({ ...object, SOPClassUID, TransferSyntaxUID: syntax }))
    }
  }
  const { folder } = await startStorescp(own, '+xa')
  const result = await movescu(port, 'STORESCP', ...studyKeys)
  expect(result.code, result.output).toBe(0)
  const files = filesIn(folder)
  expect(files.size).toBe(150)
  expect(
    new Set([...files.values()].map(file => `${file.MediaStorageSOPClassUID} ${file.TransferSyntaxUID}`)).size,
  ).toBe(150)
  expect(dimse.associations().filter(({ outgoing }) => outgoing)).toHaveLength(2)
})

test('an unknown destination is told by its name, our own is refused', async () => {
  const { port, store } = await openArchive([node('READER')])
  await keep(store, part10(ctObject(1)))
  const unknown = await movescu(port, 'NOBODY', '-d', ...studyKeys)
  expect(unknown.output).toContain('0xa801')
  expect(unknown.output).toContain('NOBODY')
  const own = await movescu(port, 'ISOCENTER', '-d', ...studyKeys)
  expect(own.output).toContain('0xa801')
  expect(own.output).toContain('this station itself')
})

test('a dead destination: every UID is told, and a person is', async () => {
  const { port, store, problems } = await openArchive([node('DEAD', await freePort()), node('READER')])
  for (const number of [1, 2]) await keep(store, part10(ctObject(number)))
  const result = await movescu(port, 'DEAD', '-d', ...studyKeys)
  expect(result.output).toContain('0xa702')
  for (const number of [1, 2]) expect(result.output).toContain(ctObject(number).SOPInstanceUID)
  expect(problems.map(({ sentence }) => sentence).join()).toMatch(
    /None of the 2 images .*READER.* dead \(DEAD\).*ECONNREFUSED/,
  )
})

test('a cancel in mid-flight: what is under way is finished, the rest is told', async () => {
  const own = await freePort()
  const { port, store } = await openArchive([node('STORESCP', own), node('READER')])
  for (const number of [1, 2, 3, 4]) await keep(store, part10(ctObject(number)))
  const { folder } = await startStorescp(own, '--sleep-after', '1')
  const result = await movescu(port, 'STORESCP', '-d', '--cancel', '1', ...studyKeys)
  expect(result.output).toContain('0xfe00')
  const sent = filesIn(folder).size
  expect(sent).toBeLessThan(4)
  expect(result.output).toMatch(new RegExp(`Remaining Suboperations +: ${4 - sent}[^]*0xfe00`))
})

test('Orthanc moves a study from here to itself', async () => {
  const orthanc = await startOrthanc()
  onTestFinished(() => orthanc.close())
  const { port, store } = await openArchive([node('ORTHANC', orthanc.port)])
  for (const number of [1, 2, 3]) await keep(store, part10(ctObject(number, PRIVATE)))
  const call = async (path: string, method: string, body: unknown) => {
    const response = await fetch(`http://127.0.0.1:${orthanc.httpPort}${path}`, { method, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }
  await call('/modalities/here', 'PUT', { AET: 'ISOCENTER', Host: '127.0.0.1', Port: port })
  await call('/modalities/here/move', 'POST', { Level: 'Study', Resources: [{ StudyInstanceUID: STUDY }] })
  expect(await orthanc.stored()).toBe(3)
})

test('an image whose file is gone fails by itself; one that is cut short ends the association before its end', async () => {
  const { port, store } = await openArchive([node('READER')])
  for (const number of [1, 2, 3]) await keep(store, part10(ctObject(number)))
  await keep(store, part10(ctObject(4, {}, TS.ExplicitVRLittleEndian, 1500)))
  await store.settleAll()
  const { objects } = await store.read.retrievable({ StudyInstanceUID: [STUDY] }, 10)
  const [, gone, , large] = objects
  unlinkSync(gone!.path)
  truncateSync(large!.path, 3_000_000)
  const folder = temporaryFolder()
  const result = await getscu(port, folder, '-v', ...studyKeys)
  expect(result.code).not.toBe(0)
  expect([...filesIn(folder).keys()]).toEqual([1, 3].map(number => ctObject(number).SOPInstanceUID))
})

test('what the destination can not take fails by itself: a warning, its UID, the others come', async () => {
  const own = await freePort()
  const { port, store } = await openArchive([node('READER', own)])
  await keep(store, part10(ctObject(1)))
  await keep(store, part10({ ...ctObject(2), TransferSyntaxUID: TS.MPEG4HP41 }))
  const folder = temporaryFolder()
  const result = await movescu(port, 'READER', '-d', '+P', `${own}`, '-od', folder, ...studyKeys)
  expect(result.output).toContain('0xb000')
  expect(result.output).toContain(`[${ctObject(2).SOPInstanceUID}]`)
  expect([...filesIn(folder).keys()]).toEqual([ctObject(1).SOPInstanceUID])
})

/** Of the last response of a C-MOVE or C-GET, as DCMTK's tools print it. */
function countsIn(output: string): Record<string, number> {
  const last = (kind: string) =>
    Number([...output.matchAll(new RegExp(`${kind} Suboperations +: (\\d+)`, 'g'))].at(-1)?.[1])
  return { completed: last('Completed'), failed: last('Failed'), warning: last('Warning') }
}

test('what is told of a C-MOVE is what its destination answered: taken, taken with a warning, refused', async () => {
  const statuses = [0x0000, 0xb000, 0xa700, 0x0000, 0xc000, 0x0000, 0xb007]
  const answered: number[] = []
  const { port: own } = await statusPeer(uid => {
    const status = statuses[Number(uid.split('.').at(-1)) - 1] ?? 0
    answered.push(status)
    return status
  })
  const { port, store } = await openArchive([node('STATUS', own), node('READER')])
  for (const number of statuses.keys()) await keep(store, part10(ctObject(number + 1)))
  const { output } = await movescu(port, 'STATUS', '-d', ...studyKeys)
  expect(answered.toSorted()).toEqual(statuses.toSorted())
  expect(countsIn(output)).toEqual({ completed: 3, failed: 2, warning: 2 })
  for (const [at, status] of statuses.entries()) {
    // In brackets: in the list of what failed.
    const isRefused = status >= 0xa000 && status >> 12 !== 0xb
    expect(
      output.includes(`${ctObject(at + 1).SOPInstanceUID}\\`) || output.includes(`${ctObject(at + 1).SOPInstanceUID}]`),
    ).toBe(isRefused)
  }
})

test('what is told of a C-GET is what came: an image whose file is gone has failed, the others are whole', async () => {
  const { port, store } = await openArchive([node('READER')])
  const objects = [1, 2, 3, 4].map(number => ctObject(number))
  for (const object of objects) await keep(store, part10(object))
  await store.settleAll()
  const stored = await store.read.retrievable({ StudyInstanceUID: [STUDY] }, 10)
  unlinkSync(stored.objects[1]!.path)
  const folder = temporaryFolder()
  const { output } = await getscu(port, folder, '-d', '+B', ...studyKeys)
  expect(countsIn(output)).toEqual({ completed: 3, failed: 1, warning: 0 })
  const files = filesIn(folder)
  expect(files.size).toBe(3)
  for (const { SOPInstanceUID, dataSet } of objects.filter((_, at) => at !== 1)) {
    expect(files.get(SOPInstanceUID)?.bytes.equals(dataSet)).toBe(true)
  }
})

test.each([
  ['SERIES', [`SeriesInstanceUID=${SERIES}`], 3],
  [
    'IMAGE',
    [`SeriesInstanceUID=${SERIES}`, `SOPInstanceUID=${ctObject(1).SOPInstanceUID}\\${ctObject(3).SOPInstanceUID}`],
    2,
  ],
])('level %s, lists of UIDs', async (level, keys, count) => {
  const { port, store } = await openArchive([node('READER')])
  for (const number of [1, 2, 3]) await keep(store, part10(ctObject(number)))
  const folder = temporaryFolder()
  const given = [`QueryRetrieveLevel=${level}`, `StudyInstanceUID=${STUDY}`, ...keys].flatMap(key => ['-k', key])
  expect(await getscu(port, folder, ...given)).toMatchObject({ code: 0 })
  expect(filesIn(folder).size).toBe(count)
})

test('the patient root, by Patient ID', async () => {
  const { port, store } = await openArchive([node('READER')])
  await keep(store, part10(ctObject(1)))
  await keep(store, part10(ctObject(2, { PatientID: 'OTHER', StudyInstanceUID: '1.2.826.0.1.3680043.10.9' })))
  const folder = temporaryFolder()
  const keys = ['-k', 'QueryRetrieveLevel=PATIENT', '-k', 'PatientID=SYNTHETIC-1']
  const to = ['-aet', 'READER', '-aec', 'ISOCENTER', '-P', '-od', folder, ...keys, '127.0.0.1', `${port}`]
  expect(await dcmtk('getscu', ...to)).toMatchObject({ code: 0 })
  expect([...filesIn(folder).keys()]).toEqual([ctObject(1).SOPInstanceUID])
})

test('who is no node gets no image, and a person hears why', async () => {
  const { port, store, problems } = await openArchive([])
  await keep(store, part10(ctObject(1)))
  const folder = temporaryFolder()
  expect((await getscu(port, folder, ...studyKeys)).code).not.toBe(0)
  expect(filesIn(folder).size).toBe(0)
  expect(problems[0]?.sentence).toContain('not among the nodes')
})

test('a C-GET cancelled between two images: one was sent, the rest is told, the association goes on', async () => {
  const { port, store } = await openArchive([node('READER')])
  for (const number of [1, 2, 3, 4]) await keep(store, part10(ctObject(number)))
  const [GET, STUDY_GET] = [1, '1.2.840.10008.5.1.4.1.2.2.3']
  const finals: CommandSet[] = []
  let stored = 0
  const explicit = [TS.ExplicitVRLittleEndian]
  const offered = [
    { abstractSyntax: STUDY_GET, transferSyntaxes: explicit },
    { abstractSyntax: CT_IMAGE, transferSyntaxes: explicit },
  ]
  const request = associateRequest(offered, { callingAET: 'READER' })
  const association = new Association(connect(port, '127.0.0.1'), {
    role: 'requestor',
    request: { ...request, user: { ...request.user, roles: [{ SOPClassUID: CT_IMAGE, scu: false, scp: true }] } },
    onAccepted: () => {
      const identifier = writeDataSet(
        { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: STUDY },
        encodingOf(TS.ExplicitVRLittleEndian),
      )
      const command = { AffectedSOPClassUID: STUDY_GET, CommandField: COMMAND.cGetRQ, MessageID: 9, Priority: 0 }
      void association.send(GET, { ...command, CommandDataSetType: 0 }, identifier)
    },
    onMessage: (context, command) => ({
      write: () => {},
      async end() {
        if (command.CommandField === COMMAND.cStoreRQ) {
          stored += 1
          const cancel = { CommandField: COMMAND.cCancelRQ, MessageIDBeingRespondedTo: 9 }
          await association.send(GET, { ...cancel, CommandDataSetType: NO_DATA_SET })
          await association.send(context.id, responseTo(command, STATUS.success))
        } else if (command.Status !== STATUS.pending) {
          finals.push(command)
          association.release()
        }
      },
      abort: () => {},
    }),
    onEnd: ({ kind }) => expect(kind).toBe('released'),
  })
  await association.closed
  expect(stored).toBe(1)
  expect(finals).toMatchObject([
    { Status: 0xfe00, NumberOfCompletedSuboperations: 1, NumberOfRemainingSuboperations: 3 },
  ])
})
