import type { StudySummary } from '../../shared/contract.ts'
import { msg } from '../i18n/index.ts'
import type { ListActionId } from '../keys/index.ts'
import type { MenuEntry } from '../ui/index.ts'
import { rowEntries } from './rowEntries.ts'

/** What stands behind one entry, where the first of it stood. */
const BEHIND: ReadonlyArray<{ name: string; ids: readonly ListActionId[] }> = [
  { name: msg('Priority'), ids: ['row-stat', 'row-urgent', 'row-routine'] },
  { name: msg('Copy'), ids: ['row-copy-id', 'row-copy-accession', 'row-copy-uid'] },
]

/** The menu of a study: what is done most on top, the rest in lists of its own. */
export function rowMenu(study: StudySummary, open: () => void): MenuEntry[] {
  const entries = rowEntries(study, open)
  return entries.flatMap((entry): MenuEntry[] => {
    const of = BEHIND.find(({ ids }) => ids.includes(entry.id))
    if (of === undefined) return [entry]
    if (of.ids[0] !== entry.id) return []
    const within = entries.filter(one => of.ids.includes(one.id)).map(one => ({ ...one, separated: false }))
    const { separated = false } = entry
    return [{ name: of.name, separated, entries: within, run: () => {} }]
  })
}
