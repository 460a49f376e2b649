import { describe, expect, test } from 'vitest'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { bodySize, decayedDose, type SeriesStart, standardUptake, type UptakeKind } from '../../shared/viewing/suv.ts'

const start: SeriesStart = { SeriesDate: '20201023', SeriesTime: '095417', AcquisitionTime: '095417' }
/** The public reference cases of the calculate-suv library (75 kg, 1.85 m, a dose given to no decay); its doses are 10⁶ times less. */
const reference: ImageAttributes = {
  CorrectedImage: ['ATTN', 'DECY'],
  Units: 'BQML',
  RadionuclideHalfLife: 10,
  RadiopharmaceuticalStartDateTime: '20201023095417',
  RadionuclideTotalDose: 100e6,
  DecayCorrection: 'ADMIN',
  PatientWeight: 75,
  PatientSize: 1.85,
  PatientSex: 'M',
}

function factor(kind: UptakeKind, attributes: ImageAttributes, begun = start): number {
  const uptake = standardUptake(kind, attributes, begun)
  if ('refusal' in uptake) throw new Error(uptake.refusal)
  return uptake.factor
}

function refusal(attributes: ImageAttributes, kind: UptakeKind = 'BW', begun = start): string {
  const uptake = standardUptake(kind, attributes, begun)
  return 'refusal' in uptake ? uptake.refusal : ''
}

describe('the reference cases', () => {
  test('bodies', () => {
    expect(bodySize('BW', 75, 1.85, 'M')).toBe(75_000)
    expect(bodySize('LBM', 75, 1.85, 'M')).toBeCloseTo(62777.57487216947, 8)
    expect(bodySize('LBM', 75, 1.85, 'F')).toBeCloseTo(55925.67567567568, 8)
    expect(bodySize('BSA', 75, 1.85, 'M')).toBeCloseTo(19813.758427117766, 8)
    // James' own 128 for men; women's is one formula.
    expect(bodySize('LBMJAMES128', 75, 1.85, 'M')).toBeCloseTo(1000 * (1.1 * 75 - 128 * (75 / 185) ** 2), 8)
    expect(bodySize('LBMJAMES128', 75, 1.85, 'F')).toBe(bodySize('LBM', 75, 1.85, 'F'))
  })

  test('factors', () => {
    expect(factor('BW', reference) * 1e6).toBeCloseTo(750, 9)
    expect(factor('BSA', reference) * 1e6).toBeCloseTo(198.13758427117767, 9)
    expect(factor('LBM', reference) * 1e6).toBeCloseTo(627.7757487216948, 9)
    expect(factor('LBMJANMA', reference) * 1e6).toBeCloseTo(609.1533588651974, 9)
    expect(standardUptake('BW', { ...reference, Units: 'GML' }, start)).toEqual({ unit: 'SUVbw', factor: 1 })
  })

  test('Philips: its factor to SUV, else its factor to Bq/ml', () => {
    const counts: ImageAttributes = { ...reference, Units: 'CNTS', PhilipsActivityScaleFactor: 1.602563 }
    expect(factor('BW', { ...counts, PhilipsSUVScaleFactor: 0.000551 })).toBe(0.000551)
    expect(factor('BW', { ...counts, PatientWeight: 100 }) * 1e6).toBeCloseTo(1602.563, 9)
    expect(refusal({ ...reference, Units: 'CNTS' })).toContain('a count')
    // The other uptakes, by what the bodies are to one another.
    expect(factor('BSA', { ...counts, PhilipsSUVScaleFactor: 0.000551 })).toBeCloseTo(
      (0.000551 * 19813.758427117766) / 75_000,
      12,
    )
  })
})

