import { type SeriesStart, standardUptake, type UptakeKind } from '../suv.ts'
import { isLocalizer, type MeasuredFrame } from './scale.ts'

/** What modality values stand for: a value times `factor` is in `unit` ('' = a number without one). */
export interface ValueUnit {
  unit: string
  factor: number
}

const PLAIN: ValueUnit = { unit: '', factor: 1 }
const CT_CLASS = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.2(\.[12])?$/

/**
 * The unit of a frame's values after its modality LUT (PS3.3 C.11.1): HU only for CT images that are no localizers and say HU
 * or nothing (C.8.2.1), SUV for PET (of the kind wanted, else by weight) when everything it takes is there, otherwise what the
 * header names, or none.
 */
export function valueUnitOf(frame: MeasuredFrame, start: SeriesStart, uptake: UptakeKind = 'BW'): ValueUnit {
  const { Modality, SOPClassUID, attributes } = frame
  if (Modality === 'PT') return petUnit(frame, start, uptake)
  const type = attributes.RescaleType?.trim() ?? ''
  const ct = Modality === 'CT' && CT_CLASS.test(SOPClassUID)
  if (type === 'HU' || (ct && type === '')) return ct && !isLocalizer(attributes) ? { unit: 'HU', factor: 1 } : PLAIN
  // US: unspecified (PS3.3 C.11.1.1.2).
  return type === 'US' || type === '' ? PLAIN : { unit: type, factor: 1 }
}

/** Shown as they are, by PS3.3 C.8.9.1. */
const PET_UNITS: Record<string, string> = { BQML: 'Bq/ml', CNTS: 'counts', PROPCNTS: '', PROPCPS: '', CPS: 'counts/s' }

function petUnit({ attributes }: MeasuredFrame, start: SeriesStart, wanted: UptakeKind): ValueUnit {
  for (const kind of [wanted, 'BW'] as const) {
    const uptake = standardUptake(kind, attributes, start)
    if (!('refusal' in uptake)) return uptake
  }
  const { Units = '', SUVType = '' } = attributes
  // Stored as an uptake of another kind, which takes what is not known here: as it is, under its own name.
  if (Units === 'GML' || Units === 'CM2ML') return { unit: `SUV${(SUVType || 'bw').toLowerCase()}`, factor: 1 }
  return { unit: PET_UNITS[Units] ?? '', factor: 1 }
}
