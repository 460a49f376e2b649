import { cross, dot, type Point3 } from '../geometry.ts'
import { type Blocks, blocksOf, stepsInBlock } from './blocks.ts'
import { patientToVoxel, type Volume, type VolumeGrid, voxelToPatient } from './grid.ts'

/** How a volume is looked at: in parallel, so that lengths do not shrink with depth. Unit vectors in the patient. */
export interface Camera {
  /** The patient point in the middle of the picture. */
  centre: Point3
  right: Point3
  down: Point3
  mmPerPixel: number
}

/** Voxels between these are looked at, edges included, in voxels of the whole volume. */
export interface CropBox {
  from: readonly [number, number, number]
  to: readonly [number, number, number]
}

/** What a value looks like: `entries` of RGBA, opacity for a millimetre, evenly from `lower` to `upper` (modality values). */
export interface Transfer {
  lower: number
  upper: number
  colours: Uint8Array
  /** 0 to 1, of one millimetre. */
  opacities: Float32Array
}

export type RayMode =
  | { kind: 'mip'; lower: number; upper: number; colours: Uint8Array }
  | { kind: 'shaded'; transfer: Transfer }

/** Rows `first` to `end` of a picture of `width` × `height`. */
export interface RayJob {
  camera: Camera
  crop: CropBox
  mode: RayMode
  width: number
  height: number
  first: number
  end: number
  /** mm from sample to sample. */
  step: number
}

/** The smallest step of the grid, mm: finer samples see nothing more. */
export function finestStep({ steps }: VolumeGrid): number {
  return Math.min(...steps.map(step => Math.hypot(...step)))
}

export function wholeBox({ size }: VolumeGrid): CropBox {
  return { from: [0, 0, 0], to: [size[0] - 1, size[1] - 1, size[2] - 1] }
}

/** The middle of a volume, and the radius of the sphere around it, mm. */
export function boundsOf(grid: VolumeGrid): { centre: Point3; radius: number } {
  const last = grid.size.map(count => count - 1) as [number, number, number]
  const centre = voxelToPatient(grid, [last[0] / 2, last[1] / 2, last[2] / 2])
  const corners = [0, 1, 2, 3].map(corner =>
    voxelToPatient(grid, [corner & 1 ? last[0] : 0, corner & 2 ? last[1] : 0, 0]),
  )
  const radius = Math.max(...corners.map(corner => Math.hypot(...corner.map((part, axis) => part - centre[axis]!))))
  return { centre, radius }
}

/** Turned as a hand turns a ball in front of it: by angles (radians) about the picture's vertical and horizontal. */
export function turnedCamera(camera: Camera, about: { vertical: number; horizontal: number }): Camera {
  const into = cross(camera.right, camera.down)
  const [cosine, sine] = [Math.cos(about.vertical), Math.sin(about.vertical)]
  const right = unit(sum(camera.right, cosine, into, sine))
  const inward = unit(cross(right, camera.down))
  const [c, s] = [Math.cos(about.horizontal), Math.sin(about.horizontal)]
  const down = unit(sum(camera.down, c, inward, s))
  // Rounding must not shear the picture after a thousand turns.
  return { ...camera, right: unit(sum(right, 1, down, -dot(right, down))), down }
}

function sum(a: Point3, by: number, b: Point3, times: number): Point3 {
  return [a[0] * by + b[0] * times, a[1] * by + b[1] * times, a[2] * by + b[2] * times]
}

function unit(a: Point3): Point3 {
  const length = Math.hypot(...a)
  return [a[0] / length, a[1] / length, a[2] / length]
}