describe('decay', () => {
  const FDG = 6586.2
  const injected: ImageAttributes = {
    ...reference,
    DecayCorrection: 'START',
    RadionuclideHalfLife: FDG,
    RadionuclideTotalDose: 370e6,
    RadiopharmaceuticalStartDateTime: '20201023085417',
  }

  test('corrected to the scan: by the exponential law', () => {
    expect(decayedDose(370e6, FDG, FDG)).toBe(185e6)
    expect(factor('BW', injected)).toBeCloseTo(75_000 / (370e6 * Math.exp((-Math.LN2 * 3600) / FDG)), 12)
  })

  test('across midnight: the scan’s own date, and times without one', () => {
    const late = {
      SeriesDate: '20201023',
      SeriesTime: '235900',
      AcquisitionTime: '000300',
      AcquisitionDate: '20201024',
    }
    const whole = { ...injected, RadiopharmaceuticalStartDateTime: '20201023225900' }
    expect(factor('BW', whole, late)).toBeCloseTo(factor('BW', injected), 12)
    const { RadiopharmaceuticalStartDateTime: _, ...timed } = injected
    const after = { SeriesDate: '20201024', SeriesTime: '003000', AcquisitionTime: '003000' }
    expect(factor('BW', { ...timed, RadiopharmaceuticalStartTime: '233000' }, after)).toBeCloseTo(
      factor('BW', injected),
      12,
    )
  })

  test('a series made later than its images: GE keeps the scan’s time, otherwise there is none', () => {
    const later = { ...start, SeriesTime: '180000' }
    expect(refusal(injected, 'BW', later)).toContain('later than its images')
    expect(factor('BW', { ...injected, GEScanDateTime: '20201023095417.00' }, later)).toBeCloseTo(
      factor('BW', injected),
      12,
    )
  })

  test.each<[string, Partial<ImageAttributes>, string]>([
    ['no weight', { PatientWeight: 0 }, 'weight is missing'],
    ['a weight in grams', { PatientWeight: 75_000 }, '75000 kg is implausible'],
    ['no dose', { RadionuclideTotalDose: 0 }, 'dose is missing'],
    ['a dose in MBq', { RadionuclideTotalDose: 370 }, '370 Bq is implausible'],
    ['no half life', { RadionuclideHalfLife: 0 }, 'half life'],
    ['no injection', { RadiopharmaceuticalStartDateTime: '' }, 'time of the injection is missing'],
    ['injected after the scan', { RadiopharmaceuticalStartDateTime: '20201023115417' }, 'after the scan'],
    ['injected days before', { RadiopharmaceuticalStartDateTime: '20201021095417' }, 'half lives'],
    ['not corrected for attenuation', { CorrectedImage: ['DECY'] }, 'attenuation'],
    ['not corrected for decay', { CorrectedImage: ['ATTN'] }, 'decay'],
    ['decay corrected to nobody knows when', { DecayCorrection: 'NONE' }, 'to which moment'],
    ['another unit', { Units: 'PROPCNTS' }, 'PROPCNTS'],
  ])('no uptake, in words: %s', (_name, change, words) => {
    expect(refusal({ ...injected, ...change })).toContain(words)
  })
})

test('lean body mass takes size and sex, and says which is missing', () => {
  const { PatientSize: _size, ...unsized } = reference
  expect(refusal(unsized, 'LBMJANMA')).toContain('size is missing')
  expect(refusal({ ...reference, PatientSize: 185 }, 'BSA')).toContain('185 m is implausible')
  expect(refusal({ ...reference, PatientSex: 'O' }, 'LBMJAMES128')).toContain('sex')
  // James' parabola has turned down long before 250 kg at 1.5 m; Janmahasatian's has not.
  const heavy = { ...reference, PatientWeight: 250, PatientSize: 1.5 }
  expect(refusal(heavy, 'LBMJAMES128')).toContain('does not hold')
  expect(refusal(heavy, 'LBMJANMA')).toBe('')
  // What needs none of it goes on.
  expect(refusal(unsized)).toBe('')
})

test('values stored as an uptake of one kind are turned into another where the body is known', () => {
  const stored: ImageAttributes = { ...reference, Units: 'GML', SUVType: 'LBMJANMA' }
  expect(standardUptake('LBMJANMA', stored, start)).toEqual({ unit: 'SUVlbm(Janma)', factor: 1 })
  expect(factor('BW', stored)).toBeCloseTo(75_000 / 60_915.33588651974, 9)
  expect(standardUptake('BW', { ...stored, SUVType: 'IBW' }, start)).toEqual({ unit: 'SUVibw', factor: 1 })
})
