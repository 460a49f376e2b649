import { z } from 'zod'
import { msg, t } from '../i18n/index.ts'
import { ACTIONS, type ActionId, type ActionRow, actionRow, isActionId } from './actionTable.ts'
import { KEY_SET_NAMES, KEY_SETS } from './keySets.ts'

/** As `keyOf` spells them. */
const spelled = z.string().regex(/^(Ctrl\+)?(Alt\+)?(Shift\+)?([!-~]|[A-Z][A-Za-z0-9]{1,19})$/)
/** More nobody remembers for one action. */
export const MAX_KEYS = 4

/** What a user has chosen: a ready set, and what is different from it. Stored by whatever version: what cannot be read is as new. */
export const keyChoice = z.object({
  set: z.enum(KEY_SET_NAMES).catch('isocenter'),
  changes: z.record(z.string().max(60), z.array(spelled).max(MAX_KEYS)).catch({}),
})
export type KeyChoice = z.infer<typeof keyChoice>
export type Keymap = ReadonlyMap<ActionId, readonly string[]>

export const OWN_KEYS: KeyChoice = { set: 'isocenter', changes: {} }

/** Would one press mean both? */
function meet(one: ActionRow, other: ActionRow): boolean {
  return one.room === other.room || one.room === 'everywhere' || other.room === 'everywhere'
}

/**
 * The keys that hold: a user's changes before the set's keys before Isocenter's own. No press means two things, whatever was
 * stored: who comes later goes without.
 */
export function resolveKeys({ set, changes }: KeyChoice): Keymap {
  const taken = new Map<string, ActionRow[]>()
  const keymap = new Map<ActionId, readonly string[]>(ACTIONS.map(row => [row.id, []]))
  const give = (row: ActionRow, keys: readonly string[]) => {
    const free = keys.filter(key => !taken.get(key)?.some(other => meet(other, row)))
    keymap.set(row.id, free)
    for (const key of free) taken.set(key, [...(taken.get(key) ?? []), row])
  }
  const ofSet = KEY_SETS[set].keys
  const isChanged = ({ id, fixed }: ActionRow) => !fixed && changes[id] !== undefined
  for (const row of ACTIONS) if (row.fixed) give(row, row.keys)
  for (const row of ACTIONS) if (isChanged(row)) give(row, allowed(row, changes[row.id] ?? []))
  for (const row of ACTIONS) if (!row.fixed && !isChanged(row) && ofSet[row.id] !== undefined) give(row, ofSet[row.id]!)
  for (const row of ACTIONS) if (!row.fixed && !isChanged(row) && ofSet[row.id] === undefined) give(row, row.keys)
  return keymap
}

function allowed(row: ActionRow, keys: readonly string[]): string[] {
  return [...new Set(keys)].filter(key => refusal(row.id, key) === undefined)
}

/** The window's own, or out of a page's reach. */
const OF_THE_WINDOW = new Set([
  ...['Ctrl+W', 'Ctrl+T', 'Ctrl+N', 'Ctrl+Q', 'Ctrl+Shift+W', 'Ctrl+Shift+T', 'Ctrl+Shift+N', 'Ctrl+Tab'],
  ...['Ctrl+Shift+Tab', 'Alt+F4', 'F11', 'F12'],
])
const OF_THE_FOCUS: Record<string, string> = {
  'Escape': msg('cancels'),
  'Tab': msg('moves the focus'),
  'Shift+Tab': msg('moves the focus'),
  'Enter': msg('presses what has the focus'),
}
const OF_THE_LIST = /^(Shift\+)?(Arrow(Up|Down|Left|Right)|Page(Up|Down)|Home|End|Space|Backspace)$/

/** Why an action can't have a key, in words; undefined: it can. */
export function refusal(id: ActionId, key: string): string | undefined {
  if (!spelled.safeParse(key).success) return msg('This key cannot be kept.')
  const done = OF_THE_FOCUS[key]
  if (done !== undefined) return t('It {{does}}, everywhere.', { does: t(done) })
  if (OF_THE_WINDOW.has(key)) return msg('It belongs to the window.')
  if (actionRow(id).room === 'viewer') return undefined
  if (OF_THE_LIST.test(key)) return msg('It moves in lists and fields.')
  const typed = /^(Shift\+)?[A-Z0-9]$/.test(key)
  return typed && id !== 'row-toggle-read' ? msg('Letters and digits search the worklist.') : undefined
}

