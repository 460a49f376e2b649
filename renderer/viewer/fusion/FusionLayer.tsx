import { useEffect, useLayoutEffect, useReducer, useRef } from 'react'
import { fusedColours } from '../../../shared/viewing/fused.ts'
import type { ImagePlane } from '../../../shared/viewing/geometry.ts'
import { PALETTES, type PaletteName, paletteColours } from '../../../shared/viewing/palettes.ts'
import { heard, t } from '../../i18n/index.ts'
import { formatDate, formatTime } from '../../ui/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import type { Pane } from '../pane.ts'
import type { PaneState } from '../paneState.ts'
import { livePanes, useSession } from '../session.ts'
import { planeOf, spaceOf, useSpace } from '../space.ts'
import { rangeWords, unitOf, useUptake } from '../uptake.ts'
import './fusion.css'
import { OUTGROWN, useOutgrown } from '../volume/outgrown.ts'
import type { VoiRange } from '../windows.ts'
import { endFusion, type Fusion, liesOver, setFusionOpacity, setFusionRange, useFusion } from './fusionStore.ts'
import type { PlaneSamples, Resampled } from './resampled.ts'

/** So many slices to each side are sampled before they are shown: a wheel that turns does not outrun them. */
const AHEAD = 3

function useFusionOf(pane: Pane, { stack }: PaneState): Fusion | undefined {
  const fusion = useFusion(({ byPane }) => byPane.get(pane.id))
  return fusion !== undefined && liesOver(fusion, stack) ? fusion : undefined
}

function isSame(a: VoiRange, b: VoiRange | undefined): boolean {
  return a.lower === b?.lower && a.upper === b.upper
}

/** Where the second series hangs by itself, too, it is windowed there for both. */
function useFollowedWindow(pane: Pane, fusion: Fusion | undefined): void {
  const assigned = useSession(session => session.assigned)
  const id = fusion?.second.set.id
  // biome-ignore lint/correctness/useExhaustiveDependencies: other panes, or other series in them.
  useEffect(() => {
    if (id === undefined) return
    const stops = livePanes().map(other =>
      other.state.subscribe(({ stack, range }, before) => {
        // Set by the reader: an image's own window is another object with each drawing, often another one on each slice.
        const isSet = other.view().range !== undefined
        if (stack?.set.id === id && range !== undefined && isSet && !isSame(range, before.range)) {
          setFusionRange(pane, range)
        }
      }),
    )
    return () => {
      for (const stop of stops) stop()
    }
  }, [pane, id, assigned])
}

function useSamples(
  pane: Pane,
  resampled: Resampled | undefined,
  plane: ImagePlane | undefined,
  near: () => ImagePlane[],
): PlaneSamples | undefined {
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => resampled?.subscribe(redraw), [resampled])
  useEffect(() => resampled?.want(pane, plane === undefined ? [] : [plane, ...near()]))
  useEffect(() => () => resampled?.want(pane, []), [resampled, pane])
  return plane && resampled?.samplesOn(plane)
}

/**
 * The second series over the picture, resampled to its plane: a canvas as large as the image, laid where the image lies. What is
 * not sampled yet is not shown: never the colours of another slice.
 */
