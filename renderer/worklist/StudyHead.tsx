// biome-ignore-all lint/a11y/useSemanticElements: heads of a virtual list cannot be those of a <table>; the roles say what they are.
// biome-ignore-all lint/a11y/useFocusableInteractive: the buttons inside have the focus.

import { ArrowDown, ArrowUp } from 'lucide-react'
import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'
import type { StudySort } from '../../shared/contract.ts'
import { t } from '../i18n/index.ts'
import { Menu, type MenuEntry, useTextSize } from '../ui/index.ts'
import {
  boundWidth,
  COLUMNS,
  type Column,
  changeColumn,
  defaultColumns,
  gridTemplate,
  moveColumn,
  shownColumns,
  stepColumn,
} from './columns.ts'
import { changePreferences, usePreferences } from './preferences.ts'
import { reload } from './worklistStore.ts'

/** Pointer travel that makes a drag of a click, px. */
const DRAG_PX = 5
const STEP_PX = 8

/** What text is sorted by begins with A, everything else with the newest or most. */
const ASCENDING = new Set<StudySort>([
  'PatientName',
  'PatientID',
  'PatientSex',
  'ModalitiesInStudy',
  'BodyPartExamined',
  'StudyDescription',
  'AccessionNumber',
  'InstitutionName',
  'StationName',
  'ReferringPhysicianName',
  'reading',
])

function sortBy(sort: StudySort, descending?: boolean): void {
  const { sort: before, descending: was } = usePreferences.getState()
  changePreferences({ sort, descending: descending ?? (sort === before ? !was : !ASCENDING.has(sort)) })
  void reload()
}

/** Entries that show and hide columns, one by one. */
export function columnEntries(): MenuEntry[] {
  const { columns } = usePreferences.getState()
  return columns.map(({ key, hidden }) => ({
    name: COLUMNS.find(column => column.key === key)?.name ?? key,
    checked: !hidden,
    stays: true,
    run: () => showColumn(key, hidden === true),
  }))
}

function showColumn(key: string, show: boolean): void {
  const { columns } = usePreferences.getState()
  // A table without columns has no head to bring them back by.
  if (!show && shownColumns(columns).length === 1) return
  changePreferences({ columns: changeColumn(columns, key, { hidden: !show }) })
}

/** The table's head: click sorts, the edges set widths, a head dragged moves its column, right click has the rest. */
export function StudyHead() {
  const { columns, sort, descending } = usePreferences()
  const scale = useTextSize(size => size.percent / 100)
  const head = useRef<HTMLDivElement>(null)
  const [menu, setMenu] = useState<{ x: number; y: number; key: string }>()
  /** Where a dragged column would be put, px from the head's left edge. */
  const [mark, setMark] = useState<number>()
  const dragged = useRef(false)
  const shown = shownColumns(columns)

  const widthOf = (key: string) => {
    const cell = head.current?.querySelector(`[data-column="${key}"]`)
    return (cell?.getBoundingClientRect().width ?? 100) / scale
  }
  const setWidth = (key: string, width: number | undefined) =>
    changePreferences({ columns: changeColumn(usePreferences.getState().columns, key, { width }) })

  const dragWidth = (event: PointerEvent<HTMLElement>, key: string) => {
    event.preventDefault()
    event.stopPropagation()
    const handle = event.currentTarget
    const from = event.clientX
    const before = widthOf(key)
    const table = handle.closest<HTMLElement>('.study-table')
    const at = (x: number) => boundWidth(before + (x - from) / scale)
    follow(handle, event.pointerId, {
      // The style alone: the rows are not drawn anew for each step.
      move: x => {
        const trial = changeColumn(usePreferences.getState().columns, key, { width: at(x) })
        table?.style.setProperty('--columns', gridTemplate(trial, scale))
      },
      end: x => x !== undefined && setWidth(key, at(x)),
    })
  }

  const dragColumn = (event: PointerEvent<HTMLElement>, key: string) => {
    if (event.button !== 0) return
    const from = event.clientX
    dragged.current = false
    let before: string | undefined
    follow(event.currentTarget, event.pointerId, {
      move: x => {
        if (!dragged.current && Math.abs(x - from) < DRAG_PX) return
        dragged.current = true
        const cells = [...(head.current?.querySelectorAll<HTMLElement>('[data-column]') ?? [])]
        const target = cells.find(cell => {
          const { left, width } = cell.getBoundingClientRect()
          return x < left + width / 2
        })
        before = target?.dataset.column
        const last = cells.at(-1)
        const edge = target?.offsetLeft ?? (last === undefined ? 0 : last.offsetLeft + last.offsetWidth)
        setMark(edge)
      },
      end: x => {
        setMark(undefined)
        if (dragged.current && x !== undefined)
          changePreferences({ columns: moveColumn(usePreferences.getState().columns, key, before) })
      },
    })
  }

  const onKeyDown = (event: KeyboardEvent, key: string) => {
    const direction = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : undefined
    if (direction === undefined) return
    event.preventDefault()
    event.stopPropagation()
    if (event.ctrlKey) changePreferences({ columns: stepColumn(columns, key, direction) })
    else if (event.shiftKey) setWidth(key, boundWidth(widthOf(key) + direction * STEP_PX))
    else {
      const at = shown.findIndex(column => column.key === key)
      head.current?.querySelector<HTMLElement>(`[data-column="${shown[at + direction]?.key}"] button`)?.focus()
    }
  }

  return (
    <div className="study-row study-head" role="row" ref={head}>
      {shown.map((column, index) => (
        <div
          role="columnheader"
          key={column.key}
          data-column={column.key}
          aria-sort={column.sort === sort ? (descending ? 'descending' : 'ascending') : undefined}
          onContextMenu={event => {
            event.preventDefault()
            const { left, bottom } = event.currentTarget.getBoundingClientRect()
            // A menu asked for by key has no pointer to stand at.
            const pointed = event.clientX !== 0 || event.clientY !== 0
            setMenu({ x: pointed ? event.clientX : left, y: pointed ? event.clientY : bottom, key: column.key })
          }}
        >
          <button
            type="button"
            className="bare"
            tabIndex={index === 0 ? 0 : -1}
            title={describeHead(column)}
            aria-label={t(column.name)}
            onPointerDown={event => dragColumn(event, column.key)}
            onClick={() => {
              if (!dragged.current && column.sort !== undefined) sortBy(column.sort)
              dragged.current = false
            }}
            onKeyDown={event => onKeyDown(event, column.key)}
          >
            {column.short === '' ? '' : t(column.short ?? column.name)}
            {column.sort === sort && (descending ? <ArrowDown aria-hidden /> : <ArrowUp aria-hidden />)}
          </button>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the head's button has the keys for it. */}
          <span
            className="column-edge"
            title={t('Drag to set the width, double click for its own')}
            onPointerDown={event => dragWidth(event, column.key)}
            onDoubleClick={() => setWidth(column.key, undefined)}
          />
        </div>
      ))}
      {mark !== undefined && <span className="column-mark" style={{ left: mark }} />}
      {menu !== undefined && (
        <Menu
          at={menu}
          label="Column"
          entries={headEntries(menu.key, () => widthOf(menu.key), setWidth)}
          onClose={() => setMenu(undefined)}
        />
      )}
    </div>
  )
}

