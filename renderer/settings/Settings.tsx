import { useState } from 'react'
import { CentralPage } from '../central/index.ts'
import { DisplayFacts } from '../display/index.ts'
import { HangingPage } from '../hanging/index.ts'
import { t } from '../i18n/index.ts'
import { useTitle } from '../keys/index.ts'
import { NetworkPage } from '../network/index.ts'
import { AskBeforeSetting } from '../reading/index.ts'
import { ReportSettingsPage } from '../reporting/index.ts'
import { StoragePage } from '../storage/index.ts'
import { Dialog } from '../ui/index.ts'
import { AccessPage } from './AccessPage.tsx'
import { AppearanceSetting } from './AppearanceSetting.tsx'
import { AuditPage } from './AuditPage.tsx'
import { FoldersPage } from './FoldersPage.tsx'
import { KeysPage } from './KeysPage.tsx'
import { SETTINGS_PAGES, type SettingsPage } from './pages.ts'

/** What a user sets: kept in the station, for this user, in every window; where the station keeps its images, and who else gets in. */
export function Settings(props: {
  first: SettingsPage
  onTestPicture: () => void
  onSelfTest: () => void
  onClose: () => void
}) {
  const { first, onTestPicture, onSelfTest, onClose } = props
  const [page, setPage] = useState<SettingsPage>(first)
  const testTitle = useTitle(t('A grey scale to look at'), 'test-picture')
  const selfTestTitle = useTitle(t('Proves that what is shown and measured here is right'), 'self-test')
  return (
    <Dialog title={t('Settings')} className="settings" onClose={onClose}>
      <fieldset className="chips" aria-label={t('Page')}>
        {SETTINGS_PAGES.map(one => (
          <button
            type="button"
            className="chip"
            key={one}
            data-first-focus={one === first || undefined}
            aria-pressed={one === page}
            onClick={() => setPage(one)}
          >
            {t(one)}
          </button>
        ))}
      </fieldset>
      {page === 'Keys' && <KeysPage />}
      {page === 'Storage' && <StoragePage />}
      {page === 'Network' && <NetworkPage />}
      {page === 'Folders' && <FoldersPage />}
      {page === 'Central' && <CentralPage />}
      {page === 'Access' && <AccessPage />}
      {page === 'Audit' && <AuditPage />}
      {page === 'Reading' && <AskBeforeSetting />}
      {page === 'Hanging' && <HangingPage />}
      {page === 'Reporting' && <ReportSettingsPage />}
      {page === 'Display' && (
        <section className="settings-page" aria-label={t('Display')}>
          <AppearanceSetting />
          <DisplayFacts />
          <div>
            <button type="button" title={testTitle} onClick={onTestPicture}>
              {t('Test picture…')}
            </button>{' '}
            <button type="button" title={selfTestTitle} onClick={onSelfTest}>
              {t('Measurement self-test…')}
            </button>
          </div>
        </section>
      )}
    </Dialog>
  )
}
