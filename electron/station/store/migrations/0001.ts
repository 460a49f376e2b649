/**
 * Instance = identity we know of; content = one byte-distinct version of it; copy = where a content lies. A row in `copy` with
 * state 'whole' means: those bytes are complete and synced at their place. Data elements keep their PS3.6 keyword.
 */
export const sql = `
CREATE TABLE state (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO state VALUES ('epoch', 1), ('open', 0), ('studies', 0), ('series', 0), ('instances', 0), ('bytes', 0);

-- key = issuer and Patient ID; an ID that identifies nobody makes one patient per study.
CREATE TABLE patient (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);

CREATE TABLE study (
  id INTEGER PRIMARY KEY,
  patient INTEGER NOT NULL REFERENCES patient,
  StudyInstanceUID TEXT NOT NULL UNIQUE,
  PatientName TEXT NOT NULL,
  -- the name as it is matched and sorted by: folded, with its delimiters
  foldedName TEXT NOT NULL,
  lang TEXT NOT NULL,
  PatientID TEXT NOT NULL,
  IssuerOfPatientID TEXT NOT NULL,
  PatientBirthDate TEXT NOT NULL,
  PatientSex TEXT NOT NULL,
  StudyDate TEXT NOT NULL,
  StudyTime TEXT NOT NULL,
  StudyID TEXT NOT NULL,
  StudyDescription TEXT NOT NULL,
  AccessionNumber TEXT NOT NULL,
  ReferringPhysicianName TEXT NOT NULL,
  InstitutionName TEXT NOT NULL,
  ModalitiesInStudy TEXT NOT NULL DEFAULT '[]',
  NumberOfStudyRelatedSeries INTEGER NOT NULL DEFAULT 0,
  NumberOfStudyRelatedInstances INTEGER NOT NULL DEFAULT 0,
  size INTEGER NOT NULL DEFAULT 0,
  firstReceived INTEGER NOT NULL,
  lastReceived INTEGER NOT NULL,
  sendingAET TEXT NOT NULL,
  flags TEXT NOT NULL DEFAULT '[]',
  synthetic INTEGER NOT NULL
);
CREATE INDEX studyByReceived ON study (lastReceived, id);
CREATE INDEX studyByDate ON study (StudyDate, lastReceived, id);
CREATE INDEX studyByName ON study (foldedName, lastReceived, id);
CREATE INDEX studyByPatientID ON study (PatientID, lastReceived, id);
CREATE INDEX studyByAccession ON study (AccessionNumber);
CREATE INDEX studyByPatient ON study (patient);

-- Search: every word of a name, the ID and the accession number, folded; found by prefix.
CREATE TABLE studyToken (token TEXT NOT NULL, study INTEGER NOT NULL REFERENCES study, PRIMARY KEY (token, study)) WITHOUT ROWID;
CREATE INDEX studyTokenByStudy ON studyToken (study);

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  study INTEGER NOT NULL REFERENCES study,
  SeriesInstanceUID TEXT NOT NULL,
  Modality TEXT NOT NULL,
  SeriesNumber INTEGER,
  SeriesDescription TEXT NOT NULL,
  BodyPartExamined TEXT NOT NULL,
  SeriesDate TEXT NOT NULL,
  SeriesTime TEXT NOT NULL,
  InstitutionName TEXT NOT NULL,
  StationName TEXT NOT NULL,
  Manufacturer TEXT NOT NULL,
  NumberOfSeriesRelatedInstances INTEGER NOT NULL DEFAULT 0,
  frames INTEGER NOT NULL DEFAULT 0,
  flags TEXT NOT NULL DEFAULT '[]',
  UNIQUE (study, SeriesInstanceUID)
);
CREATE INDEX seriesByUID ON series (SeriesInstanceUID);
CREATE INDEX seriesByModality ON series (study, Modality);

CREATE TABLE instance (
  id INTEGER PRIMARY KEY,
  series INTEGER NOT NULL REFERENCES series,
  SOPInstanceUID TEXT NOT NULL UNIQUE,
  SOPClassUID TEXT NOT NULL,
  InstanceNumber INTEGER,
  NumberOfFrames INTEGER NOT NULL,
  -- the content that is shown: the first that came
  shown INTEGER NOT NULL
);
CREATE INDEX instanceBySeries ON instance (series, InstanceNumber, id);

-- AUTOINCREMENT: the number also names the file, so it must never be given twice.
CREATE TABLE content (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  instance INTEGER NOT NULL REFERENCES instance,
  relation TEXT NOT NULL CHECK (relation IN ('first', 'revision', 'conflict')),
  TransferSyntaxUID TEXT NOT NULL,
  -- of the data set as received, without File Meta
  length INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  -- where the pixel data's value lies in the data set; -1 when there is none or the data set is deflated
  pixelOffset INTEGER NOT NULL,
  door TEXT NOT NULL,
  sourceAET TEXT NOT NULL,
  sendingAET TEXT NOT NULL,
  receivingAET TEXT NOT NULL,
  address TEXT NOT NULL,
  received INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  framePlan TEXT,
  unshowable TEXT,
  perFrame TEXT,
  synthetic INTEGER NOT NULL
);
CREATE INDEX contentByInstance ON content (instance);

CREATE TABLE copy (
  id INTEGER PRIMARY KEY,
  content INTEGER NOT NULL REFERENCES content,
  -- 1 = the data folder; \`file\` is relative to it
  volume INTEGER NOT NULL,
  file TEXT NOT NULL,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL,
  metaLength INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('whole'))
);
CREATE INDEX copyByContent ON copy (content);

-- The feed: a row per instance, one per touched study per commit group.
CREATE TABLE change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  epoch INTEGER NOT NULL,
  kind TEXT NOT NULL,
  StudyInstanceUID TEXT NOT NULL,
  SOPInstanceUID TEXT NOT NULL,
  content INTEGER
);

-- What \`work\` has not looked into yet.
CREATE TABLE pending (content INTEGER PRIMARY KEY REFERENCES content);
CREATE TABLE thumbnail (content INTEGER PRIMARY KEY REFERENCES content, png BLOB NOT NULL);

CREATE TABLE peer (
  AET TEXT PRIMARY KEY,
  address TEXT NOT NULL,
  firstSeen INTEGER NOT NULL,
  lastSeen INTEGER NOT NULL,
  instances INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE setting (user TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (user, key)) WITHOUT ROWID;
`
