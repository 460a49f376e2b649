/** A glyph as fontkit draws it: font units, y up; the curves of TrueType are quadratic. */
interface Drawn {
  path: { commands: ReadonlyArray<{ command: string; args: readonly number[] }> }
  advanceWidth: number
  /** What it is read as. */
  codePoints: number[]
  _getMetrics(): { leftBearing: number }
}

/** What fontkit gathers a font's used glyphs in. */
interface Subset {
  font: { getGlyph(id: number, codePoints?: number[]): Drawn | null }
  glyf: Uint8Array[]
  loca: { offsets: number[] }
  hmtx: { metrics: Array<{ advance: number; bearing: number }> }
  offset: number
  _addGlyph(id: number): number
}

const ON_CURVE = 1

/** A simple glyph of the `glyf` table (OpenType 1.9), every delta in 16 bits. */
function glyphBytes({ commands }: Drawn['path']): Uint8Array {
  if (commands.length === 0) return new Uint8Array(0)
  const points: Array<{ x: number; y: number; flag: number }> = []
  const ends: number[] = []
  for (const { command, args } of commands) {
    for (let at = 0; at < args.length; at += 2) {
      const isControl = command === 'quadraticCurveTo' && at === 0
      points.push({ x: Math.round(args[at]!), y: Math.round(args[at + 1]!), flag: isControl ? 0 : ON_CURVE })
    }
    if (command === 'closePath') ends.push(points.length - 1)
  }
  if (ends.at(-1) !== points.length - 1) ends.push(points.length - 1)
  const length = 10 + 2 * ends.length + 2 + 5 * points.length
  const bytes = new Uint8Array(length + ((4 - (length % 4)) % 4))
  const view = new DataView(bytes.buffer)
  let at = 0
  const write = (value: number) => {
    view.setInt16(at, value)
    at += 2
  }
  const xs = points.map(({ x }) => x)
  const ys = points.map(({ y }) => y)
  for (const value of [ends.length, Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), ...ends, 0]) {
    write(value)
  }
  for (const { flag } of points) bytes[at++] = flag
  for (const values of [xs, ys]) {
    let last = 0
    for (const value of values) {
      write(value - last)
      last = value
    }
  }
  return bytes
}

/**
 * fontkit 2 embeds no compound glyph (an accented letter) of a WOFF2 file: it reads the transformed table as if it were the plain
 * one. So each glyph goes into the subset as its outline. `subset` is that of pdfkit's embedded font.
 */
export function embedOutlines(subset: unknown): void {
  // pdfkit types none of what a document embeds.
  const own = subset as Subset
  // A letter that was first met as a part of another one (the u of ü) would have no character: it could be seen, but not found.
  const { font } = own
  const getGlyph = font.getGlyph.bind(font)
  font.getGlyph = (id, codePoints = []) => {
    const glyph = getGlyph(id, codePoints)
    if (glyph !== null && glyph.codePoints.length === 0) glyph.codePoints = codePoints
    return glyph
  }
  own._addGlyph = id => {
    const glyph = own.font.getGlyph(id)
    if (glyph === null) throw new Error(`The font has no glyph ${id}.`)
    const bytes = glyphBytes(glyph.path)
    own.glyf.push(bytes)
    own.loca.offsets.push(own.offset)
    own.hmtx.metrics.push({ advance: glyph.advanceWidth, bearing: glyph._getMetrics().leftBearing })
    own.offset += bytes.length
    return own.glyf.length - 1
  }
}
