import type { KeyboardEvent } from 'react'

/** Arrow keys walk among the buttons of a list; everything else is left to them. */
export function walkButtons(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined) return
  event.preventDefault()
  const buttons: Array<Element | null> = [...event.currentTarget.querySelectorAll('button')]
  const at = buttons.indexOf(document.activeElement)
  const next = buttons[Math.max(0, Math.min(buttons.length - 1, at + step))]
  if (next instanceof HTMLElement) next.focus()
}
