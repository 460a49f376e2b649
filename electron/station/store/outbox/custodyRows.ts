import type { Database } from 'better-sqlite3'
import { type Proof, type Rank, type RoutedFacts, routeOf, type SendRule } from '../../../../shared/sync.ts'
import type { PlacedObject } from '../receivedObject.ts'
import {
  BAR,
  BARRED,
  type Bar,
  CODE,
  type CustodyFacts,
  mayBeThere,
  PROOF,
  rankOf,
  restated,
  STATES,
  type Standing,
  standingOf,
} from './standing.ts'

const NOT_LOOKED_FOR_MS = 7 * 86_400_000

export interface ActiveDestination {
  id: number
  name: string
  rules: SendRule[]
}

/** A row to be made. */
export interface NewCustody {
  content: number
  destination: number
  series: number
  rank: Rank
  bytes: number
  received: number
  /** null = the study's. */
  PatientID: string | null
}

type InstanceRow = Omit<CustodyFacts, 'state' | 'leased' | 'wasListed'> & {
  content: number
  destination: number
  state: number
  leased: 0 | 1
  wasListed: 0 | 1
  nestsTooDeep: 0 | 1
  shown: number
  hidden: number
  SOPInstanceUID: string
}

/*
 * All SQL of this folder binds as `+?`: SQLite with STAT4 makes the plan of a join, or where an index is partial, anew for each value
 * that is bound as a plain `?` (31 µs instead of 1 for a join of three).
 */

/** SQL, of joined content and instance: what becomes of it depends on more than itself. */
export const IS_ENTANGLED = `(instance.hidden > 0 OR EXISTS
  (SELECT 1 FROM content AS other WHERE other.instance = instance.id AND other.id <> content.id))`

export const NESTS_TOO_DEEP = `content.flags LIKE '%"deep-nesting"%'`

/**
 * The rows of the custody ledger as contents come, are hidden, shown or superseded. All within the caller's transaction; where no
 * destination was ever configured nothing is asked or written.
 */
