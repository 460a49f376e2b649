/**
 * `npm run bench -- ingest-scale [--count N] [--full] [--smoke]`: distinct small instances until there are 200,000 (--full:
 * 10,000,000), in 2 GB of memory where that can be held; the rate and the answer's p99 of every tenth, then how long the station
 * takes to be ready again, after a stop and after a kill. `--long [--seconds N]`: CT timed twice, see ingestLong.ts.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type RunningStation, startStation } from '../fixtures/station.ts'
import { type Blasted, blast, type Order, rateOf } from './blaster.ts'
import { machine } from './figures.ts'
import { measureLong } from './ingestLong.ts'
import { memoryLimit } from './memoryLimit.ts'
import { usageOf } from './procfs.ts'
import { gauges, logBytes } from './stationGauges.ts'

const { values: options } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    count: { type: 'string' },
    seconds: { type: 'string' },
  },
})
const STEPS = options.smoke ? 2 : 10
/** Sent before the first tenth: what compiles as it goes has done so. */
const WARM_UP = options.smoke ? 100 : 2000
const LIMIT = 2 * 2 ** 30
const ASSOCIATIONS = 10
const total = Number(options.count ?? (options.smoke ? 1000 : options.full ? 10_000_000 : 200_000))

if (options.long) {
  const seconds = Number(options.seconds ?? (options.smoke ? 2 : options.full ? 600 : 60))
  await measureLong(seconds, options.smoke ? 1 : undefined)
} else await measureScale()

async function measureScale(): Promise<void> {
  const limit = await memoryLimit(LIMIT)
  console.log(`ingest-scale: ${total} instances of 4 KB over ${ASSOCIATIONS} associations, ${machine()}`)
  console.log(`  memory: ${limit ? 'held to 2 GB, pages of files too' : 'NOT HELD to 2 GB on this system'}`)
  const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-scale-'))
  const start = async (): Promise<{ station: RunningStation; seconds: number }> => {
    const began = performance.now()
    const station = await startStation({ dataDir })
    const seconds = (performance.now() - began) / 1000
    await limit?.apply(station.process.pid ?? 0)
    return { station, seconds }
  }
  let running: RunningStation | undefined
  try {
    const { station } = await start()
    running = station
    await fill(station)
    await station.stop()
    const stopped = await start()
    running = stopped.station
    await expectAll(stopped.station, WARM_UP + total)
    // Something that has only just been answered when the plug is pulled.
    const last = await push(stopped.station, { run: 2, count: 1000 })
    stopped.station.process.kill('SIGKILL')
    await once(stopped.station.process, 'exit')
    const killed = await start()
    running = killed.station
    await expectAll(killed.station, WARM_UP + total + last.instances)
    console.log(
      `  ready again after a stop: ${stopped.seconds.toFixed(2)} s, after a kill: ${killed.seconds.toFixed(2)} s`,
    )
  } finally {
    await running?.stop()
    await limit?.remove()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function fill(station: RunningStation): Promise<void> {
  const count = Math.ceil(total / STEPS)
  let first: { rate: number; p99: number } | undefined
  const pid = station.process.pid ?? 0
  await push(station, { run: 1, count: WARM_UP })
  for (let step = 0; step < STEPS; step++) {
    const before = await usageOf(pid)
    const blasted = await push(station, { run: 0, first: step * count, count: Math.min(count, total - step * count) })
    const now = { rate: rateOf(blasted), p99: blasted.latency.p99 }
    first ??= now
    const { cpuMs, peakRssMB } = await usageOf(pid)
    const parts = [
      `${(((step + 1) * 100) / STEPS).toFixed(0).padStart(5)} %`,
      `${now.rate.toFixed(0)}/s (${(now.rate / first.rate).toFixed(2)} of the first)`,
      `answer p99 ${now.p99.toFixed(1)} ms (${(now.p99 / first.p99).toFixed(2)})`,
      // What a rate loses to others on the machine, this does not.
      `CPU ${((cpuMs - before.cpuMs) / blasted.instances).toFixed(2)} ms each`,
      `peak ${peakRssMB.toFixed(0)} MB resident`,
      `log ${((await logBytes(station)) / 2 ** 20).toFixed(0)} MB`,
    ]
    console.log(`  ${parts.join('   ')}`)
  }
}

function push(station: RunningStation, which: Pick<Order, 'run' | 'first' | 'count'>): Promise<Blasted> {
  const to = { port: station.dimsePort, calledAET: station.aet, kind: 'tiny', associations: ASSOCIATIONS } as const
  return blast({ ...to, ...which })
}

async function expectAll(station: RunningStation, sent: number): Promise<void> {
  const { instances } = await gauges(station)
  if (instances !== sent) throw new Error(`${sent} answered with Success, ${instances} are there`)
}
