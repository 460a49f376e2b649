import { useCallback, useEffect, useRef, useState } from 'react'
import type { CallOut } from '../../shared/contract.ts'
import type { DeadLetter, StudyCustody } from '../../shared/sync.ts'
import { call, onStationEvent } from '../client.ts'
import { heard, msg, t, whyOf } from '../i18n/index.ts'
import { countImages, Dialog, formatDate, formatMoment, PersonName } from '../ui/index.ts'
import { letterKey } from './letters.ts'
import type { CustodySubject } from './requests.ts'
import { sendAgain, sendFirst } from './syncStore.ts'
import { asSentence, describeEvent } from './words.ts'

/** More would be scrolled by nobody: the list of what was refused has all. */
const SHOWN_REFUSED = 200

type Custody = CallOut<'sync.study'>

/** Where a study is: destination by destination, by what it was shown, what was refused and why, and what happened. */
export function CustodyDialog(props: { study: CustodySubject; onSettings: () => void; onClose: () => void }) {
  const { study, onSettings, onClose } = props
  const { StudyInstanceUID } = study
  const { custody, refused, trouble, read } = useCustody(StudyInstanceUID)
  const waits = custody?.custody.some(({ queued }) => queued > 0) ?? false
  return (
    <Dialog
      title="On the server"
      className="custody"
      onClose={onClose}
      foot={
        <button
          type="button"
          disabled={!waits}
          onClick={() => void sendFirst(StudyInstanceUID).then(read)}
          title={waits ? t('Its images before all others, at every destination') : t('Nothing of it waits')}
        >
          {t('Send first')}
        </button>
      }
    >
      <div className="truncate">
        <PersonName value={study.PatientName || t('Unknown patient')} lang={study.lang} />{' '}
        <span className="id quiet">{study.PatientID}</span>{' '}
        <span className="quiet">
          {formatDate(study.StudyDate)} {study.ModalitiesInStudy.join(' ')}{' '}
          <bdi dir="auto">{study.StudyDescription}</bdi>
        </span>
      </div>
      {/* Said in a line that is there anyway: nothing moves for it. */}
      <div className="custody-said attention" role="status">
        {trouble !== '' && `${custody === undefined ? '' : `${t('This is what the station last said.')} `}${trouble}`}
      </div>
      {trouble !== '' && (
        <div>
          <button type="button" onClick={() => void read()} title={t('Ask the station again')}>
            {t('Read again')}
          </button>
        </div>
      )}
      {custody === undefined && trouble === '' && <div className="skeleton custody-skeleton" />}
      {custody?.custody.length === 0 && (
        <>
          <p className="quiet">{t('No destination’s rules name this study: it stays here alone.')}</p>
          <div>
            <button type="button" onClick={onSettings} title={t('Settings › Central')}>
              {t('Destinations…')}
            </button>
          </div>
        </>
      )}
      {custody !== undefined && custody.custody.length > 0 && (
        <>
          <Counts custody={custody.custody} />
          <Gone custody={custody.custody} StudyInstanceUID={StudyInstanceUID} onAgain={read} />
          <Refused letters={refused} onAgain={read} />
          <History events={custody.events} />
        </>
      )}
    </Dialog>
  )
}

/** What the station knows of a study's custody, read again when something changes. */
function useCustody(StudyInstanceUID: string) {
  const [custody, setCustody] = useState<Custody>()
  const [refused, setRefused] = useState<DeadLetter[]>([])
  const [trouble, setTrouble] = useState('')
  /** How many were refused, and when last: they are read only when that is new. */
  const lettersOf = useRef('')
  const read = useCallback(async () => {
    try {
      const found = await call('sync.study', { StudyInstanceUID })
      setCustody(found)
      const dead = found.custody.reduce((sum, one) => sum + one.dead, 0)
      const of = `${dead} ${found.events.find(({ kind }) => kind === 'dead')?.at}`
      if (of !== lettersOf.current) {
        setRefused(dead === 0 ? [] : (await call('sync.dead', { StudyInstanceUID, limit: 500 })).letters)
        lettersOf.current = of
      }
      setTrouble('')
    } catch (thrown) {
      setTrouble(whyOf(thrown))
    }
  }, [StudyInstanceUID])
  useEffect(() => {
    // One after the other: what changes meanwhile is read once more at the end.
    let running = false
    let again = false
    let closed = false
    const run = async () => {
      if (running) {
        again = true
        return
      }
      running = true
      do {
        again = false
        await read()
      } while (again && !closed)
      running = false
    }
    void run()
    const stops = [
      onStationEvent('sync', () => void run()),
      onStationEvent('again', () => void run()),
      onStationEvent('connection', () => void run()),
    ]
    return () => {
      closed = true
      for (const stop of stops) stop()
    }
  }, [read])
  return { custody, refused, trouble, read }
}

