import { Pause, Play, Send } from 'lucide-react'
import type { StudySummary } from '../../shared/contract.ts'
import type { DestinationSummary } from '../../shared/sync.ts'
import { heard, t } from '../i18n/index.ts'
import { formatBytes, IconButton } from '../ui/index.ts'
import { Inventory } from './Inventory.tsx'
import { showRefused } from './requests.ts'
import { sendNow, setPaused, useSync } from './syncStore.ts'
import { asSentence, describeNextTry, describePace, describeState, needsAttention } from './words.ts'

/** In Activity: how each destination does. Every row has the same height and every number its place, whatever happens. */
export function DestinationRows({ onSettings, listed }: { onSettings: () => void; listed: () => StudySummary[] }) {
  const { destinations, offline } = useSync()
  return (
    <section className="destinations" aria-label={t('Central')}>
      <div className="destination-line">
        <h2>{t('Central')}</h2>
        {offline && destinations !== undefined && (
          <span className="attention" role="status">
            {t('this is what the station last said')}
          </span>
        )}
      </div>
      {destinations === undefined && <div className="skeleton destination-skeleton" />}
      {destinations?.length === 0 && (
        <p className="destination-line">
          <span className="quiet">{t('What arrives stays here alone: no archive is set up.')}</span>
          <span className="spring" />
          <button type="button" onClick={onSettings} title={t('Settings › Central')}>
            {t('Set up…')}
          </button>
        </p>
      )}
      {destinations?.map(destination => (
        <DestinationRow key={destination.name} destination={destination} />
      ))}
      <Inventory listed={listed} />
    </section>
  )
}

function DestinationRow({ destination }: { destination: DestinationSummary }) {
  const { name, address, state, queued, queuedBytes, unproved, dead, trouble } = destination
  const paused = state === 'paused'
  return (
    <section className="destination" aria-label={t('Destination {{name}}', { name })} data-state={state}>
      <div className="destination-line">
        <strong className="truncate" title={address}>
          {name}
        </strong>
        <span className={needsAttention(destination) ? 'attention truncate' : 'quiet truncate'}>
          {describeState(destination)}
        </span>
        <span className="spring" />
        <IconButton
          icon={Send}
          name={t('Send to {{name}} now', { name })}
          disabled={paused}
          onClick={() => void sendNow(name)}
        />
        <IconButton
          icon={paused ? Play : Pause}
          name={paused ? t('Resume {{name}}', { name }) : t('Pause {{name}}', { name })}
          onClick={() => void setPaused(name, !paused)}
        />
      </div>
      <div className="destination-numbers quiet">
        <span
          title={
            queued > 0
              ? t('{{formatBytes}} to send', { formatBytes: formatBytes(queuedBytes) })
              : t('Everything was sent')
          }
        >
          {queued === 0
            ? t('nothing waits')
            : t('{{toLocaleString}} waiting · {{formatBytes}}', {
                toLocaleString: queued.toLocaleString(),
                formatBytes: formatBytes(queuedBytes),
              })}
        </span>
        <span title={t('Sent, and not yet shown to be there')}>
          {t('{{images}} unproved', { images: unproved.toLocaleString() })}
        </span>
        <button
          type="button"
          className={dead > 0 ? 'bare attention' : 'bare'}
          disabled={dead === 0}
          title={dead > 0 ? t('What was refused, why, and sending it again') : t('Nothing was refused')}
          onClick={() => showRefused(name)}
        >
          {t('{{images}} refused', { images: dead.toLocaleString() })}
        </button>
        <span>{describeNextTry(destination)}</span>
      </div>
      {trouble === '' ? (
        <div className="destination-last quiet truncate">{describePace(destination)}</div>
      ) : (
        <div className="destination-last attention truncate selectable" title={trouble}>
          {asSentence(heard(trouble))}
        </div>
      )}
    </section>
  )
}
