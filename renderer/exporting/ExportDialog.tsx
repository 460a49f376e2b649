import { useEffect, useState } from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import {
  type BlackArea,
  type DeidentifyOptions,
  deidentifyOptions,
  MOST_AREAS,
} from '../../shared/deidentify/options.ts'
import type { ExportPlan } from '../../shared/export.ts'
import { call } from '../client.ts'
import { msg, t, whyOf } from '../i18n/index.ts'
import { announce, Dialog, formatBytes, formatDate, PersonName, save } from '../ui/index.ts'
import { type AskedExport, useExport } from './asked.ts'
import { BlackAreas } from './BlackAreas.tsx'
import { TextSearch } from './TextSearch.tsx'
import { asksForWord, riskWords } from './words.ts'

/** What a person types who has looked at what no program can look into. */
const WORD = 'LOOKED'
const DEFAULTS = deidentifyOptions.parse({})
const NO_AREAS: NonNullable<DeidentifyOptions['cleanPixels']> = { outsideRegions: true, areas: [] }

/** What tells an area from others, seen or not. */
const wordsOf = ({ SeriesInstanceUID, Rows, Columns, left, top, width, height }: BlackArea) =>
  [SeriesInstanceUID, Rows, Columns, left, top, width, height].join(' ')

type Switch = {
  [K in keyof DeidentifyOptions]: DeidentifyOptions[K] extends boolean ? K : never
}[keyof DeidentifyOptions]

const SWITCHES: Array<[key: Switch, name: string, means: string]> = [
  ['retainPatientCharacteristics', msg('Keep sex, age, size, weight'), msg('Retain Patient Characteristics')],
  [
    'cleanDescriptors',
    msg('Keep descriptions'),
    msg('Clean Descriptors: those that hold a name, a number or a date of the patient go all the same'),
  ],
  ['retainDevice', msg('Keep the device'), msg('Retain Device Identity')],
  ['retainInstitution', msg('Keep the institution'), msg('Retain Institution Identity')],
  [
    'cleanStructuredContent',
    msg('Include reports, without their text'),
    msg('Clean Structured Content: codes and numbers stay'),
  ],
  ['cleanGraphics', msg('Include drawn graphics'), msg('Clean Graphics: outlines and arrows stay, text goes')],
  [
    'retainSafePrivate',
    msg('Keep safe private elements'),
    msg('Retain Safe Private: diffusion, uptake and CT figures'),
  ],
  ['retainUIDs', msg('Keep UIDs'), msg('Retain UIDs: whoever has the originals can find them by these')],
]

const DATES: Array<[value: DeidentifyOptions['dates'], name: string]> = [
  ['removed', msg('taken out')],
  ['shifted', msg('moved, each patient by years of his own')],
  ['kept', msg('as they are')],
]

/** The dialog, while something is asked about. */
export function ExportDialogs({ onStarted }: { onStarted: () => void }) {
  const { asked } = useExport()
  if (asked === undefined) return null
  return <ExportDialog asked={asked} onStarted={onStarted} onClose={() => useExport.setState({ asked: undefined })} />
}

type Scope = 'study' | 'series' | 'patient'

