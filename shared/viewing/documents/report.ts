import type { DataSet } from '../../dicom/reader.ts'
import { type Concept, MOST_REFERENCES, type ObjectReference, readConcept, readReference } from './reference.ts'

/** A region in a picture (PS3.3 C.18.6): x, y pairs in image coordinates (columns, rows; (0, 0) the top left corner). */
export interface Region {
  kind: 'POINT' | 'MULTIPOINT' | 'POLYLINE' | 'CIRCLE' | 'ELLIPSE'
  points: number[]
}

/** What a content item says; texts as the file has them, dates and times as DICOM writes them. */
export type ReportValue =
  | { kind: 'container' }
  | { kind: 'text'; text: string }
  | { kind: 'code'; concept: Concept }
  /** `text` as written, so that no digit is added or lost; '' where there is no value, and why stands in `qualifier`. */
  | { kind: 'number'; text: string; unit: string; qualifier: string }
  | { kind: 'name'; name: string }
  | { kind: 'date' | 'time' | 'moment'; text: string }
  | { kind: 'uid'; uid: string }
  | { kind: 'object'; reference: ObjectReference; isImage: boolean }
  /** In a picture; without `reference` where the report does not say in which. */
  | { kind: 'region'; region: Region; reference: ObjectReference | undefined }
  /** In the patient (mm) or in time: said in words, not drawn. */
  | { kind: 'place'; words: string }
  /** Another item of this report, by the name of what it is. */
  | { kind: 'link'; words: string }

export interface ReportItem {
  /** PS3.3 C.17.3.2.4: CONTAINS, HAS PROPERTIES, HAS OBS CONTEXT, … */
  relationship: string
  /** The concept's meaning; '' where an item has no name. */
  name: string
  value: ReportValue
  items: ReportItem[]
}

export interface Report {
  title: string
  complete: boolean
  /** The Completion Flag's own words, where it has any. */
  completion: string
  verified: boolean
  preliminary: boolean
  /** DICOM dates and times; '' where not said. */
  date: string
  time: string
  /** Person names as DICOM writes them, with the organization and the moment (DT). */
  verifiers: Array<{ name: string; organization: string; moment: string }>
  authors: string[]
  institution: string
  template: string
  items: ReportItem[]
  /** The report has more items than are read. */
  cut: boolean
}

/** The largest real reports (CAD, dose, echo) have some thousands. */
const MOST_ITEMS = 20_000
const MOST_POINTS = 20_000
const REGIONS = new Set<string>(['POINT', 'MULTIPOINT', 'POLYLINE', 'CIRCLE', 'ELLIPSE'])

interface Reading {
  left: number
  cut: boolean
}

/** A structured report of any template (PS3.3 C.17), as it is read. Never throws on what the bytes contain. */
export function readReport(dataSet: DataSet): Report {
  const reading: Reading = { left: MOST_ITEMS, cut: false }
  const items = readItems(dataSet, dataSet, reading)
  const names = (key: string, name: string) => dataSet.items(key).map(item => item.string(name))
  const [template] = dataSet.items('ContentTemplateSequence')
  return {
    title: readConcept(dataSet, 'ConceptNameCodeSequence')?.meaning ?? '',
    complete: dataSet.string('CompletionFlag') === 'COMPLETE',
    completion: dataSet.string('CompletionFlagDescription'),
    verified: dataSet.string('VerificationFlag') === 'VERIFIED',
    preliminary: dataSet.string('PreliminaryFlag') === 'PRELIMINARY',
    date: dataSet.string('ContentDate'),
    time: dataSet.string('ContentTime'),
    verifiers: dataSet.items('VerifyingObserverSequence').map(item => ({
      name: item.string('VerifyingObserverName'),
      organization: item.string('VerifyingOrganization'),
      moment: item.string('VerificationDateTime'),
    })),
    authors: names('AuthorObserverSequence', 'PersonName').filter(Boolean),
    institution: dataSet.string('InstitutionName'),
    template: template?.string('TemplateIdentifier') ?? '',
    items,
    cut: reading.cut,
  }
}

function readItems(parent: DataSet, root: DataSet, reading: Reading): ReportItem[] {
  const span = parent.span('ContentSequence')
  if (span === undefined) return []
  const items: ReportItem[] = []
  for (const item of parent.eachItem(span)) {
    if (reading.left-- <= 0) {
      reading.cut = true
      break
    }
    items.push(readItem(item, root, reading))
  }
  return items
}

function readItem(item: DataSet, root: DataSet, reading: Reading): ReportItem {
  const value = readValue(item, root)
  // A region's picture is told with the region.
  const inside = value.kind === 'region' && value.reference !== undefined ? [] : readItems(item, root, reading)
  return {
    relationship: item.string('RelationshipType'),
    name: readConcept(item, 'ConceptNameCodeSequence')?.meaning ?? '',
    value,
    items: inside,
  }
}

function readValue(item: DataSet, root: DataSet): ReportValue {
  const type = item.string('ValueType')
  switch (type) {
    case 'CONTAINER':
      return { kind: 'container' }
    case 'TEXT':
      return { kind: 'text', text: item.string('TextValue') }
    case 'CODE':
      return codeValue(item)
    case 'NUM':
      return numberValue(item)
    case 'PNAME':
      return { kind: 'name', name: item.string('PersonName') }
    case 'DATE':
      return { kind: 'date', text: item.string('Date') }
    case 'TIME':
      return { kind: 'time', text: item.string('Time') }
    case 'DATETIME':
      return { kind: 'moment', text: item.string('DateTime') }
    case 'UIDREF':
      return { kind: 'uid', uid: item.string('UID') }
    case 'IMAGE':
    case 'WAVEFORM':
    case 'COMPOSITE':
      return objectValue(item, type === 'IMAGE')
    case 'SCOORD':
      return regionValue(item)
    case 'SCOORD3D':
      return { kind: 'place', words: placeWords(item) }
    case 'TCOORD':
      return { kind: 'place', words: item.string('TemporalRangeType').toLowerCase() || 'a place in time' }
    case '':
      return linkValue(item, root)
    default:
      return { kind: 'text', text: type === 'TABLE' ? '(a table, which is not shown here)' : `(${type})` }
  }
}

