import { useState } from 'react'
import { msg, t } from '../i18n/index.ts'

const COMMON = [msg('Wrong patient'), msg('Poor quality'), msg('Sent twice'), msg('Not ours'), msg('Test images')]
let last = ''

/** What was said the last time stands there already: most reasons come in rows. */
export function useReason() {
  const [reason, setReason] = useState(last)
  return {
    reason,
    setReason,
    keep: () => {
      last = reason
    },
  }
}

/** Why: a few words, or one of the usual ones. */
export function ReasonField({ reason, onChange }: { reason: string; onChange: (reason: string) => void }) {
  return (
    <>
      <label className="reason">
        <span className="quiet">{t('Reason')}</span>
        <input
          data-first-focus
          value={reason}
          maxLength={200}
          onChange={event => onChange(event.target.value)}
          onFocus={event => event.target.select()}
        />
      </label>
      <div className="reasons">
        {COMMON.map(one => t(one)).map(one => (
          <button type="button" className="chip" key={one} aria-pressed={one === reason} onClick={() => onChange(one)}>
            {one}
          </button>
        ))}
      </div>
    </>
  )
}
