import { UserRoundPen } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import type { PatientProposal, ProposedPatient, StudySummary } from '../../shared/contract.ts'
import { call } from '../client.ts'
import { t, whyOf } from '../i18n/index.ts'
import { countImages, Dialog, formatDate, PersonName } from '../ui/index.ts'
import { closeBin, moveSubject, type Subject } from './binStore.ts'
import { ReasonField, useReason } from './ReasonField.tsx'

const TYPING_MS = 150
const SHOWN = 30

/** Finds the patient it belongs to by a study that is here, and shows it there. It can be taken back. */
export function MoveDialog({ subject }: { subject: Subject }) {
  const isSeries = subject.SeriesInstanceUID !== undefined
  const { reason, setReason, keep } = useReason()
  const [search, setSearch] = useState('')
  const [found, setFound] = useState<StudySummary[]>([])
  const [proposals, setProposals] = useState<PatientProposal[]>([])
  const [target, setTarget] = useState<string>()
  const [error, setError] = useState('')

  useEffect(() => {
    const aborter = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const { studies } = await call('studies.list', { search, limit: SHOWN }, aborter.signal)
        setFound(studies.filter(study => study.StudyInstanceUID !== subject.StudyInstanceUID))
        setError('')
      } catch (thrown) {
        if (!aborter.signal.aborted) setError(whyOf(thrown))
      }
    }, TYPING_MS)
    return () => {
      clearTimeout(timer)
      aborter.abort()
    }
  }, [search, subject.StudyInstanceUID])

  useEffect(() => {
    const aborter = new AbortController()
    call('patients.proposals', { StudyInstanceUID: subject.StudyInstanceUID }, aborter.signal).then(
      // An ID that two seem to have is no place to move anything to.
      said => setProposals(said.proposals.filter(({ likeness }) => likeness !== 'apart')),
      thrown => {
        if (!aborter.signal.aborted) setError(whyOf(thrown))
      },
    )
    return () => aborter.abort()
  }, [subject.StudyInstanceUID])

  const proposed = search === '' ? proposals.map(proposal => otherOf(proposal, subject.StudyInstanceUID)) : []
  const others = found.filter(one => !proposed.some(other => other.StudyInstanceUID === one.StudyInstanceUID))
  const isReady = target !== undefined && reason.trim() !== ''
  const move = (into: boolean) => {
    if (!isReady) return
    keep()
    closeBin()
    void moveSubject(subject, { StudyInstanceUID: target, into }, reason)
  }
  return (
    <Dialog
      title={isSeries ? 'Move series' : 'Move study'}
      className="bin-dialog"
      onClose={closeBin}
      foot={
        <>
          {isSeries && (
            <button type="button" disabled={!isReady} onClick={() => move(true)}>
              {t('Into this study')}
            </button>
          )}
          <button type="submit" form="move" disabled={!isReady} title={t('Enter')}>
            <UserRoundPen aria-hidden /> {isSeries ? t('To this patient, as a study of its own') : t('To this patient')}
          </button>
        </>
      }
    >
      <form
        id="move"
        className="bin-form"
        onSubmit={event => {
          event.preventDefault()
          move(false)
        }}
      >
        <div>
          <bdi dir="auto">{subject.title}</bdi> · {countImages(subject.images)}
        </div>
        <ReasonField reason={reason} onChange={setReason} />
        <input
          aria-label={t('Search the patient it belongs to')}
          placeholder={t('The patient it belongs to: name, ID or accession')}
          value={search}
          maxLength={200}
          onChange={event => setSearch(event.target.value)}
        />
        <div className="bin-list targets" role="radiogroup" aria-label={t('Studies of the patient it belongs to')}>
          {proposed.map((study, index) => (
            <Target key={study.StudyInstanceUID} study={study} chosen={target} onChoose={setTarget}>
              <span className="truncate">
                {t('Possibly the same: {{reasons}}', { reasons: proposals[index]?.reasons.join(', ') ?? '' })}
              </span>
            </Target>
          ))}
          {others.map(study => (
            <Target key={study.id} study={study} chosen={target} onChoose={setTarget}>
              <span className="quiet">
                {formatDate(study.StudyDate)} {study.ModalitiesInStudy.join(' ')}
              </span>
              <bdi className="quiet truncate" dir="auto">
                {study.StudyDescription}
              </bdi>
            </Target>
          ))}
          {proposed.length + others.length === 0 && <div className="quiet">{t('No study of another is found.')}</div>}
        </div>
        {error !== '' && <div className="failure">{error}</div>}
        <div className="quiet">
          {t(
            'The images stay as they were received; they are shown and sent under that patient, and so is what comes later.',
          )}
        </div>
      </form>
    </Dialog>
  )
}

function otherOf({ from, to }: PatientProposal, StudyInstanceUID: string): ProposedPatient {
  return from.StudyInstanceUID === StudyInstanceUID ? to : from
}

/** A study whose patient it may belong to. */
function Target(props: {
  study: Pick<ProposedPatient, 'StudyInstanceUID' | 'PatientName' | 'PatientID' | 'lang'>
  chosen: string | undefined
  onChoose: (StudyInstanceUID: string) => void
  children: ReactNode
}) {
  const { study, chosen, onChoose, children } = props
  const { StudyInstanceUID } = study
  return (
    <label data-target={StudyInstanceUID}>
      <input
        type="radio"
        name="target"
        checked={chosen === StudyInstanceUID}
        onChange={() => onChoose(StudyInstanceUID)}
      />
      <PersonName value={study.PatientName} lang={study.lang} />
      <span className="id">{study.PatientID}</span>
      {children}
    </label>
  )
}
