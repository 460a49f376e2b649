import { X } from 'lucide-react'
import type { Priority } from '../../shared/contract.ts'
import { msg, t } from '../i18n/index.ts'
import { useShownKey } from '../keys/index.ts'
import { IconButton } from '../ui/index.ts'
import { type DateChoice, isUnfiltered, type ListFilter, NO_FILTER, sameValues, UNREAD } from './filters.ts'
import { ListNews } from './ListNews.tsx'
import { usePreferences } from './preferences.ts'
import { PRIORITY_WORDS } from './readingStatus.ts'
import { inUsualOrder, useCounts } from './savedLists.ts'
import { setFilter, useWorklist } from './worklistStore.ts'

const DATES: Array<{ name: string; date: DateChoice; title: string }> = [
  { name: msg('All'), date: { kind: 'all' }, title: msg('Studies of all dates') },
  { name: msg('Today'), date: { kind: 'today' }, title: msg('Studies of today') },
  { name: msg('Yesterday'), date: { kind: 'yesterday' }, title: msg('Studies of yesterday') },
  { name: msg('7 d'), date: { kind: 'days', days: 7 }, title: msg('Studies of today and the six days before') },
  { name: msg('30 d'), date: { kind: 'days', days: 30 }, title: msg('Studies of the last 30 days') },
]

const STATUSES: Array<{ name: string; statuses: ListFilter['statuses']; title: string }> = [
  { name: msg('Unread'), statuses: UNREAD, title: msg('Only what nobody has read') },
  { name: msg('Opened'), statuses: ['opened'], title: msg('Only what was opened and not read') },
  { name: msg('Read'), statuses: ['read'], title: msg('Only what has been read') },
]

const PRIORITIES: Priority[] = ['stat', 'urgent']

function sameDate(one: DateChoice, other: DateChoice): boolean {
  return one.kind === other.kind && (one.kind !== 'days' || other.kind !== 'days' || one.days === other.days)
}

function without<T>(values: readonly T[], value: T): T[] {
  return values.includes(value) ? values.filter(one => one !== value) : [...values, value]
}

/** Date, modality, status, priority: what is pressed holds, together. */
export function FilterBar() {
  const filter = usePreferences(preferences => preferences.filter)
  const unfilteredKey = useShownKey('list-unfiltered')
  const found = useCounts(counts => counts.modalities)
  const seen = useWorklist(worklist => worklist.modalities)
  // A chosen one that is no longer here must stay visible: it is why the list is empty.
  const modalities = inUsualOrder([...found, ...seen, ...filter.modalities])
  const { date, statuses, priorities } = filter
  return (
    <div className="filter-bar">
      <fieldset className="chips" aria-label={t('Study date')}>
        {DATES.map(one => (
          <Chip
            key={one.name}
            name={t(one.name)}
            title={t(one.title)}
            isPressed={sameDate(date, one.date)}
            onPress={() => setFilter({ date: one.date })}
          />
        ))}
        <Chip
          name={t('Range')}
          title={t('Studies between two dates')}
          isPressed={date.kind === 'range'}
          onPress={() => setFilter({ date: { kind: 'range', from: '', to: '' } })}
        />
        {date.kind === 'range' && (
          <>
            <DateField name={t('From')} value={date.from} onChange={from => setFilter({ date: { ...date, from } })} />
            <DateField name={t('To')} value={date.to} onChange={to => setFilter({ date: { ...date, to } })} />
          </>
        )}
      </fieldset>
      {modalities.length > 0 && (
        <fieldset className="chips modalities" aria-label={t('Modality')}>
          {modalities.map(modality => (
            <Chip
              key={modality}
              name={modality}
              title={t('Only {{modality}}, or one of the modalities pressed', { modality })}
              isPressed={filter.modalities.includes(modality)}
              onPress={() => setFilter({ modalities: without(filter.modalities, modality) })}
            />
          ))}
        </fieldset>
      )}
      <fieldset className="chips" aria-label={t('Reading status')}>
        {STATUSES.map(one => (
          <Chip
            key={one.name}
            name={t(one.name)}
            title={t(one.title)}
            isPressed={sameValues(statuses, one.statuses)}
            onPress={() => setFilter({ statuses: sameValues(statuses, one.statuses) ? [] : one.statuses })}
          />
        ))}
      </fieldset>
      <fieldset className="chips" aria-label={t('Priority')}>
        {PRIORITIES.map(one => (
          <Chip
            key={one}
            name={t(PRIORITY_WORDS[one])}
            title={t('Only {{what}}', { what: t(PRIORITY_WORDS[one]) })}
            isPressed={priorities.includes(one)}
            onPress={() => setFilter({ priorities: without(priorities, one) })}
          />
        ))}
      </fieldset>
      {!isUnfiltered(filter) && (
        <IconButton
          icon={X}
          name="Remove filters"
          shortcut={unfilteredKey}
          onClick={() => setFilter({ ...NO_FILTER, search: filter.search })}
        />
      )}
      <span className="spring" />
      <ListNews />
    </div>
  )
}

/** One choice of a filter; pressed, it holds. */
function Chip(props: { name: string; title: string; isPressed: boolean; onPress: () => void }) {
  const { name, title, isPressed, onPress } = props
  return (
    <button type="button" className="chip" title={title} aria-pressed={isPressed} onClick={onPress}>
      {name}
    </button>
  )
}

/** The browser's own date field; DA on our side. */
function DateField(props: { name: string; value: string; onChange: (value: string) => void }) {
  const { name, value, onChange } = props
  return (
    <input
      type="date"
      aria-label={name}
      title={name}
      value={value.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')}
      onChange={event => onChange(event.target.value.replaceAll('-', ''))}
    />
  )
}
