/** IEC 61966-2-1 seen from D50 (ICC.1:2022 annex E), and its tone curve as the parameters of a `para` of type 3. */
const PRIMARIES = {
  rXYZ: [0.436066, 0.222488, 0.013916],
  gXYZ: [0.385147, 0.716873, 0.097076],
  bXYZ: [0.143066, 0.060608, 0.714096],
}
const D50 = [0.964203, 1, 0.824905]
const CURVE = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]

/**
 * sRGB as an ICC input profile of version 4 (ICC.1:2022 7.2, 8.3.3), 500 bytes: what the colours of a colour presentation state are in
 * (PS3.3 C.11.15, type 1). Made, not copied: no profile of another's is shipped.
 */
export function srgbProfile(): Uint8Array<ArrayBuffer> {
  const tags: Array<[string, Uint8Array]> = [
    ['desc', words('Isocenter sRGB')],
    ['cprt', words('No copyright, use freely')],
    ['wtpt', xyz(D50)],
    ...Object.entries(PRIMARIES).map(([name, values]): [string, Uint8Array] => [name, xyz(values)]),
    ...['rTRC', 'gTRC', 'bTRC'].map((name): [string, Uint8Array] => [name, curve()]),
  ]
  const start = 132 + tags.length * 12
  const size = start + tags.reduce((sum, [, { length }]) => sum + length, 0)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, size)
  view.setUint32(8, 0x04400000)
  letters(bytes, 12, 'scnrRGB XYZ ')
  // 7.2.8: a moment is asked for; the profile's is that of its standard's edition.
  for (const [at, value] of [2022, 1, 1, 0, 0, 0].entries()) view.setUint16(24 + at * 2, value)
  letters(bytes, 36, 'acsp')
  for (const [at, value] of D50.entries()) view.setInt32(68 + at * 4, Math.round(value * 65_536))
  view.setUint32(128, tags.length)
  let offset = start
  for (const [at, [name, value]] of tags.entries()) {
    letters(bytes, 132 + at * 12, name)
    view.setUint32(136 + at * 12, offset)
    view.setUint32(140 + at * 12, value.length)
    bytes.set(value, offset)
    offset += value.length
  }
  return bytes
}

function letters(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i)
}

function fixed(type: string, head: number, values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(head + values.length * 4)
  letters(bytes, 0, type)
  const view = new DataView(bytes.buffer)
  for (const [at, value] of values.entries()) view.setInt32(head + at * 4, Math.round(value * 65_536))
  return bytes
}

function xyz(values: readonly number[]): Uint8Array {
  return fixed('XYZ ', 8, values)
}

function curve(): Uint8Array {
  const bytes = fixed('para', 12, CURVE)
  new DataView(bytes.buffer).setUint16(8, 3)
  return bytes
}

/** multiLocalizedUnicodeType (10.15) of one language, padded to four bytes (7.3.1). */
function words(text: string): Uint8Array {
  const bytes = new Uint8Array((28 + text.length * 2 + 3) & ~3)
  letters(bytes, 0, 'mluc')
  const view = new DataView(bytes.buffer)
  view.setUint32(8, 1)
  view.setUint32(12, 12)
  letters(bytes, 16, 'enUS')
  view.setUint32(20, text.length * 2)
  view.setUint32(24, 28)
  for (let at = 0; at < text.length; at++) view.setUint16(28 + at * 2, text.charCodeAt(at))
  return bytes
}
