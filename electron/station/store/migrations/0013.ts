export const sql = `
-- What a reader has had on the screen of a study, by series (shared/viewing/seen.ts).
CREATE TABLE seen (
  StudyInstanceUID TEXT NOT NULL,
  user TEXT NOT NULL,
  SeriesInstanceUID TEXT NOT NULL,
  seen TEXT NOT NULL,
  PRIMARY KEY (StudyInstanceUID, user, SeriesInstanceUID)
) WITHOUT ROWID;
`
