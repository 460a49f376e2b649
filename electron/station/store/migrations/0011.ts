/**
 * What an archive was shown to hold may leave: its copy then lies on a volume that is never there, so that whatever can do without a disk
 * that is away can do without it, and the counts of all volumes stay right by themselves. Its file is ''.
 */
export const sql = `
INSERT INTO volume (id, name, identity, root, available) VALUES (-1, ':archive', '', '', 0);
-- opened, or fetched back, last
ALTER TABLE study ADD COLUMN lastUsed INTEGER NOT NULL DEFAULT 0;
`
