import { inLanguage } from '../i18n/index.ts'
import { type ActionGroup, keyWords } from '../keys/index.ts'
import type { MenuEntry } from '../ui/index.ts'
import type { Action } from './action.ts'

/** What a hand goes to the menu for most: without a second list. Always at the same places; they stand in their groups, too. */
const FIRST = [
  'mark-length',
  'mark-ellipse',
  'key-image',
  'mark-delete',
  'fit',
  'invert',
  'one-up',
  'cine',
  'mark-list',
]

/** The group that is asked for most stands next to them. */
const NEAREST: ActionGroup = 'Window'

function entryOf({ name, keys, pressed, run }: Action): MenuEntry {
  const [key] = keys
  return {
    name,
    ...(key !== undefined && { shortcut: keyWords(key) }),
    ...(pressed !== undefined && { checked: pressed }),
    run,
  }
}

/** The context menu: the most used, then a list of its own for each group: the windows, and the others in the order the actions come in. */
export function menuEntries(actions: readonly Action[]): MenuEntry[] {
  const byId = new Map(actions.map(action => [action.id, action]))
  const first = FIRST.flatMap(id => byId.get(id) ?? []).map(entryOf)
  const groups = [...new Set(actions.map(action => action.group))]
  const behind = [NEAREST, ...groups.filter(group => group !== NEAREST)].map((group, index): MenuEntry => {
    const entries = actions.filter(action => action.group === group).map(entryOf)
    return { name: inLanguage(group), entries, separated: index === 0, run: () => {} }
  })
  return [...first, ...behind]
}
