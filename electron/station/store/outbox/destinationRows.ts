import type { Database } from 'better-sqlite3'
import { RANK, type RoutedFacts, routeOf, type SendRule } from '../../../../shared/sync.ts'
import { type CustodyRows, IS_ENTANGLED, NESTS_TOO_DEEP } from './custodyRows.ts'
import { BAR, backfillRank, CODE, standingOf } from './standing.ts'

interface DestinationRow {
  id: number
  position: number | null
  rules: string
  lookedTo: number
  lookTo: number
}

type ContentRow = Omit<RoutedFacts, 'synthetic'> & {
  content: number
  instance: number
  series: number
  SOPInstanceUID: string
  bytes: number
  synthetic: 0 | 1
  nestsTooDeep: 0 | 1
  isEntangled: 0 | 1
  shown: number
  hidden: number
}

/** Which destinations there are, and what of the contents that were here before them goes there. */
export function createDestinationRows(db: Database, custody: CustodyRows) {
  const byName = db.prepare<[string], DestinationRow>(
    'SELECT id, position, rules, lookedTo, lookTo FROM destination WHERE name = +?',
  )
  const named = db.prepare<[], { name: string }>('SELECT name FROM destination WHERE position IS NOT NULL')
  const newest = db.prepare<[], number>('SELECT coalesce(max(id), 0) FROM content').pluck()
  const add = db.prepare(
    'INSERT INTO destination (name, position, rules, lookedTo, lookTo) VALUES (@name, @position, @rules, 0, @lookTo)',
  )
  const set = db.prepare(
    'UPDATE destination SET position = @position, rules = @rules, lookedTo = @lookedTo, lookTo = @lookTo WHERE id = +@id',
  )
  const leave = db.prepare(
    `UPDATE destination SET position = NULL, lookedTo = iif(lookedTo >= lookTo, @newest, lookedTo) WHERE name = +@name`,
  )
  const looking = db.prepare<[], DestinationRow>(
    `SELECT id, position, rules, lookedTo, lookTo FROM destination WHERE position IS NOT NULL AND lookedTo < lookTo
     ORDER BY position LIMIT 1`,
  )
  const setLookedTo = db.prepare('UPDATE destination SET lookedTo = ? WHERE id = +?')
  const contents = db.prepare<[number, number, number], ContentRow>(
    `SELECT content.id AS content, instance.id AS instance, series.id AS series, SOPInstanceUID, content.length AS bytes,
       content.received, content.sendingAET, content.receivingAET, content.synthetic, ${NESTS_TOO_DEEP} AS nestsTooDeep,
       ${IS_ENTANGLED} AS isEntangled, shown, instance.hidden, Modality, SeriesDescription, StationName, StudyDescription
     FROM content CROSS JOIN instance ON instance.id = content.instance CROSS JOIN series ON series.id = instance.series
     CROSS JOIN study ON study.id = series.study WHERE content.id > +? AND content.id <= +? ORDER BY content.id LIMIT ?`,
  )
  const rowOf = db.prepare<[number, number], { untouched: 0 | 1; rank: number }>(
    `SELECT (state IN (0, 5) AND leased = 0 OR state = 4 AND bar > 0) AND sentSha256 IS NULL AS untouched, rank
     FROM custody WHERE content = +? AND destination = +?`,
  )
  const remove = db.prepare('DELETE FROM custody WHERE content = +? AND destination = +?')
  const setRank = db.prepare('UPDATE custody SET rank = ? WHERE content = +? AND destination = +?')
  const state = db.prepare<[string], number>('SELECT value FROM state WHERE key = +?').pluck()
  const setDoubtTo = db.prepare(`UPDATE state SET value = ? WHERE key = 'doubtTo'`)
  const doubt = db.prepare('UPDATE custody SET state = ?, turn = 1, nextAt = 0, leased = 0 WHERE state = 0')
  const lookAgain = db.prepare('UPDATE destination SET lookedTo = 0 WHERE position IS NULL')

  /** Brings a content's row at a destination to what its rules say now; what has been sent, or may have been, stays. */
  function holdAgainst(destination: number, rules: SendRule[], content: ContentRow, doubtTo: number): void {
    const { urgency } = routeOf({ rules }, { ...content, synthetic: content.synthetic === 1 })
    const known = rowOf.get(content.content, destination)
    if (urgency === null) {
      if (known?.untouched === 1) remove.run(content.content, destination)
      return
    }
    const rank = backfillRank(urgency)
    if (known) {
      if ((known.rank === RANK.offPeak) !== (rank === RANK.offPeak)) setRank.run(rank, content.content, destination)
      return
    }
    const isShown = content.shown === content.content
    const isWithheld = content.hidden > 0 && custody.isWithheld(content.SOPInstanceUID)
    const nestsTooDeep = content.nestsTooDeep === 1
    const standing = standingOf({ isShown, isWithheld, nestsTooDeep, otherIsThere: false })
    const isDoubted = content.content <= doubtTo && standing.bar === BAR.none
    const { series, bytes, received } = content
    const row = { content: content.content, destination, series, rank, bytes, received, PatientID: null }
    custody.add(row, isDoubted ? { state: 'unsure', bar: BAR.none } : standing)
    // A version that was sent before the rules changed keeps the one that is shown from following it.
    if (content.isEntangled === 1) custody.refresh(content.instance)
  }

  return {
    /** One that is new, or whose rules are, has all that is here held against them, by `look`. */
    set: db.transaction((destinations: Array<{ name: string; rules: SendRule[] }>): void => {
      const lookTo = newest.get() ?? 0
      for (const { name } of named.all()) {
        if (!destinations.some(one => one.name === name)) leave.run({ name, newest: lookTo })
      }
      for (const [position, { name, rules: given }] of destinations.entries()) {
        const rules = JSON.stringify(given)
        const known = byName.get(name)
        if (!known) add.run({ name, position, rules, lookTo })
        else if (known.rules !== rules) set.run({ id: known.id, position, rules, lookedTo: 0, lookTo })
        else {
          const wasAway = known.position === null
          set.run({ ...known, position, lookTo: wasAway ? lookTo : known.lookTo })
        }
      }
      custody.reload()
    }).immediate,

    /** The next `most` contents of what is still to be looked at. False: all of it is. */
    look: db.transaction((most: number): boolean => {
      const destination = looking.get()
      if (!destination) return false
      const { id, lookedTo, lookTo } = destination
      const rules = JSON.parse(destination.rules) as SendRule[]
      const doubtTo = state.get('repairing') === 1 ? Number.MAX_SAFE_INTEGER : (state.get('doubtTo') ?? 0)
      const found = contents.all(lookedTo, lookTo, most)
      for (const content of found) holdAgainst(id, rules, content, doubtTo)
      setLookedTo.run(found.length < most ? lookTo : (found.at(-1)?.content ?? lookTo), id)
      return true
    }).immediate,

    /** The index is an older one, or a new one: what it thinks was never sent may have been. */
    beginDoubt: db.transaction((): void => {
      doubt.run(CODE.unsure)
      lookAgain.run()
    }).immediate,

    /** All that was adopted may have been sent to a destination that this index does not know yet. */
    endDoubt(): void {
      if (state.get('repairing') === 1) setDoubtTo.run(newest.get() ?? 0)
    },
  }
}