/** The rays of a picture, in voxels: through its middle, from a pixel to the next across and down, and from sample to sample. */
export function raysOf(grid: VolumeGrid, { camera, step }: Pick<RayJob, 'camera' | 'step'>) {
  const toVoxel = patientToVoxel(grid)
  const into = cross(camera.right, camera.down)
  const origin = toVoxel(camera.centre)
  /** A direction of the patient, mm, in voxels. */
  const along = (direction: Point3, mm: number): [number, number, number] => {
    const there = toVoxel(sum(camera.centre, 1, direction, mm))
    return [there[0] - origin[0], there[1] - origin[1], there[2] - origin[2]]
  }
  const right = along(camera.right, camera.mmPerPixel)
  const down = along(camera.down, camera.mmPerPixel)
  return { origin, right, down, ray: along(into, step) }
}

/** RGBA of the rows of a job; where no ray meets the volume, what nothing looks like. */
export function castRays(volume: Volume, job: RayJob): Uint8ClampedArray<ArrayBuffer> {
  const { camera, crop, mode, width, height, first, end, step } = job
  const { grid, values, slope, intercept } = volume
  const { origin, right, down, ray } = raysOf(grid, job)
  const rgba = new Uint8ClampedArray(4 * width * (end - first))
  const sample = sampler(values, grid.size)
  // Of an inverted MIP, what is beside the volume is as white as what is nothing in it.
  const nothing = mode.kind === 'mip' ? mode.colours.subarray(0, 3) : []
  const blocks = blocksOf(volume)
  const shade = mode.kind === 'shaded' ? shader(mode.transfer, sample, blocks, volume, camera, step) : undefined
  // Where stored values fall as modality values rise, the least stored one is the most intense.
  const sign = slope < 0 ? -1 : 1
  const best = slope < 0 ? blocks.least : blocks.most
  for (let y = first; y < end; y++) {
    for (let x = 0; x < width; x++) {
      const to = 4 * ((y - first) * width + x)
      if (mode.kind === 'mip') rgba.set(nothing, to)
      rgba[to + 3] = 255
      const px = x + 0.5 - width / 2
      const py = y + 0.5 - height / 2
      const i = origin[0] + px * right[0] + py * down[0]
      const j = origin[1] + px * right[1] + py * down[1]
      const k = origin[2] + px * right[2] + py * down[2]
      let near = Number.NEGATIVE_INFINITY
      let far = Number.POSITIVE_INFINITY
      for (let axis = 0; axis < 3; axis++) {
        const at = axis === 0 ? i : axis === 1 ? j : k
        const by = ray[axis]!
        const [low, high] = [crop.from[axis]!, crop.to[axis]!]
        if (Math.abs(by) < 1e-9) {
          if (at < low || at > high) far = Number.NEGATIVE_INFINITY
          continue
        }
        const one = (low - at) / by
        const other = (high - at) / by
        near = Math.max(near, Math.min(one, other))
        far = Math.min(far, Math.max(one, other))
      }
      if (!(near <= far)) continue
      // Samples lie on planes that all rays share: rings where neighbours started at different depths are gone.
      const from = Math.ceil(near)
      if (shade !== undefined) {
        shade(rgba, to, i, j, k, ray, from, far)
        continue
      }
      let most = Number.NEGATIVE_INFINITY
      for (let t = from; t <= far; t++) {
        const a = i + t * ray[0]
        const b = j + t * ray[1]
        const c = k + t * ray[2]
        const block = (((c | 0) >> 3) * blocks.size[1] + ((b | 0) >> 3)) * blocks.size[0] + ((a | 0) >> 3)
        if (sign * best[block]! <= most) {
          t += stepsInBlock(a, b, c, ray)
          continue
        }
        const value = sign * sample(a, b, c)
        if (value > most) most = value
      }
      // Thinner than a step.
      if (from > far) most = sign * sample(i + near * ray[0], j + near * ray[1], k + near * ray[2])
      if (mode.kind === 'mip') {
        const part = (sign * most * slope + intercept - mode.lower) / (mode.upper - mode.lower)
        const colour = 3 * Math.round(255 * Math.max(0, Math.min(1, part)))
        rgba[to] = mode.colours[colour]!
        rgba[to + 1] = mode.colours[colour + 1]!
        rgba[to + 2] = mode.colours[colour + 2]!
      }
    }
  }
  return rgba
}

