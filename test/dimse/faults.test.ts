import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { decodeCommand, echoRequest, encodeCommand } from '../../electron/station/wire/dimse.ts'
import { dataHeader, encodeAssociateRequest } from '../../electron/station/wire/pduEncode.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer, sendBytes } from '../fakes/byteSender.ts'
import { startStation } from '../fixtures/station.ts'
import { CT_IMAGE, ctObject, openDoor, part10, startDcmtk, temporaryFolder, until } from './harness.ts'

const REQUEST = associateRequest([{ abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian] }])

async function associated(port: number, from?: string): Promise<RawPeer> {
  const peer = new RawPeer(port, from)
  expect((await peer.associate(REQUEST))?.type).toBe(2)
  return peer
}

function echo(messageID: number): Buffer {
  const command = encodeCommand(echoRequest(messageID))
  return Buffer.concat([dataHeader(1, command.length, { command: true, last: true }), command])
}

test('a storescu that is stopped in the middle frees its slot; nothing of its object stays', async () => {
  const { port, store, dimse } = await openDoor({ pdu: 500 })
  store.writeGate = () => sleep(5)
  const file = path.join(temporaryFolder(), 'large.dcm')
  await writeFile(file, part10(ctObject(1, {}, TS.ExplicitVRLittleEndian, 4096)))
  const sender = startDcmtk('storescu', '-aet', 'FROZEN', '-aec', 'ISOCENTER', '127.0.0.1', `${port}`, file)
  await until(() => (dimse.associations()[0]?.bytes ?? 0) > 1024 * 1024)
  sender.kill('SIGSTOP')
  await until(() => dimse.associations()[0]?.endedAt != null)
  expect(dimse.associations()[0]?.outcome).toContain('in the middle of a message')
  await until(() => store.open === 0)
  expect([store.aborted, store.objects.size]).toEqual([1, 0])
})

test('a station that stood still for longer than every timer ends nobody', async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-still-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const profiles = { default: { answerSeconds: 1, messageSeconds: 1, idleSeconds: 1 } }
  await writeFile(path.join(dataDir, 'config.json'), JSON.stringify({ profiles }))
  const station = await startStation({ dataDir })
  onTestFinished(async () => {
    station.process.kill('SIGCONT')
    await station.stop()
  })
  const port = station.dimsePort
  const [sending, idle, late] = [await associated(port), await associated(port), new RawPeer(port)]
  const object = ctObject(1, {}, TS.ExplicitVRLittleEndian, 512)
  const pdus = Buffer.concat(sending.storePdus(1, 1, object))
  await sending.write(pdus.subarray(0, 100_000))
  await until(() => late.socket.readyState === 'open')
  await sleep(200)
  station.process.kill('SIGSTOP')
  // Meanwhile everybody does what it should.
  await sending.write(pdus.subarray(100_000))
  await idle.write(echo(2))
  await late.write(encodeAssociateRequest(REQUEST))
  await sleep(3000)
  station.process.kill('SIGCONT')
  const [stored, echoed, answer] = await Promise.all([sending.next(), idle.next(), late.next()])
  expect(stored?.type).toBe(4)
  expect(decodeCommand(stored!.body.subarray(6)).Status).toBe(0)
  expect(decodeCommand(echoed!.body.subarray(6))).toMatchObject({ CommandField: 0x8030, Status: 0 })
  expect(answer?.type).toBe(2)
  for (const peer of [sending, idle, late]) peer.socket.destroy()
})

test('a peer that asks and asks and never reads the answers is cut off, and holds no more than two buffers', async () => {
  const { port, dimse } = await openDoor({ pdu: 500 })
  const peer = await associated(port)
  peer.socket.pause()
  const flood = Buffer.concat(Array.from({ length: 1000 }, (_, i) => echo(i + 1)))
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 500 && !peer.socket.writableNeedDrain; i += 1) {
    peer.socket.write(flood)
    await new Promise(resolve => setImmediate(resolve))
  }
  await until(() => dimse.associations()[0]?.endedAt != null)
  expect(dimse.associations()[0]?.outcome).toContain('did not read')
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
})

test('100 scanners and a slow-loris that has taken all places of its address: everybody else is served', async () => {
  const { port, store, dimse } = await openDoor()
  const loris = await Promise.all(Array.from({ length: 64 }, () => associated(port, '127.0.0.66')))
  for (const peer of loris) await peer.write(dataHeader(1, 50_000, { command: true, last: true }))
  const drip = setInterval(() => {
    for (const peer of loris) peer.socket.write(Buffer.alloc(1))
  }, 50)
  onTestFinished(() => {
    clearInterval(drip)
    for (const peer of loris) peer.socket.destroy()
  })
  const results = await Promise.all(
    ['127.0.0.2', '127.0.0.3'].map(async (from, half) => {
      const objects = Array.from({ length: 200 }, (_, i) =>
        ctObject(half * 1000 + i, {}, TS.ExplicitVRLittleEndian, 128),
      )
      return sendBytes(objects, { port, from, associations: 50 })
    }),
  )
  expect(results.flat().filter(({ status }) => status === 0)).toHaveLength(400)
  expect(store.objects.size).toBe(400)
  expect(dimse.associations().filter(({ endedAt }) => endedAt === null).length).toBeGreaterThan(0)
})
