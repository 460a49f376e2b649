import { useEffect, useRef, useState } from 'react'
import { createStore, useStore } from 'zustand'
import type { StudySummary } from '../../shared/contract.ts'
import { heard, t } from '../i18n/index.ts'
import { PersonName } from '../ui/index.ts'
import { CompareLayer } from './compare/CompareLayer.tsx'
import { scrollAlone } from './compare/compareActions.ts'
import { DocumentLayer, DocumentTile } from './documents/index.ts'
import { FusionLayer } from './fusion/FusionLayer.tsx'
import { followLook } from './hanging/looks.ts'
import { KeyPointer } from './KeyPointer.tsx'
import { Marks, marksPointer } from './marks/index.ts'
import { Overlays } from './Overlays.tsx'
import { ObjectLayers, ObjectTile, openSeries } from './objects/index.ts'
import { samePatient } from './otherStudies.ts'
import { PlaneLayer } from './PlaneLayer.tsx'
import type { Pane } from './pane.ts'
import type { PaneState } from './paneState.ts'
import { attachPointer } from './pointer.ts'
import { VolumeView } from './rendering/VolumeView.tsx'
import { SERIES_MIME } from './SeriesStrip.tsx'
import { ReaderShutter } from './ShutterCanvas.tsx'
import { SpaceLayer } from './SpaceLayer.tsx'
import { StackBar } from './StackBar.tsx'
import { pressSegment, SegmentLayer } from './segmenting/index.ts'
import { jumpFrom, mountPane, paneAt, setActive, studyOnScreen, toggleOneUp, useSession } from './session.ts'
import type { Assignment } from './strip.ts'
import { MprLayer } from './volume/MprLayer.tsx'
import { pressMpr } from './volume/mprPointer.ts'

const NOTHING = createStore<PaneState | undefined>(() => undefined)

/** What was dropped, if it is a display set of ours. */
function droppedSet(text: string): Assignment | undefined {
  try {
    const { StudyInstanceUID, SeriesInstanceUID, id } = JSON.parse(text) as Record<string, unknown>
    const said = [StudyInstanceUID, SeriesInstanceUID, id].every(one => typeof one === 'string' && one !== '')
    return said ? ({ StudyInstanceUID, SeriesInstanceUID, id } as Assignment) : undefined
  } catch {
    return undefined
  }
}

/** Another patient in this pane: said outside the pixels, over the whole width, for as long as it is so. */
function Stranger({ study }: { study: StudySummary }) {
  return (
    <div className="stranger" role="alert">
      ⚠ {t('Another patient:')} <PersonName value={study.PatientName} lang={study.lang} />{' '}
      <span className="id">{study.PatientID}</span>
    </div>
  )
}