const HEADS = [
  { name: msg('Waiting'), means: msg('To be sent') },
  { name: msg('Unproved'), means: msg('Sent, and not yet shown to be there') },
  { name: msg('Listed'), means: msg('The archive’s own answer names them') },
  { name: msg('Found'), means: msg('A query of ours finds them there') },
  { name: msg('Equal'), means: msg('What it holds was compared, and is what was sent') },
  { name: msg('Refused'), means: msg('Refused for good: sent again only when you say so') },
  { name: msg('Withheld'), means: msg('Deleted or rejected here before they were sent') },
  {
    name: msg('Gone'),
    means: msg('No longer on the archive: they came from there, and were taken away or changed there'),
  },
  { name: msg('Lost'), means: msg('Lost on the archive, and no longer here') },
]

function Counts({ custody }: { custody: StudyCustody[] }) {
  return (
    <table className="custody-counts" aria-label={t('Images by state')}>
      <thead>
        <tr>
          <th>{t('Destination')}</th>
          {HEADS.map(({ name, means }) => (
            <th key={name} title={t(means)}>
              {t(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {custody.map(({ destination, queued, unproved, confirmed, dead, withheld, gone, lost }) => {
          const { listed, present, equal } = confirmed
          const counts = [queued, unproved, listed, present, equal, dead, withheld, gone, lost]
          return (
            <tr key={destination}>
              <td>{destination}</td>
              {counts.map((count, index) => {
                const name = HEADS[index]?.name
                const quiet = count === 0 ? 'quiet' : name === 'Refused' || name === 'Lost' ? 'attention' : undefined
                return (
                  <td key={name} className={quiet} aria-label={`${t(name ?? '')} ${count}`}>
                    {count.toLocaleString()}
                  </td>
                )
              })}
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

/** A quiet line: what an archive gave and took away is its own to decide, unless somebody says otherwise. */
function Gone(props: { custody: StudyCustody[]; StudyInstanceUID: string; onAgain: () => Promise<void> }) {
  const { custody, StudyInstanceUID, onAgain } = props
  return custody
    .filter(({ gone }) => gone > 0)
    .map(({ destination, gone }) => (
      <p key={destination} className="central-line quiet">
        <span>
          {t('{{images}} no longer on {{destination}} as received from there.', {
            images: countImages(gone),
            destination,
          })}
        </span>
        <span className="spring" />
        <button
          type="button"
          onClick={() => void sendAgain(destination, { StudyInstanceUID }).then(onAgain)}
          title={t('From then on they are kept there as what was received here')}
        >
          {t('Send there again')}
        </button>
      </p>
    ))
}

function Refused({ letters, onAgain }: { letters: DeadLetter[]; onAgain: () => Promise<void> }) {
  if (letters.length === 0) return null
  const again = async (some: DeadLetter[]) => {
    for (const destination of new Set(some.map(letter => letter.destination))) {
      const contentIds = some.filter(letter => letter.destination === destination).map(({ contentId }) => contentId)
      // The counter takes so many at once.
      for (let at = 0; at < contentIds.length; at += 500) {
        if ((await sendAgain(destination, { contentIds: contentIds.slice(at, at + 500) })) === undefined) return
      }
    }
    await onAgain()
  }
  return (
    <section aria-label={t('Refused images')}>
      <div className="central-line">
        <h2>{t('Refused')}</h2>
        <span className="spring" />
        {letters.length > 1 && (
          <button type="button" onClick={() => void again(letters)} title={t('All of this study that were refused')}>
            {t('Send all {{toLocaleString}} again', { toLocaleString: letters.length.toLocaleString() })}
          </button>
        )}
      </div>
      <ul className="custody-list">
        {letters.slice(0, SHOWN_REFUSED).map(letter => (
          <li key={letterKey(letter)} className="custody-event custody-letter">
            <span className="quiet">{formatMoment(letter.at)}</span>
            <span className="truncate">{letter.destination}</span>
            <span
              className="id truncate selectable"
              title={t('SOP Instance UID {{SOPInstanceUID}}', { SOPInstanceUID: letter.SOPInstanceUID })}
            >
              {letter.Modality} {letter.SOPInstanceUID}
            </span>
            <span className="attention truncate selectable" title={heard(letter.reason)}>
              {asSentence(heard(letter.reason))}
            </span>
            <button type="button" onClick={() => void again([letter])} title={t('Once what was wrong is put right')}>
              {t('Send again')}
            </button>
          </li>
        ))}
        {letters.length > SHOWN_REFUSED && (
          <li className="quiet">
            {t('and {{more}} more', { more: (letters.length - SHOWN_REFUSED).toLocaleString() })}
          </li>
        )}
      </ul>
    </section>
  )
}

function History({ events }: { events: Custody['events'] }) {
  return (
    <section aria-label={t('History')}>
      <h2>{t('History')}</h2>
      {events.length === 0 && <p className="quiet">{t('Nothing has happened yet.')}</p>}
      <ul className="custody-list">
        {events.map((event, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what happened has no other name than its place.
          <li key={index} className="custody-event">
            <span className="quiet">{formatMoment(event.at)}</span>
            <span className="truncate">{event.destination}</span>
            <span className={['failed', 'dead', 'lost'].includes(event.kind) ? 'attention selectable' : 'selectable'}>
              {describeEvent(event)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
