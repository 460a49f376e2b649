import { Plus, X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { CallOut } from '../../shared/contract.ts'
import { useStation } from '../activity/index.ts'
import { t } from '../i18n/index.ts'
import { announceFailure, CopyValue, IconButton } from '../ui/index.ts'
import { saveAETs } from './networkStore.ts'

/** What has to be written into other nodes' tables so that they find us. */
export function OwnAddress({ own: { aet, aets } }: { own: CallOut<'aets.get'> }) {
  const status = useStation(station => station.status)
  const [typed, setTyped] = useState('')
  const save = async (changed: string[], words: string): Promise<void> => {
    try {
      await saveAETs(changed, words)
      setTyped('')
    } catch (thrown) {
      announceFailure('The AE titles were not changed.', thrown)
    }
  }
  const add = (event: FormEvent) => {
    event.preventDefault()
    const title = typed.trim()
    if (title !== '') void save([...aets, title], t('Answers to {{title}}, too', { title }))
  }
  return (
    <section aria-label={t('This station')}>
      <dl className="network-own">
        <dt>{t('AE titles')}</dt>
        <dd>
          <CopyValue value={aet} name={t('AE title')} />
          {aets.map(one => (
            <span className="network-aet" key={one}>
              <span className="id selectable">{one}</span>
              <IconButton
                icon={X}
                name={t('No longer answer to {{one}}', { one })}
                onClick={() =>
                  void save(
                    aets.filter(other => other !== one),
                    t('Answers to {{one}} no more', { one }),
                  )
                }
              />
            </span>
          ))}
          <form onSubmit={add} className="network-aet">
            <input
              aria-label={t('Another AE title')}
              placeholder={t('Another AE title')}
              value={typed}
              maxLength={16}
              spellCheck={false}
              onChange={event => setTyped(event.target.value)}
            />
            <button
              type="submit"
              className="icon"
              title={t('Answer to this AE title, too (Enter)')}
              aria-label={t('Add AE title')}
            >
              <Plus aria-hidden />
            </button>
          </form>
        </dd>
        <dt>{t('Address')}</dt>
        <dd>
          {(status?.addresses ?? []).map(one => (
            <CopyValue key={one} value={one} name={t('address')} />
          ))}
        </dd>
        <dt>{t('Port')}</dt>
        <dd>{status === undefined ? '…' : <CopyValue value={String(status.dimsePort)} name={t('port')} />}</dd>
      </dl>
    </section>
  )
}
