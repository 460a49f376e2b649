/**
 * What is odd about a content itself, as JSON (`instanceFlags`): study and series gather the flags of all they hold, but whether
 * one object may be sent on by itself ('deep-nesting': not) is asked of that object.
 */
export const sql = `
ALTER TABLE content ADD COLUMN flags TEXT NOT NULL DEFAULT '[]';
`
