import { seededRandom, smoothNoise } from './noise.ts'
import { type Body, between, ellipsoid, type Plane, paint, type Section, tube } from './painter.ts'

/** Hounsfield units of the tissues, as they are painted (before grain). */
export const HU = {
  air: -1000,
  lung: -800,
  fat: -100,
  water: 0,
  muscle: 50,
  disc: 90,
  liver: 105,
  spleen: 125,
  kidney: 190,
  blood: 220,
  spongyBone: 280,
  bone: 700,
} as const

/** Places deep inside one tissue each, mm from the phantom's centre (x to the left, y to the back, z to the head). */
export const TORSO_LANDMARKS: ReadonlyArray<{ tissue: keyof typeof HU; at: readonly [number, number, number] }> = [
  { tissue: 'air', at: [0, -180, 0] },
  { tissue: 'lung', at: [-95, 20, 70] },
  { tissue: 'fat', at: [0, -99, -120] },
  { tissue: 'water', at: [64, -14, -60] },
  { tissue: 'muscle', at: [-40, 62, -150] },
  { tissue: 'liver', at: [-92, -8, -55] },
  { tissue: 'spleen', at: [96, 24, -50] },
  { tissue: 'blood', at: [16, 44, -20] },
  { tissue: 'bone', at: [0, 101, 0] },
]

/** Half width and half depth of the body at heights z, mm; linear between. */
const OUTLINE: ReadonlyArray<readonly [z: number, rx: number, ry: number]> = [
  [-220, 176, 112],
  [-150, 164, 110],
  [-90, 154, 109],
  [-30, 158, 112],
  [50, 168, 114],
  [110, 172, 108],
  [150, 164, 94],
  [180, 128, 80],
  [205, 78, 68],
  [230, 62, 62],
]

function outline(z: number): { rx: number; ry: number } {
  let below = OUTLINE[0]!
  for (const above of OUTLINE) {
    if (above[0] >= z) {
      const t = above[0] === below[0] ? 0 : (z - below[0]) / (above[0] - below[0])
      return { rx: below[1] + (above[1] - below[1]) * t, ry: below[2] + (above[2] - below[2]) * t }
    }
    below = above
  }
  return { rx: below[1], ry: below[2] }
}

function inset(by: number, value: Section['value'], [from, to]: readonly [number, number], back = by): Body {
  return between(from, to, z => {
    const { rx, ry } = outline(z)
    return { x: 0, y: (by - back) / 2, rx: rx - by, ry: ry - (by + back) / 2, value, power: 2.3 }
  })
}

/** A column along z, e.g. the aorta; its cut is the same from `from` to `to`. */
function column(section: Section, from: number, to: number): Body {
  return between(from, to, () => section)
}

const mottle = smoothNoise(11)
/** A tissue whose density varies by a few HU over a centimetre, as perfused tissue does; its mean is `value`. */
function mottled(value: number, amplitude: number, size = 6): (x: number, y: number, z: number) => number {
  return (x, y, z) => value + amplitude * mottle(x / size, y / size, z / size)
}
/** Muscle, streaked with fat between its bundles. */
const muscleBundles = (x: number, y: number, z: number): number => {
  const streak = mottle(x / 9 + 5, y / 9, z / 40)
  return Math.abs(streak) < 0.05 ? 5 : HU.muscle
}

/** The back of a lying patient's lung is denser. */
const lungTissue = (x: number, y: number, z: number): number =>
  HU.lung + (y - 20) * 0.45 + 14 * mottle(x / 4, y / 4, z / 4)

function lungVessels(side: 1 | -1): Body[] {
  const random = seededRandom(side > 0 ? 41 : 42)
  const bodies: Body[] = []
  const grow = (from: readonly [number, number, number], direction: number[], r: number, length: number): void => {
    const to = [0, 1, 2].map(i => from[i]! + direction[i]! * length) as [number, number, number]
    const inside = ((to[0] - side * 78) / 52) ** 2 + ((to[1] + 2) / 72) ** 2 + ((to[2] - 62) / 112) ** 2 < 1
    if (!inside) return
    const at = (t: number) => [0, 1, 2].map(i => from[i]! + (to[i]! - from[i]!) * t) as [number, number, number]
    bodies.push(...tube(at, t => r * (1 - 0.3 * t), Math.ceil(length / (r * 0.9)), 40))
    if (r < 1) return
    for (let branch = 0; branch < 3; branch++) {
      const turned = direction.map(d => d + (random() - 0.5) * 1.7)
      const norm = Math.hypot(...turned) || 1
      grow(
        to,
        turned.map(d => d / norm),
        r * (0.62 + random() * 0.16),
        length * (0.7 + random() * 0.3),
      )
    }
  }
  const hilum = [side * 42, 12, 58] as const
  for (let i = 0; i < 8; i++) {
    const up = (i / 7) * 2 - 1
    const norm = Math.hypot(0.9, 0.7, up)
    grow(hilum, [(side * 0.9) / norm, ((i % 3) - 1) * (0.7 / norm), up / norm], 3.8, 24)
  }
  return bodies
}

