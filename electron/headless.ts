import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type Config, configSchema } from '../shared/config.ts'
import { contract } from '../shared/contract.ts'
import { IsocenterError } from '../shared/errors.ts'
import { defaultDataDir } from '../shared/places.ts'
import { createLog, startStation } from './station/station.ts'

const USAGE = `isocenter [--data-dir DIR] [--aet AET] [--dimse-port P] [--http-port P]
  port 0 = any free one
  --attach                where a station already runs on the folder: print its ready line and end
  --drain-on-stdin-close  end when whoever started it goes away`

/** Bundled it runs from out/station, from sources from electron/. */
const ROOT = path.resolve(import.meta.dirname, import.meta.url.endsWith('.ts') ? '..' : '../..')

/** How long a station that is just starting may take until it can be attached to, in ms. */
const ATTACH_PATIENCE = 15_000

/** An index that is found damaged once more, so often in one process, is not made anew again. */
const MOST_STARTS = 4

/** What only Electron's utility process has; declared here because this file never imports electron. */
interface ParentPort {
  on(event: 'message', listener: (message: { data: unknown }) => void): void
}

interface Ready {
  aet: string
  dimsePort: number
  httpPort: number
  url: string
}

const log = createLog()

process.on('uncaughtException', (error, from) => {
  log.error({ err: error }, from === 'uncaughtException' ? 'uncaught exception' : 'unhandled rejection')
  process.exit(1)
})

/** The one line that may ever reach stdout. */
function sayReady(ready: Ready, attached?: true): void {
  const { aet, dimsePort, httpPort, url } = ready
  process.stdout.write(`${JSON.stringify({ ready: true, aet, dimsePort, httpPort, url, attached })}\n`)
}

async function run(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      'data-dir': { type: 'string' },
      'aet': { type: 'string' },
      'dimse-port': { type: 'string' },
      'http-port': { type: 'string' },
      'attach': { type: 'boolean' },
      'drain-on-stdin-close': { type: 'boolean' },
    },
  })
  const dataDir = path.resolve(
    options['data-dir'] ?? process.env.ISOCENTER_DATA_DIR ?? defaultDataDir(process.platform, process.env, homedir()),
  )
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const commandLine = { aet: options.aet, dimsePort: options['dimse-port'], httpPort: options['http-port'] }
  const config = await readConfig(dataDir, commandLine)
  const key = process.env.ISOCENTER_API_KEY || (await readOrMakeKey(path.join(dataDir, 'api-key')))
  const about = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')))

  let station: Awaited<ReturnType<typeof startStation>>
  const parts = { dataDir, key, rendererDir: path.join(ROOT, 'out/renderer'), version: about.version, log }
  try {
    station = await startStation({ ...parts, config })
  } catch (error) {
    if (!(options.attach && error instanceof IsocenterError && error.code === 'data-dir-in-use')) throw error
    sayReady(await findRunning(dataDir, key), true)
    return
  }

  let draining = false
  const drain = () => {
    draining = true
    void station.close()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, drain)
  const { parentPort } = process as { parentPort?: ParentPort }
  parentPort?.on('message', ({ data }) => data === 'drain' && drain())
  if (options['drain-on-stdin-close']) process.stdin.on('close', drain).on('error', drain).resume()
  sayReady(station)
  for (let starts = 1; (await station.drained) === 'again'; starts++) {
    if (starts > MOST_STARTS) throw new IsocenterError('index-damaged', 'again and again: is the disk failing?')
    // With what was set meanwhile, on the same ports: whoever is connected only has to come again.
    const now = await readConfig(dataDir, commandLine)
    station = await startStation({
      ...parts,
      config: { ...now, dimsePort: station.dimsePort, httpPort: station.httpPort },
    })
    // Told to end while there was no station to tell.
    if (draining) drain()
  }
  // Not left to the event loop: a forgotten handle must not keep a drained station alive.
  process.exit(0)
}

/** Defaults < resources < file < environment < command line. Ports come as text from the last two. */
async function readConfig(dataDir: string, commandLine: Record<string, string | undefined>): Promise<Config> {
  const fromFile = async (file: string) => {
    const text = await readFile(file, 'utf8').catch(error => (isMissing(error) ? '{}' : Promise.reject(error)))
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  }
  const fromText = (texts: Record<string, string | undefined>) =>
    Object.fromEntries(
      Object.entries(texts)
        .filter(([, text]) => text !== undefined)
        .map(([name, text]) => [name, name.endsWith('Port') ? Number(text || Number.NaN) : text]),
    )
  const environment = {
    aet: process.env.ISOCENTER_AET,
    dimsePort: process.env.ISOCENTER_DIMSE_PORT,
    dimseHost: process.env.ISOCENTER_DIMSE_HOST,
    httpPort: process.env.ISOCENTER_HTTP_PORT,
  }
  return configSchema.parse({
    ...(await fromFile(path.join(ROOT, 'resources/config.json'))),
    ...(await fromFile(path.join(dataDir, 'config.json'))),
    ...fromText(environment),
    ...fromText(commandLine),
  })
}

/** 32 random bytes, readable by the user only; a file that is there already is kept. */
async function readOrMakeKey(file: string): Promise<string> {
  try {
    await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const key = (await readFile(file, 'utf8')).trim()
  if (!/^[\x21-\x7e]{16,}$/.test(key)) throw new Error(`${file} holds no key; remove it and a new one is made`)
  return key
}

/** The station that holds the folder's lock, asked over its own counter. It may still be starting. */
async function findRunning(dataDir: string, key: string): Promise<Ready> {
  const lockSchema = z.object({ httpPort: z.int().min(1).max(65535) })
  const patience = Date.now() + ATTACH_PATIENCE
  for (;;) {
    try {
      const { httpPort } = lockSchema.parse(JSON.parse(await readFile(path.join(dataDir, 'station.lock'), 'utf8')))
      const origin = `http://127.0.0.1:${httpPort}`
      const response = await fetch(`${origin}/api/station.status`, {
        method: 'POST',
        headers: { 'authorization': `Api-Key ${key}`, 'content-type': 'application/json' },
        body: '{}',
      })
      if (response.status === 401) throw new IsocenterError('unauthorized', 'the running station has another key')
      const { aet, dimsePort } = contract['station.status'].out.parse(await response.json())
      return { aet, dimsePort, httpPort, url: `${origin}/?key=${encodeURIComponent(key)}` }
    } catch (error) {
      if (Date.now() > patience || (error instanceof IsocenterError && error.code === 'unauthorized')) throw error
      await sleep(200)
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

run().catch((error: unknown) => {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  process.stderr.write(`${error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message}\n`)
  if (isUsage) process.stderr.write(`${USAGE}\n`)
  process.exitCode = isUsage ? 2 : 1
  // Rooms that were opened before the failure have been closed again; nothing else is worth waiting for.
  setTimeout(() => process.exit(), 1000).unref()
})
