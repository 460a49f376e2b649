import { FileText } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { createStore, useStore } from 'zustand'
import { Overlays } from './Overlays.tsx'
import type { Pane, PaneState } from './pane.ts'
import { attachPointer } from './pointer.ts'
import { assignSeries, mountPane, paneAt, setActive, useSession } from './session.ts'

export const SERIES_MIME = 'application/x-isocenter-series'

const NOTHING = createStore<PaneState | undefined>(() => undefined)

/** One tile: the canvas, its overlays, and what it says when there is no picture. */
export function PaneView({ index }: { index: number }) {
  const canvas = useRef<HTMLDivElement>(null)
  const [pane, setPane] = useState<Pane>()
  const study = useSession(session => session.study)
  const active = useSession(session => session.active === index)
  const overlays = useSession(session => session.overlays)
  const problem = useSession(session => session.problems[index])
  const assigned = useSession(session => session.assigned[index])
  const several = useSession(session => session.layout.rows * session.layout.columns > 1)
  const state = useStore<typeof NOTHING | Pane['state'], PaneState | undefined>(pane?.state ?? NOTHING, value => value)

  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const unmount = mountPane(index, element)
    setPane(paneAt(index))
    const detach = attachPointer(
      element,
      () => paneAt(index),
      () => useSession.getState().tool,
    )
    return () => {
      detach()
      unmount()
    }
  }, [index])

  const entry = state?.stack?.entries[state.index]
  const reason = problem ?? state?.reason
  const waiting = assigned !== undefined && state?.shown === undefined && reason === undefined
  const showHeader = () => {
    if (entry === undefined) return
    useSession.setState({
      header: { contentId: entry.instance.contentId, title: `Header of image ${(state?.index ?? 0) + 1}` },
    })
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the pane is chosen by pointer here and by Tab in the strip; it is no control of its own.
    <div
      className="pane"
      data-active={active && several ? '' : undefined}
      data-pane={index}
      onPointerDownCapture={() => setActive(index)}
      onDragOver={event => {
        if (event.dataTransfer.types.includes(SERIES_MIME)) event.preventDefault()
      }}
      onDrop={event => {
        const SeriesInstanceUID = event.dataTransfer.getData(SERIES_MIME)
        if (SeriesInstanceUID !== '') assignSeries(SeriesInstanceUID, index)
      }}
    >
      <div
        className="canvas"
        ref={canvas}
        data-blank={reason !== undefined || assigned === undefined ? '' : undefined}
      />
      {study !== undefined && state !== undefined && overlays && <Overlays study={study} state={state} />}
      {/* Never hidden with the overlays: sample data must not be taken for a patient. */}
      {state?.stack?.manifest.synthetic && !overlays && <div className="synthetic alone">SYNTHETIC</div>}
      {waiting && <div className="pane-message quiet">loading {(state?.index ?? 0) + 1}</div>}
      {reason !== undefined && (
        <div className="pane-message" role="status">
          <div>This image cannot be shown.</div>
          <div className="quiet selectable">{reason}</div>
          {entry !== undefined && (
            <button type="button" onClick={showHeader} title="Show header (H)">
              <FileText aria-hidden /> Show header
            </button>
          )}
        </div>
      )}
    </div>
  )
}
