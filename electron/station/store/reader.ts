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

export type ReaderApi = ReturnType<typeof createReader>

/**
 * Every read of the index, on a handle that cannot write. Each call sees one snapshot, taken when it begins, so it holds every
 * commit that was answered before.
 */
export function createReader({ file, dataDir }: ReaderData) {
  const db = new Database(file, { readonly: true, timeout: 5000 })
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
  return {
    ...snapshots(db, reads),
    /**
     * Maps as much of the file as SQLite does (100,000 studies without their images are 106 MB): a list that is filtered looks at rows
     * all over it. It is the system's page cache that is looked into, so this costs addresses, not memory.
     */
    map(): void {
      toldDamage(() => db.pragma('mmap_size = 2147418112'))
    },
  }
}

function snapshots<Reads extends object>(db: Database.Database, reads: Reads): Reads {
  const wrapped = Object.entries(reads).map(([name, read]) => {
    const snapshot = db.transaction(read)
    return [name, (...args: unknown[]) => toldDamage(() => snapshot(...args))]
  })
  return Object.fromEntries(wrapped) as Reads
}
