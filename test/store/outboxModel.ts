import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect } from 'vitest'
import type { OutboxItem, Store } from '../../electron/station/store/index.ts'
import { type Destination, destination, RANK } from '../../shared/sync.ts'

/** A destination as it is configured; `rules` and the like are given where they matter. */
export function archive(name: string, more: Partial<Destination> = {}): Destination {
  return {
    ...destination.parse({ name, route: { kind: 'dicomweb', url: 'http://127.0.0.1:1/dicom-web' } }),
    ...more,
  }
}

/** All that is due at `now`, leased for a minute. */
export function leaseAll(store: Store, destination: string, now = Date.now(), objects = 1000): Promise<OutboxItem[]> {
  return store.outbox.lease({
    destination,
    objects,
    bytes: 1e12,
    rank: RANK.offPeak,
    now,
    until: now + 60_000,
  })
}

export const uidsOf = (items: OutboxItem[]): string[] => items.map(item => item.SOPInstanceUID)

/** What is here has been held against every destination's rules. */
export async function looked(dataDir: string): Promise<void> {
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  const left = db.prepare('SELECT count(*) FROM destination WHERE position IS NOT NULL AND lookedTo < lookTo').pluck()
  await expect.poll(() => left.get(), { timeout: 20_000, interval: 10 }).toBe(0)
  db.close()
}

const STATES = ['queued', 'unsure', 'sent', 'confirmed', 'dead', 'withheld', 'gone', 'lost'] as const

export interface LedgerRow {
  content: number
  destination: string
  SOPInstanceUID: string
  state: (typeof STATES)[number]
  leased: 0 | 1
  turn: 0 | 1 | null
  bar: number
}

/** The whole ledger, and that everything which is counted of it by the way is what counting it anew gives. */
export function ledger(dataDir: string): LedgerRow[] {
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  try {
    // All of it as of one moment: a purge goes on behind its answer.
    db.exec('BEGIN')
    expect(
      db.prepare('SELECT id, queued, queuedBytes, unproved, confirmed, dead FROM destination ORDER BY id').all(),
    ).toEqual(
      db
        .prepare(
          `SELECT destination.id, count(*) FILTER (WHERE state = 0) AS queued, coalesce(sum(bytes) FILTER (WHERE state = 0), 0) AS queuedBytes,
             count(*) FILTER (WHERE state IN (1, 2)) AS unproved, count(*) FILTER (WHERE state = 3) AS confirmed,
             count(*) FILTER (WHERE state = 4) AS dead
           FROM destination LEFT JOIN custody ON custody.destination = destination.id GROUP BY destination.id ORDER BY destination.id`,
        )
        .all(),
    )
    expect(db.prepare('SELECT * FROM custodyCount ORDER BY series, destination').all()).toEqual(
      db
        .prepare(
          `SELECT instance.series, destination, count(*) FILTER (WHERE state = 0) AS queued, count(*) FILTER (WHERE state IN (1, 2)) AS unproved,
             count(*) FILTER (WHERE state = 3 AND proof = 1) AS listed, count(*) FILTER (WHERE state = 3 AND proof = 2) AS present,
             count(*) FILTER (WHERE state = 3 AND proof = 3) AS equal, count(*) FILTER (WHERE state = 4) AS dead,
             count(*) FILTER (WHERE state = 5) AS withheld, count(*) FILTER (WHERE state = 6) AS gone,
             count(*) FILTER (WHERE state = 7) AS lost
           FROM custody JOIN content ON content.id = custody.content JOIN instance ON instance.id = content.instance
           GROUP BY instance.series, destination ORDER BY instance.series, destination`,
        )
        .all(),
    )
    const rows = db
      .prepare<[], Omit<LedgerRow, 'state'> & { state: number }>(
        `SELECT custody.content, name AS destination, SOPInstanceUID, state, leased, turn, bar FROM custody
         JOIN destination ON destination.id = custody.destination JOIN content ON content.id = custody.content
         JOIN instance ON instance.id = content.instance ORDER BY custody.content, destination.id`,
      )
      .all()
    expect(rows).toHaveLength(db.prepare<[], number>('SELECT count(*) FROM custody').pluck().get() ?? 0)
    // What waits is in one of the two orders, what does not is in none, and only what waits is in somebody's hands.
    for (const { state, turn, leased } of rows) {
      expect(turn !== null).toBe(state <= 2)
      if (leased) expect(turn).toBe(0)
    }
    return rows.map(row => ({ ...row, state: STATES[row.state]! }))
  } finally {
    db.close()
  }
}
