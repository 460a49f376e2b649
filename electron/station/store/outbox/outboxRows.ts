import type { Database } from 'better-sqlite3'
import type { CustodyEvent, Proof } from '../../../../shared/sync.ts'
import { type CustodyRows, IS_ENTANGLED } from './custodyRows.ts'
import { createCustodyEvents } from './events.ts'
import { createLostReader } from './lost.ts'
import { createOutboxItems } from './outboxItems.ts'
import { CODE, PROOF } from './standing.ts'
import type { LostContent, Outbox, OutboxItem, OutboxOutcome } from './types.ts'

export type Wanted = Parameters<Outbox['lease']>[0]

/** What cannot be read now (damaged, or its disk is away) is looked at again so much later. */
const HELD_MS = 5 * 60_000
/** Rows that one lease passes over, or makes ready, at most. */
const STEP = 500
const WAITING = ['queued', 'unsure', 'sent'] as const
const MOST_REASON = 500
const LEFT = 'It has left this disk for another archive, and goes when it is here again.'

/** Their plans are asserted by a test: none looks through what it does not return. */
export const LEASE_PLANS = {
  ready: `SELECT content FROM custody WHERE destination = +? AND turn = 1 AND state = +? AND rank = +? ORDER BY content LIMIT ?`,
  due: `SELECT content FROM custody WHERE destination = +? AND turn = 0 AND rank = +? AND nextAt <= +? ORDER BY nextAt LIMIT ${STEP}`,
  refused: `SELECT content FROM custody WHERE destination = +? AND state = 4 AND bar = 0 LIMIT ?`,
} as const

interface SettledRow {
  state: number
  instance: number
  isEntangled: 0 | 1
  StudyInstanceUID: string
}

