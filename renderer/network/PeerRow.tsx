import { Pencil, Radio, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import type { NodeAddress } from '../../shared/network.ts'
import { t } from '../i18n/index.ts'
import { IconButton } from '../ui/index.ts'

/** A node or a printer in its list: its address, what is known of it, an echo, and under that (`children`) what the echo said. */
export function PeerRow(props: {
  label: string
  peer: Pick<NodeAddress, 'AET' | 'host' | 'port'> & { name: string }
  facts: string
  calling: boolean
  onEcho: () => void
  onEdit: () => void
  onRemove: () => void
  children: ReactNode
}) {
  const { label, peer, facts, calling, onEcho, onEdit, onRemove, children } = props
  const { name, AET, host, port } = peer
  return (
    <section className="network-row" aria-label={label}>
      <div className="network-line">
        <strong className="truncate">{name}</strong>
        <span className="id selectable">{AET}</span>
        <span className="quiet id selectable">
          {host}:{port}
        </span>
        <span className="spring" />
        <span className="quiet truncate">{facts}</span>
        <button type="button" disabled={calling} onClick={onEcho} title={t('Ask whether it answers (C-ECHO)')}>
          <Radio aria-hidden /> {t('Echo')}
        </button>
        <IconButton icon={Pencil} name={t('Edit {{name}}', { name })} onClick={onEdit} />
        <IconButton icon={Trash2} name={t('Remove {{name}}', { name })} onClick={onRemove} />
      </div>
      {calling ? <div className="quiet">{t('Calling…')}</div> : children}
    </section>
  )
}
