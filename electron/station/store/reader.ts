import Database from 'better-sqlite3'
import { createFileReader } from './readFiles.ts'
import { createManifestReader } from './readManifest.ts'
import { createQidoReader } from './readQido.ts'
import { createStudyReader } from './readStudies.ts'

export interface ReaderData {
  /** The SQLite file. */
  file: string
  dataDir: string
}

export type ReaderApi = ReturnType<typeof createReader>

/**
 * Every read of the index, on a handle that cannot write. Each call sees one snapshot, taken when it begins, so it holds every
 * commit that was answered before.
 */
export function createReader({ file, dataDir }: ReaderData) {
  const db = new Database(file, { readonly: true, timeout: 5000 })
  // 64 MB of the file mapped, 16 MB of pages kept: a worklist of 100,000 studies stays in memory.
  db.pragma('mmap_size = 67108864')
  db.pragma('cache_size = -16384')
  const reads = {
    ...createStudyReader(db),
    ...createManifestReader(db),
    ...createQidoReader(db),
    ...createFileReader(db, dataDir),
  }
  return snapshots(db, reads)
}

function snapshots<Reads extends object>(db: Database.Database, reads: Reads): Reads {
  const wrapped = Object.entries(reads).map(([name, read]) => [name, db.transaction(read)])
  return Object.fromEntries(wrapped) as Reads
}
