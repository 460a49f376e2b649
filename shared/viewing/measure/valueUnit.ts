import { isLocalizer, type MeasuredFrame } from './scale.ts'

/** What modality values stand for: a value times `factor` is in `unit` ('' = a number without one). */
export interface ValueUnit {
  unit: string
  factor: number
}

/** When the scan of a series began, as its headers say (DICOM DA and TM). */
export interface SeriesStart {
  SeriesDate: string
  SeriesTime: string
  /** The earliest Acquisition Time of the series' images; a Series Time after it is not the scan's (it was post-processed). */
  AcquisitionTime: string | undefined
}

const PLAIN: ValueUnit = { unit: '', factor: 1 }
const CT_CLASS = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.2(\.[12])?$/

/**
 * The unit of a frame's values after its modality LUT (PS3.3 C.11.1): HU only for CT images that are no localizers and say HU
 * or nothing (C.8.2.1), SUV for PET when everything it takes is there, otherwise what the header names, or none.
 */
export function valueUnitOf(frame: MeasuredFrame, start: SeriesStart): ValueUnit {
  const { Modality, SOPClassUID, attributes } = frame
  if (Modality === 'PT') return standardUptake(frame, start)
  const type = attributes.RescaleType?.trim() ?? ''
  const ct = Modality === 'CT' && CT_CLASS.test(SOPClassUID)
  if (type === 'HU' || (ct && type === '')) return ct && !isLocalizer(attributes) ? { unit: 'HU', factor: 1 } : PLAIN
  // US: unspecified (PS3.3 C.11.1.1.2).
  return type === 'US' || type === '' ? PLAIN : { unit: type, factor: 1 }
}

/** Shown as they are, by PS3.3 C.8.9.1. */
const PET_UNITS: Record<string, string> = { BQML: 'Bq/ml', CNTS: 'counts', PROPCNTS: '', PROPCPS: '', CPS: 'counts/s' }

/**
 * SUV by body weight in g/ml (QIBA's vendor-neutral calculation): value · weight / dose at the time the images are corrected to.
 * Undecided times, a missing dose or weight, or images without attenuation and decay correction give no SUV.
 */
function standardUptake({ attributes }: MeasuredFrame, start: SeriesStart): ValueUnit {
  const { Units = '', CorrectedImage = [], PatientWeight = 0, SUVType = '' } = attributes
  if (Units === 'GML' && (SUVType === '' || SUVType === 'BW')) return { unit: 'SUVbw', factor: 1 }
  const plain: ValueUnit = { unit: PET_UNITS[Units] ?? '', factor: 1 }
  const corrected = CorrectedImage.includes('ATTN') && CorrectedImage.includes('DECY')
  if (!corrected) return plain
  if (Units === 'CNTS') {
    // Philips keeps the factor from counts to SUV by weight in a private element.
    const factor = attributes.PhilipsSUVScaleFactor
    return factor !== undefined && factor > 0 ? { unit: 'SUVbw', factor } : plain
  }
  const dose = Units === 'BQML' ? doseAtReference(attributes, start) : undefined
  if (dose === undefined || !(dose > 0) || !(PatientWeight > 0)) return plain
  return { unit: 'SUVbw', factor: (PatientWeight * 1000) / dose }
}

/** Bq left of the injected dose at the moment the images' decay is corrected to (PS3.3 C.8.9.1). */
function doseAtReference(attributes: MeasuredFrame['attributes'], start: SeriesStart): number | undefined {
  const { RadionuclideTotalDose: dose, RadionuclideHalfLife: halfLife, DecayCorrection } = attributes
  if (dose === undefined || halfLife === undefined || !(halfLife > 0)) return undefined
  if (DecayCorrection === 'ADMIN') return dose
  if (DecayCorrection !== 'START') return undefined
  const scan = secondsOf(start.SeriesDate + start.SeriesTime)
  const acquired = secondsOf(start.SeriesDate + (start.AcquisitionTime ?? ''))
  if (scan === undefined || acquired === undefined || scan > acquired) return undefined
  const { RadiopharmaceuticalStartDateTime: whole, RadiopharmaceuticalStartTime: time } = attributes
  const injected = secondsOf(whole || (time ? start.SeriesDate + time : ''))
  if (injected === undefined) return undefined
  let elapsed = scan - injected
  // A time without a date: injected before midnight, scanned after.
  if (elapsed < 0 && !whole) elapsed += 86_400
  return elapsed >= 0 ? dose * 2 ** (-elapsed / halfLife) : undefined
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
