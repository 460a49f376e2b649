import { judgeCompleteness, type SenderCounts } from '../../../../shared/viewing/completeness.ts'
import type { Log } from '../../base/log.ts'
import type { Thread } from '../../base/thread.ts'
import type { Change, StoreReader } from '../index.ts'
import type { WriterApi } from '../writer.ts'

export interface JudgeTimes {
  tickMs: number
  /** A study of which nothing has come for so long is judged; before that its gaps mean nothing. */
  quietMs: number
}

export const JUDGE_TIMES: JudgeTimes = { tickMs: 1000, quietMs: 20_000 }

const STUDIES_PER_TICK = 20
/** What a sender said is wanted until the study is judged, and again when more of it comes; the oldest goes. */
const MOST_SENDERS = 2000

interface JudgeParts {
  times: JudgeTimes
  log: Log
  read: Pick<StoreReader, 'unjudgedStudies' | 'completenessFacts'>
  writer: Thread<WriterApi>
  tell(changes: Change[]): void
}

/** Judges studies some time after the last of them came, and whenever somebody has said what belongs to them. */
export function startJudge({ times, log, read, writer, tell }: JudgeParts) {
  let running: Promise<void> | undefined
  let closed = false
  const senders = new Map<string, SenderCounts>()

  async function step(): Promise<void> {
    for (const uid of await read.unjudgedStudies(Date.now(), times.quietMs, STUDIES_PER_TICK)) {
      if (closed) return
      await writer.call('placeLists', uid)
      const facts = await read.completenessFacts(uid)
      if (facts)
        tell(
          await writer.call(
            'setVerdict',
            uid,
            judgeCompleteness({ ...facts, sender: senders.get(uid) ?? null }),
            facts.seen,
          ),
        )
    }
  }

  const timer = setInterval(() => {
    running ??= step()
      .catch(error => {
        if (!closed) log.error({ err: error }, 'a study could not be judged; it is tried again')
      })
      .finally(() => {
        running = undefined
      })
  }, times.tickMs)
  timer.unref()

  return {
    /** What the sender of a study has of it: it is judged anew. */
    async senderSays(StudyInstanceUID: string, counts: SenderCounts): Promise<void> {
      senders.delete(StudyInstanceUID)
      senders.set(StudyInstanceUID, counts)
      const [oldest] = senders.keys()
      if (senders.size > MOST_SENDERS && oldest !== undefined) senders.delete(oldest)
      await writer.call('judgeAgain', StudyInstanceUID)
    },
    async close(): Promise<void> {
      closed = true
      clearInterval(timer)
      await running
    },
  }
}
