import type { LucideIcon } from 'lucide-react'
import { inLanguage } from '../i18n/index.ts'
import { type ActionGroup, type ActionId, actionRow, useKeys } from '../keys/index.ts'

/** One thing a reader can do: the same name and key in the menu, the tooltips, the palette and the key sheet. */
export interface Action {
  id: string
  name: string
  /** Those that hold now, as `keyOf` spells them; the first is the one that is shown. */
  keys: readonly string[]
  group: ActionGroup
  icon?: LucideIcon
  run: () => void
  /** For what is on or off. */
  pressed?: boolean
}

/** A row of the table of actions with what it does; `name` where it depends on what is shown. */
export function act(id: ActionId, does: Pick<Action, 'run' | 'icon' | 'pressed'> & { name?: string }): Action {
  const { name, group } = actionRow(id)
  return { ...does, id, name: inLanguage(does.name ?? name), group, keys: useKeys.getState().keymap.get(id) ?? [] }
}
