import { t } from '../i18n/index.ts'
/** There is nobody to ask yet. */
export function NoNodes({ onNodes }: { onNodes: () => void }) {
  return (
    <>
      <p className="quiet">{t('No other DICOM application is known to this station yet.')}</p>
      <div>
        <button type="button" onClick={onNodes} title={t('Settings › Network')}>
          {t('Add a node…')}
        </button>
      </div>
    </>
  )
}
