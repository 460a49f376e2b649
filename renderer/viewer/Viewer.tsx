import {
  ArrowLeft,
  CirclePlay,
  Contrast,
  FileText,
  Layers,
  Maximize,
  MessageSquareText,
  Move,
  ZoomIn,
} from 'lucide-react'
import { useEffect } from 'react'
import { describeDate, formatDate, formatTime, IconButton, PersonName } from '../ui/index.ts'
import { HeaderView } from './HeaderView.tsx'
import { handleViewerKey, showActiveHeader } from './keys.ts'
import { PaneView } from './PaneView.tsx'
import { SeriesStrip } from './SeriesStrip.tsx'
import { activePane, LAYOUTS, setLayout, type ToolName, useSession } from './session.ts'

const TOOLS: Array<{ tool: ToolName; name: string; shortcut: string; icon: typeof Move }> = [
  { tool: 'window', name: 'Window/level', shortcut: 'W', icon: Contrast },
  { tool: 'zoom', name: 'Zoom', shortcut: 'Z', icon: ZoomIn },
  { tool: 'pan', name: 'Pan', shortcut: 'P', icon: Move },
  { tool: 'scroll', name: 'Scroll', shortcut: 'S', icon: Layers },
]

/** The reading room. Kept mounted while the worklist is shown, so that Cornerstone is warm before the first open. */
export function Viewer({ visible, onBack }: { visible: boolean; onBack: () => void }) {
  const { study, layout, tool, overlays, header, error } = useSession()

  useEffect(() => {
    if (!visible) return
    const listen = (event: KeyboardEvent) => handleViewerKey(event, onBack)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [visible, onBack])

  const count = layout.rows * layout.columns
  return (
    <main className="viewer" data-visible={visible ? '' : undefined} inert={!visible} aria-label="Viewer">
      <header className="viewer-head">
        <IconButton icon={ArrowLeft} name="Worklist" shortcut="Backspace" onClick={onBack} />
        {study !== undefined && (
          <span className="viewer-title truncate">
            <strong>
              <PersonName value={study.PatientName} lang={study.lang} />
            </strong>{' '}
            <span className="id">{study.PatientID}</span>
            <span className="quiet" title={describeDate(study.StudyDate)}>
              {' · '}
              {[formatDate(study.StudyDate), formatTime(study.StudyTime)].filter(Boolean).join(' ')}
              {study.StudyDescription !== '' && ` · ${study.StudyDescription}`}
              {study.AccessionNumber !== '' && ` · ${study.AccessionNumber}`}
            </span>
          </span>
        )}
        <span className="spring" />
        {TOOLS.map(one => (
          <IconButton
            key={one.tool}
            icon={one.icon}
            name={one.name}
            shortcut={one.shortcut}
            pressed={tool === one.tool}
            onClick={() => useSession.setState({ tool: one.tool })}
          />
        ))}
        <IconButton icon={Maximize} name="Fit" shortcut="F" onClick={() => activePane()?.fit()} />
        <IconButton icon={CirclePlay} name="Cine" shortcut="C" onClick={() => activePane()?.toggleCine()} />
        <IconButton
          icon={MessageSquareText}
          name="Overlays"
          shortcut="O"
          pressed={overlays}
          onClick={() => useSession.setState({ overlays: !overlays })}
        />
        <IconButton icon={FileText} name="Show header" shortcut="H" onClick={showActiveHeader} />
        <fieldset className="layouts" aria-label="Layout">
          {LAYOUTS.map((one, index) => (
            <button
              type="button"
              key={`${one.rows}×${one.columns}`}
              className="bare"
              aria-pressed={one === layout}
              title={`Layout ${one.rows}×${one.columns} (Alt+${index + 1})`}
              onClick={() => setLayout(one)}
            >
              {one.rows}×{one.columns}
            </button>
          ))}
        </fieldset>
      </header>
      <div className="viewer-body">
        <SeriesStrip />
        <div
          className="grid"
          style={{
            gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))`,
            gridTemplateRows: `repeat(${layout.rows}, minmax(0, 1fr))`,
          }}
        >
          {Array.from({ length: count }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a pane is its place; its canvas stays when the layout changes.
            <PaneView key={index} index={index} />
          ))}
          {error !== undefined && (
            <div className="pane-message" role="alert">
              <div>The study could not be opened.</div>
              <div className="quiet selectable">{error}</div>
              <button type="button" onClick={onBack}>
                Back to the worklist
              </button>
            </div>
          )}
        </div>
      </div>
      {header !== undefined && <HeaderView {...header} />}
    </main>
  )
}
