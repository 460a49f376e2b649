import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useReducer, useRef } from 'react'
import { difference, greys, sameGrid } from '../../../shared/viewing/compare/subtract.ts'
import type { ImagePlane } from '../../../shared/viewing/geometry.ts'
import { storedPadding } from '../../../shared/viewing/grey.ts'
import { valueText } from '../../../shared/viewing/measure/measure.ts'
import { t } from '../../i18n/index.ts'
import { formatDate } from '../../ui/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import type { PlaneSamples } from '../fusion/resampled.ts'
import type { Pane } from '../pane.ts'
import type { PaneState } from '../paneState.ts'
import { livePanes, studyOnScreen, useSession } from '../session.ts'
import { planeOf, planesOf, useSpace } from '../space.ts'
import { unitOf, useUptake } from '../uptake.ts'
import { OUTGROWN, useOutgrown } from '../volume/outgrown.ts'
import { rangeToWindow, type VoiRange } from '../windows.ts'
import { type Comparison, comparisonOf, endComparison, isOver, moveDivider, useCompare } from './compareStore.ts'
import './compare.css'

/** So many slices to each side are sampled before they are shown. */
const AHEAD = 3
/** Of the pane's width, by an arrow key. */
const DIVIDER_STEP = 0.02

function useSamples(pane: Pane, comparison: Comparison, plane: ImagePlane | undefined): PlaneSamples | undefined {
  const { resampled, laying } = comparison
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => resampled?.subscribe(redraw), [resampled])
  useEffect(() => {
    const { stack, shown } = pane.state.getState()
    if (plane === undefined || stack === undefined || shown === undefined) return
    const near = Array.from({ length: AHEAD }, (_, by) => [
      shown + pane.direction * (by + 1),
      shown - pane.direction * (by + 1),
    ])
    const planes = [plane, ...near.flat().flatMap(index => planeOf(stack, index) ?? [])]
    resampled?.want(pane, planes.map(laying.lay))
  })
  useEffect(() => () => resampled?.want(pane, []), [resampled, pane])
  return plane && resampled?.samplesOn(laying.lay(plane))
}

/** The shown image's values in the unit they are told in; NaN where it is padding. Undefined while it is not the one on the screen. */
function ownValues(pane: Pane, state: PaneState): Float32Array | undefined {
  const { image } = pane
  const frame = describeFrame(image?.imageId ?? '')
  if (image === undefined || frame === undefined || image.color) return undefined
  if (image.imageId !== state.stack?.entries[state.shown ?? -1]?.imageId) return undefined
  const padding = storedPadding(frame.attributes)
  const { factor } = unitOf(frame)
  const { slope, intercept } = image
  return Float32Array.from(image.getPixelData(), stored =>
    padding !== undefined && stored >= padding.low && stored <= padding.high
      ? Number.NaN
      : (stored * slope + intercept) * factor,
  )
}

function factorOf(stack: SeriesStack): number {
  const frame = describeFrame(stack.imageIds[0] ?? '')
  return frame === undefined ? 1 : unitOf(frame).factor
}

/** Black, the whole way under what is compared, until that is here: never the picture alone under a word that says otherwise. */
export function CompareLayer({ pane, state }: { pane: Pane; state: PaneState }) {
  const kept = useCompare(({ byPane }) => byPane.get(pane.id))
  useEffect(() => {
    if (kept !== undefined && state.stack !== undefined && !isOver(kept, state.stack)) endComparison(pane.id)
  }, [pane, kept, state.stack])
  if (kept === undefined || !isOver(kept, state.stack) || state.shown === undefined) return null
  return <Compared pane={pane} state={state} comparison={kept} />
}

