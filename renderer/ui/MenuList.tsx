import { Check, ChevronRight } from 'lucide-react'
import { Fragment, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { inLanguage } from '../i18n/index.ts'
import type { MenuEntry } from './Menu.tsx'
import { TypeAhead } from './typeAhead.ts'

/** How long the pointer rests on an entry before what lies behind it opens, or another one's closes: a hand crosses entries. */
const REST_MS = 160
/** Least distance to the window's edges, CSS px. */
const EDGE = 4

interface Beside {
  left: number
  right: number
  top: number
}

/** The place beside something, to its right while there is room, else to its left; moved inside where it would stick out. */
function placeBeside({ left, right, top }: Beside, width: number, height: number): { x: number; y: number } {
  const room = right + width + EDGE <= window.innerWidth
  const x = room ? right : left === right ? window.innerWidth - width - EDGE : left - width
  return { x: Math.max(EDGE, x), y: Math.max(EDGE, Math.min(top, window.innerHeight - height - EDGE)) }
}

/** One list of a menu, and what is open behind one of its entries. `onBack`: to the entry this one was opened from. */
export function MenuList(props: {
  beside: Beside
  label: string
  className: string
  entries: MenuEntry[]
  onBack?: () => void
  onClose: () => void
  /** The pointer came in: what was about to close stays. */
  onEnter?: () => void
  /** Opened by a key: it begins at its first entry. */
  byKey?: boolean
}) {
  const { beside, label, className, entries, onBack, onClose, onEnter, byKey = false } = props
  const menu = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState<{ name: string; beside: Beside; byKey: boolean }>()
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined)
  const [ahead] = useState(() => new TypeAhead())
  const { left, right, top } = beside
  const first = onBack === undefined

  useLayoutEffect(() => {
    const element = menu.current
    if (element === null) return
    const { width, height } = element.getBoundingClientRect()
    const { x, y } = placeBeside({ left, right, top }, width, height)
    element.style.left = `${x}px`
    element.style.top = `${y}px`
  }, [left, right, top])
  useLayoutEffect(() => {
    if (!first) return
    const before = document.activeElement
    menu.current?.focus({ preventScroll: true })
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [first])
  useLayoutEffect(() => {
    if (byKey) menu.current?.querySelector<HTMLElement>('button:not(:disabled)')?.focus({ preventScroll: true })
  }, [byKey])
  useEffect(() => () => clearTimeout(rest.current), [])

  const buttons = () => [...(menu.current?.querySelectorAll<HTMLButtonElement>('button:not(:disabled)') ?? [])]
  const show = (entry: MenuEntry, element: HTMLElement, byKey: boolean) => {
    clearTimeout(rest.current)
    const { left, right, top } = element.getBoundingClientRect()
    setOpen({ name: entry.name, beside: { left, right, top: top - EDGE - 1 }, byKey })
  }
  const goBack = () => {
    const opener = menu.current?.querySelector<HTMLElement>('[aria-expanded=true]')
    setOpen(undefined)
    opener?.focus({ preventScroll: true })
  }

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation()
    const all = buttons()
    const at = all.indexOf(document.activeElement as HTMLButtonElement)
    const focus = (index: number) => {
      setOpen(undefined)
      all[(index + all.length) % all.length]?.focus()
    }
    const current = all[at]
    const behind = entries.find(entry => entry.name === current?.dataset.entry && entry.entries !== undefined)
    if (event.key === 'ArrowDown') focus(at + 1)
    else if (event.key === 'ArrowUp') focus(at === -1 ? -1 : at - 1)
    else if (event.key === 'Home') focus(0)
    else if (event.key === 'End') focus(-1)
    else if (event.key === 'Tab') onClose()
    else if (event.key === 'Escape') (onBack ?? onClose)()
    else if (event.key === 'ArrowLeft') onBack?.()
    else if (event.key === 'ArrowRight' || event.key === 'Enter' || event.key === ' ') {
      if (behind !== undefined && current !== undefined) show(behind, current, true)
      // Enter on an entry that does something is the button's own press.
      else if (event.key !== 'ArrowRight') return
    } else if (/^[\p{L}\p{N}]$/u.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey) {
      const names = all.map(button => button.querySelector('.menu-name')?.textContent ?? '')
      const found = ahead.find(event.key, names, at, event.timeStamp)
      if (found !== -1) focus(found)
    } else return
    event.preventDefault()
  }

  const opened = open && entries.find(entry => entry.name === open.name)
  return (
    <>
      <div
        className={`menu ${className}`}
        ref={menu}
        role="menu"
        aria-label={inLanguage(label)}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        onPointerEnter={onEnter}
        onScroll={() => setOpen(undefined)}
      >
        {entries.map((entry, index) => (
          <Fragment key={entry.name}>
            {entry.separated && index > 0 && <hr />}
            {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: it is only given with the role that has it. */}
            <button
              type="button"
              role={entry.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
              data-entry={entry.name}
              aria-checked={entry.checked}
              aria-haspopup={entry.entries === undefined ? undefined : 'menu'}
              aria-expanded={entry.entries === undefined ? undefined : entry.name === open?.name}
              disabled={entry.disabled}
              onPointerEnter={event => {
                const element = event.currentTarget
                element.focus({ preventScroll: true })
                clearTimeout(rest.current)
                if (entry.name === open?.name) return
                rest.current = setTimeout(
                  () => (entry.entries === undefined ? setOpen(undefined) : show(entry, element, false)),
                  REST_MS,
                )
              }}
              onClick={event => {
                if (entry.entries !== undefined) {
                  show(entry, event.currentTarget, event.detail === 0)
                  return
                }
                if (!entry.stays) onClose()
                entry.run()
              }}
            >
              <span className="menu-check">{entry.checked && <Check aria-hidden />}</span>
              <span className="menu-name">{inLanguage(entry.name)}</span>
              {entry.shortcut !== undefined && <span className="quiet">{entry.shortcut}</span>}
              {entry.entries !== undefined && <ChevronRight aria-hidden />}
            </button>
          </Fragment>
        ))}
      </div>
      {open !== undefined && opened?.entries !== undefined && (
        <MenuList
          key={open.name}
          beside={open.beside}
          label={open.name}
          className={className}
          entries={opened.entries}
          onBack={goBack}
          onClose={onClose}
          onEnter={() => clearTimeout(rest.current)}
          byKey={open.byKey}
        />
      )}
    </>
  )
}
