import { useCallback, useEffect, useState } from 'react'
import type { PatientProposal, ProposedPatient } from '../../shared/contract.ts'
import { call } from '../client.ts'
import { heard, msg, t, whyOf } from '../i18n/index.ts'
import { announce, announceFailure, Dialog, formatDate, PersonName } from '../ui/index.ts'
import { closeBin } from './binStore.ts'

const FACTS: Array<{ name: string; key: keyof ProposedPatient; date?: true }> = [
  { name: 'ID', key: 'PatientID' },
  { name: msg('Issuer'), key: 'IssuerOfPatientID' },
  { name: msg('Birth date'), key: 'PatientBirthDate', date: true },
  { name: msg('Sex'), key: 'PatientSex' },
  { name: msg('Accession'), key: 'AccessionNumber' },
  { name: msg('Study'), key: 'StudyDate', date: true },
]
const SAID: Record<PatientProposal['likeness'], string> = {
  likely: msg('Likely the same patient'),
  possible: msg('Possibly the same patient'),
  apart: msg('⚠ Possibly two patients under one ID'),
}

const keyOf = ({ from, to }: PatientProposal) => `${from.StudyInstanceUID} ${to.StudyInstanceUID}`

/** Patients that may be one, side by side; a person says whether they are. Nothing is decided by itself. */
export function SamePatientDialog() {
  const [proposals, setProposals] = useState<PatientProposal[]>()
  const [chosen, setChosen] = useState(0)
  const [error, setError] = useState('')

  const read = useCallback(async () => {
    try {
      setProposals((await call('patients.proposals', {})).proposals)
      setError('')
    } catch (thrown) {
      setError(whyOf(thrown))
    }
  }, [])
  useEffect(() => void read(), [read])

  const at = Math.min(chosen, (proposals?.length ?? 0) - 1)
  const current = proposals?.[at]
  const decide = async (same: boolean) => {
    if (current === undefined || (same && current.likeness === 'apart')) return
    const { from, to, reasons } = current
    try {
      const { StudyInstanceUID } = from
      const { id } = await call('patients.decide', {
        StudyInstanceUID,
        to: to.StudyInstanceUID,
        same,
        reason: same ? reasons.join(', ') : 'Not the same patient',
      })
      announce(same ? 'Shown as one patient' : 'Not the same patient', async () => {
        await call('move.undo', { id })
        await read()
      })
    } catch (thrown) {
      announceFailure('It could not be decided.', thrown)
    }
    await read()
  }

  return (
    <Dialog
      title="Possible same patient"
      className="bin-dialog wide"
      onClose={closeBin}
      foot={
        <>
          <span className="quiet spring">{t('↑ ↓ choose · S the same · N not the same')}</span>
          <button type="button" disabled={current === undefined} title="N" onClick={() => void decide(false)}>
            {current?.likeness === 'apart' ? t('Keep apart') : t('Not the same')}
          </button>
          <button
            type="button"
            disabled={current === undefined || current.likeness === 'apart'}
            title="S"
            onClick={() => void decide(true)}
          >
            {t('The same patient')}
          </button>
        </>
      }
    >
      {error !== '' && <div className="failure">{error}</div>}
      {proposals?.length === 0 && (
        <div className="quiet">
          {t('None. Of the studies that came last no two look like one patient under two IDs, or like two under one.')}
        </div>
      )}
      <div
        className="bin-list"
        role="listbox"
        aria-label={t('Possible same patient')}
        tabIndex={0}
        data-first-focus
        onKeyDown={event => {
          if (event.ctrlKey || event.altKey || event.metaKey) return
          const last = (proposals?.length ?? 1) - 1
          if (event.key === 'ArrowDown') setChosen(Math.min(at + 1, last))
          else if (event.key === 'ArrowUp') setChosen(Math.max(at - 1, 0))
          else if (event.key === 's' || event.key === 'n') void decide(event.key === 's')
          else return
          event.preventDefault()
        }}
      >
        {proposals?.map((proposal, index) => (
          <Proposal key={keyOf(proposal)} proposal={proposal} chosen={index === at} onChoose={() => setChosen(index)} />
        ))}
      </div>
      <div className="quiet">
        {t(
          'What was received stays as it is. All studies of the first are shown and sent under the second, and so is what comes later; it can be taken back here and in Deleted.',
        )}
      </div>
    </Dialog>
  )
}

function Proposal(props: { proposal: PatientProposal; chosen: boolean; onChoose: () => void }) {
  const { proposal, chosen, onChoose } = props
  const { from, to, likeness, reasons } = proposal
  return (
    <div
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      className="bin-entry proposal"
      onClick={onChoose}
      onKeyDown={() => {}}
    >
      <div className="bin-line">
        <span className={likeness === 'apart' ? 'attention' : undefined}>{t(SAID[likeness])}</span>
        <span className="quiet">{reasons.map(heard).join(' · ')}</span>
      </div>
      <table>
        <tbody>
          {[from, to].map((side, index) => {
            const other = index === 0 ? to : from
            return (
              <tr key={side.StudyInstanceUID}>
                <td className={differs(side, other, 'PatientName')}>
                  <PersonName value={side.PatientName || t('No name')} lang={side.lang} />
                </td>
                {FACTS.map(({ name, key, date }) => (
                  <td key={key} className={differs(side, other, key)}>
                    <span className="quiet">{t(name)}</span> {(date ? formatDate(side[key]) : side[key]) || '–'}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** What one of them does not say is no difference, nor is that they came on two days. */
function differs(side: ProposedPatient, other: ProposedPatient, key: keyof ProposedPatient): 'differs' | undefined {
  const isSaid = side[key] !== '' && other[key] !== '' && key !== 'StudyDate'
  return isSaid && side[key] !== other[key] ? 'differs' : undefined
}