/** Leasing, settling, and what people do with what waits: each call one transaction. */
export function createOutboxRows(db: Database, dataDir: string, custody: CustodyRows) {
  const itemOf = createOutboxItems(db, dataDir)
  const events = createCustodyEvents(db)
  const destinationId = db.prepare<[string], number>('SELECT id FROM destination WHERE name = +?').pluck()
  const ready = db.prepare<[number, number, number, number], number>(LEASE_PLANS.ready).pluck()
  const due = db.prepare<[number, number, number], number>(LEASE_PLANS.due).pluck()
  const refused = db.prepare<[number, number], number>(LEASE_PLANS.refused).pluck()
  // Whoever had it did not say what became of it.
  const release = `turn = 1, leased = 0, nextAt = 0, state = iif(leased = 1 AND state = ${CODE.queued}, ${CODE.unsure}, state)`
  const wake = db.prepare(`UPDATE custody SET ${release} WHERE content = +? AND destination = +?`)
  const releaseAll = db.prepare(`UPDATE custody INDEXED BY custodyLater SET ${release} WHERE turn = 0 AND leased = 1`)
  const take = db.prepare(
    'UPDATE custody SET turn = 0, leased = 1, nextAt = ? WHERE content = +? AND destination = +? AND turn = 1',
  )
  const hold = db.prepare(
    `UPDATE custody SET turn = 0, nextAt = @nextAt, reason = @reason WHERE content = +@content AND destination = +@destination`,
  )
  const settledRow = db.prepare<[number, number], SettledRow>(
    `SELECT state, content.instance, ${IS_ENTANGLED} AS isEntangled, StudyInstanceUID FROM custody CROSS JOIN content ON content.id = custody.content
     JOIN instance ON instance.id = content.instance JOIN series ON series.id = instance.series
     JOIN study ON study.id = series.study WHERE custody.content = +? AND destination = +?`,
  )
  const settleOne = db.prepare(
    `UPDATE custody SET state = @state, turn = @turn, leased = 0, nextAt = @nextAt, attempts = coalesce(@attempts, attempts),
       at = @at, bar = 0, reason = @reason, proof = @proof, sentMd5 = iif(@state = 0, NULL, coalesce(@sentMd5, sentMd5)),
       sentSha256 = iif(@state = 0, NULL, coalesce(@sentSha256, sentSha256)) WHERE content = +@content AND destination = +@destination`,
  )
  const waitingOf = db.prepare<[string], { content: number; destination: number; leased: 0 | 1 }>(
    `SELECT custody.content, custody.destination, leased FROM study JOIN series ON series.study = study.id
     JOIN instance ON instance.series = series.id JOIN content ON content.instance = instance.id
     JOIN custody ON custody.content = content.id JOIN destination ON destination.id = custody.destination
     WHERE StudyInstanceUID = +? AND turn IS NOT NULL AND position IS NOT NULL`,
  )
  const toFront = db.prepare('UPDATE custody SET rank = 0 WHERE content = +? AND destination = +?')
  const toFrontNow = db.prepare(
    'UPDATE custody SET rank = 0, turn = 1, nextAt = 0 WHERE content = +? AND destination = +?',
  )
  // Whoever has it sent again makes it ours.
  const queueAgain = db.prepare(
    `UPDATE custody SET state = 0, turn = 1, nextAt = 0, attempts = 0, reason = '', proof = 0, pulled = 0
     WHERE content = +? AND destination = +? AND (state = 4 AND bar = 0 OR state = 6)`,
  )
  const refusedOf = db
    .prepare<[string, number, number], number>(
      `SELECT custody.content FROM study CROSS JOIN series ON series.study = study.id
       CROSS JOIN instance ON instance.series = series.id CROSS JOIN content ON content.instance = instance.id
       CROSS JOIN custody ON custody.content = content.id
       WHERE StudyInstanceUID = +? AND destination = +? AND (state = 4 AND bar = 0 OR state = 6) LIMIT ?`,
    )
    .pluck()
  const lostOf = createLostReader(db)
  const setAudited = db.prepare('UPDATE custody SET at = ? WHERE content = +? AND destination = +? AND state = 3')

  const activeId = (name: string) => custody.active().find(one => one.name === name)?.id

  function wakeDue(destination: number, rank: number, now: number): void {
    for (let r = 0; r <= rank; r++) {
      for (const content of due.all(destination, r, now)) wake.run(content, destination)
    }
  }

  function lease({ destination, objects, bytes, rank, now, until, only = [...WAITING] }: Wanted): OutboxItem[] {
    const id = activeId(destination)
    if (id === undefined) return []
    wakeDue(id, rank, now)
    const items: OutboxItem[] = []
    let size = 0
    let passed = 0
    for (let r = 0; r <= rank; r++) {
      for (;;) {
        const room = objects - items.length
        if (room <= 0 || passed >= STEP) return items
        const next = only.flatMap(state => ready.all(id, CODE[state], r, room)).sort((a, b) => a - b)
        if (next.length === 0) break
        for (const content of next.slice(0, room)) {
          const found = itemOf(content, id)
          if (!found?.isHere) {
            const away = lostOf.hasLeft(content) ? LEFT : 'The disk it lies on is not there.'
            const reason = found?.item.path === '' ? away : 'It is damaged on this disk.'
            hold.run({ content, destination: id, nextAt: now + HELD_MS, reason })
            passed++
            continue
          }
          if (items.length > 0 && size + found.item.dataSetLength > bytes) return items
          take.run(until, content, id)
          size += found.item.dataSetLength
          items.push(found.item)
        }
      }
    }
    return items
  }

  /** The UIDs of the studies it was about, and what nobody has any more. */
  function settle(
    destination: string,
    outcomes: OutboxOutcome[],
    at: number,
  ): { studies: string[]; lost: LostContent[] } {
    const id = destinationId.get(destination)
    if (id === undefined) return { studies: [], lost: [] }
    const happened = events.gather(id, at)
    const studies = new Set<string>()
    const nowhere: LostContent[] = []
    for (const outcome of outcomes) {
      const { contentId: content, nextAt, attempts, proof, sentMd5, sentSha256, lost, isOther } = outcome
      const isReplaced = outcome.state === 'gone' && isOther
      const isNowhere = lost && !isReplaced && outcome.state !== 'confirmed' && lostOf.hasLeft(content)
      const state = isNowhere ? 'lost' : outcome.state
      const row = settledRow.get(content, id)
      if (!row) continue
      // Whoever lost its lease and speaks up late does not undo what another has proved.
      if (row.state === CODE.confirmed && state !== 'confirmed' && !lost) continue
      const reason = (outcome.reason ?? '').slice(0, MOST_REASON)
      const waits = state === 'queued' || state === 'unsure' || state === 'sent'
      settleOne.run({
        content,
        destination: id,
        state: CODE[state],
        turn: waits ? Number(nextAt === undefined) : null,
        nextAt: waits ? (nextAt ?? 0) : 0,
        attempts: attempts ?? null,
        at,
        // What it holds is equal, but not byte by byte: it could not give back what would leave this station.
        reason: state === 'confirmed' && proof !== 'equal' ? '' : reason,
        proof: state === 'confirmed' ? PROOF[proof ?? 'listed'] : 0,
        sentMd5: bytesOf(sentMd5),
        sentSha256: bytesOf(sentSha256),
      })
      if (row.isEntangled === 1 && state !== 'sent' && state !== 'confirmed') custody.refresh(row.instance)
      studies.add(row.StudyInstanceUID)
      const kind = kindOf({ ...outcome, state })
      const isNews = kind !== undefined && !(kind === 'confirmed' && row.state === CODE.confirmed)
      if (isNews) happened.add(row.StudyInstanceUID, kind, kind === 'confirmed' ? PROVED[proof ?? 'listed'] : reason)
      if (isNowhere) {
        nowhere.push({ contentId: content, StudyInstanceUID: row.StudyInstanceUID, holders: lostOf.holders(content) })
      }
    }
    happened.write()
    return { studies: [...studies], lost: nowhere }
  }

  /** How many, and the studies they are of. */
  function retry(destination: string, contents: number[], at: number): { images: number; studies: string[] } {
    const id = activeId(destination)
    if (id === undefined) return { images: 0, studies: [] }
    const happened = events.gather(id, at)
    const studies = new Set<string>()
    let images = 0
    for (const content of contents) {
      const row = settledRow.get(content, id)
      // What has left, and was taken away there, nobody here could send.
      if (!row || lostOf.hasLeft(content) || queueAgain.run(content, id).changes === 0) continue
      if (row.isEntangled === 1) custody.refresh(row.instance)
      happened.add(row.StudyInstanceUID, 'retried', '')
      studies.add(row.StudyInstanceUID)
      images++
    }
    happened.write()
    return { images, studies: [...studies] }
  }

  return {
    lease: db.transaction(lease).immediate,
    settle: db.transaction(settle).immediate,
    releaseLeases: db.transaction((): void => {
      releaseAll.run()
    }).immediate,
    prioritise: db.transaction((StudyInstanceUID: string): number => {
      const rows = waitingOf.all(StudyInstanceUID)
      for (const { content, destination, leased } of rows) {
        if (leased) toFront.run(content, destination)
        else toFrontNow.run(content, destination)
      }
      return new Set(rows.map(row => row.content)).size
    }).immediate,
    retry: db.transaction(retry).immediate,
    /** What the destination refused; what this station itself holds back is not among it. */
    refused(destination: string, most: number, StudyInstanceUID?: string): number[] {
      const id = activeId(destination) ?? -1
      return StudyInstanceUID === undefined ? refused.all(id, most) : refusedOf.all(StudyInstanceUID, id, most)
    },
    audited: db.transaction((destination: string, contents: number[], at: number): void => {
      const id = destinationId.get(destination)
      if (id !== undefined) for (const content of contents) setAudited.run(at, content, id)
    }).immediate,
  }
}

const PROVED: Record<Proof, string> = {
  listed: 'Its answer lists them.',
  present: 'A query finds them.',
  equal: 'What it holds is equal to what was sent.',
}

function kindOf({ state, lost, reason }: OutboxOutcome): CustodyEvent['kind'] | undefined {
  if (state === 'gone') return 'gone'
  if (lost) return 'lost'
  if (state === 'sent' || state === 'confirmed' || state === 'dead') return state
  if (state === 'withheld') return undefined
  return reason ? 'failed' : 'queued'
}

/** null: what is known of it stays. */
function bytesOf(hex: string | undefined): Buffer | null {
  return hex ? Buffer.from(hex, 'hex') : null
}
