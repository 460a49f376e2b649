import { ESC, ESCAPES, SINGLE_BYTE, setNumber } from './charset.ts'

/** Letters and their bytes, high bits set. */
type Letters = ReadonlyMap<string, readonly number[]>

/** A set that can be brought into a code table (PS3.5 §6.1.2.5). */
interface Extension {
  letters: Letters
  escape: readonly number[]
  into: 'g0' | 'g1'
}

const DOUBLE_BYTE: Record<string, { label: string; sequence: string; prefix?: number }> = {
  '87': { label: 'euc-jp', sequence: '$B' },
  '159': { label: 'euc-jp', sequence: '$(D', prefix: 0x8f },
  '149': { label: 'euc-kr', sequence: '$)C' },
  '58': { label: 'gb18030', sequence: '$)A' },
}
/** Sets without code extensions whose letters have two bytes; what has four is left to ISO_IR 192. */
const WHOLE: Record<string, string> = { GB18030: 'gb18030', GBK: 'gbk' }
const TO_ASCII = [ESC, 0x28, 0x42]
const NONE: Letters = new Map()

/**
 * Text into the bytes of a Specific Character Set (PS3.5 §6.1), the way back from `charset.ts`. Undefined where the set does not have a
 * letter of it: whoever writes takes ISO_IR 192 then.
 */
export function textWriter(specificCharacterSet: readonly string[]): (text: string) => Uint8Array | undefined {
  const [first = '', ...more] = specificCharacterSet.map(setNumber)
  if (first === '192') return text => new TextEncoder().encode(text)
  let initial: Extension | undefined
  let extensions: Extension[] | undefined
  return text => {
    if (isAscii(text)) return asciiBytes(text)
    // Tables of 9,000 letters: made when somebody needs them.
    initial ??= { letters: lettersOf(first), escape: escapeOf(first), into: 'g1' }
    extensions ??= [first, ...more].flatMap(extensionOf)
    const parts = text.split(/([\\^=\t\n\f\r])/).map(part => write(part, initial!, extensions!))
    return parts.includes(undefined) ? undefined : Uint8Array.from(parts.flatMap(part => part ?? []))
  }
}

/** What stands between two delimiters: before each of them the first set is back. */
function write(text: string, initial: Extension, extensions: readonly Extension[]): number[] | undefined {
  const bytes: number[] = []
  let g0: Extension | undefined
  let g1 = initial
  const intoG0 = (wanted: Extension | undefined) => {
    if (g0 !== wanted) bytes.push(...(wanted?.escape ?? TO_ASCII))
    g0 = wanted
  }
  const intoG1 = (wanted: Extension) => {
    if (g1 !== wanted) bytes.push(...wanted.escape)
    g1 = wanted
  }
  for (const letter of text) {
    const code = letter.charCodeAt(0)
    const extension = initial.letters.has(letter) ? initial : extensions.find(({ letters }) => letters.has(letter))
    if (code < 0x80) {
      intoG0(undefined)
      bytes.push(code)
    } else if (!extension) return undefined
    else if (extension.into === 'g0') {
      intoG0(extension)
      bytes.push(...(extension.letters.get(letter) ?? []).map(byte => byte & 0x7f))
    } else {
      intoG1(extension)
      bytes.push(...(extension.letters.get(letter) ?? []))
    }
  }
  intoG0(undefined)
  intoG1(initial)
  return bytes
}

function extensionOf(set: string): Extension[] {
  const double = DOUBLE_BYTE[set]
  if (double) {
    const { label, sequence, prefix } = double
    const letters = tableOf(`${label} ${sequence}`, () => doubleBytes(label, 0xa1, 0xa1, prefix))
    return [{ letters, escape: escapeBytes(sequence), into: sequence.includes(')') ? 'g1' : 'g0' }]
  }
  return SINGLE_BYTE[set] ? [{ letters: lettersOf(set), escape: escapeOf(set), into: 'g1' }] : []
}

/** Of the first set: a letter that is there is written without an escape. */
function lettersOf(set: string): Letters {
  const whole = WHOLE[set]
  if (whole) return tableOf(whole, () => doubleBytes(whole, 0x81, 0x40))
  const label = SINGLE_BYTE[set]
  return label ? tableOf(label, () => singleBytes(label)) : NONE
}

function escapeOf(set: string): readonly number[] {
  const label = SINGLE_BYTE[set]
  const found = ESCAPES.find(({ element }) => element.kind === 'single' && element.label === label)
  return found ? escapeBytes(found.sequence) : []
}

function escapeBytes(sequence: string): number[] {
  return [ESC, ...Array.from(sequence, letter => letter.charCodeAt(0))]
}

const tables = new Map<string, Letters>()

function tableOf(name: string, make: () => Letters): Letters {
  const table = tables.get(name) ?? make()
  tables.set(name, table)
  return table
}

/** From A0 on: those below are control characters to the standard, whatever Windows makes of them. */
function singleBytes(label: string): Letters {
  const bytes = Array.from({ length: 0x60 }, (_, i) => [0xa0 + i])
  return decoded(label, bytes, each => each)
}

/** `prefix` as the encoding wants it; the set's own letters have none. */
function doubleBytes(label: string, from: number, fromSecond: number, prefix?: number): Letters {
  const pairs: number[][] = []
  for (let high = from; high <= 0xfe; high++) {
    for (let low = fromSecond; low <= 0xfe; low++) if (low !== 0x7f) pairs.push([high, low])
  }
  return decoded(label, pairs, pair => (prefix === undefined ? pair : [prefix, ...pair]))
}

function decoded(label: string, all: number[][], asEncoded: (bytes: number[]) => number[]): Letters {
  const decoder = new TextDecoder(label)
  const letters = new Map<string, readonly number[]>()
  for (const bytes of all) {
    const letter = decoder.decode(Uint8Array.from(asEncoded(bytes)))
    if ([...letter].length === 1 && letter !== '\ufffd' && !letters.has(letter)) letters.set(letter, bytes)
  }
  return letters
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
