import { FolderInput, Search, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { StationStatus, StudySummary } from '../../shared/contract.ts'
import { IconButton } from '../ui/index.ts'
import { EmptyState } from './EmptyState.tsx'
import { SeriesPanel } from './SeriesPanel.tsx'
import { StudyTable } from './StudyTable.tsx'
import { followStation, reload, setSearch, useWorklist } from './worklistStore.ts'

export function Worklist(props: {
  visible: boolean
  status: StationStatus | undefined
  onOpen: (study: StudySummary, startTime: number) => void
  onPreload: (StudyInstanceUID: string) => void
  onImport: () => void
  onSamples: () => void
}) {
  const { visible, status, onOpen, onPreload, onImport, onSamples } = props
  const { studies, search, total, cursor, state, error } = useWorklist()
  const field = useRef<HTMLInputElement>(null)
  const room = useRef<HTMLElement>(null)

  useEffect(followStation, [])
  useEffect(() => {
    if (!visible) return
    room.current?.querySelector<HTMLElement>('[role=grid]')?.focus({ preventScroll: true })
    const listen = (event: KeyboardEvent) => {
      const slash = event.key === '/' && !(event.target instanceof HTMLInputElement)
      const find = event.key === 'f' && (event.ctrlKey || event.metaKey)
      if (!slash && !find) return
      event.preventDefault()
      field.current?.focus()
      field.current?.select()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [visible])

  const empty = state === 'ready' && studies.length === 0 && search === ''
  return (
    <main
      className="worklist"
      data-visible={visible ? '' : undefined}
      inert={!visible}
      aria-label="Worklist"
      ref={room}
    >
      <header className="worklist-head">
        <label className="search" title="Search by name, ID or accession number (/)">
          <Search aria-hidden />
          <input
            ref={field}
            placeholder="Name, ID or accession"
            aria-label="Search studies"
            value={search}
            maxLength={200}
            spellCheck={false}
            onChange={event => setSearch(event.target.value)}
            onKeyDown={event => {
              if (event.key === 'Escape') setSearch('')
              if (event.key !== 'ArrowDown' && event.key !== 'Enter' && event.key !== 'Escape') return
              event.preventDefault()
              room.current?.querySelector<HTMLElement>('[role=grid]')?.focus({ preventScroll: true })
            }}
          />
          {search !== '' && <IconButton icon={X} name="Clear search" shortcut="Esc" onClick={() => setSearch('')} />}
        </label>
        <span className="quiet" role="status">
          {state === 'ready' && !empty && `${total.toLocaleString()} ${total === 1 ? 'study' : 'studies'}`}
        </span>
        <span className="spring" />
        <IconButton icon={FolderInput} name="Import" shortcut="Ctrl+I" onClick={onImport}>
          Import…
        </IconButton>
      </header>
      {(state === 'failed' || state === 'unreachable') && (
        <div className="banner" role="alert">
          <span className={state === 'failed' ? 'failure' : 'attention'}>{error}</span>
          <span className="quiet">
            {state === 'unreachable' ? 'What is stored is not affected.' : 'The list may be out of date.'}
          </span>
          <button type="button" onClick={() => void reload()}>
            Try now
          </button>
        </div>
      )}
      {empty ? (
        <EmptyState status={status} onImport={onImport} onSamples={onSamples} />
      ) : (
        <>
          <StudyTable onOpen={onOpen} />
          <SeriesPanel StudyInstanceUID={cursor} onPreload={onPreload} />
        </>
      )}
    </main>
  )
}
