import type { Concept } from '../documents/reference.ts'
import type { Mark, MarkKind } from '../draft.ts'
import { circleBox, cornersOf } from '../measure/markRegion.ts'
import type { Point, Scale } from '../measure/scale.ts'
import { concept, OWN_SCHEME } from './content.ts'

const own = (value: string, meaning: string): Concept => concept(value, OWN_SCHEME, meaning)
const dcm = (value: string, meaning: string): Concept => concept(value, 'DCM', meaning)
const sct = (value: string, meaning: string): Concept => concept(value, 'SCT', meaning)

/** Concepts of measurement reports (PS3.16 TID 1500, 1501, 1410, 300), and ours for what these do not name. */
export const CODES = {
  report: dcm('126000', 'Imaging Measurement Report'),
  procedure: dcm('121058', 'Procedure Reported'),
  imaging: sct('363679005', 'Imaging procedure'),
  observerType: dcm('121005', 'Observer Type'),
  device: dcm('121007', 'Device'),
  deviceUid: dcm('121012', 'Device Observer UID'),
  deviceName: dcm('121013', 'Device Observer Name'),
  measurements: dcm('126010', 'Imaging Measurements'),
  group: dcm('125007', 'Measurement Group'),
  trackingIdentifier: dcm('112039', 'Tracking Identifier'),
  trackingUid: dcm('112040', 'Tracking Unique Identifier'),
  finding: dcm('121071', 'Finding'),
  region: dcm('111030', 'Image Region'),
  comment: dcm('121106', 'Comment'),
  method: sct('370129005', 'Measurement Method'),
  length: sct('410668003', 'Length'),
  longAxis: sct('103339001', 'Long Axis'),
  shortAxis: sct('103340004', 'Short Axis'),
  angle: sct('1483009', 'Angle'),
  cobb: sct('285285000', "Cobb's angle"),
  area: sct('42798000', 'Area'),
  perimeter: sct('131191004', 'Perimeter'),
  diameter: sct('81827009', 'Diameter'),
  mean: sct('373098007', 'Mean'),
  deviation: sct('386136009', 'Standard Deviation'),
  median: sct('373099004', 'Median'),
  minimum: sct('255605001', 'Minimum'),
  maximum: sct('56851009', 'Maximum'),
  attenuation: dcm('112031', 'Attenuation Coefficient'),
  pixels: own('PIXELS', 'Number of pixels'),
  value: own('PIXEL_VALUE', 'Value of the pixel'),
  red: own('RED', 'Red'),
  green: own('GREEN', 'Green'),
  blue: own('BLUE', 'Blue'),
  heart: own('HEART_WIDTH', 'Width of the heart'),
  thorax: own('THORAX_WIDTH', 'Width of the thorax'),
  ratio: own('CTR', 'Cardiothoracic ratio'),
  openAngle: own('OPEN_ANGLE', 'Angle between two lines'),
  kind: own('MARK_KIND', 'Kind of mark'),
  state: own('MARK_STATE', 'State of the mark'),
  points: own('MARK_POINTS', 'Points the mark is made of'),
  /** Where a label was moved to, in Cornerstone's code: OHIF takes any other place in a group for the mark itself. */
  label: concept('TextPosition', '99CS3D', 'Text Annotation Position'),
  /** The same before 2026-11-23. */
  ownLabel: own('LABEL_PLACE', 'Place of the label'),
  calibration: own('CALIBRATION', 'Calibration by hand'),
  displaySet: own('DISPLAY_SET', 'Images it is of'),
  drawn: own('DRAWN_LENGTH', 'Length of the line as drawn'),
  known: own('KNOWN_LENGTH', 'Length of the line as known'),
} as const satisfies Record<string, Concept>

export const LOCKED = own('LOCKED', 'Locked')
export const CLOSED = own('CLOSED', 'Closed')

/** Meanings of the kinds, and which of its tools OHIF shows them with; it has none for two lines of a chest or an open angle. */
export const KINDS: Record<MarkKind, { meaning: string; cornerstone?: string }> = {
  length: { meaning: 'Length', cornerstone: 'Length' },
  angle: { meaning: 'Angle', cornerstone: 'Angle' },
  cobb: { meaning: 'Cobb angle', cornerstone: 'CobbAngle' },
  openAngle: { meaning: 'Open angle' },
  bidirectional: { meaning: 'Two axes', cornerstone: 'Bidirectional' },
  ellipse: { meaning: 'Ellipse', cornerstone: 'EllipticalROI' },
  circle: { meaning: 'Circle', cornerstone: 'CircleROI' },
  rectangle: { meaning: 'Rectangle', cornerstone: 'RectangleROI' },
  polyline: { meaning: 'Polyline', cornerstone: 'PlanarFreehandROI' },
  freehand: { meaning: 'Freehand', cornerstone: 'PlanarFreehandROI' },
  spline: { meaning: 'Spline', cornerstone: 'PlanarFreehandROI' },
  livewire: { meaning: 'Livewire', cornerstone: 'PlanarFreehandROI' },
  cardiothoracic: { meaning: 'Cardiothoracic ratio' },
  vertebra: { meaning: 'Vertebra', cornerstone: 'ArrowAnnotate' },
  probe: { meaning: 'Probe', cornerstone: 'Probe' },
  arrow: { meaning: 'Arrow', cornerstone: 'ArrowAnnotate' },
  text: { meaning: 'Text', cornerstone: 'ArrowAnnotate' },
}

export function kindConcept(kind: MarkKind): Concept {
  return own(kind, KINDS[kind].meaning)
}

