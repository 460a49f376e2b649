import { ChevronLeft, ChevronRight, Download, FileText, ZoomIn, ZoomOut } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { StudySummary } from '../../../shared/contract.ts'
import { t } from '../../i18n/index.ts'
import { useShownKey, useTitle } from '../../keys/index.ts'
import { formatDate, IconButton, PersonName } from '../../ui/index.ts'
import type { StackEntry } from '../catalog.ts'
import type { ObjectAddress } from '../objects/readObject.ts'
import type { Pane } from '../pane.ts'
import type { PaneState } from '../paneState.ts'
import { SlideView } from '../slides/SlideView.tsx'
import { exportObject } from './exportObject.ts'
import { type DocumentKind, documentKind, kindName } from './kinds.ts'
import { MeshView } from './MeshView.tsx'
import { NarrativeView } from './NarrativeView.tsx'
import { PdfView } from './PdfView.tsx'
import { ReportView } from './ReportView.tsx'
import { holdReach, zoomDocument } from './reach.ts'
import { VideoView } from './VideoView.tsx'
import { WaveformView } from './WaveformView.tsx'

const LEAST_ZOOM = 0.6
const MOST_ZOOM = 4

/** What a pane shows where there is no picture: the document, if we can open it, else why not and what can be done. */
export function DocumentTile(props: {
  pane: Pane | undefined
  state: PaneState | undefined
  study: StudySummary | undefined
  reason: string
  onHeader: () => void
  /** What else can be done with an object that is no document. */
  children: React.ReactNode
}) {
  const { pane, state, study, reason, onHeader, children } = props
  const { stack, index = 0 } = state ?? {}
  const entry = stack?.entries[index]
  const headerTitle = useTitle('Tag browser', 'header')
  if (pane === undefined || stack === undefined || entry === undefined) return <Message reason={reason} />
  const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
  const { SOPInstanceUID } = entry.instance
  const address = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }
  const kind =
    stack.set.kind === 'slide' ? 'slide' : entry.unshowable === undefined ? undefined : documentKind(entry.instance)
  if (kind !== undefined) {
    return <OpenDocument {...{ pane, entry, kind, address, study, onHeader }} key={SOPInstanceUID} />
  }
  return (
    <Message reason={reason}>
      {children}
      <div className="document-tools">
        <button type="button" onClick={onHeader} title={headerTitle}>
          <FileText aria-hidden /> {t('Tag browser')}
        </button>
        <button type="button" onClick={() => exportObject(address)} title={t('Export: the file as it was received')}>
          <Download aria-hidden /> {t('Export')}
        </button>
      </div>
    </Message>
  )
}

function Message({ reason, children }: { reason: string; children?: React.ReactNode }) {
  return (
    <div className="pane-message" role="status">
      <div>{t('This image cannot be shown.')}</div>
      <div className="quiet selectable">{reason}</div>
      {children}
    </div>
  )
}

function OpenDocument(props: {
  pane: Pane
  entry: StackEntry
  kind: DocumentKind | 'slide'
  address: ObjectAddress
  study: StudySummary | undefined
  onHeader: () => void
}) {
  const { pane, entry, kind, address, study, onHeader } = props
  const body = useRef<HTMLDivElement>(null)
  const [zoom, setZoom] = useState(1)
  const { stack, index } = pane.state.getState()
  const count = stack?.entries.length ?? 0
  const zoomBy = useCallback((factor: number) => {
    setZoom(before => Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, Math.round(before * factor * 100) / 100)))
  }, [])
  // A slide moves by itself (SlideView.tsx).
  const isSlide = kind === 'slide'
  useEffect(() => {
    if (isSlide) return
    return holdReach(pane.id, {
      scroll: by => {
        const element = body.current
        if (element === null) return false
        const before = element.scrollTop
        element.scrollTop = Number.isFinite(by) ? before + by : by < 0 ? 0 : element.scrollHeight
        return element.scrollTop !== before
      },
      zoom: zoomBy,
      page: () => body.current?.clientHeight ?? 0,
    })
  }, [pane, zoomBy, isSlide])
  useEffect(() => {
    const element = isSlide ? null : body.current
    // React's own listener is passive: the browser would zoom the whole page as well.
    const turn = (event: WheelEvent) => {
      if (!event.ctrlKey) return
      event.preventDefault()
      zoomBy(event.deltaY < 0 ? 1.1 : 1 / 1.1)
    }
    element?.addEventListener('wheel', turn, { passive: false })
    return () => element?.removeEventListener('wheel', turn)
  }, [zoomBy, isSlide])
  const keys = { out: useShownKey('zoom-out'), in: useShownKey('zoom-in'), header: useShownKey('header') }
  const name = kindName(entry.instance.SOPClassUID)
  return (
    <section className="document" aria-label={name} data-kind={kind}>
      <header className="document-head">
        <span className="document-who truncate">
          {study !== undefined && (
            <>
              <strong>
                <PersonName value={study.PatientName} lang={study.lang} />
              </strong>{' '}
              <span className="id">{study.PatientID}</span>
              <span className="quiet"> · {formatDate(study.StudyDate)}</span>
            </>
          )}
          <span className="quiet"> · {name}</span>
        </span>
        {stack?.manifest.synthetic && <span className="synthetic">SYNTHETIC</span>}
        <span className="spring" />
        {count > 1 && (
          <>
            <IconButton icon={ChevronLeft} name="Document before" onClick={() => pane.step(-1)} />
            <span className="quiet">
              {index + 1}/{count}
            </span>
            <IconButton icon={ChevronRight} name="Next document" onClick={() => pane.step(1)} />
          </>
        )}
        {kind !== 'video' && (
          <>
            <IconButton icon={ZoomOut} name="Zoom out" shortcut={keys.out} onClick={() => zoomDocument(pane.id, 0.8)} />
            <IconButton icon={ZoomIn} name="Zoom in" shortcut={keys.in} onClick={() => zoomDocument(pane.id, 1.25)} />
          </>
        )}
        <IconButton icon={FileText} name="Tag browser" shortcut={keys.header} onClick={onHeader} />
        <IconButton icon={Download} name="Export: the file as it was received" onClick={() => exportObject(address)} />
      </header>
      <div
        className="document-body"
        ref={body}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
        tabIndex={0}
        style={{ '--document-zoom': zoom } as React.CSSProperties}
      >
        {kind === 'slide' ? (
          stack && <SlideView pane={pane.id} stack={stack} />
        ) : (
          <Content {...{ kind, address, zoom, entry, onHeader }} pane={pane.id} />
        )}
      </div>
    </section>
  )
}

function Content(props: {
  kind: DocumentKind
  address: ObjectAddress
  pane: string
  zoom: number
  entry: StackEntry
  onHeader: () => void
}) {
  const { kind, address, pane, zoom, entry, onHeader } = props
  switch (kind) {
    case 'report':
      return <ReportView address={address} pane={pane} />
    case 'narrative':
      return <NarrativeView address={address} />
    case 'waveform':
      return <WaveformView address={address} zoom={zoom} />
    case 'video':
      return <VideoView address={address} entry={entry} onHeader={onHeader} />
    case 'mesh':
      return <MeshView address={address} zoom={zoom} />
    case 'pdf':
      return <PdfView address={address} zoom={zoom} />
  }
}
