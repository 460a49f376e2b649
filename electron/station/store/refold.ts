import type { Database } from 'better-sqlite3'
import { foldName, SEARCHED, studyTokens } from './searchTokens.ts'

/** How names and words are folded for the index; moved on by one whenever `foldForSearch` or `studyTokens` change. */
const FOLDING = 2
/** Studies a step, 5 to 15 ms: what is received meanwhile waits no longer than that. */
const STEP = 50

type Row = Record<(typeof SEARCHED)[number], string> & { id: number; hidden: number }

/**
 * Folds every study's name and search words anew when they were folded another way, in steps: each call of what is returned does
 * one and says whether there are more. How far it came is kept, so that a station that is stopped in the middle goes on there.
 */
export function createRefold(db: Database): () => boolean {
  const state = db.prepare<[string], { value: number }>('SELECT value FROM state WHERE key = ?')
  const setState = db.prepare('INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
  const next = db.prepare<[number], Row>(
    `SELECT id, hidden, ${SEARCHED.join(', ')} FROM study WHERE id > ? ORDER BY id LIMIT ${STEP}`,
  )
  const setName = db.prepare('UPDATE study SET foldedName = ? WHERE id = ? AND foldedName <> ?')
  const clear = db.prepare('DELETE FROM studyToken WHERE study = ?')
  const add = db.prepare('INSERT INTO studyToken (token, study) VALUES (?, ?)')

  if (state.get('folding')?.value !== FOLDING) {
    db.transaction(() => {
      setState.run('folding', FOLDING)
      setState.run('foldedTo', 0)
    })()
  }
  let done = state.get('foldedTo')?.value
  const step = db.transaction((from: number): number | undefined => {
    const rows = next.all(from)
    for (const row of rows) {
      const name = foldName(row.PatientName)
      setName.run(name, row.id, name)
      clear.run(row.id)
      if (row.hidden === 0) for (const token of studyTokens(row)) add.run(token, row.id)
    }
    const last = rows.at(-1)?.id
    if (last === undefined) db.exec(`DELETE FROM state WHERE key = 'foldedTo'`)
    else setState.run('foldedTo', last)
    return last
  })
  return () => {
    if (done !== undefined) done = step(done)
    return done !== undefined
  }
}
