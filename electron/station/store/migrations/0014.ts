const COUNTED: Record<string, string> = { gone: 'state = 6', lost: 'state = 7' }
const names = Object.keys(COUNTED)
/** SQL: whether the row is counted as that. */
const is = (row: string, name: string) => `(${row}.${COUNTED[name]})`

/**
 * What came from an archive is that archive's: deleted there on purpose it is not brought back (6, gone). What is neither at the archive
 * nor here is not to be sent, for nobody has it (7, lost), until it is here again. And studies that a person wants here.
 */
export const sql = `
-- 1 = it came from this very destination, and nobody else sent it here
ALTER TABLE custody ADD COLUMN pulled INTEGER NOT NULL DEFAULT 0;
UPDATE custody SET pulled = 1 WHERE state = 3 AND proof = 3 AND sentSha256 IS NULL
  AND (SELECT door FROM content WHERE content.id = custody.content) = 'pull';
CREATE INDEX custodyLost ON custody (content) WHERE state = 7;

${names.map(name => `ALTER TABLE custodyCount ADD COLUMN ${name} INTEGER NOT NULL DEFAULT 0;`).join('\n')}
-- A row is made in another state, and leaves that of the other triggers before it is removed.
CREATE TRIGGER custodyLeft AFTER UPDATE OF state ON custody WHEN new.state <> old.state AND (new.state > 5 OR old.state > 5) BEGIN
  UPDATE custodyCount SET ${names.map(name => `${name} = ${name} + ${is('new', name)} - ${is('old', name)}`).join(', ')}
    WHERE series = new.series AND destination = new.destination;
END;
DROP TRIGGER custodyRemoved;
CREATE TRIGGER custodyRemoved AFTER DELETE ON custody BEGIN
  UPDATE custodyCount SET queued = queued - (old.state = 0), unproved = unproved - (old.state IN (1, 2)),
      listed = listed - (old.state = 3 AND old.proof = 1), present = present - (old.state = 3 AND old.proof = 2),
      equal = equal - (old.state = 3 AND old.proof = 3), dead = dead - (old.state = 4), withheld = withheld - (old.state = 5),
      ${names.map(name => `${name} = ${name} - ${is('old', name)}`).join(', ')}
    WHERE series = old.series AND destination = old.destination;
  DELETE FROM custodyCount WHERE series = old.series AND destination = old.destination
    AND queued + unproved + listed + present + equal + dead + withheld + gone + lost = 0;
  UPDATE destination SET queued = queued - (old.state = 0), queuedBytes = queuedBytes - (old.state = 0) * old.bytes,
    unproved = unproved - (old.state IN (1, 2)), confirmed = confirmed - (old.state = 3), dead = dead - (old.state = 4)
    WHERE id = old.destination;
END;

-- Epoch ms since when a person wants it here, whatever else; 0 = nobody does.
ALTER TABLE study ADD COLUMN keptAt INTEGER NOT NULL DEFAULT 0;
`
