// biome-ignore-all lint/a11y/useSemanticElements: rows of a virtual list cannot be those of a <table>; the roles say what they are.
import {
  type CSSProperties,
  type KeyboardEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import { showCustody } from '../central/index.ts'
import { t, useLanguage } from '../i18n/index.ts'
import { actionOf, keyOf } from '../keys/index.ts'
import { Menu, useTextSize } from '../ui/index.ts'
import { type ColumnChoice, gridTemplate, leastWidth } from './columns.ts'
import { NothingFound } from './NothingFound.tsx'
import { usePreferences } from './preferences.ts'
import { markInList, proposeReading, toggled } from './readingStatus.ts'
import { rowMenu } from './rowMenu.ts'
import { BLOCK_ROWS, RowPool } from './rowPool.ts'
import { StudyHead } from './StudyHead.tsx'
import { ScrollRange } from './scrollRange.ts'
import { freshRow, rowOf } from './studyRows.ts'
import { setFilter, setHold, useWorklist } from './worklistStore.ts'

/** A name may begin with R, or whatever letter that key is: when a letter follows this soon, it was typed and not meant. */
const TYPED_MS = 300

export function StudyTable(props: {
  onOpen: (study: StudySummary, startTime: number) => void
  /** Letters typed on the table belong to the search box; `before` was typed already. */
  onType: (before: string) => void
}) {
  const { onOpen, onType } = props
  const { order, length, total, cursor, state, begun } = useWorklist()
  const chosenColumns = usePreferences(preferences => preferences.columns)
  const language = useLanguage(state => state.language)
  // In another language every cell is written anew.
  // biome-ignore lint/correctness/useExhaustiveDependencies: as said.
  const columns = useMemo(() => [...chosenColumns], [chosenColumns, language])
  const filter = usePreferences(preferences => preferences.filter)
  const { row, percent } = useTextSize()
  const table = useRef<HTMLDivElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const block = useRef<HTMLDivElement>(null)
  const pool = useRef<RowPool>(undefined)
  /** Where the scroller was last: asking it costs a layout. */
  const scrollTop = useRef(0)
  const [range] = useState(() => new ScrollRange())
  const [view, setView] = useState(0)
  const [menu, setMenu] = useState<{ x: number; y: number; study: StudySummary }>()
  const pointerInside = useRef(false)
  const chosen = useRef(false)
  const typed = useRef<{ timer: ReturnType<typeof setTimeout>; letter: string; keep: () => void; drop: () => void }>(
    undefined,
  )

  // While the order's pages come in, the thumb already has its size.
  const count = order.complete ? length : Math.max(length, total)
  range.resize(count, row, view)

  const at = useMemo(() => {
    if (cursor === undefined) return -1
    return length === 0 ? -1 : order.indexOf(cursor)
  }, [cursor, order, length])

  /** The scroller is put where the range says. */
  const follow = useCallback(() => {
    if (scroller.current === null || Math.abs(scrollTop.current - range.scrollTop) < 1) return
    scroller.current.scrollTop = range.scrollTop
    scrollTop.current = range.scrollTop
  }, [range])

  useLayoutEffect(() => {
    if (block.current === null) return
    const made = new RowPool(block.current, range)
    pool.current = made
    return () => made.dispose()
  }, [range])
  useEffect(() => {
    setHold(() => pointerInside.current || chosen.current || range.top > 0)
    return () => setHold(() => false)
  }, [range])
  useEffect(() => {
    table.current?.focus({ preventScroll: true })
  }, [])
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    const measure = () => setView(Math.max(0, element.clientHeight - row))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [row])
  // A list too long for its element is moved by the wheel here: the browser's own step would be many rows.
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    const onWheel = (event: WheelEvent) => {
      if (!range.mapped || event.shiftKey || event.ctrlKey || event.deltaY === 0) return
      event.preventDefault()
      range.scrollBy(event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * row : event.deltaY)
      follow()
      pool.current?.draw()
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => element.removeEventListener('wheel', onWheel)
  }, [range, row, follow])
  // A new list begins at its top, and nothing in it was chosen yet.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `begun` is what makes it a new list.
  useLayoutEffect(() => {
    chosen.current = false
    range.top = 0
  }, [begun, range])
  // Whatever it was drawn anew for: the scroller follows (another height, another list), and the rows.
  useLayoutEffect(() => {
    follow()
    pool.current?.show({ columns, order, length, current: at, row })
  })

  const moveTo = (index: number) => {
    const bounded = Math.max(0, Math.min(length - 1, index))
    const id = order.at(bounded)
    if (id === undefined) return
    chosen.current = true
    useWorklist.setState({ cursor: id })
    range.reveal(bounded)
    follow()
    pool.current?.draw()
  }
  const open = async (index: number, startTime: number) => {
    const id = order.at(index)
    if (id === undefined) return
    chosen.current = true
    const study = rowOf(id) ?? (await freshRow(id).catch(() => undefined))
    if (study) onOpen(study, startTime)
  }
  /** R acts at once and is said to the station when no letter follows. */
  const toggleRead = (study: StudySummary, letter: string) => {
    typed.current?.keep()
    chosen.current = true
    const status = toggled(study)
    const drop = proposeReading(study, status)
    const done = () => {
      clearTimeout(typed.current?.timer)
      typed.current = undefined
    }
    const keep = () => {
      done()
      markInList(study, status)
    }
    typed.current = {
      letter,
      timer: setTimeout(keep, TYPED_MS),
      keep,
      drop: () => {
        done()
        drop()
      },
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // The head's buttons have keys of their own.
    if (event.ctrlKey || event.altKey || event.metaKey || event.target instanceof HTMLButtonElement) return
    const page = Math.max(1, Math.floor(view / row) - 1)
    const target = targetRow(event.key, at, page, count)
    const study = rowOf(order.at(at))
    if (target !== undefined) moveTo(target)
    else if (event.key === 'Enter' && at !== -1) void open(at, event.timeStamp)
    else if (study && /^[a-z]$/i.test(event.key) && actionOf(keyOf(event.nativeEvent), ['row-toggle-read']))
      toggleRead(study, event.key)
    else if (event.key === 'Escape' && filter.search !== '') setFilter({ search: '' })
    else {
      // The key itself goes to the box by itself: the focus is there before it writes.
      if (/^[\p{L}\p{N}]$/u.test(event.key) || event.key === 'Process') {
        const before = typed.current?.letter ?? ''
        typed.current?.drop()
        onType(before)
      }
      return
    }
    event.preventDefault()
  }

  const indexAt = (target: EventTarget) => {
    const element = target instanceof Element ? target.closest<HTMLElement>('[data-study]') : null
    return element === null ? undefined : Number(element.dataset.index)
  }

  return (
    <div
      className="study-table"
      ref={table}
      role="grid"
      aria-label={t('Studies')}
      aria-rowcount={count}
      tabIndex={0}
      aria-activedescendant={at === -1 ? undefined : `study-${cursor}`}
      style={tableStyle(columns, percent / 100)}
      onKeyDown={onKeyDown}
      onContextMenu={event => {
        // By key it comes from the table itself: then it is the cursor row's.
        const index = indexAt(event.target) ?? at
        const study = rowOf(order.at(index))
        if (!study || (event.target as Element).closest('.study-head') !== null) return
        event.preventDefault()
        moveTo(index)
        setMenu({ ...menuPoint(event.clientX, event.clientY, event.currentTarget, index), study })
      }}
    >
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys. */}
      <div
        className="study-rows"
        ref={scroller}
        role="rowgroup"
        tabIndex={-1}
        onScroll={event => {
          const before = range.top
          scrollTop.current = event.currentTarget.scrollTop
          range.scrolled(scrollTop.current)
          if (before !== range.top) pool.current?.draw()
        }}
        onPointerOver={event => {
          const cell = event.target instanceof Element && event.target.closest<HTMLElement>('[role=gridcell]')
          if (cell) pool.current?.explain(cell)
        }}
        onPointerMove={event => {
          pointerInside.current = indexAt(event.target) !== undefined
        }}
        onPointerLeave={() => {
          pointerInside.current = false
        }}
        onClick={event => {
          const index = indexAt(event.target)
          if (index === undefined) return
          moveTo(index)
          const study = isChip(event.target) ? rowOf(order.at(index)) : undefined
          if (study) showCustody(study)
        }}
        onDoubleClick={event => {
          const index = indexAt(event.target)
          if (index !== undefined && !isChip(event.target)) void open(index, event.timeStamp)
        }}
      >
        <StudyHead />
        {state === 'loading' &&
          Array.from({ length: 12 }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all the same.
            <div className="skeleton skeleton-row" key={index} />
          ))}
        {state === 'ready' && count === 0 && <NothingFound />}
        <div className="study-space" style={{ height: range.height }}>
          <div className="study-view" style={{ height: Math.min(view, range.height) }}>
            {/* Filled by the pool, which draws within the scroll event. */}
            <div className="study-block" ref={block} style={{ height: 2 * BLOCK_ROWS * row }} />
          </div>
        </div>
      </div>
      {menu !== undefined && (
        <Menu
          at={menu}
          label={t('Study')}
          entries={rowMenu(menu.study, () => void open(order.indexOf(menu.study.id), performance.now()))}
          onClose={() => setMenu(undefined)}
        />
      )}
    </div>
  )
}

/** What stands there says more when it is clicked, instead of opening the study. */
const isChip = (target: EventTarget) => target instanceof Element && target.closest('.custody-chip') !== null

/** What the style sheet lays the rows out by. */
function tableStyle(columns: ColumnChoice[], scale: number): CSSProperties {
  const variables: Record<string, string> = {
    '--columns': gridTemplate(columns, scale),
    '--least': `${leastWidth(columns, scale)}px`,
  }
  return variables
}

function menuPoint(x: number, y: number, scroller: HTMLElement, index: number): { x: number; y: number } {
  const row = scroller.querySelector(`[data-index="${index}"]`)?.getBoundingClientRect()
  const byKey = row !== undefined && (y < row.top || y > row.bottom)
  return byKey ? { x: row.left + 40, y: row.bottom } : { x, y }
}

function targetRow(key: string, at: number, page: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return at + 1
    case 'ArrowUp':
      return at - 1
    case 'PageDown':
      return at + page
    case 'PageUp':
      return at - page
    case 'Home':
      return 0
    case 'End':
      return count - 1
  }
  return undefined
}
