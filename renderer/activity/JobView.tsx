import type { JobSummary } from '../../shared/contract.ts'
import { heard, msg, t } from '../i18n/index.ts'
import { cancelJob } from './stationStore.ts'

const STATES: Record<JobSummary['state'], string> = {
  running: msg('running'),
  done: msg('done'),
  cancelled: msg('cancelled'),
  failed: msg('failed'),
}

/** What is said of that which went well, of the rest, and what is counted. */
const WORDS: Record<JobSummary['kind'], { taken: string; left: string; things: string }> = {
  import: { taken: msg('stored'), left: msg('refused'), things: msg('files') },
  samples: { taken: msg('stored'), left: msg('refused'), things: msg('files') },
  repair: { taken: msg('adopted'), left: msg('damaged, missing or set aside'), things: msg('files') },
  send: { taken: msg('sent'), left: msg('not taken'), things: msg('images') },
  commitment: { taken: msg('confirmed'), left: msg('not confirmed'), things: msg('images') },
  fetch: { taken: msg('received'), left: msg('not received'), things: msg('images') },
  export: { taken: msg('written'), left: msg('left out'), things: msg('images') },
  print: { taken: msg('printed'), left: msg('not printed'), things: msg('films') },
}

function counts(job: JobSummary): string {
  const { taken, left } = WORDS[job.kind]
  const parts = [
    `${job.stored} ${t(taken)}`,
    job.duplicates > 0 && t('{{number}} already here', { number: job.duplicates }),
    job.notDicom > 0 && t('{{number}} not DICOM', { number: job.notDicom }),
    job.failed > 0 && `${job.failed} ${t(left)}`,
  ]
  return parts.filter(Boolean).join(' · ')
}

/** A job with how far it is, how fast, what it left out and why, and a way to stop it. */
export function JobView({ job }: { job: JobSummary }) {
  const things = t(WORDS[job.kind].things)
  const running = job.state === 'running'
  return (
    <div className="job" data-state={job.state}>
      <div className="job-line">
        <span className="truncate">{heard(job.title)}</span>
        <span className={job.state === 'failed' ? 'failure' : 'quiet'}>{t(STATES[job.state])}</span>
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
      {job.error !== null && <div className="failure selectable">{heard(job.error)}</div>}
      {job.refused.length > 0 && (
        <details>
          <summary>{t('Left out ({{files}})', { files: job.notDicom + job.failed })}</summary>
          <ul className="selectable">
            {job.refused.map(({ file, reason }) => (
              <li key={file}>
                {file}: <span className="quiet">{heard(reason)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}
