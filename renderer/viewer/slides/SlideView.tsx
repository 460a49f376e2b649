import { Eraser } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { roundLength } from '../../../shared/viewing/geometry.ts'
import type { ManifestInstance } from '../../../shared/viewing/image.ts'
import { readSlidePart, type SlidePart } from '../../../shared/viewing/slides/readSlide.ts'
import { makeSlide, type SlideLevel } from '../../../shared/viewing/slides/slide.ts'
import {
  fitSlide,
  heldView,
  levelWords,
  type Size,
  slideLength,
  slidePoint,
  slideWords,
  type SlideView as View,
  zoomSlideAbout,
} from '../../../shared/viewing/slides/view.ts'
import { fetchMetadata } from '../../client.ts'
import { t, whyOf } from '../../i18n/index.ts'
import { IconButton } from '../../ui/index.ts'
import type { SeriesStack } from '../catalog.ts'
import { holdReach } from '../documents/reach.ts'
import { markToolUsed, useMarks } from '../marks/marksStore.ts'
import { WheelNotches } from '../wheel.ts'
import { type Drawn, drawSlide, type OpenSlide } from './drawSlide.ts'
import { Tiles } from './tiles.ts'
import './slides.css'

/** Levels of one slide; a real one has ten or so, or some parts of a concatenation more. */
const MOST_INSTANCES = 100
const NOTCH = 1.25
/** CSS pixels: a scale bar's greatest width. */
const BAR_PX = 160

type Loaded = { state: 'reading' } | { state: 'here'; open: OpenSlide } | { state: 'failed'; words: string }

