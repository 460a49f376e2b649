import type { NewDataSet } from '../../dicom/writer.ts'
import type { Concept } from '../documents/reference.ts'
import { WHOLE_SLIDE } from '../slides/slide.ts'

/** The designator of codes of our own (PS3.16 §8.2: 99…), told in every object that has one. */
export const OWN_SCHEME = '99ISOCENTER'

/** What an object of ours names: an image or a document, with where it lies. */
export interface ReferencedObject {
  SOPClassUID: string
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
}

/** One frame of an image. */
export interface ReferencedFrame extends ReferencedObject {
  /** 1-based. */
  frame: number
  /** How many the image has: of one alone no number is written (PS3.3 C.17.5: 1C). */
  frames: number
  /** Not a frame but the total pixel matrix that the frames are tiles of (PS3.3 C.8.12.4.1.4). */
  isMatrix?: true
}

export type Relationship =
  | 'CONTAINS'
  | 'HAS OBS CONTEXT'
  | 'HAS CONCEPT MOD'
  | 'HAS PROPERTIES'
  | 'INFERRED FROM'
  | 'SELECTED FROM'

export function concept(value: string, scheme: string, meaning: string): Concept {
  return { value, scheme, meaning }
}

/** A code sequence item (PS3.3 §8); a backslash would part the meaning in two. */
export function codeOf({ value, scheme, meaning }: Concept): NewDataSet {
  return {
    [value.length > 16 ? 'LongCodeValue' : 'CodeValue']: value,
    CodingSchemeDesignator: scheme,
    CodeMeaning: meaning.replaceAll('\\', '/').slice(0, 64),
  }
}

function item(type: string, relationship: Relationship, name: Concept | undefined, rest: NewDataSet): NewDataSet {
  return {
    RelationshipType: relationship,
    ValueType: type,
    ...(name && { ConceptNameCodeSequence: [codeOf(name)] }),
    ...rest,
  }
}

function inside(items: NewDataSet[]): NewDataSet {
  return items.length === 0 ? {} : { ContentSequence: items }
}

export function containerItem(name: Concept, items: NewDataSet[], template?: string): NewDataSet {
  return item('CONTAINER', 'CONTAINS', name, {
    ContinuityOfContent: 'SEPARATE',
    ...(template !== undefined && { ContentTemplateSequence: [templateOf(template)] }),
    ...inside(items),
  })
}

function templateOf(identifier: string): NewDataSet {
  return { MappingResource: 'DCMR', TemplateIdentifier: identifier }
}

export function textItem(relationship: Relationship, name: Concept, text: string): NewDataSet {
  return item('TEXT', relationship, name, { TextValue: text })
}

export function codeItem(relationship: Relationship, name: Concept, value: Concept): NewDataSet {
  return item('CODE', relationship, name, { ConceptCodeSequence: [codeOf(value)] })
}

export function uidItem(relationship: Relationship, name: Concept, uid: string): NewDataSet {
  return item('UIDREF', relationship, name, { UID: uid })
}

/** A value as it is shown; what that leaves out of `value` stands in Floating Point Value beside it (PS3.3 C.18.1). */
export function numberItem(
  name: Concept,
  { text, value, unit }: { text: string; value: number; unit: Concept },
  items: NewDataSet[],
): NewDataSet {
  const measured: NewDataSet = {
    NumericValue: text,
    ...(Number(text) !== value && { FloatingPointValue: value }),
    MeasurementUnitsCodeSequence: [codeOf(unit)],
  }
  return item('NUM', 'CONTAINS', name, { MeasuredValueSequence: [measured], ...inside(items) })
}

/** A region of a frame (PS3.3 C.18.6), in image coordinates, rounded to 32-bit floating point. */
export function regionItem(
  relationship: Relationship,
  name: Concept | undefined,
  { kind, points }: { kind: string; points: ReadonlyArray<readonly [number, number]> },
  image: ReferencedFrame,
): NewDataSet {
  return item('SCOORD', relationship, name, {
    GraphicType: kind,
    GraphicData: points.flat(),
    // PS3.3 C.18.6: required of whole slides; without it coordinates are a frame's.
    ...(image.SOPClassUID === WHOLE_SLIDE && { PixelOriginInterpretation: image.isMatrix ? 'VOLUME' : 'FRAME' }),
    ContentSequence: [imageItem('SELECTED FROM', image)],
  })
}

