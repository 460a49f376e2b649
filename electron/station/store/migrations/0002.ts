/**
 * The reading desk: how far a study is read, how urgent it is, its priors, drafts. Every order of the worklist is an index of its
 * own, entered by `pinned` and ended by `id`, so that each page of each order, up or down, is one range of it.
 */
export const sql = `
ALTER TABLE study ADD COLUMN PatientAge TEXT NOT NULL DEFAULT '';
-- JSON lists as ModalitiesInStudy is: each once, in order of arrival
ALTER TABLE study ADD COLUMN StationNamesInStudy TEXT NOT NULL DEFAULT '[]';
ALTER TABLE study ADD COLUMN BodyPartsInStudy TEXT NOT NULL DEFAULT '[]';
-- 0 new, 1 opened, 2 read
ALTER TABLE study ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;
ALTER TABLE study ADD COLUMN readingBy TEXT NOT NULL DEFAULT '';
ALTER TABLE study ADD COLUMN readingAt INTEGER;
-- 0 routine, 1 urgent, 2 stat
ALTER TABLE study ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
-- 1: a person said so; what an image says no longer counts
ALTER TABLE study ADD COLUMN priorityByHand INTEGER NOT NULL DEFAULT 0;
-- other studies of the patient; 999 = that many or more
ALTER TABLE study ADD COLUMN priors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE study ADD COLUMN pinned INTEGER GENERATED ALWAYS AS (priority = 2 AND reading < 2) VIRTUAL;
-- sorted by without regard to case
ALTER TABLE study ADD COLUMN sortDescription TEXT GENERATED ALWAYS AS (lower(StudyDescription)) VIRTUAL;
ALTER TABLE study ADD COLUMN sortInstitution TEXT GENERATED ALWAYS AS (lower(InstitutionName)) VIRTUAL;
ALTER TABLE study ADD COLUMN sortReferrer TEXT GENERATED ALWAYS AS (lower(ReferringPhysicianName)) VIRTUAL;

UPDATE study SET
  StationNamesInStudy = (SELECT json_group_array(StationName) FROM
    (SELECT StationName FROM series WHERE study = study.id AND StationName <> '' GROUP BY StationName ORDER BY min(series.id))),
  BodyPartsInStudy = (SELECT json_group_array(BodyPartExamined) FROM
    (SELECT BodyPartExamined FROM series WHERE study = study.id AND BodyPartExamined <> '' GROUP BY BodyPartExamined ORDER BY min(series.id)));
UPDATE study SET priors = min(999, others) FROM
  (SELECT patient, count(*) - 1 AS others FROM study GROUP BY patient) AS counted WHERE counted.patient = study.patient;

DROP INDEX studyByReceived;
DROP INDEX studyByDate;
DROP INDEX studyByName;
DROP INDEX studyByPatientID;
-- equality, for QIDO-RS
CREATE INDEX studyByPatientID ON study (PatientID);

CREATE INDEX studySortReceived ON study (pinned, lastReceived, id);
CREATE INDEX studySortName ON study (pinned, foldedName, id);
CREATE INDEX studySortPatientID ON study (pinned, PatientID, id);
CREATE INDEX studySortBirthDate ON study (pinned, PatientBirthDate, id);
CREATE INDEX studySortSex ON study (pinned, PatientSex, id);
CREATE INDEX studySortDate ON study (pinned, StudyDate, StudyTime, id);
CREATE INDEX studySortModalities ON study (pinned, ModalitiesInStudy, id);
CREATE INDEX studySortBodyParts ON study (pinned, BodyPartsInStudy, id);
CREATE INDEX studySortDescription ON study (pinned, sortDescription, id);
CREATE INDEX studySortAccession ON study (pinned, AccessionNumber, id);
CREATE INDEX studySortInstitution ON study (pinned, sortInstitution, id);
CREATE INDEX studySortStations ON study (pinned, StationNamesInStudy, id);
CREATE INDEX studySortReferrer ON study (pinned, sortReferrer, id);
CREATE INDEX studySortInstances ON study (pinned, NumberOfStudyRelatedInstances, id);
CREATE INDEX studySortPriors ON study (pinned, priors, id);
CREATE INDEX studySortReading ON study (pinned, reading, id);
CREATE INDEX studySortPriority ON study (pinned, priority, id);
-- All a filter asks of a study: counting goes through these alone.
CREATE INDEX studyFilterByDate ON study (StudyDate, firstReceived, reading, priority, ModalitiesInStudy, id);
CREATE INDEX studyFilterByArrival ON study (firstReceived, StudyDate, reading, priority, ModalitiesInStudy, id);

-- A reader's unsaved work on a study.
CREATE TABLE draft (
  StudyInstanceUID TEXT NOT NULL,
  user TEXT NOT NULL,
  rev INTEGER NOT NULL,
  draft TEXT NOT NULL,
  PRIMARY KEY (StudyInstanceUID, user)
) WITHOUT ROWID;
`
