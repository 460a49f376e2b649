import { ArrowUp, File, Folder, FolderInput } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { CallOut } from '../../shared/contract.ts'
import { JobView, replaceJob, useStation } from '../activity/index.ts'
import { call } from '../client.ts'
import { t, whyOf } from '../i18n/index.ts'
import { Dialog, formatBytes, IconButton } from '../ui/index.ts'

type Listing = CallOut<'folder.list'>

declare global {
  interface Window {
    /** Only in the desktop shell (electron/preload.ts). */
    desktop?: { chooseImport(): Promise<string[]>; openDictation(url: string): Promise<boolean> }
  }
}

/** Chooses what the station imports: a path, the station's own folders, or the system's dialog on a desktop. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const [path, setPath] = useState('')
  const [listing, setListing] = useState<Listing>()
  const [error, setError] = useState('')
  const [jobId, setJobId] = useState<string>()
  const job = useStation(({ jobs }) => jobs.find(one => one.id === jobId))

  const asked = useRef('')

  const browse = useCallback(async (folder: string) => {
    asked.current = folder
    // The home folder is asked for when the dialog opens: what was typed by then stands.
    if (folder !== '') setPath(folder)
    try {
      const found = await call('folder.list', { path: folder })
      // What was typed, or asked for, since then stands.
      if (asked.current !== folder) return
      setListing(found)
      setPath(typed => (typed === folder ? found.path : typed))
      setError('')
    } catch (thrown) {
      if (asked.current === folder) setError(whyOf(thrown))
    }
  }, [])
  useEffect(() => void browse(''), [browse])

  const start = async (paths: string[]) => {
    try {
      const started = await call('import.start', { paths })
      replaceJob(started)
      setJobId(started.id)
      setError('')
    } catch (thrown) {
      setError(whyOf(thrown))
    }
  }
  const choose = async () => {
    const paths = (await window.desktop?.chooseImport()) ?? []
    if (paths.length > 0) await start(paths)
  }

  if (job !== undefined) {
    return (
      <Dialog
        title="Import"
        className="import-dialog"
        onClose={onClose}
        foot={
          <button type="button" onClick={onClose} title={t('The import goes on; Activity shows it (Esc)')}>
            {job.state === 'running' ? t('Continue in background') : t('Close')}
          </button>
        }
      >
        <JobView job={job} />
      </Dialog>
    )
  }
  return (
    <Dialog
      title="Import"
      className="import-dialog"
      onClose={onClose}
      foot={
        <>
          {window.desktop !== undefined && (
            <button type="button" onClick={() => void choose()} title={t("The system's own dialog")}>
              {t('Choose…')}
            </button>
          )}
          <button
            type="button"
            disabled={path === ''}
            onClick={() => void start([path])}
            title={t('Import this folder and all below it (Ctrl+Enter)')}
          >
            <FolderInput aria-hidden /> {t('Import this path')}
          </button>
        </>
      }
    >
      <form
        className="import-path"
        onSubmit={event => {
          event.preventDefault()
          void browse(path)
        }}
      >
        <IconButton
          icon={ArrowUp}
          name="Folder above"
          shortcut="Alt+↑"
          disabled={listing?.parent == null}
          onClick={() => void browse(listing?.parent ?? '')}
        />
        <input
          aria-label={t("File or folder on the station's machine")}
          placeholder={t("File or folder on the station's machine")}
          value={path}
          spellCheck={false}
          onChange={event => setPath(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Enter' && event.ctrlKey) void start([path])
            if (event.key === 'ArrowUp' && event.altKey && listing?.parent != null) void browse(listing.parent)
          }}
        />
      </form>
      <div className="folder" role="listbox" aria-label={t('Folder')}>
        {listing?.entries.map(entry => (
          <button
            type="button"
            role="option"
            aria-selected={entry.path === path}
            className="bare"
            key={entry.path}
            title={entry.folder ? t('Double click or Enter opens the folder') : formatBytes(entry.size)}
            onClick={() => setPath(entry.path)}
            onDoubleClick={() => entry.folder && void browse(entry.path)}
            onKeyDown={event => {
              if (event.key === 'Enter' && entry.folder) {
                event.preventDefault()
                void browse(entry.path)
              }
            }}
          >
            {entry.folder ? <Folder aria-hidden /> : <File aria-hidden />}
            <span className="truncate">{entry.name}</span>
          </button>
        ))}
        {listing?.entries.length === 0 && <div className="quiet">{t('This folder is empty.')}</div>}
        {listing?.truncated === true && <div className="quiet">{t('There is more here than is listed.')}</div>}
      </div>
      {error !== '' && (
        <div className="failure selectable" role="alert">
          {error}
        </div>
      )}
      <div className="quiet">
        {t('Folders are read with everything below them. What is no DICOM is counted and left out.')}
      </div>
    </Dialog>
  )
}
