import { BookmarkPlus } from 'lucide-react'
import { useState } from 'react'
import { formatDate, IconButton, Menu, type MenuEntry } from '../ui/index.ts'
import { describeFilter, isEverything } from './filters.ts'
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

/** The lists that are read from, each with what is in it now. Alt+1 … Alt+9 choose them. */
export function ListBar() {
  const { lists: own, filter } = usePreferences()
  const counts = useCounts(state => state.lists)
  const lists = allLists(own)
  const chosen = chosenList(own, filter)
  const [menu, setMenu] = useState<{ x: number; y: number; index: number }>()
  /** Which list is being named: -1 the one to be saved. */
  const [naming, setNaming] = useState<number>()

  const entries = (index: number): MenuEntry[] => [
    { name: 'Show', ...(index < 9 ? { shortcut: `Alt+${index + 1}` } : {}), run: () => chooseList(lists[index]!) },
    { name: 'Rename', disabled: index < BUILT_INS, run: () => setNaming(index) },
    { name: 'Delete', disabled: index < BUILT_INS, run: () => deleteList(index - BUILT_INS) },
  ]
  return (
    <nav className="list-bar" aria-label="Lists">
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
            title={describeList(list.name, index)}
            onClick={() => chooseList(list)}
            onDoubleClick={() => index >= BUILT_INS && setNaming(index)}
            onContextMenu={event => {
              event.preventDefault()
              const { left, bottom } = event.currentTarget.getBoundingClientRect()
              setMenu({ x: left, y: bottom, index })
            }}
          >
            {list.name}
            <ListCount
              count={counts[index]}
              unreadOnly={!list.filter.statuses.includes('read') && list.filter.statuses.length > 0}
            />
          </button>
        ),
      )}
      {naming === -1 ? (
        <NameField
          initial={describeFilter(filter, formatDate)}
          onName={saveList}
          onClose={() => setNaming(undefined)}
        />
      ) : (
        chosen === -1 &&
        !isEverything(filter) && (
          <IconButton icon={BookmarkPlus} name="Save this list" onClick={() => setNaming(-1)}>
            Save list
          </IconButton>
        )
      )}
      {menu !== undefined && (
        <Menu at={menu} label="List" entries={entries(menu.index)} onClose={() => setMenu(undefined)} />
      )}
    </nav>
  )
}

function describeList(name: string, index: number): string {
  const key = index < 9 ? ` (Alt+${index + 1})` : ''
  return `Show “${name}”${key}${index < BUILT_INS ? '' : '\nRight click to rename or delete'}`
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
      {!unreadOnly && count.unread > 0 && ` · ${count.unread.toLocaleString()} unread`}
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
      aria-label="Name of the list"
      title={refused ? 'Another list has this name, or there is no place for more' : 'Enter keeps it, Esc does not'}
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
