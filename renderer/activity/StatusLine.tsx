import type { SpaceLevel } from '../../shared/contract.ts'
import { CentralBadge } from '../central/index.ts'
import { heard, msg, t } from '../i18n/index.ts'
import { useTitle } from '../keys/index.ts'
import { formatBytes } from '../ui/index.ts'
import { useStation } from './stationStore.ts'

const FULLNESS: Partial<Record<SpaceLevel, string>> = {
  warn: msg('the disk is getting full'),
  close: msg('nearly full: scanners are sent away'),
  refuse: msg('full: takes no new images'),
}

/** The same line in every room, and the only place that moves by itself. Click opens Activity. */
export function StatusLine({ onClick }: { onClick: () => void }) {
  const { status, online, jobs } = useStation()
  const title = useTitle('Activity', 'activity')
  const running = jobs.filter(job => job.state === 'running')
  const problems = status?.problems ?? 0
  const level = status?.disk.level ?? 'ok'
  const fullness = FULLNESS[level]
  return (
    <button type="button" className="status-line" title={title} onClick={onClick} aria-label={t('Activity')}>
      {!online && <span className="attention">{t('Station not reachable, trying again')}</span>}
      {status !== undefined && (
        <>
          <span className="id">
            AE {status.aet}:{status.dimsePort}
          </span>
          <span>{t('receiving {{receiving}}', { receiving: status.receiving })}</span>
          {running.map(job => (
            <span key={job.id} className="truncate">
              {heard(job.title)} {job.total > 0 ? `${job.done}/${job.total}` : job.done}
            </span>
          ))}
          <span className="spring" />
          <CentralBadge />
          {!status.writable && <span className="failure">{t('takes no new images: the disk reported an error')}</span>}
          <span className={problems > 0 ? 'attention' : undefined}>
            {problems === 0 ? t('no problems') : t('{{count}} problems', { count: problems })}
          </span>
          {fullness !== undefined && <span className={level === 'warn' ? 'attention' : 'failure'}>{t(fullness)}</span>}
          <span className={level === 'ok' ? undefined : 'attention'}>
            {t('{{bytes}} free', { bytes: formatBytes(status.disk.free) })}
          </span>
        </>
      )}
    </button>
  )
}
