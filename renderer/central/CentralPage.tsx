import { Pencil, Plus, Radio, Trash2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { PullSummary } from '../../shared/pull.ts'
import type { Destination } from '../../shared/sync.ts'
import { heard, inLanguage, t } from '../i18n/index.ts'
import { IconButton } from '../ui/index.ts'
import { DestinationForm } from './DestinationForm.tsx'
import { edit, readDestinations, removeDestination, tryOut, useDestinations } from './destinationsStore.ts'
import { useFollowedPulls } from './pullStore.ts'
import { RuleTester } from './RuleTester.tsx'
import { sendNow, useSync } from './syncStore.ts'
import {
  asSentence,
  describePull,
  describePulling,
  describeRule,
  describeState,
  needsAttention,
  PROOF_WORDS,
} from './words.ts'

/** Where what arrives has to end up: destinations, their rules, and what they would do with a study. */
export function CentralPage() {
  const { destinations, trouble, editing } = useDestinations()
  useEffect(() => void readDestinations(), [])
  const pulls = useFollowedPulls()
  const isNew = editing !== undefined && editing.name === undefined
  return (
    <section className="settings-page central" aria-label={t('Central')}>
      <div className="central-line">
        <h2>{t('Destinations')}</h2>
        {trouble !== '' && (
          <>
            <span className="attention" role="alert">
              {trouble}
            </span>
            <button type="button" onClick={() => void readDestinations()} title={t('Ask the station again')}>
              {t('Read again')}
            </button>
          </>
        )}
        <span className="spring" />
        {destinations !== undefined && destinations.length > 0 && (
          <button
            type="button"
            disabled={editing !== undefined}
            onClick={() => edit(undefined)}
            title={t('Another archive that images have to end up on')}
          >
            <Plus aria-hidden /> {t('Add destination')}
          </button>
        )}
      </div>
      {destinations === undefined && trouble === '' && <div className="skeleton destination-skeleton" />}
      {destinations?.length === 0 && !isNew && <NoDestination />}
      {isNew && <DestinationForm />}
      {destinations?.map(one =>
        editing?.name === one.name ? (
          <DestinationForm key={one.name} />
        ) : (
          <DestinationView
            key={one.name}
            destination={one}
            pulling={pulls?.find(pull => pull.destination === one.name)}
          />
        ),
      )}
      {destinations !== undefined && (destinations.length > 0 || isNew) && <RuleTester />}
    </section>
  )
}

function NoDestination() {
  return (
    <div className="central-empty">
      <p>{t('What arrives stays on this station alone.')}</p>
      <p className="quiet">
        {t(
          'A destination is an archive that images have to end up on, such as the hospital’s PACS: reached by DICOMweb, or as a node of “Network”. What arrives is sent there as it comes, or by rules; it counts as safe only once it was shown to be there, and while the line or the archive is down it waits here.',
        )}
      </p>
      <div>
        <button type="button" onClick={() => edit(undefined)} title={t('An archive that images have to end up on')}>
          <Plus aria-hidden /> {t('Add destination')}
        </button>
      </div>
    </div>
  )
}

function addressOf({ route }: Destination): string {
  return route.kind === 'dicomweb' ? route.url : t('node {{node}}', { node: route.node })
}

function DestinationView({ destination, pulling }: { destination: Destination; pulling: PullSummary | undefined }) {
  const { name, rules, proof, concurrency, pull } = destination
  const summary = useSync(sync => sync.destinations?.find(one => one.name === name))
  const [answer, setAnswer] = useState<{ works: boolean; words: string }>()
  const [trying, setTrying] = useState(false)
  const editing = useDestinations(state => state.editing !== undefined)
  const ask = async () => {
    setTrying(true)
    setAnswer(await tryOut(destination))
    setTrying(false)
  }
  return (
    <section className="central-row" aria-label={t('Destination {{name}}', { name })}>
      <div className="central-line">
        <strong className="truncate">{name}</strong>
        <span className="quiet id truncate selectable">{addressOf(destination)}</span>
        <span className="spring" />
        {summary !== undefined && (
          <span className={needsAttention(summary) ? 'attention central-fixed' : 'quiet central-fixed'}>
            {describeState(summary)}
          </span>
        )}
        <button
          type="button"
          disabled={trying}
          onClick={() => void ask()}
          title={t('Ask whether it answers; nothing is stored there')}
        >
          <Radio aria-hidden /> {t('Try')}
        </button>
        <IconButton
          icon={Pencil}
          name={t('Edit {{name}}', { name })}
          disabled={editing}
          onClick={() => edit(destination)}
        />
        <IconButton
          icon={Trash2}
          name={t('Remove {{name}}', { name })}
          disabled={editing}
          onClick={() => removeDestination(name)}
        />
      </div>
      <div className="quiet">
        {rules.length === 0 ? t('Everything goes there. ') : t('By its rules. ')}
        {t('Counts as there when {{proof}}; {{concurrency}} at once.', {
          proof: inLanguage(PROOF_WORDS[proof].name),
          concurrency,
        })}
      </div>
      {rules.length > 0 && (
        <ol className="central-rules">
          {rules.map((rule, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a rule is its place.
            <li key={index}>{describeRule(rule)}</li>
          ))}
        </ol>
      )}
      {pull !== undefined && (
        <div className="central-line">
          <div className="quiet">
            {describePull(pull)}
            {pulling && <div>{asSentence(describePulling(pulling))}</div>}
          </div>
          <span className="spring" />
          <button
            type="button"
            disabled={destination.paused}
            onClick={() => void sendNow(name)}
            title={t('Ask now what is new there')}
          >
            {t('Look now')}
          </button>
        </div>
      )}
      {pulling !== undefined && pulling.trouble !== '' && (
        <div className="attention selectable">{asSentence(heard(pulling.trouble))}</div>
      )}
      {trying && <div className="quiet">{t('Trying…')}</div>}
      {!trying && answer !== undefined && (
        <div className={answer.works ? 'selectable' : 'attention selectable'} role="status">
          {heard(answer.words)}
        </div>
      )}
    </section>
  )
}
