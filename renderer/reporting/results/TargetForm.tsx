import { type FormEvent, useState } from 'react'
import type { ResultTarget } from '../../../shared/reporting/resultTargets.ts'
import { call } from '../../client.ts'
import { t, whyOf } from '../../i18n/index.ts'

const NEW: ResultTarget = {
  id: '',
  name: '',
  kind: 'mllp',
  host: '',
  port: 2575,
  tls: false,
  caFile: '',
  folder: '',
  preliminary: false,
  pdf: true,
  enabled: true,
}

type Switch = 'tls' | 'pdf' | 'preliminary' | 'enabled'

/** A receiver of reports that is written; the station's refusal stands under it, and nothing that was typed is lost. */
export function TargetForm(props: {
  target: ResultTarget | undefined
  /** Rejects with what the station refuses. */
  onSave: (target: ResultTarget) => Promise<void>
  onClose: () => void
}) {
  const { onSave, onClose } = props
  const [target, setTarget] = useState(props.target ?? NEW)
  const [said, setSaid] = useState<{ words: string; failure: boolean }>()
  const change = (part: Partial<ResultTarget>) => setTarget({ ...target, ...part })
  const written = { ...target, name: target.name.trim() || target.host.trim() || target.folder.trim().slice(-64) }
  const refuse = (thrown: unknown) => setSaid({ words: whyOf(thrown), failure: true })
  const save = (event: FormEvent) => {
    event.preventDefault()
    onSave(written).catch(refuse)
  }
  const tryOut = async () => {
    setSaid({ words: t('Calling…'), failure: false })
    try {
      const { works, words } = await call('results.try', written)
      setSaid({ words: works ? t('It is reached.') : words, failure: !works })
    } catch (thrown) {
      refuse(thrown)
    }
  }
  const field = (label: string, value: string, set: (value: string) => void, more = {}) => (
    <label>
      {label}{' '}
      <input type="text" value={value} spellCheck={false} onChange={event => set(event.target.value)} {...more} />
    </label>
  )
  const tick = (key: Switch, label: string) => (
    <label>
      <input type="checkbox" checked={target[key]} onChange={event => change({ [key]: event.target.checked })} />{' '}
      {label}
    </label>
  )
  return (
    <form className="report-results-form" aria-label={t('Receiver of reports')} onSubmit={save}>
      {field(t('Name'), target.name, name => change({ name }), { maxLength: 64, autoFocus: true })}
      <label>
        {t('By')}{' '}
        <select
          value={target.kind}
          onChange={event => change({ kind: event.target.value === 'folder' ? 'folder' : 'mllp' })}
        >
          <option value="mllp">{t('a connection (MLLP)')}</option>
          <option value="folder">{t('files in a folder')}</option>
        </select>
      </label>
      {target.kind === 'mllp' ? (
        <>
          {field(t('Host name or IP address'), target.host, host => change({ host }), {
            maxLength: 253,
            required: true,
          })}
          {field(t('Port'), String(target.port), port => change({ port: Number.parseInt(port, 10) || 0 }), {
            inputMode: 'numeric',
            size: 6,
            maxLength: 5,
          })}
          {tick('tls', t('Over TLS'))}
          {target.tls &&
            field(t('Certificates to believe, a PEM file (empty: this machine’s)'), target.caFile, caFile =>
              change({ caFile }),
            )}
        </>
      ) : (
        field(t("Folder on the station's machine, with its full path"), target.folder, folder => change({ folder }), {
          size: 40,
          maxLength: 1000,
          required: true,
        })
      )}
      {tick('pdf', t('With the report as PDF'))}
      {tick('preliminary', t('Preliminary reports, too'))}
      {tick('enabled', t('On'))}
      <div className="report-results-line">
        <button type="button" onClick={() => void tryOut()}>
          {t('Try')}
        </button>
        <button type="button" onClick={onClose}>
          {t('Cancel')}
        </button>
        <button type="submit">{t('Save')}</button>
        {said !== undefined && (
          <span className={said.failure ? 'failure selectable' : 'quiet'} role={said.failure ? 'alert' : 'status'}>
            {said.words}
          </span>
        )}
      </div>
    </form>
  )
}
