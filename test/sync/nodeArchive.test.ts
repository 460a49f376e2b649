import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { OutboxItem } from '../../electron/station/store/index.ts'
import type { Carrier, SendOutcome } from '../../electron/station/sync/carrier.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { filesIn, node, openArchive, startDcmqrscp, startStorescp } from '../dimse/archive.ts'
import { ctObject } from '../dimse/harness.ts'
import { statusPeer } from '../fakes/statusPeer.ts'
import { openCarrying } from '../fixtures/carrying.ts'
import { freePort } from '../fixtures/freePort.ts'
import { carrierTo, digests, itemOf, never, sha256Of, startArchive, unpaced } from './harness.ts'

const SEQUENCE = {
  OriginalAttributesSequence: [{ ReasonForTheAttributeModification: 'CORRECT', ModifyingSystem: 'x' }],
}

/** A carrier to a node of that AE title. */
function carrierToNode(AET: string, port: number, orthanc?: string): Carrier {
  const { carrying, close } = openCarrying([{ AET, port }])
  onTestFinished(close)
  return carrierTo({ kind: 'dimse', node: AET.toLowerCase(), orthanc }, { dimse: carrying })
}

const sentOf = (items: OutboxItem[], outcomes: SendOutcome[]) =>
  items.map((item, index): OutboxItem => {
    const outcome = outcomes[index]
    return outcome?.kind === 'listed' ? { ...item, state: 'sent', sentSha256: outcome.sentSha256 } : item
  })

test('to storescp: each is listed with the checksum of what lies there; who answers no queries says nothing', async () => {
  const port = await freePort()
  const { folder } = await startStorescp(port)
  const { dimse } = await openArchive([node('STORESCP', port)])
  const carrier = carrierTo({ kind: 'dimse', node: 'storescp' }, { dimse: dimse.carrying })
  const objects = [ctObject(1), ctObject(2, {}, TS.ImplicitVRLittleEndian), ctObject(3)]
  const items = objects.map(object => itemOf(object))
  const paced: number[] = []
  const outcomes = await carrier.send(items, async bytes => void paced.push(bytes), never)
  const files = filesIn(folder)
  for (const [index, { SOPInstanceUID, dataSet }] of objects.entries()) {
    const sentSha256 = sha256Of(dataSet)
    expect(outcomes[index]).toMatchObject({ kind: 'listed', reason: '', sentMd5: '', sentSha256 })
    expect(sha256Of(files.get(SOPInstanceUID)?.bytes ?? Buffer.alloc(0))).toBe(sentSha256)
  }
  expect(paced.reduce((sum, bytes) => sum + bytes)).toBe(objects.reduce((sum, { dataSet }) => sum + dataSet.length, 0))
  expect(await carrier.look(items, 'present', never)).toMatchObject(
    items.map(() => ({ kind: 'unknown', reason: 'it does not take queries (C-FIND)' })),
  )
  expect(await carrier.tryOut(never)).toMatchObject({
    works: true,
    words: expect.stringContaining('Works: answered in'),
  })
})

test('where the checksums’ thread dies under an object it arrives whole, and is looked for; the next has its own again', async () => {
  const port = await freePort()
  const { folder } = await startStorescp(port)
  const carrier = carrierToNode('STORESCP', port)
  const objects = [1, 2].map(number => ctObject(number, {}, undefined, 1024))
  const items = objects.map(object => itemOf(object))
  const [outcome] = await carrier.send(items.slice(0, 1), () => digests.close(), never)
  expect(outcome).toMatchObject({ kind: 'ambiguous', reason: 'its checksum could not be taken as it left' })
  expect(filesIn(folder).get(objects[0]!.SOPInstanceUID)?.bytes.equals(objects[0]!.dataSet)).toBe(true)
  const sentSha256 = sha256Of(objects[1]!.dataSet)
  expect(await carrier.send(items.slice(1), unpaced, never)).toMatchObject([{ kind: 'listed', sentSha256 }])
})

test('what was moved is sent as it is shown', async () => {
  const port = await freePort()
  const { folder } = await startStorescp(port)
  const carrier = carrierToNode('STORESCP', port)
  const overlay = { at: 1, values: { PatientName: 'Right^One' } }
  const [outcome] = await carrier.send([itemOf(ctObject(1), { overlay })], unpaced, never)
  const [file] = [...filesIn(folder).values()]
  expect(file?.dataSet.string('PatientName')).toBe('Right^One')
  expect(outcome).toMatchObject({ kind: 'listed', sentSha256: sha256Of(file?.bytes ?? Buffer.alloc(0)) })
})

test('to dcmqrscp: found by C-FIND, and fetched back by C-GET to be compared', async () => {
  const port = await freePort()
  await startDcmqrscp(port, undefined, [ctObject(9)])
  const carrier = carrierToNode('ARCHIVE', port)
  const items = [ctObject(1, SEQUENCE), ctObject(2)].map(object => itemOf(object))
  const missing = itemOf(ctObject(3))
  const sent = sentOf(items, await carrier.send(items, unpaced, never))
  expect(sent.map(({ state }) => state)).toEqual(['sent', 'sent'])
  const kinds = async (wanted: 'present' | 'equal') =>
    (await carrier.look([...sent, missing], wanted, never)).map(look =>
      look.kind === 'there' ? look.proof : look.kind,
    )
  expect(await kinds('present')).toEqual(['present', 'present', 'absent'])
  expect(await kinds('equal')).toEqual(['equal', 'equal', 'absent'])
  expect(await carrier.look([missing], 'present', never)).toMatchObject([{ kind: 'absent' }])
  const other = itemOf({ ...ctObject(2), dataSet: ctObject(2, { PixelRepresentation: 1 }).dataSet })
  expect(await carrier.look([other], 'equal', never)).toMatchObject([
    { kind: 'other', reason: 'it holds another version under this UID: PixelRepresentation' },
  ])
  expect(await carrier.remove(other, never)).toBe(false)
})

