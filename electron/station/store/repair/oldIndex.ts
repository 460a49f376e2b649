import Database from 'better-sqlite3'
import type { Origin } from '../index.ts'
import type { Remembered } from './readObject.ts'

type Row = Omit<Remembered, 'origin'> & Origin

/** What can still be read of an index that was set aside, by content number; it may be damaged anywhere. */
export function openOldIndex(file: string | undefined): (contentId: number) => Remembered | undefined {
  const nothing = () => undefined
  if (file === undefined) return nothing
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true })
    const row = db.prepare<[number], Row>(
      `SELECT received, door, sourceAET, sendingAET, receivingAET, address, length, crc, sha256 FROM content WHERE id = ?`,
    )
    return contentId => {
      try {
        const found = row.get(contentId)
        if (!found) return undefined
        const { door, sourceAET, sendingAET, receivingAET, address, ...rest } = found
        return { ...rest, origin: { door, sourceAET, sendingAET, receivingAET, address } }
      } catch {
        return undefined
      }
    }
  } catch {
    return nothing
  }
}
