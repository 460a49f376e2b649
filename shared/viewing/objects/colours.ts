/** sRGB, 0 to 255. */
export type RGB = readonly [number, number, number]

/** For what names no colour of its own; told apart also by who sees red and green alike, with the name beside it. */
const SPARE: readonly RGB[] = [
  [86, 180, 233],
  [230, 159, 0],
  [0, 200, 150],
  [240, 130, 190],
  [160, 210, 80],
  [213, 110, 60],
  [150, 150, 255],
  [240, 228, 66],
]

export function spareColour(index: number): RGB {
  return SPARE[index % SPARE.length]!
}

export function cssColour([r, g, b]: RGB): string {
  return `rgb(${r} ${g} ${b})`
}

/** D50, the white of PCS values (PS3.3 C.10.7.1.1). */
const WHITE = [0.9642, 1, 0.8249] as const

/** Recommended Display CIELab Value: L* from 0 to 65535 for 0 to 100, a* and b* for −128 to 127. */
export function labToRGB([l, a, b]: readonly [number, number, number]): RGB {
  const fy = ((l / 65_535) * 100 + 16) / 116
  const fx = fy + ((a / 65_535) * 255 - 128) / 500
  const fz = fy - ((b / 65_535) * 255 - 128) / 200
  const linear = (f: number) => (f > 6 / 29 ? f ** 3 : 3 * (6 / 29) ** 2 * (f - 4 / 29))
  const [x, y, z] = [WHITE[0] * linear(fx), WHITE[1] * linear(fy), WHITE[2] * linear(fz)]
  // XYZ under D50 to linear sRGB, Bradford-adapted.
  return [
    encode(3.1338561 * x - 1.6168667 * y - 0.4906146 * z),
    encode(-0.9787684 * x + 1.9161415 * y + 0.033454 * z),
    encode(0.0719453 * x - 0.2289914 * y + 1.4052427 * z),
  ]
}

function encode(value: number): number {
  const light = Math.max(0, Math.min(1, value))
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055))
}