test('to Orthanc by C-STORE, seen by its own interface', async () => {
  const archive = await startArchive()
  onTestFinished(() => archive.close())
  const carrier = carrierToNode('ORTHANC', archive.port, archive.orthanc)
  const items = [ctObject(1, SEQUENCE), ctObject(2)].map(object => itemOf(object))
  const sent = sentOf(items, await carrier.send(items, unpaced, never))
  expect(await carrier.look(sent, 'equal', never)).toMatchObject([{ proof: 'equal' }, { proof: 'equal' }])
  expect(await carrier.remove(sent[0]!, never)).toBe(true)
  expect(await carrier.look(sent, 'equal', never)).toMatchObject([{ kind: 'absent' }, { proof: 'equal' }])
})

test.each<[status: number, outcome: object]>([
  [0x0000, { kind: 'listed', reason: '' }],
  [0xb000, { kind: 'listed', reason: expect.stringContaining('it changed elements of it (0xB000)') }],
  [0xa700, { kind: 'refused', permanent: false, reason: expect.stringContaining('it is out of resources (0xA700)') }],
  [0x0110, { kind: 'refused', permanent: false }],
  [0xa900, { kind: 'refused', permanent: true }],
  [0xc000, { kind: 'refused', permanent: true }],
  [0x0122, { kind: 'refused', permanent: true }],
  [0x0111, { kind: 'ambiguous' }],
])('a node that answers %i', async (status, outcome) => {
  const { port } = await statusPeer(() => status)
  const carrier = carrierToNode('PEER', port)
  expect(await carrier.send([itemOf(ctObject(1))], unpaced, never)).toMatchObject([outcome])
})

test('a node that ends the association in the middle: the one on its way may be there, those behind are not', async () => {
  const port = await freePort()
  await startStorescp(port, '--abort-after')
  const carrier = carrierToNode('STORESCP', port)
  const items = [1, 2, 3].map(number => itemOf(ctObject(number)))
  const outcomes = await carrier.send(items, unpaced, never)
  expect(outcomes).toMatchObject([{ kind: 'ambiguous', reset: true }, { kind: 'unreached' }, { kind: 'unreached' }])
})

test('a node that is not there, refuses, or is no longer known: nothing has arrived', async () => {
  const gone = carrierToNode('GONE', await freePort())
  expect(await gone.send([itemOf(ctObject(1))], unpaced, never)).toMatchObject([{ kind: 'unreached' }])
  expect(await gone.tryOut(never)).toMatchObject({ works: false, words: expect.stringMatching(/^ECHO refused: /) })
  expect(await gone.look([itemOf(ctObject(1))], 'equal', never)).toMatchObject([{ kind: 'unknown' }])
  const port = await freePort()
  await startStorescp(port, '--refuse')
  const refusing = carrierToNode('STORESCP', port)
  expect(await refusing.send([itemOf(ctObject(1))], unpaced, never)).toMatchObject([{ kind: 'unreached' }])
  const { carrying, close } = openCarrying([])
  onTestFinished(close)
  const unknown = carrierTo({ kind: 'dimse', node: 'nobody' }, { dimse: carrying })
  expect(await unknown.send([itemOf(ctObject(1))], unpaced, never)).toMatchObject([
    { kind: 'unreached', reason: '"nobody" is not among the nodes' },
  ])
  expect(await unknown.tryOut(never)).toEqual({ works: false, words: '"nobody" is not among the nodes.' })
})

test('a class that the node does not take is refused for good; one that nests too deep is not sent', async () => {
  const { port } = await statusPeer(() => 0, [ctObject(1).SOPClassUID])
  const carrier = carrierToNode('PEER', port)
  const other = '1.2.840.10008.5.1.4.1.1.4'
  const items = [
    itemOf(ctObject(1)),
    itemOf({ ...ctObject(2, { SOPClassUID: other }), SOPClassUID: other }),
    itemOf(ctObject(3), { nestsTooDeep: true }),
  ]
  const outcomes = new Map((await carrier.send(items, unpaced, never)).map(one => [one.contentId, one]))
  expect(items.map(({ contentId }) => outcomes.get(contentId))).toMatchObject([
    { kind: 'listed' },
    { kind: 'refused', permanent: true },
    { kind: 'refused', permanent: true },
  ])
})

test('when it is told to stop, it stops', async () => {
  const { port } = await statusPeer(() => undefined)
  const carrier = carrierToNode('PEER', port)
  const stop = new AbortController()
  const sending = carrier.send([itemOf(ctObject(1)), itemOf(ctObject(2))], unpaced, stop.signal)
  setTimeout(() => stop.abort(), 200)
  const outcomes = await sending
  expect(outcomes.map(({ kind }) => kind)).toEqual(['ambiguous', 'unreached'])
  expect(outcomes[0]).not.toHaveProperty('reset')
})

test('a port that is no DICOM node', async () => {
  const server = createServer(socket => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const carrier = carrierToNode('WEB', typeof address === 'object' && address ? address.port : 0)
  expect(await carrier.send([itemOf(ctObject(1))], unpaced, never)).toMatchObject([{ kind: 'unreached' }])
})
