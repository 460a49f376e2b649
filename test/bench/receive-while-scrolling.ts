/**
 * `npm run bench -- receive-while-scrolling [--smoke]`: single frames asked for fifty times a second, as a viewer does while the
 * wheel turns, alone and while ten associations push CT; and how late the station's main loop was.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startStation } from '../fixtures/station.ts'
import { blast, rateOf } from './blaster.ts'
import { machine, percentile } from './figures.ts'
import { template, uidOf } from './instances.ts'
import { untilQuiet } from './quiet.ts'
import { receiverOf } from './receivers.ts'
import { eventLoop } from './stationGauges.ts'

const { values: options } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } })
const PERIOD_MS = 20
const SECONDS = options.smoke ? 1 : 10
const REPETITIONS = options.smoke ? 1 : 3
const SLICES = options.smoke ? 20 : 100
const FRAME_BYTES = 512 * 512 * 2
const ASSOCIATIONS = 10
/** What a browser leaves a viewer of its six to one host, beside events and a stream. */
const CONNECTIONS = 4

const scrolled = template('ct', 0)
const receiver = receiverOf(await startStation())
const { station } = receiver
try {
  if (!station) throw new Error('no station')
  console.log(`receive-while-scrolling: ${1000 / PERIOD_MS} frames a second for ${SECONDS} s, ${machine()}`)
  const to = { port: receiver.port, calledAET: receiver.aet, kind: 'ct' } as const
  await blast({ ...to, associations: 1, run: 0, count: SLICES })
  await untilQuiet(station)
  // Every path has been taken before anything is measured.
  await scroll(1)
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    await eventLoop(station)
    const alone = await scroll(SECONDS)
    await say('alone            ', alone)
    const stop = new AbortController()
    const pushing = blast(
      { ...to, associations: ASSOCIATIONS, run: 1 + repetition, count: Number.MAX_SAFE_INTEGER },
      stop.signal,
    )
    // A sender that fails says so at the end.
    pushing.catch(() => {})
    await wait(1500)
    await eventLoop(station)
    const beside = await scroll(SECONDS)
    await say(`${ASSOCIATIONS} associations push`, beside)
    stop.abort()
    const pushed = await pushing
    const [own, shared] = [alone, beside].map(times => percentile(times, 95))
    console.log(
      `  p95 beside / alone: ${(shared! / own!).toFixed(2)}; received ${rateOf(pushed).toFixed(0)}/s meanwhile`,
    )
    await untilQuiet(station)
  }
} finally {
  await receiver.close()
}

async function say(what: string, times: number[]): Promise<void> {
  const loop = await eventLoop(station!)
  const [p50, p95, p99, max] = [50, 95, 99, 100].map(p => percentile(times, p).toFixed(1))
  console.log(
    `  ${what}  frame p50 ${p50} p95 ${p95} p99 ${p99} max ${max} ms (n=${times.length})   event loop late p99 ${loop.p99.toFixed(1)}, max ${loop.max.toFixed(1)} ms`,
  )
}

/** Milliseconds from when each frame was due to its last byte: a frame that had to wait for its turn has waited. */
async function scroll(seconds: number): Promise<number[]> {
  const began = performance.now()
  const times: number[] = []
  const lanes = Array.from({ length: CONNECTIONS }, () => Promise.resolve())
  for (let n = 0; n < (seconds * 1000) / PERIOD_MS; n++) {
    const due = began + n * PERIOD_MS
    await wait(Math.max(0, due - performance.now()))
    const lane = n % CONNECTIONS
    lanes[lane] = lanes[lane]!.then(() => frame(n % SLICES)).then(() => void times.push(performance.now() - due))
    // It rejects where it is waited for, with all the others.
    lanes[lane].catch(() => {})
  }
  await Promise.all(lanes)
  return times
}

async function frame(instance: number): Promise<void> {
  const [study, series, sop] = (['Study', 'Series', 'SOP'] as const).map(level => uidOf(scrolled, level, instance))
  const response = await station!.get(`/dicom-web/studies/${study}/series/${series}/instances/${sop}/frames/1`, {
    accept: 'application/octet-stream; transfer-syntax=*',
  })
  const bytes = (await response.arrayBuffer()).byteLength
  if (!response.ok || bytes !== FRAME_BYTES) throw new Error(`a frame ended with ${response.status}, ${bytes} bytes`)
}