function describeHead({ name, sort }: Column): string {
  const sorts = sort === undefined ? t(name) : t('Sort: {{column}} (Enter)', { column: t(name) })
  return `${sorts}\n${t('Move: drag or Ctrl+←/→. Width: Shift+←/→. More: right click')}`
}

function headEntries(
  key: string,
  width: () => number,
  setWidth: (key: string, width: number | undefined) => void,
): MenuEntry[] {
  const { columns } = usePreferences.getState()
  const sort = COLUMNS.find(column => column.key === key)?.sort
  const step = (direction: 1 | -1) => changePreferences({ columns: stepColumn(columns, key, direction) })
  const sorts: MenuEntry[] =
    sort === undefined
      ? []
      : [
          { name: 'Sort ascending', shortcut: 'Enter', run: () => sortBy(sort, false) },
          { name: 'Sort descending', shortcut: 'Enter', run: () => sortBy(sort, true) },
        ]
  return [
    ...sorts,
    { name: 'Move left', shortcut: 'Ctrl+←', separated: sorts.length > 0, run: () => step(-1) },
    { name: 'Move right', shortcut: 'Ctrl+→', run: () => step(1) },
    { name: 'Wider', shortcut: 'Shift+→', stays: true, run: () => setWidth(key, boundWidth(width() + STEP_PX)) },
    { name: 'Narrower', shortcut: 'Shift+←', stays: true, run: () => setWidth(key, boundWidth(width() - STEP_PX)) },
    { name: 'Its own width', run: () => setWidth(key, undefined) },
    { name: 'Hide', run: () => showColumn(key, false) },
    { name: 'All columns as at first', run: () => changePreferences({ columns: defaultColumns() }) },
    ...columnEntries().map((entry, index) => ({ ...entry, separated: index === 0 })),
  ]
}

/** Follows a pressed pointer until it is let go; `end` gets undefined when it was taken away. */
function follow(
  element: HTMLElement,
  pointerId: number,
  on: { move: (x: number) => void; end: (x: number | undefined) => void },
): void {
  element.setPointerCapture(pointerId)
  const done = new AbortController()
  const { signal } = done
  const end = (x: number | undefined) => {
    done.abort()
    on.end(x)
  }
  element.addEventListener('pointermove', event => on.move(event.clientX), { signal })
  element.addEventListener('pointerup', event => end(event.clientX), { signal })
  element.addEventListener('pointercancel', () => end(undefined), { signal })
}
