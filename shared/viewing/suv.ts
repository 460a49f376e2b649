import type { ImageAttributes } from './image.ts'

/**
 * Standardized uptake values (PS3.3 C.8.9, PS3.16 CID 85): modality value · factor. By QIBA's vendor-neutral calculation: the body
 * size over the dose that is left at the moment the images' decay is corrected to.
 */

/** By what an uptake is divided: the defined terms of SUV Type (0054,1006). */
export type UptakeKind = 'BW' | 'LBMJANMA' | 'LBMJAMES128' | 'LBM' | 'BSA'

/**
 * `LBM` is James' formula with the 120 that was long copied for men (PS3.16 126402), `LBMJAMES128` with his own 128 (126406),
 * `LBMJANMA` Janmahasatian's (126405), which stays plausible in the very obese.
 */
export const UPTAKES: ReadonlyArray<{ kind: UptakeKind; unit: string; name: string }> = [
  { kind: 'BW', unit: 'SUVbw', name: 'body weight' },
  { kind: 'LBMJANMA', unit: 'SUVlbm(Janma)', name: 'lean body mass, Janmahasatian' },
  { kind: 'LBMJAMES128', unit: 'SUVlbm(James128)', name: 'lean body mass, James' },
  { kind: 'LBM', unit: 'SUVlbm', name: 'lean body mass, James with 120' },
  { kind: 'BSA', unit: 'SUVbsa', name: 'body surface area' },
]

/** When the scan of a series began, as its headers say (DICOM DA and TM). */
export interface SeriesStart {
  SeriesDate: string
  SeriesTime: string
  /** The earliest Acquisition Time of the series' images; a Series Time after it is not the scan's (it was post-processed). */
  AcquisitionTime: string | undefined
  /** Of that one; absent = the series'. */
  AcquisitionDate?: string | undefined
}

/** `factor` makes the named uptake of a modality value; or why there is none, in words. */
export type Uptake = { unit: string; factor: number } | { refusal: string }

type Body = Pick<ImageAttributes, 'PatientWeight' | 'PatientSize' | 'PatientSex'>

/** The heaviest human weighed 635 kg; no lower end, for animals are scanned, too. */
const HEAVIEST = 650
/** m. Taller or smaller ones are in cm or inches. */
const SIZES = { least: 0.2, most: 2.6 }
/** Bq. Less is what was typed in MBq, more in kBq. */
const DOSES = { least: 1e4, most: 1e11 }
/** After so many half lives nothing is left to be seen: one of the times is wrong. */
const MOST_HALF_LIVES = 12

/** Bq that are left of an injected dose after `elapsed` seconds. */
export function decayedDose(dose: number, elapsed: number, halfLife: number): number {
  return dose * 2 ** (-elapsed / halfLife)
}

/**
 * What a dose is divided by, from kg and m: g, of `BSA` cm² (Du Bois 1916). Lean body mass by James (1976) and Janmahasatian
 * (Clin Pharmacokinet 2005;44:1051).
 */
export function bodySize(kind: UptakeKind, weight: number, size: number, sex: 'M' | 'F'): number {
  if (kind === 'BW') return weight * 1000
  if (kind === 'BSA') return 71.84 * weight ** 0.425 * (size * 100) ** 0.725
  if (kind === 'LBMJANMA') {
    const massIndex = weight / size ** 2
    const [base, slope] = sex === 'M' ? [6680, 216] : [8780, 244]
    return (9270 * weight * 1000) / (base + slope * massIndex)
  }
  const square = (weight / (size * 100)) ** 2
  if (sex === 'F') return 1000 * (1.07 * weight - 148 * square)
  return 1000 * (1.1 * weight - (kind === 'LBM' ? 120 : 128) * square)
}

function sizeOf(kind: UptakeKind, { PatientWeight, PatientSize, PatientSex }: Body): number | { refusal: string } {
  if (PatientWeight === undefined || PatientWeight === 0) return { refusal: 'the patient’s weight is missing' }
  if (!(PatientWeight > 0 && PatientWeight <= HEAVIEST)) return refuse('a weight', PatientWeight, 'kg')
  if (kind === 'BW') return bodySize(kind, PatientWeight, 0, 'M')
  if (PatientSize === undefined || PatientSize === 0) return { refusal: 'the patient’s size is missing' }
  if (!(PatientSize >= SIZES.least && PatientSize <= SIZES.most)) return refuse('a size', PatientSize, 'm')
  if (kind === 'BSA') return bodySize(kind, PatientWeight, PatientSize, 'M')
  if (PatientSex !== 'M' && PatientSex !== 'F') return { refusal: 'lean body mass takes the patient’s sex, M or F' }
  const mass = bodySize(kind, PatientWeight, PatientSize, PatientSex)
  // James' parabola falls again, and below nothing, where Body Mass Index passes some 43 (men) and 37 (women).
  return mass > 0.2 * PatientWeight * 1000 ? mass : { refusal: 'the formula does not hold for this weight and size' }
}

function refuse(what: string, value: number, unit: string): { refusal: string } {
  return { refusal: `${what} of ${value} ${unit} is implausible` }
}

