const studyOf = (row: string) =>
  `(SELECT study FROM content JOIN instance ON instance.id = content.instance JOIN series ON series.id = instance.series
    WHERE content.id = ${row}.content)`

/**
 * What an archive was shown to hold may leave: its copy then lies on a volume that is never there, so that whatever can do without a disk
 * that is away can do without it, and the counts of all volumes stay right by themselves. Its file is ''.
 */
export const sql = `
INSERT INTO volume (id, name, identity, root, available) VALUES (-1, ':archive', '', '', 0);
-- opened, or fetched back, last
ALTER TABLE study ADD COLUMN lastUsed INTEGER NOT NULL DEFAULT 0;
-- contents of it that archives alone have
ALTER TABLE study ADD COLUMN away INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER copyLeft AFTER UPDATE OF volume ON copy WHEN new.volume = -1 AND old.volume <> -1 BEGIN
  UPDATE study SET away = away + 1 WHERE id = ${studyOf('new')};
END;
CREATE TRIGGER copyCameBack AFTER UPDATE OF volume ON copy WHEN old.volume = -1 AND new.volume <> -1 BEGIN
  UPDATE study SET away = away - 1 WHERE id = ${studyOf('new')};
END;
CREATE TRIGGER awayCopyRemoved BEFORE DELETE ON copy WHEN old.volume = -1 BEGIN
  UPDATE study SET away = away - 1 WHERE id = ${studyOf('old')};
END;
CREATE TRIGGER awaySeriesMoved AFTER UPDATE OF study ON series
  WHEN new.study <> old.study AND (SELECT away FROM study WHERE id = old.study) > 0
BEGIN
  UPDATE study SET away = away + iif(id = new.study, 1, -1) * (SELECT count(*) FROM instance
      JOIN content ON content.instance = instance.id JOIN copy ON copy.content = content.id
      WHERE instance.series = new.id AND copy.volume = -1)
    WHERE id IN (old.study, new.study);
END;
`
