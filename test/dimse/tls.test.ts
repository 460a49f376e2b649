import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { openAssociation } from '../../electron/station/wire/scu.ts'
import { readSecureMaterial } from '../../electron/station/wire/secure.ts'
import type { TlsConfig } from '../../shared/config.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer } from '../fakes/byteSender.ts'
import { type Certificate, createAuthority } from '../fixtures/certificates.ts'
import { ctObject, type Door, dcmtk, openDoor, part10, temporaryFolder } from './harness.ts'

const VERIFICATION = { abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: [TS.ImplicitVRLittleEndian] }

function configOf(own: Certificate, trustedFile: string, profile: TlsConfig['profile'] = 'rfc9325'): TlsConfig {
  return { listen: true, port: 0, certificateFile: own.certificateFile, keyFile: own.keyFile, trustedFile, profile }
}

/** The arguments of DCMTK's tools for TLS with this certificate. */
function by(certificate: Certificate, trustedFile: string): string[] {
  return ['--enable-tls', certificate.keyFile, certificate.certificateFile, '--add-cert-file', trustedFile]
}

async function secureDoor(nodes: Parameters<typeof openDoor>[1] = {}) {
  const authority = createAuthority(temporaryFolder(), 'hospital')
  const station = authority.sign('station')
  const scanner = authority.sign('scanner')
  const door = await openDoor({}, { ...nodes, tls: configOf(station, authority.trustedFile) })
  return { authority, station, scanner, door, tlsPort: String(door.dimse.tlsPort) }
}

const reasons = ({ problems }: Door) => problems.map(({ sentence }) => sentence).join('\n')

test('a peer with a certificate that is trusted stores over TLS, byte for byte', async () => {
  const { authority, scanner, door, tlsPort } = await secureDoor()
  const file = join(temporaryFolder(), 'ct.dcm')
  const object = ctObject(1, {}, TS.ExplicitVRLittleEndian, 512)
  writeFileSync(file, part10(object))
  const sent = await dcmtk(
    'storescu',
    ...by(scanner, authority.trustedFile),
    '-aec',
    'ISOCENTER',
    '127.0.0.1',
    tlsPort,
    file,
  )
  expect(sent.output).toBe('')
  expect(sent.code).toBe(0)
  const stored = door.store.objects.get(object.SOPInstanceUID)
  expect(Buffer.from(stored!.bytes).equals(object.dataSet)).toBe(true)
})

