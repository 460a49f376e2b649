import type { Database } from 'better-sqlite3'
import type { PlacedFacts } from './placement.ts'

export interface VolumeRow {
  id: number
  name: string
  identity: string
  root: string
  draining: 0 | 1
}

/** A copy that is to leave its volume. */
export interface MovableCopy extends PlacedFacts {
  contentId: number
  file: string
  metaLength: number
  received: number
  sha256: Uint8Array
}

export interface MovedCopy {
  contentId: number
  from: number
  to: number
  file: string
}

/** The rows of volumes, and of copies that move between them. */
export function createVolumeRows(db: Database) {
  const list = db.prepare<[], VolumeRow>(
    'SELECT id, name, identity, root, draining FROM volume WHERE id > 0 ORDER BY id',
  )
  const add = db.prepare(
    `INSERT INTO volume (name, identity, root, available) VALUES (@name, @identity, @root, 0)
     ON CONFLICT (name) DO UPDATE SET root = @root`,
  )
  const setAvailable = db.prepare('UPDATE volume SET available = ? WHERE id = ?')
  const setDraining = db.prepare('UPDATE volume SET draining = ? WHERE id = ?')
  const copiesOn = db.prepare<[number, number, number], MovableCopy>(
    `SELECT copy.content AS contentId, file, metaLength, content.length, received, sha256, Modality, StudyDate FROM copy
     JOIN content ON content.id = copy.content JOIN instance ON instance.id = content.instance
     JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
     WHERE volume = ? AND copy.content > ? AND state = 'whole' ORDER BY copy.content LIMIT ?`,
  )
  const move = db.prepare(
    'UPDATE copy SET volume = @to, file = @file, offset = 0 WHERE content = @contentId AND volume = @from',
  )

  const station = db.prepare<[], string>(`SELECT value FROM state WHERE key = 'station'`).pluck()
  const setStation = db.prepare(`UPDATE state SET value = ? WHERE key = 'station'`)

  return {
    station: (): string => station.get() ?? '',
    setStation(identity: string): void {
      setStation.run(identity)
    },
    list: (): VolumeRow[] => list.all(),
    /** Known from now on, or where it lies from now on. */
    register(volume: Pick<VolumeRow, 'name' | 'identity' | 'root'>): VolumeRow[] {
      add.run(volume)
      return list.all()
    },
    setAvailable(id: number, available: boolean): void {
      setAvailable.run(Number(available), id)
    },
    setDraining(id: number, draining: boolean): void {
      setDraining.run(Number(draining), id)
    },
    copiesOn: (volume: number, after: number, limit: number): MovableCopy[] => copiesOn.all(volume, after, limit),
    /** Returns those that were still there to be moved. */
    moved: db.transaction((copies: MovedCopy[]): number[] =>
      copies.filter(copy => move.run(copy).changes > 0).map(({ contentId }) => contentId),
    ).immediate,
  }
}
