/**
 * `npm run bench -- ingest [--smoke] [--reps N] [--cells ct:10,mr:10] [--count N] [--at-once]`: C-STORE into Isocenter, Orthanc and
 * storescp, each in an empty folder, from a sender that is faster than any of them; repetitions interleaved, so that only the
 * ratios of one repetition count. Between the first instances and those that are timed each rests: Isocenter until its landing segments
 * are made ready, as a station has them; `--at-once` leaves the rest out. `--slow-disk` and `--memory`: Isocenter alone, on a disk that takes 10 ms to sync, and with large objects.
 */
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import { type Blasted, blast, rateOf } from './blaster.ts'
import { machine, percentile } from './figures.ts'
import { measureMemory } from './ingestMemory.ts'
import { measureSlowDisk } from './ingestSlowDisk.ts'
import { type Kind, toKind } from './instances.ts'
import { RECEIVERS, type Receiver, type ReceiverName } from './receivers.ts'
import { eventLoop, untilReserved } from './stationGauges.ts'
import { syncCalls } from './syncCalls.ts'

interface Cell {
  kind: Kind
  associations: number
  count: number
}

interface Result extends Blasted {
  cpuMs: number
  peakRssMB: number
  loop?: { p99: number; max: number }
}

const { values: options } = parseArgs({
  options: {
    'smoke': { type: 'boolean', default: false },
    'reps': { type: 'string' },
    'cells': { type: 'string' },
    'count': { type: 'string' },
    'slow-disk': { type: 'boolean', default: false },
    'at-once': { type: 'boolean', default: false },
    'memory': { type: 'boolean', default: false },
  },
})
const NAMES = Object.keys(RECEIVERS) as ReceiverName[]
/** How many of a kind one measurement takes: seconds, on two cores. */
const COUNTS: Record<Kind, number> = { ct: 600, mr: 1500, us: 16, tiny: 5000, large: 100, huge: 1 }
const SMOKE = 24
/** Their warm-up has been written by then; they have nothing to make ready. */
const PEER_RESTS_MS = 5000
let reservedMB = 0
const cells: Cell[] = (options.cells ?? (options.smoke ? 'ct:10' : 'ct:1,ct:10,ct:50,mr:10,us:4'))
  .split(',')
  .map(toCell)
const repetitions = Number(options.reps ?? (options.smoke ? 1 : 3))

if (options['slow-disk']) await measureSlowDisk(options.smoke)
else if (options.memory) await measureMemory(options.smoke)
else await compare()

function toCell(text: string): Cell {
  const [name = '', associations] = text.split(':')
  const kind = toKind(name)
  if (!kind || !Number(associations)) throw new Error(`no such cell: ${text}`)
  return {
    kind,
    associations: Number(associations),
    count: Number(options.count ?? (options.smoke ? SMOKE : COUNTS[kind])),
  }
}

async function compare(): Promise<void> {
  console.log(`ingest: ${repetitions} repetitions, ${machine()}`)
  if (!options.cells) await sayPromises()
  const results = new Map<Cell, Array<Record<ReceiverName, Result>>>(cells.map(cell => [cell, []]))
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const cell of cells) {
      const measured: Partial<Record<ReceiverName, Result>> = {}
      // Each in turn begins: whoever comes after a large writer finds its dirty pages.
      for (const i of NAMES.keys()) {
        const name = NAMES[(i + repetition) % NAMES.length]!
        measured[name] = await measure(name, cell)
      }
      results.get(cell)?.push(measured as Record<ReceiverName, Result>)
    }
  }
  for (const [cell, all] of results) report(cell, all)
}

