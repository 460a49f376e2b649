import type { StudySummary } from '../../shared/contract.ts'
import { inAllLanguages, inLanguage, t } from '../i18n/index.ts'
import { ACTIONS, type ListActionId, type PaletteItem, useKeys } from '../keys/index.ts'
import { LIST_IDS, runListAction } from './listActions.ts'
import { usePreferences } from './preferences.ts'
import { rowEntries } from './rowEntries.ts'
import { allLists, chooseList } from './savedLists.ts'
import { rowOf } from './studyRows.ts'
import { useWorklist } from './worklistStore.ts'

/**
 * What the worklist has for whoever looks for it by name: its lists, and what can be done in it. `away`: why the rest of it cannot be
 * done where the user is; undefined in the worklist itself. `onList`: a list was chosen.
 */
export function listItems(
  away: string | undefined,
  open: (study: StudySummary) => void,
  onList: () => void,
): PaletteItem[] {
  const { keymap } = useKeys.getState()
  const { cursor } = useWorklist.getState()
  const study = (cursor === undefined ? undefined : rowOf(cursor)) ?? undefined
  const entries = study === undefined ? [] : rowEntries(study, () => open(study))
  const lists = allLists(usePreferences.getState().lists).map((list, place): PaletteItem => {
    const id = LIST_IDS[place]
    return {
      id: `list:${list.name}`,
      name: t('List: {{name}}', { name: inLanguage(list.name) }),
      known: [list.name],
      group: 'Lists',
      keys: (id && keymap.get(id)) ?? [],
      run: () => {
        chooseList(list)
        onList()
      },
    }
  })
  const rows = ACTIONS.filter(row => row.room === 'worklist' && row.id !== 'list-search-clear')
  const actions = rows.flatMap((row): PaletteItem[] => {
    const id = row.id as ListActionId
    if (LIST_IDS.includes(id)) return []
    const entry = entries.find(one => one.id === id)
    const ofStudy = row.group === 'Studies'
    const reason = ofStudy && study === undefined ? t('Choose a study first') : undefined
    const refused = entry?.disabled ? t('Not for this study') : undefined
    return [
      {
        id,
        name: inLanguage(entry?.name ?? row.name),
        known: [...inAllLanguages(row.name), ...inAllLanguages(entry?.name ?? row.name)],
        group: row.group,
        keys: keymap.get(id) ?? [],
        disabled: away ?? reason ?? refused,
        run: () => runListAction(id, open),
      },
    ]
  })
  return [...lists, ...actions]
}
