import type { DataSet } from '../../dicom/reader.ts'
import { normaliseUID } from '../../dicom/uids.ts'
import { type Concept, readConcept, readReference } from '../documents/reference.ts'
import { unitWords } from '../documents/report.ts'
import { type Calibration, MARK_POINTS, type Mark, type MarkKind } from '../draft.ts'
import type { Point } from '../measure/scale.ts'
import { WHOLE_SLIDE } from '../slides/slide.ts'
import type { ReferencedObject } from './content.ts'
import { CLOSED, CODES, LOCKED, markIdOf } from './markCodes.ts'

/** A measurement report (PS3.16 TID 1500) as marks. */
export interface SavedMeasurements extends ReferencedObject {
  InstanceNumber: number
  Manufacturer: string
  /** DICOM's, '' where not said. */
  date: string
  time: string
  marks: Mark[]
  calibrations: Record<string, Calibration>
  /** The versions it was made from. */
  predecessors: string[]
  /** Groups whose place is not one of these images' pixels, or that are more than is read. */
  left: number
}

const MOST_GROUPS = 1000
/** Of one group: ours have some twenty. */
const MOST_ITEMS = 200
const MOST_POINTS = 2000
const MOST_POINTS_IN_ALL = 50_000
const MOST_TEXT = 500
const MOST_EVIDENCE = 20_000
const MOST_PREDECESSORS = 64
/** TID 1500 has its groups two levels down; some programs put a container between. */
const MOST_DEPTH = 4

/**
 * Undefined where it is no Imaging Measurement Report. Marks of ours are what they were, their points to a thousandth of a pixel
 * (Graphic Data are 32-bit floating point, exact to that up to 16,384 pixels); others become the kind their graphic and their concept
 * have in common, with their words as text. Never throws on what the bytes contain.
 */
export function readMeasurements(dataSet: DataSet): SavedMeasurements | undefined {
  if (!is(readConcept(dataSet, 'ConceptNameCodeSequence'), CODES.report)) return undefined
  const seriesOf = evidenceOf(dataSet)
  const reading: Reading = { marks: [], ids: new Set(), points: 0, left: 0, seriesOf, groups: 0 }
  const calibrations: Record<string, Calibration> = {}
  const walk = (parent: DataSet, depth: number): void => {
    for (const item of parent.items('ContentSequence').slice(0, MOST_GROUPS * 2)) {
      const name = readConcept(item, 'ConceptNameCodeSequence')
      if (is(name, CODES.group)) readGroup(item, reading)
      else if (is(name, CODES.calibration)) Object.assign(calibrations, readCalibration(item))
      else if (depth < MOST_DEPTH && item.string('ValueType') === 'CONTAINER') walk(item, depth + 1)
    }
  }
  walk(dataSet, 0)
  return {
    SOPClassUID: normaliseUID(dataSet.string('SOPClassUID')),
    StudyInstanceUID: normaliseUID(dataSet.string('StudyInstanceUID')),
    SeriesInstanceUID: normaliseUID(dataSet.string('SeriesInstanceUID')),
    SOPInstanceUID: normaliseUID(dataSet.string('SOPInstanceUID')),
    InstanceNumber: dataSet.number('InstanceNumber') ?? 0,
    Manufacturer: dataSet.string('Manufacturer'),
    date: dataSet.string('ContentDate'),
    time: dataSet.string('ContentTime'),
    marks: reading.marks,
    calibrations,
    predecessors: predecessorsOf(dataSet),
    left: reading.left,
  }
}

function predecessorsOf(dataSet: DataSet): string[] {
  const named = dataSet
    .items('PredecessorDocumentsSequence')
    .flatMap(study => study.items('ReferencedSeriesSequence').flatMap(series => series.items('ReferencedSOPSequence')))
  return named.slice(0, MOST_PREDECESSORS).map(one => normaliseUID(one.string('ReferencedSOPInstanceUID')))
}

interface Reading {
  marks: Mark[]
  ids: Set<string>
  points: number
  left: number
  groups: number
  /** By instance. */
  seriesOf: ReadonlyMap<string, string>
}

/** The series of every image of its own study that a document names as its evidence: marks of another study are none of this one. */
export function evidenceOf(dataSet: DataSet): Map<string, string> {
  const found = new Map<string, string>()
  const own = dataSet.string('StudyInstanceUID')
  const studies = ['CurrentRequestedProcedureEvidenceSequence', 'PertinentOtherEvidenceSequence'].flatMap(key =>
    dataSet.items(key).filter(study => study.string('StudyInstanceUID') === own),
  )
  for (const series of studies.flatMap(study => study.items('ReferencedSeriesSequence'))) {
    const uid = normaliseUID(series.string('SeriesInstanceUID'))
    for (const one of series.items('ReferencedSOPSequence')) {
      if (found.size >= MOST_EVIDENCE) return found
      found.set(normaliseUID(one.string('ReferencedSOPInstanceUID')), uid)
    }
  }
  return found
}

