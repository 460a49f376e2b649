import type { JobSummary } from '../../shared/contract.ts'
import { t } from '../i18n/index.ts'
import { cancelJob } from './stationStore.ts'

const STATES: Record<JobSummary['state'], string> = {
  running: 'running',
  done: 'done',
  cancelled: 'cancelled',
  failed: 'failed',
}

/** What is said of that which went well, of the rest, and what is counted. */
const WORDS: Record<JobSummary['kind'], { taken: string; left: string; things: string }> = {
  import: { taken: 'stored', left: 'refused', things: 'files' },
  samples: { taken: 'stored', left: 'refused', things: 'files' },
  repair: { taken: 'adopted', left: 'damaged, missing or set aside', things: 'files' },
  send: { taken: 'sent', left: 'not taken', things: 'images' },
  commitment: { taken: 'confirmed', left: 'not confirmed', things: 'images' },
  fetch: { taken: 'received', left: 'not received', things: 'images' },
  export: { taken: 'written', left: 'left out', things: 'images' },
  print: { taken: 'printed', left: 'not printed', things: 'films' },
}

function counts(job: JobSummary): string {
  const { taken, left } = WORDS[job.kind]
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
  const { things } = WORDS[job.kind]
  const running = job.state === 'running'
  return (
    <div className="job" data-state={job.state}>
      <div className="job-line">
        <span className="truncate">{job.title}</span>
        <span className={job.state === 'failed' ? 'failure' : 'quiet'}>{STATES[job.state]}</span>
        <span className="spring" />
        <span className="quiet">
          {job.done}
          {job.total > 0 && t(' of {{total}}', { total: job.total })}
          {running && job.rate > 0 && ` · ${job.rate.toFixed(job.rate < 10 ? 1 : 0)} ${things}/s`}
        </span>
        {running && (
          <button
            type="button"
            onClick={() => void cancelJob(job.id).catch(() => {})}
            title={t('Stop this job; what is stored stays')}
          >
            {t('Cancel')}
          </button>
        )}
      </div>
      {running &&
        (job.total > 0 ? (
          <progress
            max={job.total}
            value={job.done}
            aria-label={t('{{done}} of {{total}} {{things}}', { done: job.done, total: job.total, things })}
          />
        ) : (
          <progress aria-label={t('counting {{things}}', { things })} />
        ))}
      <div className="quiet">{counts(job)}</div>
      {job.error !== null && <div className="failure selectable">{job.error}</div>}
      {job.refused.length > 0 && (
        <details>
          <summary>{t('Left out ({{files}})', { files: job.notDicom + job.failed })}</summary>
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
