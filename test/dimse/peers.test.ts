import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import dcmjsDimse from 'dcmjs-dimse'
import { expect, test } from 'vitest'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { startWireTap } from '../fakes/wireTap.ts'
import { CT_IMAGE, ctObject, dcmtk, openDoor, part10, temporaryFolder, until } from './harness.ts'

/** DCMTK's storescu of one file through a tap: what arrived must be what was on the wire. */
async function storescu(file: string, ...flags: string[]) {
  const door = await openDoor()
  const tap = await startWireTap(door.port)
  try {
    const result = await dcmtk(
      'storescu',
      ...flags,
      '-aet',
      'MODALITY',
      '-aec',
      'ISOCENTER',
      '127.0.0.1',
      `${tap.port}`,
      file,
    )
    expect(result).toMatchObject({ code: 0 })
    const stored = [...door.store.objects.values()]
    expect(stored).toHaveLength(1)
    expect(stored[0]?.bytes.equals(tap.dataSets[0]?.bytes ?? Buffer.alloc(0))).toBe(true)
    return { door, object: stored[0]! }
  } finally {
    await tap.close()
  }
}

function writeObject(): string {
  const file = join(temporaryFolder(), 'ct.dcm')
  writeFileSync(file, part10(ctObject(1)))
  return file
}

test("DCMTK's echoscu is answered; its association is listed", async () => {
  const { port, dimse } = await openDoor()
  expect(await dcmtk('echoscu', '-aet', 'ECHO', '-aec', 'ISOCENTER', '127.0.0.1', `${port}`)).toMatchObject({ code: 0 })
  await until(() => dimse.associations()[0]?.endedAt != null)
  expect(dimse.associations()[0]).toMatchObject({ callingAET: 'ECHO', received: 0, outcome: 'released' })
})

test("DCMTK's echoscu with another called AE title is refused in its own words", async () => {
  const { port } = await openDoor()
  const result = await dcmtk('echoscu', '-aec', 'PACS', '127.0.0.1', `${port}`)
  expect(result.code).not.toBe(0)
  expect(result.output).toContain('Called AE Title Not Recognized')
})

test.each([
  ['explicit first (default)', [], TS.ExplicitVRLittleEndian],
  ['only what is required', ['-R'], TS.ExplicitVRLittleEndian],
  ['syntaxes combined in a context', ['+C'], TS.ExplicitVRLittleEndian],
  ['big endian first: little endian is chosen', ['-xb', '-R'], TS.ExplicitVRLittleEndian],
  ['implicit only', ['-xi'], TS.ImplicitVRLittleEndian],
  ['deflated first', ['-xd', '-R'], TS.DeflatedExplicitVRLittleEndian],
  ['short PDUs', ['--max-send-pdu', '4096'], TS.ExplicitVRLittleEndian],
  ['long PDUs', ['--max-send-pdu', '131072'], TS.ExplicitVRLittleEndian],
  ['with a user name and passcode', ['-usr', 'anna', '-pwd', 'secret'], TS.ExplicitVRLittleEndian],
  ['that insists on an answer to both', ['-usr', 'anna', '-pwd', 'secret', '-rsp'], TS.ExplicitVRLittleEndian],
])('storescu: %s', async (_name, flags, expected) => {
  const { object, door } = await storescu(writeObject(), ...flags)
  expect(object).toMatchObject({ SOPClassUID: CT_IMAGE, SOPInstanceUID: ctObject(1).SOPInstanceUID })
  expect(object.TransferSyntaxUID).toBe(expected)
  expect(object.origin).toMatchObject({ sendingAET: 'MODALITY', receivingAET: 'ISOCENTER' })
  expect(door.logged.join()).not.toContain('secret')
})

