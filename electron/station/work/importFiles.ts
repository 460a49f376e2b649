import { randomUUID } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { AuditEvent, AuditSink } from '../../../shared/audit.ts'
import { type ErrorCode, IsocenterError } from '../../../shared/errors.ts'
import type { Store } from '../store/index.ts'
import type { Progress } from './jobs.ts'
import { isTableOfContents, type Taken, takeFile } from './takeFile.ts'
import { reasonOf, type Walked, walk } from './walk.ts'

/** Enough to read the next file while the last one is synced; more only makes the disk's head jump. */
const IN_FLIGHT = 4
const CHUNK_BYTES = 256 * 1024

/** With these the next file will fare no better. */
export const FATAL: ReadonlySet<ErrorCode> = new Set(['disk-full', 'store-read-only', 'draining'])

/**
 * Imports every DICOM file below `paths`. What is not DICOM, cannot be read or is refused by the store is reported by name and
 * passed over. Rejects when the store takes nothing more.
 */
export async function importFiles(store: Store, paths: string[], progress: Progress, audit: AuditSink): Promise<void> {
  const session = `import ${randomUUID()}`
  try {
    await importAll(store, paths, progress, ({ StudyInstanceUID, SOPClassUID }) => {
      const study = { StudyInstanceUID, PatientID: '', instances: {} }
      audit.gather(session, { ...IMPORTED, study }, SOPClassUID)
    })
  } finally {
    audit.finish(session)
  }
}

export const IMPORTED: AuditEvent = {
  event: 'import',
  action: 'C',
  outcome: 0,
  door: 'import',
  text: '',
  participants: [{ UserID: 'files of this machine', address: '', requestor: false, role: 'source' }],
}

type Told = (taken: Taken) => void

async function importAll(store: Store, paths: string[], progress: Progress, told: Told): Promise<void> {
  const stop = new AbortController()
  const signal = AbortSignal.any([progress.signal, stop.signal])
  const counting = count(paths, signal).then(total => {
    if (!signal.aborted) progress.total(total)
  })
  const files = walk(paths)
  const worker = async () => {
    const buffer = new Uint8Array(CHUNK_BYTES)
    while (!signal.aborted) {
      const { value: file } = await files.next()
      if (!file) return
      try {
        await importFile(store, file, buffer, { ...progress, signal }, told)
      } catch (error) {
        stop.abort()
        throw error
      }
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: IN_FLIGHT }, worker))
  stop.abort()
  await counting
  await files.return(undefined)
  for (const { reason } of workers.filter(result => result.status === 'rejected')) throw reason
}

async function count(paths: string[], signal: AbortSignal): Promise<number> {
  let total = 0
  for await (const _ of walk(paths)) {
    if (signal.aborted) break
    total++
  }
  return total
}

async function importFile(
  store: Store,
  file: Walked,
  buffer: Uint8Array,
  progress: Progress,
  told: Told,
): Promise<void> {
  if (file.error) return progress.failed(file.name, file.error)
  let handle: FileHandle | undefined
  try {
    if (isTableOfContents(file.path)) return progress.passed()
    handle = await open(file.path, 'r')
    const taken = await takeFile(store, chunksOf(handle, buffer), { door: 'import' }, progress.signal)
    if (taken === 'notDicom') progress.notDicom(file.name)
    else if (taken === 'contents') progress.passed()
    else {
      told(taken)
      progress.received(taken.outcome)
    }
  } catch (error) {
    if (!(error instanceof IsocenterError)) return progress.failed(file.name, reasonOf(error))
    if (error.code === 'cancelled') return
    if (FATAL.has(error.code)) throw error
    progress.failed(file.name, error.message)
  } finally {
    await handle?.close()
  }
}

async function* chunksOf(handle: FileHandle, buffer: Uint8Array): AsyncGenerator<Uint8Array> {
  let position = 0
  while (true) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
