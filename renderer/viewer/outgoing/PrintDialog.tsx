import { useEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import type { Printer } from '../../../shared/config.ts'
import type { StudySummary } from '../../../shared/contract.ts'
import { FILM_SIZES } from '../../../shared/printing/printing.ts'
import { t, whyOf } from '../../i18n/index.ts'
import { announce, Dialog, formatDate } from '../../ui/index.ts'
import { isKeyImage } from '../documents/index.ts'
import { samePatient } from '../otherStudies.ts'
import type { Pane } from '../pane.ts'
import { activePane, studyOnScreen, useSession } from '../session.ts'
import { composePane, identityLine } from './compose.ts'
import { lineOf, printOnFilm } from './film.ts'
import { PrinterChoice, usePrinters } from './PrinterChoice.tsx'
import { eachImage, onImage, pictureElement, seenPanes } from './pictures.ts'
import { everyNth, onSheets, PAPERS, paperSize, type SheetLayout } from './sheets.ts'

type Which = 'this' | 'panes' | 'keys' | 'nth'

/** A stack printed by mistake is a ream of paper. */
const MOST_PICTURES = 400
const START: SheetLayout = { paper: 'A4', landscape: false, rows: 2, columns: 2, margin: 12 }

interface Picture {
  address: string
  blob: Blob
  /** The study that it is of. */
  study: StudySummary | undefined
  /** It is of somebody else than the images that the sheet is headed by. */
  stranger: boolean
  /** Which image it is. */
  words: string
}

function isStranger(own: StudySummary | undefined, head: StudySummary | undefined): boolean {
  return own !== undefined && (head === undefined || !samePatient(own, head))
}

/** Of the one patient whose images they are. */
function studyOf(pane: Pane | undefined): StudySummary | undefined {
  const session = useSession.getState()
  return studyOnScreen(session, pane?.stack?.manifest.StudyInstanceUID)
}

/** What the head of a sheet does not say of a picture: that it is of another of the patient's studies, or of somebody else. */
function apartOf({ study: own, stranger }: Picture, head: StudySummary | undefined, identity: boolean): string[] {
  if (own === undefined || own.StudyInstanceUID === head?.StudyInstanceUID) return []
  const who = stranger ? [identity ? identityLine(own) : `⚠ ${t('Another patient:')}`] : []
  return [...who, formatDate(own.StudyDate)]
}

/** Series and number of the image that a pane shows. */
function wordsOf(pane: Pane): string {
  const { stack, shown } = pane.state.getState()
  if (stack === undefined || shown === undefined) return ''
  const { SeriesNumber, SeriesDescription } = stack.manifest
  const series = [SeriesNumber, SeriesDescription].filter(Boolean).join(' ')
  return `${series === '' ? t('Image') : `${series} ·`} ${shown + 1}/${stack.entries.length}`
}

function Sheet(props: {
  layout: SheetLayout
  pictures: Picture[]
  study: StudySummary | undefined
  identity: boolean
  number: number
  of: number
  film: Printer | undefined
}) {
  const { layout, pictures, study, identity, number, of, film } = props
  const [width, height] = film === undefined ? paperSize(layout) : filmSize(film, layout)
  if (film !== undefined) return <Film {...{ layout, pictures, identity, width, height }} />
  // Everything by the sheet's own width: the same on paper and in the preview.
  const part = (mm: number) => `${(mm / width) * 100}cqw`
  return (
    <div className="sheet" style={{ aspectRatio: `${width} / ${height}` }}>
      <div className="sheet-inside" style={{ padding: part(layout.margin), fontSize: part(3.2), gap: part(3) }}>
        <div className="sheet-head">
          <span>
            {identity && study !== undefined && (
              <>
                <strong>
                  <bdi dir="auto">{identityLine(study)}</bdi>
                </strong>
                {study.PatientBirthDate !== '' && ` · * ${formatDate(study.PatientBirthDate)}`}
              </>
            )}
          </span>
          <bdi dir="auto">
            {study !== undefined &&
              [formatDate(study.StudyDate), study.StudyDescription, identity ? study.AccessionNumber : '']
                .filter(Boolean)
                .join(' · ')}
          </bdi>
        </div>
        <div
          className="sheet-grid"
          style={{
            gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))`,
            gridTemplateRows: `repeat(${layout.rows}, minmax(0, 1fr))`,
            gap: part(2),
          }}
        >
          {pictures.map(picture => {
            const words = [...apartOf(picture, study, identity), picture.words].filter(Boolean).join(' · ')
            return (
              <figure key={picture.address}>
                <img src={picture.address} alt={words} />
                <figcaption>{words}</figcaption>
              </figure>
            )
          })}
        </div>
        <div className="sheet-head">
          <span>{t('Not for diagnosis')}</span>
          <span>
            {number} / {of}
          </span>
        </div>
      </div>
    </div>
  )
}

/** Width and height in mm as it is looked at. */
function filmSize({ filmSize }: Printer, { landscape }: SheetLayout): readonly [number, number] {
  const [width, height] = FILM_SIZES[filmSize]
  return landscape ? [height, width] : [width, height]
}

/** A film as the printer is asked for it: black, each picture with its own line. */
function Film(props: { layout: SheetLayout; pictures: Picture[]; identity: boolean; width: number; height: number }) {
  const { layout, pictures, identity, width, height } = props
  return (
    <div className="sheet film" style={{ aspectRatio: `${width} / ${height}` }}>
      <div
        className="sheet-grid"
        style={{
          gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))`,
          gridTemplateRows: `repeat(${layout.rows}, minmax(0, 1fr))`,
        }}
      >
        {pictures.map(picture => (
          <figure key={picture.address}>
            <img src={picture.address} alt={picture.words} />
            <figcaption className="truncate">{lineOf(picture, identity)}</figcaption>
          </figure>
        ))}
      </div>
    </div>
  )
}

