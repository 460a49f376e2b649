import { describe, expect, test } from 'vitest'
import {
  type FusionCandidate,
  finerPlane,
  fusedColours,
  fusionCandidates,
  fusionRefusal,
  OUTSIDE,
  valuesOf,
} from '../../shared/viewing/fused.ts'
import { type ImagePlane, imageToPatient, type Point3 } from '../../shared/viewing/geometry.ts'
import { nextPalette, paletteColours } from '../../shared/viewing/palettes.ts'
import { type Volume, voxelToPatient } from '../../shared/viewing/volume/grid.ts'
import { PlaneSampler } from '../../shared/viewing/volume/sample.ts'

describe('palettes of PS3.6 Annex B', () => {
  const colour = (name: Parameters<typeof paletteColours>[0], level: number) => [
    ...paletteColours(name).subarray(3 * level, 3 * level + 3),
  ]
  test('hot iron', () => {
    expect([0, 1, 127, 128, 129, 191, 192, 254, 255].map(level => colour('hot-iron', level))).toEqual([
      [0, 0, 0],
      [2, 0, 0],
      [254, 0, 0],
      [255, 0, 0],
      [255, 2, 0],
      [255, 126, 0],
      [255, 128, 4],
      [255, 252, 252],
      [255, 255, 255],
    ])
  })

  test('PET 20 step: its steps, each in one colour', () => {
    const steps = new Set(Array.from({ length: 256 }, (_, level) => colour('pet-20', level).join()))
    expect(steps.size).toBe(20)
    expect([12, 13, 38, 39, 101, 102, 229, 230, 242, 243].map(level => colour('pet-20', level))).toEqual([
      [0, 0, 0],
      [96, 0, 80],
      [48, 48, 80],
      [48, 48, 112],
      [128, 128, 224],
      [48, 96, 48],
      [176, 48, 0],
      [255, 0, 0],
      [255, 0, 0],
      [255, 255, 255],
    ])
  })

  test('in turn, and over a grey picture without the one that would hide it', () => {
    expect(nextPalette('grey')).toBe('inverted')
    expect(nextPalette('pet-20')).toBe('grey')
    expect(nextPalette('grey', true)).toBe('hot-iron')
  })
})

test('colours over a picture: nothing at the window’s end, the whole opacity from a fifth of it on', () => {
  const values = Float32Array.of(Number.NaN, -1, 0, 1, 2, 10, 50)
  const rgba = fusedColours(values, { lower: 0, upper: 10 }, 'hot-iron', 0.5)
  const pixel = (at: number) => [...rgba.subarray(4 * at, 4 * at + 4)]
  for (const at of [0, 1, 2]) expect(pixel(at)).toEqual([0, 0, 0, 0])
  expect(pixel(3)).toEqual([52, 0, 0, 64])
  expect(pixel(4)).toEqual([102, 0, 0, 128])
  expect(pixel(5)).toEqual([255, 255, 255, 128])
  expect(pixel(6)).toEqual(pixel(5))
})

/** A value that is linear in the patient's millimetres is met exactly by linear interpolation, however plane and grid lie. */
const linear = ([x, y, z]: Point3) => 100 + 2 * x - 3 * y + 0.5 * z

function phantom(grid: Volume['grid'], slope = 1, intercept = 0): Volume {
  const [ni, nj, nk] = grid.size
  const values = new Float32Array(ni * nj * nk)
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++) {
        values[(k * nj + j) * ni + i] = (linear(voxelToPatient(grid, [i, j, k])) - intercept) / slope
      }
    }
  }
  return { grid, values, slope, intercept }
}

/** As the viewer samples what lies over a picture. */
function sampled(volume: Volume, plane: ImagePlane, least: number) {
  const finer = finerPlane(plane, least)
  const sampler = new PlaneSampler(volume, finer, undefined, OUTSIDE)
  sampler.rows(0, finer.Rows)
  return { values: valuesOf(sampler.pixels, volume), columns: finer.Columns, rows: finer.Rows }
}

/** Anisotropic, turned 20° about z, and sheared as by a tilted gantry. */
const turn = (20 * Math.PI) / 180
const grid: Volume['grid'] = {
  FrameOfReferenceUID: '1.2',
  size: [24, 20, 12],
  origin: [-30, -20, 5],
  steps: [
    [3 * Math.cos(turn), 3 * Math.sin(turn), 0],
    [-2.5 * Math.sin(turn), 2.5 * Math.cos(turn), 0],
    [0, 0.4, 4],
  ],
}

