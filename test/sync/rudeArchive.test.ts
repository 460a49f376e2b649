import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bringStudy } from '../../electron/station/sync/pull/bringStudy.ts'
import { createWebSource } from '../../electron/station/sync/pull/webSource.ts'
import { openArchive } from '../dimse/archive.ts'
import { ctObject, part10, temporaryFolder } from '../dimse/harness.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { createAuthority } from '../fixtures/certificates.ts'
import { freePort } from '../fixtures/freePort.ts'
import { carrierTo, itemOf, never, rudeServer, unpaced } from './harness.ts'

const items = () => [1, 2, 3].map(number => itemOf(ctObject(number, {}, undefined, 256)))
const uidsOf = (body: Buffer) => [...new Set(body.toString('latin1').match(/1\.2\.826\.0\.1\.3680043\.10\.1\.\d+/g))]
const listing = (uids: string[]) =>
  JSON.stringify({
    '00081199': { vr: 'SQ', Value: uids.map(uid => ({ '00081155': { vr: 'UI', Value: [uid] } })) },
  })

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const kinds = async (url: string, more: Parameters<typeof carrierTo>[1] = {}, count = 3) => {
  const outcomes = await carrierTo({ kind: 'dicomweb', url }, more).send(items().slice(0, count), unpaced, never)
  return outcomes.map(({ kind }) => kind)
}
const all = (kind: string) => [kind, kind, kind]

type Answer = (response: ServerResponse, body: Buffer, request: IncomingMessage) => void
const TIMES = { reach: 400, piece: 400, answer: 400, total: 2000 }

test.each<[what: string, kind: string, answer: Answer]>([
  ['500', 'ambiguous', response => response.writeHead(500).end('sorry')],
  ['502', 'ambiguous', response => response.writeHead(502).end()],
  ['503', 'ambiguous', response => response.writeHead(503).end()],
  ['507', 'ambiguous', response => response.writeHead(507).end()],
  ['400 without a word', 'refused', response => response.writeHead(400).end()],
  ['401', 'unreached', response => response.writeHead(401).end()],
  ['an empty 200', 'ambiguous', response => response.writeHead(200).end()],
  ['200 with a page', 'ambiguous', response => response.writeHead(200).end('<html>Welcome</html>')],
  ['a reset after the body', 'ambiguous', response => response.socket?.destroy()],
  ['no answer', 'ambiguous', () => {}],
  ['an answer that never ends', 'ambiguous', response => response.writeHead(200).write('{"000')],
  [
    'a huge answer',
    'ambiguous',
    response => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65536)));
        response.once('drain', more)
      }
      more()
    },
  ],
  ['no HTTP', 'ambiguous', response => response.socket?.end('SSH-2.0-Open\r\n')],
  ['all of them, listed', 'listed', (response, body) => response.end(listing(uidsOf(body)))],
  ['listed under 409', 'listed', (response, body) => response.writeHead(409).end(listing(uidsOf(body)))],
  [
    'listed a byte at a time',
    'listed',
    (response, body) => {
      const text = listing(uidsOf(body))
      response.writeHead(200, { 'transfer-encoding': 'chunked' })
      for (const letter of text) response.write(letter)
      response.end()
    },
  ],
  [
    'listed in XML',
    'listed',
    (response, body) => {
      const items = uidsOf(body).map(
        (uid, at) =>
          `<Item number="${at + 1}"><DicomAttribute tag="00081155" vr="UI"><Value number="1">${uid}</Value></DicomAttribute></Item>`,
      )
      const sequence = `<DicomAttribute tag="00081199" vr="SQ">${items.join('')}</DicomAttribute>`
      response.setHeader('content-type', 'application/dicom+xml')
      response.end(`<NativeDicomModel>${sequence}</NativeDicomModel>`)
    },
  ],
])('%s: every object is %s', async (_what, kind, answer) => {
  const { url } = await rudeServer(async (request, response) => answer(response, await bodyOf(request), request))
  expect(await kinds(url, { patience: TIMES })).toEqual(all(kind))
})

