import { type LanguageChoice, t, useLanguage } from '../i18n/index.ts'
import { useTitle } from '../keys/index.ts'
import { useContrast } from '../ui/index.ts'
import { chooseLanguage, toggleContrast } from './appearance.ts'

/** A language is called what those who speak it call it. */
const OWN_NAMES: Array<{ choice: LanguageChoice; name: string; lang?: string }> = [
  { choice: 'en', name: 'English', lang: 'en' },
  { choice: 'de', name: 'Deutsch', lang: 'de' },
]

/** Language and contrast: on the page of the display. */
export function AppearanceSetting() {
  const choice = useLanguage(state => state.choice)
  const high = useContrast(state => state.high)
  const title = useTitle(t('White on black, brighter borders'), 'high-contrast')
  return (
    <div className="appearance">
      <label>
        {t('Language')}{' '}
        <select value={choice} onChange={event => chooseLanguage(event.target.value as LanguageChoice)}>
          <option value="system">{t('As the system')}</option>
          {OWN_NAMES.map(({ choice, name, lang }) => (
            <option key={choice} value={choice} lang={lang}>
              {name}
            </option>
          ))}
          {choice === 'pseudo' && <option value="pseudo">{t('Pseudo')}</option>}
        </select>
      </label>
      <label title={title}>
        <input type="checkbox" checked={high} onChange={toggleContrast} /> {t('High contrast')}
      </label>
    </div>
  )
}
