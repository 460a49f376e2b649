import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Captures } from '../../electron/station/dimse/captures.ts'
import { encodeAssociateRequest, encodeReleaseRequest } from '../../electron/station/wire/pduEncode.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer, sendBytes } from '../fakes/byteSender.ts'
import { readPcap } from '../fakes/pcap.ts'
import { startWireTap } from '../fakes/wireTap.ts'
import { silentLog } from '../web/counter.ts'
import { CT_IMAGE, ctObject, dcmtk, openDoor, part10, temporaryFolder, until } from './harness.ts'

const CONTEXTS = [{ abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian] }]

test('a recording holds every byte of the AE that is recorded, both ways, and none of another', async () => {
  const { port, dimse } = await openDoor()
  await sendBytes([ctObject(7)], { port, callingAET: 'CT1' })
  const { id } = await dimse.captures.start('CT1', 64)
  const objects = [ctObject(1, {}, TS.ExplicitVRLittleEndian, 512), ctObject(2)]
  const request = associateRequest(CONTEXTS, { callingAET: 'CT1' })
  const peer = new RawPeer(port)
  const received: Buffer[] = []
  peer.socket.on('data', chunk => received.push(Buffer.from(chunk)))
  await peer.associate(request)
  await sendBytes([ctObject(3)], { port, callingAET: 'MR1' })
  for (const [i, object] of objects.entries()) expect((await peer.store(1, i, object)).status).toBe(0)
  await peer.release()
  await until(() => dimse.associations().every(({ endedAt }) => endedAt !== null))
  const stopped = await dimse.captures.stop(id)
  await sendBytes([ctObject(4)], { port, callingAET: 'CT1' })

  const file = readFileSync(dimse.captures.file(id))
  expect(stopped).toMatchObject({ AET: 'CT1', bytes: file.length, ending: 'stopped' })
  const conversations = readPcap(file)
  expect(conversations).toHaveLength(1)
  const sent = Buffer.concat([
    encodeAssociateRequest(request),
    ...objects.flatMap((object, i) => peer.storePdus(1, i, object)),
    encodeReleaseRequest(),
  ])
  expect(conversations[0]?.client.equals(sent)).toBe(true)
  expect(conversations[0]?.server.equals(Buffer.concat(received))).toBe(true)
  if (process.platform !== 'win32') expect(statSync(dimse.captures.file(id)).mode & 0o777).toBe(0o600)
})

test("DCMTK's storescu recorded: the data set is in the file as it crossed, the passcode is not", async () => {
  const { port, dimse } = await openDoor()
  const { id } = await dimse.captures.start('MODALITY', 64)
  const tap = await startWireTap(port)
  const source = join(temporaryFolder(), 'ct.dcm')
  writeFileSync(source, part10(ctObject(1)))
  const flags = ['-usr', 'anna', '-pwd', 'swordfish', '-aet', 'MODALITY', '-aec', 'ISOCENTER']
  expect(await dcmtk('storescu', ...flags, '127.0.0.1', `${tap.port}`, source)).toMatchObject({ code: 0 })
  await until(() => dimse.associations()[0]?.endedAt != null)
  await tap.close()
  await dimse.captures.stop(id)
  const file = readFileSync(dimse.captures.file(id))
  expect(file.includes('swordfish')).toBe(false)
  expect(file.includes('anna')).toBe(true)
  const [conversation] = readPcap(file)
  expect(pdvBytes(conversation!.client).equals(tap.dataSets[0]!.bytes)).toBe(true)
})

test('a refused association is recorded: that is what recordings are for', async () => {
  const { port, dimse } = await openDoor()
  const { id } = await dimse.captures.start('ECHO', 1)
  expect((await dcmtk('echoscu', '-aet', 'ECHO', '-aec', 'PACS', '127.0.0.1', `${port}`)).code).not.toBe(0)
  await until(() => dimse.associations()[0]?.endedAt != null)
  await dimse.captures.stop(id)
  const [conversation] = readPcap(readFileSync(dimse.captures.file(id)))
  expect(conversation?.server[0]).toBe(3)
})

test('a full recording ends by itself, within its bound; the sender does not notice', async () => {
  const { port, dimse, store } = await openDoor()
  const { id } = await dimse.captures.start('CT1', 1)
  const objects = Array.from({ length: 5 }, (_, i) => ctObject(i, {}, TS.ExplicitVRLittleEndian, 512))
  const results = await sendBytes(objects, { port, callingAET: 'CT1' })
  expect(results.every(({ status }) => status === 0)).toBe(true)
  expect(store.objects.size).toBe(5)
  await until(() => dimse.captures.list()[0]?.endedAt !== null)
  expect(dimse.captures.list()[0]).toMatchObject({ id, ending: 'full' })
  await dimse.captures.stop(id)
  expect(statSync(dimse.captures.file(id)).size).toBeLessThanOrEqual(1024 * 1024)
  expect(() => readPcap(readFileSync(dimse.captures.file(id)))).not.toThrow()
})

test('recordings outlive the station, are kept to twenty, and go when told', async () => {
  const folder = join(temporaryFolder(), 'captures')
  const first = await Captures.open(folder, silentLog)
  const odd = await first.start('../O D D/*', 1)
  expect(await first.start('../O D D/*', 1)).toEqual(odd)
  await first.close()
  const second = await Captures.open(folder, silentLog)
  expect(second.list()).toMatchObject([{ id: odd.id, AET: '../O D D/*', bytes: 24 }])
  for (let i = 0; i < 20; i += 1) await second.stop((await second.start(`AE${i}`, 1)).id)
  expect(second.list()).toHaveLength(20)
  expect(second.list().map(({ AET }) => AET)).not.toContain('../O D D/*')
  const [newest] = second.list()
  await second.remove(newest!.id)
  expect(await readdir(folder)).toHaveLength(19)
  expect(() => second.file(newest!.id)).toThrow('no such recording')
  await second.close()
})

/** The data set fragments of a client's stream (PS3.8 annex E), put together. */
function pdvBytes(stream: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at + 6 <= stream.length; at += 6 + stream.readUInt32BE(at + 2)) {
    if (stream[at] !== 4) continue
    const end = at + 6 + stream.readUInt32BE(at + 2)
    for (let item = at + 6; item < end; item += 4 + stream.readUInt32BE(item)) {
      if (((stream[item + 5] ?? 0) & 1) === 0)
        parts.push(stream.subarray(item + 6, item + 4 + stream.readUInt32BE(item)))
    }
  }
  return Buffer.concat(parts)
}
