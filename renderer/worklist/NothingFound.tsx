import { t } from '../i18n/index.ts'
import { useTitle } from '../keys/index.ts'
import { findElsewhere } from '../network/index.ts'
import { isUnfiltered, NO_FILTER } from './filters.ts'
import { usePreferences } from './preferences.ts'
import { setFilter } from './worklistStore.ts'

/** Nothing is in the list, and why, and what brings something back. */
export function NothingFound() {
  const filter = usePreferences(preferences => preferences.filter)
  const searched = filter.search !== ''
  const elsewhereTitle = useTitle('Ask another archive for it', 'list-elsewhere')
  return (
    <div className="message nothing-found">
      <div>
        {searched ? t('No study matches “{{search}}”.', { search: filter.search }) : t('No study is in this list.')}
      </div>
      <div className="quiet">
        {searched
          ? t('Parts of the name or description in any order, or the beginning of an ID or accession number.')
          : t('Its filter leaves out what is here.')}
      </div>
      <div className="empty-actions">
        {searched && (
          <button type="button" title={t('Clear search (Esc)')} onClick={() => setFilter({ search: '' })}>
            {t('Clear search')}
          </button>
        )}
        {searched && (
          <button type="button" title={elsewhereTitle} onClick={() => findElsewhere(filter.search)}>
            {t('Find on another archive…')}
          </button>
        )}
        {!isUnfiltered(filter) && (
          <button type="button" onClick={() => setFilter({ ...NO_FILTER, search: filter.search })}>
            {t('Remove filters')}
          </button>
        )}
      </div>
    </div>
  )
}
