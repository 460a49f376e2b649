/**
 * Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 §6.1 and annexes H to K). Bytes are decoded before anything is split: the
 * second byte of a GB18030, GBK or Shift-JIS character may be a backslash.
 */

export const ESC = 0x1b

/** A set that follows the one before it in a code table: what low (G0) or high (G1) bytes mean. */
type CodeElement =
  | { kind: 'ascii' }
  | { kind: 'single'; label: string }
  /** Two bytes a character; `prefix` as EUC wants it (8F for JIS X 0212). */
  | { kind: 'double'; label: string; prefix?: number }

const ASCII: CodeElement = { kind: 'ascii' }
const single = (label: string): CodeElement => ({ kind: 'single', label })

/** High bytes (G1) of the single-byte sets by ISO-IR number; WHATWG labels. */
export const SINGLE_BYTE: Record<string, string> = {
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

/** PS3.3 tables C.12-3 and C.12-4: what an escape sequence (without ESC) brings into G0 or G1. */
export const ESCAPES: Array<{ sequence: string; into: 'g0' | 'g1'; element: CodeElement }> = [
  { sequence: '$(D', into: 'g0', element: { kind: 'double', label: 'euc-jp', prefix: 0x8f } },
  { sequence: '$)C', into: 'g1', element: { kind: 'double', label: 'euc-kr' } },
  { sequence: '$)A', into: 'g1', element: { kind: 'double', label: 'gb18030' } },
  { sequence: '$B', into: 'g0', element: { kind: 'double', label: 'euc-jp' } },
  { sequence: '$@', into: 'g0', element: { kind: 'double', label: 'euc-jp' } },
  { sequence: '(B', into: 'g0', element: ASCII },
  { sequence: '(J', into: 'g0', element: ASCII },
  { sequence: ')I', into: 'g1', element: single('shift_jis') },
  { sequence: '-A', into: 'g1', element: single('windows-1252') },
  { sequence: '-B', into: 'g1', element: single('iso-8859-2') },
  { sequence: '-C', into: 'g1', element: single('iso-8859-3') },
  { sequence: '-D', into: 'g1', element: single('iso-8859-4') },
  { sequence: '-L', into: 'g1', element: single('iso-8859-5') },
  { sequence: '-G', into: 'g1', element: single('iso-8859-6') },
  { sequence: '-F', into: 'g1', element: single('iso-8859-7') },
  { sequence: '-H', into: 'g1', element: single('iso-8859-8') },
  { sequence: '-M', into: 'g1', element: single('windows-1254') },
  { sequence: '-T', into: 'g1', element: single('windows-874') },
  { sequence: '-b', into: 'g1', element: single('iso-8859-15') },
]

/** G1 of a defined term, for writers that name a multi-byte set but leave out (or do not repeat) its escape. */
const MULTI_BYTE_G1: Record<string, CodeElement> = {
  '149': { kind: 'double', label: 'euc-kr' },
  '58': { kind: 'double', label: 'gb18030' },
}

/** The ISO-IR number of a defined term however it is spelled (`ISO_IR 100`, `ISO 2022 IR 100`, `ISO_2022_IR_100`), else its name. */
export function setNumber(term: string): string {
  const clean = term.trim().toUpperCase()
  const match = /IR[ _-]*(\d+)$/.exec(clean)
  if (match?.[1]) return match[1]
  if (/^UTF[ _-]?8$/.test(clean)) return '192'
  return clean
}

const decoders = new Map<string, InstanceType<typeof TextDecoder>>()

/** Undefined when the bytes are not of that set. */
function tryDecode(label: string, bytes: Uint8Array): string | undefined {
  let decoder = decoders.get(label)
  if (!decoder) {
    decoder = new TextDecoder(label, { fatal: true })
    decoders.set(label, decoder)
  }
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Most values are short and ASCII, where a TextDecoder costs ten times the loop; undefined when these bytes need one. */
function asciiText(bytes: Uint8Array): string | undefined {
  let text = ''
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (byte >= 0x80 || byte === ESC) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

interface Decoded {
  text: string
  /** The declared set did not fit, so another was tried. */
  guessed: boolean
}

/** UTF-8 when valid (nothing else looks like it by chance), else Latin-1: always a string. */
function guess(bytes: Uint8Array): Decoded {
  return { text: tryDecode('utf-8', bytes) ?? tryDecode('windows-1252', bytes) ?? '', guessed: true }
}

function decodeRun(element: CodeElement, bytes: Uint8Array): Decoded {
  if (element.kind === 'ascii') return guess(bytes)
  let input = bytes
  if (element.kind === 'double') {
    // G0 pairs are EUC without the high bits; EUC for JIS X 0212 has a third byte, 8F, in front.
    const pair = element.prefix === undefined ? 2 : 3
    input = new Uint8Array(Math.ceil(bytes.length / 2) * pair)
    let at = 0
    for (let i = 0; i < bytes.length; i += 2) {
      if (element.prefix !== undefined) input[at++] = element.prefix
      input[at++] = (bytes[i] ?? 0) | 0x80
      if (i + 1 < bytes.length) input[at++] = (bytes[i + 1] ?? 0) | 0x80
    }
    input = input.subarray(0, at)
  }
  const text = tryDecode(element.label, input)
  return text === undefined ? guess(bytes) : { text, guessed: false }
}

/** ISO 2022 (PS3.5 §6.1.2.5): escapes hold until the next delimiter, then the first value's set is back. */
function decodeCodeExtensions(bytes: Uint8Array, sets: string[], vr: string): Decoded {
  const initialLabel = SINGLE_BYTE[sets[0] ?? '']
  const fallback = sets.map(set => MULTI_BYTE_G1[set]).find(Boolean) ?? sets.map(set => SINGLE_BYTE[set]).find(Boolean)
  const spare: CodeElement = typeof fallback === 'string' ? single(fallback) : (fallback ?? ASCII)
  const initial: CodeElement = initialLabel ? single(initialLabel) : spare
  let g0: CodeElement = ASCII
  let g1 = initial
  let text = ''
  let guessed = false
  let i = 0
  while (i < bytes.length) {
    const byte = bytes[i] ?? 0
    if (byte === ESC) {
      const ahead = String.fromCharCode(...bytes.subarray(i + 1, i + 4))
      const designation = ESCAPES.find(({ sequence }) => ahead.startsWith(sequence))
      if (designation) {
        if (designation.into === 'g0') g0 = designation.element
        else g1 = designation.element
        i += 1 + designation.sequence.length
      } else {
        text += '\x1b'
        guessed = true
        i++
      }
      continue
    }
    const high = byte >= 0x80
    if (!high && (g0.kind === 'ascii' || byte <= 0x20)) {
      text += String.fromCharCode(byte)
      const delimiter =
        byte === 0x5c || (byte >= 0x09 && byte <= 0x0d) || (vr === 'PN' && (byte === 0x5e || byte === 0x3d))
      if (delimiter) {
        g0 = ASCII
        g1 = initial
      }
      i++
      continue
    }
    let end = i
    while (end < bytes.length) {
      const next = bytes[end] ?? 0
      if (next === ESC || next >= 0x80 !== high || (!high && next <= 0x20)) break
      end++
    }
    const run = decodeRun(high ? g1 : g0, bytes.subarray(i, end))
    text += run.text
    guessed ||= run.guessed
    i = end
  }
  return { text, guessed }
}

function decode(bytes: Uint8Array, specificCharacterSet: string[], vr: string): Decoded {
  const ascii = asciiText(bytes)
  if (ascii !== undefined) return { text: ascii, guessed: false }
  const sets = specificCharacterSet.map(setNumber)
  const first = sets[0] ?? ''
  const whole = first === '192' ? 'utf-8' : first === 'GB18030' ? 'gb18030' : first === 'GBK' ? 'gbk' : undefined
  if (whole) {
    const text = tryDecode(whole, bytes)
    return text === undefined ? guess(bytes) : { text, guessed: false }
  }
  if (sets.length > 1 || bytes.includes(ESC) || MULTI_BYTE_G1[first]) return decodeCodeExtensions(bytes, sets, vr)
  const label = SINGLE_BYTE[first]
  if (!label) return guess(bytes)
  if (first === '100') {
    // Latin-1 accepts anything, and UTF-8 under its name is common; the other way round is not: 80–BF are no letters there.
    const utf8 = tryDecode('utf-8', bytes)
    if (utf8 !== undefined) return { text: utf8, guessed: true }
  }
  const text = tryDecode(label, bytes)
  return text === undefined ? guess(bytes) : { text, guessed: false }
}

/** PS3.5 table 6.2-1: one value only, backslash is a character, leading spaces count. */
const WHOLE_TEXT = new Set(['ST', 'LT', 'UT', 'UR'])

/**
 * The values of a text element, padding stripped. Never throws: a wrong or missing character set gives what valid UTF-8 or
 * Latin-1 makes of the bytes. Control and direction characters inside a value are kept.
 */
export function decodeText(bytes: Uint8Array, specificCharacterSet: string[], vr: string): string[] {
  const { text } = decode(bytes, specificCharacterSet, vr)
  if (WHOLE_TEXT.has(vr)) return [text.replace(/[ \0]+$/, '')]
  return text.split('\\').map(value => value.replace(/^ +|[ \0]+$/g, ''))
}

/** True when the bytes are not what the declared character set allows, so that `decodeText` had to guess. */
export function isTextGuessed(bytes: Uint8Array, specificCharacterSet: string[], vr: string): boolean {
  return decode(bytes, specificCharacterSet, vr).guessed
}

const LANGUAGES: Record<string, string> = {
  '13': 'ja',
  '87': 'ja',
  '159': 'ja',
  '149': 'ko',
  '58': 'zh',
  'GB18030': 'zh',
  'GBK': 'zh',
  '126': 'el',
  '144': 'ru',
  '127': 'ar',
  '138': 'he',
  '166': 'th',
}

/** The BCP 47 language a character set stands for (it decides the glyphs of Han characters); '' when it says nothing. */
export function langOf(specificCharacterSet: string[]): string {
  for (const term of specificCharacterSet) {
    const language = LANGUAGES[setNumber(term)]
    if (language) return language
  }
  return ''
}
