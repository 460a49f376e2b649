type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

const MODIFIERS = new Set(['Control', 'Shift', 'Alt', 'AltGraph', 'Meta', 'CapsLock', 'Fn', 'NumLock', 'Process'])

/** What the key writes; where that is no letter of ours (Cyrillic, Greek, Alt on a Mac), what stands at its place. */
function letterOf({ key, code }: Pressed): string {
  if (key.length > 1 && key !== 'Dead' && key !== 'Unidentified') return key
  const at = /^(?:Key([A-Z])|Digit(\d))$/.exec(code)
  return at !== null && !/^[ -~]$/.test(key) ? (at[1] ?? at[2]!) : key
}

/**
 * A key as the actions spell it: `Shift+N`, `Ctrl+Enter`, `?`. Shift counts with letters and named keys; with the others it
 * has made the character already, on every keyboard its own. '' for a modifier alone.
 */
export function keyOf(event: Pressed): string {
  const { ctrlKey, metaKey, altKey, shiftKey } = event
  if (MODIFIERS.has(event.key)) return ''
  const key = letterOf(event)
  const letter = /^[a-z]$/i.test(key)
  const name = key === ' ' ? 'Space' : letter ? key.toUpperCase() : key
  return [
    ...(ctrlKey || metaKey ? ['Ctrl'] : []),
    ...(altKey ? ['Alt'] : []),
    ...(shiftKey && (letter || name.length > 1) ? ['Shift'] : []),
    name,
  ].join('+')
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
}

const KEY_WORDS: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  Escape: 'Esc',
  Delete: 'Del',
  ContextMenu: 'Menu key',
}

/** A key as a person reads it. */
export function keyWords(key: string): string {
  return key
    .split(/\+(?=.)/)
    .map(part => KEY_WORDS[part] ?? part)
    .join('+')
}

/** What a field does with Ctrl itself: undo, the clipboard, the words and ends of its text. */
const EDITS = /^Ctrl\+(Shift\+)?([ACVXYZ]|Delete|Backspace|Insert|Arrow\w+|Home|End)$/

/** Is something being written, and the key a part of that? */
export function isOfField(target: EventTarget | null, key: string): boolean {
  return isTyping(target) && (EDITS.test(key) || !/^(Ctrl\+|Alt\+|(Shift\+)?F\d)/.test(key))
}