async function measure(name: ReceiverName, { kind, associations, count }: Cell): Promise<Result> {
  const receiver = await RECEIVERS[name]()
  try {
    const to = { port: receiver.port, calledAET: receiver.aet, kind, associations }
    // Whoever compiles as he goes has done so, and first files and pages are made.
    const warm = await blast({ ...to, run: 0, count: Math.ceil(count / 5) })
    if (!options.smoke && !options['at-once']) {
      if (receiver.station) reservedMB = (await untilReserved(receiver.station)) / 2 ** 20
      else await wait(PEER_RESTS_MS)
    }
    const before = await receiver.usage()
    if (receiver.station) await eventLoop(receiver.station)
    const blasted = await blast({ ...to, run: 1, count })
    const after = await receiver.usage()
    const loop = receiver.station && (await eventLoop(receiver.station))
    await expectStored(receiver, warm.instances + blasted.instances)
    return { ...blasted, cpuMs: (after.cpuMs - before.cpuMs) / count, peakRssMB: after.peakRssMB, loop }
  } finally {
    await receiver.close()
  }
}

async function expectStored(receiver: Receiver, sent: number): Promise<void> {
  const stored = await receiver.stored()
  if (stored !== sent) throw new Error(`${receiver.name} answered Success ${sent} times and has ${stored} instances`)
}

function report({ kind, associations, count }: Cell, all: Array<Record<ReceiverName, Result>>): void {
  const plural = associations === 1 ? '' : 's'
  console.log(`\n${count} ${kind}, ${associations} association${plural}, ${reservedMB.toFixed(0)} MB made ready ahead`)
  for (const name of NAMES) {
    const own = all.map(results => results[name])
    const median = (of: (result: Result) => number) => percentile(own.map(of), 50)
    const line = [
      `${median(rateOf).toFixed(1)}/s`,
      `${median(r => r.bytes / 1000 / (r.ended - r.began)).toFixed(0)} MB/s`,
      `answer p50 ${median(r => r.latency.p50).toFixed(1)} p99 ${median(r => r.latency.p99).toFixed(1)} ms`,
      `CPU ${median(r => r.cpuMs).toFixed(2)} ms each`,
      `peak ${median(r => r.peakRssMB).toFixed(0)} MB`,
    ]
    if (own[0]?.loop) {
      const late = (which: 'p99' | 'max') => median(r => r.loop?.[which] ?? Number.NaN).toFixed(1)
      line.push(`event loop late p99 ${late('p99')}, max ${late('max')} ms`)
    }
    console.log(`  ${name.padEnd(10)} ${line.join('   ')}`)
  }
  for (const peer of NAMES.filter(name => name !== 'Isocenter')) {
    const ratios = all.map(results => rateOf(results.Isocenter) / rateOf(results[peer]))
    const [low, middle, high] = [0, 50, 100].map(p => percentile(ratios, p).toFixed(2))
    const cpu = percentile(
      all.map(results => results.Isocenter.cpuMs / results[peer].cpuMs),
      50,
    )
    console.log(`  Isocenter / ${peer}: ${middle} (${low} to ${high}), CPU each ${cpu.toFixed(2)}`)
  }
}

/** What each syncs for an image, counted in a run of its own, and how our index keeps its log. */
async function sayPromises(): Promise<void> {
  for (const name of NAMES) {
    const receiver = await RECEIVERS[name]()
    try {
      const count = options.smoke ? SMOKE : 200
      const to = { port: receiver.port, calledAET: receiver.aet, kind: 'ct', associations: 10, count } as const
      const said = await syncCalls(receiver.pid, () => blast({ ...to, run: 0 })).then(
        calls => [...calls].map(([what, times]) => `${(times / count).toFixed(2)} ${what}`).join(', ') || 'nothing',
        // Where processes may not be traced the rates still mean something.
        (error: Error) => `not counted (${error.message})`,
      )
      const journal = receiver.station && `; index: journal_mode ${journalMode(receiver.station.dataDir)}`
      console.log(`  ${name} syncs for an image, 10 associations: ${said}${journal ?? ''}`)
    } finally {
      await receiver.close()
    }
  }
}

/** `synchronous` is a connection's own and can't be asked from outside: what is synced of the log tells it. */
function journalMode(dataDir: string): string {
  const db = new Database(path.join(dataDir, 'index.sqlite'), { readonly: true })
  try {
    return String(db.pragma('journal_mode', { simple: true }))
  } finally {
    db.close()
  }
}