export function FusionLayer({ pane, state }: { pane: Pane; state: PaneState }) {
  const fusion = useFusionOf(pane, state)
  useFollowedWindow(pane, fusion)
  useEffect(() => {
    const kept = useFusion.getState().byPane.get(pane.id)
    // Another series hangs here now; none yet where the pane was mounted anew, without the graphics card.
    if (kept !== undefined && state.stack !== undefined && !liesOver(kept, state.stack)) endFusion(pane)
  }, [pane, state.stack])
  const shownPlane = useSpace(space => space.planes.get(pane.id))
  const inSpace = fusion !== undefined && shownPlane?.FrameOfReferenceUID === spaceOf(fusion.second)
  const plane = inSpace ? shownPlane : undefined
  const { stack, shown, transform } = state
  const near = () =>
    stack === undefined || shown === undefined
      ? []
      : Array.from({ length: AHEAD }, (_, by) => [shown + pane.direction * (by + 1), shown - pane.direction * (by + 1)])
          .flat()
          .flatMap(index => planeOf(stack, index) ?? [])
  const samples = useSamples(pane, fusion?.resampled, plane, near)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { palette, opacity, range } = fusion ?? {}
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || samples === undefined || range === undefined || palette === undefined) return
    const rgba = fusedColours(samples.values, range, palette, opacity ?? 1)
    context.putImageData(new ImageData(rgba, samples.columns), 0, 0)
  }, [samples, range, palette, opacity])
  if (plane === undefined || transform === undefined || samples === undefined) return null
  const { a, b, c, d, e, f } = transform
  const [x, y] = [plane.Columns / samples.columns, plane.Rows / samples.rows]
  return (
    <canvas
      className="fused"
      data-testid="fused"
      ref={canvas}
      width={samples.columns}
      height={samples.rows}
      style={{ transform: `matrix(${a * x}, ${b * x}, ${c * y}, ${d * y}, ${e}, ${f})` }}
    />
  )
}

function seriesWords({ manifest, set }: SeriesStack): string {
  const { Modality, SeriesNumber, SeriesDescription } = manifest
  return [Modality, SeriesNumber, SeriesDescription, set.label].filter(Boolean).join(' ')
}

function seriesDate({ manifest: { SeriesDate, SeriesTime } }: SeriesStack): string {
  return [formatDate(SeriesDate), formatTime(SeriesTime)].filter(Boolean).join(' ')
}

/** What lies over what, of when, and what its colours say. */
export function FusionWords({ pane, state }: { pane: Pane; state: PaneState }) {
  const fusion = useFusionOf(pane, state)
  useUptake()
  const outgrown = useOutgrown(fusion?.second)
  if (fusion === undefined) return null
  const { base, second, palette, opacity, range, resampled, loaded, trouble } = fusion
  const frame = describeFrame(second.imageIds[0] ?? '')
  const unit = frame ? unitOf(frame) : { unit: '', factor: 1 }
  return (
    <div className="fusion-words" data-testid="fusion">
      <div>
        {seriesWords(second)} · {seriesDate(second)}
      </div>
      <div>{t('over {{series}} · {{date}}', { series: seriesWords(base), date: seriesDate(base) })}</div>
      {[outgrown ? t(OUTGROWN) : '', ...(resampled?.notes ?? [])].filter(Boolean).map(note => (
        <div className="mark" key={note}>
          {note}
        </div>
      ))}
      {trouble !== undefined && <div className="mark">{t('cannot be laid over: {{trouble}}', { trouble })}</div>}
      {trouble === undefined && resampled === undefined && (
        <div className="awaited">{t('loading {{loaded}} of {{total}}', { loaded, total: second.imageIds.length })}</div>
      )}
      <div className="fusion-scale">
        <ColourBar palette={palette} />
        <span data-testid="fusion-range">{rangeWords(range, unit)}</span>
      </div>
      <div className="fusion-scale">
        <input
          type="range"
          min={0}
          max={100}
          step={5}
          value={Math.round(opacity * 100)}
          aria-label={t('Opacity of the fusion')}
          title={t('Opacity of the fusion')}
          onChange={event => setFusionOpacity(pane, Number(event.target.value) / 100)}
          // The keys are the viewer's again.
          onPointerUp={event => event.currentTarget.blur()}
        />
        <span>
          {Math.round(opacity * 100)} % {heard(PALETTES.find(({ name }) => name === palette)?.words ?? '')}
        </span>
      </div>
    </div>
  )
}

function ColourBar({ palette }: { palette: PaletteName }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    const colours = paletteColours(palette)
    const rgba = new Uint8ClampedArray(4 * 256).fill(255)
    for (let at = 0; at < 256; at++) rgba.set(colours.subarray(3 * at, 3 * at + 3), 4 * at)
    context.putImageData(new ImageData(rgba, 256), 0, 0)
  }, [palette])
  return <canvas className="colour-bar" ref={canvas} width={256} height={1} aria-hidden />
}
