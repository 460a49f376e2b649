import { Pencil, Plus, Radio, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { inLanguage, t } from '../i18n/index.ts'
import { announceFailure, formatMoment, IconButton } from '../ui/index.ts'
import { NodeForm } from './NodeForm.tsx'
import { echo, type ListedNode, removeNode } from './networkStore.ts'

/** '' = the form of a new one is open. */
type Edited = string | undefined
const NEW = ''

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
  const { name, AET, host, port, rights, addresses, lastEcho } = node
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
  return (
    <section className="network-row" aria-label={t('Node {{name}}', { name })}>
      <div className="network-line">
        <strong className="truncate">{name}</strong>
        <span className="id selectable">{AET}</span>
        <span className="quiet id selectable">
          {host}:{port}
        </span>
        <span className="spring" />
        <span className="quiet truncate">
          {rights.length === 0
            ? t('may send')
            : addresses.length === 0
              ? t('may {{rights}}', { rights: rights.map(inLanguage).join(', ') })
              : t('may {{rights}} from {{addresses}}', {
                  rights: rights.map(inLanguage).join(', '),
                  addresses: addresses.join(', '),
                })}
        </span>
        <button
          type="button"
          disabled={calling}
          onClick={() => void call()}
          title={t('Ask whether it answers (C-ECHO)')}
        >
          <Radio aria-hidden /> {t('Echo')}
        </button>
        <IconButton icon={Pencil} name={t('Edit {{name}}', { name })} onClick={onEdit} />
        <IconButton icon={Trash2} name={t('Remove {{name}}', { name })} onClick={() => removeNode(name)} />
      </div>
      {calling ? (
        <div className="quiet">{t('Calling…')}</div>
      ) : (
        lastEcho !== null && (
          <div className="network-line">
            <span className={lastEcho.works ? 'quiet selectable' : 'attention selectable'}>
              {lastEcho.sentence} {lastEcho.remedy}
            </span>
            <span className="spring" />
            <span className="quiet network-when">{formatMoment(lastEcho.at)}</span>
          </div>
        )
      )}
    </section>
  )
}
