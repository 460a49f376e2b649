import type { Database } from 'better-sqlite3'
import { createListRows } from '../completeness/listRows.ts'
import type { Decided } from '../decisions.ts'

/** SOP Instance UIDs by SOP Class UID. */
export type References = Record<string, string[]>
/** By failure reason (PS3.3 §C.14.1.1). */
export type FailedReferences = Array<{ FailureReason: number; references: References }>

/** What a peer asks to have committed, or is asked. */
export interface AskedCommitment {
  /** This station asked. */
  ours: boolean
  /** The peer's. */
  AET: string
  TransactionUID: string
  references: References
}

/** In decisions.log: asked, or asked again. */
export interface CommitmentAsked extends AskedCommitment {
  kind: 'commitmentAsked'
  id: string
  duplicate: boolean
}

/** In decisions.log: the peer has the answer, or gave it; null = given up. */
export interface CommitmentOver {
  kind: 'commitmentOver'
  id: string
  failed: FailedReferences | null
}

export interface Commitment extends AskedCommitment {
  number: number
  /** Epoch ms. */
  at: number
  /** The peer had used its Transaction UID for something else (failure reason 0x0131). */
  duplicate: boolean
  open: boolean
  attempts: number
}

interface Row {
  number: number
  id: string
  ours: 0 | 1
  AET: string
  TransactionUID: string
  at: number
  wanted: string
  duplicate: 0 | 1
  state: 'open' | 'answered' | 'given up'
  attempts: number
}

/** A peer that asks for its result once more, so long after, asks anew. */
const KEPT_MS = 30 * 86_400_000

/** What a commitment's decisions make of the rows, now or read back from decisions.log. */
export function createApplyCommitment(db: Database) {
  const ask = db.prepare(
    `INSERT INTO commitment (id, ours, AET, TransactionUID, at, wanted, duplicate, state, nextAt)
     VALUES (@id, @ours, @AET, @TransactionUID, @at, @wanted, @duplicate, @state, @at)
     ON CONFLICT (id) DO UPDATE SET at = @at, state = 'open', failed = NULL, attempts = 0, nextAt = @at WHERE @at > at`,
  )
  const over = db.prepare('UPDATE commitment SET state = ?, failed = ? WHERE id = ?')
  const lists = createListRows(db)

  /** The UIDs of the studies that are shown otherwise. */
  return (decision: (CommitmentAsked | CommitmentOver) & { at: number }): string[] => {
    if (decision.kind === 'commitmentAsked') {
      const { id, AET, TransactionUID, at, references, ours, duplicate } = decision
      const wanted = JSON.stringify(references)
      // Read back from the log it must not be answered once more, though what says so comes later in it.
      const state = at < Date.now() - KEPT_MS ? 'given up' : 'open'
      ask.run({ id, AET, TransactionUID, at, wanted, state, ours: Number(ours), duplicate: Number(duplicate) })
      if (ours || duplicate) return []
      const objects = Object.values(references).flatMap(uids =>
        uids.map(SOPInstanceUID => ({ SOPInstanceUID, SeriesInstanceUID: '' })),
      )
      lists.keep({ source: 'commitment', id, AET, at, final: true, StudyInstanceUID: '', objects })
    } else {
      const { failed, id } = decision
      over.run(failed ? 'answered' : 'given up', failed && JSON.stringify(failed), id)
    }
    return []
  }
}

/** The transactions of storage commitment as rows: each call one transaction. */
export function createCommitmentRows(db: Database) {
  const apply = createApplyCommitment(db)
  const byNumber = db.prepare<[number], Row>('SELECT * FROM commitment WHERE number = ?')
  const byTransaction = db.prepare<[string, string, number], Row>(
    'SELECT * FROM commitment WHERE TransactionUID = ? AND AET = ? AND ours = ?',
  )
  const numberOf = db.prepare<[string], number>('SELECT number FROM commitment WHERE id = ?').pluck()
  const due = db
    .prepare<[number, number], number>(
      `SELECT number FROM commitment WHERE state = 'open' AND ours = 0 AND nextAt <= ? ORDER BY nextAt LIMIT ?`,
    )
    .pluck()
  const postpone = db.prepare('UPDATE commitment SET attempts = ?, nextAt = ? WHERE number = ?')
  const prune = db.prepare(`DELETE FROM commitment WHERE state <> 'open' AND at < ?`)
  const newestSeq = db.prepare<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'change'`).pluck()

  function decided<Answer>(
    decision: (CommitmentAsked | CommitmentOver) & { at: number; StudyInstanceUID: string },
    answer: () => Answer,
  ): Decided<Answer> {
    apply(decision)
    return { answer: answer(), changes: [], seq: newestSeq.get() ?? 0, decisions: [decision] }
  }

  return {
    /**
     * Takes a request; the number of its row. The same one again is the same transaction, answered anew; another one under a used
     * Transaction UID is a transaction that fails.
     */
    accept: db.transaction((asked: AskedCommitment, id: string, at: number): Decided<number> => {
      prune.run(at - KEPT_MS)
      const wanted = JSON.stringify(asked.references)
      const known = byTransaction.all(asked.TransactionUID, asked.AET, Number(asked.ours))
      const same = known.find(row => row.wanted === wanted)
      const decision = {
        kind: 'commitmentAsked' as const,
        at,
        StudyInstanceUID: '',
        id: same?.id ?? id,
        ...asked,
        duplicate: same ? same.duplicate === 1 : known.length > 0,
      }
      return decided(decision, () => numberOf.get(decision.id) ?? 0)
    }).immediate,

    /** What was asked of us and is to be answered now. */
    due: (at: number, limit: number): number[] => due.all(at, limit),

    get: (number: number): Commitment | null => commitmentOf(byNumber.get(number)),

    find: (AET: string, TransactionUID: string): Commitment | null =>
      commitmentOf(byTransaction.get(TransactionUID, AET, 1)),

    over: db.transaction((number: number, failed: FailedReferences | null, at: number): Decided<undefined> => {
      const id = byNumber.get(number)?.id ?? ''
      return decided({ kind: 'commitmentOver', at, StudyInstanceUID: '', id, failed }, () => undefined)
    }).immediate,

    postpone(number: number, attempts: number, nextAt: number): void {
      postpone.run(attempts, nextAt, number)
    },
  }
}

function commitmentOf(row: Row | undefined): Commitment | null {
  if (!row) return null
  const { number, AET, TransactionUID, at, attempts } = row
  return {
    number,
    ours: row.ours === 1,
    AET,
    TransactionUID,
    references: JSON.parse(row.wanted) as References,
    at,
    duplicate: row.duplicate === 1,
    open: row.state === 'open',
    attempts,
  }
}
