import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { IsocenterError } from '../../../../shared/errors.ts'
import type { ReportVersion } from '../../../../shared/reporting/report.ts'
import { nextReport, type ReportWish } from '../../../../shared/reporting/states.ts'
import type { Decision } from '../decisionLog.ts'

/** Reports as rows: what `nextReport` decides, kept. */
export function createReportRows(db: Database) {
  const versions = db.prepare<[string], { report: string }>(
    'SELECT report FROM report WHERE StudyInstanceUID = ? ORDER BY version',
  )
  const knows = db.prepare<[string], { id: number }>('SELECT id FROM study WHERE StudyInstanceUID = ?')
  const put = db.prepare(
    `INSERT INTO report (StudyInstanceUID, version, report) VALUES (@StudyInstanceUID, @version, @report)
     ON CONFLICT (StudyInstanceUID, version) DO UPDATE SET report = @report`,
  )

  /** All versions of a study's report, the first one first. */
  function read(StudyInstanceUID: string): ReportVersion[] {
    return versions.all(StudyInstanceUID).map(row => JSON.parse(row.report) as ReportVersion)
  }

  return {
    read,
    /** The decision that a wish comes to. Throws like `nextReport`, and 'not-found' for a study that is not here. */
    decide(StudyInstanceUID: string, wish: ReportWish, by: string, at: number): Decision & { kind: 'report' } {
      if (!knows.get(StudyInstanceUID)) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
      const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex')
      const report = nextReport(read(StudyInstanceUID), wish, { by, at, sha256 })
      return { kind: 'report', at, StudyInstanceUID, id: `${StudyInstanceUID}/${report.version}`, by, report }
    },
    apply({ StudyInstanceUID, report }: Decision & { kind: 'report' }): void {
      put.run({ StudyInstanceUID, version: report.version, report: JSON.stringify(report) })
    },
  }
}
