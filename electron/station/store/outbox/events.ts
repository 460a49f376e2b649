import type { Database } from 'better-sqlite3'
import type { CustodyEvent } from '../../../../shared/sync.ts'

const KEPT_EVENTS = 100_000
const PRUNED_AT_ONCE = 500
/** What goes well goes by tens: a study's are told together. Failures are not, for one image may fail again and again. */
const TOGETHER_MS = 60_000

/** The history of studies at destinations: one row per transaction, study and kind, the newest 100,000. Within a transaction. */
export function createCustodyEvents(db: Database) {
  const add = db.prepare(
    `INSERT INTO custodyEvent (at, destination, StudyInstanceUID, kind, images, detail)
     VALUES (@at, @destination, @StudyInstanceUID, @kind, @images, @detail)`,
  )
  const newest = db.prepare<[string, number, string], { number: number; at: number; detail: string }>(
    `SELECT number, at, detail FROM custodyEvent WHERE StudyInstanceUID = +? AND destination = +? AND kind = +?
     ORDER BY number DESC LIMIT 1`,
  )
  const addTo = db.prepare('UPDATE custodyEvent SET images = images + ?, at = ? WHERE number = +?')
  const prune = db.prepare(
    `DELETE FROM custodyEvent WHERE number IN
       (SELECT number FROM custodyEvent WHERE number <= +? ORDER BY number LIMIT ${PRUNED_AT_ONCE})`,
  )

  return {
    gather(destination: number, at: number) {
      const happened = new Map<
        string,
        Pick<CustodyEvent, 'kind' | 'images' | 'detail'> & { StudyInstanceUID: string }
      >()
      return {
        /** Of several details the first is told. */
        add(StudyInstanceUID: string, kind: CustodyEvent['kind'], detail: string): void {
          const key = `${kind} ${StudyInstanceUID}`
          const known = happened.get(key)
          if (known) known.images++
          else happened.set(key, { StudyInstanceUID, kind, images: 1, detail })
        },
        write(): void {
          for (const event of happened.values()) {
            const before = newest.get(event.StudyInstanceUID, destination, event.kind)
            const isMore =
              (event.kind === 'sent' || event.kind === 'confirmed') &&
              before?.detail === event.detail &&
              Math.abs(at - before.at) < TOGETHER_MS
            if (before && isMore) addTo.run(event.images, at, before.number)
            else prune.run(Number(add.run({ ...event, at, destination }).lastInsertRowid) - KEPT_EVENTS)
          }
        },
      }
    },
  }
}
