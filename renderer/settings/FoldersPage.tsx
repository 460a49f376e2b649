import { useEffect, useState } from 'react'
import type { WatchedFolder } from '../../shared/config.ts'
import type { WatchedFolderSummary } from '../../shared/contract.ts'
import { call } from '../client.ts'
import { heard, t, whyOf } from '../i18n/index.ts'
import { announce, announceFailure, countImages, formatMoment } from '../ui/index.ts'

const POLL_MS = 2000

async function readFolders(): Promise<WatchedFolderSummary[]> {
  return (await call('folders.list', {})).folders
}

/** What is configured of a folder, without how it does. */
function configOf({ id, path, modality, onDone, movedTo }: WatchedFolderSummary): WatchedFolder {
  return { id, path, onDone, ...(modality && { modality }), ...(movedTo && { movedTo }) }
}

/** Folders that consoles write files into: what comes from each, and what is wrong with it. */
export function FoldersPage() {
  const [folders, setFolders] = useState<WatchedFolderSummary[]>()
  useEffect(() => {
    let closed = false
    // Unreachable is the status line's to say.
    const poll = () =>
      void readFolders().then(
        found => !closed && setFolders(found),
        () => {},
      )
    poll()
    const timer = setInterval(poll, POLL_MS)
    return () => {
      closed = true
      clearInterval(timer)
    }
  }, [])
  const keep = async (wanted: WatchedFolder[]) => {
    await call('folders.set', { folders: wanted })
    setFolders(await readFolders())
  }
  const remove = async (removed: WatchedFolderSummary) => {
    try {
      const others = (await readFolders()).filter(({ id }) => id !== removed.id).map(configOf)
      await keep(others)
      announce(t('{{path}} is watched no more', { path: removed.path }), async () =>
        keep([...(await readFolders()).map(configOf), configOf(removed)]),
      )
    } catch (thrown) {
      announceFailure('The folder is still watched.', thrown)
    }
  }
  return (
    <section className="settings-page" aria-label={t('Folders')}>
      <p className="keys-note">
        {t('For consoles that only write files.')}{' '}
        <span className="quiet">
          {t(
            'What lies in these folders of the station’s machine, or is put there, comes in as soon as it is finished.',
          )}
        </span>
      </p>
      <NewFolder onMade={async made => keep([...(await readFolders()).map(configOf), made])} />
      <div className="keys-list">
        {folders?.length === 0 && <p className="quiet">{t('No folder is watched yet.')}</p>}
        {folders?.map(folder => (
          <FolderView key={folder.id} folder={folder} onRemove={() => void remove(folder)} />
        ))}
      </div>
    </section>
  )
}

function FolderView({ folder, onRemove }: { folder: WatchedFolderSummary; onRemove: () => void }) {
  const { path, modality, onDone, movedTo, trouble, refused, lastFile, lastAt } = folder
  return (
    <section className="watched" aria-label={t('Folder {{path}}', { path })}>
      <div className="watched-line">
        {modality !== undefined && modality !== '' && <strong>{modality}</strong>}
        <span className="id truncate selectable" title={path}>
          {path}
        </span>
        <span className="spring" />
        <button type="button" onClick={onRemove} title={t('Its files and what came from there stay')}>
          {t('Stop watching')}
        </button>
      </div>
      <div className={trouble === '' ? 'quiet' : 'attention'}>{stateOf(folder)}</div>
      <div className="watched-line">
        <span>{countsOf(folder)}</span>
        {lastAt !== null && (
          <span className="quiet truncate" title={lastFile}>
            {t('last {{when}}: {{file}}', { when: formatMoment(lastAt), file: lastFile })}
          </span>
        )}
        <span className="spring" />
        <span className="quiet truncate">
          {onDone === 'move' ? t('then moved to {{movedTo}}', { movedTo: movedTo ?? '' }) : t('files stay there')}
        </span>
      </div>
      {refused.length > 0 && (
        <details>
          <summary>
            {refused.length === 1
              ? t('1 file needs a look')
              : t('{{length}} files need a look', { length: refused.length })}
          </summary>
          <ul className="watched-refused selectable">
            {refused.map(({ file, reason }) => (
              <li key={file}>
                <span className="id">{file}</span> <span className="quiet">{reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}

function stateOf({ trouble, busy, waiting }: WatchedFolderSummary): string {
  if (trouble !== '') return heard(trouble)
  if (busy) return t('Files are coming in.')
  if (waiting > 0) return t('Watched; {{count}} files may still be written.', { count: waiting })
  return t('Watched; all that is there is done with.')
}

function countsOf({ taken, duplicates, refusedCount }: WatchedFolderSummary): string {
  return [
    t('{{images}} since the start', { images: countImages(taken) }),
    ...(duplicates > 0 ? [t('{{number}} were here already', { number: duplicates })] : []),
    ...(refusedCount > 0 ? [t('{{number}} not taken', { number: refusedCount })] : []),
  ].join(', ')
}

function NewFolder({ onMade }: { onMade: (made: WatchedFolder) => Promise<void> }) {
  const [path, setPath] = useState('')
  const [modality, setModality] = useState('')
  const [movedTo, setMovedTo] = useState<string>()
  const [error, setError] = useState('')
  const make = async () => {
    const made = {
      id: crypto.randomUUID().slice(0, 8),
      path: path.trim(),
      onDone: movedTo === undefined ? ('leave' as const) : ('move' as const),
      ...(modality.trim() !== '' && { modality: modality.trim() }),
      ...(movedTo !== undefined && { movedTo: movedTo.trim() }),
    }
    try {
      await onMade(made)
      setPath('')
      setModality('')
      setMovedTo(undefined)
      setError('')
    } catch (thrown) {
      setError(whyOf(thrown))
    }
  }
  return (
    <form
      className="watched-new"
      onSubmit={event => {
        event.preventDefault()
        void make()
      }}
    >
      <div className="keys-bar">
        <input
          type="text"
          aria-label={t("Folder on the station's machine")}
          placeholder={t("Folder on the station's machine, with its full path")}
          maxLength={4096}
          spellCheck={false}
          value={path}
          onChange={event => setPath(event.target.value)}
        />
        <input
          type="text"
          className="watched-label"
          aria-label={t('What comes there')}
          placeholder={t('What comes there')}
          maxLength={64}
          value={modality}
          onChange={event => setModality(event.target.value)}
        />
        <select
          aria-label={t('What becomes of files that are in')}
          value={movedTo === undefined ? 'leave' : 'move'}
          onChange={event => setMovedTo(event.target.value === 'move' ? '' : undefined)}
        >
          <option value="leave">{t('Leave files there')}</option>
          <option value="move">{t('Move them away')}</option>
        </select>
        {movedTo === undefined && <Watch disabled={path.trim() === ''} />}
      </div>
      {movedTo !== undefined && (
        <div className="keys-bar">
          <input
            type="text"
            aria-label={t('Where they are moved to')}
            placeholder={t('Where they are moved to: a folder that is there')}
            maxLength={4096}
            spellCheck={false}
            value={movedTo}
            onChange={event => setMovedTo(event.target.value)}
          />
          <Watch disabled={path.trim() === '' || movedTo.trim() === ''} />
        </div>
      )}
      {error !== '' && (
        <div className="failure selectable" role="alert">
          {error}
        </div>
      )}
    </form>
  )
}

function Watch({ disabled }: { disabled: boolean }) {
  return (
    <button type="submit" disabled={disabled} title={t('From now on, and what lies there already')}>
      {t('Watch')}
    </button>
  )
}