/** A series, a study or a patient as a ZIP with a DICOMDIR, as they are or so that they name nobody; what that does not reach is said before. */
function ExportDialog(props: { asked: AskedExport; onStarted: () => void; onClose: () => void }) {
  const { asked, onStarted, onClose } = props
  const { study, series } = asked
  const [options, setOptions] = useState<DeidentifyOptions>(DEFAULTS)
  const [scope, setScope] = useState<Scope>('study')
  const [others, setOthers] = useState<StudySummary[]>([])
  const [nobody, setNobody] = useState(false)
  const [word, setWord] = useState('')
  const [plan, setPlan] = useState<ExportPlan>()
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const tell = (thrown: unknown) => setError(whyOf(thrown))
  const { StudyInstanceUID } = study
  useEffect(() => {
    call('patient.studies', { StudyInstanceUID }).then(
      ({ studies }) => setOthers(studies),
      () => {},
    )
  }, [StudyInstanceUID])
  const all = [StudyInstanceUID, ...others.map(other => other.StudyInstanceUID)]
  const what = {
    StudyInstanceUIDs: scope === 'patient' ? all : [StudyInstanceUID],
    ...(scope === 'series' && series !== undefined && { SeriesInstanceUID: series.SeriesInstanceUID }),
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is asked about changes with the scope alone.
  useEffect(() => {
    let current = true
    setPlan(undefined)
    call('export.prepare', what).then(
      found => {
        if (current) setPlan(found)
      },
      thrown => {
        if (current) tell(thrown)
      },
    )
    return () => {
      current = false
    }
  }, [scope])
  const change = (part: Partial<DeidentifyOptions>) => setOptions({ ...options, ...part })
  const start = async () => {
    setBusy(true)
    try {
      const deidentify = nobody ? { ...options, vouched: word === WORD } : null
      const { id } = await call('export.prepare', { ...what, deidentify })
      save(`/api/export/${id}`, nobody ? 'images-deidentified.zip' : 'images.zip')
      announce('The export has begun: its progress is in Activity')
      onStarted()
      onClose()
    } catch (thrown) {
      tell(thrown)
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={t('Export studies')}
      className="export-dialog"
      onClose={onClose}
      foot={
        <>
          <button type="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="button" disabled={busy || plan === undefined} onClick={() => void start()}>
            {t('Save as ZIP')}
          </button>
        </>
      }
    >
      <div className="truncate">
        <PersonName value={study.PatientName} lang={study.lang} /> <span className="id">{study.PatientID}</span>{' '}
        <span className="quiet">
          {formatDate(study.StudyDate)} {study.StudyDescription}
        </span>
      </div>
      {(series !== undefined || others.length > 0) && (
        <div className="export-choice" role="radiogroup" aria-label={t('How much')}>
          <label>
            <input type="radio" name="scope" checked={scope === 'study'} onChange={() => setScope('study')} />
            {t('This study')}
          </label>
          {series !== undefined && (
            <label>
              <input type="radio" name="scope" checked={scope === 'series'} onChange={() => setScope('series')} />
              <span className="truncate">{t('Its series {{words}} alone', { words: series.words })}</span>
            </label>
          )}
          {others.length > 0 && (
            <label>
              <input type="radio" name="scope" checked={scope === 'patient'} onChange={() => setScope('patient')} />
              {t('All {{count}} studies of this patient that are here', { count: all.length })}
            </label>
          )}
        </div>
      )}
      <div className="quiet" data-testid="export-size">
        {plan === undefined
          ? t('counting…')
          : t('{{count}} files · {{size}} · with DICOMDIR, a page of small pictures and a README', {
              count: plan.images,
              size: formatBytes(plan.bytes),
            })}
      </div>
      <div className="export-choice" role="radiogroup" aria-label={t('Identity')}>
        <label>
          <input type="radio" name="nobody" data-first-focus checked={!nobody} onChange={() => setNobody(false)} />
          {t('As they are, with the patient’s name')}
        </label>
        <label>
          <input type="radio" name="nobody" checked={nobody} onChange={() => setNobody(true)} />
          {t('De-identified (DICOM PS3.15 annex E)')}
        </label>
      </div>
      {nobody && (
        <fieldset>
          <legend>{t('De-identified')}</legend>
          <label>
            {t('Name')}
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
              placeholder={t('made, one a patient')}
              value={options.PatientID}
              onChange={event => change({ PatientID: event.target.value })}
            />
          </label>
          <label className="wide">
            {t('Dates')}
            <select
              value={options.dates}
              onChange={event => change({ dates: event.target.value as DeidentifyOptions['dates'] })}
            >
              {DATES.map(([value, name]) => (
                <option key={value} value={value}>
                  {t(name)}
                </option>
              ))}
            </select>
          </label>
          {SWITCHES.map(([key, name, means]) => (
            <label key={key} title={t(means)}>
              <input
                type="checkbox"
                checked={options[key]}
                onChange={event => change({ [key]: event.target.checked })}
              />
              {t(name)}
            </label>
          ))}
        </fieldset>
      )}
      {nobody && plan !== undefined && (
        <label title={t('Clean Pixel Data: such images are decoded and leave uncompressed')}>
          <input
            type="checkbox"
            checked={options.cleanPixels !== null}
            onChange={event => change({ cleanPixels: event.target.checked ? NO_AREAS : null })}
          />
          {t('Make text in the pixels black')}
        </label>
      )}
      {nobody && plan !== undefined && (
        <TextSearch
          key={plan.id}
          series={plan.series}
          onPropose={found => {
            const { outsideRegions, areas } = options.cleanPixels ?? NO_AREAS
            const known = new Set(areas.map(wordsOf))
            const more = found.filter(area => !known.has(wordsOf(area)))
            change({ cleanPixels: { outsideRegions, areas: [...areas, ...more].slice(0, MOST_AREAS) } })
          }}
        />
      )}
      {nobody && plan !== undefined && options.cleanPixels !== null && (
        <BlackAreas
          series={plan.series}
          cleaning={options.cleanPixels}
          onChange={cleanPixels => change({ cleanPixels })}
        />
      )}
      {nobody && plan !== undefined && riskWords(plan).length > 0 && (
        <div className="export-warning" role="alert">
          {riskWords(plan).map(({ risk, words }) => (
            <div key={risk}>⚠ {words}</div>
          ))}
          {asksForWord(plan) && (
            <label>
              <span>
                {t(
                  'Documents, video and images that say so and where nothing is drawn are left out. To include them, type {{word}}',
                  {
                    word: WORD,
                  },
                )}
              </span>
              <input
                type="text"
                aria-label={t('Type {{word}}', { word: WORD })}
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
