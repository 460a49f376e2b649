import { Undo2 } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import type { BinEntry, CallOut, MoveEntry } from '../../shared/contract.ts'
import { useStation } from '../activity/index.ts'
import { call, onStationEvent } from '../client.ts'
import { inLanguage, msg, t, whyOf } from '../i18n/index.ts'
import { useShownKey } from '../keys/index.ts'
import { announceFailure, countImages, Dialog, formatDate, formatMoment, PersonName } from '../ui/index.ts'
import { closeBin } from './binStore.ts'

const STATES: Record<BinEntry['state'], string> = {
  binned: '',
  restored: msg('taken back'),
  purging: msg('being purged'),
  purged: msg('purged'),
}

/** What was deleted, rejected or moved: what, when, by whom and why; what takes it back, and what ends it. */
export function BinDialog() {
  const [bin, setBin] = useState<CallOut<'bin.list'>>()
  const [error, setError] = useState('')
  const [purging, setPurging] = useState<BinEntry>()

  const read = useCallback(async () => {
    try {
      setBin(await call('bin.list', {}))
      setError('')
    } catch (thrown) {
      setError(whyOf(thrown))
    }
  }, [])
  useEffect(() => {
    void read()
    const stops = [onStationEvent('studies', () => void read()), onStationEvent('again', () => void read())]
    return () => {
      for (const stop of stops) stop()
    }
  }, [read])

  const act = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (thrown) {
      announceFailure(what, thrown)
    }
    await read()
  }
  const user = useStation(station => station.status?.user)
  /** 'local' is who sits at this workstation. */
  const named = (by: string) => (by === 'local' ? user || t('this workstation') : by)
  const deleteKey = useShownKey('row-delete')
  const nothing = bin !== undefined && bin.entries.length === 0 && bin.moves.length === 0
  return (
    <>
      <Dialog title="Deleted" className="bin-dialog wide" onClose={closeBin}>
        {error !== '' && <div className="failure">{error}</div>}
        {nothing && (
          <div className="quiet">
            {t('Nothing was deleted, rejected or moved. {{key}} on a study or series of the worklist takes it here.', {
              key: deleteKey ?? t('Delete'),
            })}
            {bin.binDays > 0 && <> {t('It is purged after {{binDays}} days.', { binDays: bin.binDays })}</>}
          </div>
        )}
        {bin !== undefined && bin.entries.length > 0 && (
          <ul className="bin-list" aria-label={t('Deleted and rejected')}>
            {bin.entries.map(entry => (
              <Removal
                key={entry.id}
                entry={{ ...entry, by: named(entry.by), changedBy: named(entry.changedBy) }}
                onRestore={() => void act('It could not be taken back.', () => call('bin.restore', { id: entry.id }))}
                onPurge={() => setPurging(entry)}
              />
            ))}
          </ul>
        )}
        {bin !== undefined && bin.moves.length > 0 && (
          <>
            <h2>{t('Moved to another patient')}</h2>
            <ul className="bin-list" aria-label={t('Moved')}>
              {bin.moves.map(move => (
                <Moved
                  key={`${move.id} ${move.StudyInstanceUID}`}
                  move={{ ...move, by: named(move.by) }}
                  onUndo={() => void act('It could not be taken back.', () => call('move.undo', { id: move.id }))}
                />
              ))}
            </ul>
          </>
        )}
      </Dialog>
      {purging !== undefined && (
        <PurgeQuestion
          entry={purging}
          onClose={() => setPurging(undefined)}
          onPurge={() => {
            setPurging(undefined)
            void act(msg('It could not be purged.'), () => call('bin.purge', { id: purging.id }))
          }}
        />
      )}
    </>
  )
}

