import type { StudySummary } from '../shared/contract.ts'
import { inAllLanguages, inLanguage, t } from './i18n/index.ts'
import { ACTIONS, type ActionRow, type EverywhereId, type PaletteItem, useKeys } from './keys/index.ts'
import { SETTINGS_PAGES, type SettingsPage } from './settings/index.ts'
import { listItems } from './worklist/index.ts'

/** What of the viewer can be done now, as it is called now. */
type ViewerAction = Omit<PaletteItem, 'known' | 'disabled'>

interface Doing {
  onEverywhere: (id: EverywhereId) => void
  onPage: (page: SettingsPage) => void
  onOpen: (study: StudySummary) => void
  onWorklist: () => void
}

function itemOf(row: ActionRow, does: Pick<PaletteItem, 'run' | 'disabled'>): PaletteItem {
  const { id, name, group } = row
  const keys = useKeys.getState().keymap.get(id) ?? []
  return { id, name: inLanguage(name), known: inAllLanguages(name), group, keys, ...does }
}

/**
 * Everything that has a name: what can be done in this room first, then the settings' pages and the lists; what belongs to the other
 * room is found, too, and says where it is. `viewer`: its actions while it is the room.
 */
export function paletteItems(viewer: readonly ViewerAction[] | undefined, doing: Doing): PaletteItem[] {
  const { onEverywhere, onPage, onOpen, onWorklist } = doing
  const rows = new Map<string, ActionRow>(ACTIONS.map(row => [row.id, row]))
  const everywhere = ACTIONS.filter(row => row.room === 'everywhere' && row.id !== 'palette')
  const pages = SETTINGS_PAGES.map((page): PaletteItem => {
    const names = inAllLanguages(page)
    return {
      id: `settings:${page}`,
      name: t('Settings: {{page}}', { page: t(page) }),
      known: [...names, ...inAllLanguages('Settings')],
      group: 'Everywhere',
      run: () => onPage(page),
    }
  })
  const lists = listItems(viewer === undefined ? undefined : t('In the worklist'), onOpen, onWorklist)
  const ofViewer =
    viewer
      ?.filter(({ group }) => group !== 'Everywhere')
      .map(action => ({
        ...action,
        known: inAllLanguages(rows.get(action.id)?.name ?? action.name),
      })) ??
    ACTIONS.filter(row => row.room === 'viewer').map(row =>
      itemOf(row, { disabled: t('Open a study first'), run: () => {} }),
    )
  return [
    ...ofViewer,
    ...everywhere.map(row => itemOf(row, { run: () => onEverywhere(row.id as EverywhereId) })),
    ...pages,
    ...lists,
  ]
}
