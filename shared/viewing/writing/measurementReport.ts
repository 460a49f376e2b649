import type { NewDataSet } from '../../dicom/writer.ts'
import type { Concept } from '../documents/reference.ts'
import type { Calibration, Mark } from '../draft.ts'
import { areaExtent, type Extent, figure, lengthExtent, type Measured, valueText } from '../measure/measure.ts'
import {
  codeItem,
  concept,
  containerItem,
  documentBody,
  IN_ENGLISH,
  imageItem,
  numberItem,
  OWN_SCHEME,
  type ReferencedFrame,
  type ReferencedObject,
  regionItem,
  reportFlags,
  textItem,
  uidItem,
} from './content.ts'
import {
  CLOSED,
  CODES,
  graphicsOf,
  KINDS,
  kindConcept,
  LOCKED,
  type MarkGraphic,
  methodOf,
  trackingUidOf,
  unitConcept,
} from './markCodes.ts'
import type { NewObject } from './newObject.ts'

export const COMPREHENSIVE_SR = '1.2.840.10008.5.1.4.1.1.88.33'
export const MEASUREMENTS_SERIES = 'Isocenter measurements'

export interface ReportedMark {
  mark: Mark
  image: ReferencedFrame
  /** Its figures as they are shown; undefined where they could not be had. */
  measured: Measured | undefined
}

export interface ReportedCalibration {
  displaySet: string
  calibration: Calibration
  image: ReferencedFrame
}

/** Where a new version goes: beside the one before. */
export interface Version {
  /** '' = a series of its own. */
  SeriesInstanceUID: string
  InstanceNumber: number
  predecessor?: ReferencedObject
  /** Versions saved beside that one, whose marks are in this one, too. */
  merged?: readonly ReferencedObject[]
}

/**
 * Marks as an Imaging Measurement Report (PS3.16 TID 1500), in a Comprehensive SR: one Measurement Group each, TID 1410 for what
 * encloses an area, else TID 1501. Tracking UIDs are the marks'. What the templates cannot say (the kind, the points a curve is made
 * of, where its label lies) stands beside in codes of our own, so that the same mark comes back.
 */
export function measurementReport(
  marks: readonly ReportedMark[],
  calibrations: readonly ReportedCalibration[],
  observerUID: string,
  version: Version,
): NewObject {
  const { predecessor, merged = [], ...place } = version
  const groups = marks.map(groupOf)
  const items: NewDataSet[] = [
    IN_ENGLISH,
    codeItem('HAS OBS CONTEXT', CODES.observerType, CODES.device),
    uidItem('HAS OBS CONTEXT', CODES.deviceUid, observerUID),
    textItem('HAS OBS CONTEXT', CODES.deviceName, 'Isocenter'),
    codeItem('HAS CONCEPT MOD', CODES.procedure, CODES.imaging),
    groups.length > 0
      ? containerItem(CODES.measurements, groups)
      : containerItem(CODES.measurements, [
          textItem('CONTAINS', CODES.comment, 'None is left of the version before this one.'),
        ]),
    ...calibrations.map(calibrationItem),
  ]
  const evidence = [...marks.map(({ image }) => image), ...calibrations.map(({ image }) => image)]
  return {
    SOPClassUID: COMPREHENSIVE_SR,
    Modality: 'SR',
    ...place,
    SeriesNumber: 9801,
    SeriesDescription: MEASUREMENTS_SERIES,
    body: {
      ...documentBody({ title: CODES.report, template: '1500', items, evidence }),
      ...reportFlags(predecessor ? [predecessor, ...merged] : merged),
    },
  }
}

/** Kinds whose standard graphic is their very points, in their order. */
const DIRECT = new Set<Mark['kind']>(['length', 'arrow', 'probe', 'vertebra', 'text', 'polyline', 'livewire'])
const ROUND = new Set<Mark['kind']>(['ellipse', 'circle', 'rectangle', 'freehand', 'spline'])

function groupOf({ mark, image, measured }: ReportedMark): NewDataSet {
  const graphics = asOhifReads(mark.kind, graphicsOf(mark, measured?.scale ?? { x: 1, y: 1 }))
  const values = measured === undefined ? [] : valuesOf(mark, measured, graphics)
  const isArea = ROUND.has(mark.kind) || mark.closed === true
  // TID 1410 has the region in the group; elsewhere a figure is inferred from it, unless there is none.
  const inGroup = isArea || values.length === 0
  const { cornerstone } = KINDS[mark.kind]
  const note = measured?.scale.note ?? ''
  const method = note === '' ? [] : [codeItem('HAS CONCEPT MOD', CODES.method, methodOf(note))]
  const flags: Concept[] = [...(mark.closed ? [CLOSED] : []), ...(mark.locked ? [LOCKED] : [])]
  const items = [
    textItem(
      'HAS OBS CONTEXT',
      CODES.trackingIdentifier,
      cornerstone ? `${OHIF}:${cornerstone}` : `Isocenter:${mark.kind}`,
    ),
    uidItem('HAS OBS CONTEXT', CODES.trackingUid, trackingUidOf(mark.id)),
    codeItem('CONTAINS', CODES.kind, kindConcept(mark.kind)),
    ...flags.map(flag => codeItem('CONTAINS', CODES.state, flag)),
    ...(mark.text === '' ? [] : [textItem('CONTAINS', CODES.comment, mark.text)]),
    ...(inGroup ? graphics.map(graphic => regionItem('CONTAINS', CODES.region, graphic, image)) : []),
    ...values.map(({ name, from, ...value }) =>
      numberItem(name, value, [...method, ...from.map(one => regionItem('INFERRED FROM', undefined, one, image))]),
    ),
    ...(DIRECT.has(mark.kind)
      ? []
      : [regionItem('CONTAINS', CODES.points, { kind: 'MULTIPOINT', points: mark.points }, image)]),
    ...(mark.label === undefined
      ? []
      : [regionItem('CONTAINS', CODES.label, { kind: 'POINT', points: [mark.label] }, image)]),
  ]
  return containerItem(CODES.group, items, isArea ? '1410' : '1501')
}

