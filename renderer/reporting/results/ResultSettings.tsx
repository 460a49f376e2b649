import { useEffect, useState } from 'react'
import type { CallOut } from '../../../shared/contract.ts'
import type { ResultSummary, ResultTarget } from '../../../shared/reporting/resultTargets.ts'
import { call } from '../../client.ts'
import { msg, t } from '../../i18n/index.ts'
import { announce, announceFailure, formatMoment } from '../../ui/index.ts'
import { TargetForm } from './TargetForm.tsx'

const POLL_MS = 3000
/** What is over and went well is the least of what is looked at. */
const SHOWN = 20

const STATES: Record<ResultSummary['state'], string> = {
  waiting: msg('waits'),
  sent: msg('sent'),
  refused: msg('refused'),
  gaveUp: msg('given up'),
  replaced: msg('a later text went instead'),
}

/** Who gets signed reports as HL7, and how those that were sent do. */
export function ResultSettings() {
  const [found, setFound] = useState<CallOut<'results.list'>>()
  /** Its id; '' = a new one. */
  const [edited, setEdited] = useState<string>()
  const read = () =>
    call('results.list', {}).then(setFound, () => {
      // That the station is away is said elsewhere.
    })
  // biome-ignore lint/correctness/useExhaustiveDependencies: it only reads.
  useEffect(() => {
    void read()
    const timer = setInterval(() => void read(), POLL_MS)
    return () => clearInterval(timer)
  }, [])
  if (found === undefined) return null
  const { targets, results } = found
  /** Rejects with what the station refuses. */
  const keep = async (all: ResultTarget[], words: string) => {
    await call('results.set', { targets: all })
    announce(words, async () => {
      await call('results.set', { targets })
      await read()
    })
    await read()
  }
  const save = async (target: ResultTarget) => {
    const all = target.id === '' ? [...targets, target] : targets.map(one => (one.id === target.id ? target : one))
    await keep(all, t('{{name}} is kept', { name: target.name }))
    setEdited(undefined)
  }
  const remove = ({ id, name }: ResultTarget) =>
    keep(
      targets.filter(one => one.id !== id),
      t('{{name}} removed', { name }),
    ).catch((thrown: unknown) => announceFailure('It could not be removed.', thrown))
  const retry = (number: number) =>
    call('results.retry', { number }).then(read, (thrown: unknown) =>
      announceFailure('The report could not be sent again.', thrown),
    )
  const close = () => setEdited(undefined)
  return (
    <section className="report-results" aria-label={t('Signed reports to other systems (HL7)')}>
      <div className="report-results-line">
        <h3>{t('Signed reports to other systems (HL7)')}</h3>
        <button type="button" disabled={edited === ''} onClick={() => setEdited('')}>
          {t('Add a receiver…')}
        </button>
      </div>
      {targets.length === 0 && edited !== '' && (
        <p className="quiet">
          {t('None. With one, each signed report goes there as HL7 (ORU^R01), over a connection or into a folder.')}
        </p>
      )}
      {edited === '' && <TargetForm target={undefined} onSave={save} onClose={close} />}
      {targets.map(target =>
        edited === target.id ? (
          <TargetForm key={target.id} target={target} onSave={save} onClose={close} />
        ) : (
          <div key={target.id} className="report-results-line">
            <strong className="truncate">{target.name}</strong>
            <span className="quiet id truncate selectable">
              {target.kind === 'folder'
                ? target.folder
                : `${target.tls ? 'mllps' : 'mllp'}://${target.host}:${target.port}`}
            </span>
            {!target.enabled && <span className="attention">{t('off')}</span>}
            <span className="spring" />
            <button type="button" onClick={() => setEdited(target.id)}>
              {t('Edit {{name}}', { name: target.name })}
            </button>
            <button type="button" onClick={() => void remove(target)}>
              {t('Remove')}
            </button>
          </div>
        ),
      )}
      {results.slice(0, SHOWN).map(result => (
        <div key={result.number} className="report-results-line">
          <span className={result.state === 'refused' || result.state === 'gaveUp' ? 'failure' : 'quiet'}>
            {t(STATES[result.state])}
          </span>
          <span>{targets.find(({ id }) => id === result.target)?.name ?? result.target}</span>
          <span className="quiet id truncate selectable" title={result.StudyInstanceUID}>
            {result.StudyInstanceUID} · {result.version}
          </span>
          <span className="spring" />
          {result.attempts > 1 && <span className="quiet">{t('{{count}} tries', { count: result.attempts })}</span>}
          {result.state !== 'sent' && result.lastError !== '' && (
            <span className="attention truncate selectable" title={result.lastError}>
              {result.lastError}
            </span>
          )}
          <span className="quiet">{formatMoment(result.changedAt)}</span>
          {result.state !== 'sent' && result.state !== 'replaced' && (
            <button type="button" onClick={() => void retry(result.number)}>
              {t('Try now')}
            </button>
          )}
        </div>
      ))}
    </section>
  )
}
