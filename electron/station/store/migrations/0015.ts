/** Reports of studies, a row for each version: the report and its addenda. */
export const sql = `
CREATE TABLE report (
  StudyInstanceUID TEXT NOT NULL,
  version INTEGER NOT NULL,
  -- JSON, shared/reporting/report.ts
  report TEXT NOT NULL,
  PRIMARY KEY (StudyInstanceUID, version)
) WITHOUT ROWID;
`
