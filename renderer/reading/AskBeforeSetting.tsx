import { t } from '../i18n/index.ts'
import { chooseAskBefore, useAskBefore } from './askBefore.ts'

/** A page of the settings. */
export function AskBeforeSetting() {
  const askBefore = useAskBefore(state => state.askBefore)
  return (
    <section className="settings-page" aria-label={t('Reading')}>
      <label>
        <input
          type="checkbox"
          checked={askBefore}
          onChange={event => void chooseAskBefore(event.currentTarget.checked)}
        />{' '}
        {t('Ask before a study is marked as read of which images were not seen')}
      </label>
      <p className="quiet">
        {t(
          'Seen is what stood on the screen for 80 ms at a quarter of its size or more. Without the question, what was not seen is said when the study is marked.',
        )}
      </p>
    </section>
  )
}
