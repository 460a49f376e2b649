import { capturePointer } from './keyPointer.ts'
import type { Pane } from './pane.ts'
import type { ToolName } from './session.ts'
import { WheelNotches } from './wheel.ts'

/** Under this many CSS pixels a press is a click, not a drag. */
const CLICK_PX = 4
/** A drag of one pane height zooms by this factor. */
const ZOOM_SPAN = 8

/** What a viewport's mouse does beyond the picture itself. Points are CSS pixels from the pane's top left. */
export interface PointerHost {
  pane: () => Pane | undefined
  tool: () => ToolName
  /** The left button is pressed: true = somebody else (a mark) has taken it. */
  onPress: (event: PointerEvent, pane: Pane) => boolean
  onMenu: (x: number, y: number) => void
  onJump: (pane: Pane, point: [number, number]) => void
  onDoubleClick: () => void
  /** Images to go on while the linked panes stay. */
  onAlone: (pane: Pane, delta: number) => void
}

let place: { pane: Pane; at: [number, number] } | undefined

/** Where the pointer is, if it is over a picture. */
export function pointerPlace(): { pane: Pane; at: [number, number] } | undefined {
  return place
}

function actionOf(event: PointerEvent, tool: ToolName): ToolName | undefined {
  if (event.button === 2) return 'window'
  if (event.button === 1) return 'pan'
  if (event.button !== 0) return undefined
  return event.ctrlKey || event.metaKey ? 'zoom' : tool
}

/** The mouse in a viewport (look: Mouse in a viewport). Returns what detaches it. */
export function attachPointer(element: HTMLElement, host: PointerHost): () => void {
  const abort = new AbortController()
  const { signal } = abort
  const wheel = new WheelNotches()
  let drag:
    | { action: ToolName; button: number; start: [number, number]; last: [number, number]; gathered: number }
    | undefined

  const at = (event: MouseEvent): [number, number] => {
    const box = element.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  const down = (event: PointerEvent) => {
    const pane = host.pane()
    if (drag !== undefined || pane === undefined) return
    if (event.button === 0 && !event.ctrlKey && !event.metaKey && host.onPress(event, pane)) return
    const action = actionOf(event, host.tool())
    if (action === undefined) return
    event.preventDefault()
    capturePointer(element, event)
    const start = at(event)
    drag = { action, button: event.button, start, last: start, gathered: 0 }
    if (action === 'crosshair') host.onJump(pane, drag.start)
  }

  const move = (event: PointerEvent) => {
    const target = host.pane()
    const point = at(event)
    place = target && { pane: target, at: point }
    if (drag === undefined || target === undefined) return
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
    if (drag.action === 'crosshair') host.onJump(target, point)
    if (drag.action === 'scroll') {
      const count = target.stack?.entries.length ?? 1
      drag.gathered += (dy / clientHeight) * Math.max(count, 20)
      const steps = Math.trunc(drag.gathered)
      drag.gathered -= steps
      if (steps !== 0) target.step(steps)
    }
  }

  const up = (event: PointerEvent) => {
    const ended = drag
    drag = undefined
    const pane = host.pane()
    if (ended === undefined || ended.last !== ended.start || event.type !== 'pointerup') return
    if (ended.button === 2) host.onMenu(event.clientX, event.clientY)
    else if (ended.button === 0 && event.shiftKey && pane !== undefined) host.onJump(pane, ended.start)
  }

  const turn = (event: WheelEvent) => {
    event.preventDefault()
    const target = host.pane()
    const notches = wheel.take(event)
    if (target === undefined || notches === 0) return
    if (event.altKey) host.onAlone(target, notches * (event.shiftKey ? 10 : 1))
    else if (event.ctrlKey) target.zoomAbout(at(event), 1.15 ** -notches)
    else target.step(notches * (event.shiftKey ? 10 : 1))
  }

  element.addEventListener('pointerdown', down, { signal })
  element.addEventListener('pointermove', move, { signal })
  element.addEventListener('pointerup', up, { signal })
  element.addEventListener('pointercancel', up, { signal })
  element.addEventListener('lostpointercapture', up, { signal })
  element.addEventListener('pointerleave', () => (place = undefined), { signal })
  element.addEventListener('dblclick', () => host.onDoubleClick(), { signal })
  element.addEventListener('wheel', turn, { signal, passive: false })
  // The browser's own: menus, autoscroll of the middle button, navigation of the side buttons.
  for (const name of ['contextmenu', 'auxclick', 'dragstart'] as const) {
    element.addEventListener(name, event => event.preventDefault(), { signal })
  }
  return () => abort.abort()
}
