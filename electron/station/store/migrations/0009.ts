/** Storage commitment (PS3.4 annex J): what was asked of us and by us, until it is answered and for a month behind that. */
export const sql = `
CREATE TABLE commitment (
  number INTEGER PRIMARY KEY,
  -- of decisions.log
  id TEXT NOT NULL UNIQUE,
  -- 1 = this station asked the peer
  ours INTEGER NOT NULL,
  AET TEXT NOT NULL,
  TransactionUID TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- JSON: SOP Instance UIDs by SOP Class UID
  wanted TEXT NOT NULL,
  -- 1 = the peer had used its Transaction UID for something else
  duplicate INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'given up')),
  -- JSON: what was answered; null until then
  failed TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  nextAt INTEGER NOT NULL
);
CREATE INDEX commitmentByTransaction ON commitment (TransactionUID, AET);
CREATE INDEX commitmentDue ON commitment (nextAt) WHERE state = 'open' AND ours = 0;
`
