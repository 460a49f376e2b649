import { memo, useEffect, useLayoutEffect, useRef } from 'react'
import { useStore } from 'zustand'
import { type Rect, sampleLabels } from '../../../shared/viewing/segmenting/labels.ts'
import { grownByOne, type LabelLook, paintLabels } from '../../../shared/viewing/segmenting/paintLabels.ts'
import { t, useLanguage } from '../../i18n/index.ts'
import { describeFrame } from '../catalog.ts'
import type { Pane } from '../pane.ts'
import { useSpace } from '../space.ts'
import { attachSegmenting, outlineIn } from './hand.ts'
import { type View, viewOf } from './place.ts'
import { type Drawn, onDrawn, useSegmenting } from './segmentStore.ts'
import type { Work } from './work.ts'

interface Layer {
  work: Work
  view: View
  look: LabelLook
}

/** The segments of what a pane shows, above its pixels, and the hand that draws them. */
export const SegmentLayer = memo(function SegmentLayer({ pane }: { pane: Pane }) {
  useLanguage()
  const rim = useRef<SVGEllipseElement>(null)
  const line = useRef<SVGPolylineElement>(null)
  useEffect(
    () =>
      attachSegmenting(pane, at => {
        rim.current?.setAttribute('visibility', at === undefined ? 'hidden' : 'visible')
        if (at !== undefined) {
          rim.current?.setAttribute('cx', String(at[0]))
          rim.current?.setAttribute('cy', String(at[1]))
        }
        line.current?.setAttribute('points', (outlineIn(pane) ?? []).map(([x, y]) => `${x},${y}`).join(' '))
      }),
    [pane],
  )
  const works = useSegmenting(state => state.works)
  const tool = useSegmenting(state => state.tool)
  if (works.length === 0 && tool === undefined) return null
  return <Labels pane={pane} rim={rim} line={line} />
})

function Labels(props: {
  pane: Pane
  rim: React.RefObject<SVGEllipseElement | null>
  line: React.RefObject<SVGPolylineElement | null>
}) {
  const { pane, rim, line } = props
  const { works, tool, hidden, fill, radius } = useSegmenting()
  const { stack, shown, transform } = useStore(pane.state)
  // Another place of the same stack (a plane that is turned).
  const plane = useSpace(space => space.planes.get(pane.id))
  const canvas = useRef<HTMLCanvasElement>(null)
  const attributes = describeFrame(stack?.entries[shown ?? -1]?.imageId ?? '')?.attributes
  const columns = plane?.Columns ?? attributes?.Columns ?? 0
  const rows = plane?.Rows ?? attributes?.Rows ?? 0

  // biome-ignore lint/correctness/useExhaustiveDependencies: the pane's own state says what it shows, and the plane where that lies.
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || columns * rows === 0) return
    const layers = works.flatMap((work): Layer[] => {
      const view = viewOf(work, pane)
      return view === undefined ? [] : [{ work, view, look: lookOf(work, fill) }]
    })
    const draw = (rect: Rect) => drawLayers(context, layers, columns, rows, rect)
    const whole = { left: 0, top: 0, right: columns, bottom: rows }
    draw(whole)
    let asked = 0
    const stop = onDrawn(({ work, slice, rect }: Drawn) => {
      const view = layers.find(layer => layer.work === work)?.view
      if (view === undefined) return
      // At once: the frame of the display that the hand moved in shows it.
      if ('slice' in view) {
        if (view.slice === slice) draw(rect === undefined ? whole : grownByOne(rect, columns, rows))
        return
      }
      asked ||= requestAnimationFrame(() => {
        asked = 0
        draw(whole)
      })
    })
    return () => {
      stop()
      cancelAnimationFrame(asked)
    }
  }, [works, fill, hidden, pane, stack, shown, plane, columns, rows])

  if (transform === undefined || columns * rows === 0) return null
  const { a, b, c, d, e, f } = transform
  const grid = works.find(work => work.slices.has(stack?.entries[shown ?? -1]?.imageId ?? ''))?.map.grid
  const [sx, sy] = [grid?.columnSpacing ?? plane?.columnSpacing ?? 1, grid?.rowSpacing ?? plane?.rowSpacing ?? 1]
  return (
    <>
      {!hidden && (
        <canvas
          className="segments-canvas"
          ref={canvas}
          width={columns}
          height={rows}
          style={{ transform: `matrix(${a}, ${b}, ${c}, ${d}, ${e}, ${f})` }}
        />
      )}
      {hidden && works.length > 0 && <div className="objects-hidden">{t('segments hidden')}</div>}
      {tool !== undefined && (
        <svg className="segments-hand" aria-hidden>
          <g transform={`matrix(${a} ${b} ${c} ${d} ${e} ${f})`}>
            {tool !== 'scissors' && tool !== 'grow' && (
              <ellipse ref={rim} rx={radius / sx} ry={radius / sy} visibility="hidden" />
            )}
            {tool === 'scissors' && <polyline ref={line} />}
          </g>
        </svg>
      )}
    </>
  )
}

function lookOf({ head }: Work, fill: number): LabelLook {
  const colours: LabelLook['colours'] = Array.from({ length: 256 }, (_, number) => {
    const segment = head.segments.find(one => one.number === number)
    return segment?.shown ? segment.colour : undefined
  })
  return { colours, fill }
}

function drawLayers(
  context: CanvasRenderingContext2D,
  layers: readonly Layer[],
  columns: number,
  rows: number,
  rect: Rect,
): void {
  const [width, height] = [rect.right - rect.left, rect.bottom - rect.top]
  if (width <= 0 || height <= 0) return
  const image = new ImageData(width, height)
  for (const { work, view, look } of layers) {
    const labels = 'slice' in view ? work.map.slice(view.slice) : sampleLabels(work.map, view.plane)
    // A slice of another size than the picture is none of its.
    if (labels?.length === columns * rows) paintLabels(labels, columns, rect, look, image.data)
  }
  context.putImageData(image, rect.left, rect.top)
}
