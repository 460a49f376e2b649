import { Check } from 'lucide-react'
import { Fragment, type KeyboardEvent, useEffect, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'

export interface MenuEntry {
  name: string
  /** The key that does the same without the menu. */
  shortcut?: string | undefined
  checked?: boolean
  disabled?: boolean
  /** A line above it. */
  separated?: boolean
  /** The menu stays open: for things that are switched one after the other. */
  stays?: boolean
  run: () => void
}

/**
 * A menu at a point of the window (CSS px), moved inside where it would stick out. Arrow keys, Home, End, first letters, Enter;
 * Esc, Tab or a click elsewhere closes it, and the focus returns where it was.
 */
export function Menu(props: {
  at: { x: number; y: number }
  label: string
  /** Besides `menu`, for a menu of another shape. */
  className?: string
  entries: MenuEntry[]
  onClose: () => void
}) {
  const { at, label, className = '', entries, onClose } = props
  const menu = useRef<HTMLDivElement>(null)

  useLayoutEffect(() => {
    const element = menu.current
    if (element === null) return
    const before = document.activeElement
    const { width, height } = element.getBoundingClientRect()
    element.style.left = `${Math.max(4, Math.min(at.x, window.innerWidth - width - 4))}px`
    element.style.top = `${Math.max(4, Math.min(at.y, window.innerHeight - height - 4))}px`
    element.focus({ preventScroll: true })
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [at])
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (!(event.target instanceof Node && menu.current?.contains(event.target))) onClose()
    }
    window.addEventListener('pointerdown', outside, true)
    window.addEventListener('blur', onClose)
    return () => {
      window.removeEventListener('pointerdown', outside, true)
      window.removeEventListener('blur', onClose)
    }
  }, [onClose])

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation()
    const buttons = [...(menu.current?.querySelectorAll<HTMLButtonElement>('button:not(:disabled)') ?? [])]
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
    const focus = (index: number) => buttons[(index + buttons.length) % buttons.length]?.focus()
    if (event.key === 'ArrowDown') focus(at + 1)
    else if (event.key === 'ArrowUp') focus(at === -1 ? -1 : at - 1)
    else if (event.key === 'Home') focus(0)
    else if (event.key === 'End') focus(-1)
    else if (event.key === 'Escape' || event.key === 'Tab') onClose()
    else if (/^\p{L}$/u.test(event.key)) {
      const letter = event.key.toLowerCase()
      const startsSo = (button: HTMLButtonElement) => button.textContent?.toLowerCase().startsWith(letter)
      const found = [...buttons.slice(at + 1), ...buttons.slice(0, at + 1)].find(startsSo)
      found?.focus()
    } else return
    event.preventDefault()
  }

  // At the end of the page: what it was opened from neither clips nor styles it.
  return createPortal(
    <div
      className={`menu ${className}`}
      ref={menu}
      role="menu"
      aria-label={label}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onContextMenu={event => {
        event.preventDefault()
        event.stopPropagation()
      }}
      onClick={event => event.stopPropagation()}
    >
      {entries.map(entry => (
        <Fragment key={entry.name}>
          {entry.separated && <hr />}
          {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: it is only given with the role that has it. */}
          <button
            type="button"
            role={entry.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
            aria-checked={entry.checked}
            disabled={entry.disabled}
            onPointerEnter={event => event.currentTarget.focus({ preventScroll: true })}
            onClick={() => {
              if (!entry.stays) onClose()
              entry.run()
            }}
          >
            <span className="menu-check">{entry.checked && <Check aria-hidden />}</span>
            <span className="menu-name">{entry.name}</span>
            {entry.shortcut !== undefined && <span className="quiet">{entry.shortcut}</span>}
          </button>
        </Fragment>
      ))}
    </div>,
    document.body,
  )
}
