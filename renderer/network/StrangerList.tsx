import { Pencil, Plus } from 'lucide-react'
import { useState } from 'react'
import { t } from '../i18n/index.ts'
import { countImages, formatMoment } from '../ui/index.ts'
import { NodeForm } from './NodeForm.tsx'
import type { ListedNode, Peer } from './networkStore.ts'

/** Those that sent last: behind them stand devices that were tried once. */
const SHOWN = 20

/** Who sent images without being a node: taken, but nobody has said who it is. */
export function StrangerList({ strangers, nodes }: { strangers: Peer[]; nodes: ListedNode[] }) {
  const [added, setAdded] = useState<string>()
  const close = () => setAdded(undefined)
  return (
    <section aria-label={t('Stations that are not configured')}>
      <h2>{t('Stations that are not configured')}</h2>
      {strangers.slice(0, SHOWN).map(({ AET, address, instances, lastSeen }) => {
        // It calls itself as a node does, but from elsewhere.
        const namesake = nodes.find(node => node.AET === AET)
        if (added === AET) {
          const known = namesake && { ...namesake, addresses: [...namesake.addresses, address] }
          return <NodeForm key={AET} node={known} suggested={{ AET, host: address }} onClose={close} />
        }
        return (
          <section key={AET} className="network-row" aria-label={t('Station {{AET}}', { AET })}>
            <div className="network-line">
              <strong className="id selectable">{AET}</strong>
              <span className="quiet id selectable">{t('from {{address}}', { address })}</span>
              {namesake && (
                <span className="attention">
                  {t('calls itself as {{name}} does, from another address', { name: namesake.name })}
                </span>
              )}
              <span className="spring" />
              <span className="quiet network-when">
                {t('{{images}}, last {{when}}', { images: countImages(instances), when: formatMoment(lastSeen) })}
              </span>
              <button
                type="button"
                onClick={() => setAdded(AET)}
                title={namesake ? t('Let the node call from this address, too') : t('Say who it is and what it may')}
              >
                {namesake ? <Pencil aria-hidden /> : <Plus aria-hidden />}{' '}
                {namesake ? t('Edit node') : t('Add as node')}
              </button>
            </div>
          </section>
        )
      })}
    </section>
  )
}