function Removal({ entry, onRestore, onPurge }: { entry: BinEntry; onRestore: () => void; onPurge: () => void }) {
  const { state, code, arrivedAgain, purgeAt, changedAt, changedBy } = entry
  return (
    <li className="bin-entry" data-removal={entry.id} data-state={state}>
      <div className="bin-line">
        <PersonName value={entry.PatientName || t('Unknown patient')} lang={entry.lang} />
        <span className="id">{entry.PatientID}</span>
        <span className="quiet truncate">
          {formatDate(entry.StudyDate)}{' '}
          <bdi dir="auto">{[entry.StudyDescription, entry.series].filter(text => text.trim() !== '').join(' · ')}</bdi>
        </span>
        <span>{countImages(entry.images)}</span>
        <span className="spring" />
        {state === 'binned' ? (
          <>
            <button type="button" onClick={onRestore} title={t('Show it again')}>
              <Undo2 aria-hidden /> {t('Take back')}
            </button>
            <button type="button" onClick={onPurge} title={t('Delete it for good')}>
              {t('Purge…')}
            </button>
          </>
        ) : (
          <span className="quiet">
            {t('{{state}} {{when}} by {{who}}', {
              state: inLanguage(STATES[state]),
              when: formatMoment(changedAt),
              who: changedBy,
            })}
          </span>
        )}
      </div>
      <div className="bin-line quiet">
        <span>
          {code === '' ? t('Deleted') : t('Rejected by a note')}{' '}
          {t('{{when}} by {{who}}:', { when: formatMoment(entry.at), who: entry.by })}{' '}
          <bdi dir="auto">{entry.reason}</bdi>
        </span>
        {state === 'binned' && arrivedAgain > 0 && (
          <span className="attention">
            {t('⚠ arrived again {{when}}, {{images}}: still hidden', {
              when: formatMoment(entry.againAt),
              images: countImages(arrivedAgain),
            })}
          </span>
        )}
        {purgeAt !== null && <span>{t('purged on {{when}}', { when: formatMoment(purgeAt) })}</span>}
      </div>
    </li>
  )
}

function Moved({ move, onUndo }: { move: MoveEntry; onUndo: () => void }) {
  return (
    <li className="bin-entry" data-move={move.id}>
      <div className="bin-line">
        <span>{move.SeriesInstanceUID === '' ? t('Study') : t('Series')}</span>
        <PersonName value={move.before.PatientName} lang={move.lang} />
        <span className="id">{move.before.PatientID}</span>
        <span className="quiet">{t('is shown under')}</span>
        <PersonName value={move.PatientName} lang={move.lang} />
        <span className="id">{move.PatientID}</span>
        <span className="spring" />
        <button type="button" onClick={onUndo} title={t('Show it where it was received')}>
          <Undo2 aria-hidden /> {t('Take back')}
        </button>
      </div>
      <div className="bin-line quiet">
        {t('{{when}} by {{who}}:', { when: formatMoment(move.at), who: move.by })} <bdi dir="auto">{move.reason}</bdi>
      </div>
    </li>
  )
}

/** What cannot be taken back is asked by a word. */
function PurgeQuestion({ entry, onClose, onPurge }: { entry: BinEntry; onClose: () => void; onPurge: () => void }) {
  const [word, setWord] = useState('')
  const isSaid = word.trim().toLowerCase() === 'purge'
  return (
    <Dialog
      title="Purge"
      className="bin-dialog"
      onClose={onClose}
      foot={
        <button type="submit" form="purge" className="failure" disabled={!isSaid}>
          {t('Purge {{images}}', { images: countImages(entry.here) })}
        </button>
      }
    >
      <form
        id="purge"
        className="bin-form"
        onSubmit={event => {
          event.preventDefault()
          if (isSaid) onPurge()
        }}
      >
        <div>
          <PersonName value={entry.PatientName || t('Unknown patient')} lang={entry.lang} />:{' '}
          {t('{{images}} will be gone from this station for good.', { images: countImages(entry.here) })}
        </div>
        {entry.code !== '' && (
          <div className="quiet">{t('What was rejected stays hidden, also when it is sent again.')}</div>
        )}
        {entry.arrivedAgain > 0 && <div className="attention">{t('⚠ It was sent again since it was deleted.')}</div>}
        <label className="reason">
          <span className="quiet">{t('Type “purge” to confirm')}</span>
          <input data-first-focus value={word} onChange={event => setWord(event.target.value)} />
        </label>
      </form>
    </Dialog>
  )
}