/** One tile: the canvas, its overlays, and what it says when there is no picture. */
export function PaneView({ index }: { index: number }) {
  const canvas = useRef<HTMLDivElement>(null)
  const [pane, setPane] = useState<Pane>()
  const [over, setOver] = useState(false)
  const opened = useSession(session => session.study)
  const assigned = useSession(session => session.assigned[index])
  const study = useSession(session => studyOnScreen(session, assigned?.StudyInstanceUID))
  const series = useSession(session => {
    const own = session.study?.StudyInstanceUID === assigned?.StudyInstanceUID
    const all = own ? session.series : session.beside.get(assigned?.StudyInstanceUID ?? '')?.series
    return all?.find(one => one.SeriesInstanceUID === assigned?.SeriesInstanceUID)
  })
  const active = useSession(session => session.active === index)
  const overlays = useSession(session => session.overlays)
  const problem = useSession(session => session.problems[index])
  const several = useSession(session => session.layout.rows * session.layout.columns > 1)
  const columns = useSession(session => session.layout.columns)
  const oneUp = useSession(session => session.oneUp)
  const state = useStore<typeof NOTHING | Pane['state'], PaneState | undefined>(pane?.state ?? NOTHING, value => value)

  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const unmount = mountPane(index, element)
    setPane(paneAt(index))
    const detach = attachPointer(element, {
      pane: () => paneAt(index),
      tool: () => useSession.getState().tool,
      onPress: (event, pressed) =>
        pressSegment(event, pressed) || marksPointer.down(event, pressed) || pressMpr(event, pressed),
      onMenu: (x, y) => useSession.setState({ popup: { kind: 'menu', x, y } }),
      onJump: (from, point) => jumpFrom(from, point),
      onDoubleClick: () => toggleOneUp(index),
      onAlone: scrollAlone,
    })
    return () => {
      detach()
      unmount()
    }
  }, [index])

  useEffect(() => pane && followLook(pane, index), [pane, index])

  const entry = state?.stack?.entries[state.index]
  const said = problem ?? state?.reason
  const reason = said && heard(said)
  const waiting = assigned !== undefined && state?.shown === undefined && reason === undefined
  const another = study !== undefined && opened !== undefined && study.StudyInstanceUID !== opened.StudyInstanceUID
  const stranger = another && !samePatient(study, opened)
  const showHeader = () => {
    if (entry === undefined) return
    useSession.setState({
      header: {
        contentId: entry.instance.contentId,
        title: t('Tags of image {{number}}', { number: (state?.index ?? 0) + 1 }),
      },
    })
  }
  const place = { gridRow: Math.floor(index / columns) + 1, gridColumn: (index % columns) + 1 }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the pane is chosen by pointer here and by , and . on the keyboard; it is no control of its own.
    <div
      className="pane"
      style={oneUp === index ? { gridArea: '1 / 1 / -1 / -1' } : place}
      data-active={active && several ? '' : undefined}
      data-behind={oneUp !== undefined && oneUp !== index ? '' : undefined}
      data-drop={over ? '' : undefined}
      data-stranger={stranger ? '' : undefined}
      data-pane={index}
      onPointerDownCapture={() => setActive(index)}
      onDragOver={event => {
        if (!event.dataTransfer.types.includes(SERIES_MIME)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={event => {
        setOver(false)
        const dropped = droppedSet(event.dataTransfer.getData(SERIES_MIME))
        if (dropped !== undefined) openSeries(dropped, index)
      }}
    >
      {stranger && <Stranger study={study} />}
      <div className="pane-picture">
        <div
          className="canvas"
          ref={canvas}
          data-blank={reason !== undefined || assigned === undefined ? '' : undefined}
        />
        {pane !== undefined && state !== undefined && <FusionLayer pane={pane} state={state} />}
        {pane !== undefined && state !== undefined && <CompareLayer pane={pane} state={state} />}
        {state !== undefined && <PlaneLayer state={state} overlays={overlays} />}
        {pane !== undefined && state !== undefined && <ReaderShutter pane={pane} state={state} />}
        {pane !== undefined && <ObjectLayers pane={pane} />}
        {pane !== undefined && <SegmentLayer pane={pane} />}
        {pane !== undefined && state !== undefined && <SpaceLayer pane={pane} state={state} />}
        {pane !== undefined && <DocumentLayer pane={pane} />}
        {pane !== undefined && <Marks pane={pane} />}
        {pane !== undefined && state !== undefined && <MprLayer pane={pane} state={state} />}
        {study !== undefined && state !== undefined && overlays && (
          <Overlays study={study} series={series} pane={pane} state={state} another={another} />
        )}
        {/* Never hidden with the overlays: sample data must not be taken for a patient. */}
        {state?.stack?.manifest.synthetic && !overlays && <div className="synthetic alone">SYNTHETIC</div>}
        {pane !== undefined && <StackBar pane={pane} />}
        {pane !== undefined && <KeyPointer pane={pane} />}
        {waiting && (
          <div className="pane-message quiet">
            {t('loading {{number}}', { number: String((state?.index ?? 0) + 1) })}
          </div>
        )}
        {reason !== undefined && (
          <DocumentTile
            pane={problem === undefined ? pane : undefined}
            state={state}
            study={study}
            reason={reason}
            onHeader={showHeader}
          >
            {entry !== undefined && <ObjectTile entry={entry} index={index} />}
          </DocumentTile>
        )}
        {pane !== undefined && state !== undefined && <VolumeView pane={pane} state={state} study={study} />}
      </div>
    </div>
  )
}
