import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { request as httpRequest } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Certificate, createAuthority } from '../fixtures/certificates.ts'
import { freePort } from '../fixtures/freePort.ts'
import { REPOSITORY } from '../fixtures/station.ts'

/** The kits for the central server as they are deployed, less the containers: the same files, filled in as those fill them in. */
export const KITS = path.join(REPOSITORY, 'resources/central')
export const USER = 'isocenter'
export const PASSWORD = 'of-this-test-alone'
const PG_PASSWORD = 'inside-this-test-alone'
const BASIC = Buffer.from(`${USER}:${PASSWORD}`).toString('base64')
/** The fast way of those that have processes of their own: killed, they would leave them behind. */
const STOP: Record<string, NodeJS.Signals> = { postgres: 'SIGINT', nginx: 'SIGTERM' }
const PATIENCE_MS = 60_000

export interface Answer {
  status: number
  body: Buffer
}

export interface Ask {
  method?: string
  body?: Uint8Array
  headers?: Record<string, string>
  /** Without the password. */
  bare?: boolean
}

export interface Kit {
  folder: string
  dicomTlsPort: number
  authority: ReturnType<typeof createAuthority>
  peer: Certificate
  /** Of the index: PGHOST and so on. */
  database: Record<string, string>
  storage: string
  /** Through the proxy. */
  ask(where: string, options?: Ask): Promise<Answer>
  /** An engine itself, past the proxy. */
  askEngine(name: string, where: string, options?: Ask): Promise<Answer>
  kill(name: string): Promise<void>
  start(name: string): Promise<void>
  close(): Promise<void>
}

/** As the containers' entry points do it: names that are given are filled in, `$host` and its like stay. */
function fillIn(template: string, values: Record<string, string>): string {
  return template.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}

/** Who runs the database: its makers refuse root. */
function databaseUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (what: string) => Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

export function databaseProgram(name: string): string {
  const found = globSync(`/usr/lib/postgresql/*/bin/${name}`).sort().at(-1)
  if (found === undefined) throw new Error(`${name} is not installed: apt-get install postgresql`)
  return found
}

