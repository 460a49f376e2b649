/**
 * ICC profiles of colour images (ICC.1:2022) to sRGB, media-relative colorimetric: what profiles of cameras, slide scanners and
 * monitors are made of, matrix and tone curves or tables (lut8Type, lut16Type, lutAToBType). No black point is moved.
 */

/** Interleaved RGB of 8 bits → the same colours in sRGB, a new array. */
export type ColourTransform = (rgb: Uint8Array) => Uint8Array<ArrayBuffer>

/** One colour of the device, each part 0 to 1, to XYZ under D50 (Y of white 1); writes to and returns `out`. */
type ToXYZ = (colour: Triple, out: Triple) => Triple
type Triple = [number, number, number]
type Curve = (value: number) => number

const D50: Triple = [0.9642, 1, 0.8249]
/** XYZ under D50 to linear sRGB: IEC 61966-2-1's primaries, adapted by Bradford (ICC.1 Annex E). */
const TO_SRGB = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
] as const

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

/** What a profile does to colours. */
export class ColourProfile {
  readonly #toXYZ: ToXYZ
  /** Of matrix profiles: the tone curves and what they lead to, so that images take the direct way. */
  readonly #shaper: { curves: readonly Curve[]; matrix: readonly Triple[] } | undefined

  constructor(toXYZ: ToXYZ, shaper?: { curves: readonly Curve[]; matrix: readonly Triple[] }) {
    this.#toXYZ = toXYZ
    this.#shaper = shaper
  }