/** The uptake of a PET image's modality values, by `kind`. */
export function standardUptake(kind: UptakeKind, attributes: ImageAttributes, start: SeriesStart): Uptake {
  const { Units = '', CorrectedImage = [], SUVType = '' } = attributes
  const { unit } = UPTAKES.find(one => one.kind === kind)!
  if (Units === 'GML' || Units === 'CM2ML')
    return converted(kind, SUVType || (Units === 'GML' ? 'BW' : 'BSA'), attributes)
  if (Units !== 'BQML' && Units !== 'CNTS') {
    return { refusal: Units === '' ? 'the images do not say their unit' : `no SUV follows from values in ${Units}` }
  }
  const lacking = ['ATTN', 'DECY'].find(correction => !CorrectedImage.includes(correction))
  if (lacking !== undefined) {
    return { refusal: `the images are not corrected for ${lacking === 'ATTN' ? 'attenuation' : 'decay'}` }
  }
  const { PhilipsSUVScaleFactor = 0, PhilipsActivityScaleFactor = 0 } = attributes
  if (Units === 'CNTS' && PhilipsSUVScaleFactor > 0) {
    if (kind === 'BW') return { unit, factor: PhilipsSUVScaleFactor }
    const by = scaled('BW', kind, attributes)
    return typeof by === 'number' ? { unit, factor: PhilipsSUVScaleFactor * by } : by
  }
  if (Units === 'CNTS' && !(PhilipsActivityScaleFactor > 0)) {
    return { refusal: 'the images count, and do not say what a count stands for' }
  }
  const size = sizeOf(kind, attributes)
  if (typeof size !== 'number') return size
  const dose = doseAtReference(attributes, start)
  if (typeof dose !== 'number') return dose
  return { unit, factor: ((Units === 'CNTS' ? PhilipsActivityScaleFactor : 1) * size) / dose }
}

/** Values that are uptakes already, of the kind `stored`. */
function converted(kind: UptakeKind, stored: string, body: Body): Uptake {
  const known = UPTAKES.find(one => one.kind === stored)
  // Of a kind without a formula here (IBW): as it is, under its own name.
  if (known === undefined) return { unit: `SUV${stored.toLowerCase()}`, factor: 1 }
  if (known.kind === kind) return { unit: known.unit, factor: 1 }
  const by = scaled(known.kind, kind, body)
  return typeof by === 'number' ? { unit: UPTAKES.find(one => one.kind === kind)!.unit, factor: by } : by
}

function scaled(from: UptakeKind, to: UptakeKind, body: Body): number | { refusal: string } {
  const [had, wanted] = [sizeOf(from, body), sizeOf(to, body)]
  if (typeof had !== 'number') return had
  return typeof wanted === 'number' ? wanted / had : wanted
}

/** Bq left of the injected dose at the moment the images' decay is corrected to (PS3.3 C.8.9.1). */
function doseAtReference(attributes: ImageAttributes, start: SeriesStart): number | { refusal: string } {
  const { RadionuclideTotalDose: dose, RadionuclideHalfLife: halfLife, DecayCorrection } = attributes
  if (dose === undefined || dose === 0) return { refusal: 'the injected dose is missing' }
  if (!(dose >= DOSES.least && dose <= DOSES.most)) return refuse('an injected dose', dose, 'Bq')
  if (DecayCorrection === 'ADMIN') return dose
  if (DecayCorrection !== 'START') return { refusal: 'the images do not say to which moment decay is corrected' }
  if (halfLife === undefined || !(halfLife > 0)) return { refusal: 'the half life is missing' }
  const scan = scanStart(attributes, start)
  if (typeof scan !== 'number') return scan
  const { RadiopharmaceuticalStartDateTime: whole, RadiopharmaceuticalStartTime: time } = attributes
  const injected = secondsOf(whole || (time ? start.SeriesDate + time : ''))
  if (injected === undefined) return { refusal: 'the time of the injection is missing' }
  let elapsed = scan - injected
  // A time without a date: injected before midnight, scanned after.
  if (elapsed < 0 && !whole) elapsed += 86_400
  if (elapsed < 0) return { refusal: 'the injection is said to be after the scan' }
  if (elapsed > MOST_HALF_LIVES * halfLife)
    return refuse('a scan', Math.round(elapsed / halfLife), 'half lives after the injection')
  return decayedDose(dose, elapsed, halfLife)
}

/** Seconds. A series that says to be later than its images was made from them later: GE keeps the scan's own time aside. */
function scanStart({ GEScanDateTime = '' }: ImageAttributes, start: SeriesStart): number | { refusal: string } {
  const { SeriesDate, SeriesTime, AcquisitionTime = '', AcquisitionDate = SeriesDate } = start
  const scan = secondsOf(SeriesDate + SeriesTime)
  const acquired = secondsOf(AcquisitionDate + AcquisitionTime)
  if (scan !== undefined && acquired !== undefined && scan <= acquired) return scan
  const kept = secondsOf(GEScanDateTime)
  if (kept !== undefined) return kept
  if (scan === undefined || acquired === undefined) return { refusal: 'the time of the scan is missing' }
  return { refusal: 'the series is later than its images, and the time of the scan is not said' }
}

/** YYYYMMDDHHMMSS.F… in seconds (both times are of one place, so its zone does not matter); undefined when it is no date with a time. */
function secondsOf(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(\.\d+)?/.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute = '0', second = '0', fraction = '0'] = parts
  const whole = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Math.min(59, Number(second)),
  )
  return whole / 1000 + Number(fraction)
}
