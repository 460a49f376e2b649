import { createPortal } from 'react-dom'
import type { KeptResult, TestCell } from '../../shared/viewing/selftest/verdict.ts'
import { heard, t } from '../i18n/index.ts'
import {
  countWords,
  failureWords,
  PATH_NAMES,
  type PathSummary,
  type Station,
  summarize,
  wordsOf,
} from './certificate.ts'

function PathCell({ summary }: { summary: PathSummary }) {
  const { failed, passed, reason } = summary
  return (
    <td className={failed > 0 ? 'failure' : passed === 0 ? 'quiet' : undefined} title={reason && heard(reason)}>
      {failed > 0 && '✗ '}
      {wordsOf(summary)}
    </td>
  )
}

/** Phantom by phantom, path by path. */
export function ResultTable({ cells }: { cells: TestCell[] }) {
  const { phantoms, pane } = summarize(cells)
  const [first] = phantoms
  const untried = phantoms
    .flatMap(({ paths }) => paths)
    .flatMap(({ path, reason }) =>
      reason === undefined
        ? []
        : [t('{{path}}, not possible here: {{reason}}', { path: t(PATH_NAMES[path]), reason: heard(reason) })],
    )
  return (
    <>
      <table className="self-test-table">
        <thead>
          <tr>
            <th scope="col">{t('Encoding')}</th>
            <th scope="col">{t('Tolerance')}</th>
            {first?.paths.map(({ path }) => (
              <th scope="col" key={path}>
                {t(PATH_NAMES[path])}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {phantoms.map(({ title, tolerance, paths }) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              <td>{tolerance === 0 ? t('none') : `± ${tolerance}`}</td>
              {paths.map(summary => (
                <PathCell key={summary.path} summary={summary} />
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">{t('{{pane}}: from the pointer to the figure', { pane: t(PATH_NAMES.pane) })}</th>
            <td>{t('none')}</td>
            <td />
            <td />
            <td />
            <PathCell summary={pane} />
          </tr>
        </tbody>
      </table>
      {[...new Set(untried)].map(words => (
        <p className="quiet" key={words}>
          {words}
        </p>
      ))}
    </>
  )
}

/** The result on paper: on the screen it is not seen, in print there is nothing else. */
export function Certificate(props: { result: KeptResult; cells: TestCell[]; station: Station; hash: string }) {
  const { result, cells, station, hash } = props
  const { machine, at, failed } = result
  const facts: Array<[name: string, value: string]> = [
    [t('Station'), `${station.aet} (${station.platform})`],
    ['Isocenter', machine.version],
    [t('Browser'), machine.browser],
    [t('Graphics'), machine.renderer || t('no WebGL 2')],
    [t('Pictures drawn by'), machine.drawnBy === 'card' ? t('the graphics card') : t('the page')],
    [t('Run'), `${new Date(at).toLocaleString()} (${at})`],
  ]
  return createPortal(
    <section className="certificate" aria-label={t('Certificate')}>
      <h1>{t('Measurement self-test')}</h1>
      <p className="certificate-outcome">
        {failed > 0 ? t('FAILED') : t('PASSED')}: {countWords(result)}
      </p>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <ResultTable cells={cells} />
      {failed > 0 && (
        <ul className="self-test-failures">
          {result.failures.map(one => (
            <li key={`${one.phantom} ${one.path} ${one.check}`}>{failureWords(one)}</li>
          ))}
        </ul>
      )}
      <p>
        {t(
          'A phantom whose values, pictures and measures are known as formulas was decoded, drawn in nine ways and measured with every tool by the program’s own way of showing images, on this machine. Greys may be off by one level of 255. It does not certify the display.',
        )}
      </p>
      <p className="certificate-hash">{t('SHA-256 of the result: {{hash}}', { hash })}</p>
    </section>,
    document.body,
  )
}
