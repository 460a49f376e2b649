import { useEffect, useRef, useState } from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import { t, whyOf } from '../i18n/index.ts'
import { announce, Dialog, PersonName, walkButtons } from '../ui/index.ts'
import { NoNodes } from './NoNodes.tsx'
import { readNetwork, useNetwork } from './networkStore.ts'
import { sendStudy } from './requests.ts'

/** Chooses the node a study goes to. */
export function SendDialog(props: {
  study: StudySummary
  onNodes: () => void
  onStarted: () => void
  onClose: () => void
}) {
  const { study, onNodes, onStarted, onClose } = props
  const nodes = useNetwork(network => network.nodes)
  const [error, setError] = useState('')
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => void readNetwork(), [])
  const known = nodes !== undefined
  useEffect(() => {
    if (known) list.current?.querySelector('button')?.focus()
  }, [known])
  const send = async (AET: string, name: string) => {
    try {
      await sendStudy(AET, study.StudyInstanceUID)
      announce(t('On its way to {{name}}', { name }))
      onStarted()
      onClose()
    } catch (thrown) {
      setError(whyOf(thrown))
    }
  }
  return (
    <Dialog title="Send to…" className="network-send" onClose={onClose}>
      <div className="truncate">
        <PersonName value={study.PatientName} lang={study.lang} />{' '}
        <span className="quiet">
          {study.StudyDescription} · {study.NumberOfStudyRelatedInstances.toLocaleString()}{' '}
          {study.NumberOfStudyRelatedInstances === 1 ? t('image') : t('images')}
        </span>
      </div>
      {nodes?.length === 0 && <NoNodes onNodes={onNodes} />}
      <div className="network-choice" role="toolbar" aria-label={t('Nodes')} ref={list} onKeyDown={walkButtons}>
        {nodes?.map(({ name, AET, host, port, lastEcho }) => (
          <button
            type="button"
            className="bare"
            key={name}
            title={t('Send the study to {{name}} (Enter)', { name })}
            onClick={() => void send(AET, name)}
          >
            <span>{name}</span>
            <span className="quiet id">
              {AET} {host}:{port}
            </span>
            {lastEcho !== null && !lastEcho.works && <span className="attention">{t('did not answer')}</span>}
          </button>
        ))}
      </div>
      {error !== '' && (
        <div className="failure selectable" role="alert">
          {error}
        </div>
      )}
    </Dialog>
  )
}
