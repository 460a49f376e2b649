import { seededRandom, smoothNoise } from './noise.ts'
import { type SampleObject, syntheticObject } from './synthetic.ts'

export const CINE = {
  columns: 480,
  rows: 400,
  frames: 24,
  /** Milliseconds a frame is shown; the whole is one heart beat. */
  frameTime: 42,
  /** The sector's apex and its reach, pixels. */
  apex: { x: 240, y: 14 },
  reach: 372,
  /** Half the opening angle, radians. */
  opening: 0.72,
  /** Centimetres a pixel. */
  delta: 0.042,
} as const

const BAR = { x: 452, width: 12, top: 40, height: 120 }

/** The velocity scale: red towards the probe (1), blue away (-1). */
function velocityColour(v: number): [number, number, number] {
  const strength = Math.min(1, Math.abs(v))
  if (v >= 0) return [90 + 165 * strength, 220 * Math.max(0, strength - 0.35), 10]
  return [10, 200 * Math.max(0, strength - 0.3), 100 + 155 * strength]
}

/** One frame of an apical four-chamber view as interleaved RGB; `frame` 0-based. */
export function cineFrame(frame: number): Uint8Array<ArrayBuffer> {
  const { columns, rows, frames, apex, reach, opening } = CINE
  const rgb = new Uint8Array(columns * rows * 3)
  const phase = (frame / frames) * 2 * Math.PI
  const squeeze = 0.5 - 0.5 * Math.cos(phase)
  const tissueNoise = smoothNoise(61)
  const flowNoise = smoothNoise(62)
  // Speckle moves with the wall: the same random field is looked up along a slightly shifted ray.
  const random = seededRandom(600 + frame)
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const dx = x - apex.x
      const dy = y - apex.y
      const r = Math.hypot(dx, dy)
      const angle = Math.atan2(dx, dy)
      if (r > reach || r < 10 || Math.abs(angle) > opening) continue
      const index = (y * columns + x) * 3
      const echo = heartEcho(dx, dy, squeeze)
      const pulse = 6 * squeeze
      const speckle =
        0.62 +
        0.55 * tissueNoise((r + pulse) / 3.1, angle * 34, 1) +
        0.3 * tissueNoise((r + pulse) / 1.7, angle * 70, 9) +
        0.14 * (random() - 0.5)
      const gain = 1 - 0.25 * (r / reach) ** 2
      const grey = Math.min(255, Math.max(0, echo * speckle * gain * 215))
      const flow = jet(dx, dy, squeeze) + 0.12 * flowNoise(dx / 9, dy / 9 - frame / 3, 2)
      const colour = Math.abs(flow) > 0.24 && echo < 0.2 ? velocityColour(flow) : [grey, grey, grey]
      rgb.set(colour, index)
    }
  }
  paintBar(rgb)
  paintTrace(rgb, frame)
  return rgb
}

/** How much the tissue at this place (pixels from the apex) sends back, 0 (blood) to 1 (valve, pericardium). */
function heartEcho(dx: number, dy: number, squeeze: number): number {
  const ventricle = 1 - 0.2 * squeeze
  const left = ((dx - 46) / (46 * ventricle)) ** 2 + ((dy - 138) / (84 - 10 * squeeze)) ** 2
  const right = ((dx + 58) / (37 * ventricle)) ** 2 + ((dy - 148) / (68 - 8 * squeeze)) ** 2
  const leftAtrium = ((dx - 48) / (40 + 6 * squeeze)) ** 2 + ((dy - 276) / (44 + 6 * squeeze)) ** 2
  const rightAtrium = ((dx + 56) / (38 + 5 * squeeze)) ** 2 + ((dy - 272) / (42 + 6 * squeeze)) ** 2
  const valve = 226 - 6 * squeeze
  const open = 1 - squeeze
  for (const [centre, half] of [
    [46, 34],
    [-58, 30],
  ] as const) {
    const off = Math.abs(dx - centre)
    const leaflet = valve - open * 26 * (1 - off / half)
    if (off < half && off > open * 9 && Math.abs(dy - leaflet) < 2.6) return 1.1
  }
  if (Math.min(left, right, leftAtrium, rightAtrium) < 1) return 0.05
  const heart = (dx / 118) ** 2 + ((dy - 186) / 166) ** 2
  if (heart < 0.93) return 0.62
  if (heart < 1.02) return 1
  return 0.3
}

