import { memo, useEffect, useRef } from 'react'
import { type BarRun, barRuns, imageAt, rowOf } from '../../shared/viewing/stackBar.ts'
import { isLoaded, onFrames } from './frameLoader.ts'
import type { Pane } from './pane.ts'
import { onSeen, wasSeen } from './seen/keeper.ts'

/** What is loaded and seen is drawn anew at most so often; where we are follows the picture at once. */
const REDRAW_MS = 150
/** CSS pixels: what is loaded at the left, what was seen beside it, gaps across both. */
const LOADED = { x: 3, width: 2 }
const SEEN = { x: 6, width: 3 }
const GAP_HEIGHT = 2

interface Parts {
  bar: HTMLDivElement
  canvas: HTMLCanvasElement
  place: HTMLDivElement
}

/** Draws and moves without React: a bar that rendered with every picture would cost what scrolling has. */
function attachBar(pane: Pane, { bar, canvas, place }: Parts): () => void {
  const abort = new AbortController()
  const { signal } = abort
  let timer: ReturnType<typeof setTimeout> | undefined
  let height = 0
  /** Once: asking for a style makes the page lay itself out. */
  let colours: { loaded: string; seen: string; gap: string } | undefined

  const stackOf = () => pane.state.getState().stack
  const draw = () => {
    timer = undefined
    const context = canvas.getContext('2d')
    const stack = stackOf()
    const scale = devicePixelRatio
    const rows = Math.round(height * scale)
    bar.hidden = (stack?.entries.length ?? 0) < 2
    if (context === null || stack === undefined || rows < 1) return
    const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
    canvas.width = Math.round(bar.clientWidth * scale)
    canvas.height = rows
    const { entries } = stack
    let loaded = 0
    let seen = 0
    const runs = barRuns(entries.length, rows, index => {
      const { imageId, instance, frame, marks, unshowable } = entries[index]!
      const image = {
        loaded: unshowable !== undefined || isLoaded(imageId),
        seen: wasSeen({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: instance.SOPInstanceUID, frame }),
        gap: marks?.includes('gap') ?? false,
      }
      if (image.loaded) loaded++
      if (image.seen) seen++
      return image
    })
    const style = getComputedStyle(bar)
    colours ??= {
      loaded: style.getPropertyValue('--control'),
      seen: style.getPropertyValue('--accent'),
      gap: style.getPropertyValue('--attention'),
    }
    const fill = (colour: string, { x, width }: { x: number; width: number }, all: BarRun[]) => {
      context.fillStyle = colour
      for (const { from, of } of all) {
        context.fillRect(Math.round(x * scale), from, Math.max(1, Math.round(width * scale)), of)
      }
    }
    fill(colours.loaded, LOADED, runs.loaded)
    fill(colours.seen, SEEN, runs.seen)
    const across = { x: LOADED.x, width: SEEN.x + SEEN.width - LOADED.x }
    fill(
      colours.gap,
      across,
      runs.gaps.map(from => ({ from, of: Math.round(GAP_HEIGHT * scale) })),
    )
    bar.ariaValueMax = String(entries.length)
    bar.dataset.loaded = String(loaded)
    bar.dataset.seen = String(seen)
    bar.dataset.gaps = String(runs.gaps.length)
    bar.title = `${loaded} of ${entries.length} loaded (grey), ${seen} seen (teal)${runs.gaps.length > 0 ? `, ${runs.gaps.length} gaps (amber)` : ''}: click or drag goes there`
    move()
  }
  const drawSoon = () => {
    timer ??= setTimeout(draw, REDRAW_MS)
  }
  const move = () => {
    const { stack, shown, index } = pane.state.getState()
    const at = shown ?? index
    place.style.transform = `translateY(${Math.round(rowOf(at, stack?.entries.length ?? 1, height))}px)`
    bar.ariaValueNow = String(at + 1)
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
      else if (now.shown !== before.shown || now.index !== before.index) move()
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
  const bar = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const parts = { bar: bar.current, canvas: canvas.current, place: place.current }
    if (parts.bar === null || parts.canvas === null || parts.place === null) return
    return attachBar(pane, { bar: parts.bar, canvas: parts.canvas, place: parts.place })
  }, [pane])
  return (
    <div
      ref={bar}
      className="stack-bar"
      role="slider"
      tabIndex={-1}
      aria-label="Stack"
      aria-orientation="vertical"
      aria-valuemin={1}
      aria-valuenow={1}
    >
      <canvas ref={canvas} className="stack-state" />
      <div ref={place} className="stack-place" />
    </div>
  )
})
