import { useEffect, useState } from 'react'
import type { ExchangedStudy, Outage } from '../../shared/sync.ts'
import { call } from '../client.ts'
import { t } from '../i18n/index.ts'
import { announceFailure, formatDate, PersonName } from '../ui/index.ts'
import { see } from './seenStore.ts'
import { describeExchange, describeOutage } from './words.ts'

const REST_MS = 2000

/** In Activity: what was exchanged when an archive was back, until somebody has seen it; folded out, study by study. */
export function OutageLine({ name, ...outage }: Outage & { name: string }) {
  const { until, images, studies } = outage
  const [open, setOpen] = useState(false)
  return (
    <div className="destination-line central-outage">
      <details onToggle={event => setOpen(event.currentTarget.open)}>
        <summary>
          <span role="status">{describeOutage(name, outage).join(' · ')}</span>
        </summary>
        {open && <Exchanged destination={name} until={until} counted={images + studies} />}
      </details>
      <button type="button" onClick={() => see(until)} title={t('It is not shown again')}>
        {t('Seen')}
      </button>
    </div>
  )
}

/** `counted`: what was exchanged so far; it is read again when that rests. */
function Exchanged({ destination, until, counted }: { destination: string; until: number; counted: number }) {
  const [read, setRead] = useState<{ counted: number; studies: ExchangedStudy[] }>()
  const known = read?.counted
  useEffect(() => {
    if (known === counted) return
    const ask = () =>
      call('sync.exchanged', { destination, until })
        .then(({ studies }) => setRead({ counted, studies }))
        .catch((thrown: unknown) => announceFailure('What was exchanged could not be read.', thrown))
    const timer = setTimeout(ask, known === undefined ? 0 : REST_MS)
    return () => clearTimeout(timer)
  }, [destination, until, counted, known])
  return (
    <ul className="custody-list" aria-label={t('What was exchanged')}>
      {read?.studies.map(study => (
        <li key={study.StudyInstanceUID} className="central-exchanged-row">
          <span className="truncate">
            <PersonName value={study.PatientName || t('Unknown patient')} lang={study.lang} />
          </span>
          <span className="quiet">{describeExchange(study)}</span>
          <span className="quiet truncate">
            <span className="id">{study.PatientID}</span>{' '}
            {[formatDate(study.StudyDate), study.StudyDescription].filter(Boolean).join(' · ')}
          </span>
        </li>
      ))}
    </ul>
  )
}