function ribs(): Body[] {
  const bodies: Body[] = []
  for (let rib = 0; rib < 12; rib++) {
    const z0 = 178 - rib * 25
    const reach = rib < 7 ? 0.93 : 0.93 - (rib - 6) * 0.11
    for (const side of [1, -1] as const) {
      const path = (t: number) => {
        const angle = 0.16 + t * reach * (Math.PI - 0.5)
        const z = z0 - 62 * Math.sin((angle / Math.PI) * 1.9)
        const { rx, ry } = outline(Math.min(z, 120))
        const narrow = Math.min(1, (214 - z) / 95)
        return [
          side * (rx - 24) * narrow * Math.sin(angle),
          (ry - 24) * Math.cos(angle) * (0.6 + 0.4 * narrow),
          z,
        ] as const
      }
      const cartilage = rib < 10 ? 0.8 : 2
      for (let i = 0; i <= 90; i++) {
        const t = i / 90
        const place = path(t)
        if (t > cartilage) bodies.push(ellipsoid(place, [4.5, 4.5, 5.5], 130))
        else bodies.push(ellipsoid(place, [4.6, 4.6, 6.4], HU.bone), ellipsoid(place, [2.6, 2.6, 4.4], HU.spongyBone))
      }
    }
  }
  return bodies
}

function vertebra(z: number): Section[] {
  const phase = (((z + 12) % 30) + 30) % 30
  const isDisc = phase > 24
  const waist = isDisc ? 0 : 1.6 * Math.sin((phase / 24) * Math.PI)
  const plate = !isDisc && (phase < 2 || phase > 22)
  const spongy = mottled(HU.spongyBone, 45, 2.5)
  const parts: Section[] = [
    { x: 0, y: 62, rx: 21 - waist, ry: 16 - waist, value: isDisc ? HU.disc : HU.bone, power: 2.5 },
  ]
  if (!isDisc && !plate) parts.push({ x: 0, y: 62, rx: 18.8 - waist, ry: 13.8 - waist, value: spongy, power: 2.5 })
  const arch = phase > 3 && phase < 21
  if (arch) {
    parts.push(
      { x: -27, y: 83, rx: 15, ry: 4.5, value: 560 },
      { x: 27, y: 83, rx: 15, ry: 4.5, value: 560 },
      { x: 0, y: 82, rx: 17, ry: 13, value: HU.bone },
    )
  } else parts.push({ x: -14, y: 84, rx: 6, ry: 6, value: 480 }, { x: 14, y: 84, rx: 6, ry: 6, value: 480 })
  parts.push({ x: 0, y: 80, rx: 10.5, ry: 8.5, value: 8 }, { x: 0, y: 80, rx: 6.5, ry: 5, value: 38 })
  if (arch) parts.push({ x: 0, y: 101, rx: 4.2, ry: 9, value: HU.bone })
  return parts
}

function bowel(): Body[] {
  const random = seededRandom(77)
  const bodies: Body[] = []
  for (let loop = 0; loop < 30; loop++) {
    const at = [random() * 190 - 95, -20 - random() * 52, -128 - random() * 85] as const
    const r = [12 + random() * 7, 10 + random() * 5, 12 + random() * 10] as const
    bodies.push(ellipsoid(at, [r[0], r[1], r[2]], 75))
    bodies.push(ellipsoid(at, [r[0] - 3, r[1] - 3, r[2] - 3], mottled(22, 30, 3)))
    if (random() < 0.35)
      bodies.push(ellipsoid([at[0], at[1] - r[1] * 0.4, at[2]], [r[0] * 0.6, r[1] * 0.4, r[2] * 0.7], HU.air))
  }
  for (const side of [1, -1]) {
    bodies.push(column({ x: side * 122, y: 12, rx: 19, ry: 19, value: 60 }, -220, -112))
    bodies.push(column({ x: side * 122, y: 13, rx: 16, ry: 16, value: mottled(-120, 380, 4) }, -220, -114))
  }
  return bodies
}

function kidney(side: 1 | -1): Body[] {
  const z = side > 0 ? -105 : -118
  const x = side * 66
  return [
    ellipsoid([x, 46, z], [31, 28, 60], HU.kidney),
    ...[-34, -17, 0, 17, 34].map(dz => ellipsoid([x - side * 3, 46, z + dz], [15, 13, 7], 150)),
    ellipsoid([x - side * 14, 44, z], [16, 11, 34], HU.fat),
    ellipsoid([x - side * 16, 44, z], [7, 6, 18], 10),
  ]
}

