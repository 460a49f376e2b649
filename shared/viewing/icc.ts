import { ColourProfile, type Curve, clip, orderOf, shaperProfile, type Triple } from './colourProfile.ts'

/**
 * ICC profiles of colour images (ICC.1:2022): what cameras, slide scanners and monitors have, matrix and tone curves or tables
 * (lut8Type, lut16Type, lutAToBType). Bounded by the profile's own length.
 */

const D50: Triple = [0.9642, 1, 0.8249]

const MAX_TAGS = 128
/** No profile needs more; lut16Type ends there too (10.10). */
const MAX_CURVE_ENTRIES = 4096 * 16
const LARGEST_GRID = 255

/** The tag's bytes, or undefined where it is missing or lies outside of the profile. */
type Tags = (signature: string) => DataView | undefined

/** What can be made of these bytes: undefined where they are no RGB profile of a kind known here, or a damaged one. */
export function readProfile(bytes: Uint8Array): ColourProfile | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // 7.2: data colour space at 16, PCS at 20, 'acsp' at 36; 7.3: the tag table from 128.
  if (bytes.length < 132 || text(view, 36) !== 'acsp' || text(view, 16) !== 'RGB ') return undefined
  const tags: Tags = signature => {
    const count = Math.min(view.getUint32(128), MAX_TAGS)
    for (let at = 132; at + 12 <= Math.min(bytes.length, 132 + 12 * count); at += 12) {
      if (text(view, at) !== signature) continue
      const [offset, size] = [view.getUint32(at + 4), view.getUint32(at + 8)]
      return offset + size <= bytes.length && size >= 8 ? part(view, offset, size) : undefined
    }
  }
  const isLab = text(view, 20) === 'Lab '
  // 9.2: tables go before matrix and curves; A2B1 is the colorimetric one, scanners have A2B0 alone.
  const table = tags('A2B1') ?? tags('A2B0')
  try {
    if (table !== undefined) return tableProfile(table, isLab)
    return isLab ? undefined : matrixProfile(tags)
  } catch (thrown) {
    // A length or offset that leads out of its tag.
    if (thrown instanceof RangeError) return undefined
    throw thrown
  }
}

// ── matrix and tone curves (Annex F.3) ──

function matrixProfile(tags: Tags): ColourProfile | undefined {
  const columns = ['rXYZ', 'gXYZ', 'bXYZ'].map(tags)
  const tones = ['rTRC', 'gTRC', 'bTRC'].map(tags)
  const curves = tones.flatMap(tone => (tone ? [readCurve(tone, 0).curve] : []))
  // 10.31: three s15Fixed16 from byte 8.
  const matrix = [0, 1, 2].map(i => columns.map(column => column && fixed(column, 8 + 4 * i))) as Array<
    Array<number | undefined>
  >
  if (curves.length < 3 || matrix.flat().includes(undefined)) return undefined
  return shaperProfile(curves, matrix as Triple[])
}

// ── tables ──

/** Colours between the points of a grid, three parts each. */
interface Grid {
  sizes: Triple
  /** `index` counts points, the last axis fastest. */
  at: (index: number, part: number) => number
}

function tableProfile(tag: DataView, isLab: boolean): ColourProfile | undefined {
  const type = text(tag, 0)
  const stages = type === 'mAB ' ? newTable(tag) : type === 'mft1' || type === 'mft2' ? oldTable(tag) : undefined
  if (stages === undefined) return undefined
  // 6.3.4.2 and 10.10: lut16Type keeps the older encoding of Lab, FF00h for 100.
  const scale = isLab && type === 'mft2' ? 65_535 / 65_280 : 1
  return new ColourProfile(([r, g, b], out) => {
    out[0] = r
    out[1] = g
    out[2] = b
    for (const stage of stages) stage(out)
    // 6.3.4.2: 1.0 + 32767/32768 is the largest X, Y or Z.
    if (!isLab) for (let i = 0; i < 3; i++) out[i] = out[i]! * (1 + 32_767 / 32_768)
    else labToXYZ(out, scale)
    return out
  })
}

