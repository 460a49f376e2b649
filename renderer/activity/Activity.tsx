import { X } from 'lucide-react'
import { useEffect } from 'react'
import type { AssociationSummary, Problem, StudySummary } from '../../shared/contract.ts'
import { DestinationRows } from '../central/index.ts'
import { heard, t } from '../i18n/index.ts'
import { countImages, formatBytes, formatMoment, IconButton } from '../ui/index.ts'
import { JobView } from './JobView.tsx'
import { dismissProblem, readActivity, useStation } from './stationStore.ts'

/** What the station does and what went wrong, in words. */
export function Activity(props: {
  onClose: () => void
  onStorage: () => void
  onCentral: () => void
  /** The studies of the list that somebody reads, as far as they were read. */
  listed: () => StudySummary[]
}) {
  const { onClose, onStorage, onCentral, listed } = props
  const { jobs, problems, associations, status } = useStation()
  useEffect(() => {
    // Unreachable is the status line's to say.
    readActivity().catch(() => {})
    const listen = (event: KeyboardEvent) => {
      // A dialog over it goes first.
      if (event.key !== 'Escape' || document.querySelector('dialog[open]') !== null) return
      event.stopPropagation()
      onClose()
    }
    window.addEventListener('keydown', listen, { capture: true })
    return () => window.removeEventListener('keydown', listen, { capture: true })
  }, [onClose])
  return (
    <aside className="activity" aria-label={t('Activity')}>
      <div className="dialog-head">
        <span>{t('Activity')}</span>
        <IconButton icon={X} name="Close activity" shortcut="Esc" onClick={onClose} />
      </div>
      <div className="activity-body">
        {/* First: its rows stay where they are, whatever comes below. */}
        <DestinationRows onSettings={onCentral} listed={listed} />
        <section aria-label={t('Problems')}>
          <h2>{t('Problems')}</h2>
          {problems.length === 0 && <p className="quiet">{t('None.')}</p>}
          {problems.map(problem => (
            <ProblemView key={problem.id} problem={problem} />
          ))}
        </section>
        <section aria-label={t('Jobs')}>
          <h2>{t('Jobs')}</h2>
          {jobs.length === 0 && <p className="quiet">{t('Nothing is running. Imports appear here.')}</p>}
          {jobs.map(job => (
            <JobView key={job.id} job={job} />
          ))}
        </section>
        <section aria-label={t('Associations')}>
          <h2>{t('Associations')}</h2>
          {associations.length === 0 && (
            <p className="quiet">{t('No scanner has connected since the station started.')}</p>
          )}
          {associations.map(association => (
            <AssociationView key={association.id} association={association} />
          ))}
        </section>
        {status !== undefined && (
          <section aria-label={t('Station')}>
            <h2>{t('Station')}</h2>
            <p className="quiet selectable">
              Isocenter {status.version} · {t('{{count}} studies', { count: status.studies })},{' '}
              {countImages(status.instances)}, {formatBytes(status.bytes)} · {status.dataDir}
            </p>
            <p className="job-line">
              <span className="quiet">{t('{{count}} images exist on one disk only', { count: status.onlyHere })}</span>
              <span className="spring" />
              <button type="button" onClick={onStorage} title={t('Disks, free space, where images lie')}>
                {t('Storage…')}
              </button>
            </p>
          </section>
        )}
      </div>
    </aside>
  )
}

function ProblemView({ problem }: { problem: Problem }) {
  return (
    <div className="job">
      <div className="job-line">
        <span className={problem.severity === 'failure' ? 'failure' : 'attention'}>{heard(problem.sentence)}</span>
        <span className="spring" />
        <span className="quiet">{formatMoment(problem.at)}</span>
        <button
          type="button"
          onClick={() => void dismissProblem(problem.id).catch(() => {})}
          title={t('Take it off the list')}
        >
          {t('Dismiss')}
        </button>
      </div>
      {problem.detail !== '' && (
        <details>
          <summary>{t('Details')}</summary>
          <p className="selectable quiet">{heard(problem.detail)}</p>
        </details>
      )}
    </div>
  )
}

function AssociationView({ association }: { association: AssociationSummary }) {
  const { callingAET, calledAET, address, startedAt, received, sent, bytes, outcome } = association
  const bad = /refused|aborted/.test(outcome)
  return (
    <div className="job">
      <div className="job-line">
        <span className="id">
          {callingAET} → {calledAET}
        </span>
        <span className="quiet id">{address}</span>
        <span className="spring" />
        <span className="quiet">{formatMoment(startedAt)}</span>
      </div>
      <div>
        <span className={bad ? 'attention' : 'quiet'}>{outcome}</span>
        {received > 0 && (
          <span className="quiet">
            {' '}
            · {countImages(received)}, {formatBytes(bytes)}
          </span>
        )}
        {sent > 0 && <span className="quiet"> · {t('{{count}} images sent', { count: sent })}</span>}
      </div>
    </div>
  )
}
