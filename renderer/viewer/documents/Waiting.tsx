import { t } from '../../i18n/index.ts'
import type { Loaded } from './useObject.ts'

/** What a document says while it is not there. */
export function Waiting({ loaded }: { loaded: Exclude<Loaded<unknown>, { state: 'here' }> }) {
  if (loaded.state === 'reading') return <p className="document-note quiet">{t('loading')}</p>
  return (
    <div className="document-note" role="status">
      <p>{t('This document could not be opened.')}</p>
      <p className="quiet">{loaded.words}</p>
    </div>
  )
}
