import type { StudySummary } from '../../../shared/contract.ts'
import type { ReportVersion } from '../../../shared/reporting/report.ts'
import { startThread } from '../base/thread.ts'
import { pageOf } from './pageOf.ts'
import type { PdfApi } from './pdfThread.ts'

export { type Results, startResults } from './results/sendResults.ts'

/**
 * A report as PDF. Fonts are parsed and glyphs cut out in a thread of its own, which ends with it: the main loop never waits for
 * that, and what the fonts took of memory is given back.
 */
export async function makeReportPdf(study: StudySummary, report: ReportVersion): Promise<Uint8Array> {
  const thread = startThread<PdfApi>(
    new URL(import.meta.url.endsWith('.ts') ? './pdfThread.ts' : './pdfThread.js', import.meta.url),
  )
  try {
    return await thread.call('write', pageOf(study, report))
  } finally {
    await thread.stop()
  }
}
