import { useRef, useState } from 'react'
import { type HangingProtocol, hangingProtocols, readProtocols } from '../../shared/viewing/hanging/rules.ts'
import { describeMatch } from '../../shared/viewing/hanging/save.ts'
import { t } from '../i18n/index.ts'
import { announce, CopyButton, saveText } from '../ui/index.ts'
import { keepProtocol, setHangingRules, useHangingRules } from './hangingStore.ts'
import { SHIPPED } from './shipped.ts'

const textOf = (protocols: readonly HangingProtocol[] | HangingProtocol) => JSON.stringify(protocols, null, 2)

async function remove({ id, name }: HangingProtocol): Promise<void> {
  const { protocols } = useHangingRules.getState()
  await setHangingRules({ protocols: protocols.filter(one => one.id !== id) })
  announce(t('{{name}} was deleted', { name }), () => setHangingRules({ protocols }))
}

function stagesOf({ stages }: HangingProtocol): string {
  return stages.map(({ name }) => name).join(' · ')
}

function OwnRow({ of, onEdit }: { of: HangingProtocol; onEdit: () => void }) {
  const [name, setName] = useState(of.name)
  const rename = () => {
    const wanted = name.trim()
    if (wanted === '') setName(of.name)
    else if (wanted !== of.name) void keepProtocol({ ...of, name: wanted })
  }
  return (
    <div className="hanging-row">
      <span className="hanging-bar">
        <input
          type="text"
          aria-label={t('Name of {{name}}', { name: of.name })}
          maxLength={60}
          value={name}
          onChange={event => setName(event.target.value)}
          onBlur={rename}
        />
        <button type="button" onClick={onEdit}>
          {t('Edit')}
        </button>
        <button type="button" onClick={() => void remove(of)}>
          {t('Delete')}
        </button>
      </span>
      <span className="quiet">{t('For: {{studies}}', { studies: describeMatch(of.match) })}</span>
    </div>
  )
}

/** Whether studies are hung by rule, and by which: a reader's own first, as text to edit and to carry to another workstation. */
export function HangingPage() {
  const { automatic, protocols } = useHangingRules()
  const [written, setWritten] = useState<string>()
  const [said, setSaid] = useState('')
  const file = useRef<HTMLInputElement>(null)
  const shown = written ?? textOf(protocols)
  const edit = (text: string, words: string) => {
    setWritten(text)
    setSaid(words)
  }
  const take = () => {
    const read = readProtocols(shown)
    if ('refusal' in read) return setSaid(t('Nothing was changed. {{why}}', { why: read.refusal }))
    const kept = protocols.filter(({ id }) => read.protocols.every(one => one.id !== id))
    const all = hangingProtocols.safeParse([...read.protocols, ...kept])
    if (!all.success) return setSaid(t('Nothing was changed. {{why}}', { why: all.error.issues[0]?.message ?? '' }))
    setWritten(undefined)
    setSaid(t('Taken: {{names}}', { names: read.protocols.map(({ name }) => name).join(', ') }))
    void setHangingRules({ protocols: all.data })
  }
  const openFile = async (chosen: File | undefined) => {
    // A larger one is no list of protocols; its first part is refused for what it is.
    if (chosen) edit(await chosen.slice(0, 2_000_000).text(), t('Read. “Take” makes them yours.'))
  }
  return (
    <section className="settings-page" aria-label={t('Hanging')}>
      <label>
        <input
          type="checkbox"
          checked={automatic}
          onChange={event => void setHangingRules({ automatic: event.currentTarget.checked })}
        />{' '}
        {t('Hang studies by protocol as they are opened')}
      </label>
      <div className="hanging-list">
        <h2>{t('Mine')}</h2>
        {protocols.length === 0 && (
          <p className="quiet">{t('None yet: “Save what I see as my protocol” (Alt+S in the viewer) makes one.')}</p>
        )}
        {protocols.map(one => (
          <OwnRow
            key={`${one.id} ${one.name}`}
            of={one}
            onEdit={() => edit(textOf(one), t('{{name}}: “Take” keeps what you change.', { name: one.name }))}
          />
        ))}
        <h2>{t('Shipped')}</h2>
        {SHIPPED.map(one => (
          <div className="hanging-row" key={one.id}>
            <span className="hanging-bar">
              <span className="hanging-name">{one.name}</span>
              <button
                type="button"
                onClick={() =>
                  edit(
                    textOf({ ...one, id: crypto.randomUUID(), name: t('{{name}}, mine', { name: one.name }) }),
                    t('A copy: “Take” makes it yours.'),
                  )
                }
              >
                {t('Copy to mine')}
              </button>
            </span>
            <span className="quiet">
              {t('For: {{studies}}', { studies: describeMatch(one.match) })}. {stagesOf(one)}
            </span>
          </div>
        ))}
      </div>
      <details className="keys-text" open={written !== undefined || undefined}>
        <summary>{t('As text: edit, export and import')}</summary>
        <textarea
          aria-label={t('Protocols as text')}
          spellCheck={false}
          rows={10}
          value={shown}
          onChange={event => edit(event.target.value, '')}
        />
        <div className="keys-bar">
          <CopyButton value={shown} name="protocols as text" />
          <button type="button" onClick={() => saveText(textOf(protocols), 'isocenter-hanging.json')}>
            {t('Save as file')}
          </button>
          <button type="button" onClick={() => file.current?.click()}>
            {t('Open file…')}
          </button>
          <input
            ref={file}
            type="file"
            hidden
            accept=".json,application/json"
            aria-label={t('File of protocols')}
            onChange={event => {
              void openFile(event.target.files?.[0])
              event.target.value = ''
            }}
          />
          <button type="button" disabled={written === undefined} onClick={take}>
            {t('Take')}
          </button>
          <button type="button" disabled={written === undefined} onClick={() => setWritten(undefined)}>
            {t('Discard')}
          </button>
        </div>
        <span className="quiet" role="status">
          {said}
        </span>
      </details>
    </section>
  )
}
