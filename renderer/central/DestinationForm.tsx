import { type FormEvent, type ReactNode, useState } from 'react'
import type { Proof } from '../../shared/sync.ts'
import { inLanguage, msg, t, whyOf } from '../i18n/index.ts'
import {
  changeDraft,
  leaveForm,
  readDestinations,
  saveDestination,
  tryOut,
  useDestinations,
} from './destinationsStore.ts'
import { type Draft, destinationOf } from './draft.ts'
import { LimitsEditor } from './LimitsEditor.tsx'
import { PullEditor } from './PullEditor.tsx'
import { RulesEditor } from './RulesEditor.tsx'
import { PROOF_WORDS } from './words.ts'

const PROOFS: Proof[] = ['equal', 'present', 'listed']

/** A destination that is written; what it lacks and what the station refuses stand under it, and nothing that was typed is lost. */
export function DestinationForm() {
  const editing = useDestinations(state => state.editing)
  const [opened] = useState(editing)
  const [said, setSaid] = useState<{ words: string[]; kind: 'quiet' | 'plain' | 'attention' | 'failure' }>()
  if (editing === undefined) return null
  const { name, draft } = editing
  const leave = () => leaveForm(editing !== opened)
  /** What the form says, once it is whole. */
  const whole = () => {
    const read = destinationOf(draft)
    if ('destination' in read) return read.destination
    setSaid({ words: read.troubles, kind: 'failure' })
    return undefined
  }
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const one = whole()
    if (one === undefined) return
    try {
      await saveDestination(one, name)
    } catch (thrown) {
      setSaid({ words: [whyOf(thrown)], kind: 'failure' })
    }
  }
  const ask = async () => {
    const one = whole()
    if (one === undefined) return
    setSaid({ words: ['Trying…'], kind: 'quiet' })
    const { works, words } = await tryOut(one)
    setSaid({ words: [words], kind: works ? 'plain' : 'attention' })
  }
  return (
    <form
      className="central-form"
      aria-label={name === undefined ? t('New destination') : t('Edit {{name}}', { name })}
      onSubmit={event => void save(event)}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        // The form alone, not the page it stands on.
        event.preventDefault()
        event.stopPropagation()
        leave()
      }}
    >
      <div className="central-fields">
        <Field
          label={t('Name')}
          of="name"
          draft={draft}
          more={{ maxLength: 64, autoFocus: name === undefined }}
          fixed={name}
        />
        <label>
          <span className="quiet">{t('Reached by')}</span>
          <select
            value={draft.kind}
            // biome-ignore lint/a11y/noAutofocus: the name stays, so this is the first that can be changed.
            autoFocus={name !== undefined}
            onChange={event => changeDraft({ kind: event.target.value === 'dimse' ? 'dimse' : 'dicomweb' })}
          >
            <option value="dicomweb">{t('DICOMweb')}</option>
            <option value="dimse">{t('a DICOM node')}</option>
          </select>
        </label>
        {draft.kind === 'dicomweb' ? (
          <Field
            label={t('Address of its DICOMweb services')}
            of="url"
            draft={draft}
            more={{ maxLength: 2000, placeholder: 'https://pacs.example/dicom-web' }}
          />
        ) : (
          <NodeField node={draft.node} />
        )}
      </div>
      <div className="central-fields">
        <Field
          label={t('Orthanc’s own address, where it is one')}
          of="orthanc"
          draft={draft}
          title={t('Orthanc says by checksum what it holds: nothing has to be fetched back to compare')}
          more={{ maxLength: 2000, placeholder: 'http://pacs.example:8042' }}
        />
        <Field
          label={t('File with its key')}
          of="authorizationFile"
          draft={draft}
          title={t(
            'A file of this machine whose text is the Authorization header; the key itself is kept nowhere else',
          )}
          more={{ maxLength: 4096, placeholder: t('It asks for none') }}
        />
        <Field
          label={t('File with trusted certificates')}
          of="trustedFile"
          draft={draft}
          title={t('PEM; without it, what this machine trusts')}
          more={{ maxLength: 4096, placeholder: t('What this machine trusts') }}
        />
      </div>
      <div className="central-fields central-fields-proof">
        <label>
          <span className="quiet">{t('An image counts as there when it is')}</span>
          <select
            value={draft.proof}
            onChange={event => changeDraft({ proof: PROOFS.find(one => one === event.target.value) ?? 'equal' })}
          >
            {PROOFS.map(one => (
              <option key={one} value={one}>
                {inLanguage(PROOF_WORDS[one].means)}
              </option>
            ))}
          </select>
        </label>
        <Field
          label={t('At once')}
          of="concurrency"
          draft={draft}
          title={t('Posts or associations at the same time, 1 to 8')}
          more={{ type: 'number', min: 1, max: 8 }}
        />
        <Field label={t('Quiet from')} of="quietFrom" draft={draft} title={t(QUIET)} more={{ type: 'time' }} />
        <Field label={t('to')} of="quietTo" draft={draft} title={t(QUIET)} more={{ type: 'time' }} />
      </div>
      <RulesEditor rules={draft.rules} />
      <LimitsEditor limits={draft.limits} />
      <PullEditor pull={draft.pull} isNode={draft.kind === 'dimse'} />
      <div className="central-line">
        <span className="spring" />
        <button type="button" onClick={() => void ask()} title={t('Ask whether it answers; nothing is stored there')}>
          {t('Try')}
        </button>
        <button type="button" onClick={leave} title={t('Leave it as it was (Esc)')}>
          {t('Cancel')}
        </button>
        <button type="submit" title={t('Keep it; it holds at once (Enter)')}>
          {t('Save')}
        </button>
      </div>
      {said !== undefined && (
        <div
          className={said.kind === 'plain' ? 'selectable' : `${said.kind} selectable`}
          role={said.kind === 'failure' ? 'alert' : 'status'}
        >
          {said.words.map(words => (
            <div key={words}>{words}</div>
          ))}
        </div>
      )}
    </form>
  )
}

const QUIET = msg('The hours in which what is to be sent in the quiet hours goes')

type TextField = { [Key in keyof Draft]: Draft[Key] extends string ? Key : never }[keyof Draft]

function Field(props: {
  label: string
  of: TextField
  draft: Draft
  title?: string
  /** It stays what it is. */
  fixed?: string | undefined
  more?: object
}) {
  const { label, of, draft, title, fixed, more } = props
  return (
    <label title={fixed === undefined ? title : t('What was sent is counted by this name: it stays')}>
      <span className="quiet">{label}</span>
      <input
        value={draft[of]}
        spellCheck={false}
        disabled={fixed !== undefined}
        onChange={event => changeDraft({ [of]: event.target.value })}
        {...more}
      />
    </label>
  )
}

function NodeField({ node }: { node: string }): ReactNode {
  const nodes = useDestinations(state => state.nodes)
  const known = node === '' || nodes.includes(node) ? nodes : [node, ...nodes]
  return (
    <label title={t('Nodes are added in Settings › Network')}>
      <span className="quiet">{nodes.length === 0 ? t('Node (none in Settings › Network yet)') : t('Node')}</span>
      <select
        value={node}
        onFocus={() => void readDestinations()}
        onChange={event => changeDraft({ node: event.target.value })}
      >
        <option value="">{t('Choose…')}</option>
        {known.map(one => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  )
}
