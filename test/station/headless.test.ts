import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'

const HEADLESS = path.resolve(import.meta.dirname, '../../electron/headless.ts')
const ANY_PORTS = ['--dimse-port', '0', '--http-port', '0']

let dataDir: string
const started: ChildProcess[] = []

beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'isocenter-headless-'))
})
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(dataDir, { recursive: true, force: true })
})

interface Run {
  child: ChildProcess
  /** All of it, once it has ended. */
  stdout: Promise<string>
  stderr: Promise<string>
  exit: Promise<number | null>
}

/** headless.ts from its source on this test's data folder. */
function run(args: string[], env: Record<string, string> = {}): Run {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ISOCENTER_')))
  const child = spawn(process.execPath, [HEADLESS, '--data-dir', dataDir, ...args], { env: { ...clean, ...env } })
  started.push(child)
  const exit = once(child, 'exit').then(([code]: Array<number | null>) => code ?? null)
  return { child, stdout: text(child.stdout), stderr: text(child.stderr), exit }
}

interface ReadyLine {
  ready: boolean
  aet: string
  dimsePort: number
  httpPort: number
  url: string
  attached?: boolean
}

/** The first line on stdout; fails with the log when there is none. */
async function readyLine({ child, exit, stderr }: Run): Promise<ReadyLine> {
  if (!child.stdout) throw new Error('stdout is not a pipe')
  const line = once(createInterface({ input: child.stdout }), 'line').then(([first]: string[]) => first ?? '')
  const failed = exit.then(async code => {
    throw new Error(`ended with ${code}: ${await stderr}`)
  })
  failed.catch(() => {})
  return JSON.parse(await Promise.race([line, failed]))
}

test('one JSON line on stdout says where the station is, SIGTERM drains it and it exits 0', async () => {
  const station = run(['--aet', 'READING1', ...ANY_PORTS])
  const ready = await readyLine(station)
  expect(ready).toEqual({
    ready: true,
    aet: 'READING1',
    dimsePort: expect.any(Number),
    httpPort: expect.any(Number),
    url: expect.stringMatching(`^http://127.0.0.1:${ready.httpPort}/\\?key=.{16,}$`),
  })
  expect((await fetch(`http://127.0.0.1:${ready.httpPort}/healthz`)).status).toBe(200)
  station.child.kill('SIGTERM')
  expect(await station.exit).toBe(0)
  expect((await station.stdout).trim().split('\n')).toHaveLength(1)
})

test('a key is made once, readable by its user only, and kept', async () => {
  const first = run(ANY_PORTS)
  const { url } = await readyLine(first)
  const file = path.join(dataDir, 'api-key')
  const key = readFileSync(file, 'utf8').trim()
  expect(new URL(url).searchParams.get('key')).toBe(key)
  expect(Buffer.from(key, 'base64url')).toHaveLength(32)
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  first.child.kill('SIGTERM')
  await first.exit
  const second = await readyLine(run(ANY_PORTS))
  expect(new URL(second.url).searchParams.get('key')).toBe(key)
})

test('ISOCENTER_API_KEY is the key, and is not written down', async () => {
  const { url } = await readyLine(run(ANY_PORTS, { ISOCENTER_API_KEY: 'a-key-from-outside' }))
  expect(new URL(url).searchParams.get('key')).toBe('a-key-from-outside')
  expect(existsSync(path.join(dataDir, 'api-key'))).toBe(false)
})

test('a second start on the same data folder is refused, or attaches when asked to', async () => {
  const first = await readyLine(run(ANY_PORTS))
  const second = run(ANY_PORTS)
  expect(await second.exit).toBe(1)
  expect(await second.stderr).toContain('Another station already runs on this data folder.')
  expect(await second.stdout).toBe('')
  const third = run(['--attach', ...ANY_PORTS])
  expect(await readyLine(third)).toEqual({ ...first, attached: true })
  expect(await third.exit).toBe(0)
})

test('a closed stdin drains it only when it was told so', async () => {
  const bound = run(['--drain-on-stdin-close', ...ANY_PORTS])
  await readyLine(bound)
  bound.child.stdin?.end()
  expect(await bound.exit).toBe(0)

  const free = run(ANY_PORTS)
  const { httpPort } = await readyLine(free)
  free.child.stdin?.end()
  expect((await fetch(`http://127.0.0.1:${httpPort}/healthz`)).status).toBe(200)
})

test('a drain over the counter is answered and ends it with 0', async () => {
  const station = run(ANY_PORTS)
  const { url } = await readyLine(station)
  const { origin, searchParams } = new URL(url)
  const response = await fetch(`${origin}/api/drain`, {
    method: 'POST',
    headers: { 'authorization': `Api-Key ${searchParams.get('key')}`, 'content-type': 'application/json' },
    body: '{}',
  })
  expect(response.status).toBe(200)
  expect(await station.exit).toBe(0)
})

test('the command line wins over the environment, the environment over the file', async () => {
  writeFileSync(path.join(dataDir, 'config.json'), JSON.stringify({ aet: 'FILE', dimsePort: 0, httpPort: 0 }))
  for (const [args, env, aet] of [
    [[], {}, 'FILE'],
    [[], { ISOCENTER_AET: 'ENV' }, 'ENV'],
    [['--aet', 'LINE'], { ISOCENTER_AET: 'ENV' }, 'LINE'],
  ] as const) {
    const station = run([...args], env)
    expect((await readyLine(station)).aet).toBe(aet)
    station.child.kill('SIGTERM')
    await station.exit
  }
})

test.each([
  [['--no-such-option'], 2, '--no-such-option'],
  [['--aet', 'BACK\\SLASH'], 1, 'AE title'],
  [['--http-port', 'many'], 1, 'httpPort'],
])('%j is refused with a reason', async (args, code, reason) => {
  const station = run(args)
  expect(await station.exit).toBe(code)
  expect(await station.stderr).toContain(reason)
  expect(await station.stdout).toBe('')
})
