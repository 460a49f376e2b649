import type { ImageAttributes, UltrasoundRegion } from '../image.ts'

/** A point of a frame in image coordinates: x = column, y = row, the first pixel's centre is (0.5, 0.5) (PS3.3 C.18.6.1.1). */
export type Point = [number, number]

/** What one pixel stands for. `unit` is mm only where the spacing is the patient's or says of what plane it is. */
export interface Scale {
  unit: 'mm' | 'px'
  /** Width and height of one pixel, in `unit`. */
  x: number
  y: number
  /** What a reader must know of a length in this unit: 'at detector', …; '' when it is simply the patient's. */
  note: string
  /** Seen through a microscope: what is under a millimetre is said in µm. */
  fine?: true
}

/** A line of known length that a reader drew: `drawn`, measured in the file's own `unit`, is `mm` long. */
export interface HandCalibration {
  unit: Scale['unit']
  drawn: number
  mm: number
}

/** What deciding units takes of a frame; the attributes are the frame's own (`frameAttributes`). */
export interface MeasuredFrame {
  Modality: string
  SOPClassUID: string
  attributes: ImageAttributes
  /** Of its display set, if a reader has made one. */
  calibration?: HandCalibration | undefined
}

/** What a scale says that a reader has set. */
export const BY_HAND = 'calibrated by hand'

const STORAGE = '1.2.840.10008.5.1.4.1.1.'
/** CR, DX, MG, IO, XA, RF, biplane: a picture of shadows on a detector, magnified by its distance from the patient. */
const PROJECTION_CLASS = /^(1|1\.[123](\.1)?|12\.[123](\.1)?)$/
const PROJECTION = new Set(['CR', 'DX', 'MG', 'IO', 'PX', 'XA', 'RF', 'DR', 'RG'])
/** CT, MR, NM, PT and their enhanced kinds, X-ray 3D and tomosynthesis, enhanced US volumes, dose: sections of the patient. */
const SECTION_CLASS = /^(2|4|20|128|130)(\.[1-4])?$|^13\.1\.[1-5]$|^6\.2$|^481\.2$/
const SECTION = new Set(['CT', 'MR', 'PT', 'NM', 'RTDOSE'])
const ULTRASOUND_CLASS = /^(3|3\.1|6|6\.1)$/
const SECONDARY_CLASS = /^7(\.[1-4])?$/
/** Whole slides (PS3.3 C.8.12.4): their Pixel Spacing is that of the glass. */
const SLIDE_CLASS = '77.1.6'

/** Two of a header's decimal strings count as equal when they differ by less than what rounding to five digits does. */
const SAME = 1e-4

function pair(values: number[] | undefined): { x: number; y: number } | undefined {
  const [y = 0, x = y] = values ?? []
  return x > 0 && y > 0 && Number.isFinite(x) && Number.isFinite(y) ? { x, y } : undefined
}

/** Pixels of no known size; their shape is told by the aspect ratio (vertical : horizontal, PS3.3 C.7.6.3.1.7) or a spacing. */
function pixels(attributes: ImageAttributes, note: string): Scale {
  const shape = pair(attributes.PixelAspectRatio) ?? pair(attributes.PixelSpacing) ?? { x: 1, y: 1 }
  return { unit: 'px', x: 1, y: shape.y / shape.x, note }
}

type Kind = 'section' | 'projection' | 'ultrasound' | 'secondary' | 'slide' | 'other'

function kindOf({ Modality, SOPClassUID }: MeasuredFrame): Kind {
  const sop = SOPClassUID.startsWith(STORAGE) ? SOPClassUID.slice(STORAGE.length) : ''
  if (sop === SLIDE_CLASS) return 'slide'
  if (SECTION_CLASS.test(sop)) return 'section'
  if (PROJECTION_CLASS.test(sop)) return 'projection'
  if (ULTRASOUND_CLASS.test(sop)) return 'ultrasound'
  // A secondary capture says of its modality only where the picture came from.
  if (SECONDARY_CLASS.test(sop)) return 'secondary'
  if (SECTION.has(Modality)) return 'section'
  if (PROJECTION.has(Modality)) return 'projection'
  return Modality === 'US' || Modality === 'IVUS' ? 'ultrasound' : 'other'
}

/**
 * The unit of lengths in a mark through these points (none = anywhere in the image): the one place where it is decided whether
 * millimetres may be shown (PS3.3 10.7.1.1, 10.7.1.3, C.8.5.5). Never fails: what is not known is measured in pixels.
 */
export function scaleOf(frame: MeasuredFrame, points: readonly Point[]): Scale {
  const own = fileScale(frame, points)
  const { calibration } = frame
  // A factor for pixels is none for millimetres at a detector.
  if (calibration === undefined || calibration.unit !== own.unit || !isCalibratable(frame)) return own
  const factor = calibration.mm / calibration.drawn
  const fine = kindOf(frame) === 'slide' ? { fine: true as const } : {}
  return { unit: 'mm', x: own.x * factor, y: own.y * factor, note: BY_HAND, ...fine }
}

/**
 * Whether a reader may say what is how long: only where the file has no spacing, or one of another plane than the patient's
 * (at the detector, estimated, on film). Sections and ultrasound regions say themselves what they are.
 */
export function isCalibratable(frame: MeasuredFrame): boolean {
  const { unit, note } = fileScale(frame, [])
  switch (kindOf(frame)) {
    case 'projection':
      return note !== 'calibrated'
    case 'ultrasound':
      return regionsOf(frame.attributes).length === 0
    case 'secondary':
      return unit === 'px' || note === 'on film'
    case 'section':
    case 'slide':
    case 'other':
      return unit === 'px'
  }
}