/** What a scale says of itself, as a method: where the millimetres come from. */
export function methodOf(note: string): Concept {
  const known: Record<string, string> = {
    'at isocentre': 'AT_ISOCENTRE',
    'calibrated': 'CALIBRATED',
    'at detector': 'AT_DETECTOR',
    'on film': 'ON_FILM',
    'calibrated by hand': 'BY_HAND',
  }
  return own(known[note] ?? (note.startsWith('estimated') ? 'ESTIMATED' : 'SCALE_NOTE'), note)
}

/** UCUM's code for a unit as it stands beside a figure; what UCUM has no name for is its annotation (UCUM §12). */
export function unitConcept(unit: string): Concept {
  const KNOWN: Record<string, string> = {
    '': '1',
    'mm': 'mm',
    'mm²': 'mm2',
    'µm': 'um',
    'µm²': 'um2',
    'px': '{pixels}',
    'px²': '{square pixels}',
    '°': 'deg',
    'HU': "[hnsf'U]",
    'SUVbw': '{SUVbw}g/ml',
    'SUVlbm': '{SUVlbm}g/ml',
    'SUVibw': '{SUVibw}g/ml',
    'SUVbsa': '{SUVbsa}cm2/ml',
    'Bq/ml': 'Bq/ml',
    'counts': '{counts}',
    'counts/s': '{counts}/s',
  }
  const value = KNOWN[unit] ?? `{${unit.replace(/[^\x21-\x7e]|[{}\\]/g, ' ')}}`
  return concept(value, 'UCUM', unit === '' ? 'no units' : unit)
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The Tracking Unique Identifier of a mark: the same for the same mark in every version (PS3.5 B.2 where the id is a UUID). */
export function trackingUidOf(id: string): string {
  if (UUID.test(id)) return `2.25.${BigInt(`0x${id.replaceAll('-', '')}`)}`
  if (/^[0-9]+(\.[0-9]+)+$/.test(id)) return id
  // FNV-1a of 128 bits: an id that is neither is somebody's own word.
  let hash = 0x6c62272e07bb014262b821756295c58dn
  for (const byte of new TextEncoder().encode(id)) {
    hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * 0x0000000001000000000000000000013bn)
  }
  return `2.25.${hash}`
}

/** The id a mark has by its Tracking Unique Identifier. */
export function markIdOf(uid: string): string {
  const [, digits] = /^2\.25\.(\d{1,39})$/.exec(uid) ?? []
  const number = digits === undefined ? undefined : BigInt(digits)
  if (number === undefined || number >= 1n << 128n) return uid
  const hex = number.toString(16).padStart(32, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** What of a mark can be drawn by a standard graphic, in image coordinates; shared by reports and presentation states. */
export interface MarkGraphic {
  kind: 'POINT' | 'POLYLINE' | 'CIRCLE' | 'ELLIPSE'
  points: Point[]
}

/** A mark as graphics: a curve as the chords it is drawn by; two lines where it is made of two. */
export function graphicsOf(
  mark: Pick<Mark, 'kind' | 'points' | 'closed'>,
  scale: Pick<Scale, 'x' | 'y'>,
): MarkGraphic[] {
  const [a = [0, 0], b = a, c = b, d = c] = mark.points
  const line = (...points: Point[]): MarkGraphic => ({ kind: 'POLYLINE', points })
  switch (mark.kind) {
    case 'length':
    case 'arrow':
      return [line(a, b)]
    case 'angle':
      return [line(a, b, c)]
    case 'cobb':
    case 'openAngle':
    case 'bidirectional':
    case 'cardiothoracic':
      return [line(a, b), line(c, d)]
    case 'ellipse':
      return [ellipseGraphic(a, b)]
    case 'circle': {
      const box = circleBox(mark.points, scale)
      return [box ? circleGraphic(box) : line(a, b, c)]
    }
    case 'rectangle':
      return [line(a, [b[0], a[1]], b, [a[0], b[1]], a)]
    case 'probe':
    case 'vertebra':
    case 'text':
      return [{ kind: 'POINT', points: [a] }]
    case 'polyline':
    case 'livewire':
    case 'freehand':
    case 'spline': {
      const corners = cornersOf(mark)
      return [line(...(corners === undefined ? mark.points : [...corners, corners[0] ?? a]))]
    }
  }
}

/** PS3.3 C.18.6.1.2: the ends of the major axis, then of the minor one. */
function ellipseGraphic(a: Point, b: Point): MarkGraphic {
  const [x, y] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
  const across: Point[] = [
    [Math.min(a[0], b[0]), y],
    [Math.max(a[0], b[0]), y],
  ]
  const down: Point[] = [
    [x, Math.min(a[1], b[1])],
    [x, Math.max(a[1], b[1])],
  ]
  const isWide = Math.abs(b[0] - a[0]) >= Math.abs(b[1] - a[1])
  return { kind: 'ELLIPSE', points: isWide ? [...across, ...down] : [...down, ...across] }
}

/** A circle of the patient is one of the image only where pixels are square. */
function circleGraphic([a, b]: [Point, Point]): MarkGraphic {
  const [width, height] = [b[0] - a[0], b[1] - a[1]]
  if (Math.abs(width - height) > 1e-6 * width) return ellipseGraphic(a, b)
  const y = (a[1] + b[1]) / 2
  return {
    kind: 'CIRCLE',
    points: [
      [(a[0] + b[0]) / 2, y],
      [b[0], y],
    ],
  }
}
