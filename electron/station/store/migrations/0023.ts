/**
 * How many studies are shown, by the modalities they have: a list says how many it has, and of a million they were counted one by one each
 * time it was asked for. By triggers, so whoever writes studies need not know; an image that comes to a series that is here already costs nothing.
 */
const COUNT_NEW = `
  INSERT INTO studyCount VALUES (new.ModalitiesInStudy, 1) ON CONFLICT DO UPDATE SET studies = studies + 1;`
const COUNT_OLD = `
  UPDATE studyCount SET studies = studies - 1 WHERE ModalitiesInStudy = old.ModalitiesInStudy;
  DELETE FROM studyCount WHERE ModalitiesInStudy = old.ModalitiesInStudy AND studies = 0;`

export const sql = `
CREATE TABLE studyCount (
  -- as the study has it
  ModalitiesInStudy TEXT PRIMARY KEY,
  studies INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO studyCount SELECT ModalitiesInStudy, count(*) FROM study WHERE hidden = 0 GROUP BY ModalitiesInStudy;

CREATE TRIGGER studyCame AFTER INSERT ON study WHEN new.hidden = 0 BEGIN${COUNT_NEW}
END;
CREATE TRIGGER studyWent AFTER DELETE ON study WHEN old.hidden = 0 BEGIN${COUNT_OLD}
END;
CREATE TRIGGER studyShown AFTER UPDATE OF hidden ON study WHEN old.hidden <> 0 AND new.hidden = 0 BEGIN${COUNT_NEW}
END;
CREATE TRIGGER studyHidden AFTER UPDATE OF hidden ON study WHEN old.hidden = 0 AND new.hidden <> 0 BEGIN${COUNT_OLD}
END;
CREATE TRIGGER studyModalitiesChanged AFTER UPDATE OF ModalitiesInStudy ON study
WHEN old.hidden = 0 AND new.hidden = 0 AND old.ModalitiesInStudy <> new.ModalitiesInStudy BEGIN${COUNT_OLD}${COUNT_NEW}
END;
`