function codeValue(item: DataSet): ReportValue {
  const concept = readConcept(item, 'ConceptCodeSequence')
  return concept ? { kind: 'code', concept } : { kind: 'text', text: '' }
}

function numberValue(item: DataSet): ReportValue {
  const [measured] = item.items('MeasuredValueSequence')
  const qualifier = readConcept(item, 'NumericValueQualifierCodeSequence')?.meaning ?? ''
  const unit = measured && readConcept(measured, 'MeasurementUnitsCodeSequence')
  return { kind: 'number', text: measured?.string('NumericValue') ?? '', unit: unit ? unitWords(unit) : '', qualifier }
}

/** What people write differently from UCUM. */
const SPELLED: Record<string, string> = {
  "[hnsf'U]": 'HU',
  'mm[Hg]': 'mmHg',
  'Cel': '°C',
  'deg': '°',
  'um': 'µm',
  'uV': 'µV',
  'ug': 'µg',
  'uL': 'µL',
  '{H.B.}/min': '/min',
}

/**
 * UCUM's codes are what people write (mm, cm2, %), but for some; its annotations and its 1 are not. Programs write 1 with a meaning
 * of px: without it a length in pixels would read as one in millimetres.
 */
export function unitWords({ value, scheme, meaning }: Concept): string {
  if (value === '1' || value === '{no units}')
    return /^(1|no units?|unity|unitless|none|)$/i.test(meaning) ? '' : meaning
  if (scheme === 'UCUM' && Object.hasOwn(SPELLED, value)) return SPELLED[value]!
  if (scheme === 'UCUM' && !value.includes('{')) return value
  return meaning
}

function objectValue(item: DataSet, isImage: boolean): ReportValue {
  const [found] = item.items('ReferencedSOPSequence')
  const reference = found && readReference(found)
  return reference ? { kind: 'object', reference, isImage } : { kind: 'text', text: '' }
}

function regionValue(item: DataSet): ReportValue {
  const kind = item.string('GraphicType')
  const points = item.numbers('GraphicData').slice(0, MOST_POINTS * 2)
  if (!REGIONS.has(kind) || points.length < 2) return { kind: 'place', words: 'a region' }
  const image = item.items('ContentSequence').find(one => one.string('ValueType') === 'IMAGE')
  const value = image && objectValue(image, true)
  const reference = value?.kind === 'object' ? value.reference : undefined
  return { kind: 'region', region: { kind, points } as Region, reference }
}

function placeWords(item: DataSet): string {
  const kind = item.string('GraphicType').toLowerCase()
  const points = item.numbers('GraphicData')
  if (points.length !== 3) return `${kind || 'points'} of ${Math.floor(points.length / 3)} points in the patient`
  return `(${points.map(one => one.toFixed(1)).join(', ')}) mm in the patient`
}

/** An item that stands elsewhere in the tree, by its place: 1 is the root, then the number in each Content Sequence (C.17.3.2.5). */
const contents = new WeakMap<DataSet, DataSet[]>()

/** Read once however many links lead through it. */
function contentOf(parent: DataSet): DataSet[] {
  let items = contents.get(parent)
  if (items === undefined) {
    items = parent.items('ContentSequence')
    contents.set(parent, items)
  }
  return items
}

function linkValue(item: DataSet, root: DataSet): ReportValue {
  const [first, ...path] = item.numbers('ReferencedContentItemIdentifier').slice(0, 32)
  let found: DataSet | undefined = first === 1 ? root : undefined
  for (const number of path) found = found && contentOf(found)[number - 1]
  if (found === undefined) return { kind: 'text', text: '' }
  const value = found === root ? undefined : readValue(found.string('ValueType') === '' ? root : found, root)
  const name = readConcept(found, 'ConceptNameCodeSequence')?.meaning ?? ''
  const said = value === undefined ? '' : plainWords(value)
  return { kind: 'link', words: [name, said].filter(Boolean).join(': ') || 'another place of this report' }
}

/** A value in words without its links; dates as DICOM writes them. */
export function plainWords(value: ReportValue): string {
  switch (value.kind) {
    case 'text':
    case 'date':
    case 'time':
    case 'moment':
      return value.text
    case 'code':
      return value.concept.meaning
    case 'number':
      return value.text === '' ? value.qualifier : [value.text, value.unit].filter(Boolean).join(' ')
    case 'name':
      return value.name
    case 'uid':
      return value.uid
    case 'place':
    case 'link':
      return value.words
    case 'object':
      return value.isImage ? 'image' : 'object'
    case 'region':
      return 'region'
    case 'container':
      return ''
  }
}

/** Every object a report names in its text, each once, in its order. */
export function reportReferences(items: readonly ReportItem[]): ObjectReference[] {
  const found = new Map<string, ObjectReference>()
  const walk = (all: readonly ReportItem[]): void => {
    for (const { value, items: inside } of all) {
      const reference = value.kind === 'object' || value.kind === 'region' ? value.reference : undefined
      if (reference && found.size < MOST_REFERENCES) {
        found.set(`${reference.SOPInstanceUID} ${reference.frames}`, reference)
      }
      walk(inside)
    }
  }
  walk(items)
  return [...found.values()]
}
