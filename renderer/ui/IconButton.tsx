import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

/** A control that is an icon: its name and its key are its tooltip and its accessible name. */
export function IconButton(props: {
  icon: LucideIcon
  name: string
  shortcut?: string | undefined
  pressed?: boolean
  disabled?: boolean
  onClick: () => void
  children?: ReactNode
}) {
  const { icon: Icon, name, shortcut, pressed, disabled, onClick, children } = props
  return (
    <button
      type="button"
      className={children === undefined ? 'bare icon' : 'bare'}
      title={shortcut === undefined ? name : `${name} (${shortcut})`}
      aria-label={name}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon aria-hidden />
      {children}
    </button>
  )
}