export async function startKit(kind: 'single' | 'many'): Promise<Kit> {
  const folder = mkdtempSync(path.join(tmpdir(), 'isocenter-central-'))
  chmodSync(folder, 0o711)
  const running = new Map<string, ChildProcess>()
  const logs = new Map<string, string>()
  const launch = (name: string, program: string, args: string[], env: Record<string, string>, as = {}) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...as,
    })
    const keep = (text: string) => logs.set(name, ((logs.get(name) ?? '') + text).slice(-20_000))
    child.stdout?.setEncoding('utf8').on('data', keep)
    child.stderr?.setEncoding('utf8').on('data', keep)
    child.on('error', error => keep(String(error)))
    running.set(name, child)
  }
  const kill = async (name: string, signal: NodeJS.Signals = 'SIGKILL') => {
    const child = running.get(name)
    running.delete(name)
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }
  const until = async (what: string, look: () => Promise<boolean>) => {
    for (const patience = Date.now() + PATIENCE_MS; !(await look().catch(() => false)); await wait(100)) {
      const said = [...logs].map(([name, text]) => `--- ${name}\n${text}`).join('\n')
      if (Date.now() > patience) throw new Error(`${what} is not there.\n${said}`)
    }
  }
  // As stations do: a connection is used again.
  const agent = new Agent({ keepAlive: true })
  const close = async () => {
    agent.destroy()
    for (const name of [...running.keys()].reverse()) await kill(name, STOP[name])
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    // The index.
    const own = databaseUser()
    const pg = path.join(folder, 'pg')
    mkdirSync(pg)
    writeFileSync(path.join(pg, 'password'), PG_PASSWORD)
    cpSync(path.join(KITS, 'base/postgresql.conf'), path.join(pg, 'kit.conf'))
    for (const name of ['.', 'password', 'kit.conf']) {
      if (own.uid !== undefined) chownSync(path.join(pg, name), own.uid, own.gid ?? own.uid)
    }
    const data = path.join(pg, 'data')
    const made = ['-D', data, '-U', 'orthanc', '-A', 'scram-sha-256', '--pwfile', path.join(pg, 'password')]
    execFileSync(databaseProgram('initdb'), [...made, '-E', 'UTF8', '--locale=C'], { ...own, cwd: pg, stdio: 'pipe' })
    const pgPort = await freePort()
    const settings = {
      config_file: path.join(pg, 'kit.conf'),
      hba_file: path.join(data, 'pg_hba.conf'),
      ident_file: path.join(data, 'pg_ident.conf'),
      listen_addresses: '127.0.0.1',
      port: String(pgPort),
      unix_socket_directories: pg,
      shared_buffers: '64MB',
    }
    const chosen = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    launch('postgres', databaseProgram('postgres'), ['-D', data, ...chosen], {}, own)
    const database = {
      PGHOST: '127.0.0.1',
      PGPORT: String(pgPort),
      PGUSER: 'orthanc',
      PGPASSWORD: PG_PASSWORD,
      PGDATABASE: 'orthanc',
    }
    const ready = ['-h', '127.0.0.1', '-p', String(pgPort)]
    await until('postgres', async () => {
      execFileSync(databaseProgram('pg_isready'), ready, { stdio: 'pipe' })
      return true
    })
    execFileSync(databaseProgram('createdb'), ['orthanc'], {
      env: { ...database, PGDATABASE: 'postgres' },
      stdio: 'pipe',
    })

    // The engines.
    const storage = path.join(folder, 'storage')
    const etc = path.join(folder, 'etc')
    mkdirSync(storage)
    mkdirSync(etc)
    for (const name of ['orthanc.json', 'modalities.json', 'reader.lua']) {
      cpSync(path.join(KITS, 'base', name), path.join(etc, name))
    }
    const engines = new Map<string, { http: number; env: Record<string, string> }>()
    for (const name of kind === 'single' ? ['orthanc'] : ['writer', 'reader1', 'reader2']) {
      const reads = name.startsWith('reader')
      const [http, dicom] = [await freePort(), await freePort()]
      const env = {
        TCP_NODELAY: '1',
        ORTHANC_NAME: name,
        ORTHANC_AET: 'CENTRAL',
        ORTHANC_USER: USER,
        ORTHANC_PASSWORD: PASSWORD,
        ORTHANC_STORAGE: storage,
        ORTHANC_HTTP_PORT: String(http),
        ORTHANC_DICOM_PORT: String(dicom),
        PG_HOST: '127.0.0.1',
        PG_PORT: String(pgPort),
        PG_DATABASE: 'orthanc',
        PG_USER: 'orthanc',
        PG_PASSWORD,
        PG_LOCK: kind === 'single' ? 'true' : 'false',
        ...(kind === 'many' && { PG_CONNECTIONS: reads ? '8' : '1', ORTHANC_DICOM: reads ? 'false' : 'true' }),
        ...(reads && { ORTHANC_LUA: JSON.stringify(path.join(etc, 'reader.lua')) }),
      }
      engines.set(name, { http, env })
    }
    const askEngine = (name: string, where: string, options: Ask = {}) => {
      const url = `http://127.0.0.1:${engines.get(name)!.http}${where}`
      return answerOf(httpRequest(url, requestOf(options)), options.body)
    }
    const start = async (name: string) => {
      launch(name, 'Orthanc', [etc], engines.get(name)!.env)
      await until(name, async () => (await askEngine(name, '/system')).status === 200)
    }
    // One after the other: the first makes the tables.
    for (const name of engines.keys()) await start(name)

    // The proxy.
    const authority = createAuthority(folder, 'authority')
    const server = authority.sign('server')
    const peer = authority.sign('peer')
    const tls = path.join(folder, 'tls')
    mkdirSync(tls)
    cpSync(server.certificateFile, path.join(tls, 'server.crt'))
    cpSync(server.keyFile, path.join(tls, 'server.key'))
    cpSync(authority.trustedFile, path.join(tls, 'peers.crt'))
    const [httpsPort, dicomTlsPort] = [await freePort(), await freePort()]
    const place = (name: string) => `127.0.0.1:${engines.get(name)!.http}`
    const dimse = (name: string) => `127.0.0.1:${engines.get(name)!.env.ORTHANC_DICOM_PORT}`
    const conf = path.join(folder, 'conf.d')
    const values = {
      CONF_DIR: conf,
      TLS_DIR: tls,
      HTTPS_LISTEN: `127.0.0.1:${httpsPort}`,
      DICOM_TLS_LISTEN: `127.0.0.1:${dicomTlsPort}`,
      HEALTH_BASIC: BASIC,
      ...(kind === 'single'
        ? { ORTHANC: place('orthanc'), ORTHANC_DIMSE: dimse('orthanc') }
        : {
            WRITERS: `server ${place('writer')} max_fails=0;`,
            READERS: ['reader1', 'reader2'].map(name => `server ${place(name)} max_fails=0;`).join(' '),
            WRITERS_DIMSE: `server ${dimse('writer')} max_fails=0;`,
          }),
    }
    mkdirSync(conf)
    const fill = (from: string, to: string) =>
      writeFileSync(path.join(conf, to), fillIn(readFileSync(path.join(KITS, from), 'utf8'), values))
    for (const name of readdirSync(path.join(KITS, 'base'))) {
      if (name.endsWith('.inc.template')) fill(`base/${name}`, name.replace('.template', ''))
    }
    fill(`${kind}/http.conf.template`, 'http')
    fill(`${kind}/dimse.conf.stream-template`, 'stream')
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      name => `${name}_temp_path ${folder}/${name};`,
    )
    const main = path.join(folder, 'nginx.conf')
    writeFileSync(
      main,
      [
        'load_module /usr/lib/nginx/modules/ngx_stream_module.so;',
        ...(process.getuid?.() === 0 ? ['user root;'] : []),
        `daemon off; pid ${folder}/nginx.pid; error_log stderr; events {}`,
        `http { access_log off; ${temporary.join(' ')} include ${conf}/http; }`,
        `stream { include ${conf}/stream; }`,
      ].join('\n'),
    )
    launch('nginx', 'nginx', ['-c', main, '-e', 'stderr'], {})
    const ca = readFileSync(authority.trustedFile)
    const ask = (where: string, options: Ask = {}) =>
      answerOf(
        httpsRequest(`https://127.0.0.1:${httpsPort}${where}`, { ...requestOf(options), ca, agent }),
        options.body,
      )
    await until('nginx', async () => (await ask('/system')).status === 200)
    return { folder, dicomTlsPort, authority, peer, database, storage, ask, askEngine, kill, start, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Images, as Part-10 files, to be posted (PS3.18 §10.5). */
export function stow(kit: Kit, files: Uint8Array[]): Promise<Answer> {
  const parts = files.flatMap(file => [
    Buffer.from('--part\r\nContent-Type: application/dicom\r\n\r\n'),
    Buffer.from(file),
    Buffer.from('\r\n'),
  ])
  return kit.ask('/dicom-web/studies', {
    method: 'POST',
    headers: {
      'content-type': 'multipart/related; type="application/dicom"; boundary=part',
      'accept': 'application/dicom+json',
    },
    body: Buffer.concat([...parts, Buffer.from('--part--\r\n')]),
  })
}

/** By the answer's body: its status says too little. */
export function storedIn({ body }: Answer): number {
  const { '00081199': references } = JSON.parse(body.toString()) as Record<string, { Value?: unknown[] }>
  return references?.Value?.length ?? 0
}

function requestOf({ method = 'GET', headers = {}, bare = false }: Ask) {
  return { method, headers: { ...(!bare && { authorization: `Basic ${BASIC}` }), ...headers }, agent: false as const }
}

async function answerOf(request: ReturnType<typeof httpRequest>, body?: Uint8Array): Promise<Answer> {
  const answered = once(request, 'response')
  request.end(body)
  const [response] = (await answered) as [AsyncIterable<Buffer> & { statusCode?: number }]
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part)
  return { status: response.statusCode ?? 0, body: Buffer.concat(parts) }
}
