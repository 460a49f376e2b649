import { X } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import { inLanguage } from '../i18n/index.ts'
import { IconButton } from './IconButton.tsx'
import { Notice } from './Notice.tsx'

/** A modal dialog on the platform's own element: focus begins at `data-first-focus` and stays inside, Esc closes it, focus returns where it was. */
export function Dialog(props: {
  title: string
  className?: string
  onClose: () => void
  children: ReactNode
  foot?: ReactNode
}) {
  const { className, onClose, children, foot } = props
  const title = inLanguage(props.title)
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = element.current
    dialog?.showModal()
    // React's autoFocus comes before, and showModal would go to the first button.
    dialog?.querySelector<HTMLElement>('[data-first-focus]')?.focus()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={element}
      className={className}
      aria-label={title}
      onCancel={event => {
        event.preventDefault()
        onClose()
      }}
      onKeyDown={event => event.stopPropagation()}
    >
      <div className="dialog-head">
        <span>{title}</span>
        <IconButton icon={X} name="Close" shortcut="Esc" onClick={onClose} />
      </div>
      <div className="dialog-body">{children}</div>
      {foot !== undefined && <div className="dialog-foot">{foot}</div>}
      {/* The page's own lies under an open dialog and cannot be pressed. Ctrl+Z is what is being written's. */}
      <Notice undoKey={undefined} />
    </dialog>
  )
}
