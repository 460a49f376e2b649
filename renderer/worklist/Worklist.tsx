import { FolderInput, Search, Settings2, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import type { StationStatus, StudySummary } from '../../shared/contract.ts'
import { IconButton, Menu, type MenuEntry, setTextSize, stepTextSize, TEXT_SIZES, useTextSize } from '../ui/index.ts'
import { EmptyState } from './EmptyState.tsx'
import { FilterBar } from './FilterBar.tsx'
import { isEverything } from './filters.ts'
import { ListBar } from './ListBar.tsx'
import { usePreferences } from './preferences.ts'
import { SeriesPanel } from './SeriesPanel.tsx'
import { columnEntries } from './StudyHead.tsx'
import { StudyTable } from './StudyTable.tsx'
import { allLists, chooseList, followCounts } from './savedLists.ts'
import { freshRow, rowOf } from './studyRows.ts'
import { nameUser } from './users.ts'
import { followStation, reload, setFilter, setSearch, useWorklist } from './worklistStore.ts'

export function Worklist(props: {
  visible: boolean
  status: StationStatus | undefined
  onOpen: (study: StudySummary, startTime: number) => void
  onPreload: (StudyInstanceUID: string) => void
  onImport: () => void
  onSamples: () => void
}) {
  const { visible, status, onOpen, onPreload, onImport, onSamples } = props
  const { length, cursor, state } = useWorklist()
  // All of them: the menu of columns shows which are on.
  const { filter } = usePreferences()
  const percent = useTextSize(size => size.percent)
  const field = useRef<HTMLInputElement>(null)
  const room = useRef<HTMLElement>(null)
  const [menu, setMenu] = useState<{ x: number; y: number }>()

  useEffect(followStation, [])
  useEffect(() => nameUser(status?.user), [status?.user])
  useEffect(followCounts, [])
  useEffect(() => {
    if (!visible) return
    focusGrid(room.current)
    const listen = (event: KeyboardEvent) => {
      const writing = event.target instanceof HTMLInputElement
      if ((event.key === '/' && !writing) || (event.key === 'f' && (event.ctrlKey || event.metaKey))) {
        event.preventDefault()
        field.current?.focus()
        field.current?.select()
        return
      }
      const action = roomKey(event)
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [visible])

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
      aria-label="Worklist"
      ref={room}
    >
      <header className="worklist-head">
        <label className="search" title="Search by name, ID, accession number or description (/)">
          <Search aria-hidden />
          <input
            ref={field}
            placeholder="Name, ID or accession"
            aria-label="Search studies"
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
        <IconButton
          icon={Settings2}
          name="Columns and text size"
          onClick={() => {
            const { right = 0, bottom = 0 } =
              room.current?.querySelector('.worklist-head')?.getBoundingClientRect() ?? {}
            setMenu({ x: right, y: bottom })
          }}
        />
        <IconButton icon={FolderInput} name="Import" shortcut="Ctrl+I" onClick={onImport}>
          Import…
        </IconButton>
        {menu !== undefined && (
          <Menu at={menu} label="View" entries={viewEntries(percent)} onClose={() => setMenu(undefined)} />
        )}
      </header>
      {!empty && <FilterBar />}
      {empty ? (
        <EmptyState status={status} onImport={onImport} onSamples={onSamples} />
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

/** Alt+1 … Alt+9 the lists, Ctrl+Alt with + and − the text's size. */
function roomKey(event: KeyboardEvent): (() => void) | undefined {
  if (!event.altKey || event.metaKey) return undefined
  if (event.ctrlKey) {
    if (event.key === '+' || event.key === '=') return () => stepTextSize(1)
    return event.key === '-' ? () => stepTextSize(-1) : undefined
  }
  const list = allLists(usePreferences.getState().lists)[Number(event.key) - 1]
  return list && (() => chooseList(list))
}

function viewEntries(percent: number): MenuEntry[] {
  const sizes = TEXT_SIZES.map(size => ({
    name: `Text ${size} %`,
    checked: size === percent,
    ...(size === percent ? {} : { shortcut: size > percent ? 'Ctrl+Alt+=' : 'Ctrl+Alt+-' }),
    run: () => setTextSize(size),
  }))
  return [...sizes, ...columnEntries().map((entry, index) => ({ ...entry, separated: index === 0 }))]
}
