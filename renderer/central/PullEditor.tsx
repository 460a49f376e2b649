import { CalendarDays, Plus, Trash2 } from 'lucide-react'
import { msg, t } from '../i18n/index.ts'
import { IconButton } from '../ui/index.ts'
import { changeDraft } from './destinationsStore.ts'
import { newPullRule, type PullDraft, type PullRuleDraft } from './pullDraft.ts'

const TEXTS = [
  { of: 'modalities', label: msg('Modality'), placeholder: msg('any, such as CT, MR') },
  { of: 'referrers', label: msg('Referrer'), placeholder: msg('any; a part of the name') },
  { of: 'descriptions', label: msg('Words of the description'), placeholder: msg('any') },
] as const satisfies ReadonlyArray<{ of: keyof PullRuleDraft; label: string; placeholder: string }>

const PRIORS = [
  { of: 'most', label: msg('Priors of a patient, at most'), title: msg('0 = none come along'), min: 0, max: 50 },
  {
    of: 'years',
    label: msg('Of the last years'),
    title: msg('Counted from the study they come along with'),
    min: 1,
    max: 100,
  },
  {
    of: 'megabytes',
    label: msg('MB of a patient, at most'),
    title: msg('Estimated by their images, half a megabyte each'),
    min: 1,
    max: 1_000_000,
  },
  {
    of: 'everySeconds',
    label: msg('Seconds between two looks'),
    title: msg('How often it is asked what is new'),
    min: 1,
    max: 3600,
  },
] as const satisfies ReadonlyArray<{ of: keyof PullDraft; label: string; title: string; min: number; max: number }>

/** What comes here from a destination by itself: what fits any of the rules, and priors of that. */
export function PullEditor({ pull, isNode }: { pull: PullDraft; isNode: boolean }) {
  const keep = (change: Partial<PullDraft>) => changeDraft({ pull: { ...pull, ...change } })
  const { rules } = pull
  const add = (sinceDays: string) => keep({ rules: [...rules, { ...newPullRule(), sinceDays }] })
  return (
    <fieldset className="central-set" aria-label={t('What comes here by itself')}>
      <div className="central-line">
        <span className="quiet">
          {rules.length === 0
            ? t('What comes here by itself: nothing.')
            : t('What comes here by itself: studies there that fit any of these, and priors of their patients.')}
        </span>
        <span className="spring" />
        <button
          type="button"
          disabled={rules.length >= 100}
          onClick={() => add('0')}
          title={t('Every study of the day, as the archive dates it')}
        >
          <CalendarDays aria-hidden /> {t('Add today’s list')}
        </button>
        <button
          type="button"
          disabled={rules.length >= 100}
          onClick={() => add('')}
          title={t('By modality, referrer or description')}
        >
          <Plus aria-hidden /> {t('Add studies')}
        </button>
      </div>
      {rules.map((rule, index) => {
        const change = (part: Partial<PullRuleDraft>) => keep({ rules: rules.with(index, { ...rule, ...part }) })
        const place = t('Comes here {{number}}', { number: index + 1 })
        return (
          <fieldset className="central-rule central-pull-rule" key={rule.key} aria-label={place}>
            {TEXTS.map(({ of, label, placeholder }, at) => (
              <label key={of}>
                <span className="quiet">{t(label)}</span>
                <input
                  value={rule[of]}
                  placeholder={t(placeholder)}
                  maxLength={1000}
                  spellCheck={false}
                  // biome-ignore lint/a11y/noAutofocus: whoever adds one goes on in it.
                  autoFocus={at === 0 && rule.isNew}
                  onChange={event => change({ [of]: event.target.value })}
                />
              </label>
            ))}
            <label title={t('0 = of today alone; empty = of any date')}>
              <span className="quiet">{t('Of the last days')}</span>
              <input
                type="number"
                min={0}
                max={36_500}
                value={rule.sinceDays}
                placeholder={t('any date')}
                onChange={event => change({ sinceDays: event.target.value })}
              />
            </label>
            <IconButton
              icon={Trash2}
              name={t('Remove “{{place}}”', { place })}
              onClick={() => keep({ rules: rules.toSpliced(index, 1) })}
            />
          </fieldset>
        )
      })}
      {isNode && rules.some(({ sinceDays }) => sinceDays === '') && (
        <div className="quiet">
          {t(
            'Of more than 5,000 studies a node does not list those that have neither a date nor a Patient ID: they do not come.',
          )}
        </div>
      )}
      {rules.length > 0 && (
        <div className="central-pull-priors">
          {PRIORS.map(({ of, label, ...more }) => (
            <label key={of} title={more.title && t(more.title)}>
              <span className="quiet">{t(label)}</span>
              <input
                type="number"
                value={pull[of]}
                min={more.min}
                max={more.max}
                onChange={event => keep({ [of]: event.target.value })}
              />
            </label>
          ))}
        </div>
      )}
    </fieldset>
  )
}
