import Database from 'better-sqlite3'
import { createReferencedReader } from './commitment/readReferenced.ts'
import { createCompletenessReader } from './completeness/readCompleteness.ts'
import { createEvictionReader } from './eviction/readEviction.ts'
import { createOutboxReader } from './outbox/readOutbox.ts'
import { createBinReader } from './readBin.ts'
import { createFileReader } from './readFiles.ts'
import { createIdentityReader } from './readIdentity.ts'
import { createListReader } from './readLists.ts'
import { createManifestReader } from './readManifest.ts'
import { createQueryReader } from './readQuery.ts'
import { createRetrieveReader } from './readRetrieve.ts'
import { createSamePatientReader } from './readSamePatient.ts'
import { createStudyReader } from './readStudies.ts'
import { createVolumeReader } from './readVolumes.ts'
import { toldDamage } from './told.ts'

export interface ReaderData {
  /** The SQLite file. */
  file: string
  dataDir: string
}

/**
 * As much of the file mapped as SQLite maps, for a read that looks at rows all over it (20,000 numbers of an order of a million studies
 * under a filter: 114 ms of CPU, 335 unmapped). No other read is: a page that is not in memory is then read with all that the system
 * reads ahead of a mapping, 8 MiB here: first page of a name 224 ms cold, 28 unmapped; and in memory both cost the same.
 */
const MAPPED_BYTES = 2_147_418_112
const MAPPED = new Set(['orderStudies'])

export type ReaderApi = ReturnType<typeof createReader>

/**
 * Every read of the index, on a handle that cannot write. Each call sees one snapshot, taken when it begins, so it holds every
 * commit that was answered before.
 */
export function createReader({ file, dataDir }: ReaderData) {
  const db = new Database(file, { readonly: true, timeout: 5000 })
  db.pragma('mmap_size = 0')
  db.pragma('cache_size = -16384')
  const reads = {
    ...createListReader(db),
    ...createStudyReader(db),
    ...createManifestReader(db),
    ...createQueryReader(db),
    ...createFileReader(db, dataDir),
    ...createBinReader(db, dataDir),
    ...createRetrieveReader(db, dataDir),
    ...createVolumeReader(db),
    ...createReferencedReader(db),
    ...createCompletenessReader(db),
    ...createIdentityReader(db),
    ...createOutboxReader(db, dataDir),
    ...createSamePatientReader(db),
    ...createEvictionReader(db),
  }
  return snapshots(db, reads)
}

function snapshots<Reads extends object>(db: Database.Database, reads: Reads): Reads {
  let mapped = 0
  const map = (bytes: number) => {
    if (bytes !== mapped) db.pragma(`mmap_size = ${bytes}`)
    mapped = bytes
  }
  const wrapped = Object.entries(reads).map(([name, read]) => {
    const snapshot = db.transaction(read)
    const bytes = MAPPED.has(name) ? MAPPED_BYTES : 0
    const answer = (...args: unknown[]) => {
      map(bytes)
      return snapshot(...args)
    }
    return [name, (...args: unknown[]) => toldDamage(() => answer(...args))]
  })
  return Object.fromEntries(wrapped) as Reads
}
