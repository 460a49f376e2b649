/**
 * Studies of which a purge left nothing, until `decisions.log` says so. What empties a study and what brings it anew may be one transaction,
 * or two that a kill does not part: behind it nobody sees any more that there was nothing between.
 */
export const sql = `
CREATE TABLE emptied (
  StudyInstanceUID TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) WITHOUT ROWID;
-- What the version before was cut off in.
INSERT INTO emptied SELECT StudyInstanceUID, max(changedAt) FROM removal WHERE state = 'purging'
  AND NOT EXISTS (SELECT 1 FROM study WHERE study.StudyInstanceUID = removal.StudyInstanceUID) GROUP BY StudyInstanceUID;
`
