import { useTitle } from '../keys/index.ts'
import { formatBytes } from '../ui/index.ts'
import { useStation } from './stationStore.ts'

/** The same line in every room, and the only place that moves by itself. Click opens Activity. */
export function StatusLine({ onClick }: { onClick: () => void }) {
  const { status, online, jobs } = useStation()
  const title = useTitle('Activity', 'activity')
  const running = jobs.filter(job => job.state === 'running')
  const problems = status?.problems ?? 0
  const low = status !== undefined && status.disk.total > 0 && status.disk.free / status.disk.total < 0.05
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
          {!status.writable && <span className="failure">takes no new images: the disk reported an error</span>}
          <span className={problems > 0 ? 'attention' : undefined}>
            {problems === 0 ? 'no problems' : `${problems} ${problems === 1 ? 'problem' : 'problems'}`}
          </span>
          <span className={low ? 'attention' : undefined}>{formatBytes(status.disk.free)} free</span>
        </>
      )}
    </button>
  )
}
