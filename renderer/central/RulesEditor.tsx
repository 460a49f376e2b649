import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react'
import { msg, t } from '../i18n/index.ts'
import { IconButton } from '../ui/index.ts'
import { changeDraft } from './destinationsStore.ts'
import { type How, newRule, type RuleDraft } from './draft.ts'
import { describeUrgency } from './words.ts'

const HOWS: How[] = ['normal', 'urgent', 'offPeak', 'never']
const howWords = (how: How) =>
  describeUrgency(how === 'never' ? { send: false, urgency: 'normal' } : { send: true, urgency: how })

const TEXTS = [
  { of: 'modalities', label: msg('Modality'), placeholder: msg('any, such as CT, MR') },
  { of: 'sendingAETs', label: msg('Sent by (AE title)'), placeholder: msg('any') },
  { of: 'receivingAETs', label: msg('Sent to (our AE title)'), placeholder: msg('any') },
  { of: 'descriptions', label: msg('Words of the description'), placeholder: msg('any') },
  { of: 'stations', label: msg('Station name'), placeholder: msg('any') },
] as const satisfies ReadonlyArray<{ of: keyof RuleDraft; label: string; placeholder: string }>

/** The rules of a destination: from the first to the last, until one fits. */
export function RulesEditor({ rules }: { rules: RuleDraft[] }) {
  const keep = (changed: RuleDraft[]) => changeDraft({ rules: changed })
  const swap = (one: number, other: number) =>
    keep(rules.with(one, rules[other] as RuleDraft).with(other, rules[one] as RuleDraft))
  return (
    <fieldset className="central-set" aria-label={t('Rules')}>
      <div className="central-line">
        <span className="quiet">
          {rules.length === 0
            ? t('Rules: none, so everything goes there.')
            : t(
                'The first rule that fits decides; what none fits does not go there. Several words of a field: any of them.',
              )}
        </span>
        <span className="spring" />
        <button
          type="button"
          disabled={rules.length >= 100}
          onClick={() => keep([...rules, newRule()])}
          title={t('What goes there, and what does not')}
        >
          <Plus aria-hidden /> {t('Add rule')}
        </button>
      </div>
      {rules.map((rule, index) => {
        const change = (part: Partial<RuleDraft>) => keep(rules.with(index, { ...rule, ...part }))
        const place = t('Rule {{number}}', { number: index + 1 })
        return (
          <fieldset className="central-rule" key={rule.key} aria-label={place}>
            <div className="central-line">
              <span>{index + 1}</span>
              <select
                aria-label={t('What it does')}
                value={rule.how}
                // biome-ignore lint/a11y/noAutofocus: whoever adds a rule goes on in it.
                autoFocus={rule.how === 'normal' && rule.modalities === ''}
                onChange={event => change({ how: HOWS.find(how => how === event.target.value) ?? 'normal' })}
              >
                {HOWS.map(how => (
                  <option key={how} value={how}>
                    {howWords(how)}
                  </option>
                ))}
              </select>
              <span className="spring" />
              <IconButton
                icon={ArrowUp}
                name={t('{{place}} before', { place })}
                disabled={index === 0}
                onClick={() => swap(index, index - 1)}
              />
              <IconButton
                icon={ArrowDown}
                name={t('{{place}} after', { place })}
                disabled={index === rules.length - 1}
                onClick={() => swap(index, index + 1)}
              />
              <IconButton
                icon={Trash2}
                name={t('Remove {{toLowerCase}}', { toLowerCase: place.toLowerCase() })}
                onClick={() => keep(rules.toSpliced(index, 1))}
              />
            </div>
            <div className="central-conditions">
              {TEXTS.map(({ of, label, placeholder }) => (
                <label key={of}>
                  <span className="quiet">{t(label)}</span>
                  <input
                    value={rule[of]}
                    placeholder={t(placeholder)}
                    maxLength={1000}
                    spellCheck={false}
                    onChange={event => change({ [of]: event.target.value })}
                  />
                </label>
              ))}
              <label>
                <span className="quiet">{t('Received from')}</span>
                <input type="time" value={rule.from} onChange={event => change({ from: event.target.value })} />
              </label>
              <label>
                <span className="quiet">{t('to')}</span>
                <input type="time" value={rule.to} onChange={event => change({ to: event.target.value })} />
              </label>
            </div>
          </fieldset>
        )
      })}
    </fieldset>
  )
}
