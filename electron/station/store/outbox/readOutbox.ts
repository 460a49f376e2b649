import type { Database } from 'better-sqlite3'
import { IsocenterError } from '../../../../shared/errors.ts'
import {
  type CustodyEvent,
  type DeadLetter,
  type Destination,
  type RouteAnswer,
  type RoutedFacts,
  routeOf,
  type StudyCustody,
  type Urgency,
  urgency as urgencies,
} from '../../../../shared/sync.ts'
import { IS_WORK } from '../eviction/draftWork.ts'
import { isSeen } from '../visibility.ts'
import { createLostReader } from './lost.ts'
import { createOutboxItems } from './outboxItems.ts'
import { BARRED, CODE } from './standing.ts'
import type { DestinationCounts, LostContent, Outbox, OutboxItem, Unproved } from './types.ts'

const MOST_EVENTS = 500
/** As many may end in one transaction, at one time: a page does not end between them. */
const MOST_AT_ONCE = 500

/** Their plans are asserted by a test: none looks through what it does not return. */
export const READ_PLANS = {
  ready: 'SELECT 1 FROM custody WHERE destination = +? AND turn = 1 AND state = +? AND rank = +? LIMIT 1',
  later: 'SELECT nextAt FROM custody WHERE destination = +? AND turn = 0 AND rank = +? ORDER BY nextAt LIMIT 1',
  oldest: 'SELECT received FROM custody WHERE destination = +? AND turn IS NOT NULL ORDER BY received LIMIT 1',
  dead: `SELECT content, at FROM custody WHERE destination = +? AND state = 4 AND bar = +? AND at < +? ORDER BY at DESC LIMIT ?`,
  audit: 'SELECT content FROM custody WHERE destination = +? AND state = 3 AND at < +? ORDER BY at LIMIT ?',
} as const

type LetterRow = Omit<DeadLetter, 'destination'>
type FactsRow = Omit<RoutedFacts, 'synthetic'> & { synthetic: 0 | 1 }

