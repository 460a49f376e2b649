import { type Outside, viewerActions } from './actions.ts'

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

/**
 * A key as the actions spell it: `Shift+N`, `Ctrl+Enter`, `?`. Shift counts with letters and named keys; with the others it
 * has made the character already, on every keyboard its own.
 */
export function keyOf({ key, ctrlKey, metaKey, altKey, shiftKey }: Pressed): string {
  const letter = /^[a-z]$/i.test(key)
  const name = key === ' ' ? 'Space' : letter ? key.toUpperCase() : key
  return [
    ...(ctrlKey || metaKey ? ['Ctrl'] : []),
    ...(altKey ? ['Alt'] : []),
    ...(shiftKey && (letter || name.length > 1) ? ['Shift'] : []),
    name,
  ].join('+')
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
}

/** The viewer's keys. Esc cancels the tool in hand; it never closes a study. */
export function handleViewerKey(event: KeyboardEvent, outside: Outside): void {
  if (event.defaultPrevented || isTyping(event.target)) return
  const key = keyOf(event)
  const action = viewerActions(outside).find(one => one.keys.includes(key))
  if (action === undefined) return
  event.preventDefault()
  action.run()
}
