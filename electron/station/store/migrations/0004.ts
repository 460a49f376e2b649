/**
 * The landing log: volume 0 is the landing folder, out of which a copy settles. A content's CRC-32 is known at once, its SHA-256
 * (x'' until then) when it has settled. A copy that could not be read as it was written is 'damaged'.
 */
export const sql = `
ALTER TABLE content ADD COLUMN crc INTEGER;

CREATE TABLE newCopy (
  id INTEGER PRIMARY KEY,
  content INTEGER NOT NULL REFERENCES content,
  -- 0 = landing, 1 = the data folder; \`file\` is relative to it
  volume INTEGER NOT NULL,
  file TEXT NOT NULL,
  -- where the Part-10 file begins in it
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL,
  metaLength INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('whole', 'damaged'))
);
INSERT INTO newCopy SELECT id, content, volume, file, offset, length, metaLength, state FROM copy;
DROP TABLE copy;
ALTER TABLE newCopy RENAME TO copy;
CREATE INDEX copyByContent ON copy (content);
CREATE INDEX copyInLanding ON copy (content) WHERE volume = 0;

-- behind which record of the landing log every row is there
INSERT INTO state VALUES ('landedSegment', 0), ('landedOffset', 0);
`