/** By value and scheme; SNOMED's own old names for the same are known where programs still write them. */
function is(found: Concept | undefined, wanted: Concept): boolean {
  if (found === undefined) return false
  if (found.value === wanted.value && found.scheme === wanted.scheme) return true
  return (found.scheme === 'SRT' || found.scheme === '99SDM') && SRT[found.value] === wanted.value
}

const SRT: Record<string, string> = {
  'G-D7FE': CODES.length.value,
  'G-A185': CODES.longAxis.value,
  'G-A186': CODES.shortAxis.value,
  'G-A166': CODES.area.value,
  'R-00317': CODES.mean.value,
}

interface Region {
  kind: string
  points: Point[]
  SOPInstanceUID: string
  frame: number
}

/** A group as it stands, before it is a mark. */
interface Group {
  id: string
  kind: string
  texts: string[]
  flags: string[]
  /** Numbers in words. */
  figures: string[]
  concepts: Concept[]
  regions: Region[]
  made?: Region
  label?: Region
}

function readGroup(container: DataSet, reading: Reading): void {
  if (reading.groups++ >= MOST_GROUPS) {
    reading.left++
    return
  }
  const group = groupOf(container)
  const mark = Object.hasOwn(MARK_POINTS, group.kind) ? ownMark(group) : foreignMark(group)
  const place = mark && (group.made ?? group.regions[0])
  const SeriesInstanceUID = reading.seriesOf.get(place?.SOPInstanceUID ?? '')
  const count = mark?.points.length ?? 0
  if (
    mark === undefined ||
    place === undefined ||
    SeriesInstanceUID === undefined ||
    reading.ids.has(group.id) ||
    reading.points + count > MOST_POINTS_IN_ALL
  ) {
    reading.left++
    return
  }
  reading.ids.add(group.id)
  reading.points += count
  const [fewest, most] = MARK_POINTS[mark.kind]
  if (count < fewest || count > most || mark.points.flat().some(value => !(Math.abs(value) <= 1e6))) {
    reading.left++
    return
  }
  const { SOPInstanceUID, frame } = place
  reading.marks.push({ ...mark, id: group.id, SeriesInstanceUID, SOPInstanceUID, frame })
}

function groupOf(container: DataSet): Group {
  const group: Group = { id: '', kind: '', texts: [], flags: [], figures: [], concepts: [], regions: [] }
  for (const item of container.items('ContentSequence').slice(0, MOST_ITEMS)) {
    const name = readConcept(item, 'ConceptNameCodeSequence')
    const type = item.string('ValueType')
    if (type === 'UIDREF' && is(name, CODES.trackingUid)) group.id = markIdOf(normaliseUID(item.string('UID')))
    else if (type === 'CODE') readCode(item, name, group)
    else if (type === 'TEXT' && name && !is(name, CODES.trackingIdentifier)) group.texts.push(item.string('TextValue'))
    else if (type === 'SCOORD') {
      const region = readRegion(item)
      if (region === undefined) continue
      if (is(name, CODES.points)) group.made = region
      else if (is(name, CODES.label) || is(name, CODES.ownLabel)) group.label = region
      else group.regions.push(region)
    } else if (type === 'NUM') readNumber(item, name, group)
  }
  if (group.id === '' || group.id.length > 64) {
    const { SOPInstanceUID, frame, points } = group.regions[0] ??
      group.made ?? { SOPInstanceUID: '', frame: 0, points: [] }
    // A group that nobody tracks is known by where it is.
    group.id =
      `${SOPInstanceUID.slice(-30)}:${frame}:${(points[0] ?? []).map(value => value.toFixed(2)).join(':')}`.slice(0, 64)
  }
  return group
}

function readCode(item: DataSet, name: Concept | undefined, group: Group): void {
  const code = readConcept(item, 'ConceptCodeSequence')
  if (code === undefined) return
  if (is(name, CODES.kind)) group.kind = code.value
  else if (is(name, CODES.state)) group.flags.push(code.value)
  else if (is(name, CODES.finding) && code.meaning !== '') group.texts.push(code.meaning)
}

