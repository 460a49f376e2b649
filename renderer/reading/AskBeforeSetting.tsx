import { t } from '../i18n/index.ts'
import { chooseAskBefore, useAskBefore } from './askBefore.ts'
import { chooseSaveOnRead, useSaveOnRead } from './saveOnRead.ts'

/** A page of the settings. */
export function AskBeforeSetting() {
  const askBefore = useAskBefore(state => state.askBefore)
  const saveOnRead = useSaveOnRead(state => state.saveOnRead)
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
      <label>
        <input
          type="checkbox"
          checked={saveOnRead}
          onChange={event => void chooseSaveOnRead(event.currentTarget.checked)}
        />{' '}
        {t('Save marks and key images when a study is marked as read')}
      </label>
      <p className="quiet">
        {t(
          'Saved as objects of the study, which go to the archives like any other. What is not saved stays here, with the study, for you alone.',
        )}
      </p>
    </section>
  )
}
