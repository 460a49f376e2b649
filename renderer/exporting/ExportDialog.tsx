import { useEffect, useState } from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import { type DeidentifyOptions, deidentifyOptions } from '../../shared/deidentify/options.ts'
import type { ExportPlan } from '../../shared/export.ts'
import { call } from '../client.ts'
import { announce, Dialog, formatBytes, formatDate, PersonName, save } from '../ui/index.ts'
import { useExport } from './asked.ts'
import { asksForWord, riskWords } from './words.ts'

/** What a person types who has looked at what no program can look into. */
const WORD = 'LOOKED'
const DEFAULTS = deidentifyOptions.parse({})

type Switch = {
  [K in keyof DeidentifyOptions]: DeidentifyOptions[K] extends boolean ? K : never
}[keyof DeidentifyOptions]

const SWITCHES: Array<[key: Switch, name: string, means: string]> = [
  ['retainPatientCharacteristics', 'Keep sex, age, size, weight', 'Retain Patient Characteristics'],
  [
    'cleanDescriptors',
    'Keep descriptions',
    'Clean Descriptors: those that hold a name, a number or a date of the patient go all the same',
  ],
  ['retainDevice', 'Keep the device', 'Retain Device Identity'],
  ['retainInstitution', 'Keep the institution', 'Retain Institution Identity'],
  ['cleanStructuredContent', 'Include reports, without their text', 'Clean Structured Content: codes and numbers stay'],
  ['cleanGraphics', 'Include drawn graphics', 'Clean Graphics: outlines and arrows stay, text goes'],
  ['retainSafePrivate', 'Keep safe private elements', 'Retain Safe Private: diffusion, uptake and CT figures'],
  ['retainUIDs', 'Keep UIDs', 'Retain UIDs: whoever has the originals can find them by these'],
]

const DATES: Array<[value: DeidentifyOptions['dates'], name: string]> = [
  ['removed', 'taken out'],
  ['shifted', 'moved, each patient by years of his own'],
  ['kept', 'as they are'],
]

/** The dialog, while something is asked about. */
export function ExportDialogs({ onStarted }: { onStarted: () => void }) {
  const { studies } = useExport()
  if (studies === undefined) return null
  return (
    <ExportDialog studies={studies} onStarted={onStarted} onClose={() => useExport.setState({ studies: undefined })} />
  )
}

/** Studies as a ZIP with a DICOMDIR, as they are or so that they name nobody; what that does not reach is said before. */
function ExportDialog(props: { studies: StudySummary[]; onStarted: () => void; onClose: () => void }) {
  const { studies, onStarted, onClose } = props
  const [options, setOptions] = useState<DeidentifyOptions>(DEFAULTS)
  const [nobody, setNobody] = useState(false)
  const [word, setWord] = useState('')
  const [plan, setPlan] = useState<ExportPlan>()
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const uids = studies.map(study => study.StudyInstanceUID)
  const tell = (thrown: unknown) => setError(thrown instanceof Error ? thrown.message : String(thrown))
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is asked about does not change while the dialog is open.
  useEffect(() => {
    call('export.prepare', { StudyInstanceUIDs: uids }).then(setPlan, tell)
  }, [])
  const change = (part: Partial<DeidentifyOptions>) => setOptions({ ...options, ...part })
  const start = async () => {
    setBusy(true)
    try {
      const deidentify = nobody ? { ...options, vouched: word === WORD } : null
      const { id } = await call('export.prepare', { StudyInstanceUIDs: uids, deidentify })
      save(`/api/export/${id}`, nobody ? 'images-deidentified.zip' : 'images.zip')
      announce('The export has begun: its progress is in Activity')
      onStarted()
      onClose()
    } catch (thrown) {
      tell(thrown)
      setBusy(false)
    }
  }
  const [first] = studies
  return (
    <Dialog
      title="Export studies"
      className="export-dialog"
      onClose={onClose}
      foot={
        <>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="button" className="primary" disabled={busy || plan === undefined} onClick={() => void start()}>
            Save as ZIP
          </button>
        </>
      }
    >
      <div className="truncate">
        {first !== undefined && (
          <>
            <PersonName value={first.PatientName} lang={first.lang} /> <span className="id">{first.PatientID}</span>{' '}
            <span className="quiet">
              {formatDate(first.StudyDate)} {first.StudyDescription}
            </span>
          </>
        )}
        {studies.length > 1 && <span className="quiet"> and {studies.length - 1} more</span>}
      </div>
      <div className="quiet" data-testid="export-size">
        {plan === undefined
          ? 'counting…'
          : `${plan.images.toLocaleString()} files · ${formatBytes(plan.bytes)} · with DICOMDIR, a page of small pictures and a README`}
      </div>
      <div className="export-choice" role="radiogroup" aria-label="Identity">
        <label>
          <input type="radio" name="nobody" data-first-focus checked={!nobody} onChange={() => setNobody(false)} />
          As they are, with the patient’s name
        </label>
        <label>
          <input type="radio" name="nobody" checked={nobody} onChange={() => setNobody(true)} />
          De-identified (DICOM PS3.15 annex E)
        </label>
      </div>
      {nobody && (
        <fieldset>
          <legend>De-identified</legend>
          <label>
            Name
            <input
              type="text"
              value={options.PatientName}
              onChange={event => change({ PatientName: event.target.value })}
            />
          </label>
          <label>
            ID
            <input
              type="text"
              placeholder="made, one a patient"
              value={options.PatientID}
              onChange={event => change({ PatientID: event.target.value })}
            />
          </label>
          <label className="wide">
            Dates
            <select
              value={options.dates}
              onChange={event => change({ dates: event.target.value as DeidentifyOptions['dates'] })}
            >
              {DATES.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          {SWITCHES.map(([key, name, means]) => (
            <label key={key} title={means}>
              <input
                type="checkbox"
                checked={options[key]}
                onChange={event => change({ [key]: event.target.checked })}
              />
              {name}
            </label>
          ))}
        </fieldset>
      )}
      {nobody && plan !== undefined && riskWords(plan).length > 0 && (
        <div className="export-warning" role="alert">
          {riskWords(plan).map(({ risk, words }) => (
            <div key={risk}>⚠ {words}</div>
          ))}
          {asksForWord(plan) && (
            <label>
              <span>Documents, video and images that say so are left out. To include them, type {WORD}</span>
              <input
                type="text"
                aria-label={`Type ${WORD}`}
                value={word}
                onChange={event => setWord(event.target.value)}
              />
            </label>
          )}
        </div>
      )}
      {error !== '' && (
        <div className="failure selectable" role="alert">
          {error}
        </div>
      )}
    </Dialog>
  )
}