/** OHIF reads an angle as two lines in one graphic of four points (an angle's vertex in both): the same figure. */
function asOhifReads(kind: Mark['kind'], graphics: MarkGraphic[]): MarkGraphic[] {
  if (kind !== 'angle' && kind !== 'cobb') return graphics
  const points = graphics.flatMap(graphic => graphic.points)
  return [{ kind: 'POLYLINE', points: kind === 'cobb' ? points : points.toSpliced(1, 0, points[1]!) }]
}

/** By this the viewer OHIF knows which of its tools draws a measurement; it looks for the region beneath the first number. */
const OHIF = 'Cornerstone3DTools@^0.1.0'

interface ReportedValue {
  name: Concept
  /** As it is shown. */
  text: string
  value: number
  unit: Concept
  from: MarkGraphic[]
}

/** Every figure that stands beside the mark, with the digits that are shown. */
function valuesOf(mark: Mark, measured: Measured, graphics: MarkGraphic[]): ReportedValue[] {
  const {
    scale,
    valueUnit,
    length,
    width,
    ratio,
    angle,
    area,
    perimeter,
    diameter,
    statistics,
    values,
    mapped = [],
  } = measured
  const found: ReportedValue[] = []
  const add = (name: Concept, text: string, value: number, unit: string, from: MarkGraphic[] = []) => {
    found.push({ name, text, value, unit: unitConcept(unit), from })
  }
  const addExtent = (name: Concept, { text, value, unit }: Extent, from: MarkGraphic[] = []) =>
    add(name, text, value, unit, from)
  if (length !== undefined && width !== undefined) {
    // The longer axis is the long one, however it was pulled.
    const [first, second] = graphics
    const isFirst = lengthIn(first, scale) >= lengthIn(second, scale)
    const [long, short] = (isFirst ? [first, second] : [second, first]).map(one => (one ? [one] : []))
    const isHeart = mark.kind === 'cardiothoracic'
    addExtent(isHeart ? CODES.thorax : CODES.longAxis, lengthExtent(length, scale), long)
    addExtent(isHeart ? CODES.heart : CODES.shortAxis, lengthExtent(width, scale), short)
    if (ratio !== undefined) add(CODES.ratio, ratio.toFixed(2), ratio, '')
  } else if (length !== undefined) addExtent(CODES.length, lengthExtent(length, scale), graphics)
  if (angle !== undefined) {
    const name = { angle: CODES.angle, cobb: CODES.cobb }[mark.kind as string] ?? CODES.openAngle
    add(name, angle.toFixed(1), angle, '°', graphics)
  }
  if (area !== undefined) addExtent(CODES.area, areaExtent(area, scale), graphics)
  if (perimeter !== undefined) {
    addExtent(CODES.perimeter, lengthExtent(perimeter, scale), area === undefined ? graphics : [])
  }
  if (diameter !== undefined) addExtent(CODES.diameter, lengthExtent(diameter, scale))
  if (statistics !== undefined) {
    const { mean, sd, median, min, max, n } = statistics
    add(CODES.mean, figure(mean), mean, valueUnit.unit)
    add(CODES.deviation, figure(sd), sd, valueUnit.unit)
    add(CODES.median, valueText(median), median, valueUnit.unit)
    add(CODES.minimum, valueText(min), min, valueUnit.unit)
    add(CODES.maximum, valueText(max), max, valueUnit.unit)
    add(CODES.pixels, String(n), n, '')
  }
  if (values?.length === 1) {
    const [value = 0] = values
    add(valueUnit.unit === 'HU' ? CODES.attenuation : CODES.value, valueText(value), value, valueUnit.unit, graphics)
  } else {
    for (const [at, value] of (values ?? []).entries()) {
      add([CODES.red, CODES.green, CODES.blue][at] ?? CODES.value, String(value), value, '', at === 0 ? graphics : [])
    }
  }
  for (const { label, unit, statistics: of, value } of mapped) {
    const name = concept('MAPPED_VALUE', OWN_SCHEME, label === '' ? 'Mapped value' : label)
    if (value !== undefined) add(name, figure(value), value, unit)
    if (of !== undefined) add(name, figure(of.mean), of.mean, unit)
  }
  // What is no number has no figure (a scribble in an area of nothing).
  return found.filter(({ value }) => Number.isFinite(value))
}

function lengthIn(graphic: MarkGraphic | undefined, scale: { x: number; y: number }): number {
  const [a = [0, 0], b = a] = graphic?.points ?? []
  return Math.hypot((b[0] - a[0]) * scale.x, (b[1] - a[1]) * scale.y)
}

function calibrationItem({ displaySet, calibration, image }: ReportedCalibration): NewDataSet {
  const { unit, drawn, mm } = calibration
  const text = (value: number) => String(Number(value.toPrecision(10)))
  return containerItem(CODES.calibration, [
    textItem('CONTAINS', CODES.displaySet, displaySet),
    numberItem(CODES.drawn, { text: text(drawn), value: drawn, unit: unitConcept(unit) }, []),
    numberItem(CODES.known, { text: text(mm), value: mm, unit: unitConcept('mm') }, []),
    imageItem('CONTAINS', image),
  ])
}
