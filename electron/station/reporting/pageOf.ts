import type { StudySummary } from '../../../shared/contract.ts'
import type { ReportVersion } from '../../../shared/reporting/report.ts'
import type { PdfPage } from './writePdf.ts'

/** A name's groups side by side, as a person writes them. */
function nameWords(name: string): string {
  return name
    .split('=')
    .map(group => group.split('^').filter(Boolean).join(' '))
    .filter(Boolean)
    .join(' · ')
}

const dateWords = (date: string) => date.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')

/** What a report says on paper. Unsigned, it says so above everything. */
export function pageOf(study: StudySummary, { content, state, signature, version, at }: ReportVersion): PdfPage {
  const band = state === 'final' ? '' : state === 'draft' ? 'DRAFT – not signed' : 'PRELIMINARY – not signed'
  const moment = signature === null ? '' : `${new Date(signature.at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return {
    title: content.title,
    lang: study.lang,
    band,
    everyPage: [band, nameWords(study.PatientName), study.PatientID, dateWords(study.StudyDate), study.AccessionNumber]
      .filter(Boolean)
      .join(' · '),
    head: [
      ['Patient', nameWords(study.PatientName)],
      ['Patient ID', [study.PatientID, study.IssuerOfPatientID].filter(Boolean).join(' · ')],
      ['Date of birth', dateWords(study.PatientBirthDate)],
      ['Sex', study.PatientSex],
      ['Study', [dateWords(study.StudyDate), study.StudyDescription].filter(Boolean).join(' · ')],
      ['Accession', study.AccessionNumber],
      ['Referred by', nameWords(study.ReferringPhysicianName)],
      ['Addendum', version > 1 ? `${version - 1}` : ''],
    ],
    sections: content.sections
      .filter(({ text }) => text.trim() !== '')
      .map(({ title, text }) => ({ title, text: text.trim() })),
    foot:
      signature === null
        ? []
        : [
            `${state === 'final' ? 'Signed electronically by' : 'Released by'} ${nameWords(signature.name)}, ${moment}`,
            `SHA-256 of the text: ${signature.sha256}`,
          ],
    created: new Date(at),
  }
}
