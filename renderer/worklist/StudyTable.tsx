// biome-ignore-all lint/a11y/useSemanticElements: rows of a virtual list cannot be those of a <table>; the roles say what they are.
import {
  type CSSProperties,
  type KeyboardEvent,
  useEffect,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import { Menu, useTextSize } from '../ui/index.ts'
import { type ColumnChoice, gridTemplate, leastWidth } from './columns.ts'
import { NothingFound } from './NothingFound.tsx'
import { usePreferences } from './preferences.ts'
import { proposeReading, setPriority, setReading, toggled } from './readingStatus.ts'
import { rowEntries } from './rowEntries.ts'
import { StudyHead } from './StudyHead.tsx'
import { StudyRow } from './StudyRow.tsx'
import { ScrollRange } from './scrollRange.ts'
import { freshRow, rowOf, wantRows } from './studyRows.ts'
import { setFilter, setHold, useWorklist } from './worklistStore.ts'

/** Rows drawn beyond the edges, so that a step of the wheel meets none that is not there. */
const AROUND = 8
/** Rows fetched beyond the edges, at least: two screens each way; and how many at a time. */
const AHEAD = 60
const BLOCK = 64
/** A name may begin with R: when a letter follows this soon, it was typed and not meant. */
const TYPED_MS = 300

export function StudyTable(props: {
  onOpen: (study: StudySummary, startTime: number) => void
  /** Letters typed on the table belong to the search box; `before` was typed already. */
  onType: (before: string) => void
}) {
  const { onOpen, onType } = props
  const { order, length, total, cursor, state, begun } = useWorklist()
  const columns = usePreferences(preferences => preferences.columns)
  const filter = usePreferences(preferences => preferences.filter)
  const { row, percent } = useTextSize()
  const table = useRef<HTMLDivElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const [range] = useState(() => new ScrollRange())
  const [view, setView] = useState(0)
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const [menu, setMenu] = useState<{ x: number; y: number; study: StudySummary }>()
  const drawnTop = useRef(0)
  const pointerInside = useRef(false)
  const chosen = useRef(false)
  const typed = useRef<{ timer: ReturnType<typeof setTimeout>; keep: () => void; drop: () => void }>(undefined)

  // While the order's pages come in, the thumb already has its size.
  const count = order.complete ? length : Math.max(length, total)
  range.resize(count, row, view)
  // After a leap all rows are new: those in view first, those around them in the next frame.
  const leapt = Math.abs(range.top - drawnTop.current) > view
  const drawn = range.rows(leapt ? 0 : AROUND)
  // Few enough places that a step changes only the rows that leave; aligned, so that a small step changes none.
  const first = drawn.first & ~3
  const end = Math.min(count, (drawn.end + 3) & ~3)
  const places = Math.ceil(view / row) + 2 * AROUND + 12
  // Rows stand relative to a block's top: their own positions stay as they are while the block does.
  const block = Math.floor(first / 256) * 256

  /** Puts the scroller where the range says. */
  const place = () => {
    const element = scroller.current
    if (element !== null && Math.abs(element.scrollTop - range.scrollTop) >= 1) element.scrollTop = range.scrollTop
    redraw()
  }

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
      element.scrollTop = range.scrollTop
      redraw()
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => element.removeEventListener('wheel', onWheel)
  }, [range, row])
  // A new list begins at its top, and nothing in it was chosen yet.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `begun` is what makes it a new list.
  useLayoutEffect(() => {
    chosen.current = false
    range.top = 0
    if (scroller.current !== null) scroller.current.scrollTop = 0
    redraw()
  }, [begun, range])
  // The scroller follows when its range changes (rows of another height, a list that outgrows the element).
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what the range is made of.
  useLayoutEffect(() => {
    const element = scroller.current
    if (element !== null && Math.abs(element.scrollTop - range.scrollTop) >= 1) element.scrollTop = range.scrollTop
  }, [count, row, view, range])
  useEffect(() => {
    drawnTop.current = range.top
    if (!leapt) return
    const frame = requestAnimationFrame(redraw)
    return () => cancelAnimationFrame(frame)
  })
  useEffect(() => {
    // In whole blocks: a step of the wheel mostly asks for nothing.
    const from = Math.floor(Math.max(0, first - AHEAD) / BLOCK) * BLOCK
    const to = Math.ceil((end + AHEAD) / BLOCK) * BLOCK
    // Both ends are a key away.
    const ends = [...order.slice(0, BLOCK), ...order.slice(length - BLOCK, length)]
    wantRows(order.slice(first, end), [...order.slice(from, to), ...ends])
  }, [order, length, first, end])

  const at = useMemo(() => {
    if (cursor === undefined) return -1
    return length === 0 ? -1 : order.indexOf(cursor)
  }, [cursor, order, length])

  const moveTo = (index: number) => {
    const bounded = Math.max(0, Math.min(length - 1, index))
    const id = order.at(bounded)
    if (id === undefined) return
    chosen.current = true
    useWorklist.setState({ cursor: id })
    range.reveal(bounded)
    place()
  }
  const open = async (index: number, startTime: number) => {
    const id = order.at(index)
    if (id === undefined) return
    chosen.current = true
    const study = rowOf(id) ?? (await freshRow(id).catch(() => undefined))
    if (study) onOpen(study, startTime)
  }
  /** R acts at once and is said to the station when no letter follows. */
  const toggleRead = (study: StudySummary) => {
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
      void setReading(study, status)
    }
    typed.current = {
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
    else if (event.key === '!' && study) void setPriority(study, study.priority === 'stat' ? 'routine' : 'stat')
    else if ((event.key === 'r' || event.key === 'R') && study) toggleRead(study)
    else if (event.key === 'Escape' && filter.search !== '') setFilter({ search: '' })
    else {
      // The key itself goes to the box by itself: the focus is there before it writes.
      if (/^[\p{L}\p{N}]$/u.test(event.key) || event.key === 'Process') {
        const before = typed.current === undefined ? '' : 'r'
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
  const ids = Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset)

  return (
    <div
      className="study-table"
      ref={table}
      role="grid"
      aria-label="Studies"
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
          range.scrolled(event.currentTarget.scrollTop)
          if (before !== range.top) redraw()
        }}
        onPointerMove={event => {
          pointerInside.current = indexAt(event.target) !== undefined
        }}
        onPointerLeave={() => {
          pointerInside.current = false
        }}
        onClick={event => {
          const index = indexAt(event.target)
          if (index !== undefined) moveTo(index)
        }}
        onDoubleClick={event => {
          const index = indexAt(event.target)
          if (index !== undefined) void open(index, event.timeStamp)
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
          <div className="study-block" style={{ transform: `translateY(${Math.round(range.offsetOf(block))}px)` }}>
            {ids.map(index => (
              <StudyRow
                key={index % places}
                id={order.at(index)}
                index={index}
                top={(index - block) * row}
                current={index === at}
                columns={columns}
              />
            ))}
          </div>
        </div>
      </div>
      {menu !== undefined && (
        <Menu
          at={menu}
          label="Study"
          entries={rowEntries(menu.study, () => void open(order.indexOf(menu.study.id), performance.now()))}
          onClose={() => setMenu(undefined)}
        />
      )}
    </div>
  )
}

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
