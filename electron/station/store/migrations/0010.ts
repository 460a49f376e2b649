/**
 * The outbox and the custody ledger: a row for each content and each destination it goes to, and what is summed of them, kept by
 * triggers: whoever writes or removes a row need not know of them.
 */

/** What is counted, as a condition on a row of `custody`. */
const COUNTED: Record<string, (row: string) => string> = {
  queued: row => `${row}.state = 0`,
  unproved: row => `${row}.state IN (1, 2)`,
  listed: row => `(${row}.state = 3 AND ${row}.proof = 1)`,
  present: row => `(${row}.state = 3 AND ${row}.proof = 2)`,
  equal: row => `(${row}.state = 3 AND ${row}.proof = 3)`,
  dead: row => `${row}.state = 4`,
  withheld: row => `${row}.state = 5`,
}
const OF_DESTINATION: Record<string, (row: string) => string> = {
  queued: row => `(${row}.state = 0)`,
  queuedBytes: row => `(${row}.state = 0) * ${row}.bytes`,
  unproved: row => `(${row}.state IN (1, 2))`,
  confirmed: row => `(${row}.state = 3)`,
  dead: row => `(${row}.state = 4)`,
}
const names = Object.keys(COUNTED)

/** SQL: `+` what the new row counts, `-` what the old one did. */
const moved = (counted: Record<string, (row: string) => string>, rows: { plus?: string; minus?: string }) =>
  Object.entries(counted)
    .map(([name, of]) => {
      const plus = rows.plus ? ` + (${of(rows.plus)})` : ''
      const minus = rows.minus ? ` - (${of(rows.minus)})` : ''
      return `${name} = ${name}${plus}${minus}`
    })
    .join(', ')

export const sql = `
CREATE TABLE destination (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- its place in the configuration; null = it is in it no longer
  position INTEGER,
  -- JSON
  rules TEXT NOT NULL,
  -- contents behind the one number and up to the other have still to be held against the rules
  lookedTo INTEGER NOT NULL,
  lookTo INTEGER NOT NULL,
  queued INTEGER NOT NULL DEFAULT 0,
  queuedBytes INTEGER NOT NULL DEFAULT 0,
  unproved INTEGER NOT NULL DEFAULT 0,
  confirmed INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE custody (
  content INTEGER NOT NULL,
  destination INTEGER NOT NULL,
  -- of its instance: never another, wherever the series is shown
  series INTEGER NOT NULL,
  -- 0 queued, 1 unsure, 2 sent, 3 confirmed, 4 dead, 5 withheld
  state INTEGER NOT NULL,
  -- 1 = it may be leased now, 0 = not before nextAt, null = it waits for nothing
  turn INTEGER,
  nextAt INTEGER NOT NULL DEFAULT 0,
  -- somebody has it, until nextAt
  leased INTEGER NOT NULL DEFAULT 0,
  rank INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  -- of the data set
  bytes INTEGER NOT NULL,
  received INTEGER NOT NULL,
  -- since when it is confirmed (looked for last) or dead
  at INTEGER NOT NULL,
  -- why this station itself does not send it; 0 = the destination refused it
  bar INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  -- 0 none, 1 listed, 2 present, 3 equal
  proof INTEGER NOT NULL DEFAULT 0,
  sentMd5 BLOB,
  sentSha256 BLOB,
  -- as received; null = the study's
  PatientID TEXT,
  PRIMARY KEY (content, destination)
) WITHOUT ROWID;
CREATE INDEX custodyReady ON custody (destination, state, rank, content) WHERE turn = 1;
CREATE INDEX custodyLater ON custody (destination, rank, nextAt) WHERE turn = 0;
CREATE INDEX custodyWaiting ON custody (destination, received) WHERE turn IS NOT NULL;
CREATE INDEX custodyConfirmed ON custody (destination, at) WHERE state = 3;
CREATE INDEX custodyDead ON custody (destination, bar, at) WHERE state = 4;

CREATE TABLE custodyCount (
  series INTEGER NOT NULL,
  destination INTEGER NOT NULL,
  ${names.map(name => `${name} INTEGER NOT NULL`).join(',\n  ')},
  PRIMARY KEY (series, destination)
) WITHOUT ROWID;

CREATE TABLE custodyEvent (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  destination INTEGER NOT NULL,
  StudyInstanceUID TEXT NOT NULL,
  kind TEXT NOT NULL,
  images INTEGER NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX custodyEventOf ON custodyEvent (StudyInstanceUID, destination, kind, number);

-- Up to this content an index that was lost may have sent anything anywhere.
INSERT INTO state VALUES ('doubtTo', 0);

CREATE TRIGGER custodyAdded AFTER INSERT ON custody BEGIN
  INSERT INTO custodyCount (series, destination, ${names.join(', ')})
    VALUES (new.series, new.destination, ${names.map(name => COUNTED[name]?.('new')).join(', ')})
    ON CONFLICT (series, destination) DO UPDATE SET ${names.map(name => `${name} = ${name} + excluded.${name}`).join(', ')};
  UPDATE destination SET ${moved(OF_DESTINATION, { plus: 'new' })} WHERE id = new.destination;
END;
CREATE TRIGGER custodyChanged AFTER UPDATE OF state, proof ON custody
  WHEN new.state <> old.state OR new.proof <> old.proof
BEGIN
  UPDATE custodyCount SET ${moved(COUNTED, { plus: 'new', minus: 'old' })}
    WHERE series = new.series AND destination = new.destination;
  UPDATE destination SET ${moved(OF_DESTINATION, { plus: 'new', minus: 'old' })} WHERE id = new.destination;
END;
CREATE TRIGGER custodyRemoved AFTER DELETE ON custody BEGIN
  UPDATE custodyCount SET ${moved(COUNTED, { minus: 'old' })} WHERE series = old.series AND destination = old.destination;
  DELETE FROM custodyCount WHERE series = old.series AND destination = old.destination AND ${names.join(' + ')} = 0;
  UPDATE destination SET ${moved(OF_DESTINATION, { minus: 'old' })} WHERE id = old.destination;
END;
CREATE TRIGGER contentRemoved AFTER DELETE ON content BEGIN
  DELETE FROM custody WHERE content = old.id;
END;
`
