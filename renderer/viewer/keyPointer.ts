import { create } from 'zustand'
import type { Pane } from './pane.ts'

/** The pointer that keys move: what the left button does in a picture can be done without a mouse. */
interface KeyPointer {
  pane: Pane
  /** CSS pixels from the pane's top left. */
  at: [number, number]
  /** The button is down. */
  held: boolean
}

export const useKeyPointer = create<{ pointer: KeyPointer | undefined }>(() => ({ pointer: undefined }))

/** No device's: the browser gives none below 0. */
const POINTER_ID = -1
const STEP_PX = 10
const FAR_PX = 50

/** From now on a drag is the element's, wherever it goes. The pointer that keys move never leaves its pane. */
export function capturePointer(element: Element, { pointerId }: PointerEvent): void {
  if (pointerId !== POINTER_ID) element.setPointerCapture(pointerId)
}

const takers = new Map<string, HTMLElement>()

/** What lies over a pane's picture and has a hand of its own. Returns what ends that. */
export function takeKeyPointer(pane: string, element: HTMLElement): () => void {
  takers.set(pane, element)
  return () => {
    if (takers.get(pane) === element) takers.delete(pane)
  }
}

function send(type: string, { pane, at: [x, y], held }: KeyPointer, button = -1): void {
  const box = pane.element.getBoundingClientRect()
  const init = {
    bubbles: true,
    cancelable: true,
    pointerId: POINTER_ID,
    pointerType: 'mouse',
    isPrimary: true,
    button,
    buttons: held ? 1 : 0,
    clientX: box.left + x,
    clientY: box.top + y,
  }
  const taker = takers.get(pane.id) ?? pane.element
  taker.dispatchEvent(new PointerEvent(type, init))
}

function put(pointer: KeyPointer | undefined): void {
  useKeyPointer.setState({ pointer })
}

function inMiddle(pane: Pane): KeyPointer {
  const { clientWidth, clientHeight } = pane.element
  return { pane, at: [Math.round(clientWidth / 2), Math.round(clientHeight / 2)], held: false }
}

function move(pointer: KeyPointer, dx: number, dy: number): void {
  const { clientWidth, clientHeight } = pointer.pane.element
  const within = (value: number, most: number) => Math.min(Math.max(value, 0), most - 1)
  const [x, y] = pointer.at
  const moved: KeyPointer = { ...pointer, at: [within(x + dx, clientWidth), within(y + dy, clientHeight)] }
  put(moved)
  send('pointermove', moved)
}

function press(pointer: KeyPointer): void {
  const held = { ...pointer, held: true }
  put(held)
  send('pointerdown', held, 0)
}

function release(pointer: KeyPointer): void {
  const free = { ...pointer, held: false }
  put(free)
  send('pointerup', free, 0)
}

export function isKeyPointerIn({ id }: Pick<Pane, 'id'>): boolean {
  return useKeyPointer.getState().pointer?.pane.id === id
}

/** Its pane is going, or nobody wants it any more. */
export function hideKeyPointer(): void {
  const { pointer } = useKeyPointer.getState()
  put(undefined)
  if (pointer?.held) send('pointercancel', { ...pointer, held: false })
  if (pointer) send('pointerleave', { ...pointer, held: false })
}

export function toggleKeyPointer(pane: Pane | undefined): void {
  if (useKeyPointer.getState().pointer !== undefined) {
    hideKeyPointer()
    return
  }
  if (pane === undefined) return
  put(inMiddle(pane))
  move(inMiddle(pane), 0, 0)
}

const ARROWS: Record<string, readonly [number, number] | undefined> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/**
 * A key while the pointer is shown; true = it was for it. Arrows move it (Shift: by a device pixel, Ctrl: far), Enter clicks, Shift+Enter
 * presses and lets go, Esc puts it away once `isBusy` says that there is nothing else to cancel.
 */
export function handleKeyPointer(event: KeyboardEvent, active: Pane | undefined, isBusy: () => boolean): boolean {
  const { pointer } = useKeyPointer.getState()
  if (pointer === undefined || active === undefined || event.altKey || event.metaKey) return false
  // It goes where the reader goes.
  const here = pointer.pane === active ? pointer : inMiddle(active)
  const arrow = ARROWS[event.key]
  if (arrow !== undefined) {
    const step = event.shiftKey ? 1 / devicePixelRatio : event.ctrlKey ? FAR_PX : STEP_PX
    move(here, arrow[0] * step, arrow[1] * step)
    return true
  }
  if (event.key === 'Enter' && !event.ctrlKey) {
    if (here.held) release(here)
    else press(here)
    const { pointer: pressed } = useKeyPointer.getState()
    if (!event.shiftKey && pressed?.held) release(pressed)
    return true
  }
  if (event.key !== 'Escape') return false
  if (!here.held && isBusy()) return false
  hideKeyPointer()
  return true
}