/** The scale by the file alone, whatever a reader has calibrated. */
export function fileScale(frame: MeasuredFrame, points: readonly Point[]): Scale {
  const { attributes } = frame
  switch (kindOf(frame)) {
    case 'section':
      return section(attributes)
    case 'projection':
      return projection(attributes)
    case 'ultrasound':
      return ultrasound(attributes, points)
    case 'secondary':
      return secondary(attributes)
    case 'slide':
      return slide(attributes)
    case 'other':
      return placed(attributes) ? section(attributes) : pixels(attributes, '')
  }
}

function section(attributes: ImageAttributes): Scale {
  const spacing = pair(attributes.PixelSpacing)
  if (spacing === undefined) return pixels(attributes, '')
  // A scout is a projection; its spacing is true in the plane of the isocentre alone (PS3.3 C.8.2.1).
  return { unit: 'mm', ...spacing, note: isLocalizer(attributes) ? 'at isocentre' : '' }
}

function slide(attributes: ImageAttributes): Scale {
  const spacing = pair(attributes.PixelSpacing)
  return spacing === undefined ? pixels(attributes, '') : { unit: 'mm', ...spacing, note: '', fine: true }
}

/** Whether ImageType says that this is a scout (PS3.3 C.8.2.1.1.1, value 3; enhanced images too). */
export function isLocalizer({ ImageType }: ImageAttributes): boolean {
  return ImageType?.includes('LOCALIZER') ?? false
}

function placed({ ImagePositionPatient, ImageOrientationPatient }: ImageAttributes): boolean {
  return ImagePositionPatient?.length === 3 && ImageOrientationPatient?.length === 6
}

/** PS3.3 10.7.1.3: Pixel Spacing is calibrated when it says how, or when it differs from that at the detector. */
function projection(attributes: ImageAttributes): Scale {
  const spacing = pair(attributes.PixelSpacing)
  const detector = pair(attributes.ImagerPixelSpacing)
  const calibrated = attributes.PixelSpacingCalibrationType
  const differs =
    spacing !== undefined &&
    detector !== undefined &&
    (Math.abs(spacing.x / detector.x - 1) > SAME || Math.abs(spacing.y / detector.y - 1) > SAME)
  if (spacing !== undefined && (calibrated || differs)) return { unit: 'mm', ...spacing, note: 'calibrated' }
  // Old CR has Pixel Spacing alone and means the plate.
  const plane = detector ?? spacing
  if (plane === undefined) return pixels(attributes, '')
  const magnification = attributes.EstimatedRadiographicMagnificationFactor
  if (magnification === undefined || !(magnification > 0) || detector === undefined) {
    return { unit: 'mm', ...plane, note: 'at detector' }
  }
  return {
    unit: 'mm',
    x: plane.x / magnification,
    y: plane.y / magnification,
    note: `estimated, magnification ${Number(magnification.toPrecision(4))}`,
  }
}

/** PS3.3 C.8.6.1, 10.7.1.1: what was scanned from film has the film's spacing. */
function secondary(attributes: ImageAttributes): Scale {
  const spacing = pair(attributes.PixelSpacing)
  if (spacing !== undefined && placed(attributes)) return { unit: 'mm', ...spacing, note: '' }
  if (spacing !== undefined && attributes.PixelSpacingCalibrationType)
    return { unit: 'mm', ...spacing, note: 'calibrated' }
  const scanned = pair(attributes.NominalScannedPixelSpacing)
  return scanned === undefined ? pixels(attributes, '') : { unit: 'mm', ...scanned, note: 'on film' }
}

const CENTIMETRES = 3

/** Regions are given by pixels, both ends included (PS3.3 C.8.5.5). */
function inside(region: UltrasoundRegion, [x, y]: Point): boolean {
  return (
    x >= region.RegionLocationMinX0 &&
    x <= region.RegionLocationMaxX1 + 1 &&
    y >= region.RegionLocationMinY0 &&
    y <= region.RegionLocationMaxY1 + 1
  )
}

/** A region without units says nothing; some scanners lay one over the picture's own (PS3.3 C.8.5.5: 0 = none). */
function regionsOf({ SequenceOfUltrasoundRegions: regions = [] }: ImageAttributes): UltrasoundRegion[] {
  return regions.filter(
    ({ PhysicalUnitsXDirection, PhysicalUnitsYDirection }) => PhysicalUnitsXDirection + PhysicalUnitsYDirection > 0,
  )
}

/** Millimetres only where one region of centimetres holds the whole mark, and no other that holds it says otherwise. */
function ultrasound(attributes: ImageAttributes, points: readonly Point[]): Scale {
  const regions = regionsOf(attributes)
  const holding = regions.filter(region => points.every(point => inside(region, point)))
  const [first] = holding
  if (first === undefined) {
    const touched = regions.some(region => points.some(point => inside(region, point)))
    return pixels(attributes, touched ? 'not within one region' : '')
  }
  const spatial = holding.every(
    ({ PhysicalUnitsXDirection, PhysicalUnitsYDirection }) =>
      PhysicalUnitsXDirection === CENTIMETRES && PhysicalUnitsYDirection === CENTIMETRES,
  )
  const alike = holding.every(
    ({ PhysicalDeltaX, PhysicalDeltaY }) =>
      PhysicalDeltaX === first.PhysicalDeltaX && PhysicalDeltaY === first.PhysicalDeltaY,
  )
  // Deltas are signed: a region's y axis may point up (PS3.3 C.8.5.5).
  const spacing = pair([Math.abs(first.PhysicalDeltaY) * 10, Math.abs(first.PhysicalDeltaX) * 10])
  if (!spatial || !alike || spacing === undefined) return pixels(attributes, 'no distance in this region')
  return { unit: 'mm', ...spacing, note: '' }
}
