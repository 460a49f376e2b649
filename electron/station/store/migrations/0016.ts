/**
 * What a reader has drawn of segments and not saved yet, a row for each slice: a stroke writes the slices it touched and no others.
 * Work in progress, no decision: it is not in the decision log, and a lost index takes it along.
 */
export const sql = `
CREATE TABLE segmentPart (
  StudyInstanceUID TEXT NOT NULL,
  user TEXT NOT NULL,
  part TEXT NOT NULL,
  -- Of the whole work when the part was written: the greatest is the work's.
  rev INTEGER NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (StudyInstanceUID, user, part)
) WITHOUT ROWID;
`
