import { useEffect } from 'react'
import { t } from '../i18n/index.ts'
import { DoctorList } from './DoctorList.tsx'
import { NodeList } from './NodeList.tsx'
import { followNetwork, useNetwork } from './networkStore.ts'
import { OwnAddress } from './OwnAddress.tsx'
import { PrinterList } from './PrinterList.tsx'
import { StrangerList } from './StrangerList.tsx'
import { TlsSection } from './TlsSection.tsx'

/** Other DICOM nodes: who they are, what they may, whether they answer, and what went wrong with them. */
export function NetworkPage() {
  const { nodes, own, tls, findings, strangers, offline } = useNetwork()
  useEffect(followNetwork, [])
  return (
    <section className="settings-page network" aria-label={t('Network')}>
      {/* Said in a line that is there anyway: nothing moves for it. */}
      <div className="network-head">
        <h2>{t('This station')}</h2>
        {offline && (
          <span className="attention" role="status">
            {t('does not answer; this is what it last said.')}
          </span>
        )}
      </div>
      {own !== undefined && <OwnAddress own={own} />}
      {tls !== undefined && <TlsSection tls={tls} />}
      {nodes !== undefined && <NodeList nodes={nodes} />}
      {nodes !== undefined && <PrinterList />}
      {nodes !== undefined && strangers.length > 0 && <StrangerList strangers={strangers} nodes={nodes} />}
      {nodes !== undefined && <DoctorList findings={findings} />}
    </section>
  )
}