function chest(): Body[] {
  const arch = (t: number) => [-12 + 28 * t, -14 + 58 * t, 96 + 20 * Math.sin(Math.PI * t)] as const
  const heartMuscle = mottled(105, 6)
  return [
    inset(42, -75, [-40, 190], 40),
    ellipsoid([78, -2, 62], [57, 77, 122], lungTissue, 2.3),
    ellipsoid([-78, -2, 62], [57, 77, 122], lungTissue, 2.3),
    ...lungVessels(1),
    ...lungVessels(-1),
    ellipsoid([0, -8, 70], [42, 62, 135], -70, 2.4),
    ellipsoid([24, -34, 12], [62, 46, 52], -90),
    ellipsoid([24, -34, 12], [58, 42, 48], heartMuscle),
    ellipsoid([44, -30, 4], [25, 22, 32], HU.blood),
    ellipsoid([6, -50, 10], [24, 17, 32], HU.blood - 25),
    ellipsoid([14, -2, 30], [27, 17, 22], HU.blood),
    ellipsoid([-22, -28, 22], [19, 22, 30], HU.blood - 30),
    ...tube(
      t => [-12 + 4 * t, -18 + 4 * t, 40 + 58 * t],
      () => 14.5,
      30,
      HU.blood,
    ),
    ...tube(arch, () => 13, 24, HU.blood),
    column({ x: 16, y: 44, rx: 12, ry: 12, value: HU.blood }, -220, 98),
    ...tube(
      t => [4 + 8 * t, -24 + 18 * t, 44 + 30 * t],
      () => 12,
      16,
      HU.blood,
    ),
    ...tube(
      t => [10 - 52 * t, -4 + 12 * t, 72 - 10 * t],
      t => 10 - 4 * t,
      24,
      HU.blood,
    ),
    ...tube(
      t => [12 + 30 * t, -4 + 16 * t, 72 - 8 * t],
      t => 10 - 4 * t,
      18,
      HU.blood,
    ),
    column({ x: -27, y: -12, rx: 9, ry: 10, value: HU.blood - 20 }, 30, 140),
    ...tube(
      t => [-27 + 60 * t, -18 - 8 * t, 140 + 8 * t],
      () => 7,
      24,
      HU.blood - 20,
    ),
    ...tube(
      t => [-20 - 10 * t, -14 + 6 * t, 118 + 100 * t],
      () => 6,
      30,
      HU.blood,
    ),
    ...tube(
      t => [18 + 12 * t, 0 - 8 * t, 118 + 100 * t],
      () => 6,
      30,
      HU.blood,
    ),
    column({ x: 0, y: 12, rx: 11, ry: 10.5, value: 60 }, 78, 230),
    column({ x: 0, y: 12, rx: 8.6, ry: 8.2, value: HU.air }, 76, 230),
    ...tube(
      t => [-44 * t, 14 + 4 * t, 80 - 22 * t],
      t => 7.5 - 2.5 * t,
      24,
      HU.air,
    ),
    ...tube(
      t => [46 * t, 14 + 4 * t, 80 - 26 * t],
      t => 7 - 2.5 * t,
      24,
      HU.air,
    ),
    column({ x: 8, y: 31, rx: 7.5, ry: 5.5, value: 45 }, -40, 230),
    ellipsoid([-26, 0, 205], [15, 18, 26], 150),
    ellipsoid([26, 0, 205], [15, 18, 26], 150),
  ]
}