async function readSlide({ manifest, set }: SeriesStack, signal: AbortSignal): Promise<OpenSlide> {
  const { StudyInstanceUID, SeriesInstanceUID } = manifest
  const parts: SlidePart[] = []
  const instances: ManifestInstance[] = []
  for (const index of set.pictureless.slice(0, MOST_INSTANCES)) {
    const instance = manifest.instances[index]
    if (instance === undefined) continue
    const { SOPInstanceUID } = instance
    const part = readSlidePart(await fetchMetadata({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, signal))
    if (part === undefined) continue
    parts.push(part)
    instances.push(instance)
  }
  const slide = makeSlide(parts)
  if (slide === undefined) throw new Error(t('It does not say what its tiles are a part of.'))
  return { slide, instances }
}

/** A slide in a pane: by the wheel about the pointer, dragged, with the level whose pixels are the screen's. */
export function SlideView({ pane, stack }: { pane: string; stack: SeriesStack }) {
  const [loaded, setLoaded] = useState<Loaded>({ state: 'reading' })
  useEffect(() => {
    const aborting = new AbortController()
    setLoaded({ state: 'reading' })
    readSlide(stack, aborting.signal).then(
      open => aborting.signal.aborted || setLoaded({ state: 'here', open }),
      (thrown: unknown) => {
        if (aborting.signal.aborted) return
        setLoaded({ state: 'failed', words: whyOf(thrown) })
      },
    )
    return () => aborting.abort()
  }, [stack])
  if (loaded.state === 'here') return <OpenedSlide pane={pane} stack={stack} open={loaded.open} />
  return (
    <div className="document-note" role="status">
      <p>{loaded.state === 'reading' ? t('loading') : t('This slide could not be opened.')}</p>
      {loaded.state === 'failed' && <p className="quiet">{loaded.words}</p>}
    </div>
  )
}

interface Line {
  from: [number, number]
  to: [number, number]
}

function OpenedSlide({ pane, stack, open }: { pane: string; stack: SeriesStack; open: OpenSlide }) {
  const { slide } = open
  const root = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [size, setSize] = useState<Size>({ width: 0, height: 0 })
  const [view, setView] = useState<View>()
  const [layer, setLayer] = useState(0)
  const [drawn, setDrawn] = useState<Drawn>()
  const [lines, setLines] = useState<Line[]>([])
  const [live, setLive] = useState<Line>()
  const [arrived, setArrived] = useState(0)
  /** Where the hand that drags was last; movementX is in pixels of the display on some systems. */
  const hand = useRef<[number, number]>([0, 0])
  const measuring = useMarks(({ tool }) => tool === 'length')
  const tiles = useMemo(() => new Tiles(stack.manifest, () => setArrived(count => count + 1)), [stack])
  useEffect(() => () => tiles.dispose(), [tiles])

  useEffect(() => {
    const element = root.current
    if (element === null) return
    const observer = new ResizeObserver(entries => {
      const box = entries.at(-1)?.devicePixelContentBoxSize?.[0]
      if (box === undefined || box.inlineSize === 0 || box.blockSize === 0) return
      setSize({ width: box.inlineSize, height: box.blockSize })
    })
    observer.observe(element, { box: 'device-pixel-content-box' })
    return () => observer.disconnect()
  }, [])

  // Undefined until a reader moves it: fit stays fit on resize.
  const shown = size.width === 0 ? undefined : heldView(slide, view ?? fitSlide(slide, size), size)
  const ratio = size.width / (root.current?.clientWidth || size.width || 1)

  // What listeners that outlive a render act on.
  const now = useRef({ shown, size, ratio })
  now.current = { shown, size, ratio }

  const zoomAt = useMemo(
    () => (at: [number, number] | undefined, factor: number) => {
      const { shown, size } = now.current
      if (shown === undefined) return
      const point = at ?? [size.width / 2, size.height / 2]
      const next = zoomSlideAbout(shown, size, point, factor, one => heldView(slide, one, size))
      now.current = { ...now.current, shown: next }
      setView(next)
    },
    [slide],
  )

  useEffect(
    () =>
      holdReach(pane, {
        scroll: by => {
          const { shown, size } = now.current
          const next = Math.sign(by)
          if (slide.layers.length > 1) setLayer(one => Math.max(0, Math.min(slide.layers.length - 1, one + next)))
          else if (shown !== undefined && Number.isFinite(by)) {
            const [x, y] = shown.centre
            setView(heldView(slide, { ...shown, centre: [x, y + (by * now.current.ratio) / shown.zoom] }, size))
          }
          return true
        },
        zoom: factor => zoomAt(undefined, factor),
        page: () => root.current?.clientHeight ?? 0,
        fit: () => setView(undefined),
        oneToOne: () => {
          const { shown, size } = now.current
          if (shown !== undefined) setView(heldView(slide, { ...shown, zoom: 1 }, size))
        },
      }),
    [pane, slide, zoomAt],
  )

  useEffect(() => {
    const element = root.current
    const notches = new WheelNotches()
    // React's own listener is passive: the browser would zoom the page as well.
    const turn = (event: WheelEvent) => {
      event.preventDefault()
      const turned = notches.take(event)
      if (turned === 0) return
      const { left, top } = element?.getBoundingClientRect() ?? { left: 0, top: 0 }
      const { ratio } = now.current
      const at: [number, number] = [(event.clientX - left) * ratio, (event.clientY - top) * ratio]
      zoomAt(at, NOTCH ** -turned)
    }
    element?.addEventListener('wheel', turn, { passive: false })
    return () => element?.removeEventListener('wheel', turn)
  }, [zoomAt])

  // Drawn once a frame of the display, whatever came meanwhile. `arrived`: more tiles are here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a tile that came is drawn although nothing else changed.
  useEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d', { alpha: false })
    if (!element || !context || shown === undefined) return
    const due = requestAnimationFrame(() => {
      if (element.width !== size.width) element.width = size.width
      if (element.height !== size.height) element.height = size.height
      const result = drawSlide(context, open, tiles, layer, shown, size)
      tiles.want(result.wanted)
      setDrawn(before =>
        before?.level === result.level && before.lacking === result.lacking && before.failed === result.failed
          ? before
          : result,
      )
    })
    return () => cancelAnimationFrame(due)
  }, [open, tiles, layer, size, shown?.zoom, shown?.centre[0], shown?.centre[1], arrived])

  const pointAt = (event: React.PointerEvent): [number, number] | undefined => {
    const { left, top } = event.currentTarget.getBoundingClientRect()
    return shown && slidePoint(shown, size, [(event.clientX - left) * ratio, (event.clientY - top) * ratio])
  }
  const press = (event: React.PointerEvent) => {
    if (event.button === 2) return
    event.currentTarget.setPointerCapture(event.pointerId)
    hand.current = [event.clientX, event.clientY]
    const from = pointAt(event)
    if (measuring && event.button === 0 && from !== undefined) setLive({ from, to: from })
  }
  const move = (event: React.PointerEvent) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    if (live !== undefined) {
      const to = pointAt(event)
      if (to !== undefined) setLive({ ...live, to })
      return
    }
    const { shown } = now.current
    if (shown === undefined) return
    const [x, y] = shown.centre
    const by = ratio / shown.zoom
    const [dx, dy] = [event.clientX - hand.current[0], event.clientY - hand.current[1]]
    hand.current = [event.clientX, event.clientY]
    const next = heldView(slide, { ...shown, centre: [x - dx * by, y - dy * by] }, size)
    now.current = { ...now.current, shown: next }
    setView(next)
  }
  const letGo = () => {
    if (live === undefined) return
    setLive(undefined)
    if (live.from[0] === live.to[0] && live.from[1] === live.to[1]) return
    setLines([...lines, live])
    markToolUsed()
  }
  return (
    <div
      className="slide"
      ref={root}
      data-testid="slide"
      data-level={drawn?.level}
      data-lacking={drawn?.lacking}
      data-zoom={shown?.zoom}
      data-x={shown?.centre[0]}
      data-y={shown?.centre[1]}
      data-measuring={measuring ? '' : undefined}
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={letGo}
      onPointerCancel={() => setLive(undefined)}
    >
      <canvas ref={canvas} />
      {shown !== undefined && (
        <>
          <svg aria-hidden className="slide-lines">
            {[...lines, ...(live ? [live] : [])].map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name, and only the last ones come and go.
              <MeasuredLine key={index} line={line} open={open} view={shown} size={size} ratio={ratio} />
            ))}
          </svg>
          <ScaleBar open={open} zoom={shown.zoom / ratio} />
        </>
      )}
      <div className="slide-words">
        {shown !== undefined && drawn !== undefined && <Words open={open} drawn={drawn} view={shown} stack={stack} />}
      </div>
      <div className="slide-bar" onPointerDown={event => event.stopPropagation()}>
        {slide.layers.length > 1 && (
          <select value={layer} onChange={event => setLayer(Number(event.target.value))} aria-label={t('Layer')}>
            {slide.layers.map(({ path, plane }, index) => (
              <option key={`${path} ${plane}`} value={index}>
                {[path, t('plane {{number}}', { number: plane })].filter(Boolean).join(' · ')}
              </option>
            ))}
          </select>
        )}
        {lines.length > 0 && <IconButton icon={Eraser} name="Remove the measured lines" onClick={() => setLines([])} />}
        {(drawn?.failed ?? 0) > 0 && (
          <button
            type="button"
            onClick={() => {
              tiles.retry()
              setArrived(count => count + 1)
            }}
          >
            {t('Try again')}
          </button>
        )}
      </div>
    </div>
  )
}

