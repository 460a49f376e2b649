import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { startStation } from '../fixtures/station.ts'
import { type Blasted, blast, rateOf } from './blaster.ts'
import { machine } from './figures.ts'
import { type Receiver, receiverOf, startOrthanc } from './receivers.ts'
import { gauges, logBytes, untilAllDone } from './stationGauges.ts'

const ASSOCIATIONS = 10
/** The run ends before the disk is full: then it would measure something else. */
const LEAST_FREE = 10 * 2 ** 30

/**
 * `ingest-scale --long`: CT for so many seconds, timed twice: to the last answer, and to quiet, when everything received has
 * reached its place, hashes are recorded and thumbnails made. Orthanc has nothing left to do when it has answered.
 * `settleAfterSeconds`: of the station, whose usual minute a run of seconds need not wait for.
 */
export async function measureLong(seconds: number, settleAfterSeconds = 60): Promise<void> {
  console.log(`ingest-scale --long: CT for ${seconds} s over ${ASSOCIATIONS} associations, ${machine()}`)
  const rates = { answered: [] as number[], quiet: [] as number[] }
  const startOurs = async () => receiverOf(await startStation({ config: { settleAfterSeconds } }))
  for (const start of [startOurs, startOrthanc]) {
    const receiver = await start()
    const { name } = receiver
    try {
      const { blasted, mostLanding, course } = await pushFor(receiver, seconds)
      const answered = await receiver.usage()
      const done = receiver.station ? await untilAllDone(receiver.station) : undefined
      const quiet = await receiver.usage()
      const stored = await receiver.stored()
      if (stored !== blasted.instances) throw new Error(`${name}: ${blasted.instances} answered, ${stored} stored`)
      const rate = rateOf({ ...blasted, ended: Math.max(blasted.ended, done?.at ?? 0) })
      rates.answered.push(rateOf(blasted))
      rates.quiet.push(rate)
      const each = (ms: number) => (ms / blasted.instances).toFixed(2)
      console.log(
        `  ${name}: ${blasted.instances} in ${((blasted.ended - blasted.began) / 1000).toFixed(1)} s, answer p50 ${blasted.latency.p50.toFixed(1)} p99 ${blasted.latency.p99.toFixed(1)} max ${blasted.latency.max.toFixed(0)} ms`,
      )
      console.log(
        `    to the last answer ${rateOf(blasted).toFixed(1)}/s, CPU ${each(answered.cpuMs)} ms each; to quiet ${rate.toFixed(1)}/s, CPU ${each(quiet.cpuMs)} ms each; peak ${quiet.peakRssMB.toFixed(0)} MB`,
      )
      if (course.length > 0) console.log(`    by tenths of the time: ${course.join(', ')}/s`)
      if (receiver.station && done) {
        const most = Math.max(mostLanding, done.mostLandingBytes)
        console.log(
          `    quiet ${((done.at - blasted.ended) / 1000).toFixed(1)} s after the last answer; most in landing ${(most / 2 ** 20).toFixed(0)} MB; log left ${((await logBytes(receiver.station)) / 2 ** 20).toFixed(1)} MB`,
        )
      }
    } finally {
      await receiver.close()
    }
  }
  const ratio = ([ours = 0, theirs = 0]: number[]) => (ours / theirs).toFixed(2)
  console.log(`  Isocenter / Orthanc: ${ratio(rates.answered)} to the last answer, ${ratio(rates.quiet)} to quiet`)
}

/** `course`: images a second in each tenth of the time, of the station. */
async function pushFor(
  receiver: Receiver,
  seconds: number,
): Promise<{ blasted: Blasted; mostLanding: number; course: string[] }> {
  const stop = new AbortController()
  let mostLanding = 0
  const course: string[] = []
  const watch = async () => {
    let [before, since] = [0, performance.now()]
    while (!stop.signal.aborted) {
      await wait(1000)
      if (receiver.station) {
        const { landing_bytes = 0, instances = 0 } = await gauges(receiver.station)
        mostLanding = Math.max(mostLanding, landing_bytes)
        const past = performance.now() - since
        if (past >= 100 * seconds) {
          course.push(((1000 * (instances - before)) / past).toFixed(0))
          ;[before, since] = [instances, performance.now()]
        }
      }
      const { bavail, bsize } = await statfs(tmpdir())
      if (bavail * bsize > LEAST_FREE) continue
      console.log('    stopped early: the disk is nearly full')
      stop.abort()
    }
  }
  const watching = watch()
  const to = { port: receiver.port, calledAET: receiver.aet, kind: 'ct', associations: ASSOCIATIONS } as const
  try {
    const blasted = await blast({ ...to, run: 0, count: Number.MAX_SAFE_INTEGER, seconds }, stop.signal)
    return { blasted, mostLanding, course }
  } finally {
    stop.abort()
    await watching
  }
}