function readNumber(item: DataSet, name: Concept | undefined, group: Group): void {
  const [measured] = item.items('MeasuredValueSequence')
  const unit = measured && readConcept(measured, 'MeasurementUnitsCodeSequence')
  const text = measured?.string('NumericValue') ?? ''
  if (name) group.concepts.push(name)
  if (text !== '')
    group.figures.push([name?.meaning ?? '', text, unit ? unitWords(unit) : ''].filter(Boolean).join(' '))
  for (const one of item.items('ContentSequence').slice(0, MOST_ITEMS)) {
    const region = one.string('ValueType') === 'SCOORD' ? readRegion(one) : undefined
    // Some programs write the group's region with each of its figures.
    if (region && !group.regions.some(known => sameRegion(known, region))) group.regions.push(region)
  }
}

function sameRegion(a: Region, b: Region): boolean {
  return a.kind === b.kind && a.SOPInstanceUID === b.SOPInstanceUID && String(a.points) === String(b.points)
}

function readRegion(item: DataSet): Region | undefined {
  const kind = item.string('GraphicType')
  const numbers = item.numbers('GraphicData')
  const image = item.items('ContentSequence').find(one => one.string('ValueType') === 'IMAGE')
  const [found] = image?.items('ReferencedSOPSequence') ?? []
  const reference = found && readReference(found)
  if (reference === undefined || numbers.length < 2) return undefined
  const points: Point[] = []
  for (let at = 0; at + 1 < numbers.length; at += 2) points.push([thousandth(numbers[at]), thousandth(numbers[at + 1])])
  // Coordinates of the total pixel matrix are those of the image as a whole (PS3.3 C.18.6).
  const isMatrix = item.string('PixelOriginInterpretation') === 'VOLUME'
  const [frame = 1] = reference.frames
  // A tile's own coordinates say where on the slide only by the slide's header: the first tile, too, may lie anywhere (TILED_SPARSE).
  if (
    !isMatrix &&
    reference.frames.length > 0 &&
    normaliseUID(found?.string('ReferencedSOPClassUID') ?? '') === WHOLE_SLIDE
  )
    return undefined
  return { kind, points, SOPInstanceUID: reference.SOPInstanceUID, frame: isMatrix ? 1 : frame }
}

/** `+ 0` makes -0 a 0. */
export function thousandth(value = 0): number {
  return Math.round(value * 1000) / 1000 + 0
}

type Drawn = Pick<Mark, 'kind' | 'points' | 'text' | 'closed' | 'locked' | 'label'>

function ownMark(group: Group): Drawn | undefined {
  const closed = group.flags.includes(CLOSED.value)
  const points = group.made?.points ?? group.regions[0]?.points
  if (points === undefined) return undefined
  const [label] = group.label?.points ?? []
  return {
    kind: group.kind as MarkKind,
    // The graphic of an outline comes back to its first point; the mark does not. Of two points there is no outline.
    points: closed && group.made === undefined && points.length > 3 ? points.slice(0, -1) : points,
    ...(closed && { closed }),
    ...(group.flags.includes(LOCKED.value) && { locked: true }),
    ...(label && { label }),
    text: (group.texts[0] ?? '').slice(0, MOST_TEXT),
  }
}

/** The words of a group of another program: its finding and texts, and the figures that the mark will not show by itself. */
function wordsOf({ texts, figures }: Group, shown: boolean): string {
  return [...texts, ...(shown ? [] : figures)].join('\n').slice(0, MOST_TEXT)
}

function foreignMark(group: Group): Drawn | undefined {
  const { regions, concepts } = group
  const [first, second] = regions
  if (first === undefined) return undefined
  const has = (wanted: Concept) => concepts.some(one => is(one, wanted))
  const drawn = (kind: MarkKind, points: Point[], shown: boolean, closed = false): Drawn => ({
    kind,
    points,
    ...(closed && { closed }),
    text: wordsOf(group, shown),
  })
  const { kind, points } = first
  if (has(CODES.longAxis) && has(CODES.shortAxis) && points.length === 2 && second?.points.length === 2) {
    return drawn('bidirectional', [...points, ...second.points], true)
  }
  if (kind === 'ELLIPSE' && points.length === 4) {
    const box = ellipseBox(points)
    return box ? drawn('ellipse', box, true) : drawn('polyline', ellipseOutline(points), false, true)
  }
  if (kind === 'CIRCLE' && points.length === 2) return drawn('circle', circlePoints(points), true)
  if (kind === 'POINT') {
    const words = wordsOf(group, false)
    return { ...drawn(words === '' ? 'probe' : 'text', points.slice(0, 1), false), text: words }
  }
  if (points.length === 2 && has(CODES.length)) return drawn('length', points, true)
  if (points.length === 3 && has(CODES.angle)) return drawn('angle', points, true)
  // OHIF's: two lines, the vertex in both.
  if (points.length === 4 && has(CODES.angle) && String(points[1]) === String(points[2])) {
    return drawn('angle', points.toSpliced(2, 1), true)
  }
  if (points.length === 4 && has(CODES.cobb)) return drawn('cobb', points, true)
  const [a, last] = [points[0], points.at(-1)]
  if (points.length > 3 && a && last && a[0] === last[0] && a[1] === last[1]) {
    const corners = points.slice(0, -1)
    return isRectangle(corners)
      ? drawn('rectangle', [corners[0]!, corners[2]!], true)
      : drawn('polyline', thinned(corners), true, true)
  }
  return points.length === 1 ? drawn('text', points, false) : drawn('polyline', thinned(points), false)
}