/** Velocity of the blood, -1 to 1: inflow towards the probe while the ventricle fills, a regurgitant jet while it squeezes. */
function jet(dx: number, dy: number, squeeze: number): number {
  const inflow = Math.exp(-(((dx - 46) / 15) ** 2) - ((dy - 182) / 46) ** 2) * (1 - 1.6 * squeeze)
  const back =
    Math.exp(-(((dx - 48 - (dy - 230) * 0.12) / 8) ** 2) - ((dy - 262) / 30) ** 2) * Math.max(0, squeeze * 1.5 - 0.5)
  return Math.max(0, inflow) - back
}

function paintBar(rgb: Uint8Array): void {
  for (let y = 0; y < BAR.height; y++) {
    const colour = velocityColour(1 - (2 * y) / (BAR.height - 1))
    for (let x = 0; x < BAR.width; x++) rgb.set(colour, ((BAR.top + y) * CINE.columns + BAR.x + x) * 3)
  }
}

/** An electrocardiogram along the lower edge, drawn up to the moment of this frame. */
function paintTrace(rgb: Uint8Array, frame: number): void {
  const until = Math.round(((frame + 1) / CINE.frames) * 150)
  let last = 0
  for (let x = 0; x < until; x++) {
    const t = x / 150
    const wave = (at: number, width: number) => Math.exp(-(((t - at) / width) ** 2))
    const volt = 5 * wave(0.12, 0.03) + 26 * wave(0.25, 0.009) - 7 * wave(0.275, 0.01) + 7 * wave(0.5, 0.05)
    const height = Math.round(volt)
    for (let y = Math.min(last, height); y <= Math.max(last, height); y++) {
      rgb.set([80, 230, 120], ((380 - y) * CINE.columns + 20 + x) * 3)
    }
    last = height
  }
}

/** A colour cine of one heart beat: ultrasound multi-frame, RGB, with a calibrated region. */
export function* usCine(): Generator<SampleObject> {
  const { columns, rows, frames, frameTime, delta, apex, reach } = CINE
  const pixels = new Uint8Array(columns * rows * 3 * frames)
  for (let frame = 0; frame < frames; frame++) pixels.set(cineFrame(frame), frame * columns * rows * 3)
  yield syntheticObject(
    { kind: 'us', variant: '', StudyDate: '20260306', StudyTime: '160500', StudyDescription: 'Echocardiography' },
    {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.3.1',
      Modality: 'US',
      series: 1,
      SeriesDescription: 'Four chambers, colour Doppler',
      instance: 1,
      attributes: {
        ImageType: ['ORIGINAL', 'PRIMARY', '', '0011'],
        BodyPartExamined: 'HEART',
        PatientOrientation: '',
        NumberOfFrames: frames,
        FrameTime: frameTime,
        FrameIncrementPointer: { vr: 'AT', value: 0x00181063 },
        CineRate: Math.round(1000 / frameTime),
        RecommendedDisplayFrameRate: Math.round(1000 / frameTime),
        StartTrim: 1,
        StopTrim: frames,
        LossyImageCompression: '00',
        SequenceOfUltrasoundRegions: [
          {
            RegionSpatialFormat: 1,
            RegionDataType: 1,
            RegionFlags: 2,
            RegionLocationMinX0: apex.x - 180,
            RegionLocationMinY0: apex.y,
            RegionLocationMaxX1: apex.x + 180,
            RegionLocationMaxY1: apex.y + reach - 1,
            PhysicalUnitsXDirection: 3,
            PhysicalUnitsYDirection: 3,
            PhysicalDeltaX: delta,
            PhysicalDeltaY: delta,
          },
        ],
        SamplesPerPixel: 3,
        PhotometricInterpretation: 'RGB',
        PlanarConfiguration: 0,
        Rows: rows,
        Columns: columns,
        BitsAllocated: 8,
        BitsStored: 8,
        HighBit: 7,
        PixelRepresentation: 0,
        PixelData: { vr: 'OB', value: pixels },
      },
    },
  )
}
