import { type FormEvent, useState } from 'react'
import type { Node, NodeRight } from '../../shared/config.ts'
import type { EchoAnswer } from '../../shared/network.ts'
import { nodeAddress } from '../../shared/network.ts'
import { t } from '../i18n/index.ts'
import { echo, type ListedNode, saveNode } from './networkStore.ts'

const RIGHTS: Array<{ right: NodeRight; name: string; means: string }> = [
  { right: 'query', name: 'Query', means: 'May search for studies (C-FIND)' },
  {
    right: 'retrieve',
    name: 'Retrieve',
    means: 'May fetch studies, and have them sent to other nodes (C-GET, C-MOVE)',
  },
  { right: 'commitment', name: 'Commitment', means: 'May have it confirmed that its images are kept' },
  { right: 'delete', name: 'Delete', means: 'May delete studies' },
]
const USUAL: NodeRight[] = ['query', 'retrieve', 'commitment']

const listOf = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean)

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
  const [name, setName] = useState(node?.name ?? '')
  const [AET, setAET] = useState(node?.AET ?? suggested?.AET ?? '')
  const [host, setHost] = useState(node?.host ?? suggested?.host ?? '')
  const [port, setPort] = useState(node ? String(node.port) : '104')
  const [rights, setRights] = useState<NodeRight[]>(node?.rights ?? USUAL)
  const [addresses, setAddresses] = useState(node?.addresses.join(', ') ?? '')
  const [tls, setTls] = useState(node?.tls ?? false)
  const [certificates, setCertificates] = useState(node?.certificates.join(', ') ?? '')
  const [answer, setAnswer] = useState<EchoAnswer>()
  const [said, setSaid] = useState<{ words: string; failure: boolean }>()
  const written: Node = {
    name: name.trim() || AET.trim(),
    AET,
    host,
    port: Number(port),
    rights,
    addresses: listOf(addresses),
    tls,
    certificates: listOf(certificates),
  }
  const isWhole = nodeAddress.safeParse({ AET, host, port: written.port }).success
  const refuse = (thrown: unknown) => {
    setSaid({ words: thrown instanceof Error ? thrown.message : String(thrown), failure: true })
  }
  const save = async (event: FormEvent) => {
    event.preventDefault()
    try {
      await saveNode(written, node?.name)
      onClose()
    } catch (thrown) {
      refuse(thrown)
    }
  }
  const test = async () => {
    setAnswer(undefined)
    setSaid({ words: 'Calling…', failure: false })
    try {
      setAnswer(await echo(written))
      setSaid(undefined)
    } catch (thrown) {
      refuse(thrown)
    }
  }
  const field = (label: string, value: string, set: (value: string) => void, more = {}) => (
    <label>
      <span className="quiet">{label}</span>
      <input value={value} spellCheck={false} onChange={event => set(event.target.value)} {...more} />
    </label>
  )
  return (
    <form
      className="network-form"
      aria-label={node ? t('Edit {{name}}', { name: node.name }) : t('New node')}
      onSubmit={event => void save(event)}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        // The form alone, not the page it stands on.
        event.preventDefault()
        event.stopPropagation()
        onClose()
      }}
    >
      <div className="network-fields">
        {field('AE title', AET, setAET, { autoFocus: true, maxLength: 16, required: true })}
        {field('Host name or IP address', host, setHost, { maxLength: 253, required: true })}
        {field('Port', port, setPort, { inputMode: 'numeric', maxLength: 5, required: true })}
        {field('Name', name, setName, { maxLength: 64, placeholder: AET || 'What people call it' })}
      </div>
      <fieldset className="network-rights" aria-label={t('Rights')}>
        <span className="quiet">{t('It may send, and:')}</span>
        {RIGHTS.map(({ right, name: title, means }) => (
          <label key={right} title={means}>
            <input
              type="checkbox"
              checked={rights.includes(right)}
              onChange={event =>
                setRights(event.target.checked ? [...rights, right] : rights.filter(other => other !== right))
              }
            />
            {title}
          </label>
        ))}
        <span className="spring" />
        <label title={t('The station calls it over TLS; needs a certificate of the station (TLS, above)')}>
          <input type="checkbox" checked={tls} onChange={event => setTls(event.target.checked)} />
          {t('Call over TLS')}
        </label>
      </fieldset>
      <div className="network-line">
        {field('Calls only from these IP addresses (empty: from anywhere)', addresses, setAddresses, {
          maxLength: 800,
        })}
      </div>
      <div className="network-line">
        {field('SHA-256 of its certificates (then nobody else has its AE title)', certificates, setCertificates, {
          maxLength: 800,
          placeholder: 'Any that is trusted',
        })}
        <span className="spring" />
        <button
          type="button"
          disabled={!isWhole}
          onClick={() => void test()}
          title={t('Call it as it is written here (C-ECHO)')}
        >
          {t('Echo')}
        </button>
        <button type="button" onClick={onClose} title={t('Leave it as it was (Esc)')}>
          {t('Cancel')}
        </button>
        <button type="submit" disabled={!isWhole} title={t('Keep it; it holds at once (Enter)')}>
          {t('Save')}
        </button>
      </div>
      {answer !== undefined && (
        <div className={answer.works ? 'selectable' : 'attention selectable'} role="status">
          {answer.sentence} {answer.remedy}
        </div>
      )}
      {said !== undefined && (
        <div className={said.failure ? 'failure selectable' : 'quiet'} role={said.failure ? 'alert' : 'status'}>
          {said.words}
        </div>
      )}
    </form>
  )
}
