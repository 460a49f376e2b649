import { useState } from 'react'
import type { FindingSummary } from '../../shared/network.ts'
import { heard, t } from '../i18n/index.ts'
import { formatMoment } from '../ui/index.ts'
import { dismiss, replay } from './networkStore.ts'

/** The associations that failed in the last seven days: why, what to change, and whether it would work now. */
export function DoctorList({ findings }: { findings: FindingSummary[] }) {
  return (
    <section aria-label={t('Association doctor')}>
      <h2>{t('What went wrong')}</h2>
      {findings.length === 0 && <p className="quiet">{t('No association has failed in the last seven days.')}</p>}
      {findings.map(finding => (
        <FindingView key={finding.id} finding={finding} />
      ))}
    </section>
  )
}

function FindingView({ finding }: { finding: FindingSummary }) {
  const { id, outgoing, AET, address, sentence, remedy, count, first, last, replayable, replayed } = finding
  const [trying, setTrying] = useState(false)
  const tryAgain = async () => {
    setTrying(true)
    await replay(id)
    setTrying(false)
  }
  return (
    <section
      className="network-row"
      aria-label={outgoing ? t('To {{name}}', { name: AET || address }) : t('From {{name}}', { name: AET || address })}
    >
      <div className="network-line">
        <span className="attention selectable">{heard(sentence)}</span>
        <span className="spring" />
        <span className="quiet network-when" title={t('first {{formatMoment}}', { formatMoment: formatMoment(first) })}>
          {count > 1 && t('{{toLocaleString}} times, ', { toLocaleString: count.toLocaleString() })}
          {formatMoment(last)}
        </span>
        {replayable && (
          <button
            type="button"
            disabled={trying}
            onClick={() => void tryAgain()}
            title={
              outgoing
                ? t('Call the node again')
                : t('What the same request would be answered with the settings of now')
            }
          >
            {outgoing ? t('Try again') : t('And now?')}
          </button>
        )}
        <button
          type="button"
          onClick={() => void dismiss(id)}
          title={t('Take it off the list; it comes back if it happens again')}
        >
          {t('Dismiss')}
        </button>
      </div>
      <div className="network-line">
        <span className="selectable">{heard(remedy)}</span>
        <span className="spring" />
        <span className="quiet id">
          {outgoing
            ? t('To {{name}}', { name: `${AET} ${address}` })
            : t('From {{name}}', { name: `${AET} ${address}` })}
        </span>
      </div>
      {trying && <div className="quiet">{t('Trying…')}</div>}
      {!trying && replayed !== null && (
        <div className={replayed.works ? 'quiet selectable' : 'attention selectable'} role="status">
          {formatMoment(replayed.at)}: {heard(replayed.sentence)}
        </div>
      )}
    </section>
  )
}
