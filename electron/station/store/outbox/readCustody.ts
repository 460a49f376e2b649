import type { Database } from 'better-sqlite3'
import type { StudySummary } from '../../../../shared/contract.ts'

/** SQL: of each of the studies, by number, the sum of `counted` at one destination; null where none of it goes there. */
const ofEach = (counted: string) =>
  `SELECT value AS study, (SELECT sum(${counted}) FROM series
     CROSS JOIN custodyCount ON custodyCount.series = series.id AND custodyCount.destination = +@destination
     WHERE series.study = value) AS images FROM json_each(+@studies)`

/**
 * How much of studies, by their numbers, has still to be proved at a destination. With several the one that lacks most counts: an
 * image that two of them lack is one image. For a page of 200 studies it costs two thirds of what one sum over all of them does.
 */
export function createStudiesCustody(db: Database) {
  const destinations = db.prepare<[], number>('SELECT id FROM destination WHERE position IS NOT NULL').pluck()
  type Asked = { destination: number; studies: string }
  type Sum = { study: number; images: number | null }
  const waiting = db.prepare<[Asked], Sum>(ofEach('queued + unproved + dead + lost'))
  const dead = db.prepare<[Asked], Sum>(ofEach('dead'))
  return (studies: number[]): Map<number, NonNullable<StudySummary['custody']>> => {
    const found = new Map<number, { waiting: number; dead: number }>()
    for (const destination of destinations.all()) {
      const some: number[] = []
      for (const { study, images } of waiting.all({ destination, studies: JSON.stringify(studies) })) {
        if (images === null) continue
        const known = found.get(study)
        found.set(study, { waiting: Math.max(images, known?.waiting ?? 0), dead: known?.dead ?? 0 })
        if (images > 0) some.push(study)
      }
      // What was refused is counted as waiting, too.
      if (some.length === 0) continue
      for (const { study, images } of dead.all({ destination, studies: JSON.stringify(some) })) {
        const known = found.get(study)
        if (known && images !== null) found.set(study, { ...known, dead: Math.max(images, known.dead) })
      }
    }
    return found
  }
}
