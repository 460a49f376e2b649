import type { NewObject } from './newObject.ts'

export const ENCAPSULATED_PDF = '1.2.840.10008.5.1.4.1.1.104.1'

/** A PDF in the study (PS3.3 A.45.1, C.24.2). The bytes are what the PDF is; one is added where their number is odd. */
export function encapsulatedPdf(pdf: Uint8Array, title: string, series: Partial<NewObject> = {}): NewObject {
  const padded = new Uint8Array(pdf.length + (pdf.length % 2))
  padded.set(pdf)
  return {
    SOPClassUID: ENCAPSULATED_PDF,
    Modality: 'DOC',
    SeriesInstanceUID: '',
    SeriesNumber: 9901,
    SeriesDescription: 'Report (PDF)',
    InstanceNumber: 1,
    ...series,
    body: {
      ConversionType: 'WSD',
      BurnedInAnnotation: 'YES',
      AcquisitionDateTime: '',
      DocumentTitle: title,
      ConceptNameCodeSequence: [
        { CodeValue: '18748-4', CodingSchemeDesignator: 'LN', CodeMeaning: 'Diagnostic imaging report' },
      ],
      MIMETypeOfEncapsulatedDocument: 'application/pdf',
      EncapsulatedDocumentLength: pdf.length,
      EncapsulatedDocument: padded,
      ...series.body,
    },
  }
}
