import { BookmarkPlus } from 'lucide-react'
import { useState } from 'react'
import { inLanguage, t } from '../i18n/index.ts'
import { type Keymap, keyWords, shownKey, useKeys } from '../keys/index.ts'
import { formatDate, IconButton, Menu, type MenuEntry } from '../ui/index.ts'
import { describeFilter, isEverything } from './filters.ts'
import { LIST_IDS, NAMING_NEW, useNaming } from './listActions.ts'
import { usePreferences } from './preferences.ts'
import {
  allLists,
  BUILT_INS,
  chooseList,
  chosenList,
  deleteList,
  renameList,
  saveList,
  useCounts,
} from './savedLists.ts'

/** The lists that are read from, each with what is in it now; the first nine have keys. */
export function ListBar() {
  const { lists: own, filter } = usePreferences()
  const counts = useCounts(state => state.lists)
  const lists = allLists(own)
  const chosen = chosenList(own, filter)
  const [menu, setMenu] = useState<{ x: number; y: number; index: number }>()
  const naming = useNaming(state => state.naming)
  const setNaming = (naming: number | undefined) => useNaming.setState({ naming })
  const keymap = useKeys(keys => keys.keymap)

  const entries = (index: number): MenuEntry[] => [
    { name: 'Show', shortcut: listKey(keymap, index), run: () => chooseList(lists[index]!) },
    { name: 'Rename', shortcut: shownKey('list-rename'), disabled: index < BUILT_INS, run: () => setNaming(index) },
    {
      name: 'Delete',
      shortcut: shownKey('list-delete'),
      disabled: index < BUILT_INS,
      run: () => deleteList(index - BUILT_INS),
    },
  ]
  return (
    <nav className="list-bar" aria-label={t('Lists')}>
      {lists.map((list, index) =>
        naming === index ? (
          <NameField
            key={list.name}
            initial={list.name}
            onName={name => renameList(index - BUILT_INS, name)}
            onClose={() => setNaming(undefined)}
          />
        ) : (
          <button
            type="button"
            key={list.name}
            className="chip"
            aria-pressed={index === chosen}
            title={describeList(list.name, index, listKey(keymap, index))}
            onClick={() => chooseList(list)}
            onDoubleClick={() => index >= BUILT_INS && setNaming(index)}
            onContextMenu={event => {
              event.preventDefault()
              const { left, bottom } = event.currentTarget.getBoundingClientRect()
              setMenu({ x: left, y: bottom, index })
            }}
          >
            {inLanguage(list.name)}
            <ListCount
              count={counts[index]}
              unreadOnly={!list.filter.statuses.includes('read') && list.filter.statuses.length > 0}
            />
          </button>
        ),
      )}
      {naming === NAMING_NEW ? (
        <NameField
          initial={describeFilter(filter, formatDate)}
          onName={saveList}
          onClose={() => setNaming(undefined)}
        />
      ) : (
        chosen === -1 &&
        !isEverything(filter) && (
          <IconButton
            icon={BookmarkPlus}
            name="Save list"
            shortcut={shownKey('list-save')}
            onClick={() => setNaming(NAMING_NEW)}
          >
            {t('Save list')}
          </IconButton>
        )
      )}
      {menu !== undefined && (
        <Menu at={menu} label="List" entries={entries(menu.index)} onClose={() => setMenu(undefined)} />
      )}
    </nav>
  )
}

/** The key of the list at a place; undefined: it has none. */
function listKey(keymap: Keymap, index: number): string | undefined {
  const id = LIST_IDS[index]
  const key = id && keymap.get(id)?.[0]
  return key && keyWords(key)
}

function describeList(name: string, index: number, key: string | undefined): string {
  const show = t('Show “{{name}}”', { name: inLanguage(name) })
  const more = index < BUILT_INS ? '' : `\n${t('Right click to rename or delete')}`
  return `${show}${key === undefined ? '' : ` (${key})`}${more}`
}

/** "120 · 14 unread"; the unread alone where nothing else is in the list. */
function ListCount({
  count,
  unreadOnly,
}: {
  count: { total: number; unread: number } | undefined
  unreadOnly: boolean
}) {
  if (count === undefined) return null
  return (
    <span className="quiet">
      {count.total.toLocaleString()}
      {!unreadOnly && count.unread > 0 && ` · ${t('{{unread}} unread', { unread: count.unread })}`}
    </span>
  )
}

function NameField(props: { initial: string; onName: (name: string) => boolean; onClose: () => void }) {
  const { initial, onName, onClose } = props
  const [name, setName] = useState(initial)
  const [refused, setRefused] = useState(false)
  return (
    <input
      className="list-name"
      aria-label={t('Name of the list')}
      title={
        refused ? t('Another list has this name, or there is no place for more') : t('Enter keeps it, Esc does not')
      }
      aria-invalid={refused}
      // biome-ignore lint/a11y/noAutofocus: it was just asked for.
      autoFocus
      maxLength={60}
      value={name}
      onFocus={event => event.target.select()}
      onChange={event => {
        setName(event.target.value)
        setRefused(false)
      }}
      onBlur={onClose}
      onKeyDown={event => {
        event.stopPropagation()
        if (event.key === 'Escape') onClose()
        if (event.key !== 'Enter') return
        if (name.trim() !== '' && onName(name.trim())) onClose()
        else setRefused(true)
      }}
    />
  )
}
