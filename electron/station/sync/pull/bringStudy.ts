import { randomUUID } from 'node:crypto'
import type { AuditEvent, AuditSink } from '../../../../shared/audit.ts'
import { openPart10 } from '../../../../shared/dicom/part10Stream.ts'
import { normaliseUID } from '../../../../shared/dicom/uids.ts'
import { type ErrorCode, IsocenterError, toIsocenterError } from '../../../../shared/errors.ts'
import type { Received, Store, StoreReader } from '../../store/index.ts'
import type { PullSource } from './source.ts'

/** Objects read, but not yet on the disk: they share a sync, and the next is read meanwhile. */
const MOST_COMMITTING = 8
const KNOWN_AT_ONCE = 1000
const NOT_GIVEN = 'the archive lists it, and does not give it'
/** With these the next object will fare no better. */
const FATAL: ReadonlySet<ErrorCode> = new Set([
  'disk-full',
  'disk-nearly-full',
  'store-read-only',
  'draining',
  'cancelled',
])

export interface BringDeps {
  /** The destination's name. */
  name: string
  source: PullSource
  store: Pick<Store, 'beginReceive'> & { read: Pick<StoreReader, 'knownInstances'> }
  audit: AuditSink
  /** Awaited with the bytes of each piece: sending and bringing share a line. */
  paced(bytes: number, signal: AbortSignal): Promise<void>
}

/** How a study comes, for whoever watches. */
export interface BringProgress {
  readonly signal: AbortSignal
  total(count: number): void
  received(outcome: Received['outcome']): void
  failed(SOPInstanceUID: string, reason: string): void
}

/** SOP Instance UIDs that the archive lists and that are not here, and why not. */
type Missing = Map<string, string>

/**
 * Brings what an archive has of a study and this station never had: the union by SOP Instance UID. What was deleted or rejected here
 * does not come back. `images` that the archive lists, and how many of them could not be had. Rejects with 'peer-failed', or where the store takes nothing.
 */
export async function bringStudy(
  StudyInstanceUID: string,
  deps: BringDeps,
  progress: BringProgress,
): Promise<{ images: number; lacking: number }> {
  const { source, audit } = deps
  const { signal } = progress
  const session = `pull ${randomUUID()}`
  let images = 0
  let total = 0
  let lacking = 0
  try {
    for (const { SeriesInstanceUID } of await source.series(StudyInstanceUID, signal)) {
      const there = await source.instances(StudyInstanceUID, SeriesInstanceUID, signal)
      const missing = await unknownOf(there, deps)
      images += there.length
      total += missing.size
      progress.total(total)
      const wish = { StudyInstanceUID, SeriesInstanceUID }
      const isWhole = missing.size === there.length
      if (isWhole && missing.size > 1) await take(wish, missing, session, deps, progress)
      if (source.door === 'dimse') await passOverWhatCame(missing, deps, progress)
      // What a whole series did not bring may come alone.
      for (const SOPInstanceUID of [...missing.keys()]) {
        await take({ ...wish, SOPInstanceUID }, missing, session, deps, progress)
      }
      if (source.door === 'dimse') await passOverWhatCame(missing, deps, progress)
      for (const [uid, reason] of missing) progress.failed(uid, reason)
      lacking += missing.size
    }
    return { images, lacking }
  } finally {
    audit.finish(session)
  }
}

/** A node without C-GET sends what it is asked for through the door for everybody, past `take`. */
async function passOverWhatCame(missing: Missing, deps: BringDeps, progress: BringProgress): Promise<void> {
  if (missing.size === 0) return
  const unknown = await unknownOf([...missing.keys()], deps)
  for (const uid of [...missing.keys()]) {
    if (unknown.has(uid)) continue
    missing.delete(uid)
    progress.received('stored')
  }
}

async function unknownOf(uids: string[], { store }: BringDeps): Promise<Missing> {
  const unknown: Missing = new Map(uids.map(uid => [uid, NOT_GIVEN]))
  for (let from = 0; from < uids.length; from += KNOWN_AT_ONCE) {
    for (const uid of await store.read.knownInstances(uids.slice(from, from + KNOWN_AT_ONCE))) unknown.delete(uid)
  }
  return unknown
}

/** Takes of what comes the missing ones, and takes these off the set once they are on the disk. */
async function take(
  wish: Parameters<PullSource['objects']>[0],
  missing: Missing,
  session: string,
  deps: BringDeps,
  progress: BringProgress,
): Promise<void> {
  const { signal } = progress
  const committing = new Set<Promise<void>>()
  const trouble: { fatal?: IsocenterError } = {}
  const settle = (uid: string, SOPClassUID: string, commit: Promise<Received>) => {
    const settled = commit
      .then(received => {
        missing.delete(uid)
        progress.received(received.outcome)
        deps.audit.gather(session, eventOf(deps, received.StudyInstanceUID), SOPClassUID)
      })
      .catch((thrown: unknown) => {
        const error = toIsocenterError(thrown)
        if (FATAL.has(error.code)) trouble.fatal = error
        // With all that is still missing: such as an object under the UID of another. One that came twice may be here already.
        if (missing.has(uid)) missing.set(uid, error.detail ? `${error.message} (${error.detail})` : error.message)
      })
      .finally(() => committing.delete(settled))
    committing.add(settled)
  }
  try {
    for await (const part of deps.source.objects(wish, signal)) {
      const file = await openPart10(part)
      if (!file) continue
      const { meta, dataSet, isProgram } = file
      const uid = normaliseUID(meta.MediaStorageSOPInstanceUID)
      if (!missing.has(uid)) continue
      const receive = deps.store.beginReceive({
        origin: {
          door: 'pull',
          archive: deps.name,
          // A node gives in a form that was agreed upon, which need not be the one it holds (PS3.4 §C.4.3): that is no proof for an eviction.
          ...(deps.source.door === 'dimse' && { proof: 'present' as const }),
          sourceAET: meta.SourceApplicationEntityTitle,
          ...{ sendingAET: '', receivingAET: '', address: deps.source.address },
        },
        SOPClassUID: meta.MediaStorageSOPClassUID,
        SOPInstanceUID: meta.MediaStorageSOPInstanceUID,
        TransferSyntaxUID: meta.TransferSyntaxUID,
        StudyInstanceUID: wish.StudyInstanceUID,
        asked: true,
        ...(isProgram ? { flags: ['program-preamble'] } : {}),
      })
      try {
        for await (const chunk of dataSet) {
          await deps.paced(chunk.length, signal)
          if (signal.aborted) throw new IsocenterError('cancelled')
          await receive.write(chunk)
        }
      } catch (thrown) {
        await receive.abort()
        throw thrown
      }
      settle(uid, meta.MediaStorageSOPClassUID, receive.commit())
      if (committing.size >= MOST_COMMITTING) await Promise.race(committing)
      if (trouble.fatal) break
    }
  } finally {
    await Promise.all(committing)
  }
  if (trouble.fatal) throw trouble.fatal
}

function eventOf(
  { name, source }: BringDeps,
  StudyInstanceUID: string,
): AuditEvent & { study: { StudyInstanceUID: string } } {
  return {
    event: 'instancesTransferred',
    action: 'C',
    outcome: 0,
    door: source.door,
    text: '',
    participants: [{ UserID: name, address: source.address, requestor: false, role: 'source' }],
    study: { StudyInstanceUID, PatientID: '', instances: {} },
  }
}
