import { smoothNoise } from './noise.ts'

/** T1-weighted signal of the tissues, 0 to 1000, before coil shading and grain. */
export const T1 = {
  air: 0,
  bone: 40,
  fluid: 90,
  grey: 430,
  white: 640,
  deepGrey: 480,
  muscle: 300,
  fat: 900,
  marrow: 620,
} as const

/** Places deep inside one tissue, mm from the centre of the brain (x left, y back, z up). */
export const HEAD_LANDMARKS: ReadonlyArray<{ tissue: keyof typeof T1; at: readonly [number, number, number] }> = [
  { tissue: 'air', at: [0, -115, 80] },
  { tissue: 'fluid', at: [-9, -12, 18] },
  { tissue: 'white', at: [28, 20, 26] },
  { tissue: 'deepGrey', at: [-12, 10, 4] },
]

const fold = smoothNoise(21)
const fine = smoothNoise(22)

/** Squared normalised radius in an ellipsoid; below 1 is inside. */
function inside(x: number, y: number, z: number, rx: number, ry: number, rz: number): number {
  return (x / rx) ** 2 + (y / ry) ** 2 + (z / rz) ** 2
}

/** Signed distance to an ellipsoid's surface, mm, negative inside: close enough near the surface. */
function depth(x: number, y: number, z: number, rx: number, ry: number, rz: number): number {
  const k0 = Math.sqrt(inside(x, y, z, rx, ry, rz))
  const k1 = Math.sqrt((x / rx ** 2) ** 2 + (y / ry ** 2) ** 2 + (z / rz ** 2) ** 2)
  return k1 === 0 ? -Math.min(rx, ry, rz) : (k0 * (k0 - 1)) / k1
}

function mix(a: number, b: number, t: number): number {
  return a + (b - a) * Math.min(1, Math.max(0, t))
}

/** From 0 to 1 while v goes from a to b, without a corner. */
function step(a: number, b: number, v: number): number {
  const t = Math.min(1, Math.max(0, (v - a) / (b - a)))
  return t * t * (3 - 2 * t)
}

/** Height of the skull base: high over the orbits, low under the temporal lobes and lowest under the cerebellum. */
function skullBase(ax: number, y: number): number {
  const temporal = mix(-22, -46, step(14, 26, ax))
  const front = mix(-20 + 0.08 * (y + 50), temporal, step(-40, -28, y))
  return mix(front, -72, step(6, 26, y))
}

/** Height of the cerebrum's underside: as the skull base, but for the tent over the cerebellum. */
function cerebralFloor(ax: number, y: number): number {
  const tent = -14 - 0.16 * (y - 30) - 0.1 * ax
  const middle = mix(-16, -46, step(16, 26, ax))
  const front = mix(-20 + 0.08 * (y + 50), middle, step(-40, -28, y))
  return mix(front, tent, step(14, 32, y))
}

/** T1 signal at a place of the head, mm. The two halves are mirror images but for the folds. */
export function headSignal(x: number, y: number, z: number): number {
  const ax = Math.abs(x)
  if (ax > 88 || y < -122 || y > 108 || z > 86) return T1.air
  const brain = Math.max(depth(x, y, z, 70, 88, 66), skullBase(ax, y) - z)
  const posterior = z < -8 ? hindbrainSignal(x, y, z) : -1
  if (posterior >= 0 && (brain < 0 || z < -60)) return posterior
  if (brain < 0) {
    const cerebrum = cerebralSignal(x, y, z, brain)
    if (cerebrum >= 0) return cerebrum
  }
  if (brain < 2.5) return T1.fluid
  return outerSignal(x, y, z, brain)
}

