/**
 * Storage commitment (PS3.4 annex J): what was asked of us and by us, until it is answered and for a month behind that. Performed
 * procedure steps and availability notices (annexes F, R), to be handed on. What all of them say belongs to a study.
 */
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

-- Modality performed procedure steps, as they stand.
CREATE TABLE procedureStep (
  SOPInstanceUID TEXT PRIMARY KEY,
  AET TEXT NOT NULL,
  -- PS3.3 §C.4.14, (0040,0252)
  status TEXT NOT NULL,
  StudyInstanceUID TEXT NOT NULL,
  changedAt INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX procedureStepByTime ON procedureStep (changedAt);
-- N-CREATEs and N-SETs of steps and notices that are to be handed on, as they came.
CREATE TABLE notice (
  number INTEGER PRIMARY KEY,
  -- 'create', 'set'
  kind TEXT NOT NULL,
  SOPClassUID TEXT NOT NULL,
  SOPInstanceUID TEXT NOT NULL,
  TransferSyntaxUID TEXT NOT NULL,
  dataSet BLOB NOT NULL,
  -- a node's name
  node TEXT NOT NULL,
  at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  nextAt INTEGER NOT NULL
);
CREATE INDEX noticeDue ON notice (nextAt);
CREATE INDEX noticeInOrder ON notice (node, SOPInstanceUID, number);

-- What somebody said belongs to a study.
CREATE TABLE list (
  number INTEGER PRIMARY KEY,
  source TEXT NOT NULL CHECK (source IN ('commitment', 'step', 'notice')),
  -- who made it: Transaction UID and peer, or the SOP Instance UID of the step or notice
  id TEXT NOT NULL,
  AET TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- '' = not known yet: it names objects without their studies, and none of them is here
  StudyInstanceUID TEXT NOT NULL,
  -- 0 = a step in progress
  final INTEGER NOT NULL,
  UNIQUE (id, StudyInstanceUID)
);
CREATE INDEX listByStudy ON list (StudyInstanceUID);
CREATE TABLE listed (
  list INTEGER NOT NULL REFERENCES list ON DELETE CASCADE,
  SOPInstanceUID TEXT NOT NULL,
  -- '' = not said
  SeriesInstanceUID TEXT NOT NULL,
  PRIMARY KEY (list, SOPInstanceUID)
) WITHOUT ROWID;
CREATE INDEX listedByInstance ON listed (SOPInstanceUID);

-- The verdict (shared/viewing/completeness.ts) as JSON; '' = it came before there was one.
ALTER TABLE study ADD COLUMN completeness TEXT NOT NULL DEFAULT '';
-- Counts what has happened since that verdict; 0 = it stands.
ALTER TABLE study ADD COLUMN unjudged INTEGER NOT NULL DEFAULT 0;
CREATE INDEX studyUnjudged ON study (id) WHERE unjudged > 0;
CREATE TRIGGER studyCountChanged AFTER UPDATE OF NumberOfStudyRelatedInstances ON study
  WHEN new.NumberOfStudyRelatedInstances <> old.NumberOfStudyRelatedInstances AND new.unjudged = 0
BEGIN
  UPDATE study SET unjudged = 1 WHERE id = new.id;
END;
`
