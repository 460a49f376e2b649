import { memo, useEffect, useRef } from 'react'
import { type BarRun, barRuns, imageAt, rowOf } from '../../shared/viewing/stackBar.ts'
import { t, useLanguage } from '../i18n/index.ts'
import { isLoaded, onFrames } from './frameLoader.ts'
import type { Pane } from './pane.ts'
import { onSeen, wasSeen } from './seen/keeper.ts'

/** What is loaded and seen is drawn anew at most so often; where we are follows the picture at once. */
const REDRAW_MS = 150
/** CSS pixels: what is loaded at the left, what was seen beside it, gaps across both. */
const LOADED = { x: 3, width: 2 }
const SEEN = { x: 6, width: 3 }
const ACROSS = { x: 3, width: 6 }
const GAP_HEIGHT = 2

interface Parts {
  bar: HTMLDivElement
  /** Loaded, seen, gaps. No canvas: that would be one more layer for the compositor to lay over every slice. */
  paths: SVGPathElement[]
  place: HTMLDivElement
}

function pathOf({ x, width }: { x: number; width: number }, runs: BarRun[]): string {
  return runs.map(({ from, of }) => `M${x} ${from}h${width}v${of}h${-width}z`).join('')
}

/** Draws and moves without React: a bar that rendered with every picture would cost what scrolling has. */
function attachBar(pane: Pane, { bar, paths, place }: Parts): () => void {
  const abort = new AbortController()
  const { signal } = abort
  let timer: ReturnType<typeof setTimeout> | undefined
  let height = 0

  const stackOf = () => pane.state.getState().stack
  const draw = () => {
    clearTimeout(timer)
    timer = undefined
    const { stack, shown, index } = pane.state.getState()
    bar.hidden = (stack?.entries.length ?? 0) < 2
    if (stack === undefined || height < 1) return
    const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
    const { entries } = stack
    let loaded = 0
    let seen = 0
    const runs = barRuns(entries.length, Math.round(height), at => {
      const { imageId, instance, frame, marks, unshowable } = entries[at]!
      const image = {
        loaded: unshowable !== undefined || isLoaded(imageId),
        seen: wasSeen({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: instance.SOPInstanceUID, frame }),
        gap: marks?.includes('gap') ?? false,
      }
      if (image.loaded) loaded++
      if (image.seen) seen++
      return image
    })
    const gaps = runs.gaps.map(from => ({ from, of: GAP_HEIGHT }))
    const drawn = [pathOf(LOADED, runs.loaded), pathOf(SEEN, runs.seen), pathOf(ACROSS, gaps)]
    drawn.forEach((path, at) => {
      if (paths[at]?.getAttribute('d') !== path) paths[at]?.setAttribute('d', path)
    })
    bar.ariaValueMax = String(entries.length)
    bar.ariaValueNow = String((shown ?? index) + 1)
    bar.dataset.loaded = String(loaded)
    bar.dataset.seen = String(seen)
    bar.dataset.gaps = String(gaps.length)
    const words = [
      t('{{loaded}} of {{all}} loaded (grey)', { loaded, all: entries.length }),
      t('{{seen}} seen (teal)', { seen }),
      ...(gaps.length > 0 ? [t('{{count}} gaps (amber)', { count: gaps.length })] : []),
    ]
    bar.title = `${words.join(', ')}: ${t('click or drag goes there')}`
    move()
  }
  const drawSoon = () => {
    timer ??= setTimeout(draw, REDRAW_MS)
  }
  const move = () => {
    const { stack, shown, index } = pane.state.getState()
    const at = shown ?? index
    place.style.transform = `translateY(${Math.round(rowOf(at, stack?.entries.length ?? 1, height))}px)`
  }

  const observer = new ResizeObserver(entries => {
    height = entries.at(-1)?.contentRect.height ?? 0
    draw()
  })
  observer.observe(bar)
  const stops = [
    () => observer.disconnect(),
    pane.state.subscribe((now, before) => {
      if (now.stack !== before.stack) draw()
      else if (now.shown !== before.shown || now.index !== before.index) {
        move()
        drawSoon()
      }
    }),
    onFrames(drawSoon),
    onSeen(series => {
      if (series === stackOf()?.manifest.SeriesInstanceUID) drawSoon()
    }),
  ]

  const goTo = (event: PointerEvent) => {
    const count = stackOf()?.entries.length ?? 0
    pane.goTo(imageAt(event.clientY - bar.getBoundingClientRect().top, count, height))
  }
  const on = <K extends keyof HTMLElementEventMap>(kind: K, hear: (event: HTMLElementEventMap[K]) => void) =>
    bar.addEventListener(kind, hear, { signal, passive: false })
  on('pointerdown', event => {
    if (event.button !== 0) return
    // The keys stay with the picture.
    event.preventDefault()
    bar.setPointerCapture(event.pointerId)
    goTo(event)
  })
  on('pointermove', event => {
    if (bar.hasPointerCapture(event.pointerId)) goTo(event)
  })
  on('contextmenu', event => event.preventDefault())
  // A wheel over the bar is a wheel over the picture.
  on('wheel', event => {
    event.preventDefault()
    pane.element.dispatchEvent(new WheelEvent('wheel', event))
  })
  return () => {
    clearTimeout(timer)
    abort.abort()
    for (const stop of stops) stop()
  }
}

/** At the right edge of a pane: what of its stack is loaded, what was seen, its gaps, and where we are. */
export const StackBar = memo(function StackBar({ pane }: { pane: Pane }) {
  useLanguage()
  const bar = useRef<HTMLDivElement>(null)
  const drawing = useRef<SVGSVGElement>(null)
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (bar.current === null || drawing.current === null || place.current === null) return
    const paths = [...drawing.current.querySelectorAll('path')]
    return attachBar(pane, { bar: bar.current, paths, place: place.current })
  }, [pane])
  return (
    <div
      ref={bar}
      className="stack-bar"
      role="slider"
      tabIndex={-1}
      aria-label={t('Stack')}
      aria-orientation="vertical"
      aria-valuemin={1}
      aria-valuenow={1}
    >
      <svg ref={drawing} className="stack-state" aria-hidden>
        <path className="loaded" />
        <path className="seen" />
        <path className="gap" />
      </svg>
      <div ref={place} className="stack-place" />
    </div>
  )
})
