import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { NodeRight } from '../../shared/config.ts'
import { heard, msg, t } from '../i18n/index.ts'
import { announceFailure, formatMoment } from '../ui/index.ts'
import { NodeForm } from './NodeForm.tsx'
import { echo, type ListedNode, removeNode } from './networkStore.ts'
import { PeerRow } from './PeerRow.tsx'

/** '' = the form of a new one is open. */
type Edited = string | undefined
const NEW = ''

const RIGHTS: Record<NodeRight, string> = {
  query: msg('query'),
  retrieve: msg('retrieve'),
  commitment: msg('commitment'),
  delete: msg('delete'),
}

export function NodeList({ nodes }: { nodes: ListedNode[] }) {
  const [edited, setEdited] = useState<Edited>()
  const close = () => setEdited(undefined)
  return (
    <section aria-label={t('Nodes')}>
      <div className="network-head">
        <h2>{t('Nodes')}</h2>
        <span className="spring" />
        <button
          type="button"
          disabled={edited === NEW}
          onClick={() => setEdited(NEW)}
          title={t('Another DICOM application that may ask this station, or is asked')}
        >
          <Plus aria-hidden /> {t('Add node')}
        </button>
      </div>
      {edited === NEW && <NodeForm node={undefined} onClose={close} />}
      {nodes.length === 0 && edited !== NEW && (
        <p className="quiet">
          {t(
            'None yet. Anybody may send images here; to query and retrieve, or to be sent images, an application has to be a node: its AE title, address and port.',
          )}
        </p>
      )}
      {nodes.map(node =>
        edited === node.name ? (
          <NodeForm key={node.name} node={node} onClose={close} />
        ) : (
          <NodeView key={node.name} node={node} onEdit={() => setEdited(node.name)} />
        ),
      )}
    </section>
  )
}

function NodeView({ node, onEdit }: { node: ListedNode; onEdit: () => void }) {
  const { name, rights, addresses, lastEcho } = node
  const [calling, setCalling] = useState(false)
  const call = async () => {
    setCalling(true)
    try {
      await echo(node)
    } catch (thrown) {
      announceFailure(t('{{name}} could not be called.', { name }), thrown)
    }
    setCalling(false)
  }
  const allowed = rights.map(right => t(RIGHTS[right])).join(', ')
  return (
    <PeerRow
      label={t('Node {{name}}', { name })}
      peer={node}
      facts={
        rights.length === 0
          ? t('may send')
          : addresses.length === 0
            ? t('may {{rights}}', { rights: allowed })
            : t('may {{rights}} from {{addresses}}', { rights: allowed, addresses: addresses.join(', ') })
      }
      calling={calling}
      onEcho={() => void call()}
      onEdit={onEdit}
      onRemove={() => removeNode(name)}
    >
      {lastEcho !== null && (
        <div className="network-line">
          <span className={lastEcho.works ? 'quiet selectable' : 'attention selectable'}>
            {heard(lastEcho.sentence)} {heard(lastEcho.remedy)}
          </span>
          <span className="spring" />
          <span className="quiet network-when">{formatMoment(lastEcho.at)}</span>
        </div>
      )}
    </PeerRow>
  )
}
