import type { Database } from 'better-sqlite3'
import { COPY, createStored, STORED_COLUMNS, type StoredRow } from '../storedRow.ts'
import { NESTS_TOO_DEEP } from './custodyRows.ts'
import { STATES } from './standing.ts'
import type { OutboxItem } from './types.ts'

type ItemRow = StoredRow &
  Omit<OutboxItem, keyof StoredRow | 'nestsTooDeep' | 'state' | 'path' | 'overlay'> & {
    nestsTooDeep: 0 | 1
    stateCode: number
    copyState: 'whole' | 'damaged'
  }

/** Rows of custody as what is to be sent. `isHere`: its bytes can be read now. */
export function createOutboxItems(db: Database, dataDir: string) {
  const stored = createStored(db, dataDir)
  const itemRow = db.prepare<[number, number], ItemRow>(
    `SELECT ${STORED_COLUMNS}, ${NESTS_TOO_DEEP} AS nestsTooDeep, copy.state AS copyState, custody.state AS stateCode,
       custody.attempts, custody.rank, custody.received, coalesce(custody.PatientID, study.PatientID) AS PatientID,
       lower(hex(sentMd5)) AS sentMd5, lower(hex(sentSha256)) AS sentSha256
     FROM custody CROSS JOIN content ON content.id = custody.content JOIN instance ON instance.id = content.instance
     JOIN series ON series.id = instance.series JOIN study ON study.id = series.study ${COPY}
     WHERE custody.content = +? AND custody.destination = +?`,
  )
  return (content: number, destination: number): { item: OutboxItem; isHere: boolean } | undefined => {
    // Sorted by SQLite this took five times as long: it makes a table for it.
    const copies = itemRow.all(content, destination)
    const isReadable = (row: ItemRow) => row.copyState === 'whole' && row.available === 1
    const row = copies.find(isReadable) ?? copies[0]
    if (!row) return undefined
    const {
      nestsTooDeep,
      stateCode,
      copyState: _,
      attempts,
      rank,
      received,
      PatientID,
      sentMd5,
      sentSha256,
      ...object
    } = row
    const state = STATES[stateCode]
    const item: OutboxItem = {
      ...stored(object),
      nestsTooDeep: nestsTooDeep === 1,
      // One that is to be audited is looked for as one that was just sent.
      state: state === 'queued' || state === 'unsure' ? state : 'sent',
      attempts,
      rank,
      PatientID,
      sentMd5,
      sentSha256,
      received,
    }
    return { item, isHere: isReadable(row) }
  }
}