test('a connection that is ended after the body is told apart from an answer that says nothing', async () => {
  const { url } = await rudeServer(async (request, response) => {
    await bodyOf(request)
    if (request.headers.authorization) response.writeHead(503).end()
    else response.socket?.destroy()
  })
  const authorizationFile = join(temporaryFolder(), 'key')
  writeFileSync(authorizationFile, 'Basic x')
  const [died] = await carrierTo({ kind: 'dicomweb', url }).send(items().slice(0, 1), unpaced, never)
  const [busy] = await carrierTo({ kind: 'dicomweb', url, authorizationFile }).send(items().slice(0, 1), unpaced, never)
  expect(died).toMatchObject({ kind: 'ambiguous', reset: true })
  expect(busy).not.toHaveProperty('reset')
})

test('200 that lists fewer than were sent: the others are looked for', async () => {
  const { url } = await rudeServer(async (request, response) =>
    response.end(listing(uidsOf(await bodyOf(request)).slice(0, 2))),
  )
  expect(await kinds(url)).toEqual(['listed', 'listed', 'ambiguous'])
})

test('a single object that is refused as a whole is refused for good', async () => {
  const { url } = await rudeServer(async (request, response) => {
    await bodyOf(request)
    response.writeHead(422).end()
  })
  const outcomes = await carrierTo({ kind: 'dicomweb', url }).send(items().slice(0, 1), unpaced, never)
  expect(outcomes).toMatchObject([{ kind: 'refused', permanent: true, reason: 'answered 422' }])
})

test('nobody listens: nothing can have arrived', async () => {
  const carrier = carrierTo({ kind: 'dicomweb', url: `http://127.0.0.1:${await freePort()}/dicom-web` })
  const outcomes = await carrier.send(items(), unpaced, never)
  expect(outcomes.map(({ kind }) => kind)).toEqual(all('unreached'))
  expect(outcomes[0]?.reason).toMatch(/^127\.0\.0\.1:\d+: nobody listens there$/)
  expect(await carrier.tryOut(never)).toMatchObject({ works: false, words: `${outcomes[0]?.reason}.` })
})

test('what had not begun to leave when the line broke has not arrived', async () => {
  const { url } = await rudeServer(request => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      // In the second of three objects of 128 KiB.
      if (bytes > 200_000) request.socket.resetAndDestroy()
    })
  })
  let passed = 0
  const paced = async (bytes: number) => {
    passed += bytes
    if (passed > 150_000) await new Promise(resolve => setTimeout(resolve, 100))
  }
  const outcomes = await carrierTo({ kind: 'dicomweb', url }).send(items(), paced, never)
  expect(outcomes.map(({ kind }) => kind)).toEqual(['ambiguous', 'ambiguous', 'unreached'])
})

test('an answer before the end of the body is heard, and the rest is not sent', async () => {
  const { url } = await rudeServer((_request, response) => response.writeHead(413).end())
  expect(await kinds(url, {}, 1)).toEqual(['refused'])
})

test('an archive that stops reading is given up', async () => {
  const sockets = new Set<Socket>()
  const server = createServer(socket => void sockets.add(socket.pause()))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const large = itemOf(ctObject(1, {}, undefined, 2600))
  const carrier = carrierTo({ kind: 'dicomweb', url: `http://127.0.0.1:${port}` }, { patience: TIMES })
  expect(await carrier.send([large], unpaced, never)).toMatchObject([{ kind: 'ambiguous' }])
})

test('when it is told to stop, it stops', async () => {
  const stop = new AbortController()
  const { url } = await rudeServer(incoming => void incoming.resume().once('end', () => stop.abort()))
  const sending = carrierTo({ kind: 'dicomweb', url }).send(items(), unpaced, stop.signal)
  expect((await sending).map(({ kind }) => kind)).toEqual(all('ambiguous'))
})

test('an archive that accepts and loses is found out by the look', async () => {
  const { url } = await rudeServer(async (request, response) => {
    const body = await bodyOf(request)
    if (request.method === 'POST') response.end(listing(uidsOf(body)))
    else if (request.url?.startsWith('/dicom-web/studies?')) response.end('[]')
    else response.writeHead(404).end()
  })
  const carrier = carrierTo({ kind: 'dicomweb', url })
  const sent = items()
  expect((await carrier.send(sent, unpaced, never)).map(({ kind }) => kind)).toEqual(all('listed'))
  for (const wanted of ['present', 'equal'] as const) {
    expect((await carrier.look(sent, wanted, never)).map(({ kind }) => kind)).toEqual(all('absent'))
  }
})

