import { useState } from 'react'
import type { Printer } from '../../shared/config.ts'
import { FILM_SIZES, type FilmSize } from '../../shared/printing/printing.ts'
import { msg, t, whyOf } from '../i18n/index.ts'
import { PeerButtons, PeerForm } from './PeerForm.tsx'

const NEW: Printer = {
  name: '',
  AET: '',
  host: '',
  port: 104,
  tls: false,
  certificates: [],
  color: false,
  filmSize: '14INX17IN',
  mediumType: '',
  destination: '',
  magnification: 'CUBIC',
  identity: true,
}

/** '' = the printer's own set-up. */
const MEDIA: Printer['mediumType'][] = ['', 'BLUE FILM', 'CLEAR FILM', 'PAPER']
const DESTINATIONS: Printer['destination'][] = ['', 'MAGAZINE', 'PROCESSOR']
const MAGNIFICATIONS: Printer['magnification'][] = ['', 'CUBIC', 'BILINEAR', 'REPLICATE', 'NONE']
const AS_SET_UP = msg('as it is set up')

/** A printer that is written; the station's refusal stands under it, and nothing that was typed is lost. */
export function PrinterForm(props: {
  printer: Printer | undefined
  /** `name`: what the printer is called that is replaced. Rejects with what the station refuses. */
  onSave: (printer: Printer, name: string | undefined) => Promise<void>
  onClose: () => void
}) {
  const { onSave, onClose } = props
  const [printer, setPrinter] = useState(props.printer ?? NEW)
  const [error, setError] = useState('')
  const change = (part: Partial<Printer>) => setPrinter({ ...printer, ...part })
  const save = async () => {
    try {
      await onSave({ ...printer, name: printer.name.trim() || printer.AET.trim() }, props.printer?.name)
    } catch (thrown) {
      setError(whyOf(thrown))
    }
  }
  const choice = <Value extends string>(
    label: string,
    value: Value,
    all: readonly Value[],
    set: (value: Value) => void,
  ) => (
    <label>
      <span className="quiet">{label}</span>
      <select value={value} onChange={event => set(all[event.target.selectedIndex] ?? value)}>
        {all.map(one => (
          <option key={one} value={one}>
            {one === '' ? t(AS_SET_UP) : one}
          </option>
        ))}
      </select>
    </label>
  )
  const tick = (label: string, means: string, value: boolean, set: (value: boolean) => void) => (
    <label title={means}>
      <input type="checkbox" checked={value} onChange={event => set(event.target.checked)} />
      {label}
    </label>
  )
  return (
    <PeerForm
      label={props.printer ? t('Edit {{name}}', { name: props.printer.name }) : t('New printer')}
      draft={{ ...printer, port: String(printer.port) }}
      onChange={({ port, ...part }) =>
        change({ ...part, ...(port !== undefined && { port: Number.parseInt(port, 10) || 0 }) })
      }
      unnamed=""
      onSave={() => void save()}
      onClose={onClose}
    >
      <div className="network-fields network-choices">
        {choice(t('Film size'), printer.filmSize, Object.keys(FILM_SIZES) as FilmSize[], filmSize =>
          change({ filmSize }),
        )}
        {choice(t('Medium'), printer.mediumType, MEDIA, mediumType => change({ mediumType }))}
        {choice(t('Goes to'), printer.destination, DESTINATIONS, destination => change({ destination }))}
        {choice(t('Magnification'), printer.magnification, MAGNIFICATIONS, magnification => change({ magnification }))}
      </div>
      <fieldset className="network-rights" aria-label={t('How it prints')}>
        {tick(
          t('Prints colour'),
          t('Basic Color Print Management; otherwise all is sent in grey'),
          printer.color,
          color => change({ color }),
        )}
        {tick(
          t('Greys as on a calibrated display'),
          t('The levels are sent as P-values, with a Presentation LUT of shape IDENTITY where the printer knows that'),
          printer.identity,
          identity => change({ identity }),
        )}
        {tick(
          t('Call over TLS'),
          t('The station calls it over TLS; needs a certificate of the station (TLS, above)'),
          printer.tls,
          tls => change({ tls }),
        )}
        <span className="spring" />
        <PeerButtons onClose={onClose} />
      </fieldset>
      {error !== '' && (
        <div className="failure selectable" role="alert">
          {error}
        </div>
      )}
    </PeerForm>
  )
}
