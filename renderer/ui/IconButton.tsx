import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { inLanguage } from '../i18n/index.ts'

/** A control that is an icon: its name (in the user's language) and its key are its tooltip and its accessible name. */
export function IconButton(props: {
  icon: LucideIcon
  name: string
  shortcut?: string | undefined
  pressed?: boolean
  disabled?: boolean
  onClick: () => void
  children?: ReactNode
}) {
  const { icon: Icon, shortcut, pressed, disabled, onClick, children } = props
  const name = inLanguage(props.name)
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