test.each<[what: string, answer: Answer]>([
  ['404 to everything', response => response.writeHead(404).end()],
  ['500', response => response.writeHead(500).end()],
  ['a page', response => response.end('<html>Jane Doe</html>')],
  [
    'a broken multipart',
    response => response.setHeader('content-type', 'multipart/related; boundary=x').end('--y\r\n'),
  ],
  ['a reset', response => response.socket?.destroy()],
  ['no answer', () => {}],
])('a look that sees %s says nothing about the object, and no name', async (_what, answer) => {
  const { url } = await rudeServer(async (request, response) => answer(response, await bodyOf(request), request))
  for (const more of [{}, { orthanc: url }]) {
    const carrier = carrierTo({ kind: 'dicomweb', url, ...more }, { patience: TIMES })
    for (const wanted of ['present', 'equal'] as const) {
      for (const { kind, reason } of await carrier.look(items(), wanted, never)) {
        expect(kind).toBe('unknown')
        expect(reason).not.toContain('Doe')
      }
    }
  }
})

test('a series is asked for page by page, also where the archive knows no pages', async () => {
  const asked: string[] = []
  let knowsPages = true
  const all = Array.from({ length: 1500 }, (_, at) => ({
    '00080018': { vr: 'UI', Value: [`1.2.826.0.1.3680043.10.1.${at}`] },
  }))
  const { url } = await rudeServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', url)
    asked.push(request.url ?? '')
    const [limit, offset] = [Number(searchParams.get('limit')), Number(searchParams.get('offset'))]
    response.end(JSON.stringify(knowsPages ? all.slice(offset, offset + limit) : all))
  })
  const looked = [ctObject(1), ctObject(1400), ctObject(1600)].map(object => itemOf(object))
  const carrier = carrierTo({ kind: 'dicomweb', url })
  for (const pages of [true, false]) {
    knowsPages = pages
    asked.length = 0
    expect((await carrier.look(looked, 'present', never)).map(({ kind }) => kind)).toEqual(['there', 'there', 'absent'])
    expect(asked).toHaveLength(2)
  }
})

test('the key of its file goes along, and is read anew; a refused one is told with its file, never with its text', async () => {
  const folder = temporaryFolder()
  const authorizationFile = join(folder, 'key')
  writeFileSync(authorizationFile, 'Bearer first\n')
  const heard: Array<string | undefined> = []
  const { url, port } = await rudeServer(async (request, response) => {
    heard.push(request.headers.authorization)
    const body = await bodyOf(request)
    if (request.headers.authorization !== 'Bearer second') response.writeHead(401).end()
    else if (request.method === 'GET') response.end('[]')
    else response.end(listing(uidsOf(body)))
  })
  const carrier = carrierTo({ kind: 'dicomweb', url, authorizationFile })
  expect(await carrier.tryOut(never)).toEqual({
    works: false,
    words: `401: the key in ${authorizationFile} was refused by 127.0.0.1:${port}.`,
  })
  expect(await carrier.send(items(), unpaced, never)).toMatchObject(
    all('unreached').map(kind => ({ kind, reason: '401: our key was refused' })),
  )
  writeFileSync(authorizationFile, 'Bearer second')
  expect(await carrier.tryOut(never)).toMatchObject({ works: true })
  expect((await carrier.send(items(), unpaced, never)).map(({ kind }) => kind)).toEqual(all('listed'))
  writeFileSync(authorizationFile, 'Bearer two\nlines')
  expect(await carrier.tryOut(never)).toEqual({ works: false, words: `${authorizationFile} holds no key.` })
  const open = carrierTo({ kind: 'dicomweb', url })
  expect((await open.tryOut(never)).words).toBe(`401: a request without a key was refused by 127.0.0.1:${port}.`)
})

