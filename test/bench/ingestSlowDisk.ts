import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fillIndex } from '../fixtures/manyStudies.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'
import { blast, rateOf } from './blaster.ts'
import { machine, summary } from './figures.ts'
import { receiverOf } from './receivers.ts'
import { eventLoop, untilReserved } from './stationGauges.ts'
import { slowSync } from './syncCalls.ts'

const SYNC_MS = 10
const LOADS = [
  { associations: 1, count: 150 },
  { associations: 10, count: 1000 },
]
const SMOKE = [{ associations: 10, count: 20 }]
/** A search in the middle of names reads every name: with so many studies it takes some 50 ms. */
const STUDIES = 300_000
const MIDDLE_OF_A_NAME = '/dicom-web/studies?PatientName=*zzz*&limit=1'

/** `ingest --slow-disk`: every sync takes 10 ms more, and one slow query follows the other all the while. */
export async function measureSlowDisk(smoke: boolean): Promise<void> {
  console.log(`ingest --slow-disk: CT, every sync takes ${SYNC_MS} ms more, a slow query beside, ${machine()}`)
  const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-slow-disk-'))
  const slow = await slowSync(SYNC_MS)
  try {
    fillIndex(dataDir, smoke ? 2000 : STUDIES, Date.UTC(2026, 0, 15))
    const receiver = receiverOf(await startStation({ dataDir, env: slow.env }))
    try {
      const { station } = receiver
      if (!station) return
      const to = { port: receiver.port, calledAET: receiver.aet, kind: 'ct' } as const
      await blast({ ...to, associations: 10, run: 0, count: smoke ? 10 : 100 })
      if (!smoke)
        console.log(
          `  ${((await untilReserved(station)) / 2 ** 20).toFixed(0)} MB of landing segments made ready ahead`,
        )
      for (const load of smoke ? SMOKE : LOADS) {
        const stop = new AbortController()
        const queries = queryUntil(station, stop.signal)
        await eventLoop(station)
        const blasted = await blast({ ...to, ...load, run: load.associations })
        const loop = await eventLoop(station)
        stop.abort()
        console.log(
          `  ${load.associations} associations: ${rateOf(blasted).toFixed(1)}/s, answer p50 ${blasted.latency.p50.toFixed(1)} p99 ${blasted.latency.p99.toFixed(1)} ms`,
        )
        console.log(`    event loop late p99 ${loop.p99.toFixed(1)}, max ${loop.max.toFixed(1)} ms`)
        console.log(`    the query beside: ${summary(await queries)}`)
      }
    } finally {
      await receiver.close()
    }
  } finally {
    slow.remove()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function queryUntil(station: RunningStation, signal: AbortSignal): Promise<number[]> {
  const times: number[] = []
  while (!signal.aborted) {
    const began = performance.now()
    const response = await station.get(MIDDLE_OF_A_NAME)
    if (!response.ok) throw new Error(`a query ended with ${response.status}`)
    await response.arrayBuffer()
    times.push(performance.now() - began)
  }
  return times
}
