import { Plus, Trash2 } from 'lucide-react'
import { t } from '../i18n/index.ts'
import { IconButton } from '../ui/index.ts'
import { changeDraft } from './destinationsStore.ts'
import { type LimitDraft, newLimit } from './draft.ts'

/** How much of the line it may take, by hour. */
export function LimitsEditor({ limits }: { limits: LimitDraft[] }) {
  const keep = (changed: LimitDraft[]) => changeDraft({ limits: changed })
  return (
    <fieldset className="central-set" aria-label={t('Limits')}>
      <div className="central-line">
        <span className="quiet">
          {limits.length === 0
            ? t('Limits: none, so it takes what the line gives.')
            : t('Within these hours it takes no more than that; where several hold, the narrowest.')}
        </span>
        <span className="spring" />
        <button
          type="button"
          disabled={limits.length >= 24}
          onClick={() => keep([...limits, newLimit()])}
          title={t('So much and no more, in these hours')}
        >
          <Plus aria-hidden /> {t('Add limit')}
        </button>
      </div>
      {limits.map((limit, index) => {
        const change = (part: Partial<LimitDraft>) => keep(limits.with(index, { ...limit, ...part }))
        return (
          <fieldset
            className="central-line central-limit"
            key={limit.key}
            aria-label={t('Limit {{number}}', { number: index + 1 })}
          >
            <label>
              <span className="quiet">{t('from')}</span>
              <input type="time" value={limit.from} onChange={event => change({ from: event.target.value })} />
            </label>
            <label>
              <span className="quiet">{t('to')}</span>
              <input type="time" value={limit.to} onChange={event => change({ to: event.target.value })} />
            </label>
            <label>
              <span className="quiet">{t('at most')}</span>
              <input
                type="number"
                min={1}
                max={10_000_000}
                value={limit.kilobytesPerSecond}
                onChange={event => change({ kilobytesPerSecond: event.target.value })}
              />
              <span className="quiet">kB/s</span>
            </label>
            <span className="spring" />
            <IconButton
              icon={Trash2}
              name={t('Remove limit {{number}}', { number: index + 1 })}
              onClick={() => keep(limits.toSpliced(index, 1))}
            />
          </fieldset>
        )
      })}
    </fieldset>
  )
}
