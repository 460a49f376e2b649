import { Crop } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import type { StudySummary } from '../../../shared/contract.ts'
import { directionLetters, oppositeLetters } from '../../../shared/viewing/geometry.ts'
import type { CropBox } from '../../../shared/viewing/volume/rays.ts'
import { rayPresets } from '../../../shared/viewing/volume/transfers.ts'
import { msg, t } from '../../i18n/index.ts'
import { formatDate, formatTime, PersonName } from '../../ui/index.ts'
import { describeFrame } from '../catalog.ts'
import type { Pane } from '../pane.ts'
import type { PaneState } from '../paneState.ts'
import { useSession } from '../session.ts'
import { rangeWords, unitOf, useUptake } from '../uptake.ts'
import { OUTGROWN, useOutgrown } from '../volume/outgrown.ts'
import { volumeNotes } from '../volume/reformats.ts'
import { endRendering, type Rendering, toggleRendering, useRendering, VIEWS } from './rendering.ts'
import './rendering.css'

/** Under this many CSS pixels a press is a click. */
const CLICK_PX = 4

/** The hand on a volume: left turns, right windows, middle pans, the wheel zooms; a right click is the menu. */
function attachHand(element: HTMLElement, rendering: Rendering): () => void {
  const abort = new AbortController()
  const { signal } = abort
  let drag: { button: number; x: number; y: number; moved: number } | undefined
  element.addEventListener(
    'pointerdown',
    event => {
      if (drag !== undefined || (event.target as HTMLElement).closest('.volume-tools') !== null) return
      event.preventDefault()
      element.setPointerCapture(event.pointerId)
      drag = { button: event.button, x: event.clientX, y: event.clientY, moved: 0 }
    },
    { signal },
  )
  element.addEventListener(
    'pointermove',
    event => {
      if (drag === undefined) return
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y]
      drag = { ...drag, x: event.clientX, y: event.clientY, moved: drag.moved + Math.abs(dx) + Math.abs(dy) }
      const { clientWidth, clientHeight } = element
      if (drag.moved < CLICK_PX) return
      if (drag.button === 0 && !event.ctrlKey) rendering.turn(dx / clientWidth, dy / clientHeight)
      else if (drag.button === 0) rendering.zoomBy(8 ** (-dy / clientHeight))
      else if (drag.button === 1) rendering.pan(dx, dy)
      else rendering.dragWindow(dx / clientWidth, dy / clientHeight)
    },
    { signal },
  )
  const up = (event: PointerEvent) => {
    if (drag?.button === 2 && drag.moved < CLICK_PX && event.type === 'pointerup') {
      useSession.setState({ popup: { kind: 'menu', x: event.clientX, y: event.clientY } })
    }
    drag = undefined
  }
  element.addEventListener('pointerup', up, { signal })
  element.addEventListener('pointercancel', up, { signal })
  element.addEventListener('lostpointercapture', up, { signal })
  element.addEventListener(
    'wheel',
    event => {
      event.preventDefault()
      rendering.zoomBy(1.15 ** -Math.sign(event.deltaY))
    },
    { signal, passive: false },
  )
  for (const name of ['contextmenu', 'auxclick', 'dragstart'] as const) {
    element.addEventListener(name, event => event.preventDefault(), { signal })
  }
  return () => abort.abort()
}

/** A volume in place of the slices of a pane, for as long as its series hangs there. */
export function VolumeView({ pane, state, study }: { pane: Pane; state: PaneState; study: StudySummary | undefined }) {
  const rendering = useRendering(({ byPane }) => byPane.get(pane.id))
  const { stack } = state
  useEffect(() => {
    // Another series hangs here now; none yet where the pane was mounted anew, without the graphics card.
    if (rendering !== undefined && stack !== undefined && !rendering.isOf(stack)) endRendering(pane.id)
  }, [rendering, stack, pane])
  if (rendering === undefined || !rendering.isOf(stack)) return null
  return <Rendered pane={pane} rendering={rendering} study={study} />
}

