import { useEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import { MenuList } from './MenuList.tsx'

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
  /** A menu of its own beside it: then `run` is not called. */
  entries?: MenuEntry[]
  run: () => void
}

/**
 * A menu at a point of the window (CSS px), moved inside where it would stick out, after the ARIA pattern: arrows, Home, End, first
 * letters, Enter; → opens what lies behind an entry, ← and Esc go back; Esc in the first one, Tab or a click elsewhere closes all,
 * and the focus returns where it was.
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
  const root = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (!(event.target instanceof Node && root.current?.contains(event.target))) onClose()
    }
    window.addEventListener('pointerdown', outside, true)
    window.addEventListener('blur', onClose)
    return () => {
      window.removeEventListener('pointerdown', outside, true)
      window.removeEventListener('blur', onClose)
    }
  }, [onClose])

  // At the end of the page: what it was opened from neither clips nor styles it.
  return createPortal(
    // biome-ignore lint/a11y/noStaticElementInteractions: what happens in the menus stays there; they have the keys.
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above.
    <div
      className="menus"
      ref={root}
      onContextMenu={event => {
        event.preventDefault()
        event.stopPropagation()
      }}
      onClick={event => event.stopPropagation()}
    >
      <MenuList
        beside={{ left: at.x, right: at.x, top: at.y }}
        label={label}
        className={className}
        entries={entries}
        onClose={onClose}
      />
    </div>,
    document.body,
  )
}
