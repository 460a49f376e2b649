/**
 * Text into the bytes of a Specific Character Set (PS3.5 §6.1), the way back from `charset.ts`: of one set without code
 * extensions. Undefined where it does not have a letter; whoever writes takes ISO_IR 192 then.
 */
export function textWriter(specificCharacterSet: string[]): (text: string) => Uint8Array | undefined {
  const [first = '', ...more] = specificCharacterSet.map(term => /(\d+)$/.exec(term.trim())?.[1] ?? term.trim())
  if (first === '192' && more.length === 0) return text => utf8.encode(text)
  const high = more.length === 0 ? highBytes(HIGH[first]) : NONE
  return text => {
    const bytes = new Uint8Array(text.length)
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      const byte = code < 0x80 ? code : high.get(code)
      if (byte === undefined) return undefined
      bytes[i] = byte
    }
    return bytes
  }
}

const utf8 = new TextEncoder()
const NONE: ReadonlyMap<number, number> = new Map()

/** The encoding whose bytes from A0 on are the high half of the set by its ISO-IR number (PS3.3 table C.12-2). */
const HIGH: Record<string, string> = {
  '100': 'windows-1252',
  '101': 'iso-8859-2',
  '109': 'iso-8859-3',
  '110': 'iso-8859-4',
  '144': 'iso-8859-5',
  '127': 'iso-8859-6',
  '126': 'iso-8859-7',
  '138': 'iso-8859-8',
  '148': 'windows-1254',
  '166': 'windows-874',
  '203': 'iso-8859-15',
  '13': 'shift_jis',
}

const made = new Map<string, ReadonlyMap<number, number>>()

/** Letters by their byte from A0 on; those below are control characters to the standard, whatever Windows makes of them. */
function highBytes(label: string | undefined): ReadonlyMap<number, number> {
  if (label === undefined) return NONE
  const known = made.get(label)
  if (known) return known
  const decoder = new TextDecoder(label)
  const bytes = new Map<number, number>()
  for (let byte = 0xa0; byte <= 0xff; byte++) {
    const letter = decoder.decode(Uint8Array.of(byte))
    if (letter.length === 1 && letter !== '\ufffd') bytes.set(letter.charCodeAt(0), byte)
  }
  made.set(label, bytes)
  return bytes
}
