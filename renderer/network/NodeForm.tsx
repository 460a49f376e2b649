import { useState } from 'react'
import type { Node, NodeRight } from '../../shared/config.ts'
import type { EchoAnswer } from '../../shared/network.ts'
import { nodeAddress } from '../../shared/network.ts'
import { heard, msg, t, whyOf } from '../i18n/index.ts'
import { titlesIn, wordsIn } from './lists.ts'
import { echo, type ListedNode, saveNode } from './networkStore.ts'
import { Field, PeerButtons, type PeerDraft, PeerForm } from './PeerForm.tsx'

const RIGHTS: Array<{ right: NodeRight; name: string; means: string }> = [
  { right: 'query', name: msg('Query'), means: msg('May search for studies (C-FIND)') },
  {
    right: 'retrieve',
    name: msg('Retrieve'),
    means: msg('May fetch studies, and have them sent to other nodes (C-GET, C-MOVE)'),
  },
  { right: 'commitment', name: msg('Commitment'), means: msg('May have it confirmed that its images are kept') },
  { right: 'delete', name: msg('Delete'), means: msg('May delete studies') },
]
const USUAL: NodeRight[] = ['query', 'retrieve', 'commitment']

/** A node that is written; the station's refusal stands under it, and nothing that was typed is lost. */
export function NodeForm({
  node,
  suggested,
  onClose,
}: {
  node: ListedNode | undefined
  /** What is known of a new one. */
  suggested?: { AET: string; host: string }
  onClose: () => void
}) {
  const [draft, setDraft] = useState<PeerDraft>({
    name: node?.name ?? '',
    AET: node?.AET ?? suggested?.AET ?? '',
    host: node?.host ?? suggested?.host ?? '',
    port: node ? String(node.port) : '104',
  })
  const [rights, setRights] = useState<NodeRight[]>(node?.rights ?? USUAL)
  const [sendsAs, setSendsAs] = useState(node?.sendsAs.join(', ') ?? '')
  const [addresses, setAddresses] = useState(node?.addresses.join(', ') ?? '')
  const [tls, setTls] = useState(node?.tls ?? false)
  const [certificates, setCertificates] = useState(node?.certificates.join(', ') ?? '')
  const [answer, setAnswer] = useState<EchoAnswer>()
  const [said, setSaid] = useState<{ words: string; failure: boolean }>()
  const { AET, host } = draft
  const written: Node = {
    name: draft.name.trim() || AET.trim(),
    AET,
    host,
    port: Number(draft.port),
    sendsAs: titlesIn(sendsAs),
    rights,
    addresses: wordsIn(addresses),
    tls,
    certificates: wordsIn(certificates),
  }
  const isWhole = nodeAddress.safeParse({ AET, host, port: written.port }).success
  const refuse = (thrown: unknown) => {
    setSaid({ words: whyOf(thrown), failure: true })
  }
  const save = async () => {
    try {
      await saveNode(written, node?.name)
      onClose()
    } catch (thrown) {
      refuse(thrown)
    }
  }
  const test = async () => {
    setAnswer(undefined)
    setSaid({ words: t('Calling…'), failure: false })
    try {
      setAnswer(await echo(written))
      setSaid(undefined)
    } catch (thrown) {
      refuse(thrown)
    }
  }
  return (
    <PeerForm
      label={node ? t('Edit {{name}}', { name: node.name }) : t('New node')}
      draft={draft}
      onChange={part => setDraft({ ...draft, ...part })}
      unnamed={t('What people call it')}
      onSave={() => void save()}
      onClose={onClose}
    >
      <fieldset className="network-rights" aria-label={t('Rights')}>
        <span className="quiet">{t('It may send, and:')}</span>
        {RIGHTS.map(({ right, name: title, means }) => (
          <label key={right} title={t(means)}>
            <input
              type="checkbox"
              checked={rights.includes(right)}
              onChange={event =>
                setRights(event.target.checked ? [...rights, right] : rights.filter(other => other !== right))
              }
            />
            {t(title)}
          </label>
        ))}
        <span className="spring" />
        <label title={t('The station calls it over TLS; needs a certificate of the station (TLS, above)')}>
          <input type="checkbox" checked={tls} onChange={event => setTls(event.target.checked)} />
          {t('Call over TLS')}
        </label>
      </fieldset>
      <div className="network-line">
        <Field
          label={t('Also sends as (AE titles)')}
          title={t(
            'What comes under these AE titles is its own as well: it is no scanner, and its images are not sent back to it',
          )}
          value={sendsAs}
          onChange={setSendsAs}
          maxLength={300}
        />
        <Field
          label={t('Calls only from these IP addresses (empty: from anywhere)')}
          value={addresses}
          onChange={setAddresses}
          maxLength={800}
        />
      </div>
      <div className="network-line">
        <Field
          label={t('SHA-256 of its certificates (then nobody else has its AE title)')}
          value={certificates}
          onChange={setCertificates}
          maxLength={800}
          placeholder={t('Any that is trusted')}
        />
        <span className="spring" />
        <button
          type="button"
          disabled={!isWhole}
          onClick={() => void test()}
          title={t('Call it as it is written here (C-ECHO)')}
        >
          {t('Echo')}
        </button>
        <PeerButtons disabled={!isWhole} onClose={onClose} />
      </div>
      {answer !== undefined && (
        <div className={answer.works ? 'selectable' : 'attention selectable'} role="status">
          {heard(answer.sentence)} {heard(answer.remedy)}
        </div>
      )}
      {said !== undefined && (
        <div className={said.failure ? 'failure selectable' : 'quiet'} role={said.failure ? 'alert' : 'status'}>
          {said.words}
        </div>
      )}
    </PeerForm>
  )
}
