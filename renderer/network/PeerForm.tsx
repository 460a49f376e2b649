import type { FormEvent, ReactNode } from 'react'
import { t } from '../i18n/index.ts'

/** What is written of a node and of a printer alike, as it stands in the form. */
export interface PeerDraft {
  AET: string
  host: string
  port: string
  name: string
}

export function Field(props: {
  label: string
  value: string
  onChange: (value: string) => void
  maxLength: number
  required?: boolean
  autoFocus?: boolean
  inputMode?: 'numeric'
  placeholder?: string
  title?: string
}) {
  const { label, value, onChange, title, ...more } = props
  return (
    <label title={title}>
      <span className="quiet">{label}</span>
      <input value={value} spellCheck={false} onChange={event => onChange(event.target.value)} {...more} />
    </label>
  )
}

/** The frame of a form that a peer is written in: its address, what else there is of it (`children`), Esc closes it. */
export function PeerForm(props: {
  label: string
  draft: PeerDraft
  onChange: (part: Partial<PeerDraft>) => void
  /** Instead of a name, where there is no AE title yet either. */
  unnamed: string
  onSave: () => void
  onClose: () => void
  children: ReactNode
}) {
  const { label, draft, onChange, unnamed, onSave, onClose, children } = props
  const { AET, host, port, name } = draft
  return (
    <form
      className="network-form"
      aria-label={label}
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        onSave()
      }}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        // The form alone, not the page it stands on.
        event.preventDefault()
        event.stopPropagation()
        onClose()
      }}
    >
      <div className="network-fields">
        <Field
          label={t('AE title')}
          value={AET}
          onChange={AET => onChange({ AET })}
          maxLength={16}
          required
          autoFocus
        />
        <Field
          label={t('Host name or IP address')}
          value={host}
          onChange={host => onChange({ host })}
          maxLength={253}
          required
        />
        <Field
          label={t('Port')}
          value={port}
          onChange={port => onChange({ port })}
          maxLength={5}
          inputMode="numeric"
          required
        />
        <Field
          label={t('Name')}
          value={name}
          onChange={name => onChange({ name })}
          maxLength={64}
          placeholder={AET || unnamed}
        />
      </div>
      {children}
    </form>
  )
}

/** The foot both have: leave it, or keep it. */
export function PeerButtons({ disabled = false, onClose }: { disabled?: boolean; onClose: () => void }) {
  return (
    <>
      <button type="button" onClick={onClose} title={t('Leave it as it was (Esc)')}>
        {t('Cancel')}
      </button>
      <button type="submit" disabled={disabled} title={t('Keep it; it holds at once (Enter)')}>
        {t('Save')}
      </button>
    </>
  )
}