function compressionWords(LossyImageCompression: string | undefined): string {
  return LossyImageCompression === '01' ? 'LOSSY' : ''
}

function lengthWords({ slide }: OpenSlide, { from, to }: Line): string {
  const mm = slideLength(slide, from, to)
  return mm === undefined ? `${Math.hypot(to[0] - from[0], to[1] - from[1]).toFixed(0)} px` : slideWords(mm)
}

function barWords(mm: number): string {
  return mm < 1 ? `${Number((mm * 1000).toPrecision(1))} µm` : `${Number(mm.toPrecision(1))} mm`
}

/** What is true of the pixels on the screen, worst first. */
function Words({ open, drawn, view, stack }: { open: OpenSlide; drawn: Drawn; view: View; stack: SeriesStack }) {
  const { levels } = open.slide
  const { colourProfileUnapplied, LossyImageCompression } = {
    ...stack.manifest.common,
    ...open.instances[0]?.attributes,
  }
  return (
    <>
      {drawn.failed > 0 && (
        <div className="attention">{t('{{number}} tiles could not be loaded', { number: drawn.failed })}</div>
      )}
      {drawn.lacking > 0 && <div>{t('loading {{number}} tiles', { number: drawn.lacking })}</div>}
      {colourProfileUnapplied && <div className="attention">{t('colour profile not applied')}</div>}
      {levels[0]?.spacing === undefined && <div className="attention">{t('uncalibrated')}</div>}
      <div>
        {[
          t('level {{number}} of {{all}}', { number: drawn.level + 1, all: levels.length }),
          levelWords(levels[drawn.level] as SlideLevel, view.zoom),
          compressionWords(LossyImageCompression),
        ]
          .filter(Boolean)
          .join(' · ')}
      </div>
    </>
  )
}

function ScaleBar({ open, zoom }: { open: OpenSlide; zoom: number }) {
  const spacing = open.slide.levels[0]?.spacing
  if (spacing === undefined) return null
  const perPixel = spacing[1] / zoom
  const mm = roundLength(BAR_PX * perPixel)
  if (!Number.isFinite(mm) || mm <= 0) return null
  return (
    <div className="scale-bar" data-testid="scale-bar" data-mm={mm} style={{ width: mm / perPixel }}>
      <span>{barWords(mm)}</span>
    </div>
  )
}

function MeasuredLine(props: { line: Line; open: OpenSlide; view: View; size: Size; ratio: number }) {
  const { line, open, view, size, ratio } = props
  const place = ([x, y]: [number, number]): [number, number] => [
    ((x - view.centre[0]) * view.zoom + size.width / 2) / ratio,
    ((y - view.centre[1]) * view.zoom + size.height / 2) / ratio,
  ]
  const [[x1, y1], [x2, y2]] = [place(line.from), place(line.to)]
  return (
    <g>
      <line className="halo" x1={x1} y1={y1} x2={x2} y2={y2} />
      <line x1={x1} y1={y1} x2={x2} y2={y2} />
      <text x={x2 + 8} y={y2 - 8} data-testid="slide-length">
        {lengthWords(open, line)}
      </text>
    </g>
  )
}
