/**
 * What was read of an object's header gets a version (ATTRIBUTES_VERSION in shared/dicom): objects of an older one are looked at
 * again, after all that has never been looked at.
 */
export const sql = `
ALTER TABLE content ADD COLUMN attributesVersion INTEGER NOT NULL DEFAULT 1;
CREATE INDEX contentByAttributesVersion ON content (attributesVersion);
ALTER TABLE pending ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pendingInOrder ON pending (again, content);
`