test('no certificate, a stranger’s, an expired one, another protocol: all stay out, each with its reason', async () => {
  const { authority, door, tlsPort } = await secureDoor()
  const stranger = createAuthority(temporaryFolder(), 'elsewhere').sign('stranger')
  const expired = authority.sign('late', -1)
  const echo = (...how: string[]) => dcmtk('echoscu', ...how, '-aec', 'ISOCENTER', '127.0.0.1', tlsPort)

  expect((await echo('--anonymous-tls', '--add-cert-file', authority.trustedFile)).code).not.toBe(0)
  await expect.poll(() => reasons(door)).toMatch(/127\.0\.0\.1 was refused on the TLS port: it showed no certificate/)
  expect((await echo(...by(stranger, authority.trustedFile))).code).not.toBe(0)
  await expect.poll(() => reasons(door)).toMatch(/nobody this station trusts signed its certificate/)
  expect((await echo(...by(expired, authority.trustedFile))).code).not.toBe(0)
  await expect.poll(() => reasons(door)).toMatch(/its certificate has expired/)
  expect((await echo()).code).not.toBe(0)
  await expect.poll(() => reasons(door)).toMatch(/it does not speak TLS on this port/)
  const old = connect({
    port: Number(tlsPort),
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  await new Promise(resolve => old.on('error', () => {}).on('close', resolve))
  await expect.poll(() => reasons(door)).toMatch(/it speaks an older TLS than 1\.2|no cipher in common/)
  expect(door.dimse.associations()).toEqual([])
  const findings = door.dimse.doctor.list()
  expect(findings.map(({ sentence }) => sentence).join('\n')).toMatch(/TLS port: its certificate has expired/)
  expect(findings.every(({ remedy }) => remedy.includes('certificate'))).toBe(true)
})

test('TLS on the port without is told as such', async () => {
  const { authority, scanner, door } = await secureDoor()
  const tried = await dcmtk(
    'echoscu',
    ...by(scanner, authority.trustedFile),
    '-aec',
    'ISOCENTER',
    '127.0.0.1',
    String(door.port),
  )
  expect(tried.code).not.toBe(0)
  await expect.poll(() => reasons(door)).toMatch(/it begins TLS, on the port without/)
})

test('an AE title that is bound to a certificate belongs to nobody else, and to nobody without TLS', async () => {
  const folder = temporaryFolder()
  const authority = createAuthority(folder, 'hospital')
  const [station, scanner, other] = [authority.sign('station'), authority.sign('scanner'), authority.sign('other')]
  const node = { name: 'CT', AET: 'CT1', host: '127.0.0.1', port: 104, certificates: [scanner.fingerprint] }
  const door = await openDoor({}, { nodes: [node], tls: configOf(station, authority.trustedFile) })
  const echo = (certificate: Certificate) =>
    dcmtk(
      'echoscu',
      ...by(certificate, authority.trustedFile),
      ...['-aet', 'CT1', '-aec', 'ISOCENTER', '127.0.0.1', String(door.dimse.tlsPort)],
    )
  expect((await echo(scanner)).code).toBe(0)
  expect((await echo(other)).code).not.toBe(0)
  await expect.poll(() => reasons(door)).toMatch(/"CT1" has another certificate/)
  const peer = new RawPeer(door.port)
  expect((await peer.associate(associateRequest([{ id: 1, ...VERIFICATION }], { callingAET: 'CT1' })))?.type).toBe(3)
  await expect.poll(() => reasons(door)).toMatch(/"CT1" has to come over TLS, with its certificate/)
})

test('we call over TLS, believe the certificate we know or one in the host’s name, and nobody else', async () => {
  const { authority, station, door } = await secureDoor()
  const material = await readSecureMaterial(configOf(authority.sign('caller'), authority.trustedFile))
  const call = (certificates: string[], port = door.dimse.tlsPort ?? 0, trusted = material) =>
    openAssociation({
      host: '127.0.0.1',
      port,
      callingAET: 'US',
      calledAET: 'ISOCENTER',
      contexts: [VERIFICATION],
      secure: { material: trusted, profile: 'rfc9325', certificates },
    })
  for (const certificates of [[], [station.fingerprint.replaceAll(':', '').toLowerCase()]]) {
    const scu = await call(certificates)
    expect(await scu.echo()).toBe(0)
    await scu.release()
  }
  await expect(call(['00'.repeat(32)])).rejects.toMatchObject({
    detail: expect.stringMatching(/certificate is another one/),
  })
  const elsewhere = createAuthority(temporaryFolder(), 'elsewhere')
  const stranger = await readSecureMaterial(configOf(elsewhere.sign('caller'), elsewhere.trustedFile))
  await expect(call([], door.dimse.tlsPort, stranger)).rejects.toMatchObject({
    detail: expect.stringMatching(/nobody this station trusts signed its certificate/),
  })
  const plain = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => plain.once('listening', resolve))
  const address = plain.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await expect(call([], port)).rejects.toMatchObject({ detail: expect.stringMatching(/does not speak TLS/) })
  plain.close()
})

test('files that are no certificate, or do not fit together, are named', async () => {
  const authority = createAuthority(temporaryFolder(), 'hospital')
  const [one, two] = [authority.sign('one'), authority.sign('two')]
  const config = configOf(one, authority.trustedFile)
  await expect(readSecureMaterial({ ...config, keyFile: two.keyFile })).rejects.toMatchObject({
    code: 'bad-certificate',
  })
  await expect(readSecureMaterial({ ...config, certificateFile: '/nowhere.pem' })).rejects.toMatchObject({
    detail: expect.stringMatching(/nowhere\.pem/),
  })
})

test('who opens TLS connections and says nothing takes no more of them than on the plain port', async () => {
  const { authority, scanner, door, tlsPort } = await secureDoor()
  const silent = Array.from({ length: 170 }, () =>
    createConnection({ port: Number(tlsPort), host: '127.0.0.1', localAddress: '127.0.0.2' }).on('error', () => {}),
  )
  const closed = () => silent.filter(socket => socket.destroyed || socket.readyState !== 'open').length
  await expect.poll(closed).toBe(10)
  // They are the same 160 on both ports, and nobody else's.
  const plain = createConnection({ port: door.port, host: '127.0.0.1', localAddress: '127.0.0.2' }).on(
    'error',
    () => {},
  )
  await expect.poll(() => plain.destroyed || plain.readyState === 'closed').toBe(true)
  const echo = await dcmtk(
    'echoscu',
    ...by(scanner, authority.trustedFile),
    ...['-aec', 'ISOCENTER', '127.0.0.1', tlsPort],
  )
  expect(echo.code).toBe(0)
  for (const socket of silent) socket.destroy()
  const again = () =>
    new Promise<boolean>(resolve => {
      const socket = createConnection({ port: door.port, host: '127.0.0.1', localAddress: '127.0.0.2' })
      socket.on('error', () => resolve(false)).on('close', () => resolve(false))
      socket.on('connect', () => setTimeout(() => resolve(!socket.destroyed), 50))
    })
  await expect.poll(again).toBe(true)
})

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  '%s: no session is taken up again, so every certificate is looked at',
  async version => {
    const { authority, scanner, tlsPort } = await secureDoor()
    const call = (session?: Buffer) =>
      new Promise<{ reused: boolean; sessions: Buffer[] }>((resolve, reject) => {
        const sessions: Buffer[] = []
        const socket = connect({
          port: Number(tlsPort),
          host: '127.0.0.1',
          ca: readFileSync(authority.trustedFile),
          cert: readFileSync(scanner.certificateFile),
          key: readFileSync(scanner.keyFile),
          minVersion: version,
          maxVersion: version,
          session,
        })
        socket.on('session', found => sessions.push(found))
        socket.on('error', reject)
        socket.on('secureConnect', () => {
          // Tickets of TLS 1.3 come after the handshake.
          setTimeout(() => {
            const own = socket.getSession()
            resolve({ reused: socket.isSessionReused(), sessions: own ? [...sessions, own] : sessions })
            socket.destroy()
          }, 100)
        })
      })
    const { sessions } = await call()
    for (const session of sessions) expect((await call(session)).reused).toBe(false)
  },
)
