import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { PDU } from '../../electron/station/wire/pdu.ts'
import { encodeAbort, encodeAssociateAccept, encodeAssociateReject } from '../../electron/station/wire/pduEncode.ts'
import { nodes } from '../../shared/config.ts'
import { associateRequest, RawPeer } from '../fakes/byteSender.ts'
import { freePort } from '../fixtures/freePort.ts'
import { startStorescp } from './archive.ts'
import { CT_IMAGE, dcmtk, openDoor, temporaryFolder } from './harness.ts'

const VERIFICATION = '1.2.840.10008.1.1'
const IMPLICIT = '1.2.840.10008.1.2'
const JPIP = '1.2.840.10008.1.2.4.94'
const FIND = '1.2.840.10008.5.1.4.1.2.2.1'

/** A listener that does this with what is first said to it, and nothing more. */
async function listener(answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).once('data', () => answer(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

const says = (bytes: Uint8Array) => listener(socket => void socket.write(bytes))
const rejects = (result: number, source: number, reason: number) =>
  says(encodeAssociateReject({ result, source, reason }))

/** An acceptance of the first context with this result (PS3.8 table 9-18). */
const accepts = (result: 0 | 3) => {
  const { user, contexts: _, ...request } = associateRequest([])
  return encodeAssociateAccept({ ...request, contexts: [{ id: 1, result, transferSyntax: IMPLICIT }], user })
}

const called = (port: number, AET = 'PACS') => ({ AET, host: '127.0.0.1', port })

test('an echo that works says so, how fast, and what answers', async () => {
  const { dimse } = await openDoor()
  const port = await freePort()
  await startStorescp(port)
  const answer = await dimse.requests.echo(called(port, 'STORESCP'))
  expect(answer).toMatchObject({ works: true, step: 'works', remedy: '' })
  expect(answer.sentence).toMatch(/^Works: answered in \d+ ms, OFFIS_DCMTK/)
  expect(answer.implementation).toMatch(/OFFIS_DCMTK/)
  expect(dimse.requests.lastEcho(called(port, 'STORESCP'))).toEqual(answer)
  expect(dimse.doctor.list()).toEqual([])
})

test('our AE titles: the first is whom we call as, all are answered to, from the next association on', async () => {
  const one = await openDoor()
  const other = await openDoor()
  expect(await one.dimse.requests.echo(called(other.port, 'READING'))).toMatchObject({
    step: 'association',
    sentence: 'READING does not answer to the AE title "READING".',
    remedy: 'Here: give the node the AE title that READING has for itself. Capitals count.',
  })
  other.dimse.setAETs(['READING'])
  expect(other.dimse.aets()).toEqual(['ISOCENTER', 'READING'])
  expect(await one.dimse.requests.echo(called(other.port, 'READING'))).toMatchObject({ works: true })
})

test.each([
  [
    'a name nobody knows',
    'name',
    /^No computer of the name in a+\.invalid:104 is known/,
    /correct the host/,
    async () => ({ ...called(104), host: `${'a'.repeat(64)}.invalid` }),
  ],
  [
    'a dead port',
    'port',
    /was reached, but nobody listens at 127\.0\.0\.1:\d+/,
    /start its DICOM service/,
    async () => called(await freePort()),
  ],
  [
    'a port that says nothing',
    'dicom',
    /does not speak DICOM: no answer within 0\.3 s/,
    /its DICOM port/,
    async () => called(await listener(() => {})),
  ],
  [
    'a web server',
    'dicom',
    /does not speak DICOM/,
    /its DICOM port/,
    async () => called(await says(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))),
  ],
  [
    'a port that hangs up',
    'dicom',
    /closed the connection without an answer/,
    /allow this computer's address/,
    async () => called(await listener(socket => socket.destroy())),
  ],
  [
    'an abort',
    'dicom',
    /aborted instead of answering/,
    /its log/,
    async () => called(await says(encodeAbort({ source: 0, reason: 0 }))),
  ],
  [
    'a peer that does not know us',
    'association',
    /does not know our AE title "ISOCENTER"/,
    /On PACS: add a node with AE title ISOCENTER, .* and port \d+/,
    async () => called(await rejects(1, 1, 3)),
  ],
  [
    'a refusal without a reason',
    'association',
    /refused the association and gives no reason/,
    /its log/,
    async () => called(await rejects(1, 1, 1)),
  ],
  ['a busy peer', 'association', /too busy for now/, /try again later/, async () => called(await rejects(2, 3, 1))],
  [
    'a full peer',
    'association',
    /as many associations open as it allows/,
    /allow more/,
    async () => called(await rejects(2, 3, 2)),
  ],
  [
    'a reason DICOM does not know',
    'association',
    /a reason that DICOM does not know/,
    /its log/,
    async () => called(await rejects(1, 1, 9)),
  ],
  [
    'a peer without C-ECHO',
    'echo',
    /does not take: Verification\./,
    /switch these services on/,
    async () => called(await says(accepts(3))),
  ],
])('%s is told in words, with what to change', async (_, step, sentence, remedy, make) => {
  const { dimse, logged } = await openDoor({}, { byAET: { PACS: { answerSeconds: 0.3 } } })
  const target = await make()
  const answer = await dimse.requests.echo(target)
  expect(answer).toMatchObject({ works: false, step })
  expect(answer.sentence).toMatch(sentence)
  expect(answer.remedy).toMatch(remedy)
  expect(answer.sentence + answer.remedy).not.toMatch(/[{}]/)
  expect(dimse.doctor.list()).toMatchObject([
    { outgoing: true, AET: 'PACS', address: `${target.host}:${target.port}`, sentence: answer.sentence, count: 1 },
  ])
  expect(logged.filter(line => line.startsWith('error'))).toEqual([])
})

test('storescp --refuse is a real refusal', async () => {
  const { dimse } = await openDoor()
  const port = await freePort()
  await startStorescp(port, '--refuse')
  expect(await dimse.requests.echo(called(port, 'STORESCP'))).toMatchObject({ works: false, step: 'association' })
})

test('the same failure is one line with a count; trying again says whether it works now', async () => {
  const port = await freePort()
  const { dimse } = await openDoor({}, { nodes: [{ name: 'Archive', AET: 'STORESCP', host: '127.0.0.1', port }] })
  await dimse.requests.echo(called(port, 'STORESCP'))
  await dimse.requests.echo(called(port, 'STORESCP'))
  const [finding] = dimse.doctor.list()
  expect(finding).toMatchObject({ count: 2, replayable: true, replayed: null })
  expect(finding?.sentence).toMatch(/^The computer of Archive was reached/)
  expect(finding!.last).toBeGreaterThanOrEqual(finding!.first)
  expect((await dimse.requests.replay(finding!.id)).replayed).toMatchObject({ works: false })
  await startStorescp(port)
  expect((await dimse.requests.replay(finding!.id)).replayed).toMatchObject({
    works: true,
    sentence: 'An association and C-ECHO work now.',
  })
  dimse.doctor.dismiss(finding!.id)
  expect(dimse.doctor.list()).toEqual([])
  await expect(dimse.requests.replay(finding!.id)).rejects.toMatchObject({ code: 'not-found' })
})

test('a node whose port was corrected is tried at the right one', async () => {
  const [wrong, right] = [await freePort(), await freePort()]
  const node = { name: 'Archive', AET: 'STORESCP', host: '127.0.0.1' }
  const { dimse } = await openDoor({}, { nodes: [{ ...node, port: wrong }] })
  await dimse.requests.echo(called(wrong, 'STORESCP'))
  await startStorescp(right)
  dimse.setNodes(nodes.parse([{ ...node, port: right }]))
  const [finding] = dimse.doctor.list()
  expect((await dimse.requests.replay(finding!.id)).replayed).toMatchObject({ works: true })
})

test('a scanner that calls us by another name: what to set there, and a dry run once it is right here', async () => {
  const { dimse, port } = await openDoor()
  expect((await dcmtk('echoscu', '-aet', 'CT1', '-aec', 'PACS', '127.0.0.1', `${port}`)).code).not.toBe(0)
  const [finding] = dimse.doctor.list()
  expect(finding).toMatchObject({
    outgoing: false,
    AET: 'CT1',
    address: '127.0.0.1',
    sentence: 'CT1 (127.0.0.1) called us "PACS"; we are ISOCENTER.',
    remedy:
      'On CT1 (127.0.0.1): set the called AE title to ISOCENTER. Or here: add "PACS" to the AE titles of this station.',
  })
  expect((await dimse.requests.replay(finding!.id)).replayed).toMatchObject({
    works: false,
    sentence: 'Would be refused again: it called "PACS", the AE title here is "ISOCENTER".',
  })
  dimse.setAETs(['PACS'])
  expect((await dimse.requests.replay(finding!.id)).replayed).toMatchObject({
    works: true,
    sentence: 'Would be accepted now, with 1 of 1 presentation context.',
  })
  // And it is true.
  expect((await dcmtk('echoscu', '-aet', 'CT1', '-aec', 'PACS', '127.0.0.1', `${port}`)).code).toBe(0)
})

test('a query by a stranger: the node it lacks, then the right, then the address', async () => {
  const { dimse, port } = await openDoor()
  const ask = async () => {
    const peer = new RawPeer(port)
    await peer.associate(
      associateRequest([{ abstractSyntax: FIND, transferSyntaxes: [IMPLICIT] }], { callingAET: 'READER' }),
    )
    await peer.release()
    return dimse.doctor.list()[0]!
  }
  expect((await ask()).remedy).toBe('Here: add a node with the AE title READER, if it may.')
  const node = { name: 'Reading', AET: 'READER', host: '127.0.0.1', port: 104 }
  dimse.setNodes(nodes.parse([{ ...node, rights: [] }]))
  expect((await ask()).remedy).toBe('Here: give the node READER the right, if it may.')
  dimse.setNodes(nodes.parse([{ ...node, addresses: ['192.0.2.7'] }]))
  const finding = await ask()
  expect(finding.remedy).toBe('Here: the node READER may, but calls from 192.0.2.7; add 127.0.0.1 if that is it.')
  dimse.setNodes(nodes.parse([{ ...node, addresses: ['127.0.0.1'] }]))
  expect((await dimse.requests.replay(finding.id)).replayed).toMatchObject({ works: true })
})

test('no common transfer syntax, no known service, and no DICOM at all', async () => {
  const { dimse, port } = await openDoor({ artim: 200 })
  const offer = async (abstractSyntax: string, transferSyntax: string) => {
    const peer = new RawPeer(port)
    const request = associateRequest([{ abstractSyntax, transferSyntaxes: [transferSyntax] }], { callingAET: 'ODD' })
    expect((await peer.associate(request))?.type).toBe(PDU.associateAC)
    await peer.release()
    return dimse.doctor.list()[0]
  }
  expect(await offer(CT_IMAGE, JPIP)).toMatchObject({
    sentence: 'ODD (127.0.0.1) offered CT Image Storage in no transfer syntax that is taken here.',
  })
  expect((await offer('1.2.840.10008.5.1.1.9', IMPLICIT))?.sentence).toMatch(
    /asked for services that this station does not have: Basic Grayscale Print/,
  )
  const web = new RawPeer(port)
  await web.write(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
  await web.closed
  expect(dimse.doctor.list()[0]?.sentence).toMatch(/^127\.0\.0\.1 connected, but did not ask for an association/)
  expect(dimse.doctor.list()[0]?.replayable).toBe(false)
})

test('an open association that is cut, and one that is aborted, are told apart', async () => {
  const { dimse, port } = await openDoor()
  const open = async (callingAET: string) => {
    const peer = new RawPeer(port)
    await peer.associate(
      associateRequest([{ abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }], { callingAET }),
    )
    return peer
  }
  const cut = await open('CUT')
  cut.socket.destroy()
  await expect.poll(() => dimse.doctor.list()[0]?.sentence).toMatch(/^The connection to CUT \(127\.0\.0\.1\) was gone/)
  const aborting = await open('ABORTING')
  await aborting.write(encodeAbort({ source: 0, reason: 0 }))
  await expect.poll(() => dimse.doctor.list()[0]?.sentence).toBe('ABORTING (127.0.0.1) aborted an open association.')
})

test('what was seen outlives a restart, without a line that is damaged, and without what is older than a week', async () => {
  const folder = temporaryFolder()
  const first = await openDoor({}, { folder })
  const port = await freePort()
  await first.dimse.requests.echo(called(port))
  const [finding] = first.dimse.doctor.list()
  await first.dimse.close()
  const file = join(folder, 'doctor.jsonl')
  const line = readFileSync(file, 'utf8')
  const week = 7 * 86_400_000
  const old = { ...JSON.parse(line), id: 'old', last: Date.now() - week - 1 }
  writeFileSync(file, `{"id":"half\n${JSON.stringify(old)}\n${line}`)
  const second = await openDoor({}, { folder })
  expect(second.dimse.doctor.list()).toEqual([finding])
  await second.dimse.requests.echo(called(port))
  expect(second.dimse.doctor.list()).toMatchObject([{ count: 2, first: finding!.first }])
})

test('one address that guesses AE titles does not push out what others have seen', async () => {
  const { dimse, port } = await openDoor()
  const guess = async (AET: string, from?: string) => {
    const peer = new RawPeer(port, from)
    await peer.associate(
      associateRequest([{ abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }], {
        callingAET: AET,
        calledAET: 'X',
      }),
    )
    await peer.closed
  }
  await guess('CT1', '127.0.0.2')
  for (let n = 0; n < 60; n += 1) await guess(`GUESS${n}`)
  const all = dimse.doctor.list()
  expect(all.filter(({ address }) => address === '127.0.0.1')).toHaveLength(50)
  expect(all.filter(({ address }) => address === '127.0.0.2')).toMatchObject([{ AET: 'CT1' }])
})