function labToXYZ(out: Triple, scale: number): void {
  const fy = (out[0] * scale * 100 + 16) / 116
  const fx = fy + (out[1] * scale * 255 - 128) / 500
  const fz = fy - (out[2] * scale * 255 - 128) / 200
  const back = (f: number) => (f > 6 / 29 ? f ** 3 : (f - 4 / 29) * 3 * (6 / 29) ** 2)
  out[0] = D50[0] * back(fx)
  out[1] = D50[1] * back(fy)
  out[2] = D50[2] * back(fz)
}

type Stage = (colour: Triple) => void

function through(curves: readonly Curve[]): Stage {
  return colour => {
    for (let i = 0; i < 3; i++) colour[i] = curves[i]!(clip(colour[i]!))
  }
}

/** lut8Type and lut16Type (10.11, 10.10): curves, grid, curves; their matrix is for XYZ inputs alone. */
function oldTable(tag: DataView): Stage[] | undefined {
  const bytes = text(tag, 0) === 'mft1' ? 1 : 2
  const [inputs, outputs, side] = [tag.getUint8(8), tag.getUint8(9), tag.getUint8(10)]
  const [entries, exits] = bytes === 1 ? [256, 256] : [tag.getUint16(48), tag.getUint16(50)]
  if (inputs !== 3 || outputs !== 3 || side < 2 || entries < 2 || exits < 2) return undefined
  let at = bytes === 1 ? 48 : 52
  const curvesOf = (count: number) =>
    [0, 1, 2].map(() => {
      const table = samples(tag, at, count, bytes)
      at += count * bytes
      return sampledCurve(table)
    })
  const before = curvesOf(entries)
  const grid = gridOf(tag, at, [side, side, side], bytes)
  at += side ** 3 * 3 * bytes
  return [through(before), colour => interpolate(grid, colour), through(curvesOf(exits))]
}

/** lutAToBType (10.12): A curves, grid, M curves, matrix, B curves; all but the last may be missing. */
function newTable(tag: DataView): Stage[] | undefined {
  if (tag.getUint8(8) !== 3 || tag.getUint8(9) !== 3) return undefined
  const [b, matrix, m, clut, a] = [12, 16, 20, 24, 28].map(at => tag.getUint32(at)) as [
    number,
    number,
    number,
    number,
    number,
  ]
  const stages: Stage[] = []
  if (a !== 0) stages.push(through(readCurves(tag, a)))
  if (clut !== 0) {
    const sizes: Triple = [tag.getUint8(clut), tag.getUint8(clut + 1), tag.getUint8(clut + 2)]
    const bytes = tag.getUint8(clut + 16)
    if (sizes.some(size => size < 2 || size > LARGEST_GRID) || (bytes !== 1 && bytes !== 2)) return undefined
    const grid = gridOf(tag, clut + 20, sizes, bytes)
    stages.push(colour => interpolate(grid, colour))
  }
  if (m !== 0) stages.push(through(readCurves(tag, m)))
  if (matrix !== 0) {
    const e = Array.from({ length: 12 }, (_, i) => fixed(tag, matrix + 4 * i))
    stages.push(colour => {
      const [x, y, z] = colour
      for (let i = 0; i < 3; i++) colour[i] = e[3 * i]! * x + e[3 * i + 1]! * y + e[3 * i + 2]! * z + e[9 + i]!
    })
  }
  if (b !== 0) stages.push(through(readCurves(tag, b)))
  return stages
}

function gridOf(tag: DataView, at: number, sizes: Triple, bytes: 1 | 2): Grid {
  const table = samples(tag, at, sizes[0] * sizes[1] * sizes[2] * 3, bytes)
  return { sizes, at: (index, component) => table(3 * index + component) }
}

