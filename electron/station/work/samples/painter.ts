/** What one body looks like where a plane cuts it: an axis-parallel (super)ellipse, mm. */
export interface Section {
  x: number
  y: number
  rx: number
  ry: number
  /** What fills it (HU for the torso), or a function of the place, mm. */
  value: number | ((x: number, y: number, z: number) => number)
  /** Exponent of the superellipse; 2 = ellipse, larger = boxier. */
  power?: number
}

/** A body in space: its cut at each height from `from` to `to`. */
export interface Body {
  from: number
  to: number
  cut(z: number): Section
}

/** Row-major plane of numbers with its geometry: pixel (0, 0) is centred at (x0, y0), mm. */
export interface Plane {
  columns: number
  rows: number
  x0: number
  y0: number
  dx: number
  dy: number
  pixels: Float32Array
}

/** A plane of `columns` × `rows` pixels over `width` × `height` mm, centred on (0, 0), filled with `background`. */
export function createPlane(columns: number, rows: number, width: number, height: number, background: number): Plane {
  const dx = width / columns
  const dy = height / rows
  const pixels = new Float32Array(columns * rows).fill(background)
  return { columns, rows, x0: (dx - width) / 2, y0: (dy - height) / 2, dx, dy, pixels }
}

/** An ellipsoid as a body. */
export function ellipsoid(
  [x, y, z]: readonly [number, number, number],
  [rx, ry, rz]: readonly [number, number, number],
  value: Section['value'],
  power = 2,
): Body {
  return between(z - rz, z + rz, height => {
    const t = Math.abs(height - z) / rz
    const scale = (1 - t ** power) ** (1 / power)
    return { x, y, rx: rx * scale, ry: ry * scale, value, power }
  })
}

/** A body whose cut at each height between the two is `cut`. */
export function between(from: number, to: number, cut: (z: number) => Section): Body {
  return { from, to, cut }
}

/** A straight or curved tube: balls of radius `r` along `path` (t from 0 to 1) in `steps` steps. */
export function tube(
  path: (t: number) => readonly [number, number, number],
  r: (t: number) => number,
  steps: number,
  value: Section['value'],
): Body[] {
  return Array.from({ length: steps + 1 }, (_, i) => {
    const t = i / steps
    const radius = r(t)
    return ellipsoid(path(t), [radius, radius, radius], value)
  })
}

/** How far each column is shifted; kept between calls, which come by the thousand. */
const sway = new Float64Array(4096)

/**
 * Paints the section over what is there, its edge softened over one pixel (partial volume). The outline wobbles by
 * `wobble` mm, so that nothing looks drawn with a compass.
 */
export function paint(plane: Plane, section: Section, z: number, wobble = 0): void {
  const { columns, rows, x0, y0, dx, dy, pixels } = plane
  const { x: cx, y: cy, rx, ry, value } = section
  if (rx <= 0 || ry <= 0) return
  const power = section.power ?? 2
  const margin = wobble + Math.max(dx, dy)
  const left = Math.max(0, Math.floor((cx - rx - margin - x0) / dx))
  const right = Math.min(columns - 1, Math.ceil((cx + rx + margin - x0) / dx))
  const top = Math.max(0, Math.floor((cy - ry - margin - y0) / dy))
  const bottom = Math.min(rows - 1, Math.ceil((cy + ry + margin - y0) / dy))
  const sharpness = Math.min(rx, ry) / Math.max(dx, dy)
  for (let column = left; column <= right; column++) {
    sway[column] = wobble === 0 ? 0 : wobble * Math.sin((x0 + column * dx) / 13 - z / 19 + cy)
  }
  // The ellipse lies inside the superellipse: where it says "deep inside", the costly power need not be taken.
  const inner = sharpness > 0.5 ? (1 - 0.5 / sharpness) ** 2 : 0
  for (let row = top; row <= bottom; row++) {
    const y = y0 + row * dy
    const shift = wobble === 0 ? 0 : wobble * Math.sin(y / 11 + z / 17 + cx)
    for (let column = left; column <= right; column++) {
      const x = x0 + column * dx
      const u = Math.abs((x - cx + shift) / rx)
      const v = Math.abs((y - cy + sway[column]!) / ry)
      const square = u * u + v * v
      let coverage = 1
      if (square > inner) {
        const radius = power === 2 ? Math.sqrt(square) : (u ** power + v ** power) ** (1 / power)
        coverage = Math.min(1, (1 - radius) * sharpness + 0.5)
        if (coverage <= 0) continue
      }
      const index = row * columns + column
      const fill = typeof value === 'number' ? value : value(x, y, z)
      pixels[index] = coverage === 1 ? fill : pixels[index]! * (1 - coverage) + fill * coverage
    }
  }
}