test.each([
  ['JPEG lossless', 'dcmcjpeg', ['+e1'], '-xs', TS.JPEGLosslessSV1],
  ['JPEG 12 bit', 'dcmcjpeg', ['+ee'], '-xx', TS.JPEGExtended12Bit],
  ['JPEG-LS lossless', 'dcmcjpls', ['+el'], '-xt', TS.JPEGLSLossless],
  ['JPEG-LS near-lossless', 'dcmcjpls', ['+en'], '-xu', TS.JPEGLSNearLossless],
  ['RLE', 'dcmcrle', [], '-xr', TS.RLELossless],
])('storescu: %s stays compressed, every byte of the file', async (_name, tool, encode, propose, expected) => {
  const source = writeObject()
  const file = `${source}.compressed`
  expect(await dcmtk(tool, ...encode, source, file)).toMatchObject({ code: 0 })
  const { object } = await storescu(file, propose, '-R')
  expect(object.TransferSyntaxUID).toBe(expected)
  const bytes = readFileSync(file)
  const meta = readFileMeta(bytes)
  expect(object.bytes.equals(bytes.subarray(meta?.dataSetOffset))).toBe(true)
})

test('storescu with a profile of its own: big endian when nothing else is proposed', async () => {
  const profile = join(temporaryFolder(), 'profile.cfg')
  writeFileSync(
    profile,
    `[[TransferSyntaxes]]
[BigEndian]
TransferSyntax1 = BigEndianExplicit
[[PresentationContexts]]
[Only]
PresentationContext1 = CTImageStorage\\BigEndian
[[Profiles]]
[Default]
PresentationContexts = Only
`,
  )
  const { object } = await storescu(writeObject(), '-xf', profile, 'Default')
  expect(object.TransferSyntaxUID).toBe(TS.ExplicitVRBigEndian)
})

test('storescu reads our refusal and its reason', async () => {
  const { port, store } = await openDoor()
  store.failCommit = new IsocenterError('disk-full')
  const result = await dcmtk('storescu', '-d', '-aec', 'ISOCENTER', '127.0.0.1', `${port}`, writeObject())
  expect(result.code).not.toBe(0)
  expect(result.output).toMatch(/0xa700|Out Of Resources/i)
})

test('storescu --abort: what it stored stays, the abort is told', async () => {
  const { port, store, dimse, problems } = await openDoor()
  await dcmtk('storescu', '--abort', '-aec', 'ISOCENTER', '127.0.0.1', `${port}`, writeObject())
  await until(() => dimse.associations()[0]?.endedAt != null)
  expect(store.objects.size).toBe(1)
  expect(dimse.associations()[0]?.outcome).toBe('aborted by the peer')
  expect(problems).toHaveLength(1)
})

test('many files over one storescu association', async () => {
  const { port, store } = await openDoor()
  const folder = temporaryFolder()
  for (let i = 0; i < 30; i += 1) writeFileSync(join(folder, `${i}.dcm`), part10(ctObject(i)))
  const result = await dcmtk('storescu', '+sd', '-aec', 'ISOCENTER', '127.0.0.1', `${port}`, folder)
  expect(result).toMatchObject({ code: 0 })
  expect(store.objects.size).toBe(30)
})

test('dcmjs-dimse, an implementation that shares no code with ours, sends an image and an echo', async () => {
  const { port, store } = await openDoor()
  const { Client, requests, constants, log } = dcmjsDimse
  log.disableAll()
  const client = new Client()
  const statuses: number[] = []
  for (const request of [new requests.CEchoRequest(), new requests.CStoreRequest(writeObject())]) {
    request.on('response', response => statuses.push(response.getStatus()))
    client.addRequest(request)
  }
  await new Promise<void>((resolve, reject) => {
    client.on('closed', () => resolve())
    client.on('networkError', reject)
    client.on('associationRejected', () => reject(new Error('rejected')))
    client.send('127.0.0.1', port, 'DCMJS', 'ISOCENTER', {
      asyncOps: { maxAsyncOpsInvoked: 5, maxAsyncOpsPerformed: 5 },
    })
  })
  expect(statuses).toEqual([constants.Status.Success, constants.Status.Success])
  expect([...store.objects.keys()]).toEqual([ctObject(1).SOPInstanceUID])
})
