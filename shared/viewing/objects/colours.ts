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

/** The inverse of `labToRGB`, as a Recommended Display CIELab Value is written. */
export function rgbToLab(rgb: RGB): [number, number, number] {
  const [r, g, b] = rgb.map(level => decode(level / 255)) as [number, number, number]
  const f = (t: number) => (t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29)
  const fx = f((0.4360747 * r + 0.3850649 * g + 0.1430804 * b) / WHITE[0])
  const fy = f((0.2225045 * r + 0.7168786 * g + 0.0606169 * b) / WHITE[1])
  const fz = f((0.0139322 * r + 0.0971045 * g + 0.7141733 * b) / WHITE[2])
  const cut = (value: number) => Math.max(0, Math.min(65_535, Math.round(value)))
  return [
    cut(((116 * fy - 16) / 100) * 65_535),
    cut(((500 * (fx - fy) + 128) / 255) * 65_535),
    cut(((200 * (fy - fz) + 128) / 255) * 65_535),
  ]
}

function decode(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}