type Sample = (i: number, j: number, k: number) => number

/** Stored values between voxels' centres; a place a little outside is the edge's. */
function sampler(values: Volume['values'], [ni, nj, nk]: readonly [number, number, number]): Sample {
  const slice = ni * nj
  return (i, j, k) => {
    const ci = i < 0 ? 0 : Math.min(i, ni - 1)
    const cj = j < 0 ? 0 : Math.min(j, nj - 1)
    const ck = k < 0 ? 0 : Math.min(k, nk - 1)
    const i0 = ci | 0
    const j0 = cj | 0
    const k0 = ck | 0
    const from = k0 * slice + j0 * ni + i0
    const di = i0 < ni - 1 ? 1 : 0
    const dj = j0 < nj - 1 ? ni : 0
    const next = from + (k0 < nk - 1 ? slice : 0)
    const fi = ci - i0
    const fj = cj - j0
    const fk = ck - k0
    const a = values[from]! + (values[from + di]! - values[from]!) * fi
    const b = values[from + dj]! + (values[from + dj + di]! - values[from + dj]!) * fi
    const c = values[next]! + (values[next + di]! - values[next]!) * fi
    const d = values[next + dj]! + (values[next + dj + di]! - values[next + dj]!) * fi
    const low = a + (b - a) * fj
    const high = c + (d - c) * fj
    return low + (high - low) * fk
  }
}

/** Front to back, lit from where the eye is (Levoy 1988). `opaque`: what is left of the light behind is not worth going on for. */
export const LIGHT = { ambient: 0.25, diffuse: 0.65, specular: 0.25, gloss: 24, opaque: 0.985 } as const
/** Opacity of a step that is not worth a gradient. */
export const UNSEEN = 1e-4

/** A transfer for stored values: `stored * perStored + atZero` is an entry, `perStep` its opacity for the length of a step. */
export function transferAt({ lower, upper, opacities }: Transfer, { slope, intercept }: Volume, step: number) {
  const entries = opacities.length
  const perStored = ((entries - 1) / (upper - lower)) * slope
  const atZero = ((intercept - lower) / (upper - lower)) * (entries - 1)
  const perStep = opacities.map(opacity => 1 - (1 - Math.min(opacity, 0.9999)) ** step)
  return { entries, perStored, atZero, perStep }
}

