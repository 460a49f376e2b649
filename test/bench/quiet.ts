import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { RunningStation } from '../fixtures/station.ts'

/** Clock ticks a second of /proc (USER_HZ). */
const TICKS = 100

/** Resolves when the station has used under 5 % of a core for two seconds: thumbnails made after arrival are done. */
export async function untilQuiet(station: RunningStation): Promise<void> {
  for (let quiet = 0, before = await ticks(station); quiet < 2; ) {
    await wait(1000)
    const now = await ticks(station)
    quiet = now - before < TICKS * 0.05 ? quiet + 1 : 0
    before = now
  }
}

async function ticks(station: RunningStation): Promise<number> {
  const stat = await readFile(`/proc/${station.process.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
