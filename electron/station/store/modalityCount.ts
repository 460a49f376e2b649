import type { Database } from 'better-sqlite3'
import type { StudyFilter } from './index.ts'
import { isSeen } from './visibility.ts'

/** What a department's studies have; of more combinations each is not counted by itself. */
const MOST_LISTS = 256

/**
 * Counts the studies that have one of a filter's modalities; undefined where the filter asks for more than those, or there are too many
 * combinations. Of a million each combination is counted in an index that is ordered by them, instead of looking into the list of every
 * study: 13 ms of CPU for 69 where a quarter are found.
 */
export function createModalityCount(db: Database): (filter: StudyFilter) => number | undefined {
  const from = `FROM study INDEXED BY studySortModalities WHERE ${isSeen('study')} AND pinned = ? AND ModalitiesInStudy`
  const nextList = db
    .prepare<[number, string], string>(`SELECT ModalitiesInStudy ${from} > ? ORDER BY ModalitiesInStudy LIMIT 1`)
    .pluck()
  const having = db.prepare<[number, string], number>(`SELECT count(*) ${from} = ?`).pluck()

  function listsOf(pinned: number): string[] {
    const lists: string[] = []
    for (let last: string | undefined = ''; last !== undefined && lists.length <= MOST_LISTS; ) {
      last = nextList.get(pinned, last)
      if (last !== undefined) lists.push(last)
    }
    return lists
  }

  return ({ modalities, from, to, receivedSince, statuses, priorities }) => {
    const others = from !== '' || to !== '' || receivedSince !== undefined || statuses.length + priorities.length > 0
    if (others || modalities.length === 0) return undefined
    const wanted = modalities.map(modality => JSON.stringify(modality))
    let count = 0
    for (const pinned of [0, 1]) {
      const lists = listsOf(pinned)
      if (lists.length > MOST_LISTS) return undefined
      for (const list of lists) {
        if (wanted.some(one => list.includes(one))) count += having.get(pinned, list) ?? 0
      }
    }
    return count
  }
}