export function imageItem(relationship: Relationship, image: ReferencedFrame): NewDataSet {
  return item('IMAGE', relationship, undefined, { ReferencedSOPSequence: [frameReference(image)] })
}

export function compositeItem(object: ReferencedObject): NewDataSet {
  return item('COMPOSITE', 'CONTAINS', undefined, { ReferencedSOPSequence: [reference(object)] })
}

/** An item of a Referenced Image or SOP Sequence. */
export function frameReference(image: ReferencedFrame): NewDataSet {
  return {
    ...reference(image),
    ...(image.frames > 1 && !image.isMatrix && { ReferencedFrameNumber: String(image.frame) }),
  }
}

/** Frames of one image in one reference, their numbers after each other; none where all of them are meant. */
export function imageReferences(images: readonly ReferencedFrame[]): NewDataSet[] {
  const held = new Map<string, ReferencedFrame[]>()
  for (const image of images) held.set(image.SOPInstanceUID, [...(held.get(image.SOPInstanceUID) ?? []), image])
  return [...held.values()].map(frames => {
    const one = frames[0]!
    if (frames.length === one.frames) return reference(one)
    return { ...reference(one), ReferencedFrameNumber: frames.map(({ frame }) => String(frame)) }
  })
}

export function reference({ SOPClassUID, SOPInstanceUID }: ReferencedObject): NewDataSet {
  return { ReferencedSOPClassUID: SOPClassUID, ReferencedSOPInstanceUID: SOPInstanceUID }
}

/**
 * Every object once, by study and series: evidence and predecessors name SOPs (PS3.3 table C.17-3), the Common Instance Reference
 * Module instances (C.12.2).
 */
export function byStudy(
  objects: readonly ReferencedObject[],
  listed: 'ReferencedSOPSequence' | 'ReferencedInstanceSequence' = 'ReferencedSOPSequence',
): Array<NewDataSet & { StudyInstanceUID: string }> {
  const studies = new Map<string, Map<string, Map<string, ReferencedObject>>>()
  for (const one of objects) {
    const series = studies.get(one.StudyInstanceUID) ?? new Map<string, Map<string, ReferencedObject>>()
    studies.set(one.StudyInstanceUID, series)
    const held = series.get(one.SeriesInstanceUID) ?? new Map<string, ReferencedObject>()
    series.set(one.SeriesInstanceUID, held)
    held.set(one.SOPInstanceUID, one)
  }
  return [...studies].map(([StudyInstanceUID, series]) => ({
    ReferencedSeriesSequence: [...series].map(([SeriesInstanceUID, held]) => ({
      [listed]: [...held.values()].map(reference),
      SeriesInstanceUID,
    })),
    StudyInstanceUID,
  }))
}

/** What every document says of itself: title, template, content and evidence. `items` of the root. */
export function documentBody(document: {
  title: Concept
  template: string
  items: NewDataSet[]
  evidence: readonly ReferencedObject[]
}): NewDataSet {
  const { title, template, items, evidence } = document
  return {
    ReferencedPerformedProcedureStepSequence: [],
    ...(evidence.length > 0 && { CurrentRequestedProcedureEvidenceSequence: byStudy(evidence) }),
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [codeOf(title)],
    ContinuityOfContent: 'SEPARATE',
    ContentTemplateSequence: [templateOf(template)],
    ...OWN_CODES,
    ...inside(items),
  }
}

/** What a structured report says beyond `documentBody` (PS3.3 C.17.2): not verified, made from those before. */
export function reportFlags(predecessors: readonly ReferencedObject[]): NewDataSet {
  return {
    CompletionFlag: 'PARTIAL',
    VerificationFlag: 'UNVERIFIED',
    PerformedProcedureCodeSequence: [],
    ...(predecessors.length > 0 && { PredecessorDocumentsSequence: byStudy(predecessors) }),
  }
}

/** Whose the codes of our own are (PS3.3 C.12.1.1.1). */
export const OWN_CODES: NewDataSet = {
  CodingSchemeIdentificationSequence: [
    {
      CodingSchemeDesignator: OWN_SCHEME,
      CodingSchemeName: 'Isocenter',
      CodingSchemeResponsibleOrganization: 'Isocenter',
    },
  ],
}

/** TID 1204: the meanings of all codes are English. */
export const IN_ENGLISH: NewDataSet = codeItem(
  'HAS CONCEPT MOD',
  concept('121049', 'DCM', 'Language of Content Item and Descendants'),
  concept('en', 'RFC5646', 'English'),
)
