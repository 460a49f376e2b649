import { useEffect, useRef } from 'react'
import { BestScreen } from '../bestScreen.ts'
import type { Pane } from '../pane.ts'
import { pointerPlace } from '../pointer.ts'
import { currentEngine } from '../session.ts'
import { WheelNotches } from '../wheel.ts'
import { useMarks } from './marksStore.ts'

/** CSS pixels across. */
const GLASS_PX = 220
export const FIRST_GLASS = 3
const [LEAST, MOST] = [2, 8]

/** What lies on the picture and belongs to it: the second series, then shutter and overlay planes (PlaneLayer.tsx). */
const LAYERS = 'canvas.fused, canvas.planes'

/** Those of a pane as the glass shows them; `at` in CSS pixels of the pane. */
function drawLayers(canvas: HTMLCanvasElement, pane: Pane, at: [number, number], factor: number): void {
  const size = Math.round(GLASS_PX * devicePixelRatio)
  // A new size empties it.
  canvas.width = canvas.height = size
  const context = canvas.getContext('2d')
  if (context === null) return
  const scale = (size / GLASS_PX) * factor
  for (const layer of pane.element.parentElement?.querySelectorAll<HTMLCanvasElement>(LAYERS) ?? []) {
    const { transform, opacity } = getComputedStyle(layer)
    const place = new DOMMatrix()
      .translate(size / 2, size / 2)
      .scale(scale)
      .translate(-at[0], -at[1])
    context.setTransform(place.multiply(new DOMMatrix(transform)))
    context.globalAlpha = Number(opacity)
    context.imageSmoothingEnabled = !layer.matches('.planes')
    context.drawImage(layer, 0, 0)
  }
}

/**
 * A glass under the pointer: the image itself drawn larger, from its own samples and with the window, the polarity and the turn of
 * the pane, under its shutter and with what is fused over it. The wheel makes it stronger and weaker, 2 to 8 times.
 */
export function Magnifier({ pane }: { pane: Pane }) {
  const on = useMarks(state => state.glass !== undefined)
  return on ? <Glass pane={pane} /> : null
}

function Glass({ pane }: { pane: Pane }) {
  const factor = useMarks(state => state.glass ?? FIRST_GLASS)
  const glass = useRef<HTMLDivElement>(null)
  const picture = useRef<HTMLDivElement>(null)
  const layers = useRef<HTMLCanvasElement>(null)
  const again = useRef(() => {})

  useEffect(() => {
    const [frame, inside] = [glass.current, picture.current]
    if (frame === null || inside === null) return
    const screen = new BestScreen(currentEngine(), inside)
    const abort = new AbortController()
    const { signal } = abort
    const wheel = new WheelNotches()
    const place = pointerPlace()
    let at = place?.pane === pane ? place.at : undefined
    let due = 0
    const draw = () => {
      due = 0
      const { glass: factor } = useMarks.getState()
      frame.hidden = at === undefined
      if (at === undefined || factor === undefined) return
      const size = Math.round(GLASS_PX * devicePixelRatio)
      screen.resize({ width: size, height: size })
      frame.style.translate = `${at[0] - GLASS_PX / 2}px ${at[1] - GLASS_PX / 2}px`
      try {
        pane.drawAbout(screen, at, factor)
        if (layers.current !== null) drawLayers(layers.current, pane, at, factor)
      } catch {
        // The pane says why its picture cannot be drawn.
        frame.hidden = true
      }
    }
    const drawSoon = () => {
      if (due === 0) due = requestAnimationFrame(draw)
    }
    again.current = drawSoon
    const { element } = pane
    const follow = (event: PointerEvent) => {
      const box = element.getBoundingClientRect()
      at = [event.clientX - box.left, event.clientY - box.top]
      drawSoon()
    }
    const leave = () => {
      at = undefined
      drawSoon()
    }
    const turn = (event: WheelEvent) => {
      if (at === undefined || event.ctrlKey) return
      event.preventDefault()
      event.stopImmediatePropagation()
      const { glass: factor = FIRST_GLASS } = useMarks.getState()
      useMarks.setState({ glass: Math.max(LEAST, Math.min(MOST, factor - wheel.take(event))) })
    }
    element.addEventListener('pointermove', follow, { signal })
    element.addEventListener('pointerdown', follow, { signal })
    element.addEventListener('pointerleave', leave, { signal })
    // Before the pane's own wheel, which turns to the next image.
    element.addEventListener('wheel', turn, { signal, passive: false, capture: true })
    const stop = pane.state.subscribe(drawSoon)
    drawSoon()
    return () => {
      abort.abort()
      stop()
      cancelAnimationFrame(due)
      screen.dispose()
    }
  }, [pane])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another strength is another picture.
  useEffect(() => again.current(), [factor])

  return (
    <div className="magnifier" ref={glass} hidden style={{ width: GLASS_PX, height: GLASS_PX }}>
      <div className="magnified" ref={picture} />
      <canvas className="magnified-layers" ref={layers} />
      <span>×{factor}</span>
    </div>
  )
}