/** Images on paper, or in a PDF by the printer of that name: what is seen in the preview is what is printed. */
export function PrintDialog({ onClose }: { onClose: () => void }) {
  const [layout, setLayout] = useState(START)
  const [which, setWhich] = useState<Which>('this')
  const [step, setStep] = useState(1)
  const [overlays, setOverlays] = useState(false)
  const [identity, setIdentity] = useState(true)
  const [pictures, setPictures] = useState<Picture[]>([])
  const [at, setAt] = useState(0)
  const [making, setMaking] = useState(false)
  const [error, setError] = useState('')
  const printers = usePrinters()
  const [film, setFilm] = useState<Printer>()
  const [copies, setCopies] = useState(1)
  const [giving, setGiving] = useState(false)
  const pane = activePane()
  const study = studyOf(pane)
  const entries = pane?.stack?.entries ?? []
  const keys = entries.flatMap((entry, index) => (isKeyImage(study?.StudyInstanceUID ?? '', entry) ? [index] : []))

  // biome-ignore lint/correctness/useExhaustiveDependencies: the pictures depend on what is chosen; the panes do not change under an open dialog.
  useEffect(() => {
    const abort = new AbortController()
    const addresses: Picture[] = []
    const take = async (shown: Pane) => {
      const whole = await composePane(pictureElement(shown), { overlays, identity })
      const canvas = overlays ? whole : onImage(shown, whole)
      const own = studyOf(shown)
      const stranger = isStranger(own, study)
      const words = wordsOf(shown)
      const blob = await new Promise<Blob | null>(resolve => canvas.toBlob(resolve, 'image/png'))
      if (blob === null || abort.signal.aborted) return
      addresses.push({ address: URL.createObjectURL(blob), blob, study: own, stranger, words })
    }
    const all = async () => {
      if (pane === undefined) return
      if (which === 'this') return take(pane)
      if (which === 'panes') {
        for (const one of seenPanes()) await take(one)
        return
      }
      const places = which === 'keys' ? keys : everyNth(entries.length, step)
      await eachImage(pane, places.slice(0, MOST_PICTURES), abort.signal, () => take(pane))
    }
    setMaking(true)
    setError('')
    all().then(
      () => {
        if (abort.signal.aborted) return
        setPictures([...addresses])
        setAt(0)
        setMaking(false)
      },
      (thrown: unknown) => {
        if (abort.signal.aborted) return
        setError(whyOf(thrown))
        setMaking(false)
      },
    )
    return () => {
      abort.abort()
      for (const { address } of addresses) URL.revokeObjectURL(address)
    }
  }, [which, step, overlays, identity])

  // The size of the paper has no element it could stand on.
  useEffect(() => {
    const sheet = new CSSStyleSheet()
    const [width, height] = paperSize(layout)
    sheet.replaceSync(`@page { size: ${width}mm ${height}mm; margin: 0 }`)
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
    return () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter(one => one !== sheet)
    }
  }, [layout])

  const sheets = onSheets(pictures, layout)
  const sheet = (index: number) => (
    <Sheet
      key={index}
      layout={layout}
      pictures={sheets[index] ?? []}
      study={study}
      identity={identity}
      number={index + 1}
      of={sheets.length}
      film={film}
    />
  )
  const leaving = useRef(new AbortController())
  useEffect(() => {
    leaving.current = new AbortController()
    return () => leaving.current.abort()
  }, [])
  const give = async (printer: Printer) => {
    const { signal } = leaving.current
    setGiving(true)
    setError('')
    try {
      const { rows, columns, landscape } = layout
      const films = sheets.map(all => all.map(one => ({ blob: one.blob, line: lineOf(one, identity) })))
      const studies = [
        ...new Set(pictures.flatMap(one => one.study?.StudyInstanceUID ?? study?.StudyInstanceUID ?? [])),
      ]
      await printOnFilm(printer, { rows, columns, landscape, copies }, films, studies, signal)
      announce(t('The films have gone to the printer: how it does is in Activity'))
      onClose()
    } catch (thrown) {
      if (signal.aborted) return
      setError(whyOf(thrown))
      setGiving(false)
    }
  }
  const change = (part: Partial<SheetLayout>) => setLayout({ ...layout, ...part })
  const count = (name: string, value: number, most: number, set: (value: number) => void) => (
    <label className="out-line">
      {name}
      <input
        type="number"
        min={1}
        max={most}
        value={value}
        onChange={event => set(Math.max(1, Math.min(most, Math.floor(event.target.valueAsNumber) || 1)))}
      />
    </label>
  )
  const radio = (value: Which, words: string, disabled = false) => (
    <label>
      <input
        type="radio"
        name="which"
        {...(value === 'this' && { 'data-first-focus': '' })}
        disabled={disabled}
        checked={which === value}
        onChange={() => setWhich(value)}
      />
      {words}
    </label>
  )
  const shown = Math.min(at, sheets.length - 1)
  return (
    <Dialog
      title={t('Print')}
      className="out-dialog print-dialog"
      onClose={onClose}
      foot={
        <>
          <button type="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          {film === undefined ? (
            <button type="button" disabled={making || pictures.length === 0} onClick={() => window.print()}>
              {sheets.length === 1 ? t('Print one sheet') : t('Print {{number}} sheets', { number: sheets.length })}
            </button>
          ) : (
            <button type="button" disabled={making || giving || pictures.length === 0} onClick={() => void give(film)}>
              {giving
                ? t('The pictures are given to the printer…')
                : sheets.length === 1
                  ? t('Print one film')
                  : t('Print {{number}} films', { number: sheets.length })}
            </button>
          )}
        </>
      }
    >
      <div className="print-columns">
        <div className="print-settings">
          <PrinterChoice printers={printers} chosen={film} onChoose={setFilm} />
          <div className="out-choice" role="radiogroup" aria-label={t('Images')}>
            {radio('this', t('This image'))}
            {radio('panes', t('All panes'), seenPanes().length < 2)}
            {radio('keys', t('Key images of this series ({{number}})', { number: keys.length }), keys.length === 0)}
            {radio('nth', t('Of this series, every n-th'), entries.length < 2)}
          </div>
          {which === 'nth' && count('n', step, Math.max(1, entries.length), setStep)}
          {count(t('Rows'), layout.rows, 8, rows => change({ rows }))}
          {count(t('Columns'), layout.columns, 8, columns => change({ columns }))}
          {film === undefined ? (
            <>
              <label className="out-line">
                {t('Paper')}
                <select
                  value={layout.paper}
                  onChange={event => change({ paper: event.target.value as SheetLayout['paper'] })}
                >
                  {Object.keys(PAPERS).map(name => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              </label>
              {count(t('Margin, mm'), layout.margin, 40, margin => change({ margin }))}
            </>
          ) : (
            count(t('Copies'), copies, 20, setCopies)
          )}
          <div className="out-choice">
            <label>
              <input
                type="checkbox"
                checked={layout.landscape}
                onChange={event => change({ landscape: event.target.checked })}
              />
              {t('Landscape')}
            </label>
            <label>
              <input type="checkbox" checked={overlays} onChange={event => setOverlays(event.target.checked)} />
              {t('Words at the corners and edges')}
            </label>
            <label>
              <input type="checkbox" checked={identity} onChange={event => setIdentity(event.target.checked)} />
              {t('The patient’s name')}
            </label>
          </div>
          {(which === 'nth' ? everyNth(entries.length, step).length : 0) > MOST_PICTURES && (
            <div className="attention">{t('⚠ The first {{number}} are printed.', { number: MOST_PICTURES })}</div>
          )}
        </div>
        <div className="print-preview" aria-busy={making} data-testid="print-preview">
          {sheet(shown)}
          <div className="print-turn">
            <button type="button" disabled={shown === 0} onClick={() => setAt(shown - 1)}>
              {t('Before')}
            </button>
            <span className="quiet">
              {making
                ? t('making the pictures…')
                : t('sheet {{number}} of {{total}}', { number: shown + 1, total: sheets.length })}
            </span>
            <button type="button" disabled={shown >= sheets.length - 1} onClick={() => setAt(shown + 1)}>
              {t('Next')}
            </button>
          </div>
        </div>
      </div>
      {error !== '' && (
        <div className="failure selectable" role="alert">
          {error}
        </div>
      )}
      {createPortal(<div className="print-sheets">{sheets.map((_, index) => sheet(index))}</div>, document.body)}
    </Dialog>
  )
}
