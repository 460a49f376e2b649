import { useEffect, useState } from 'react'
import type { Printer } from '../../../shared/config.ts'
import { call } from '../../client.ts'
import { t } from '../../i18n/index.ts'

/** The DICOM printers of the station; none until it has said so, and where it has none. */
export function usePrinters(): Printer[] {
  const [printers, setPrinters] = useState<Printer[]>([])
  useEffect(() => {
    call('print.printers', {}).then(
      found => setPrinters(found.printers),
      () => {},
    )
  }, [])
  return printers
}

/** On what is printed: `undefined` = by the browser, on paper or into a PDF. */
export function PrinterChoice(props: {
  printers: Printer[]
  chosen: Printer | undefined
  onChoose: (printer: Printer | undefined) => void
}) {
  const { printers, chosen, onChoose } = props
  if (printers.length === 0) return null
  return (
    <label className="out-line">
      {t('Print on')}
      <select
        value={chosen?.name ?? ''}
        onChange={event => onChoose(printers.find(({ name }) => name === event.target.value))}
      >
        <option value="">{t('Paper or PDF')}</option>
        {printers.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  )
}