/** Unsigned samples as 0 to 1; a table that does not lie in its tag is a RangeError here, once. */
function samples(
  view: DataView,
  at: number,
  count: number,
  bytes: number,
): ((index: number) => number) & { count: number } {
  const within = part(view, at, count * bytes)
  const read = bytes === 1 ? (i: number) => within.getUint8(i) / 255 : (i: number) => within.getUint16(2 * i) / 65_535
  return Object.assign(read, { count })
}

/** Tetrahedral: neutral colours stay neutral. Writes to `colour`. */
function interpolate({ sizes, at }: Grid, colour: Triple): void {
  const [px, py, pz] = [
    clip(colour[0]) * (sizes[0] - 1),
    clip(colour[1]) * (sizes[1] - 1),
    clip(colour[2]) * (sizes[2] - 1),
  ]
  const cx = Math.min(sizes[0] - 2, Math.floor(px))
  const cy = Math.min(sizes[1] - 2, Math.floor(py))
  const cz = Math.min(sizes[2] - 2, Math.floor(pz))
  const inCell: Triple = [px - cx, py - cy, pz - cz]
  const step: Triple = [sizes[1] * sizes[2], sizes[2], 1]
  const [far, middle, near] = orderOf(inCell)
  const first = cx * step[0] + cy * step[1] + cz
  const second = first + step[far]
  const third = second + step[middle]
  const last = third + step[near]
  const [p, q, r] = [inCell[far], inCell[middle], inCell[near]]
  for (let i = 0; i < 3; i++) {
    colour[i] = at(first, i) * (1 - p) + at(second, i) * (p - q) + at(third, i) * (q - r) + at(last, i) * r
  }
}

// ── curves (10.6, 10.18) ──

/** Three curves one after the other, each padded to four bytes (10.12.2). */
function readCurves(tag: DataView, from: number): Curve[] {
  let at = from
  return [0, 1, 2].map(() => {
    const { curve, length } = readCurve(tag, at)
    at += (length + 3) & ~3
    return curve
  })
}

const PARAMETERS = [1, 3, 4, 5, 7]

function readCurve(view: DataView, at: number): { curve: Curve; length: number } {
  const type = text(view, at)
  if (type === 'curv') {
    const count = view.getUint32(at + 8)
    const length = 12 + 2 * count
    if (count === 0) return { curve: value => value, length }
    if (count > MAX_CURVE_ENTRIES) throw new RangeError('a curve without an end')
    // One entry is a power, u8Fixed8.
    if (count === 1) return { curve: power(view.getUint16(at + 12) / 256), length }
    return { curve: sampledCurve(samples(view, at + 12, count, 2)), length }
  }
  const kind = type === 'para' ? view.getUint16(at + 8) : -1
  const count = PARAMETERS[kind]
  if (count === undefined) throw new RangeError('no curve')
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from({ length: count }, (_, i) =>
    fixed(view, at + 12 + 4 * i),
  )
  const curves: Curve[] = [
    x => x ** g,
    x => (x >= -b / a ? (a * x + b) ** g : 0),
    x => (x >= -b / a ? (a * x + b) ** g + c : c),
    x => (x >= d ? (a * x + b) ** g : c * x),
    x => (x >= d ? (a * x + b) ** g + e : c * x + f),
  ]
  return { curve: curves[kind]!, length: 12 + 4 * count }
}

function power(exponent: number): Curve {
  return value => value ** exponent
}

function sampledCurve(table: ((index: number) => number) & { count: number }): Curve {
  const last = table.count - 1
  return value => {
    const place = clip(value) * last
    const low = Math.min(last - 1, Math.floor(place))
    return table(low) + (table(low + 1) - table(low)) * (place - low)
  }
}

function fixed(view: DataView, at: number): number {
  return view.getInt32(at) / 65_536
}

function text(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3))
}

function part(view: DataView, at: number, length: number): DataView {
  if (at + length > view.byteLength) throw new RangeError('outside of the profile')
  return new DataView(view.buffer, view.byteOffset + at, length)
}
