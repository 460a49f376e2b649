import { setTimeout as wait } from 'node:timers/promises'
import type { RunningStation } from '../fixtures/station.ts'
import { cpuMsOf } from './procfs.ts'

/** Resolves when the station has used under 5 % of a core for two seconds: thumbnails made after arrival are done. */
export async function untilQuiet(station: RunningStation): Promise<void> {
  const pid = station.process.pid ?? 0
  for (let quiet = 0, before = await cpuMsOf(pid); quiet < 2; ) {
    await wait(1000)
    const now = await cpuMsOf(pid)
    quiet = now - before < 50 ? quiet + 1 : 0
    before = now
  }
}
