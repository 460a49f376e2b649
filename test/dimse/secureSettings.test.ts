import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../electron/station/base/log.ts'
import { openSecureSettings } from '../../electron/station/dimse/index.ts'
import type { FoundProblem } from '../../electron/station/dimse/openAssociation.ts'
import type { TlsConfig } from '../../shared/config.ts'
import { type TlsWish, tlsStatus, tlsWish } from '../../shared/network.ts'
import { type Certificate, createAuthority } from '../fixtures/certificates.ts'
import { openDoor, temporaryFolder } from './harness.ts'

const DAY_MS = 86_400_000

/** A door without TLS, its settings, and what they would have written into the configuration. */
async function openSettings(now = Date.now) {
  const door = await openDoor()
  const folder = join(temporaryFolder(), 'tls')
  const kept: Array<TlsConfig | undefined> = []
  const problems: FoundProblem[] = []
  const state = { failing: false }
  const settings = openSecureSettings({
    settings: undefined,
    material: undefined,
    error: '',
    dimse: door.dimse,
    folder,
    keep: async one => {
      if (state.failing) throw new Error('the disk is full')
      kept.push(one)
    },
    problem: found => problems.push(found),
    log: createLog('silent'),
    now,
  })
  onTestFinished(() => settings.close())
  return { door, folder, kept, problems, state, settings }
}

function wishOf(own: Certificate, trustedFile: string, more: Partial<TlsWish> = {}): TlsWish {
  return {
    listen: true,
    port: 0,
    profile: 'rfc9325',
    certificate: { file: own.certificateFile },
    key: { file: own.keyFile },
    trusted: { file: trustedFile },
    ...more,
  }
}

/** The fingerprint of who answers there; undefined where nobody does. */
function shownAt(port: number | null): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = connect({ port: port ?? 1, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    socket.on('error', () => resolve(undefined))
  })
}

test('TLS is set up, gets a new certificate on the same port, another port, no listener, and goes', async () => {
  const { door, kept, settings } = await openSettings()
  const authority = createAuthority(temporaryFolder(), 'hospital')
  const [one, two] = [authority.sign('one', 90), authority.sign('two', 90)]
  expect(settings.status()).toEqual({ settings: null, port: null, certificate: null, trusted: [], error: '' })

  const first = await settings.set(wishOf(one, authority.trustedFile))
  expect(first.certificate).toMatchObject({ subject: 'one', issuer: 'hospital' })
  expect(first.certificate?.fingerprint).toBe(one.fingerprint.replaceAll(':', '').toLowerCase())
  expect(first.trusted).toMatchObject([{ subject: 'hospital' }])
  expect(first.port).toBe(door.dimse.tlsPort)
  expect(await shownAt(first.port)).toBe(one.fingerprint)

  const second = await settings.set(wishOf(two, authority.trustedFile))
  expect(second.port).toBe(first.port)
  expect(await shownAt(second.port)).toBe(two.fingerprint)

  await settings.set(wishOf(two, authority.trustedFile, { listen: false }))
  expect([settings.status().port, await shownAt(first.port)]).toEqual([null, undefined])
  expect(settings.status().certificate?.subject).toBe('two')

  expect(await settings.set(null)).toMatchObject({ settings: null, certificate: null })
  expect(kept.map(config => config?.listen)).toEqual([true, true, false, undefined])
})

test('what is pasted is kept in files that only this user can read, and no key comes back', async () => {
  const { folder, kept, settings } = await openSettings()
  const authority = createAuthority(temporaryFolder(), 'hospital')
  const [one, two] = [authority.sign('one', 90), authority.sign('two', 90)]
  const pasted = (own: Certificate): TlsWish => ({
    ...wishOf(own, authority.trustedFile),
    certificate: { pem: readFileSync(own.certificateFile, 'utf8') },
    key: { pem: readFileSync(own.keyFile, 'utf8') },
  })
  const status = await settings.set(tlsWish.parse(pasted(one)))
  expect(JSON.stringify(tlsStatus.parse(status))).not.toContain('PRIVATE KEY')
  const files = readdirSync(folder)
  expect(files).toHaveLength(2)
  for (const name of files) expect(statSync(join(folder, name)).mode & 0o077).toBe(0)
  expect(files.map(name => join(folder, name)).sort()).toEqual([kept[0]?.certificateFile, kept[0]?.keyFile].sort())
  // Of those that were pasted before, none stays.
  await settings.set(tlsWish.parse(pasted(two)))
  expect(readdirSync(folder)).toHaveLength(2)
  await settings.set(null)
  expect(readdirSync(folder)).toEqual([])
})

test('what does not fit together, is no certificate, or cannot be kept changes nothing', async () => {
  const { door, folder, state, settings } = await openSettings()
  const authority = createAuthority(temporaryFolder(), 'hospital')
  const [one, two] = [authority.sign('one', 90), authority.sign('two', 90)]
  const before = await settings.set(wishOf(one, authority.trustedFile))
  for (const wrong of [
    { key: { file: two.keyFile } },
    { certificate: { file: '/nowhere.pem' } },
    { certificate: { pem: '-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----' } },
  ]) {
    const wish = wishOf(one, authority.trustedFile, wrong)
    await expect(settings.set(wish)).rejects.toMatchObject({ code: 'bad-certificate' })
  }
  await expect(settings.set(wishOf(one, authority.trustedFile, { port: door.port }))).rejects.toMatchObject({
    code: 'port-in-use',
  })
  state.failing = true
  await expect(settings.set(wishOf(two, authority.trustedFile))).rejects.toThrow('the disk is full')
  expect(settings.status()).toEqual(before)
  expect(await shownAt(before.port)).toBe(one.fingerprint)
  expect(readdirSync(folder)).toEqual([])
})

test('thirty days before a certificate ends it is said, ours and the trusted ones, and when it has ended', async () => {
  let now = Date.now()
  const { problems, settings } = await openSettings(() => now)
  const authority = createAuthority(temporaryFolder(), 'hospital', 400)
  const wish = wishOf(authority.sign('one', 31), authority.trustedFile)
  await settings.set(wish)
  expect(problems).toEqual([])
  now += 2.5 * DAY_MS
  await settings.set(wish)
  expect(problems).toMatchObject([
    { severity: 'attention', sentence: expect.stringMatching(/^The certificate of this station ends in 29 days/) },
  ])
  now += 30 * DAY_MS
  await settings.set(wish)
  expect(problems.at(-1)).toMatchObject({
    severity: 'failure',
    sentence: expect.stringContaining('of this station ended on'),
  })
})
