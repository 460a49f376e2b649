import type { Database } from 'better-sqlite3'
import type { StudySummary } from '../../../../shared/contract.ts'

/**
 * How much of studies, by their numbers, has still to be proved at a destination. With several the one that lacks most counts: an
 * image that two of them lack is one image.
 */
export function createStudiesCustody(db: Database) {
  const someDestination = db.prepare<[], 1>('SELECT 1 FROM destination WHERE position IS NOT NULL LIMIT 1').pluck()
  const sums = db.prepare<[string], { study: number; waiting: number; dead: number }>(
    `SELECT series.study, sum(custodyCount.queued + custodyCount.unproved + custodyCount.dead + lost) AS waiting,
       sum(custodyCount.dead) AS dead
     FROM json_each(+?) CROSS JOIN series ON series.study = json_each.value
     CROSS JOIN custodyCount ON custodyCount.series = series.id
     CROSS JOIN destination ON destination.id = custodyCount.destination
     WHERE position IS NOT NULL GROUP BY series.study, destination.id`,
  )
  return (studies: number[]): Map<number, NonNullable<StudySummary['custody']>> => {
    const found = new Map<number, { waiting: number; dead: number }>()
    if (someDestination.get() === undefined) return found
    for (const { study, waiting, dead } of sums.all(JSON.stringify(studies))) {
      const known = found.get(study)
      found.set(study, {
        waiting: Math.max(waiting, known?.waiting ?? 0),
        dead: Math.max(dead, known?.dead ?? 0),
      })
    }
    return found
  }
}