/** Every other point goes until it is a mark's worth. */
function thinned(points: Point[]): Point[] {
  let kept = points
  while (kept.length > MOST_POINTS) kept = kept.filter((_, at) => at % 2 === 0)
  return kept
}

function isRectangle(corners: Point[]): boolean {
  const [a, b, c, d] = corners
  if (corners.length !== 4 || !a || !b || !c || !d) return false
  const upright = a[0] === b[0] && b[1] === c[1] && c[0] === d[0] && d[1] === a[1]
  return upright || (a[1] === b[1] && b[0] === c[0] && c[1] === d[1] && d[0] === a[0])
}

/** Opposite corners; undefined of an ellipse that lies askew. */
function ellipseBox(points: Point[]): [Point, Point] | undefined {
  const [a, b, c, d] = points as [Point, Point, Point, Point]
  const near = (one: number, other: number) => Math.abs(one - other) < 0.01
  const upright = (near(a[1], b[1]) && near(c[0], d[0])) || (near(a[0], b[0]) && near(c[1], d[1]))
  if (!upright) return undefined
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  return [
    [Math.min(...xs), Math.min(...ys)],
    [Math.max(...xs), Math.max(...ys)],
  ]
}

const CHORDS = 64

function ellipseOutline(points: Point[]): Point[] {
  const [a, b, c, d] = points as [Point, Point, Point, Point]
  const centre = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] as const
  return Array.from({ length: CHORDS }, (_, at): Point => {
    const [cosine, sine] = [Math.cos((2 * Math.PI * at) / CHORDS), Math.sin((2 * Math.PI * at) / CHORDS)]
    return [
      centre[0] + (cosine * (b[0] - a[0]) + sine * (d[0] - c[0])) / 2,
      centre[1] + (cosine * (b[1] - a[1]) + sine * (d[1] - c[1])) / 2,
    ]
  })
}

/** Three points of the circumference, where pixels are square: CIRCLE is meant for nothing else. */
function circlePoints(points: Point[]): Point[] {
  const [centre, rim] = points as [Point, Point]
  const radius = Math.hypot(rim[0] - centre[0], rim[1] - centre[1])
  return [0, 1, 2].map(third => {
    const angle = (2 * Math.PI * third) / 3
    return [centre[0] + radius * Math.cos(angle), centre[1] + radius * Math.sin(angle)]
  })
}

function readCalibration(container: DataSet): Record<string, Calibration> {
  let displaySet = ''
  const numbers = new Map<string, { value: number; unit: string }>()
  let place: { SOPInstanceUID: string; frame: number } | undefined
  for (const item of container.items('ContentSequence').slice(0, MOST_ITEMS)) {
    const name = readConcept(item, 'ConceptNameCodeSequence')
    const [measured] = item.items('MeasuredValueSequence')
    const [found] = item.items('ReferencedSOPSequence')
    const reference = found && readReference(found)
    const unit = measured && readConcept(measured, 'MeasurementUnitsCodeSequence')?.value
    if (is(name, CODES.displaySet)) displaySet = item.string('TextValue')
    else if (measured && name) {
      const value = measured.number('FloatingPointValue') ?? measured.number('NumericValue') ?? 0
      numbers.set(name.value, { value, unit: unit ?? '' })
    } else if (reference) place = { SOPInstanceUID: reference.SOPInstanceUID, frame: reference.frames[0] ?? 1 }
  }
  const [drawn, known] = [numbers.get(CODES.drawn.value), numbers.get(CODES.known.value)]
  if (
    !place ||
    displaySet === '' ||
    displaySet.length > 300 ||
    !(drawn && drawn.value > 0) ||
    !(known && known.value >= 0.01)
  ) {
    return {}
  }
  return { [displaySet]: { unit: drawn.unit === 'mm' ? 'mm' : 'px', drawn: drawn.value, mm: known.value, ...place } }
}
