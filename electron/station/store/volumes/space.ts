import type { SpaceLevel } from '../../../../shared/contract.ts'

/** Free bytes below which a level begins. */
export interface Watermarks {
  warn: number
  close: number
  refuse: number
}

const MiB = 2 ** 20
const GiB = 2 ** 30

/** Worst first. */
const LEVELS: ReadonlyArray<Exclude<SpaceLevel, 'ok'>> = ['refuse', 'close', 'warn']

/** A level is left only when there is so much more room than it began with: the doors must not flap. */
const LEAVE_FACTOR = 1.2

/**
 * Shares of the volume, bounded above (a tenth of 100 TB is no emergency) and below (the index, its log and a landing segment need
 * their MiB on the smallest one, too). What is `set` stands.
 */
export function watermarks(total: number, set: Partial<Watermarks> = {}): Watermarks {
  const share = (part: number, least: number, most: number) => Math.max(least, Math.min(most, total * part))
  return {
    warn: set.warn ?? share(0.1, 16 * MiB, 20 * GiB),
    close: set.close ?? share(0.05, 12 * MiB, 10 * GiB),
    refuse: set.refuse ?? share(0.02, 8 * MiB, 4 * GiB),
  }
}

/** The level of a volume with so many free bytes, coming from `before`. */
export function spaceLevel(free: number, marks: Watermarks, before: SpaceLevel): SpaceLevel {
  const wasAt = before === 'ok' ? -1 : LEVELS.indexOf(before)
  const found = LEVELS.find((level, index) => {
    const leaving = wasAt >= 0 && index >= wasAt
    return free < marks[level] * (leaving ? LEAVE_FACTOR : 1)
  })
  return found ?? 'ok'
}

/** When to look again, in ms: seldom where there is room, at once where there is little. */
export function lookAgainMs(free: number, marks: Watermarks): number {
  if (free > 2 * marks.warn) return 10_000
  return free > 1.5 * marks.close ? 2000 : 250
}

/** How many bytes may land before it is time to look, whatever the clock says. */
export function bytesUntilLook(free: number, marks: Watermarks): number {
  const next = [marks.warn, marks.close, marks.refuse].find(mark => free >= mark) ?? 0
  return Math.min(64 * MiB, Math.max(MiB, free - next))
}