  /** One colour in sRGB; 0 to 1 is what the display has. */
  #colour(rgb: Triple): Triple {
    const xyz = this.#toXYZ(rgb, [0, 0, 0])
    return TO_SRGB.map(row => encode(row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2])) as Triple
  }

  /** Nothing is to be done: within one level of 8 bits the device is sRGB. Some hundred colours, without any table. */
  get isSRGB(): boolean {
    const steps = [0, 0.1, 0.25, 0.5, 0.75, 1]
    return steps.every(r =>
      steps.every(g => steps.every(b => this.#colour([r, g, b]).every((v, i) => near(v, [r, g, b][i]!)))),
    )
  }

  transform(): ColourTransform {
    return this.#shaper ? shaperTransform(this.#shaper) : gridTransform(rgb => this.#colour(rgb))
  }
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1.01 / 255
}

/**
 * PS3.3 C.11.15.1.2: the well-known colour spaces that Color Space names, as profiles; undefined for sRGB and unknown ones.
 */
export function namedProfile(ColorSpace: string): ColourProfile | undefined {
  const gamma = (power: number) => {
    const curve = (value: number) => value ** power
    return [curve, curve, curve] as const
  }
  switch (ColorSpace) {
    // Adobe RGB (1998) under D50: columns are the primaries.
    case 'ADOBERGB':
      return shaperProfile(gamma(563 / 256), [
        [0.6097559, 0.2052401, 0.149224],
        [0.3111242, 0.625656, 0.0632197],
        [0.0194811, 0.0608902, 0.7448387],
      ])
    // ROMM RGB, ISO 22028-2: linear up to 1/32 of 1/16.
    case 'ROMMRGB': {
      const romm = (value: number) => (value < 0.03125 ? value / 16 : value ** 1.8)
      return shaperProfile(
        [romm, romm, romm],
        [
          [0.7976749, 0.1351917, 0.0313534],
          [0.2880402, 0.7118741, 0.0000857],
          [0, 0, 0.82521],
        ],
      )
    }
  }
  return undefined
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

function shaperProfile(curves: readonly Curve[], matrix: readonly Triple[]): ColourProfile {
  const [red, green, blue] = curves as [Curve, Curve, Curve]
  const toXYZ: ToXYZ = ([r, g, b], out) => {
    const [x, y, z] = [red(r), green(g), blue(b)]
    for (let i = 0; i < 3; i++) out[i] = matrix[i]![0] * x + matrix[i]![1] * y + matrix[i]![2] * z
    return out
  }
  return new ColourProfile(toXYZ, { curves, matrix })
}

/** Steps of linear light that are told apart: sRGB's first of 255 levels is 20 of them. */
const LINEAR_STEPS = 65_535

let encoded: Uint8Array | undefined

function shaperTransform({ curves, matrix }: { curves: readonly Curve[]; matrix: readonly Triple[] }): ColourTransform {
  encoded ??= Uint8Array.from({ length: LINEAR_STEPS + 1 }, (_, i) => Math.round(encode(i / LINEAR_STEPS) * 255))
  const toByte = encoded
  const light = curves.map(curve => Float64Array.from({ length: 256 }, (_, i) => curve(i / 255) * LINEAR_STEPS))
  const [r, g, b] = light as [Float64Array, Float64Array, Float64Array]
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = TO_SRGB.flatMap(row =>
    [0, 1, 2].map(column => row[0] * matrix[0]![column]! + row[1] * matrix[1]![column]! + row[2] * matrix[2]![column]!),
  ) as [number, number, number, number, number, number, number, number, number]
  const level = (value: number) => toByte[value <= 0 ? 0 : value >= LINEAR_STEPS ? LINEAR_STEPS : (value + 0.5) | 0]!
  return rgb => {
    const output = new Uint8Array(rgb.length)
    for (let i = 0; i + 2 < rgb.length; i += 3) {
      const x = r[rgb[i]!]!
      const y = g[rgb[i + 1]!]!
      const z = b[rgb[i + 2]!]!
      output[i] = level(m0 * x + m1 * y + m2 * z)
      output[i + 1] = level(m3 * x + m4 * y + m5 * z)
      output[i + 2] = level(m6 * x + m7 * y + m8 * z)
    }
    return output
  }
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

type Axes = readonly [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2]

/** By x ≥ y, y ≥ z, x ≥ z. */
const ORDERS: readonly Axes[] = [
  [2, 1, 0],
  [1, 0, 2],
  [1, 2, 0],
  [1, 0, 2],
  [2, 0, 1],
  [0, 2, 1],
  [0, 1, 2],
  [0, 1, 2],
]

/** The axes by how far a colour lies along them in its cell, the farthest first. */
function orderOf([x, y, z]: Triple): Axes {
  return ORDERS[(x >= y ? 4 : 0) + (y >= z ? 2 : 0) + (x >= z ? 1 : 0)]!
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

/** Every fifth level is a point: with 33 a side, scanners' own coarser grids were met three levels wrong. */
const SIDE = 52

/**
 * Any way to sRGB, reckoned once for so many colours (0.2 s). What the display does not have is kept in the grid and cut off at the end:
 * cut off before, a step over the gamut's edge was five levels wrong.
 */
function gridTransform(toSRGB: (rgb: Triple) => Triple): ColourTransform {
  const table = new Float32Array(SIDE ** 3 * 3)
  let next = 0
  for (let r = 0; r < SIDE; r++) {
    for (let g = 0; g < SIDE; g++) {
      for (let b = 0; b < SIDE; b++) {
        for (const value of toSRGB([r / (SIDE - 1), g / (SIDE - 1), b / (SIDE - 1)])) table[next++] = value * 255
      }
    }
  }
  const steps: Triple = [SIDE * SIDE * 3, SIDE * 3, 3]
  const cell = Uint8Array.from({ length: 256 }, (_, i) => Math.min(SIDE - 2, Math.floor((i / 255) * (SIDE - 1))))
  const inCell = Float64Array.from(cell, (first, i) => (i / 255) * (SIDE - 1) - first)
  return rgb => {
    const output = new Uint8ClampedArray(rgb.length)
    const part: Triple = [0, 0, 0]
    for (let i = 0; i + 2 < rgb.length; i += 3) {
      const red = rgb[i]!
      const green = rgb[i + 1]!
      const blue = rgb[i + 2]!
      part[0] = inCell[red]!
      part[1] = inCell[green]!
      part[2] = inCell[blue]!
      const order = orderOf(part)
      const p = part[order[0]]
      const q = part[order[1]]
      const r = part[order[2]]
      const first = cell[red]! * steps[0] + cell[green]! * steps[1] + cell[blue]! * steps[2]
      const second = first + steps[order[0]]
      const third = second + steps[order[1]]
      const last = third + steps[order[2]]
      for (let k = 0; k < 3; k++) {
        output[i + k] =
          table[first + k]! * (1 - p) +
          table[second + k]! * (p - q) +
          table[third + k]! * (q - r) +
          table[last + k]! * r
      }
    }
    return new Uint8Array(output.buffer)
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

/** IEC 61966-2-1: linear light to sRGB, going on beyond black and white. */
function encode(light: number): number {
  return light > 0.0031308 ? 1.055 * light ** (1 / 2.4) - 0.055 : light * 12.92
}

function clip(value: number): number {
  // NaN too: a power of something negative.
  return value > 0 ? Math.min(value, 1) : 0
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
