import { t } from '../i18n/index.ts'
import { useTitle } from '../keys/index.ts'
import { NO_FILTER } from './filters.ts'
import { reload, setFilter, useWorklist } from './worklistStore.ts'

/** What came and is not in the list, and what went wrong with it: beside the filters, where nothing moves for it. */
export function ListNews() {
  const { pending, hidden, state, error, length, total } = useWorklist()
  const arrivalsTitle = useTitle('Show what has arrived', 'list-arrivals')
  const studies = Math.max(length, total)
  if (state === 'failed' || state === 'unreachable') {
    const consequence =
      state === 'unreachable' ? t('What is stored is not affected.') : t('The list may be out of date.')
    return (
      <div className="news" role="alert">
        <span className="truncate" title={`${error} ${consequence}`}>
          <span className={state === 'failed' ? 'failure' : 'attention'}>{error}</span>{' '}
          <span className="quiet">{consequence}</span>
        </span>
        <button type="button" className="pill" onClick={() => void reload()}>
          {t('Try now')}
        </button>
      </div>
    )
  }
  return (
    <div className="news">
      {hidden.date > 0 && (
        <button
          type="button"
          className="pill"
          title={t('Show studies of all dates')}
          onClick={() => setFilter({ date: { kind: 'all' } })}
        >
          {t('{{hidden}} hidden by date: show', { hidden: hidden.date })}
        </button>
      )}
      {hidden.date === 0 && hidden.other > 0 && (
        <button type="button" className="pill" title={t('Show all studies')} onClick={() => setFilter(NO_FILTER)}>
          {t('{{hidden}} hidden by filter: show', { hidden: hidden.other })}
        </button>
      )}
      {pending > 0 && (
        <button type="button" className="pill" title={arrivalsTitle} onClick={() => void reload()}>
          {t('{{pending}} new ↑', { pending })}
        </button>
      )}
      <span className="quiet" role="status">
        {state === 'ready' && t('{{count}} studies', { count: studies })}
      </span>
    </div>
  )
}