test('over TLS: only who is trusted is sent anything', async () => {
  const folder = temporaryFolder()
  const authority = createAuthority(folder, 'ours')
  const other = createAuthority(folder, 'theirs')
  const certificate = authority.sign('archive')
  const server = createSecureServer(
    { cert: readFileSync(certificate.certificateFile), key: readFileSync(certificate.keyFile) },
    async (request, response) => {
      const body = await bodyOf(request)
      response.end(request.method === 'GET' ? '[]' : listing(uidsOf(body)))
    },
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const url = `https://127.0.0.1:${port}`
  const trusting = carrierTo({ kind: 'dicomweb', url, trustedFile: authority.trustedFile })
  expect(await trusting.tryOut(never)).toMatchObject({ works: true })
  expect((await trusting.send(items(), unpaced, never)).map(({ kind }) => kind)).toEqual(all('listed'))
  for (const trustedFile of [other.trustedFile, undefined]) {
    const wary = carrierTo({ kind: 'dicomweb', url, trustedFile })
    expect(await wary.tryOut(never)).toEqual({
      works: false,
      words: `127.0.0.1:${port}: nobody this station trusts signed its certificate.`,
    })
    expect((await wary.send(items(), unpaced, never)).map(({ kind }) => kind)).toEqual(all('unreached'))
  }
  const lost = carrierTo({ kind: 'dicomweb', url, trustedFile: join(folder, 'none.pem') })
  expect(await lost.tryOut(never)).toMatchObject({ words: `${join(folder, 'none.pem')} cannot be read.` })
})

test('what answers and is no archive is told so', async () => {
  const { url, port } = await rudeServer((_request, response) => response.end('<html>Printer</html>'))
  expect(await carrierTo({ kind: 'dicomweb', url }).tryOut(never)).toEqual({
    works: false,
    words: `127.0.0.1:${port} was reached, but it is not a DICOMweb service.`,
  })
  const server = createServer(socket => void socket.end('220 mail ready\r\n'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const mail = typeof address === 'object' && address ? address.port : 0
  expect(await carrierTo({ kind: 'dicomweb', url: `http://127.0.0.1:${mail}` }).tryOut(never)).toEqual({
    works: false,
    words: `127.0.0.1:${mail}: what answers there does not speak HTTP.`,
  })
})

test('an image that is another than its archive announces it to be is not taken for it, and that is told', async () => {
  const STUDY = '1.2.826.0.1.3680043.10.1'
  const [first, second, other] = [ctObject(1), ctObject(2), ctObject(9)]
  // File Meta of the second, and the data set of one that nobody asked for.
  const files = new Map([
    [first.SOPInstanceUID, part10(first)],
    [second.SOPInstanceUID, part10({ ...second, dataSet: other.dataSet })],
  ])
  const rows = (tag: string, uids: string[]) => JSON.stringify(uids.map(uid => ({ [tag]: { vr: 'UI', Value: [uid] } })))
  const { url } = await rudeServer(({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://archive')
    if (pathname.endsWith('/series')) return response.end(rows('0020000E', ['1.2.826.0.1.3680043.10.2']))
    if (pathname.endsWith('/instances')) return response.end(rows('00080018', [...files.keys()]))
    const asked = files.get(pathname.split('/').at(-1) ?? '')
    const part = (file: Buffer) => Buffer.concat([Buffer.from('--B\r\n\r\n'), file, Buffer.from('\r\n')])
    response.setHeader('content-type', 'multipart/related; type="application/dicom"; boundary=B')
    response.end(Buffer.concat([...[...(asked ? [asked] : files.values())].map(part), Buffer.from('--B--')]))
  })
  const { store } = await openArchive()
  const source = createWebSource({ kind: 'dicomweb', url } as Parameters<typeof createWebSource>[0])
  onTestFinished(() => source.close())
  const failed: string[] = []
  const outcomes: string[] = []
  const result = await bringStudy(
    STUDY,
    { name: 'Rude', source, store, audit: silentAudit, paced: unpaced },
    {
      signal: never,
      total() {},
      received: outcome => void outcomes.push(outcome),
      failed: (uid, reason) => void failed.push(`${uid}: ${reason}`),
    },
  )
  expect(result).toEqual({ images: 2, lacking: 1 })
  expect(outcomes).toEqual(['stored'])
  expect(failed).toHaveLength(1)
  expect(failed[0]).toContain(second.SOPInstanceUID)
  expect(failed[0]).toContain(other.SOPInstanceUID)
  expect(await store.read.knownInstances([first, second, other].map(({ SOPInstanceUID }) => SOPInstanceUID))).toEqual([
    first.SOPInstanceUID,
  ])
})
