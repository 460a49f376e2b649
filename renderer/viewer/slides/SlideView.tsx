import { useEffect, useMemo, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { createStore } from 'zustand/vanilla'
import { roundLength } from '../../../shared/viewing/geometry.ts'
import { SEEN_ZOOM } from '../../../shared/viewing/seen.ts'
import type { SlideLevel } from '../../../shared/viewing/slides/slide.ts'
import {
  fitSlide,
  heldView,
  levelWords,
  type Size,
  slideToScreen,
  tilesInView,
  type SlideView as View,
  viewOf,
  zoomSlideAbout,
} from '../../../shared/viewing/slides/view.ts'
import { t, whyOf } from '../../i18n/index.ts'
import type { SeriesStack } from '../catalog.ts'
import { holdReach } from '../documents/reach.ts'
import { capturePointer, takeKeyPointer } from '../keyPointer.ts'
import { scaleAt } from '../marks/figures.ts'
import { marksPointer } from '../marks/hand.ts'
import { Marks } from '../marks/Marks.tsx'
import { useMarks } from '../marks/marksStore.ts'
import { useCalibrations } from '../marks/ofSet.ts'
import type { MarkedPane } from '../marks/onPane.ts'
import { TileWatch } from '../seen/watchTiles.ts'
import { WheelNotches } from '../wheel.ts'
import { type Drawn, drawSlide } from './drawSlide.ts'
import { onLook } from './lookAt.ts'
import { type OpenSlide, openSlide } from './openSlides.ts'
import { Tiles } from './tiles.ts'
import './slides.css'

const NOTCH = 1.25
/** CSS pixels: a scale bar's greatest width. */
const BAR_PX = 160

type Loaded = { state: 'reading' } | { state: 'here'; open: OpenSlide } | { state: 'failed'; words: string }

/** A slide in a pane: by the wheel about the pointer, dragged, with the level whose pixels are the screen's. */
export function SlideView({ pane, stack }: { pane: string; stack: SeriesStack }) {
  const [loaded, setLoaded] = useState<Loaded>({ state: 'reading' })
  useEffect(() => {
    let isGone = false
    setLoaded({ state: 'reading' })
    openSlide(stack).then(
      open => isGone || setLoaded({ state: 'here', open }),
      (thrown: unknown) => {
        if (isGone) return
        setLoaded({ state: 'failed', words: whyOf(thrown) })
      },
    )
    return () => {
      isGone = true
    }
  }, [stack])
  if (loaded.state === 'here') return <OpenedSlide pane={pane} stack={stack} open={loaded.open} />
  return (
    <div className="document-note" role="status">
      <p>{loaded.state === 'reading' ? t('loading') : t('This slide could not be opened.')}</p>
      {loaded.state === 'failed' && <p className="quiet">{loaded.words}</p>}
    </div>
  )
}

/** The slide as marks see a pane: one image, the largest level, wherever it lies on the screen. */
function useMarkedPane(pane: string, stack: SeriesStack, { entry }: OpenSlide, element: HTMLElement | null) {
  return useMemo(() => {
    if (element === null) return undefined
    const shown = { ...stack, entries: [entry], imageIds: [entry.imageId] }
    const state = createStore<ReturnType<MarkedPane['state']['getState']>>(() => ({
      stack: shown,
      shown: 0,
      transform: undefined,
    }))
    return { id: pane, element, state }
  }, [pane, stack, entry, element])
}

function OpenedSlide({ pane, stack, open }: { pane: string; stack: SeriesStack; open: OpenSlide }) {
  const { slide } = open
  const root = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [element, setElement] = useState<HTMLElement | null>(null)
  const [size, setSize] = useState<Size>({ width: 0, height: 0 })
  const [view, setView] = useState<View>()
  const [layer, setLayer] = useState(0)
  const [drawn, setDrawn] = useState<Drawn>()
  const [arrived, setArrived] = useState(0)
  /** Where the hand that drags the slide was last, if one does; movementX is in pixels of the display on some systems. */
  const hand = useRef<[number, number]>(undefined)
  const measuring = useMarks(({ tool }) => tool !== undefined)
  const tiles = useMemo(() => new Tiles(stack.manifest, () => setArrived(count => count + 1)), [stack])
  useEffect(() => () => tiles.dispose(), [tiles])
  const marked = useMarkedPane(pane, stack, open, element)
  useEffect(() => {
    setElement(root.current)
    return root.current === null ? undefined : takeKeyPointer(pane, root.current)
  }, [pane])
  const watch = useMemo(() => (element === null ? undefined : new TileWatch(element)), [element])
  useEffect(() => () => watch?.end(), [watch])

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

  const isSized = shown !== undefined
  useEffect(() => {
    if (!isSized) return
    return onLook(stack.set.id, points => {
      const { shown, size } = now.current
      if (shown !== undefined) setView(heldView(slide, viewOf(points, shown, size), size))
    })
  }, [slide, stack.set.id, isSized])

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

  const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
  const tileOf = ({ part, frame }: { part: number; frame: number }) => {
    const instance = open.instances[part]
    return instance ? [{ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: instance.SOPInstanceUID, frame }] : []
  }

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
      // With the pixels, not after them.
      flushSync(() => marked?.state.setState({ transform: slideToScreen(shown, size, ratio) }))
      const isWhole = result.lacking + result.failed === 0
      watch?.show(isWhole ? tilesInView(slide, shown, size, layer, SEEN_ZOOM).flatMap(tileOf) : [])
      setDrawn(before =>
        before?.level === result.level && before.lacking === result.lacking && before.failed === result.failed
          ? before
          : result,
      )
    })
    return () => cancelAnimationFrame(due)
  }, [open, tiles, layer, size, shown?.zoom, shown?.centre[0], shown?.centre[1], arrived, marked, watch])

  const press = (event: React.PointerEvent) => {
    if (event.button === 2 || marked === undefined) return
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey
    if (isPlain && marksPointer.down(event.nativeEvent, marked)) return
    capturePointer(event.currentTarget, event.nativeEvent)
    hand.current = [event.clientX, event.clientY]
  }
  const move = (event: React.PointerEvent) => {
    const { shown } = now.current
    if (shown === undefined || hand.current === undefined) return
    const [x, y] = shown.centre
    const by = ratio / shown.zoom
    const [dx, dy] = [event.clientX - hand.current[0], event.clientY - hand.current[1]]
    hand.current = [event.clientX, event.clientY]
    const next = heldView(slide, { ...shown, centre: [x - dx * by, y - dy * by] }, size)
    now.current = { ...now.current, shown: next }
    setView(next)
  }
  const letGo = () => {
    hand.current = undefined
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
      onPointerCancel={letGo}
      onLostPointerCapture={letGo}
    >
      <canvas ref={canvas} />
      {shown !== undefined && (
        <>
          {marked !== undefined && <Marks pane={marked} />}
          <ScaleBar imageId={open.entry.imageId} zoom={shown.zoom / ratio} study={StudyInstanceUID} />
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

function ScaleBar({ imageId, zoom, study }: { imageId: string; zoom: number; study: string }) {
  useCalibrations(study)
  const scale = scaleAt(imageId, [])
  if (scale.unit !== 'mm') return null
  const perPixel = scale.x / zoom
  const mm = roundLength(BAR_PX * perPixel)
  if (!Number.isFinite(mm) || mm <= 0) return null
  return (
    <div className="scale-bar" data-testid="scale-bar" data-mm={mm} style={{ width: mm / perPixel }}>
      <span>{barWords(mm)}</span>
    </div>
  )
}
