/**
 * `npm run bench -- restart [--studies N] [--unsettled GIGABYTES] [--data-dir FOLDER] [--smoke]`: how long a station with 1,000,000
 * studies and 8 GB that have not settled takes to be ready, after a kill amid ten senders and after a stop, with the index in memory
 * and with none of it. `--data-dir`: works on a copy of an index that was filled before (`index --fill`).
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { constants, copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { fillIndex } from '../fixtures/manyStudies.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'
import { type Blasted, blast, type Order } from './blaster.ts'
import { machine } from './figures.ts'
import { backlog, gauges } from './stationGauges.ts'

const { values: options } = parseArgs({
  options: {
    'smoke': { type: 'boolean', default: false },
    'studies': { type: 'string' },
    'unsettled': { type: 'string' },
    'data-dir': { type: 'string' },
  },
})
const STUDIES = Number(options.studies ?? (options.smoke ? 2000 : 1_000_000))
const UNSETTLED = Number(options.unsettled ?? (options.smoke ? 0.02 : 8)) * 1e9
const ASSOCIATIONS = 10
const TIMES = options.smoke ? 1 : 5
/** Nothing more waits: as much as may has landed, the rest goes to files of its own. */
const STILL_MS = 3000

const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-restart-'))
let running: RunningStation | undefined
try {
  console.log(`restart: ${STUDIES} studies, ${machine()}`)
  if (options['data-dir']) {
    const filled = path.join(options['data-dir'], 'index.sqlite')
    await copyFile(filled, path.join(dataDir, 'index.sqlite'), constants.COPYFILE_FICLONE)
  } else fillIndex(dataDir, STUDIES, Date.UTC(2026, 0, 15))
  running = await start()
  let { instances = 0 } = await gauges(running)
  instances += await land(running)
  const ways: Array<[after: string, end: (station: RunningStation, run: number) => Promise<number>]> = [
    ['a kill', killAmidSenders],
    ['a stop', station => station.stop().then(() => 0)],
  ]
  let run = 0
  for (const [after, end] of ways) {
    for (const cold of [false, true]) {
      const times: number[] = []
      for (let i = 0; i < TIMES; i++) {
        instances += await end(running, ++run)
        if (cold) await forget()
        const began = performance.now()
        running = await start()
        times.push((performance.now() - began) / 1000)
        await expectAll(running, instances)
      }
      tell(after, cold, times)
    }
  }
} finally {
  await running?.stop()
  await rm(dataDir, { recursive: true, force: true })
}

/** What lands waits ten minutes before it settles, unless so much waits that it has to. */
function start(): Promise<RunningStation> {
  return startStation({ dataDir, config: { settleAfterSeconds: 600 } })
}

/** The kernel drops its pages of the index, its log and what has landed. */
async function forget(): Promise<void> {
  const folders = [dataDir, path.join(dataDir, 'landing')]
  for (const folder of folders) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue
      await promisify(execFile)('dd', [`if=${path.join(folder, entry.name)}`, 'iflag=nocache', 'count=0'])
    }
  }
}

function push(station: RunningStation, which: Pick<Order, 'run' | 'count'>, stop?: AbortSignal): Promise<Blasted> {
  const to = { port: station.dimsePort, calledAET: station.aet, kind: 'ct', associations: ASSOCIATIONS } as const
  return blast({ ...to, ...which }, stop)
}

/** Until so much waits to settle, or no more may. Resolves with what was answered with Success. */
async function land(station: RunningStation): Promise<number> {
  const stop = new AbortController()
  const pushing = push(station, { run: 0, count: Number.MAX_SAFE_INTEGER }, stop.signal)
  let most = 0
  for (let grownAt = Date.now(); most < UNSETTLED && Date.now() - grownAt < STILL_MS; await wait(200)) {
    const { landingBytes } = await backlog(station)
    if (landingBytes > most) grownAt = Date.now()
    most = Math.max(most, landingBytes)
  }
  stop.abort()
  const { instances } = await pushing
  console.log(`  ${(most / 1e9).toFixed(2)} GB of ${instances} CT wait to settle`)
  return instances
}

/** Resolves with what was surely answered with Success before it. */
async function killAmidSenders(station: RunningStation, run: number): Promise<number> {
  const { instances } = await push(station, { run, count: 500 })
  // The sender ends with an error when its associations break.
  const pushing = push(station, { run: run + 1000, count: Number.MAX_SAFE_INTEGER }).catch(() => {})
  await wait(500)
  station.process.kill('SIGKILL')
  await Promise.all([once(station.process, 'exit'), pushing])
  return instances
}

async function expectAll(station: RunningStation, answered: number): Promise<void> {
  const { instances = 0 } = await gauges(station)
  if (instances < answered) throw new Error(`${answered} answered with Success, ${instances} are there`)
}

function tell(after: string, cold: boolean, times: number[]): void {
  const [least, most] = [Math.min(...times), Math.max(...times)]
  const pages = cold ? 'no page in memory' : 'pages in memory'
  console.log(`  ready again after ${after}, ${pages}: ${least.toFixed(2)} to ${most.toFixed(2)} s (n=${times.length})`)
}
