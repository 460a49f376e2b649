import { useEffect, useState } from 'react'
import type { CallOut, VolumeState, VolumeSummary } from '../../shared/contract.ts'
import { call, fetchOnlyHere, onlyHereAddress } from '../client.ts'
import { heard, inLanguage, msg, t } from '../i18n/index.ts'
import { announce, announceFailure, copyText, countImages, formatBytes } from '../ui/index.ts'
import { LeavingSection } from './LeavingSection.tsx'

const POLL_MS = 2000

type Storage = CallOut<'volumes.list'>

const STATES: Record<VolumeState, string> = {
  ready: '',
  readOnly: msg('cannot be written: new images are kept on the others'),
  missing: msg('not there: its images cannot be read until it is back'),
  foreign: msg('another disk lies in its place: nothing is read or written there'),
  hung: msg('does not answer: its images cannot be read until it does'),
}

const LEVELS: Record<VolumeSummary['level'], string> = {
  ok: '',
  warn: msg('getting full'),
  close: msg('nearly full'),
  refuse: msg('full'),
}

/** Where the images lie: every disk, what is free, what exists there alone, what waits to come to its place. */
export function StoragePage() {
  const [storage, setStorage] = useState<Storage>()
  useEffect(() => {
    let closed = false
    const read = async () => {
      const found = await call('volumes.list', {})
      if (!closed) setStorage(found)
    }
    // Unreachable is the status line's to say.
    const poll = () => void read().catch(() => {})
    poll()
    const timer = setInterval(poll, POLL_MS)
    return () => {
      closed = true
      clearInterval(timer)
    }
  }, [])
  return (
    <section className="settings-page storage" aria-label={t('Storage')}>
      {storage !== undefined && (
        <>
          <p>
            {t('{{count}} images exist on one disk only', { count: storage.onlyHere })}.{' '}
            <span className="quiet">
              {storage.landing.images === 0
                ? t('All that was received is at its place.')
                : t('{{images}} ({{formatBytes}}) received and on the way to their place.', {
                    images: countImages(storage.landing.images),
                    formatBytes: formatBytes(storage.landing.bytes),
                  })}
            </span>
          </p>
          <div>
            {storage.volumes.map(volume => (
              <VolumeView
                key={volume.name}
                volume={volume}
                canEmpty={storage.volumes.length > 1}
                onChanged={setStorage}
              />
            ))}
          </div>
          <LeavingSection />
          <p className="quiet">
            {t(
              'Disks are added in the file config.json of the data folder, under “volumes”, and used after a restart.',
            )}
          </p>
        </>
      )}
    </section>
  )
}

function VolumeView(props: {
  volume: VolumeSummary
  /** There are others. */
  canEmpty: boolean
  onChanged: (storage: Storage) => void
}) {
  const { volume, canEmpty, onChanged } = props
  const { name, path, state, level, free, total, images, bytes, onlyHere, takes, draining } = volume
  const isThere = state === 'ready' || state === 'readOnly'
  const change = async () => {
    try {
      await call(draining === null ? 'volume.drain' : 'volume.keep', { name })
      onChanged(await call('volumes.list', {}))
    } catch (thrown) {
      announceFailure('The disk could not be changed.', thrown)
    }
  }
  const copy = async () => {
    try {
      await copyText(await fetchOnlyHere(name))
      announce('The list is on the clipboard')
    } catch (thrown) {
      announceFailure('The list could not be copied.', thrown)
    }
  }
  return (
    <section className="disk" aria-label={t('Disk {{name}}', { name })}>
      <div className="disk-line">
        <strong>{name}</strong>
        <span className="quiet id truncate selectable">{path}</span>
        <span className="spring" />
        {isThere && total > 0 && (
          <>
            <meter
              min={0}
              max={total}
              value={total - free}
              aria-label={t('{{formatBytes}} of {{formatBytes1}} free', {
                formatBytes: formatBytes(free),
                formatBytes1: formatBytes(total),
              })}
            />
            <span className={level === 'ok' ? undefined : 'attention'}>
              {t('{{formatBytes}} of {{formatBytes1}} free', {
                formatBytes: formatBytes(free),
                formatBytes1: formatBytes(total),
              })}
              {LEVELS[level] !== '' && `, ${inLanguage(LEVELS[level])}`}
            </span>
          </>
        )}
        {(canEmpty || draining !== null) && (
          <button
            type="button"
            onClick={() => void change()}
            title={
              draining === null
                ? t('Move all its images to the other disks, in the background, and place none there')
                : t('Stop moving and place images there again; what has moved stays where it is')
            }
          >
            {draining === null ? t('Empty') : t('Use again')}
          </button>
        )}
      </div>
      {STATES[state] !== '' && <div className="failure">{t(STATES[state])}</div>}
      <div className="disk-line">
        <span>
          {countImages(images)}, {formatBytes(bytes)}
        </span>
        <span className={isThere || onlyHere === 0 ? 'quiet' : 'attention'}>
          {t('{{images}} only here', { images: onlyHere.toLocaleString() })}
        </span>
        {onlyHere > 0 && (
          <span className="quiet">
            {t('list:')}{' '}
            <a href={onlyHereAddress(name, 'csv')} download>
              CSV
            </a>{' '}
            <a href={onlyHereAddress(name, 'json')} download>
              JSON
            </a>{' '}
            <button
              type="button"
              className="bare"
              onClick={() => void copy()}
              title={t('The list as CSV, onto the clipboard')}
            >
              {t('Copy')}
            </button>
          </span>
        )}
        <span className="spring" />
        <span className="quiet">{t('takes {{takes}}', { takes: heard(takes) })}</span>
      </div>
      {draining !== null && (
        <div className="quiet">
          {images === 0
            ? t('Empty: it may be taken out.')
            : [
                t('{{moved}} moved, {{left}} left', {
                  moved: draining.moved.toLocaleString(),
                  left: images.toLocaleString(),
                }),
                ...(draining.failed > 0 ? [t('{{failed}} of them damaged', { failed: draining.failed })] : []),
              ].join(', ')}
        </div>
      )}
    </section>
  )
}