/** The cerebrum with its folds; -1 where it is not. */
function cerebralSignal(x: number, y: number, z: number, brain: number): number {
  const ax = Math.abs(x)
  const floor = cerebralFloor(ax, y)
  if (z < floor) return -1
  const deep = deepSignal(x, ax, y, z)
  if (deep >= 0) return deep
  const fissure = 1.2 + Math.max(0, brain + 12) * 0.12
  if (ax < fissure) return T1.fluid

  // Folds: where the noise changes sign a sulcus runs inwards; the cortex follows both its walls.
  const wx = x + 7 * fine(x / 19, y / 19, z / 19)
  const wy = y + 7 * fine(y / 19 + 9, z / 19, x / 19)
  const ridge = Math.abs(fold(wx / 15, wy / 15, z / 15) + 0.3 * fine(x / 8, y / 8, z / 8))
  const core = (Math.sqrt(inside(x, y - 2, z - 8, 30, 44, 26)) - 1) * 26
  const medial = core > 0 ? Math.max((ax - fissure) * 1.2, 12 - core) : 99
  const surface = Math.min(-brain, z - floor + 1, medial)
  const sulcusDepth = 20 + 6 * fine(x / 30, y / 30, z / 30)
  const openness = Math.max(0, 1 - surface / sulcusDepth)
  const wall = ridge * 24 - 2.2 * openness
  const inward = openness > 0 ? Math.min(surface, Math.max(wall, surface - sulcusDepth)) : surface
  const slope = z + 8 - 0.25 * (y + 10) + 3 * fine(y / 14, x / 14, 3)
  const sylvian = Math.abs(slope) - 1.8 + Math.max(0, 38 - ax) * 0.9 + Math.max(0, Math.abs(y + 2) - 24) * 0.6
  const distance = Math.min(inward, sylvian)
  if (distance < 0.4) return mix(T1.fluid, T1.grey, distance / 0.8 + 0.5)
  return mix(T1.grey, T1.white, (distance - 3.1) / 1.1)
}

/** Ventricles, callosum, basal ganglia, thalamus; -1 in ordinary hemisphere. */
function deepSignal(x: number, ax: number, y: number, z: number): number {
  const bow = 17 - 0.007 * (y - 2) ** 2
  const body = inside(ax - 9 - 0.08 * Math.max(0, y), y - 2, z - bow, 7.5, 42, 8.5)
  const horn = inside(ax - 24 - (z - 4) * 0.3, y - 44, z - 2, 7, 14, 13)
  if (body < 1 && ax > 1.2) return mix(T1.fluid, T1.white, (body - 0.8) * 5)
  if (horn < 1) return mix(T1.fluid, T1.white, (horn - 0.8) * 5)
  if (inside(x, y - 8, z + 1, 2.3, 14, 9) < 1) return T1.fluid
  const arch = z - (26 - 0.011 * (y - 2) ** 2)
  if (ax < 24 && Math.abs(arch) < 3.4 && Math.abs(y - 2) < 43) return T1.white + 25
  if (inside(ax - 12, y - 9, z - 3, 9.5, 16, 10) < 1) return T1.deepGrey
  if (inside(ax - 13, y + 20, z - 11, 5.5, 13, 9) < 1) return T1.deepGrey
  const lens = inside(ax - 27, y + 4, z - 2, 7.5, 20, 11)
  if (lens < 1) return ax < 25 ? T1.deepGrey + 55 : T1.deepGrey
  return inside(x, y - 2, z - 8, 30, 44, 24) < 1 && (ax > 3 || z < 12) ? T1.white : -1
}

/** Cerebellum with its leaves, brain stem, cord; -1 elsewhere. */
function hindbrainSignal(x: number, y: number, z: number): number {
  const ax = Math.abs(x)
  const stemX = z < -50 ? 7 : 13
  const pons = inside(x, y - 12, z + 32, 17, 14, 15)
  const stemY = 16 + Math.max(0, -40 - z) * 0.12
  const stem = z < -8 && z > -125 ? (x / stemX) ** 2 + ((y - stemY) / (z < -50 ? 7 : 10)) ** 2 : 2
  if (inside(x, y - 28, z + 34, 5, 5, 10) < 1) return T1.fluid
  if (pons < 1 || stem < 1) return T1.white - 60
  const cerebellum = inside(ax - 20, y - 46, z + 40, 33, 28, 24)
  if (cerebellum < 1) {
    const core = inside(ax - 18, y - 40, z + 40, 17, 13, 10)
    if (core < 1) return mix(T1.white, T1.grey, (core - 0.7) * 3)
    const leaf = Math.sin((z + 40) * 1.15 + (y - 46) * 0.35 + 1.5 * fine(x / 12, y / 12, z / 12))
    if (leaf < -0.72) return T1.fluid + 120
    return leaf > 0.45 && cerebellum < 0.85 ? T1.white - 60 : T1.grey
  }
  return z < -8 && inside(ax - 10, y - 42, z + 40, 50, 40, 32) < 1 ? T1.fluid : -1
}