function Compared({ pane, state, comparison }: { pane: Pane; state: PaneState; comparison: Comparison }) {
  useUptake()
  const plane = useSpace(space => space.planes.get(pane.id))
  const samples = useSamples(pane, comparison, plane)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { mode, second, divider, resampled } = comparison
  const outgrown = useOutgrown(second)
  const own = state.range
  const range = useSecondRange(comparison) ?? resampled?.valueRange
  const { shown, inverted, nearest, transform } = state
  // Another at the same place, too: a reformat is made anew, finer or with what has come.
  const { image } = pane
  // biome-ignore lint/correctness/useExhaustiveDependencies: they say when the pane's own image is another.
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || samples === undefined || own === undefined || range === undefined) return
    let rgba: Uint8ClampedArray<ArrayBuffer>
    if (mode === 'swipe') {
      const frame = describeFrame(second.imageIds[0] ?? '')
      const isReversed = frame?.attributes.PhotometricInterpretation === 'MONOCHROME1'
      rgba = greys(samples.values, range, isReversed !== inverted)
    } else {
      const values = ownValues(pane, pane.state.getState())
      if (values?.length !== samples.values.length) return
      const half = halfWidth(pane, own)
      const factor = factorOf(second)
      const others = factor === 1 ? samples.values : samples.values.map(value => value * factor)
      rgba = greys(difference(values, others), { lower: -half, upper: half }, inverted)
    }
    context.putImageData(new ImageData(rgba, samples.columns), 0, 0)
  }, [pane, samples, own, range, mode, second, shown, image, inverted])
  const { a, b, c, d, e, f } = transform ?? { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }
  const cut = mode === 'swipe' ? `inset(0 0 0 ${100 * divider}%)` : undefined
  return (
    <>
      <div className="compared" data-whole={cut === undefined ? '' : undefined} style={{ clipPath: cut }}>
        {samples !== undefined && transform !== undefined && range !== undefined && (
          <canvas
            ref={canvas}
            data-testid={mode === 'swipe' ? 'swiped' : 'subtracted'}
            data-image={shown}
            data-nearest={nearest ? '' : undefined}
            width={samples.columns}
            height={samples.rows}
            style={{ transform: `matrix(${a}, ${b}, ${c}, ${d}, ${e}, ${f})` }}
          />
        )}
      </div>
      {mode === 'swipe' && <Divider pane={pane} comparison={comparison} />}
      <div className="compare-words" data-testid="compare">
        <div>{mode === 'swipe' ? swipeWords(comparison) : `${named(comparison.base)} − ${named(second)}`}</div>
        {mode === 'subtract' && <div>{scaleWords(pane, comparison, own)}</div>}
        {outgrown && <div className="attention">{t(OUTGROWN)}</div>}
        {notes(comparison, plane).map(note => (
          <div className="attention" key={note}>
            {note}
          </div>
        ))}
        {comparison.trouble === undefined && resampled === undefined && (
          <div className="quiet">
            {t('loading {{loaded}} of {{total}}', { loaded: comparison.loaded, total: second.imageIds.length })}
          </div>
        )}
      </div>
    </>
  )
}

/** The second series is windowed where it hangs. */
function useSecondRange({ secondPane, second, range }: Comparison): Comparison['range'] {
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const assigned = useSession(session => session.assigned)
  const partner = livePanes().find(({ id }) => id === secondPane)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another series in the pane.
  useEffect(
    () => partner?.state.subscribe((now, before) => now.range !== before.range && redraw()),
    [partner, assigned],
  )
  const hangs = partner?.stack?.manifest.SeriesInstanceUID === second.manifest.SeriesInstanceUID
  return (hangs ? partner?.state.getState().range : undefined) ?? range
}

/** Half of the pane's window to each side of nothing: the window's own ways make it wider and narrower. */
function halfWidth(pane: Pane, range: VoiRange): number {
  const frame = describeFrame(pane.entry?.imageId ?? '')
  const { width } = rangeToWindow(range, frame?.attributes.VOILUTFunction)
  return (width / 2) * (frame === undefined ? 1 : unitOf(frame).factor)
}

function dateOf({ manifest: { SeriesDate, StudyInstanceUID } }: SeriesStack): string {
  return formatDate(SeriesDate || (studyOnScreen(useSession.getState(), StudyInstanceUID)?.StudyDate ?? ''))
}