/** Opacity is corrected for the length of a step. */
function shader(transfer: Transfer, sample: Sample, blocks: Blocks, volume: Volume, camera: Camera, step: number) {
  const { colours } = transfer
  const { grid } = volume
  const { entries, perStored, atZero, perStep } = transferAt(transfer, volume, step)
  const visible = visibleBlocks(blocks, perStep, stored => stored * perStored + atZero)
  const toLight = cross(camera.down, camera.right)
  // What a step along each axis of the grid is of a millimetre: gradients of unlike spacings compare.
  const lengths = grid.steps.map(one => Math.hypot(...one)) as [number, number, number]
  const axes = grid.steps.map((one, axis) => one.map(part => part / lengths[axis]!)) as [number[], number[], number[]]
  return (
    rgba: Uint8ClampedArray,
    to: number,
    i: number,
    j: number,
    k: number,
    ray: readonly [number, number, number],
    from: number,
    far: number,
  ) => {
    let red = 0
    let green = 0
    let blue = 0
    let through = 1
    for (let t = from; t <= far; t++) {
      const a = i + t * ray[0]
      const b = j + t * ray[1]
      const c = k + t * ray[2]
      const block = (((c | 0) >> 3) * blocks.size[1] + ((b | 0) >> 3)) * blocks.size[0] + ((a | 0) >> 3)
      if (visible[block] === 0) {
        t += stepsInBlock(a, b, c, ray)
        continue
      }
      const place = sample(a, b, c) * perStored + atZero
      if (!(place > 0)) continue
      const entry = place >= entries - 1 ? entries - 1 : place | 0
      const opacity = perStep[entry]!
      if (opacity < UNSEEN) continue
      const gi = (sample(a + 1, b, c) - sample(a - 1, b, c)) / lengths[0]
      const gj = (sample(a, b + 1, c) - sample(a, b - 1, c)) / lengths[1]
      const gk = (sample(a, b, c + 1) - sample(a, b, c - 1)) / lengths[2]
      const nx = gi * axes[0][0]! + gj * axes[1][0]! + gk * axes[2][0]!
      const ny = gi * axes[0][1]! + gj * axes[1][1]! + gk * axes[2][1]!
      const nz = gi * axes[0][2]! + gj * axes[1][2]! + gk * axes[2][2]!
      const size = Math.sqrt(nx * nx + ny * ny + nz * nz)
      // Both sides of a surface are lit: which one the value grows to depends on what is looked at.
      const facing = size > 0 ? Math.abs(nx * toLight[0] + ny * toLight[1] + nz * toLight[2]) / size : 0.5
      const light = LIGHT.ambient + LIGHT.diffuse * facing
      const gleam = 255 * LIGHT.specular * facing ** LIGHT.gloss
      const weight = through * opacity
      red += weight * (colours[3 * entry]! * light + gleam)
      green += weight * (colours[3 * entry + 1]! * light + gleam)
      blue += weight * (colours[3 * entry + 2]! * light + gleam)
      through *= 1 - opacity
      if (through < 1 - LIGHT.opaque) break
    }
    rgba[to] = red
    rgba[to + 1] = green
    rgba[to + 2] = blue
  }
}

/** 1 where something of a block can be seen at all. */
export function visibleBlocks(
  { least, most }: Blocks,
  opacities: Float32Array,
  placeOf: (stored: number) => number,
): Uint8Array {
  const before = new Uint32Array(opacities.length + 1)
  opacities.forEach((opacity, at) => {
    before[at + 1] = before[at]! + (opacity < UNSEEN ? 0 : 1)
  })
  const entry = (place: number) => Math.max(0, Math.min(opacities.length - 1, Math.floor(place)))
  return Uint8Array.from(least, (low, block) => {
    const ends = [placeOf(low), placeOf(most[block]!)]
    const upper = Math.max(...ends)
    return upper > 0 && before[entry(upper) + 1]! > before[entry(Math.min(...ends))]! ? 1 : 0
  })
}

/** Every second voxel each way, each the mean of its eight: what is looked at while it turns. */
export function halvedVolume({ grid, values, slope, intercept }: Volume): Volume {
  const size = grid.size.map(count => Math.max(1, count >> 1)) as [number, number, number]
  const made = new Float32Array(size[0] * size[1] * size[2])
  const by = grid.size.map(count => (count > 1 ? 2 : 1)) as [number, number, number]
  const [ni, nj] = grid.size
  const share = 1 / (by[0] * by[1] * by[2])
  let to = 0
  for (let k = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      for (let i = 0; i < size[0]; i++) {
        let total = 0
        for (let c = 0; c < by[2]; c++) {
          for (let b = 0; b < by[1]; b++) {
            const from = ((k * by[2] + c) * nj + j * by[1] + b) * ni + i * by[0]
            for (let a = 0; a < by[0]; a++) total += values[from + a]!
          }
        }
        made[to++] = total * share
      }
    }
  }
  const steps = grid.steps.map((step, axis) => step.map(part => part * by[axis]!)) as unknown as VolumeGrid['steps']
  const origin = voxelToPatient(grid, [(by[0] - 1) / 2, (by[1] - 1) / 2, (by[2] - 1) / 2])
  return { grid: { ...grid, size, origin, steps }, values: made, slope, intercept }
}
