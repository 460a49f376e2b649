import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../fixtures/freePort.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'
import { type Usage, usageOf } from './procfs.ts'
import { gauges } from './stationGauges.ts'

/** Something that takes C-STORE, in a process and an empty folder of its own. */
export interface Receiver {
  name: string
  aet: string
  port: number
  pid: number
  /** Isocenter, to be asked for more than the others can tell. */
  station?: RunningStation
  usage(): Promise<Usage>
  /** How many instances it says it has. */
  stored(): Promise<number>
  /** Ends it and removes its folder. */
  close(): Promise<void>
}

/** Without it Debian's DCMTK and Orthanc wait 40 ms in every C-STORE for Nagle's algorithm, and nothing else is measured. */
export const NO_DELAY = { TCP_NODELAY: '1' }

/** Each by its name: durability in full, thumbnails, one listener to events; Orthanc as it comes; storescp without an index. */
export const RECEIVERS = {
  Isocenter: startIsocenter,
  Orthanc: () => startOrthanc(),
  storescp: startStorescp,
} satisfies Record<string, () => Promise<Receiver>>
export type ReceiverName = keyof typeof RECEIVERS

async function startIsocenter(): Promise<Receiver> {
  return receiverOf(await startStation())
}

/** A running station as a receiver, somebody listening to its events; `close` stops the station. */
export function receiverOf(station: RunningStation): Receiver {
  const events = listenToEvents(station)
  const pid = station.process.pid ?? 0
  return {
    name: 'Isocenter',
    aet: station.aet,
    port: station.dimsePort,
    pid,
    station,
    usage: () => usageOf(pid),
    stored: async () => (await gauges(station)).instances ?? Number.NaN,
    async close() {
      const code = await station.stop()
      await events
      if (code !== 0) throw new Error(`the station ended with ${code}:\n${station.log()}`)
    },
  }
}

/** Until the station ends. */
async function listenToEvents(station: RunningStation): Promise<void> {
  try {
    const reader = (await station.get('/api/events')).body?.getReader()
    for (let done = false; !done; ) done = (await reader?.read())?.done ?? true
  } catch {
    // It was killed: whoever measures notices that without a stream of events.
  }
}

/** `more`: settings beside those every measurement needs. */
export async function startOrthanc(more: object = {}): Promise<Receiver & { httpPort: number }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isocenter-orthanc-'))
  const [port, httpPort] = [await freePort(), await freePort()]
  const config = path.join(folder, 'orthanc.json')
  const settings = {
    StorageDirectory: path.join(folder, 'storage'),
    IndexDirectory: path.join(folder, 'index'),
    DicomPort: port,
    HttpPort: httpPort,
    DicomAet: 'ORTHANC',
    // Its default, said because everything hangs on it.
    SyncStorageArea: true,
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    ...more,
  }
  await writeFile(config, JSON.stringify(settings))
  const child = run('Orthanc', [config])
  const stop = () => end(child, folder)
  await untilListening(child, port, stop)
  return {
    name: 'Orthanc',
    aet: 'ORTHANC',
    port,
    httpPort,
    pid: child.pid ?? 0,
    usage: () => usageOf(child.pid ?? 0),
    async stored() {
      const statistics = await (await fetch(`http://127.0.0.1:${httpPort}/statistics`)).json()
      return (statistics as { CountInstances: number }).CountInstances
    },
    close: stop,
  }
}

async function startStorescp(): Promise<Receiver> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isocenter-storescp-'))
  const received = path.join(folder, 'received')
  await mkdir(received)
  const port = await freePort()
  const child = run('storescp', ['--fork', '+B', '-aet', 'STORESCP', '-od', received, String(port)])
  const stop = () => end(child, folder)
  await untilListening(child, port, stop)
  return {
    name: 'storescp',
    aet: 'STORESCP',
    port,
    pid: child.pid ?? 0,
    usage: () => usageOf(child.pid ?? 0),
    stored: async () => (await readdir(received)).length,
    close: stop,
  }
}

function run(program: string, args: string[]): ChildProcess {
  const child = spawn(program, args, { env: { ...process.env, ...NO_DELAY }, stdio: 'ignore' })
  child.on('error', () => {})
  return child
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  await rm(folder, { recursive: true, force: true })
}

export async function untilListening(child: ChildProcess, port: number, stop: () => Promise<void>): Promise<void> {
  for (let patience = 200; patience > 0; patience--) {
    if (child.pid === undefined || child.exitCode !== null) break
    const socket = connect(port, '127.0.0.1')
    const open = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      wait(1000, false),
    ])
    socket.destroy()
    if (open) return
    await wait(50)
  }
  await stop()
  throw new Error(`${child.spawnfile} did not start: apt-get install dcmtk orthanc`)
}
