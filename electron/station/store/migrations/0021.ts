/**
 * Signed reports on their way to other systems as HL7. A row is made with the signature, in its transaction: what is signed is sent, whatever
 * happens between. Work in progress, no decision: a lost index takes it along, and a report can be sent again by hand.
 */
export const sql = `
-- Those who get what is signed from now on, by their names in the configuration.
CREATE TABLE resultTarget (
  name TEXT PRIMARY KEY,
  preliminary INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE result (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  target TEXT NOT NULL,
  StudyInstanceUID TEXT NOT NULL,
  version INTEGER NOT NULL,
  -- MSH-10: the same at every try, so that the other system knows it again.
  messageId TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  at INTEGER NOT NULL,
  changedAt INTEGER NOT NULL,
  nextAt INTEGER,
  lastError TEXT NOT NULL DEFAULT ''
);
CREATE INDEX resultDue ON result (nextAt) WHERE nextAt IS NOT NULL;
CREATE INDEX resultOf ON result (StudyInstanceUID, target);
`
