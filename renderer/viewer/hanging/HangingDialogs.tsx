import { useMemo, useState } from 'react'
import { describePane } from '../../../shared/viewing/hanging/place.ts'
import { hangingProtocol } from '../../../shared/viewing/hanging/rules.ts'
import { describeMatch, protocolOf, tryProtocol, type Wish } from '../../../shared/viewing/hanging/save.ts'
import { wordsOf } from '../../../shared/viewing/hanging/words.ts'
import { keepProtocol } from '../../hanging/index.ts'
import { heard, t } from '../../i18n/index.ts'
import { announce, Dialog } from '../../ui/index.ts'
import { useSession } from '../session.ts'
import { chooseStage, patientNow, verdictsNow } from './follow.ts'
import { useHanging } from './hangingState.ts'
import { seenNow } from './seen.ts'

const close = () => useHanging.setState({ open: undefined })

/** Every protocol as it fits the open study: those that can be hung by stage, the others with the reason. */
function Chooser() {
  const verdicts = useMemo(verdictsNow, [])
  const hung = useHanging(state => state.hung)
  const possible = verdicts.filter(({ refusal }) => refusal === '')
  const others = verdicts.filter(({ refusal }) => refusal !== '')
  return (
    <Dialog title="Hanging protocol" className="hanging-chooser" onClose={close}>
      {possible.length === 0 && <p className="quiet">{t('None of them is for this study.')}</p>}
      {possible.map((verdict, first) => (
        <div className="hanging-row" key={verdict.protocol.id}>
          <span>
            {verdict.protocol.name}
            <span className="quiet"> · {verdict.because.map(heard).join(', ') || t('every study')}</span>
          </span>
          <span className="hanging-stages">
            {verdict.stages.map((at, index) => (
              <button
                type="button"
                key={at}
                data-first-focus={(first === 0 && index === 0) || undefined}
                aria-pressed={hung?.verdict.protocol.id === verdict.protocol.id && hung.stage === at}
                onClick={() => chooseStage(verdict, at)}
              >
                {verdict.protocol.stages[at]?.name}
              </button>
            ))}
          </span>
          {verdict.leftOut.map(one => (
            <span className="quiet" key={one}>
              {heard(one)}
            </span>
          ))}
        </div>
      ))}
      {others.length > 0 && (
        <details>
          <summary className="quiet">{t('Not for this study: {{number}}', { number: others.length })}</summary>
          {others.map(({ protocol, refusal }) => (
            <div className="hanging-row quiet" key={protocol.id}>
              {protocol.name}: {heard(refusal)}
            </div>
          ))}
        </details>
      )}
    </Dialog>
  )
}

/** What is seen becomes a rule: which of it counts, read back in words and tried on the open study. */
function SaveForm() {
  const [patient] = useState(patientNow)
  const [seen] = useState(() => (patient === undefined ? [] : seenNow(patient)))
  const { study, layout, linked } = useSession.getState()
  const [wish, setWish] = useState<Wish>(() => ({
    id: crypto.randomUUID(),
    name: study?.StudyDescription || study?.ModalitiesInStudy.join('/') || t('My protocol'),
    layout,
    linked,
    modality: true,
    region: true,
    words: [],
    seriesWords: true,
  }))
  const [words, setWords] = useState(() => (patient?.current.words ?? []).filter(word => !/\d/.test(word)).join(', '))
  const [byWords, setByWords] = useState(false)
  const change = (part: Partial<Wish>) => setWish({ ...wish, ...part })
  const wanted = { ...wish, name: wish.name.trim(), words: byWords ? wordsList(words) : [] }
  const protocol = patient && protocolOf(seen, patient, wanted)
  const valid = hangingProtocol.safeParse(protocol)
  const trial = patient && protocol ? tryProtocol(protocol, seen, patient) : t('Nothing hangs in any pane.')
  const refusal = valid.success ? '' : (valid.error.issues[0]?.message ?? '')
  const save = () => {
    if (!valid.success) return
    void keepProtocol(valid.data)
    announce(t('{{name}} hangs such studies from now on', { name: valid.data.name }))
    close()
  }
  return (
    <Dialog
      title="Save what I see as my protocol"
      className="hanging-save"
      onClose={close}
      foot={
        <>
          <button type="button" title={t('Cancel (Esc)')} onClick={close}>
            {t('Cancel')}
          </button>
          <button type="button" disabled={!valid.success} onClick={save}>
            {t('Save')}
          </button>
        </>
      }
    >
      <form
        onSubmit={event => {
          event.preventDefault()
          save()
        }}
      >
        <label>
          {t('Name')}{' '}
          <input
            type="text"
            data-first-focus
            maxLength={60}
            value={wish.name}
            onChange={event => change({ name: event.target.value })}
          />
        </label>
        <fieldset className="hanging-counts">
          <legend>{t('For studies')}</legend>
          <label>
            <input type="checkbox" checked={wish.modality} onChange={() => change({ modality: !wish.modality })} />{' '}
            {t('of this modality')}
          </label>
          <label>
            <input type="checkbox" checked={wish.region} onChange={() => change({ region: !wish.region })} />{' '}
            {t('of this body part')}
          </label>
          <label>
            <input type="checkbox" checked={byWords} onChange={() => setByWords(!byWords)} /> {t('described by any of')}{' '}
            <input
              type="text"
              aria-label={t('Words of the description')}
              disabled={!byWords}
              value={words}
              onChange={event => setWords(event.target.value)}
            />
          </label>
          <label>
            <input
              type="checkbox"
              checked={wish.seriesWords}
              onChange={() => change({ seriesWords: !wish.seriesWords })}
            />{' '}
            {t('series by their descriptions, where there are such')}
          </label>
        </fieldset>
        {protocol !== undefined && (
          <div className="hanging-preview" data-testid="hanging-preview">
            <div>{t('For: {{studies}}', { studies: heard(describeMatch(protocol.match)) })}</div>
            {protocol.stages[0]?.panes.map((pane, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a pane is its place.
              <div key={at}>
                {at + 1}: {seen[at] === undefined ? t('empty') : heard(describePane(pane))}
                {pane.look?.window &&
                  `, W ${Math.round(pane.look.window.width)} L ${Math.round(pane.look.window.center)}`}
              </div>
            ))}
          </div>
        )}
        <p className={trial === '' && refusal === '' ? 'quiet' : 'attention'} role="status">
          {heard(refusal) ||
            (trial === ''
              ? t('Tried on this study: it hangs what is seen now.')
              : t('Tried on this study: {{what}}', { what: heard(trial) }))}
        </p>
      </form>
    </Dialog>
  )
}

function wordsList(text: string): string[] {
  return [...new Set(text.split(',').map(part => wordsOf(part).join(' ')))].filter(Boolean).slice(0, 40)
}

export function HangingDialogs() {
  const open = useHanging(state => state.open)
  if (open === 'choose') return <Chooser />
  return open === 'save' ? <SaveForm /> : null
}
