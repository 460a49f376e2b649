import type { SpaceLevel } from '../../shared/contract.ts'
import { CentralBadge } from '../central/index.ts'
import { useTitle } from '../keys/index.ts'
import { formatBytes } from '../ui/index.ts'
import { useStation } from './stationStore.ts'

const FULLNESS: Partial<Record<SpaceLevel, string>> = {
  warn: 'the disk is getting full',
  close: 'nearly full: scanners are sent away',
  refuse: 'full: takes no new images',
}

/** The same line in every room, and the only place that moves by itself. Click opens Activity. */
export function StatusLine({ onClick }: { onClick: () => void }) {
  const { status, online, jobs } = useStation()
  const title = useTitle('Activity', 'activity')
  const running = jobs.filter(job => job.state === 'running')
  const problems = status?.problems ?? 0
  const level = status?.disk.level ?? 'ok'
  return (
    <button type="button" className="status-line" title={title} onClick={onClick} aria-label="Activity">
      {!online && <span className="attention">Station not reachable, trying again</span>}
      {status !== undefined && (
        <>
          <span className="id">
            AE {status.aet}:{status.dimsePort}
          </span>
          <span>receiving {status.receiving}</span>
          {running.map(job => (
            <span key={job.id} className="truncate">
              {job.title} {job.total > 0 ? `${job.done}/${job.total}` : job.done}
            </span>
          ))}
          <span className="spring" />
          <CentralBadge />
          {!status.writable && <span className="failure">takes no new images: the disk reported an error</span>}
          <span className={problems > 0 ? 'attention' : undefined}>
            {problems === 0 ? 'no problems' : `${problems} ${problems === 1 ? 'problem' : 'problems'}`}
          </span>
          {FULLNESS[level] !== undefined && (
            <span className={level === 'warn' ? 'attention' : 'failure'}>{FULLNESS[level]}</span>
          )}
          <span className={level === 'ok' ? undefined : 'attention'}>{formatBytes(status.disk.free)} free</span>
        </>
      )}
    </button>
  )
}