function Rendered({ pane, rendering, study }: { pane: Pane; rendering: Rendering; study: StudySummary | undefined }) {
  const element = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLDivElement>(null)
  const [cropping, setCropping] = useState(false)
  const overlays = useSession(session => session.overlays)
  useUptake()
  const outgrown = useOutgrown(rendering.stack)
  const { stack, preset, window, shift, camera, crop, loaded, trouble, drawn } = useStore(rendering.look)
  useEffect(() => (canvas.current === null ? undefined : rendering.mount(canvas.current)), [rendering])
  useEffect(() => (element.current === null ? undefined : attachHand(element.current, rendering)), [rendering])
  const { manifest, set } = stack
  const { Modality, SeriesNumber, SeriesDescription, SeriesDate, SeriesTime } = manifest
  const frame = describeFrame(stack.imageIds[0] ?? '')
  const unit = frame ? unitOf(frame) : { unit: '', factor: 1 }
  const windowed = preset.points === 'mip' || preset.relative
  return (
    <div className="volume" ref={element} data-testid="volume">
      <div className="volume-canvas" ref={canvas} />
      <div className="overlays">
        {overlays && study !== undefined && (
          <div className="corner top left">
            <div>
              <PersonName value={study.PatientName} lang={study.lang} />
            </div>
            <div className="id">{study.PatientID}</div>
            <div>
              {formatDate(study.StudyDate)} {formatTime(study.StudyTime)}
            </div>
          </div>
        )}
        <div className="corner top right">{manifest.synthetic && <div className="synthetic">SYNTHETIC</div>}</div>
        {overlays && (
          <>
            <div className="corner bottom left">
              <div>
                {SeriesNumber} <bdi dir="auto">{SeriesDescription}</bdi> {set.label}
              </div>
              <div>
                {Modality} · {formatDate(SeriesDate)} {formatTime(SeriesTime)}
              </div>
              <div data-testid="volume-preset">{t('{{name}}, not for measuring', { name: preset.name })}</div>
              {drawn && (
                <div data-testid="volume-drawn" data-by={drawn.by}>
                  {drawn.by === 'card' ? t('drawn by the graphics card') : t('drawn by the processor')}
                </div>
              )}
            </div>
            <div className="corner bottom right">
              {windowed ? (
                <div>{rangeWords(window, unit)}</div>
              ) : (
                shift !== 0 && <div>{t('moved by {{shift}} HU', { shift: Math.round(shift) })}</div>
              )}
              {[
                outgrown ? t(OUTGROWN) : '',
                ...(camera && rendering.volume ? volumeNotes(rendering.volume) : []),
                drawn && drawn.everyNth > 1
                  ? t('the graphics card holds 1 of {{number}} voxels each way', { number: drawn.everyNth })
                  : '',
              ]
                .filter(Boolean)
                .map(note => (
                  <div className="mark" key={note}>
                    {note}
                  </div>
                ))}
            </div>
          </>
        )}
        {camera !== undefined && (
          <Edges right={directionLetters(camera.right)} bottom={directionLetters(camera.down)} />
        )}
      </div>
      <div className="volume-tools">
        <select
          aria-label={t('How the volume is shown')}
          value={preset.id}
          onChange={event => {
            const chosen = rayPresets(Modality).find(({ id }) => id === event.target.value)
            if (chosen !== undefined) rendering.choose(chosen)
            event.target.blur()
          }}
        >
          {rayPresets(Modality).map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        {(Object.keys(VIEWS) as Array<keyof typeof VIEWS>).map(view => (
          <button type="button" key={view} title={t(VIEW_WORDS[view])} onClick={() => rendering.face(view)}>
            {view}
          </button>
        ))}
        <button
          type="button"
          title={t('Crop box')}
          aria-label={t('Crop box')}
          aria-pressed={cropping}
          onClick={() => setCropping(!cropping)}
        >
          <Crop aria-hidden />
        </button>
        {cropping && crop !== undefined && <CropSliders rendering={rendering} crop={crop} />}
      </div>
      {camera === undefined && (
        <div className="pane-message" role="status">
          {trouble === undefined ? (
            <div className="quiet">
              {t('loading {{loaded}} of {{total}}', { loaded, total: stack.imageIds.length })}
            </div>
          ) : (
            <>
              <div>{t('This series cannot be shown as a volume.')}</div>
              <div className="quiet selectable">{trouble}</div>
              <button type="button" onClick={() => toggleRendering(pane)}>
                {t('Back to the images')}
              </button>
            </>
          )}
        </div>
      )}
    </div>
  )
}

const VIEW_WORDS: Record<keyof typeof VIEWS, string> = {
  A: msg('Seen from the front'),
  P: msg('Seen from behind'),
  L: msg('Seen from the left'),
  R: msg('Seen from the right'),
  H: msg('Seen from the head'),
  F: msg('Seen from the feet'),
}

function Edges({ right, bottom }: { right: string; bottom: string }) {
  const edges = { left: oppositeLetters(right), right, top: oppositeLetters(bottom), bottom }
  return Object.entries(edges).map(([edge, letters]) => (
    <div className={`edge ${edge}`} data-volume-edge={edge} key={edge}>
      {letters}
    </div>
  ))
}

/** Both ends of the three directions of the volume, named by where they lie in the patient. */
function CropSliders({ rendering, crop }: { rendering: Rendering; crop: CropBox }) {
  const { volume } = rendering
  if (volume === undefined) return null
  const { size, steps } = volume.grid
  return (
    <div className="volume-crop">
      {steps.map((step, axis) => {
        const to = directionLetters(step)
        const ends = { from: oppositeLetters(to), to }
        return (['from', 'to'] as const).map(end => (
          <label key={`${ends[end]}`}>
            <span>{ends[end]}</span>
            <input
              type="range"
              min={0}
              max={size[axis]! - 1}
              value={crop[end][axis]}
              aria-label={t('Crop at {{end}}', { end: ends[end] })}
              onChange={event => {
                const value = Number(event.target.value)
                const bound =
                  end === 'from' ? Math.min(value, crop.to[axis]! - 1) : Math.max(value, crop.from[axis]! + 1)
                const [i, j, k] = crop[end].with(axis, bound)
                rendering.cropTo({ ...crop, [end]: [i, j, k] })
              }}
              onPointerUp={event => event.currentTarget.blur()}
            />
          </label>
        ))
      })}
    </div>
  )
}