/** Who has a key that `id` would like to have: one, or one in each room for what is heard everywhere. */
export function holdersOf(keymap: Keymap, id: ActionId, key: string): ActionId[] {
  const wanting = actionRow(id)
  const held = ACTIONS.filter(row => row.id !== id && meet(row, wanting) && keymap.get(row.id)?.includes(key))
  return held.map(row => row.id)
}

/**
 * Gives `id` a key at a place of its keys (their number: one more). Whoever has it now gets what stood at that place, if
 * anything and if it may: a swap.
 */
export function giveKey(choice: KeyChoice, id: ActionId, at: number, key: string): KeyChoice {
  const keymap = resolveKeys(choice)
  const before = keymap.get(id) ?? []
  const old = before[at]
  const own = [...before]
  own[Math.min(at, own.length)] = key
  let next = withKeys(choice, id, [...new Set(own)])
  for (const holder of holdersOf(keymap, id, key)) {
    const mayGoBack = old !== undefined && old !== key && refusal(holder, old) === undefined
    const back = mayGoBack && holdersOf(resolveKeys(next), holder, old).length === 0 ? [old] : []
    next = withKeys(
      next,
      holder,
      (keymap.get(holder) ?? []).flatMap(one => (one === key ? back : [one])),
    )
  }
  return next
}

/** Takes the key at a place away. */
export function dropKey(choice: KeyChoice, id: ActionId, at: number): KeyChoice {
  return withKeys(choice, id, (resolveKeys(choice).get(id) ?? []).toSpliced(at, 1))
}

function withKeys(choice: KeyChoice, id: ActionId, keys: readonly string[]): KeyChoice {
  const { [id]: _before, ...others } = choice.changes
  const ofSet = resolveKeys({ ...choice, changes: {} }).get(id) ?? []
  const same = keys.length === ofSet.length && keys.every((key, index) => key === ofSet[index])
  return { ...choice, changes: same ? others : { ...others, [id]: keys.slice(0, MAX_KEYS) } }
}

/** The actions whose keys are not the chosen set's. */
export function changedActions({ changes }: KeyChoice): ActionId[] {
  return Object.keys(changes).filter(isActionId)
}

/** One action as its set has it, and with it whoever has one of its keys now. */
export function resetKeys(choice: KeyChoice, id: ActionId): KeyChoice {
  const ofSet = resolveKeys({ ...choice, changes: {} })
  const reset = new Set<ActionId>([id])
  // Growing while it is walked: who comes back may find somebody else at its place.
  for (const one of reset) {
    for (const key of ofSet.get(one) ?? []) {
      const holder = changedActions(choice).find(other => {
        return !reset.has(other) && meet(actionRow(other), actionRow(one)) && choice.changes[other]?.includes(key)
      })
      if (holder !== undefined) reset.add(holder)
    }
  }
  const changes = Object.entries(choice.changes).filter(([changed]) => !reset.has(changed as ActionId))
  return { ...choice, changes: Object.fromEntries(changes) }
}

const exported = z.object({
  isocenter: z.literal('keys'),
  version: z.literal(1),
  set: z.enum(KEY_SET_NAMES),
  changes: z.record(z.string().max(60), z.array(z.string().max(60)).max(20)),
})
/** Far above all actions with all their keys. */
const MAX_TEXT = 100_000

/** A choice as text that another workstation reads. */
export function exportKeys(choice: KeyChoice): string {
  return `${JSON.stringify({ isocenter: 'keys', version: 1, ...choice }, undefined, 2)}\n`
}

/**
 * Reads what `exportKeys` wrote, by whatever version's actions. `leftOut`: what is no action here, cannot be a key of it, or
 * is asked for twice. undefined: it is no such text.
 */
export function importKeys(text: string): { choice: KeyChoice; leftOut: string[] } | undefined {
  const read = text.length > MAX_TEXT ? undefined : exported.safeParse(jsonOf(text))
  if (read?.success !== true) return undefined
  const { set } = read.data
  const leftOut: string[] = []
  const changes: KeyChoice['changes'] = {}
  for (const [id, keys] of Object.entries(read.data.changes)) {
    if (!isActionId(id) || actionRow(id).fixed) leftOut.push(id)
    else changes[id] = allowed(actionRow(id), keys).slice(0, MAX_KEYS)
  }
  const keymap = resolveKeys({ set, changes })
  for (const [id, keys] of Object.entries(read.data.changes)) {
    if (!isActionId(id) || changes[id] === undefined) continue
    const held = keymap.get(id) ?? []
    for (const key of new Set(keys)) if (!held.includes(key)) leftOut.push(`${id}: ${key}`)
    changes[id] = [...held]
  }
  return { choice: { set, changes }, leftOut }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