export function createCustodyRows(db: Database) {
  const load = db.prepare<[], { id: number; name: string; rules: string }>(
    'SELECT id, name, rules FROM destination WHERE position IS NOT NULL ORDER BY position',
  )
  const everAny = db.prepare<[], 0 | 1>('SELECT EXISTS (SELECT 1 FROM destination)').pluck()
  const insert = db.prepare(
    `INSERT INTO custody (content, destination, series, state, turn, rank, bytes, received, at, bar, reason, proof, PatientID, pulled)
     VALUES (@content, @destination, @series, @state, @turn, @rank, @bytes, @received, @at, @bar, @reason, @proof, @PatientID,
       @pulled)`,
  )
  const isRepairing = db.prepare<[], 0 | 1>(`SELECT value FROM state WHERE key = 'repairing'`).pluck()
  // A rejection note goes with what it rejects, and still has to tell the archive: its own rejection does not hold it back.
  const isWithheld = db
    .prepare<[string], 0 | 1>(
      `SELECT EXISTS (SELECT 1 FROM removed JOIN removal ON removal.number = removed.removal
       WHERE removed.SOPInstanceUID = +? AND hides = 1 AND removal.id <> removed.SOPInstanceUID)`,
    )
    .pluck()
  const ofInstance = db.prepare<[number], InstanceRow>(
    `SELECT custody.content, destination, state, bar, leased, sentSha256 IS NOT NULL AS wasListed,
       ${NESTS_TOO_DEEP} AS nestsTooDeep, shown, hidden, SOPInstanceUID
     FROM instance JOIN content ON content.instance = instance.id JOIN custody ON custody.content = content.id
     WHERE instance.id = +?`,
  )
  const restate = db.prepare(
    `UPDATE custody SET state = @state, bar = @bar, turn = @turn, nextAt = 0, at = @at, reason = @reason
     WHERE content = +@content AND destination = +@destination`,
  )
  const own = db.prepare(
    `UPDATE custody SET pulled = 0, turn = iif(state = ${CODE.gone}, 1, turn), nextAt = 0,
       state = iif(state = ${CODE.gone}, ${CODE.queued}, state) WHERE content = +? AND pulled = 1`,
  )
  const cameBack = db.prepare(
    `UPDATE custody SET state = ${CODE.queued}, turn = 1, nextAt = 0, attempts = 0, reason = '', proof = 0
     WHERE content = +? AND state = ${CODE.lost}`,
  )
  let active: ActiveDestination[] = []
  let isEmpty = true

  function reload(): void {
    active = load.all().map(row => ({ ...row, rules: JSON.parse(row.rules) as SendRule[] }))
    isEmpty = everAny.get() === 0
  }
  reload()

  function add(row: NewCustody, { state, bar }: { state: keyof typeof CODE; bar: Bar }): void {
    const turn = state === 'queued' || state === 'unsure' ? 1 : null
    insert.run({ ...row, state: CODE[state], bar, turn, reason: BARRED[bar], at: row.received, proof: 0, pulled: 0 })
  }

  /** What was read from a destination is there; it is looked for again in a week, not at once. */
  function addPulled(row: NewCustody, proof: Proof): void {
    const at = row.received + NOT_LOOKED_FOR_MS
    insert.run({
      ...row,
      state: CODE.confirmed,
      bar: BAR.none,
      turn: null,
      reason: '',
      at,
      proof: PROOF[proof],
      pulled: 1,
    })
  }

  return {
    reload,
    active: (): readonly ActiveDestination[] => active,
    add,
    isWithheld: (SOPInstanceUID: string): boolean => isWithheld.get(SOPInstanceUID) === 1,

    /**
     * The rows of a content whose own row has just been made. `isLive`: it came from a door; what comes back from the log or the
     * disk while the index is made again may have been sent before, so it is looked for first.
     */
    addArrived(
      object: PlacedObject,
      place: { series: number; isShown: boolean; hidden: boolean; isLive: boolean; PatientID: string | null },
    ): void {
      if (active.length === 0) return
      const { header, origin, received } = object
      const facts: RoutedFacts = {
        Modality: header.Modality,
        sendingAET: origin.sendingAET,
        receivingAET: origin.receivingAET,
        StudyDescription: header.StudyDescription,
        SeriesDescription: header.SeriesDescription,
        StationName: header.StationName,
        received,
        synthetic: header.synthetic,
      }
      const standing = standingOf({
        isShown: place.isShown,
        isWithheld: place.hidden && isWithheld.get(header.SOPInstanceUID) === 1,
        nestsTooDeep: header.flags.includes('deep-nesting'),
        otherIsThere: false,
      })
      const isDoubted = object.adopted !== undefined || (!place.isLive && isRepairing.get() === 1)
      const state = isDoubted && standing.state !== 'dead' ? 'unsure' : standing.state
      for (const destination of active) {
        const isFromThere = origin.archive === destination.name
        const { urgency } = routeOf(destination, facts)
        if (urgency === null && !isFromThere) continue
        const row = {
          content: object.contentId,
          destination: destination.id,
          series: place.series,
          rank: rankOf(urgency ?? 'normal', { StudyDate: header.StudyDate, received }),
          bytes: object.length,
          received,
          PatientID: place.PatientID,
        }
        if (isFromThere) addPulled(row, origin.proof ?? 'equal')
        else add(row, { state, bar: standing.bar })
      }
    },

    /** What an archive gave us was sent here by somebody else, too: from now on it has to be there as anything else. */
    sentToUs(content: number, instance: number): void {
      // It may be deleted here, or another version of it shown.
      if (!isEmpty && own.run(content).changes > 0) this.refresh(instance)
    },

    /** What had been lost where it was is here again: it goes there. */
    cameBack(content: number, instance: number): void {
      if (!isEmpty && cameBack.run(content).changes > 0) this.refresh(instance)
    },

    /** After one of its contents is shown instead of another, the instance is hidden or not any more, or a row was settled. */
    refresh(instance: number): void {
      if (isEmpty) return
      const rows = ofInstance.all(instance)
      const first = rows[0]
      if (!first) return
      const withheld = first.hidden > 0 && isWithheld.get(first.SOPInstanceUID) === 1
      const known = rows.map(row => ({ ...row, ...factsOf(row) }))
      for (const row of known) {
        const others = known.filter(other => other.destination === row.destination && other !== row)
        const standing: Standing = standingOf({
          isShown: row.shown === row.content,
          isWithheld: withheld,
          nestsTooDeep: row.nestsTooDeep === 1,
          otherIsThere: others.some(mayBeThere),
        })
        const now = restated(row, standing)
        if (!now) continue
        const { content, destination } = row
        const turn = now.state === 'queued' ? 1 : null
        const reason = BARRED[now.bar]
        restate.run({ content, destination, state: CODE[now.state], bar: now.bar, turn, at: Date.now(), reason })
      }
    },
  }
}

export type CustodyRows = ReturnType<typeof createCustodyRows>

function factsOf(row: Pick<InstanceRow, 'state' | 'bar' | 'leased' | 'wasListed'>): CustodyFacts {
  const state = STATES[row.state] ?? 'dead'
  return { state, bar: row.bar ?? BAR.none, leased: row.leased === 1, wasListed: row.wasListed === 1 }
}
