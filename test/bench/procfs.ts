import { readdir, readFile } from 'node:fs/promises'

/** Milliseconds of a clock tick of /proc (USER_HZ is 100 on every Linux). */
const TICK_MS = 10

/** What a process and all below it used since they began; those that have ended are counted once their parent knows. */
export interface Usage {
  /** User and system time. */
  cpuMs: number
  /** The most that was resident at once, summed over the processes that still run. */
  peakRssMB: number
}

interface Stat {
  parent: number
  ownMs: number
  waitedMs: number
}

/** Linux only: elsewhere there is no /proc. */
export async function usageOf(pid: number): Promise<Usage> {
  const all = new Map<number, Stat>()
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await readStat(Number(name)) : undefined
    if (stat) all.set(Number(name), stat)
  }
  const usage = { cpuMs: 0, peakRssMB: 0 }
  for (const [each, stat] of all) {
    if (!isBelow(each, pid, all)) continue
    usage.cpuMs += stat.ownMs + stat.waitedMs
    usage.peakRssMB += await peakRss(each)
  }
  return usage
}

/** User and system time of one process, without its children. */
export async function cpuMsOf(pid: number): Promise<number> {
  return (await readStat(pid))?.ownMs ?? 0
}

function isBelow(pid: number, root: number, all: Map<number, Stat>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = all.get(at)?.parent) {
    if (at === root) return true
  }
  return false
}

async function readStat(pid: number): Promise<Stat | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  // After the name, which may hold anything: state, parent, … (proc(5)); 14 to 17 are utime, stime, cutime, cstime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ms = (field: number) => Number(fields[field - 3]) * TICK_MS
  return { parent: Number(fields[1]), ownMs: ms(14) + ms(15), waitedMs: ms(16) + ms(17) }
}

async function peakRss(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
}
