import { useEffect, useMemo } from 'react'
import { sha256 } from '../../shared/viewing/selftest/sha256.ts'
import type { KeptResult, TestCell } from '../../shared/viewing/selftest/verdict.ts'
import { sentencesOf } from '../../shared/viewing/selftest/verdict.ts'
import { useStation } from '../activity/index.ts'
import { heard, t } from '../i18n/index.ts'
import { CopyButton, Dialog, formatMoment, saveText } from '../ui/index.ts'
import { Certificate, ResultTable } from './Certificate.tsx'
import { asJson, countWords, failureWords, resultText } from './certificate.ts'
import { runNow, watchRun } from './schedule.ts'
import { useSelfTest } from './selfTestStore.ts'

/** The whole result as text and its hash, once it is reckoned. */
function useSigned(result: KeptResult | undefined, cells: TestCell[] | undefined) {
  const status = useStation(station => station.status)
  const station = { aet: status?.aet ?? '', platform: status?.platform ?? '' }
  const text = result && cells && resultText(station, result, cells)
  const hash = useMemo(() => (text === undefined ? '' : sha256(text)), [text])
  return { station, text, hash }
}

/** How the last run went, and what it found: nothing is hidden behind a count. */
function Outcome({ result }: { result: KeptResult }) {
  const { machine, at, failures, failed } = result
  return (
    <>
      <p className={failed > 0 ? 'failure' : undefined} data-testid="self-test-outcome">
        {failed > 0 ? t('Failed') : t('Passed')}, {formatMoment(Date.parse(at))}: {countWords(result)}.
      </p>
      {sentencesOf(result.verdict).map(sentence => (
        <p key={sentence} className="failure">
          {heard(sentence)}
        </p>
      ))}
      {failures.length > 0 && (
        <ul className="self-test-failures selectable">
          {failures.map(one => (
            <li key={`${one.phantom} ${one.path} ${one.check}`}>{failureWords(one)}</li>
          ))}
        </ul>
      )}
      <p className="quiet selectable">
        {t('Isocenter {{version}} in {{browser}}. Graphics: {{graphics}}, pictures drawn by {{drawnBy}}.', {
          version: machine.version,
          browser: machine.browser,
          graphics: machine.renderer || t('no WebGL 2'),
          drawnBy: machine.drawnBy === 'card' ? t('the graphics card') : t('the page'),
        })}
      </p>
    </>
  )
}

/** A phantom with known answers through everything that shows and measures: the last result, another run, the certificate. */
export function SelfTest({ onClose }: { onClose: () => void }) {
  const { result, cells, running, trouble } = useSelfTest()
  useEffect(watchRun, [])
  const { station, text, hash } = useSigned(result, cells)
  const whole = result !== undefined && cells !== undefined && text !== undefined && hash !== ''
  return (
    <Dialog
      title="Measurement self-test"
      className="self-test"
      onClose={onClose}
      foot={
        <>
          {whole && (
            <>
              <CopyButton value={asJson(text, hash)} name={t('the result as JSON')} />
              <button
                type="button"
                onClick={() => saveText(asJson(text, hash), `isocenter-self-test-${result.at.slice(0, 10)}.json`)}
              >
                {t('Save as file')}
              </button>
              <button type="button" onClick={() => window.print()}>
                {t('Print certificate…')}
              </button>
            </>
          )}
          <button type="button" data-first-focus disabled={running !== undefined} onClick={() => void runNow()}>
            {result === undefined ? t('Run') : t('Run again')}
          </button>
        </>
      }
    >
      <p className="quiet">
        {t(
          'A phantom with known answers, in every encoding that is shown here, is decoded, drawn and measured on this machine as a patient’s image is, and compared with what it must give. It runs by itself at the first start and whenever Isocenter, the browser or the graphics card is another. Where it fails, it is not measured. It says nothing of the display’s own greys: that is the test picture.',
        )}
      </p>
      <div role="status" className="self-test-progress">
        {running !== undefined && (
          <>
            <progress value={running.done} max={running.of} aria-label={t('Phantoms tried')} />
            {t('{{done}} of {{all}}', { done: running.done, all: running.of })}
          </>
        )}
        {running === undefined && trouble !== undefined && (
          <span className="attention">
            {t('It came to no end, which says nothing of this machine: {{trouble}}', { trouble })}
          </span>
        )}
        {running === undefined && trouble === undefined && result === undefined && t('It has not been run here yet.')}
      </div>
      {result !== undefined && running === undefined && <Outcome result={result} />}
      {result !== undefined && cells === undefined && running === undefined && (
        <p className="quiet">{t('For the table and the certificate run it again.')}</p>
      )}
      {cells !== undefined && running === undefined && <ResultTable cells={cells} />}
      {whole && <Certificate result={result} cells={cells} station={station} hash={hash} />}
    </Dialog>
  )
}
