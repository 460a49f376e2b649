import { useState } from 'react'
import { type HangingProtocol, hangingProtocols, readProtocols } from '../../shared/viewing/hanging/rules.ts'
import { describeMatch } from '../../shared/viewing/hanging/save.ts'
import { heard, t } from '../i18n/index.ts'
import { AsText, announce } from '../ui/index.ts'
import { forgetLayouts, keepProtocol, setHangingRules, useHangingRules } from './hangingStore.ts'
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
      <span className="quiet">{t('For: {{studies}}', { studies: heard(describeMatch(of.match)) })}</span>
    </div>
  )
}

/** Layouts that come back where no protocol says otherwise, window by window. */
function Layouts() {
  const layouts = Object.entries(useHangingRules(rules => rules.layouts))
  const forget = async (places: string[]) => announce(t('Forgotten'), await forgetLayouts(places))
  return (
    <>
      <h2>{t('Layouts without a protocol')}</h2>
      {layouts.length === 0 && (
        <p className="quiet">
          {t(
            'None yet: a layout you choose comes back with the next study of that modality, in that window and display.',
          )}
        </p>
      )}
      {layouts.map(([place, { rows, columns }]) => {
        const [modality = '', number = '', display = ''] = place.split(' ')
        const window = t('window {{number}}', { number })
        const words = [modality, window, display.replace('x', ' × '), `${rows}×${columns}`].join(' · ')
        return (
          <div className="hanging-row" key={place}>
            <span className="hanging-bar">
              <span className="hanging-name">{words}</span>
              <button
                type="button"
                aria-label={t('Forget {{what}}', { what: words })}
                onClick={() => void forget([place])}
              >
                {t('Forget')}
              </button>
            </span>
          </div>
        )
      })}
      {layouts.length > 1 && (
        <button type="button" onClick={() => void forget(layouts.map(([place]) => place))}>
          {t('Forget all')}
        </button>
      )}
    </>
  )
}

/** Whether studies are hung by rule, and by which: a reader's own first, as text to edit and to carry to another workstation. */
export function HangingPage() {
  const { automatic, protocols } = useHangingRules()
  const [written, setWritten] = useState<string>()
  const [said, setSaid] = useState('')
  const edit = (text: string | undefined, words: string) => {
    setWritten(text)
    setSaid(words)
  }
  const take = (text: string) => {
    const read = readProtocols(text)
    if ('refusal' in read) return setSaid(t('Nothing was changed. {{why}}', { why: heard(read.refusal) }))
    const kept = protocols.filter(({ id }) => read.protocols.every(one => one.id !== id))
    const all = hangingProtocols.safeParse([...read.protocols, ...kept])
    if (!all.success)
      return setSaid(t('Nothing was changed. {{why}}', { why: heard(all.error.issues[0]?.message ?? '') }))
    setWritten(undefined)
    setSaid(t('Taken: {{names}}', { names: read.protocols.map(({ name }) => name).join(', ') }))
    void setHangingRules({ protocols: all.data })
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
        <Layouts />
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
              {t('For: {{studies}}', { studies: heard(describeMatch(one.match)) })}. <bdi>{stagesOf(one)}</bdi>
            </span>
          </div>
        ))}
      </div>
      <AsText
        summary={t('As text: edit, export and import')}
        label={t('Protocols as text')}
        kept={textOf(protocols)}
        fileName="isocenter-hanging.json"
        written={written}
        said={said}
        onWrite={edit}
        onTake={take}
        isOpen={written !== undefined || undefined}
      />
    </section>
  )
}
