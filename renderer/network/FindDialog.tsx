import { type FormEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { type FoundStudy, studySearch } from '../../shared/network.ts'
import { t, whyOf } from '../i18n/index.ts'
import { announce, Dialog, formatDate, PersonName, walkButtons } from '../ui/index.ts'
import { NoNodes } from './NoNodes.tsx'
import { readNetwork, useNetwork } from './networkStore.ts'
import { fetchStudy, searchNode } from './requests.ts'

/** Days of the platform's field (YYYY-MM-DD) as DICOM writes them. */
const asDate = (day: string) => day.replaceAll('-', '')

/** Looks for studies on another archive and fetches them. */
export function FindDialog(props: { words: string; onNodes: () => void; onClose: () => void }) {
  const { words, onNodes, onClose } = props
  const nodes = useNetwork(network => network.nodes)
  const [chosen, setChosen] = useState<string>()
  // What was looked for here is a number or a name.
  const isNumber = /\d/.test(words)
  const [name, setName] = useState(isNumber ? '' : words)
  const [PatientID, setPatientID] = useState(isNumber ? words : '')
  const [AccessionNumber, setAccessionNumber] = useState('')
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const [rows, setRows] = useState<FoundStudy[]>()
  const [asked, setAsked] = useState<ReadonlySet<string>>(new Set())
  const [running, setRunning] = useState<AbortController>()
  const [trouble, setTrouble] = useState('')
  const current = useRef<AbortController>(undefined)
  const listed = useRef<Promise<void>>(undefined)
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => {
    listed.current = readNetwork()
    first.current?.focus()
    return () => current.current?.abort()
  }, [])

  const chosenOf = (known: typeof nodes) => (known?.find(node => node.AET === chosen) ?? known?.[0])?.AET ?? ''
  const AET = chosenOf(nodes)
  const search = studySearch.safeParse({ name, PatientID, AccessionNumber, from: asDate(from), to: asDate(to) })
  const find = async (event: FormEvent) => {
    event.preventDefault()
    if (!search.success) return
    // The list from before may name a node by what it was called then: whoever types quickly asks the one of now.
    await listed.current
    const AET = chosenOf(useNetwork.getState().nodes)
    if (AET === '') return
    current.current?.abort()
    const stop = new AbortController()
    current.current = stop
    setRunning(stop)
    setRows([])
    setTrouble('')
    setAsked(new Set())
    const more = (found: FoundStudy[]) => setRows(before => [...(before ?? []), ...found])
    try {
      const why = await searchNode(AET, search.data, more, stop.signal)
      if (current.current === stop) setTrouble(why)
    } catch (thrown) {
      if (current.current === stop) setTrouble(whyOf(thrown))
    }
    if (current.current === stop) setRunning(undefined)
  }
  const fetch = async (study: FoundStudy) => {
    try {
      await fetchStudy(AET, study.StudyInstanceUID)
      setAsked(before => new Set(before).add(study.StudyInstanceUID))
      announce('Being fetched: Activity shows how far it is')
    } catch (thrown) {
      setTrouble(whyOf(thrown))
    }
  }
  return (
    <Dialog title="Find on another archive" className="network-find" onClose={onClose}>
      {nodes?.length === 0 ? (
        <NoNodes onNodes={onNodes} />
      ) : (
        <form className="network-search" aria-label={t('What to look for')} onSubmit={event => void find(event)}>
          <label>
            <span className="quiet">{t('Archive')}</span>
            <select value={AET} onChange={event => setChosen(event.target.value)}>
              {nodes?.map(node => (
                <option key={node.AET} value={node.AET}>
                  {node.name}
                </option>
              ))}
            </select>
          </label>
          <Field label={t('Name')} value={name} onChange={setName} input={first} />
          <Field label={t('Patient ID')} value={PatientID} onChange={setPatientID} />
          <Field label={t('Accession number')} value={AccessionNumber} onChange={setAccessionNumber} />
          <Field label={t('From')} value={from} onChange={setFrom} type="date" />
          <Field label={t('To')} value={to} onChange={setTo} type="date" />
          {running === undefined ? (
            <button type="submit" disabled={!search.success} title={t('Ask the archive (Enter)')}>
              {t('Find')}
            </button>
          ) : (
            <button type="button" onClick={() => running.abort()} title={t('What has come stays')}>
              {t('Stop')}
            </button>
          )}
        </form>
      )}
      {rows !== undefined && (
        <>
          <div className="quiet" role="status">
            {running !== undefined && t('Asking… ')}
            {rows.length === 0
              ? running === undefined && trouble === '' && t('The archive knows no such study.')
              : t('{{count}} studies', { count: rows.length })}
          </div>
          <Rows rows={rows} asked={asked} onFetch={study => void fetch(study)} />
        </>
      )}
      {trouble !== '' && (
        <div className="attention selectable" role="alert">
          {trouble}
        </div>
      )}
    </Dialog>
  )
}

function Field(props: {
  label: string
  value: string
  onChange: (value: string) => void
  type?: 'date'
  input?: RefObject<HTMLInputElement | null>
}) {
  const { label, value, onChange, type, input } = props
  return (
    <label>
      <span className="quiet">{label}</span>
      <input
        type={type ?? 'text'}
        value={value}
        maxLength={64}
        spellCheck={false}
        ref={input}
        onChange={event => onChange(event.target.value)}
      />
    </label>
  )
}

function Rows(props: { rows: FoundStudy[]; asked: ReadonlySet<string>; onFetch: (study: FoundStudy) => void }) {
  const { rows, asked, onFetch } = props
  return (
    <div
      className="network-choice network-found"
      role="toolbar"
      aria-label={t('Studies found')}
      onKeyDown={walkButtons}
    >
      {rows.map(study => (
        <button
          type="button"
          className="bare"
          key={study.StudyInstanceUID}
          title={t('Fetch this study (Enter)')}
          onClick={() => onFetch(study)}
        >
          <span className="truncate">
            <PersonName value={study.PatientName} lang={study.lang} />
          </span>
          <span className="id truncate">{study.PatientID}</span>
          <span>{formatDate(study.StudyDate)}</span>
          <span className="truncate">{study.ModalitiesInStudy.join(', ')}</span>
          <span className="truncate">{study.StudyDescription}</span>
          <span className="id truncate">{study.AccessionNumber}</span>
          <span className="quiet">
            {asked.has(study.StudyInstanceUID)
              ? t('asked for')
              : study.NumberOfStudyRelatedInstances !== null &&
                t('{{NumberOfStudyRelatedInstances}} images', {
                  NumberOfStudyRelatedInstances: study.NumberOfStudyRelatedInstances,
                })}
          </span>
        </button>
      ))}
    </div>
  )
}
