/** Repair: an index that lacks what lies in the files says so until it has it; what the scrub has read is kept over restarts. */
export const sql = `
CREATE INDEX copyNotWhole ON copy (content) WHERE state <> 'whole';

-- What decisions.log says of studies that have no row yet: the last of each kind.
CREATE TABLE undecided (
  StudyInstanceUID TEXT NOT NULL,
  kind TEXT NOT NULL,
  decision TEXT NOT NULL,
  PRIMARY KEY (StudyInstanceUID, kind)
) WITHOUT ROWID;

-- Contents whose files a decision took away: none of them is adopted again.
CREATE TABLE gone (content INTEGER PRIMARY KEY);

INSERT INTO state VALUES ('repairing', 0), ('scrubbedTo', 0), ('scrubBegun', 0);
`
