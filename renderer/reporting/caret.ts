import { useReportPane } from './reports.ts'

/** Where the caret was in the report, for the way back. */
let last: HTMLTextAreaElement | undefined

function pane(): HTMLElement | null {
  return document.querySelector<HTMLElement>('[data-report]')
}

/** Whether something is being written in the report. */
export function isInReport(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[data-report]') !== null
}

function intoReport(): void {
  const within = last?.isConnected && pane()?.contains(last) ? last : undefined
  const area = within ?? pane()?.querySelector('textarea') ?? undefined
  if (area !== undefined) area.focus()
  else pane()?.querySelector<HTMLElement>('button')?.focus()
}

/** The caret into the report, opening it, or back to the images (`toImages`). */
export function moveCaret(toImages: () => void): void {
  const { activeElement } = document
  if (isInReport(activeElement)) {
    if (activeElement instanceof HTMLTextAreaElement) last = activeElement
    if (activeElement instanceof HTMLElement) activeElement.blur()
    toImages()
    return
  }
  if (useReportPane.getState().open) intoReport()
  else {
    useReportPane.setState({ open: true })
    // Once it is there.
    requestAnimationFrame(() => requestAnimationFrame(intoReport))
  }
}

/** Keys that drive the images while letters are typed into the report: pages, Alt with anything but arrows, F keys, the signature. */
export function passesToImages(target: EventTarget | null, key: string): boolean {
  return (
    isInReport(target) &&
    /^((Shift\+)?Page(Up|Down)$|Alt\+(?!Arrow|Backspace|Delete)|(Shift\+)?F\d|Ctrl\+(Alt\+|Shift\+)?Enter$)/.test(key)
  )
}

/** A press among the images leaves the caret where it is written. Returns what stops it. */
export function keepCaret(): () => void {
  const listen = (event: MouseEvent) => {
    const isImage = event.target instanceof Element && event.target.closest('.grid') !== null
    if (isImage && isInReport(document.activeElement)) event.preventDefault()
  }
  window.addEventListener('mousedown', listen, true)
  return () => window.removeEventListener('mousedown', listen, true)
}
