import { FolderInput, Network, Search, Settings2, Trash2, X } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import type { StationStatus, StudySummary } from '../../shared/contract.ts'
import { openBin, SamePatientButton } from '../bin/index.ts'
import { t } from '../i18n/index.ts'
import {
  ACTIONS,
  actionOf,
  actionRow,
  type EverywhereId,
  isOfField,
  keyOf,
  type ListActionId,
  shownKey,
  useKeys,
  useTitle,
} from '../keys/index.ts'
import { findElsewhere } from '../network/index.ts'
import { IconButton, Menu, type MenuEntry, setTextSize, TEXT_SIZES, useTextSize } from '../ui/index.ts'
import { EmptyState } from './EmptyState.tsx'
import { FilterBar } from './FilterBar.tsx'
import { isEverything } from './filters.ts'
import { ListBar } from './ListBar.tsx'
import { runListAction, setRoom } from './listActions.ts'
import { usePreferences } from './preferences.ts'
import { SeriesPanel } from './SeriesPanel.tsx'
import { columnEntries } from './StudyHead.tsx'
import { StudyTable } from './StudyTable.tsx'
import { followCounts } from './savedLists.ts'
import { freshRow, rowOf } from './studyRows.ts'
import { nameUser } from './users.ts'
import { followStation, reload, setFilter, setSearch, useWorklist } from './worklistStore.ts'

/** What is heard wherever the focus is; the table and the search field have Enter and Esc for themselves. */
const HEARD = ACTIONS.filter(row => row.room === 'worklist' && !row.fixed).map(row => row.id as ListActionId)

export function Worklist(props: {
  visible: boolean
  status: StationStatus | undefined
  onOpen: (study: StudySummary, startTime: number) => void
  onPreload: (StudyInstanceUID: string) => void
  onEverywhere: (id: EverywhereId) => void
  onSamples: () => void
}) {
  const { visible, status, onOpen, onPreload, onEverywhere, onSamples } = props
  const { length, cursor, state } = useWorklist()
  // All of them: the menu of columns shows which are on.
  const { filter } = usePreferences()
  const percent = useTextSize(size => size.percent)
  const field = useRef<HTMLInputElement>(null)
  const room = useRef<HTMLElement>(null)
  const [menu, setMenu] = useState<{ x: number; y: number }>()
  const searchTitle = useTitle('Search by name, ID, accession number or description', 'list-search')
  // Tooltips and menus name the keys that hold.
  useKeys()
  const openView = useCallback(() => {
    const { right = 0, bottom = 0 } = room.current?.querySelector('.worklist-head')?.getBoundingClientRect() ?? {}
    setMenu({ x: right, y: bottom })
  }, [])

  useEffect(followStation, [])
  useEffect(() => nameUser(status?.user), [status?.user])
  useEffect(followCounts, [])
  useEffect(() => {
    if (!visible) return
    focusGrid(room.current)
    const listen = (event: KeyboardEvent) => {
      const key = keyOf(event)
      if (event.defaultPrevented || isOfField(event.target, key)) return
      const id = actionOf(key, HEARD)
      // A letter on the table may begin a name: the table hears it.
      if (id === undefined || (id === 'row-toggle-read' && /^[A-Z]$/.test(key))) return
      event.preventDefault()
      runListAction(id)
    }
    setRoom({
      search: () => {
        field.current?.focus()
        field.current?.select()
      },
      openView,
    })
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [visible, openView])

  /** Enter in the box: a single hit (a barcode's, mostly) is opened, otherwise the list has the keys. */
  const search = async (startTime: number) => {
    focusGrid(room.current)
    if (filter.search.trim() === '' || !(await reload())) return
    const { order, total } = useWorklist.getState()
    const id = order.at(0)
    if (total !== 1 || id === undefined) return
    const study = rowOf(id) ?? (await freshRow(id).catch(() => undefined))
    if (study) onOpen(study, startTime)
  }
  const onType = (before: string) => {
    // Drawn before the key is written behind it.
    flushSync(() => setSearch(before))
    field.current?.focus()
  }

  const empty = state === 'ready' && length === 0 && isEverything(filter)
  return (
    <main
      className="worklist"
      data-visible={visible ? '' : undefined}
      inert={!visible}
      aria-label={t('Worklist')}
      ref={room}
    >
      <header className="worklist-head">
        <label className="search" title={searchTitle}>
          <Search aria-hidden />
          <input
            ref={field}
            placeholder={t('Name, ID or accession')}
            aria-label={t('Search studies')}
            value={filter.search}
            maxLength={200}
            spellCheck={false}
            onChange={event => setSearch(event.target.value)}
            onKeyDown={event => {
              if (event.nativeEvent.isComposing) return
              if (event.key === 'Escape') setFilter({ search: '' })
              if (event.key === 'Enter') void search(event.timeStamp)
              else if (event.key === 'ArrowDown' || event.key === 'Escape') focusGrid(room.current)
              else return
              event.preventDefault()
            }}
          />
          {filter.search !== '' && (
            <IconButton icon={X} name="Clear search" shortcut="Esc" onClick={() => setFilter({ search: '' })} />
          )}
        </label>
        <ListBar />
        <IconButton icon={Trash2} name="Deleted" shortcut={shownKey('list-deleted')} onClick={openBin} />
        <SamePatientButton />
        <IconButton icon={Settings2} name="Columns and text size" shortcut={shownKey('list-view')} onClick={openView} />
        <IconButton
          icon={Network}
          name="Find on another archive"
          shortcut={shownKey('list-elsewhere')}
          onClick={() => findElsewhere(filter.search)}
        />
        <IconButton
          icon={FolderInput}
          name="Import"
          shortcut={shownKey('import')}
          onClick={() => onEverywhere('import')}
        >
          {t('Import…')}
        </IconButton>
        {menu !== undefined && (
          <Menu
            at={menu}
            label="View"
            entries={viewEntries(percent, onEverywhere)}
            onClose={() => setMenu(undefined)}
          />
        )}
      </header>
      {!empty && <FilterBar />}
      {empty ? (
        <EmptyState status={status} onImport={() => onEverywhere('import')} onSamples={onSamples} />
      ) : (
        <>
          <StudyTable onOpen={onOpen} onType={onType} />
          <SeriesPanel id={cursor} onPreload={onPreload} onOpen={onOpen} />
        </>
      )}
    </main>
  )
}

function focusGrid(room: HTMLElement | null): void {
  room?.querySelector<HTMLElement>('[role=grid]')?.focus({ preventScroll: true })
}

function viewEntries(percent: number, onEverywhere: (id: EverywhereId) => void): MenuEntry[] {
  const sizes = TEXT_SIZES.map(size => ({
    name: t('Text {{size}} %', { size }),
    checked: size === percent,
    shortcut: size === percent ? undefined : shownKey(size > percent ? 'text-larger' : 'text-smaller'),
    run: () => setTextSize(size),
  }))
  const elsewhere = (['settings', 'keys', 'test-picture', 'self-test'] as const).map((id, index) => ({
    name: actionRow(id).name,
    shortcut: shownKey(id),
    separated: index === 0,
    run: () => onEverywhere(id),
  }))
  return [...sizes, ...elsewhere, ...columnEntries().map((entry, index) => ({ ...entry, separated: index === 0 }))]
}