/** The reads of the outbox and the ledger. */
export function createOutboxReader(db: Database, dataDir: string) {
  const itemOf = createOutboxItems(db, dataDir)
  const destinations = db.prepare<[], Omit<DestinationCounts, 'oldest'> & { id: number }>(
    `SELECT id, name, queued, queuedBytes, unproved, confirmed, dead FROM destination WHERE position IS NOT NULL ORDER BY position`,
  )
  const activeId = db
    .prepare<[string], number>('SELECT id FROM destination WHERE name = +? AND position IS NOT NULL')
    .pluck()
  const ready = db.prepare<[number, number, number], 1>(READ_PLANS.ready).pluck()
  const later = db.prepare<[number, number], number>(READ_PLANS.later).pluck()
  const oldest = db.prepare<[number], number>(READ_PLANS.oldest).pluck()
  const dead = db.prepare<[number, number, number, number], { content: number; at: number }>(READ_PLANS.dead)
  const audit = db.prepare<[number, number, number], number>(READ_PLANS.audit).pluck()
  const deadOf = db.prepare<
    [string, string | null, string | null, number],
    { content: number; id: number; name: string }
  >(
    `SELECT custody.content, destination.id, name FROM study CROSS JOIN series ON series.study = study.id
     CROSS JOIN instance ON instance.series = series.id CROSS JOIN content ON content.instance = instance.id
     CROSS JOIN custody ON custody.content = content.id CROSS JOIN destination ON destination.id = custody.destination
     WHERE StudyInstanceUID = +? AND state = ${CODE.dead} AND position IS NOT NULL AND (+? IS NULL OR name = +?)
     ORDER BY at DESC, custody.content DESC LIMIT ?`,
  )
  const letter = db.prepare<[number, number], LetterRow>(
    `SELECT custody.content AS contentId, custody.at, attempts, reason, StudyInstanceUID, SOPInstanceUID, PatientName, lang,
       coalesce(custody.PatientID, study.PatientID) AS PatientID, StudyDate, StudyDescription, Modality
     FROM custody CROSS JOIN content ON content.id = custody.content JOIN instance ON instance.id = content.instance
     JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
     WHERE custody.content = +? AND destination = +?`,
  )
  const sums = db.prepare<
    [string],
    Omit<StudyCustody, 'confirmed'> & { listed: number; present: number; equal: number }
  >(
    `SELECT name AS destination, sum(custodyCount.queued) AS queued, sum(custodyCount.unproved) AS unproved, sum(listed) AS listed,
       sum(present) AS present, sum(equal) AS equal, sum(custodyCount.dead) AS dead, sum(withheld) AS withheld,
       sum(gone) AS gone, sum(lost) AS lost
     FROM study JOIN series ON series.study = study.id JOIN custodyCount ON custodyCount.series = series.id
     JOIN destination ON destination.id = custodyCount.destination
     WHERE StudyInstanceUID = +? AND position IS NOT NULL GROUP BY destination.id ORDER BY position`,
  )
  const history = db.prepare<[string], CustodyEvent>(
    `SELECT at, name AS destination, kind, images, detail FROM custodyEvent JOIN destination ON destination.id = custodyEvent.destination
     WHERE StudyInstanceUID = +? ORDER BY number DESC LIMIT ${MOST_EVENTS}`,
  )
  // What was here before the destination, or its rules, gets its row a step at a time: until then nobody knows whether it goes there.
  const unproved = db.prepare<[string, number], { SOPInstanceUID: string; state: number }>(
    `SELECT SOPInstanceUID, coalesce(custody.state, ${CODE.queued}) AS state
     FROM json_each(+?) CROSS JOIN instance ON SOPInstanceUID = json_each.value CROSS JOIN destination ON destination.id = +?
     LEFT JOIN custody ON custody.content = shown AND custody.destination = destination.id
     WHERE iif(custody.state IS NULL, shown > lookedTo AND shown <= lookTo,
       custody.state NOT IN (${CODE.confirmed}, ${CODE.withheld}))`,
  )
  const { lost } = createLostReader(db)
  const pulled = db.prepare<[number, number], { study: number }>(
    `SELECT series.study FROM custody CROSS JOIN series ON series.id = custody.series
     WHERE content = +? AND destination = +? AND pulled = 1`,
  )
  /** A study that was changed here, is worked on, or has an image that no archive gave us. */
  const hasOurs = db
    .prepare<[number], 0 | 1>(
      `SELECT movedAt > 0 OR EXISTS (SELECT 1 FROM draft WHERE draft.StudyInstanceUID = study.StudyInstanceUID
           AND ${IS_WORK})
         OR EXISTS (SELECT 1 FROM series CROSS JOIN instance ON instance.series = series.id
           CROSS JOIN content ON content.instance = instance.id WHERE series.study = study.id AND door <> 'pull')
       FROM study WHERE id = +?`,
    )
    .pluck()
  const facts = db.prepare<[string], FactsRow>(
    `SELECT content.received, content.sendingAET, content.receivingAET, content.synthetic, Modality, SeriesDescription,
       StationName, StudyDescription
     FROM study JOIN series ON series.study = study.id JOIN instance ON instance.series = series.id
     JOIN content ON content.id = instance.shown WHERE StudyInstanceUID = ? AND ${isSeen('instance')}`,
  )

  return {
    outboxCounts: (): DestinationCounts[] =>
      destinations.all().map(({ id, ...counts }) => ({ ...counts, oldest: oldest.get(id) ?? null })),

    nextDue(destination: string, rank: number): number | null {
      const id = activeId.get(destination)
      if (id === undefined) return null
      let first: number | null = null
      for (let r = 0; r <= rank; r++) {
        const isReady = [CODE.queued, CODE.unsure, CODE.sent].some(state => ready.get(id, state, r) === 1)
        if (isReady) return 0
        const at = later.get(id, r)
        if (at !== undefined && (first === null || at < first)) first = at
      }
      return first
    },

    deadLetters({ destination, StudyInstanceUID, limit, before }: Parameters<Outbox['deadLetters']>[0]): DeadLetter[] {
      const letters = (found: Array<{ content: number; id: number; name: string }>): DeadLetter[] =>
        found.flatMap(({ content, id, name }) => {
          const row = letter.get(content, id)
          return row ? [{ ...row, destination: name }] : []
        })
      if (StudyInstanceUID !== undefined) {
        const name = destination ?? null
        return letters(deadOf.all(StudyInstanceUID, name, name, limit))
      }
      const rows = destinations
        .all()
        .filter(({ name }) => destination === undefined || name === destination)
        .flatMap(({ id, name }) =>
          BARRED.flatMap((_, bar) =>
            dead
              .all(id, bar, before ?? Number.MAX_SAFE_INTEGER, limit + MOST_AT_ONCE)
              .map(row => ({ ...row, id, name })),
          ),
        )
        .sort((a, b) => b.at - a.at || b.content - a.content)
      let end = Math.min(limit, rows.length)
      while (end > 0 && end < rows.length && rows[end]?.at === rows[end - 1]?.at) end++
      return letters(rows.slice(0, end))
    },

    studyCustody(StudyInstanceUID: string): { custody: StudyCustody[]; events: CustodyEvent[] } {
      const custody = sums.all(StudyInstanceUID).map(({ listed, present, equal, ...rest }) => ({
        ...rest,
        confirmed: { listed, present, equal },
      }))
      return { custody, events: history.all(StudyInstanceUID) }
    },

    /** Throws 'not-found'. */
    testRoutes(StudyInstanceUID: string, wanted: Destination[]): RouteAnswer[] {
      const images = facts.all(StudyInstanceUID).map(row => ({ ...row, synthetic: row.synthetic === 1 }))
      if (images.length === 0) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
      return wanted.map(destination => routeAnswer(destination, images))
    },

    unproved(destination: string, SOPInstanceUIDs: string[]): Unproved {
      const id = activeId.get(destination)
      // Where nobody knows the archive, nothing is proved to be there.
      if (id === undefined) return { waiting: SOPInstanceUIDs, refused: [], lost: [] }
      const rows = unproved.all(JSON.stringify(SOPInstanceUIDs), id)
      const those = (...states: number[]) =>
        rows.filter(({ state }) => states.includes(state)).map(({ SOPInstanceUID }) => SOPInstanceUID)
      return {
        waiting: those(CODE.queued, CODE.unsure, CODE.sent),
        refused: those(CODE.dead, CODE.gone),
        lost: those(CODE.lost),
      }
    },

    lostContents: (limit: number): LostContent[] => lost(limit),

    theirs(destination: string, contents: number[]): number[] {
      const id = activeId.get(destination)
      if (id === undefined) return []
      const isTheirs = new Map<number, boolean>()
      return contents.filter(content => {
        const study = pulled.get(content, id)?.study
        if (study === undefined) return false
        const known = isTheirs.get(study) ?? hasOurs.get(study) === 0
        isTheirs.set(study, known)
        return known
      })
    },

    toAudit(destination: string, before: number, limit: number): OutboxItem[] {
      const id = activeId.get(destination)
      if (id === undefined) return []
      return audit.all(id, before, limit).flatMap(content => itemOf(content, id)?.item ?? [])
    },
  }
}