describe('values on a plane', () => {
  const half = Math.SQRT1_2
  const planes: Record<string, ImagePlane> = {
    axial: plane([1, 0, 0], [0, 1, 0], [-30, -15, 27]),
    coronal: plane([1, 0, 0], [0, 0, -1], [-30, 5, 45]),
    oblique: plane([half, half, 0], [half / 2, -half / 2, -Math.sqrt(0.75)], [-10, 0, 40]),
  }
  function plane(row: Point3, column: Point3, position: Point3): ImagePlane {
    return {
      FrameOfReferenceUID: '1.2',
      position,
      row,
      column,
      normal: [0, 0, 1],
      rowSpacing: 1.3,
      columnSpacing: 0.9,
      Rows: 30,
      Columns: 40,
    }
  }

  test.each(Object.keys(planes))('%s: what is at that place in the patient, at any fineness', name => {
    const there = planes[name]!
    const volume = phantom(grid, 0.5, -20)
    for (const finer of [1, 3]) {
      const { values, columns, rows } = sampled(volume, there, finer * there.Columns)
      expect([columns, rows]).toEqual([there.Columns * finer, there.Rows * finer])
      let inside = 0
      let worst = 0
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++) {
          const value = values[y * columns + x]!
          if (Number.isNaN(value)) continue
          const at = imageToPatient(there, [(x + 0.5) / finer, (y + 0.5) / finer])
          // The outermost half voxel is held, not gone on with.
          const off = Math.abs(value - linear(at))
          if (off > 6) throw new Error(`${off} at ${x} ${y}`)
          if (off < 1e-3) inside++
          worst = Math.max(worst, value)
        }
      }
      expect(inside).toBeGreaterThan(0.5 * values.filter(value => !Number.isNaN(value)).length)
      expect(worst).toBeGreaterThan(0)
    }
  })

  test('outside there is nothing; at the edge half a voxel is still the edge’s', () => {
    const straight: Volume = {
      grid: {
        FrameOfReferenceUID: '1.2',
        size: [2, 2, 2],
        origin: [0, 0, 0],
        steps: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      },
      values: Float32Array.of(10, 20, 10, 20, 10, 20, 10, 20),
      slope: 2,
      intercept: 1,
    }
    const line = { ...planes.axial!, rowSpacing: 1, columnSpacing: 0.25, Rows: 1, Columns: 20 }
    const { values } = sampled(straight, { ...line, position: [-1, 0.5, 0.5] }, 1)
    // x = -1, -0.75, …: from -0.5 to 1.5 there is something.
    expect([...values].map(value => (Number.isNaN(value) ? '' : value))).toEqual([
      ...['', ''],
      ...[21, 21, 21, 26, 31, 36, 41, 41, 41],
      ...Array.from({ length: 9 }, () => ''),
    ])
  })
})

describe('what is laid over what', () => {
  const one = (id: string, Modality: string, change: Partial<FusionCandidate> = {}): FusionCandidate => ({
    id,
    Modality,
    space: 'A',
    StudyInstanceUID: '1',
    frames: 50,
    CorrectedImage: ['ATTN', 'DECY'],
    ...change,
  })
  const ct = one('ct', 'CT', { SeriesNumber: 2 })

  test('the PET that is corrected for attenuation, of this study, before anatomy', () => {
    const others = [
      ct,
      one('mr', 'MR'),
      one('nac', 'PT', { CorrectedImage: ['DECY'] }),
      one('prior', 'PT', { StudyInstanceUID: '2' }),
      one('pet', 'PT'),
      one('scout', 'PT', { frames: 1 }),
      one('elsewhere', 'PT', { space: 'B' }),
      one('thin', 'CT', { frames: 500 }),
    ]
    expect(fusionCandidates(ct, others).map(({ id }) => id)).toEqual(['pet', 'nac', 'prior', 'mr', 'thin'])
    // And over a PET its anatomy, not the other PET.
    expect(fusionCandidates(one('pet', 'PT'), others)[0]?.id).toBe('mr')
  })

  test('why not, in words', () => {
    expect(fusionRefusal(one('x', 'CT', { space: '' }), [])).toContain('no place in the patient')
    expect(fusionRefusal(ct, [ct])).toContain('no other series')
    const elsewhere = one('pet', 'PT', { space: 'B', SeriesNumber: 7 })
    expect(fusionRefusal(ct, [one('mr', 'MR', { space: 'C' }), elsewhere])).toContain(
      'The PT series 7 has another frame of reference',
    )
    expect(fusionRefusal(ct, [one('pet', 'PT', { space: '' })])).toContain('The PT has no place')
  })
})
