import { Boxes, FolderInput } from 'lucide-react'
import type { StationStatus } from '../../shared/contract.ts'
import { t } from '../i18n/index.ts'
import { useTitle } from '../keys/index.ts'
import { CopyButton, CopyValue } from '../ui/index.ts'

/** Teaches a new user what this is and how to fill it. */
export function EmptyState(props: { status: StationStatus | undefined; onImport: () => void; onSamples: () => void }) {
  const { status, onImport, onSamples } = props
  const importTitle = useTitle('Import files or folders', 'import')
  const address = status?.addresses[0] ?? '127.0.0.1'
  const command = `storescu -aec ${status?.aet ?? 'ISOCENTER'} ${address} ${status?.dimsePort ?? 11112} image.dcm`
  return (
    <div className="empty-state">
      <h1>{t('No studies yet')}</h1>
      <p className="quiet">
        {t(
          'Point a scanner, another PACS or a workstation at this station. What it sends appears here within a second.',
        )}
      </p>
      <dl>
        <dt>{t('AE title')}</dt>
        <dd>{status === undefined ? '…' : <CopyValue value={status.aet} name={t('AE title')} />}</dd>
        <dt>{t('Address')}</dt>
        <dd>
          {(status?.addresses ?? []).map(one => (
            <CopyValue key={one} value={one} name={t('address')} />
          ))}
        </dd>
        <dt>{t('Port')}</dt>
        <dd>{status === undefined ? '…' : <CopyValue value={String(status.dimsePort)} name={t('port')} />}</dd>
        <dt>{t('Try it')}</dt>
        <dd>
          <code className="selectable">{command}</code>
          <CopyButton value={command} name={t('command')} />
        </dd>
      </dl>
      <div className="empty-actions">
        <button type="button" onClick={onImport} title={importTitle}>
          <FolderInput aria-hidden /> {t('Import…')}
        </button>
        <button type="button" onClick={onSamples} title={t('Phantoms made by this program, marked SYNTHETIC')}>
          <Boxes aria-hidden /> {t('Load sample studies')}
        </button>
      </div>
    </div>
  )
}
