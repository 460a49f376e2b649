import { Plus } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Printer } from '../../shared/config.ts'
import { call } from '../client.ts'
import { heard, t } from '../i18n/index.ts'
import { announce, announceFailure } from '../ui/index.ts'
import { echo } from './networkStore.ts'
import { PeerRow } from './PeerRow.tsx'
import { PrinterForm } from './PrinterForm.tsx'

/** '' = the form of a new one is open. */
type Edited = string | undefined

/** DICOM printers: films go there from the print dialog. */
export function PrinterList() {
  const [printers, setPrinters] = useState<Printer[]>()
  const [edited, setEdited] = useState<Edited>()
  const close = () => setEdited(undefined)
  useEffect(() => {
    call('print.printers', {}).then(
      found => setPrinters(found.printers),
      () => {},
    )
  }, [])
  if (printers === undefined) return null
  /** Rejects with what the station refuses. */
  const keep = async (all: Printer[], words: string) => {
    const before = printers
    await call('print.setPrinters', { printers: all })
    setPrinters(all)
    announce(words, async () => {
      await call('print.setPrinters', { printers: before })
      setPrinters(before)
    })
  }
  const save = async (printer: Printer, name: string | undefined) => {
    const all = name === undefined ? [...printers, printer] : printers.map(one => (one.name === name ? printer : one))
    await keep(all, t('Printer {{name}} is kept', { name: printer.name }))
    close()
  }
  const remove = ({ name }: Printer) => {
    keep(
      printers.filter(one => one.name !== name),
      t('Printer {{name}} removed', { name }),
    ).catch((thrown: unknown) => announceFailure('The printer could not be removed.', thrown))
  }
  return (
    <section aria-label={t('DICOM printers')}>
      <div className="network-head">
        <h2>{t('DICOM printers')}</h2>
        <span className="spring" />
        <button
          type="button"
          disabled={edited === ''}
          onClick={() => setEdited('')}
          title={t('A printer of films or paper that speaks DICOM (Basic Print)')}
        >
          <Plus aria-hidden /> {t('Add printer')}
        </button>
      </div>
      {edited === '' && <PrinterForm printer={undefined} onSave={save} onClose={close} />}
      {printers.length === 0 && edited !== '' && (
        <p className="quiet">{t('None yet. With one, Print (Ctrl+P) offers films beside paper and PDF.')}</p>
      )}
      {printers.map(printer =>
        edited === printer.name ? (
          <PrinterForm key={printer.name} printer={printer} onSave={save} onClose={close} />
        ) : (
          <PrinterView
            key={printer.name}
            printer={printer}
            onEdit={() => setEdited(printer.name)}
            onRemove={() => remove(printer)}
          />
        ),
      )}
    </section>
  )
}

function PrinterView(props: { printer: Printer; onEdit: () => void; onRemove: () => void }) {
  const { printer, onEdit, onRemove } = props
  const { name, filmSize, mediumType, color } = printer
  const [said, setSaid] = useState<{ words: string; works: boolean }>()
  const [calling, setCalling] = useState(false)
  const ask = async () => {
    setCalling(true)
    try {
      const { works, sentence, remedy } = await echo(printer)
      setSaid({ words: `${heard(sentence)} ${heard(remedy)}`, works })
    } catch (thrown) {
      setSaid(undefined)
      announceFailure(t('{{name}} could not be called.', { name }), thrown)
    }
    setCalling(false)
  }
  return (
    <PeerRow
      label={t('Printer {{name}}', { name })}
      peer={printer}
      facts={[filmSize, mediumType, color ? t('colour') : t('grey')].filter(Boolean).join(' · ')}
      calling={calling}
      onEcho={() => void ask()}
      onEdit={onEdit}
      onRemove={onRemove}
    >
      {said !== undefined && (
        <div className={said.works ? 'quiet selectable' : 'attention selectable'} role="status">
          {said.words}
        </div>
      )}
    </PeerRow>
  )
}
