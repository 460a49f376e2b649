export const sql = `
-- Patients of whom somebody said that they are one: all of the one is shown under the other, what comes later too.
CREATE TABLE merge (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- the study it was said of
  StudyInstanceUID TEXT NOT NULL,
  -- keys of patients
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  -- JSON: the patient module it is shown with
  patient TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'undone'))
);
CREATE UNIQUE INDEX mergeBySource ON merge (source) WHERE state = 'active';
-- The merge a move is part of; '' = it was made by itself.
ALTER TABLE move ADD COLUMN merge TEXT NOT NULL DEFAULT '';
CREATE INDEX moveByMerge ON move (merge) WHERE merge <> '';

-- Patients of whom somebody said that they are two.
CREATE TABLE apart (
  id TEXT PRIMARY KEY,
  pair TEXT NOT NULL,
  StudyInstanceUID TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'undone'))
);
CREATE INDEX apartByPair ON apart (pair) WHERE state = 'active';
`