function routeAnswer(destination: Destination, images: RoutedFacts[]): RouteAnswer {
  const sent: Urgency[] = []
  const sending = new Set<number>()
  const keeping = new Set<number>()
  for (const image of images) {
    const { urgency, rule } = routeOf(destination, image)
    if (urgency) sent.push(urgency)
    if (rule !== null) (urgency ? sending : keeping).add(rule + 1)
  }
  const synthetic = images.filter(image => image.synthetic).length
  const said: string[] = []
  if (synthetic > 0) said.push('Made by this station to be tried with: never sent.')
  if (destination.rules.length === 0 && synthetic < images.length) said.push('It has no rules: everything goes there.')
  if (sending.size > 0) said.push(`Sent by ${named(sending)}.`)
  if (keeping.size > 0) said.push(`Kept back by ${named(keeping)}.`)
  if (said.length === 0) said.push('None of its rules fits.')
  return {
    destination: destination.name,
    images: sent.length,
    of: images.length,
    urgency: urgencies.options.find(one => sent.includes(one)) ?? null,
    why: said.join(' '),
  }
}

function named(rules: Set<number>): string {
  const numbers = [...rules].sort((a, b) => a - b)
  return `${numbers.length === 1 ? 'rule' : 'rules'} ${numbers.join(', ')}`
}
