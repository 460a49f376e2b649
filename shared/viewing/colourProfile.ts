/** Interleaved RGB of 8 bits → the same colours in sRGB, a new array. */
export type ColourTransform = (rgb: Uint8Array) => Uint8Array<ArrayBuffer>

/** One colour of the device, each part 0 to 1, to XYZ under D50 (Y of white 1); writes to and returns `out`. */
export type ToXYZ = (colour: Triple, out: Triple) => Triple
export type Triple = [number, number, number]
export type Curve = (value: number) => number

/** XYZ under D50 to linear sRGB: IEC 61966-2-1's primaries, adapted by Bradford (ICC.1 Annex E). */
const TO_SRGB = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
] as const

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

export function shaperProfile(curves: readonly Curve[], matrix: readonly Triple[]): ColourProfile {
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
export function orderOf([x, y, z]: Triple): Axes {
  return ORDERS[(x >= y ? 4 : 0) + (y >= z ? 2 : 0) + (x >= z ? 1 : 0)]!
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

/** IEC 61966-2-1: linear light to sRGB, going on beyond black and white. */
function encode(light: number): number {
  return light > 0.0031308 ? 1.055 * light ** (1 / 2.4) - 0.055 : light * 12.92
}

export function clip(value: number): number {
  // NaN too: a power of something negative.
  return value > 0 ? Math.min(value, 1) : 0
}