/** Skull, eyes, nose, jaw, neck and skin; air outside. */
function outerSignal(x: number, y: number, z: number, brain: number): number {
  const ax = Math.abs(x)
  const head = Math.min(
    brain - 15 + 2 * fine(x / 40, y / 40, z / 40),
    depth(x, y + 38, z + 62, 56, 56, 66),
    depth(x, y - 14, z + 100, 52, 58, 120),
    depth(x, y + 100 + 0.35 * (z + 52), z + 62, 11, 15 + Math.max(0, -(z + 40)) * 0.12, 24),
    depth(x, y + 64, z + 116, 36, 24, 22),
    depth(x, y + 68, z + 92, 30, 27, 22),
  )
  const ear = depth(ax - 79, y - 8, z + 40, 5, 14, 24)
  if (head > 0) return ear < 0 ? T1.fat - 400 : T1.air
  if (head > -1.6) return 420
  if (z > -36 || (y > 40 && z > -60)) {
    if (brain < 4.5) return T1.bone
    if (brain < 8 + 1.5 * fine(x / 15, y / 15, z / 15)) return T1.marrow + 80 * fine(x / 4, y / 4, z / 4)
    if (brain < 9.8) return T1.bone
    const eye = eyeSignal(ax, y, z)
    return eye >= 0 ? eye : T1.fat
  }
  return faceSignal(x, ax, y, z, head)
}

function eyeSignal(ax: number, y: number, z: number): number {
  const globe = inside(ax - 32, y + 74, z + 40, 12.5, 12.5, 12.5)
  if (globe < 1) return inside(ax - 32, y + 83, z + 40, 5, 2.6, 5) < 1 ? 320 : globe > 0.84 ? 380 : T1.fluid + 20
  return -1
}

function faceSignal(x: number, ax: number, y: number, z: number, head: number): number {
  const eye = eyeSignal(ax, y, z)
  if (eye >= 0) return eye
  if (inside(ax - 29, y + 56, z + 40, 15, 22, 15) < 1) {
    return Math.abs(ax - 24 + (y + 56) * 0.28) < 2.2 ? T1.muscle + 60 : T1.fat - 60
  }
  if (inside(x, y + 62, z + 62, 13, 30, 20) < 1)
    return ax < 1.2 ? 350 : ax > 5 && Math.sin(z / 3.5) > 0.2 ? 420 : T1.air
  if (inside(ax - 30, y + 60, z + 66, 14, 16, 16) < 1) return T1.air
  if (inside(x, y + 30, z + 44, 13, 12, 10) < 1) return T1.air
  if (inside(x, y + 56, z + 100, 24, 30, 16) < 1) return T1.muscle + 60 * fine(x / 5, y / 5, z / 5) + 60
  const throat = (x / 11) ** 2 + ((y + 14 - (z + 80) * 0.05) / 6) ** 2
  if (throat < 1 && z < -66) return T1.air
  const mandible = Math.hypot(x / 42, (y + 34) / 46)
  if (mandible > 0.78 && mandible < 1 && y < -22 && Math.abs(z + 116) < 12) {
    return mandible > 0.82 && mandible < 0.95 && Math.abs(z + 116) < 9 ? T1.marrow : T1.bone
  }
  const spine = (z + 200) % 17
  if (z < -62 && inside(x, y - 2, 0, 15, 11, 1) < 1) return spine < 3 ? 260 : T1.marrow - 120
  if (z < -50 && inside(x, y - 24, 0, 9, 8.5, 1) < 1) return T1.fluid
  if (z < -54 && inside(x, y - 24, 0, 13, 12, 1) < 1) return T1.bone + 60
  if (head > -6.5 + 2 * fine(x / 14, y / 14, z / 14)) return T1.fat - 60
  const bundle = Math.abs(fine(x / 11, y / 11, z / 26))
  return bundle < 0.07 ? T1.fat - 280 : T1.muscle
}
