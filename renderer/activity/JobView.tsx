import type { JobSummary } from '../../shared/contract.ts'
import { cancelJob } from './stationStore.ts'

const STATES: Record<JobSummary['state'], string> = {
  running: 'running',
  done: 'done',
  cancelled: 'cancelled',
  failed: 'failed',
}

/** What a job has brought about, and what it could not, in the words of its kind. */
const COUNTED: Record<JobSummary['kind'], [taken: string, left: string]> = {
  import: ['stored', 'refused'],
  samples: ['stored', 'refused'],
  repair: ['adopted', 'damaged, missing or set aside'],
  commitment: ['confirmed', 'not confirmed'],
}

function counts(job: JobSummary): string {
  const [taken, left] = COUNTED[job.kind]
  const parts = [
    `${job.stored} ${taken}`,
    job.duplicates > 0 && `${job.duplicates} already here`,
    job.notDicom > 0 && `${job.notDicom} not DICOM`,
    job.failed > 0 && `${job.failed} ${left}`,
  ]
  return parts.filter(Boolean).join(' · ')
}

/** A job with how far it is, how fast, what it left out and why, and a way to stop it. */
export function JobView({ job }: { job: JobSummary }) {
  const running = job.state === 'running'
  return (
    <div className="job" data-state={job.state}>
      <div className="job-line">
        <span className="truncate">{job.title}</span>
        <span className={job.state === 'failed' ? 'failure' : 'quiet'}>{STATES[job.state]}</span>
        <span className="spring" />
        <span className="quiet">
          {job.done}
          {job.total > 0 && ` of ${job.total}`}
          {running && job.rate > 0 && ` · ${job.rate.toFixed(job.rate < 10 ? 1 : 0)} files/s`}
        </span>
        {running && (
          <button
            type="button"
            onClick={() => void cancelJob(job.id).catch(() => {})}
            title="Stop this job; what is stored stays"
          >
            Cancel
          </button>
        )}
      </div>
      {running &&
        (job.total > 0 ? (
          <progress max={job.total} value={job.done} aria-label={`${job.done} of ${job.total} files`} />
        ) : (
          <progress aria-label="counting files" />
        ))}
      <div className="quiet">{counts(job)}</div>
      {job.error !== null && <div className="failure selectable">{job.error}</div>}
      {job.refused.length > 0 && (
        <details>
          <summary>Left out ({job.notDicom + job.failed})</summary>
          <ul className="selectable">
            {job.refused.map(({ file, reason }) => (
              <li key={file}>
                {file}: <span className="quiet">{reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}