function abdomen(): Body[] {
  const random = seededRandom(5)
  const liverVessels = Array.from({ length: 9 }, () => {
    const end = [-70 - random() * 42, -45 + random() * 80, -30 - random() * 60] as const
    return tube(
      t => [-32 + (end[0] + 32) * t, 8 + (end[1] - 8) * t - 8 * Math.sin(3 * t), -62 + (end[2] + 62) * t],
      t => 5.2 - 3.6 * t,
      36,
      165,
    )
  }).flat()
  return [
    inset(34, HU.fat, [-230, -44], 42),
    ellipsoid([-55, -4, -60], [65, 66, 80], mottled(HU.liver, 5), 2.3),
    ellipsoid([8, -36, -50], [62, 32, 46], mottled(HU.liver, 5)),
    ...liverVessels,
    ellipsoid([-44, -46, -112], [17, 17, 30], 75),
    ellipsoid([-44, -46, -112], [15, 15, 28], HU.water),
    ellipsoid([94, 22, -50], [26, 38, 56], mottled(HU.spleen, 4)),
    ellipsoid([62, -28, -56], [42, 36, 60], 78),
    ellipsoid([62, -28, -56], [38, 32, 56], HU.water),
    between(-92, -12, z => {
      return { x: 62, y: -48, rx: 26 * Math.sqrt(1 - ((z + 52) / 40) ** 2), ry: 10, value: HU.air, power: 3 }
    }),
    ...tube(
      t => [-34 + 104 * t, -8 - 16 * Math.sin(2.6 * t) + 26 * t, -100 + 26 * t],
      t => 12 - 3 * t,
      40,
      mottled(110, 22, 3),
    ),
    ...kidney(1),
    ...kidney(-1),
    ...[1, -1].flatMap(side =>
      tube(
        t => [side * (46 - 26 * t), 44 - 4 * t, -110 + 6 * t],
        () => 4.5,
        16,
        HU.blood - 20,
      ),
    ),
    column({ x: -20, y: 38, rx: 13, ry: 11, value: 165 }, -220, 0),
    column({ x: 16, y: 44, rx: 12, ry: 12, value: HU.blood }, -220, -30),
    column({ x: 2, y: 12, rx: 5, ry: 5, value: HU.blood }, -220, -95),
    column({ x: -12, y: 10, rx: 7, ry: 6, value: 170 }, -220, -95),
    ...bowel(),
    ...[1, -1].map(side =>
      between(-400, -84, z => {
        const r = Math.min(24, (-78 - z) * 0.4)
        return { x: side * 40, y: 62, rx: r, ry: r * 1.05, value: HU.muscle }
      }),
    ),
  ]
}

function sternum(z: number, inner: number, value: number): Section {
  return { x: 0, y: -outline(z).ry + 24, rx: (z > 115 ? 27 : 17) - inner, ry: 6.5 - inner, value, power: 3 }
}

function bones(): Body[] {
  const sides = [1, -1]
  return [
    ...ribs(),
    between(10, 150, z => sternum(z, 0, HU.bone)),
    between(12, 148, z => sternum(z, 2.1, HU.spongyBone)),
    ...sides.flatMap(side => [
      ...tube(
        t => [side * (18 + 112 * t), -62 + 52 * t + 12 * Math.sin(6 * t), 158 + 16 * t],
        () => 6.5,
        60,
        HU.bone,
      ),
      ...tube(
        t => [side * (18 + 112 * t), -62 + 52 * t + 12 * Math.sin(6 * t), 158 + 16 * t],
        () => 4,
        60,
        HU.spongyBone,
      ),
      ...tube(
        t => [side * (72 + 52 * t), 82 - 40 * t * t, 60 + 104 * t],
        t => 3.6 + 2.5 * t,
        60,
        620,
      ),
      ...tube(
        t => [side * (70 + 20 * t), 84 - 4 * t, 150 - 70 * t],
        () => 3.4,
        50,
        600,
      ),
      ...tube(
        t => [side * (48 + 82 * t), 78 - 58 * t * t, -168 - 4 * Math.sin(3 * t) - 40 * t * t],
        () => 6,
        60,
        HU.bone,
      ),
      ...tube(
        t => [side * (48 + 82 * t), 78 - 58 * t * t, -196 - 40 * t * t],
        () => 7,
        60,
        HU.bone,
      ),
      ...tube(
        t => [side * (48 + 82 * t), 78 - 58 * t * t, -196 - 40 * t * t],
        () => 4.6,
        60,
        HU.spongyBone,
      ),
    ]),
  ]
}

/** The couch a patient lies on: a thin curved shell under the back. */
const COUCH: Section[] = Array.from({ length: 91 }, (_, i) => {
  const x = (i - 45) * 4.6
  return { x, y: 136 - (x / 210) ** 2 * 26, rx: 3.4, ry: 2.2, value: -350 }
})

const BODIES: ReadonlyArray<{ body: Body; wobble: number }> = [
  ...[
    inset(0, 25, [-400, 400]),
    inset(2.2, HU.fat, [-400, 400]),
    inset(19, muscleBundles, [-400, 400], 15),
    inset(31, 0, [-400, 400], 30),
    inset(32, HU.muscle, [-400, 400], 31),
  ].map(body => ({ body, wobble: 1.5 })),
  ...chest().map(body => ({ body, wobble: 1.2 })),
  ...abdomen().map(body => ({ body, wobble: 2.5 })),
  ...bones().map(body => ({ body, wobble: 0 })),
]

/** Paints the cut through the torso at height `z` (mm) into `plane`, in Hounsfield units; with the couch when `couch`. */
export function paintTorso(plane: Plane, z: number, couch: boolean): void {
  if (couch) for (const part of COUCH) paint(plane, part, z)
  for (const { body, wobble } of BODIES) {
    if (z < body.from || z > body.to) continue
    paint(plane, body.cut(z), z, wobble)
  }
  for (const part of vertebra(z)) paint(plane, part, z)
}
