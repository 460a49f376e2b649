import type { NewDataSet } from '../../dicom/writer.ts'
import { type Concept, headingOf } from '../../reporting/headings.ts'
import type { FigureLink, ReportContent, StoredDocument } from '../../reporting/report.ts'
import type { NewObject } from './newObject.ts'

export const BASIC_TEXT_SR = '1.2.840.10008.5.1.4.1.1.88.11'
/** Basic Text has no numbers (PS3.3 table A.35.1-2): with figures of marks it is Enhanced SR. */
export const ENHANCED_SR = '1.2.840.10008.5.1.4.1.1.88.22'

export interface WrittenReport {
  StudyInstanceUID: string
  content: ReportContent
  state: 'preliminary' | 'final'
  /** Who released or signed it: PN, organisation, moment. */
  signature: { name: string; organisation: string; DateTime: string }
  /** RFC 5646, and as a person reads it. */
  language: { code: string; name: string }
  /** What this one follows: what was stored of it before, or the report it is an addendum to. */
  predecessors: ReadonlyArray<Omit<StoredDocument, 'state'>>
}

const code = (CodeValue: string, CodingSchemeDesignator: string, CodeMeaning: string): NewDataSet => ({
  CodeValue,
  CodingSchemeDesignator,
  CodeMeaning: CodeMeaning.slice(0, 64),
})
const concept = ({ value, scheme, meaning }: Concept): NewDataSet => code(value, scheme, meaning)

/** What a figure measures (SNOMED CT); else a code of our own with its name. */
const MEASURES: Record<string, string> = {
  Length: '410668003',
  Area: '42798000',
  Angle: '1483009',
  Mean: '373098007',
}

const item = (RelationshipType: string, ValueType: string, name: NewDataSet, rest: NewDataSet): NewDataSet => ({
  RelationshipType,
  ValueType,
  ConceptNameCodeSequence: [name],
  ...rest,
})

function referenced({ SOPClassUID, SOPInstanceUID, frame }: FigureLink): NewDataSet {
  return {
    ReferencedSOPClassUID: SOPClassUID,
    ReferencedSOPInstanceUID: SOPInstanceUID,
    ...(frame !== null && { ReferencedFrameNumber: String(frame) }),
  }
}

/** A figure, inferred from its image (PS3.16 TID 300). */
function numberOf(link: FigureLink): NewDataSet {
  const { name, value, unit } = link
  const snomed = MEASURES[name]
  const named = snomed === undefined ? code(name.slice(0, 16), '99ISOCENTER', name) : code(snomed, 'SCT', name)
  return item('CONTAINS', 'NUM', named, {
    MeasuredValueSequence: [
      { NumericValue: value, MeasurementUnitsCodeSequence: [code(unit, 'UCUM', unit === '1' ? 'no units' : unit)] },
    ],
    ContentSequence: [
      { RelationshipType: 'INFERRED FROM', ValueType: 'IMAGE', ReferencedSOPSequence: [referenced(link)] },
    ],
  })
}

/** Objects of one study, by their series (PS3.3 C.17.2.1). */
function bySeries(
  StudyInstanceUID: string,
  objects: ReadonlyArray<{ SeriesInstanceUID: string; SOPClassUID: string; SOPInstanceUID: string }>,
): NewDataSet[] {
  const series = new Map<string, Map<string, NewDataSet>>()
  for (const { SeriesInstanceUID, SOPClassUID, SOPInstanceUID } of objects) {
    const one = series.get(SeriesInstanceUID) ?? new Map<string, NewDataSet>()
    one.set(SOPInstanceUID, { ReferencedSOPClassUID: SOPClassUID, ReferencedSOPInstanceUID: SOPInstanceUID })
    series.set(SeriesInstanceUID, one)
  }
  const ReferencedSeriesSequence = [...series].map(([SeriesInstanceUID, one]) => ({
    ReferencedSOPSequence: [...one.values()],
    SeriesInstanceUID,
  }))
  return ReferencedSeriesSequence.length === 0 ? [] : [{ ReferencedSeriesSequence, StudyInstanceUID }]
}

/**
 * A report as Basic Text SR, with figures as Enhanced SR: TID 2000 (PS3.16), a container for each section, its text as one item, then
 * its figures as numbers. A preliminary one is PARTIAL and UNVERIFIED; a signed one COMPLETE and VERIFIED, with who verified it.
 */
export function basicTextReport(report: WrittenReport, series: Partial<NewObject> = {}): NewObject {
  const { StudyInstanceUID, content, state, signature, language, predecessors } = report
  const links = content.sections.flatMap(section => section.links)
  const isFinal = state === 'final'
  const evidence = bySeries(StudyInstanceUID, links)
  const before = bySeries(StudyInstanceUID, predecessors)
  const sections = content.sections
    .filter(({ text }) => text.trim() !== '')
    .map(({ title, text, links }) => {
      const { heading, element } = headingOf(title)
      return item('CONTAINS', 'CONTAINER', concept(heading), {
        ContinuityOfContent: 'SEPARATE',
        ContentSequence: [
          item('CONTAINS', 'TEXT', concept(element), { TextValue: text.trim().replaceAll('\n', '\r\n') }),
          ...links.map(numberOf),
        ],
      })
    })
  return {
    SOPClassUID: links.length > 0 ? ENHANCED_SR : BASIC_TEXT_SR,
    Modality: 'SR',
    SeriesInstanceUID: '',
    SeriesNumber: 9900,
    SeriesDescription: 'Report',
    InstanceNumber: 1,
    ...series,
    body: {
      ReferencedPerformedProcedureStepSequence: [],
      PerformedProcedureCodeSequence: [],
      CompletionFlag: isFinal ? 'COMPLETE' : 'PARTIAL',
      PreliminaryFlag: isFinal ? 'FINAL' : 'PRELIMINARY',
      VerificationFlag: isFinal ? 'VERIFIED' : 'UNVERIFIED',
      ...(isFinal && {
        VerifyingObserverSequence: [
          {
            VerifyingOrganization: signature.organisation.slice(0, 64),
            VerificationDateTime: signature.DateTime,
            VerifyingObserverName: signature.name,
            VerifyingObserverIdentificationCodeSequence: [],
          },
        ],
      }),
      ...(before.length > 0 && { PredecessorDocumentsSequence: before }),
      ...(evidence.length > 0 && { CurrentRequestedProcedureEvidenceSequence: evidence }),
      ValueType: 'CONTAINER',
      ConceptNameCodeSequence: [code('18748-4', 'LN', 'Diagnostic imaging report')],
      ContinuityOfContent: 'SEPARATE',
      ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '2000' }],
      ContentSequence: [
        item('HAS CONCEPT MOD', 'CODE', code('121049', 'DCM', 'Language of Content Item and Descendants'), {
          ConceptCodeSequence: [code(language.code, 'RFC5646', language.name)],
        }),
        item('HAS OBS CONTEXT', 'CODE', code('121005', 'DCM', 'Observer Type'), {
          ConceptCodeSequence: [code('121006', 'DCM', 'Person')],
        }),
        item('HAS OBS CONTEXT', 'PNAME', code('121008', 'DCM', 'Person Observer Name'), {
          PersonName: signature.name,
        }),
        ...sections,
      ],
      ...series.body,
    },
  }
}
