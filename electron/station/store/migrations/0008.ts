/**
 * Lifecycle: what was deleted or rejected is hidden, what was moved is shown elsewhere; the objects themselves stay as they are.
 * `hidden` of an instance follows from `removal`; a series or study without a shown instance is hidden. The orders of the worklist
 * hold what is shown alone, so that a list pays nothing for what is not.
 */
const SORTS: Record<string, string> = {
  Received: 'lastReceived',
  Name: 'foldedName',
  PatientID: 'PatientID',
  BirthDate: 'PatientBirthDate',
  Sex: 'PatientSex',
  Date: 'StudyDate, StudyTime',
  Modalities: 'ModalitiesInStudy',
  BodyParts: 'BodyPartsInStudy',
  Description: 'sortDescription',
  Accession: 'AccessionNumber',
  Institution: 'sortInstitution',
  Stations: 'StationNamesInStudy',
  Referrer: 'sortReferrer',
  Instances: 'NumberOfStudyRelatedInstances',
  Priors: 'priors',
  Reading: 'reading',
  Priority: 'priority',
}
const FILTERS: Record<string, string> = {
  ByDate: 'StudyDate, firstReceived, reading, priority, ModalitiesInStudy, id',
  ByArrival: 'firstReceived, StudyDate, reading, priority, ModalitiesInStudy, id',
}

const shownAlone = (name: string, columns: string) =>
  `DROP INDEX ${name}; CREATE INDEX ${name} ON study (${columns}) WHERE hidden = 0;`

export const sql = `
-- 0 shown; 1 only on request by its own UID (rejected for quality reasons); 2 not at all
ALTER TABLE instance ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE series ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE study ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
-- epoch ms since when it is shown under another patient or in another study; 0 = as received
ALTER TABLE series ADD COLUMN movedAt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE study ADD COLUMN movedAt INTEGER NOT NULL DEFAULT 0;

${Object.entries(SORTS)
  .map(([name, keys]) => shownAlone(`studySort${name}`, `pinned, ${keys}, id`))
  .join('\n')}
${Object.entries(FILTERS)
  .map(([name, columns]) => shownAlone(`studyFilter${name}`, columns))
  .join('\n')}

-- One deletion by a person, or one rejection note.
CREATE TABLE removal (
  number INTEGER PRIMARY KEY,
  -- a note's SOP Instance UID, else a UID of ours
  id TEXT NOT NULL UNIQUE,
  -- DCM code of the note's title; '' = deleted by a person
  code TEXT NOT NULL,
  level INTEGER NOT NULL CHECK (level IN (1, 2)),
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  StudyInstanceUID TEXT NOT NULL,
  -- '' = the study or parts of several series
  SeriesInstanceUID TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('binned', 'restored', 'purging', 'purged')),
  -- how many images it names, without the note itself
  images INTEGER NOT NULL,
  -- when the state was last changed
  changedAt INTEGER NOT NULL,
  changedBy TEXT NOT NULL,
  -- its instances are hidden because of it
  hides INTEGER NOT NULL,
  -- the newest content when its purge began: what came after is an arrival of its own
  purgeTo INTEGER NOT NULL DEFAULT 0,
  -- how often, and when last, one of its instances was sent again meanwhile
  arrivedAgain INTEGER NOT NULL DEFAULT 0,
  againAt INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX removalByTime ON removal (at);
-- Its instances by UID, whether they are here (yet) or not.
CREATE TABLE removed (
  SOPInstanceUID TEXT NOT NULL,
  removal INTEGER NOT NULL REFERENCES removal,
  PRIMARY KEY (SOPInstanceUID, removal)
) WITHOUT ROWID;
CREATE INDEX removedByRemoval ON removed (removal);
-- Files whose rows are gone, to be unlinked; relative to the volume's root. One that is away keeps its own until it is back.
CREATE TABLE doomed (
  volume INTEGER NOT NULL,
  file TEXT NOT NULL,
  PRIMARY KEY (volume, file)
) WITHOUT ROWID;
-- Key object selections nobody has read yet: one may be a rejection note.
CREATE TABLE unreadNote (content INTEGER PRIMARY KEY);

-- One decision to show a study or series elsewhere.
CREATE TABLE move (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- what is moved, as it was known until then; SeriesInstanceUID '' = the whole study
  StudyInstanceUID TEXT NOT NULL,
  SeriesInstanceUID TEXT NOT NULL,
  -- of a series: the study it is shown in from then on; of a study: its own UID
  toStudyInstanceUID TEXT NOT NULL,
  -- 1 = that study was made for it
  made INTEGER NOT NULL,
  -- JSON: the patient module it is shown with
  patient TEXT NOT NULL,
  -- JSON: what undoes it; null until something of its study is here
  before TEXT,
  state TEXT NOT NULL CHECK (state IN ('active', 'undone'))
);
CREATE INDEX moveByPlace ON move (StudyInstanceUID, SeriesInstanceUID) WHERE state = 'active';
`