function named(stack: SeriesStack): string {
  const { Modality, SeriesDescription } = stack.manifest
  return [Modality, dateOf(stack), SeriesDescription].filter(Boolean).join(' ')
}

function swipeWords({ base, second }: Comparison): string {
  return t('left {{left}} · right {{right}}', { left: named(base), right: named(second) })
}

function scaleWords(pane: Pane, { base }: Comparison, own: PaneState['range']): string {
  if (own === undefined) return ''
  const half = valueText(halfWidth(pane, own))
  const unit = unitOfStack(base)
  return t('black −{{half}}, grey 0, white +{{half}}{{unit}}', { half, unit: unit && ` ${unit}` })
}

function notes(
  { laying, resampled, trouble, second, mode, base }: Comparison,
  plane: ImagePlane | undefined,
): string[] {
  const laid = plane && laying.lay(plane)
  const isSame = laid !== undefined && planesOf(second).some(its => its !== undefined && sameGrid(laid, its))
  const isNumber = mode === 'subtract' && unitOfStack(base) === ''
  return [
    trouble === undefined ? '' : t('cannot be compared: {{trouble}}', { trouble }),
    laying.words,
    resampled === undefined || isSame ? '' : t('resampled to the slices and pixels of this series'),
    isNumber ? t('values without a unit: scanners scale them as they like') : '',
    ...(resampled?.notes ?? []),
  ].filter(Boolean)
}

function unitOfStack(stack: SeriesStack): string {
  const frame = describeFrame(stack.imageIds[0] ?? '')
  return frame === undefined ? '' : unitOf(frame).unit
}

function Divider({ pane, comparison }: { pane: Pane; comparison: Comparison }) {
  const { divider, base, second } = comparison
  const handle = useRef<HTMLDivElement>(null)
  // Whoever asked for it by a key goes on with keys.
  useEffect(() => handle.current?.focus({ preventScroll: true }), [])
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    const { left, width } = pane.element.getBoundingClientRect()
    moveDivider(pane, (event.clientX - left) / width)
  }
  const key = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -DIVIDER_STEP, ArrowRight: DIVIDER_STEP }[event.key]
    if (event.key === 'Escape') handle.current?.blur()
    else if (step === undefined || event.ctrlKey || event.altKey) return
    else moveDivider(pane, divider + step * (event.shiftKey ? 5 : 1))
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div
      className="divider"
      role="slider"
      tabIndex={0}
      ref={handle}
      aria-label={t('Divider between the two series')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(100 * divider)}
      title={t('Drag, or ← → (Shift: larger steps); Esc gives the arrows back to the series')}
      style={{ left: `${100 * divider}%` }}
      onPointerDown={event => {
        event.preventDefault()
        event.stopPropagation()
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={drag}
      onKeyDown={key}
    >
      <span className="divider-date left">{dateOf(base)}</span>
      <span className="divider-date right">{dateOf(second)}</span>
    </div>
  )
}

/** Both values under a point and what differs; undefined where nothing is subtracted there. */
export function comparedWords(pane: Pane, at: readonly [number, number]): string | undefined {
  const comparison = comparisonOf(pane)
  const { image } = pane
  const frame = describeFrame(image?.imageId ?? '')
  const plane = useSpace.getState().planes.get(pane.id)
  if (comparison?.resampled === undefined || comparison.mode !== 'subtract') return undefined
  if (image === undefined || frame === undefined || plane === undefined) return undefined
  const { unit, factor } = unitOf(frame)
  const [column, row] = [Math.floor(at[0]), Math.floor(at[1])]
  const own = (image.getPixelData()[row * image.columns + column]! * image.slope + image.intercept) * factor
  // At the pixel's centre: that is what is subtracted.
  const there = comparison.resampled.valueAt(comparison.laying.lay(plane), [column + 0.5, row + 0.5])
  const other = there * factorOf(comparison.second)
  if (Number.isNaN(other)) return undefined
  const signed = (value: number) => valueText(value).replace('-', '−')
  return `${signed(own)} − ${other < 0 ? `(${signed(other)})` : signed(other)} = ${signed(own - other)}${unit && ` ${unit}`}`
}
