import type { Pane } from './pane.ts'
import type { ToolName } from './session.ts'
import { WheelNotches } from './wheel.ts'

/** Under this many CSS pixels a press is a click, not a drag. */
const CLICK_PX = 4
/** A drag of one pane height zooms by this factor. */
const ZOOM_SPAN = 8

function actionOf(event: PointerEvent, tool: ToolName): ToolName | undefined {
  if (event.button === 2) return 'window'
  if (event.button === 1) return 'pan'
  if (event.button !== 0) return undefined
  return event.ctrlKey || event.metaKey ? 'zoom' : tool
}

/** The mouse in a viewport (look: Mouse in a viewport). Returns what detaches it. */
export function attachPointer(element: HTMLElement, pane: () => Pane | undefined, tool: () => ToolName): () => void {
  const abort = new AbortController()
  const { signal } = abort
  const wheel = new WheelNotches()
  let drag: { action: ToolName; start: [number, number]; last: [number, number]; gathered: number } | undefined

  const at = (event: MouseEvent): [number, number] => {
    const box = element.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  const down = (event: PointerEvent) => {
    const action = actionOf(event, tool())
    if (action === undefined || drag !== undefined) return
    event.preventDefault()
    element.setPointerCapture(event.pointerId)
    drag = { action, start: at(event), last: at(event), gathered: 0 }
  }

  const move = (event: PointerEvent) => {
    const target = pane()
    if (drag === undefined || target === undefined) return
    const point = at(event)
    const fromStart = Math.hypot(point[0] - drag.start[0], point[1] - drag.start[1])
    if (drag.last === drag.start && fromStart < CLICK_PX) return
    const dx = point[0] - drag.last[0]
    const dy = point[1] - drag.last[1]
    const { clientWidth, clientHeight } = element
    const fine = event.shiftKey ? 0.1 : 1
    drag.last = point
    if (drag.action === 'window') target.dragWindow((dx / clientWidth) * fine, (dy / clientHeight) * fine)
    if (drag.action === 'pan') target.pan(dx, dy)
    if (drag.action === 'zoom') target.zoomAbout(drag.start, ZOOM_SPAN ** (-dy / clientHeight))
    if (drag.action === 'scroll') {
      const count = target.stack?.entries.length ?? 1
      drag.gathered += (dy / clientHeight) * Math.max(count, 20)
      const steps = Math.trunc(drag.gathered)
      drag.gathered -= steps
      if (steps !== 0) target.step(steps)
    }
  }

  const up = () => {
    drag = undefined
  }

  const turn = (event: WheelEvent) => {
    event.preventDefault()
    const target = pane()
    const notches = wheel.take(event)
    if (target === undefined || notches === 0) return
    if (event.ctrlKey) target.zoomAbout(at(event), 1.15 ** -notches)
    else target.step(notches * (event.shiftKey ? 10 : 1))
  }

  element.addEventListener('pointerdown', down, { signal })
  element.addEventListener('pointermove', move, { signal })
  element.addEventListener('pointerup', up, { signal })
  element.addEventListener('pointercancel', up, { signal })
  element.addEventListener('lostpointercapture', up, { signal })
  element.addEventListener('wheel', turn, { signal, passive: false })
  // The browser's own: menus, autoscroll of the middle button, navigation of the side buttons.
  for (const name of ['contextmenu', 'auxclick', 'dragstart'] as const) {
    element.addEventListener(name, event => event.preventDefault(), { signal })
  }
  return () => abort.abort()
}
