import type { Database } from 'better-sqlite3'
import { afterPrefix, queryTokens } from './searchTokens.ts'
import type { Found } from './studyQuery.ts'

/**
 * Up to one study in so many, the index is entered by their numbers (2 µs each, twice); past that every row that is walked is asked
 * whether it was found (0.25 µs each, twice).
 */
const ONE_IN = 8

/** What a search left, and whether it left this one. */
export type Searched = Found & { studies: number; has: (id: number) => boolean }

/**
 * Finds the studies of a search: for each word a range of the token index, marked in a map of a byte a study (a word of one
 * letter is in half of all studies: SQLite's own intersection of such sets takes four times as long). The SQL function
 * `searched(id)` of this handle knows the result until the next search.
 */
export function createSearch(db: Database): (search: string) => Searched {
  const highest = db.prepare<[], { id: number | null }>('SELECT max(id) AS id FROM study')
  const withToken = db
    .prepare<[string, string], number>('SELECT study FROM studyToken WHERE token >= ? AND token < ?')
    .pluck()
  let marks = new Uint8Array()
  let words = 0
  const has = (id: number) => marks[id] === words
  db.function('searched', id => Number(has(Number(id))))

  return search => {
    const tokens = queryTokens(search)
    if (tokens.length === 0) return { kind: 'all', studies: 0, has: () => true }
    marks = new Uint8Array((highest.get()?.id ?? 0) + 1)
    words = tokens.length
    let left: number[] = []
    for (const [before, token] of tokens.entries()) {
      left = []
      for (const study of withToken.all(token, afterPrefix(token))) {
        if (marks[study] !== before) continue
        marks[study] = before + 1
        left.push(study)
      }
      if (left.length === 0) break
    }
    const studies = left.length
    if (studies * ONE_IN <= marks.length) return { kind: 'some', ids: JSON.stringify(left), studies, has }
    return { kind: 'many', studies, has }
  }
}
