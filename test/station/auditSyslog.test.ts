import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createPlainServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Audit, openAudit } from '../../electron/station/audit/index.ts'
import type { AuditEvent } from '../../shared/audit.ts'
import type { SyslogConfig } from '../../shared/config.ts'
import { createAuthority } from '../fixtures/certificates.ts'
import { silentLog } from '../web/counter.ts'

let folder: string
let authority: ReturnType<typeof createAuthority>
let audit: Audit | undefined
let collector: Collector | undefined
let rsyslog: ChildProcess | undefined
const problems: string[] = []

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'isocenter-syslog-'))
  authority = createAuthority(folder, 'authority')
  problems.length = 0
})
afterEach(async () => {
  await audit?.close()
  audit = undefined
  await collector?.stop()
  collector = undefined
  if (rsyslog && rsyslog.exitCode === null) {
    rsyslog.kill('SIGKILL')
    await once(rsyslog, 'exit')
  }
  rsyslog = undefined
  rmSync(folder, { recursive: true, force: true })
})

/** Octet-counted messages of RFC 5425, over TLS. */
class Collector {
  readonly messages: string[] = []
  #server: Server | undefined
  readonly #sockets = new Set<TLSSocket>()

  async start(port: number, certificate: { certificateFile: string; keyFile: string }): Promise<number> {
    const [cert, key] = [readFileSync(certificate.certificateFile), readFileSync(certificate.keyFile)]
    this.#server = createServer({ cert, key, minVersion: 'TLSv1.2' }, socket => {
      this.#sockets.add(socket)
      let bytes: Buffer = Buffer.alloc(0)
      socket.on('error', () => {})
      socket.on('data', chunk => {
        bytes = Buffer.concat([bytes, chunk])
        for (;;) {
          const [digits = ''] = /^\d+ /.exec(bytes.toString('latin1', 0, 8)) ?? []
          const end = digits.length + Number(digits)
          if (!digits || bytes.length < end) return
          this.messages.push(bytes.toString('utf8', digits.length, end))
          bytes = bytes.subarray(end)
        }
      })
    })
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
    if (server) await new Promise(resolve => server.close(resolve))
  }
}

const sequence = (message: string) => Number(/sequenceId="(\d+)"/.exec(message)?.[1])
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

async function open(config: Partial<SyslogConfig>): Promise<Audit> {
  return openAudit({
    folder: path.join(folder, 'audit'),
    log: silentLog,
    aet: 'ISOCENTER',
    version: '1',
    patientOf: async () => 'P1',
    problem: ({ sentence }) => problems.push(sentence),
    syslog: { host: '127.0.0.1', port: 1, caFile: authority.trustedFile, ...config },
    syslogTimes: { settledMs: 50, retryMs: 20, longestRetryMs: 20, patienceMs: 200 },
  })
}

function opened(n: number): AuditEvent {
  return {
    event: 'instancesAccessed',
    action: 'R',
    outcome: 0,
    door: 'counter',
    text: `look ${n}`,
    participants: [{ UserID: 'main key', address: '127.0.0.1', requestor: true }],
    study: { StudyInstanceUID: `1.2.${n}`, PatientID: '', instances: {} },
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 10))
}

test('a collector gets every message once, also over its outages and a restart of the station', async () => {
  collector = new Collector()
  const certificate = authority.sign('collector')
  const port = await collector.start(0, certificate)
  audit = await open({ port })
  for (let n = 0; n < 50; n++) await audit.record(opened(n))
  const sent = async () => (await audit?.list({ text: '', limit: 1 }))?.syslog?.sent
  await until(async () => (await sent()) === 51)
  await collector.stop()
  for (let n = 50; n < 100; n++) await audit.record(opened(n))
  await until(() => problems.length > 0)
  expect(problems).toEqual([expect.stringContaining('is not reached')])
  await audit.close()
  await collector.start(port, certificate)
  audit = await open({ port })
  await until(async () => (await sent()) === 103)
  expect(collector.messages.map(sequence)).toEqual(upTo(103))
  const [first = ''] = collector.messages
  expect(first).toMatch(
    /^<85>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ isocenter \d+ DICOM\+RFC3881 \[meta sequenceId="1"\] \ufeff<\?xml version="1.0"/,
  )
})

test('what was under way when the connection broke comes again, and nothing is lacking', async () => {
  collector = new Collector()
  const certificate = authority.sign('collector')
  const port = await collector.start(0, certificate)
  audit = await open({ port })
  const writing = (async () => {
    for (let n = 0; n < 300; n++) await audit?.record(opened(n))
  })()
  await until(() => (collector?.messages.length ?? 0) > 20)
  await collector.stop()
  await collector.start(port, certificate)
  await writing
  await until(() => new Set(collector?.messages.map(sequence)).size === 301)
  expect([...new Set(collector.messages.map(sequence))].sort((a, b) => a - b)).toEqual(upTo(301))
})

test('a collector with a certificate of nobody we trust gets nothing', async () => {
  collector = new Collector()
  const port = await collector.start(0, createAuthority(folder, 'other').sign('collector'))
  audit = await open({ port })
  await until(() => problems.length > 0)
  expect(collector.messages).toEqual([])
})

test('rsyslog takes them over TLS, with our certificate, and reads the header as it is meant', async () => {
  const certificate = authority.sign('collector')
  const own = authority.sign('station')
  const plain = createPlainServer()
  plain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
  const address = plain.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await new Promise(resolve => plain.close(resolve))
  const [work, out] = [path.join(folder, 'work'), path.join(folder, 'received')]
  mkdirSync(work)
  writeFileSync(
    path.join(folder, 'rsyslog.conf'),
    `global(workDirectory="${work}" maxMessageSize="64k" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${authority.trustedFile}"
  defaultNetstreamDriverCertFile="${certificate.certificateFile}" defaultNetstreamDriverKeyFile="${certificate.keyFile}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
template(name="one" type="string" string="%pri%|%app-name%|%msgid%|%structured-data%|%msg%\\n")
input(type="imtcp" port="${port}" address="127.0.0.1")
action(type="omfile" file="${out}" template="one")
`,
  )
  rsyslog = spawn(
    '/usr/sbin/rsyslogd',
    ['-n', '-f', path.join(folder, 'rsyslog.conf'), '-i', path.join(folder, 'pid')],
    {
      stdio: 'ignore',
    },
  )
  audit = await open({ port, certFile: own.certificateFile, keyFile: own.keyFile })
  for (let n = 0; n < 20; n++) await audit.record(opened(n))
  const lines = () => (existsSync(out) ? readFileSync(out, 'utf8').split('\n').slice(0, -1) : [])
  await until(() => lines().length >= 21)
  expect(lines().map(sequence)).toEqual(upTo(21))
  expect(lines()[1]).toMatch(/^85\|isocenter\|DICOM\+RFC3881\|\[meta sequenceId="2"\]\|\s?\ufeff?<\?xml/)
  expect(lines()[1]).toContain('<EventOutcomeDescription>look 0</EventOutcomeDescription>')
})
