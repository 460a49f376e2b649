import type { StudySummary } from '../../shared/contract.ts'
import { plainReport, writeOru } from '../../shared/reporting/hl7.ts'
import type { ReportVersion } from '../../shared/reporting/report.ts'
import { call } from '../client.ts'
import { t } from '../i18n/index.ts'
import { announce, announceFailure, save } from '../ui/index.ts'
import { pdfOf } from './storeReport.ts'

export type ExportForm = 'text' | 'pdf' | 'hl7' | 'send'

function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob)
  save(address, name)
  // The desktop shell asks for a place first: freed at once, there would be nothing to save.
  setTimeout(() => URL.revokeObjectURL(address), 10 * 60_000)
}

/** Saves a version as a file, named by the study's UID: no patient in a file's name. `send`: once more to all who get reports. */
export async function exportReport(study: StudySummary, report: ReportVersion, form: ExportForm): Promise<void> {
  const { StudyInstanceUID } = study
  const name = `report-${StudyInstanceUID}-${report.version}`
  try {
    if (form === 'text') {
      saveBlob(new Blob([plainReport(study, report)], { type: 'text/plain;charset=utf-8' }), `${name}.txt`)
      return
    }
    if (form === 'send') {
      const { targets } = await call('results.send', { StudyInstanceUID, version: report.version })
      announce(
        targets === 0
          ? t('Nobody gets reports: Settings › Reporting')
          : t('The report is on its way: how it does is in Settings › Reporting'),
      )
      return
    }
    const { base64, bytes } = await pdfOf(StudyInstanceUID, report.version)
    if (form === 'pdf') {
      saveBlob(new Blob([bytes], { type: 'application/pdf' }), `${name}.pdf`)
      return
    }
    const messageId = crypto.randomUUID().replaceAll('-', '').slice(0, 20)
    const message = writeOru(study, report, { at: new Date(), messageId, sender: 'ISOCENTER', pdf: base64 })
    saveBlob(new Blob([message], { type: 'application/octet-stream' }), `${name}.hl7`)
  } catch (thrown) {
    announceFailure('The report could not be exported.', thrown)
  }
}
