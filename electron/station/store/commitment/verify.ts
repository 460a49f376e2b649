import { IsocenterError } from '../../../../shared/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Thread } from '../../base/thread.ts'
import type { StoreProblem } from '../index.ts'
import type { createLook } from '../repair/look.ts'
import { ARCHIVE_VOLUME, DATA_VOLUME } from '../volumes/placement.ts'
import type { WriterApi } from '../writer.ts'
import type { FailedReferences, References } from './commitmentRows.ts'
import type { ReferencedCopy } from './readReferenced.ts'

/** PS3.3 §C.14.1.1, Failure Reason. */
export const FAILURE = {
  processingFailure: 0x0110,
  noSuchObjectInstance: 0x0112,
  classInstanceConflict: 0x0119,
  duplicateTransactionUID: 0x0131,
} as const

/** Of one question to the index, and of one order to the thread that reads. */
const AT_ONCE = 64

export interface Verified {
  failed: FailedReferences
  /** References whose only copies lie on a disk that is not there now: nothing is said about them. */
  away: References
}

export interface VerifierParts {
  log: Log
  copiesOf(SOPInstanceUIDs: string[]): Promise<ReferencedCopy[]>
  mark: (damaged: number[]) => Promise<Awaited<ReturnType<WriterApi['mark']>>>
  startThread(): Thread<ReturnType<typeof createLook>>
  report(problem: StoreProblem): void
}

/** What the index says of one reference: what is wrong with it, or what is to be read; 'kept': an archive was shown to hold it. */
export type Standing = { failure: number } | 'away' | 'kept' | { read: ReferencedCopy }

/**
 * A reference and the copies of its instance, the shown one first (pure). `tried`: copies, by place, that were not what they
 * should be.
 */
export function standingOf(SOPClassUID: string, copies: ReferencedCopy[], tried: ReadonlySet<string>): Standing {
  if (copies.length === 0) return { failure: FAILURE.noSuchObjectInstance }
  if (copies.every(copy => copy.SOPClassUID !== SOPClassUID)) return { failure: FAILURE.classInstanceConflict }
  const whole = copies.filter(
    copy => copy.SOPClassUID === SOPClassUID && copy.state === 'whole' && !tried.has(placeOf(copy)),
  )
  const read = whole.find(copy => copy.available === 1)
  if (read) return { read }
  if (whole.some(copy => copy.atArchive === 1)) return 'kept'
  if (whole.some(copy => copy.volume !== ARCHIVE_VOLUME)) return 'away'
  // It left for an archive that has lost it since: nobody here can give it any more.
  return { failure: whole.length > 0 ? FAILURE.noSuchObjectInstance : FAILURE.processingFailure }
}

const placeOf = ({ contentId, volume, file, offset }: ReferencedCopy) => `${contentId} ${volume} ${offset} ${file}`

/** Reads what was promised again, one request after the other, in a thread of its own that ends with the last of them. */
export function createVerifier({ log, copiesOf, mark, startThread, report }: VerifierParts) {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let closed = false
  let thread: ReturnType<VerifierParts['startThread']> | undefined

  async function verify(references: References, signal: AbortSignal): Promise<Verified> {
    const failed = new Map<number, References>()
    const away: References = {}
    const put = (into: References, SOPClassUID: string, uid: string) => {
      into[SOPClassUID] ??= []
      into[SOPClassUID].push(uid)
    }
    for (const [SOPClassUID, uids] of Object.entries(references)) {
      for (let from = 0; from < uids.length; from += AT_ONCE) {
        const standings = await verifySome(SOPClassUID, uids.slice(from, from + AT_ONCE), signal)
        for (const [uid, standing] of standings) {
          if (standing === 'away') put(away, SOPClassUID, uid)
          else if (standing !== 'whole') {
            const others = failed.get(standing) ?? {}
            failed.set(standing, others)
            put(others, SOPClassUID, uid)
          }
        }
      }
    }
    return { failed: [...failed].map(([FailureReason, each]) => ({ FailureReason, references: each })), away }
  }

  /** Where a copy was not what it should be, the index is asked again: it may have settled meanwhile, or there is another one. */
  async function verifySome(
    SOPClassUID: string,
    uids: string[],
    signal: AbortSignal,
  ): Promise<Map<string, 'whole' | 'away' | number>> {
    const found = new Map<string, 'whole' | 'away' | number>()
    const tried = new Set<string>()
    let left = [...new Set(uids)]
    while (left.length > 0) {
      if (closed || signal.aborted) throw new IsocenterError('cancelled')
      const rows = await copiesOf(left)
      const reading: ReferencedCopy[] = []
      for (const uid of left) {
        const standing = standingOf(
          SOPClassUID,
          rows.filter(row => row.SOPInstanceUID === uid),
          tried,
        )
        if (standing === 'away') found.set(uid, 'away')
        else if (standing === 'kept') found.set(uid, 'whole')
        else if ('failure' in standing) found.set(uid, found.get(uid) ?? standing.failure)
        else reading.push(standing.read)
      }
      thread ??= startThread()
      const results = reading.length > 0 ? await thread.call('verify', reading) : []
      const damaged: ReferencedCopy[] = []
      left = []
      for (const [index, copy] of reading.entries()) {
        const result = results[index]
        if (result === 'whole') {
          found.set(copy.SOPInstanceUID, 'whole')
          continue
        }
        tried.add(placeOf(copy))
        left.push(copy.SOPInstanceUID)
        if (copy.volume > DATA_VOLUME && result === 'unread') found.set(copy.SOPInstanceUID, 'away')
        else if (copy.volume === DATA_VOLUME) damaged.push(copy)
      }
      await tellDamage(damaged)
    }
    return found
  }

  async function tellDamage(damaged: ReferencedCopy[]): Promise<void> {
    if (damaged.length === 0) return
    // A copy that has moved on since is marked by its content: only while it still lies there.
    const now = await copiesOf(damaged.map(({ SOPInstanceUID }) => SOPInstanceUID))
    const there = new Set(now.map(placeOf))
    const still = damaged.filter(copy => there.has(placeOf(copy)))
    for (const { contentId, SOPInstanceUID } of await mark(still.map(({ contentId }) => contentId))) {
      log.error({ contentId, SOPInstanceUID }, 'a commitment found a damaged copy')
      report({
        severity: 'failure',
        sentence: 'A stored image is damaged on this disk. It is kept as it is; have it sent again.',
        detail: `content ${contentId}: found when its storage was to be confirmed`,
      })
    }
  }

  return {
    /** Whether every reference is here with its SOP class, and its bytes are those that came. */
    verify(references: References, signal: AbortSignal): Promise<Verified> {
      waiting += 1
      const mine = last.then(async () => {
        try {
          return await verify(references, signal)
        } finally {
          waiting -= 1
          const idle = waiting === 0 ? thread : undefined
          if (idle) thread = undefined
          await idle?.stop()
        }
      })
      last = mine.catch(() => {})
      return mine
    },
    async close(): Promise<void> {
      closed = true
      const ending = thread
      thread = undefined
      await ending?.stop()
      await last
    },
  }
}
