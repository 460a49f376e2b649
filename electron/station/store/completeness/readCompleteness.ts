import type { Database } from 'better-sqlite3'
import type { CompletenessFacts, KnownList, SeriesFacts } from '../../../../shared/viewing/completeness.ts'
import { isSeen } from '../visibility.ts'

/** What is missing of a series, by name. */
export interface LackingSeries {
  /** '' = nobody said of which. */
  SeriesInstanceUID: string
  SOPInstanceUIDs: string[]
}

/** Named in an answer, the rest is counted. */
const MOST_NAMED = 1000

/** SQL: a listed instance is here, or somebody took it away: nobody has to send it again. */
const CAME = `(EXISTS (SELECT 1 FROM instance WHERE instance.SOPInstanceUID = listed.SOPInstanceUID)
  OR EXISTS (SELECT 1 FROM removed WHERE removed.SOPInstanceUID = listed.SOPInstanceUID))`

/** What `unjudged` and the count were when the facts were read: a verdict about them holds only while they are. */
export interface JudgedFacts extends Omit<CompletenessFacts, 'sender'> {
  seen: { unjudged: number; here: number }
}

export function createCompletenessReader(db: Database) {
  // The oldest first, and only those where nothing comes any more.
  const unjudged = db
    .prepare<[number, number, number], string>(
      `SELECT StudyInstanceUID FROM study WHERE unjudged > 0 AND (lastReceived <= ? OR lastReceived >= ?) ORDER BY id LIMIT ?`,
    )
    .pluck()
  const study = db.prepare<[string], { id: number; unjudged: number; here: number }>(
    'SELECT id, unjudged, NumberOfStudyRelatedInstances AS here FROM study WHERE StudyInstanceUID = ?',
  )
  const lists = db.prepare<[string], Omit<KnownList, 'final'> & { final: 0 | 1 }>(
    `SELECT source, AET, final, count(SOPInstanceUID) AS total,
       count(SOPInstanceUID) - count(CASE WHEN ${CAME} THEN 1 END) AS absent
     FROM list LEFT JOIN listed ON listed.list = list.number WHERE StudyInstanceUID = ? GROUP BY list.number ORDER BY at, list.number`,
  )
  const listed = db
    .prepare<[number], number>(
      `SELECT count(*) FROM series JOIN instance ON instance.series = series.id WHERE series.study = ? AND ${isSeen('instance')}
         AND EXISTS (SELECT 1 FROM listed JOIN list ON list.number = listed.list
           WHERE listed.SOPInstanceUID = instance.SOPInstanceUID AND final = 1)`,
    )
    .pluck()
  const series = db.prepare<
    [number],
    { id: number; SeriesInstanceUID: string; SeriesNumber: number | null; SeriesDescription: string; Modality: string }
  >(
    'SELECT id, SeriesInstanceUID, SeriesNumber, SeriesDescription, Modality FROM series WHERE study = ? ORDER BY SeriesNumber, id',
  )
  const instances = db.prepare<
    [number],
    {
      InstanceNumber: number | null
      position: string | null
      orientation: string | null
      acquisition: number | null
      ImagesInAcquisition: number | null
    }
  >(
    `SELECT InstanceNumber, attributes ->> 'ImagePositionPatient' AS position, attributes ->> 'ImageOrientationPatient' AS orientation,
       attributes ->> 'AcquisitionNumber' AS acquisition,
       CASE WHEN NumberOfFrames = 1 THEN attributes ->> 'ImagesInAcquisition' END AS ImagesInAcquisition
     FROM instance JOIN content ON content.id = instance.shown WHERE series = ?`,
  )
  const lackingCounts = db.prepare<[string], { SeriesInstanceUID: string; count: number }>(
    `SELECT SeriesInstanceUID, count(*) AS count FROM (
       SELECT max(SeriesInstanceUID) AS SeriesInstanceUID FROM list JOIN listed ON listed.list = list.number
       WHERE StudyInstanceUID = ? AND final = 1
         AND NOT ${CAME}
       GROUP BY listed.SOPInstanceUID) GROUP BY SeriesInstanceUID ORDER BY SeriesInstanceUID`,
  )
  const lacking = db.prepare<[string, number], { SeriesInstanceUID: string; SOPInstanceUID: string }>(
    `SELECT max(SeriesInstanceUID) AS SeriesInstanceUID, listed.SOPInstanceUID FROM list JOIN listed ON listed.list = list.number
     WHERE StudyInstanceUID = ? AND final = 1
       AND NOT ${CAME}
     GROUP BY listed.SOPInstanceUID ORDER BY 1, 2 LIMIT ?`,
  )

  function seriesFacts(row: NonNullable<ReturnType<typeof series.get>>): SeriesFacts {
    const facts: SeriesFacts = {
      SeriesInstanceUID: row.SeriesInstanceUID,
      name: nameOf(row),
      instances: 0,
      InstanceNumber: [],
      slices: [],
      acquisitions: [],
    }
    const acquisitions = new Map<number | null, { said: Set<number | null>; instances: number }>()
    for (const { InstanceNumber, position, orientation, acquisition, ImagesInAcquisition } of instances.iterate(
      row.id,
    )) {
      facts.instances += 1
      const own = acquisitions.get(acquisition) ?? { said: new Set(), instances: 0 }
      acquisitions.set(acquisition, own)
      own.said.add(ImagesInAcquisition)
      own.instances += 1
      if (InstanceNumber !== null) facts.InstanceNumber.push(InstanceNumber)
      if (position && orientation) {
        facts.slices.push({
          position: JSON.parse(position) as number[],
          orientation: JSON.parse(orientation) as number[],
        })
      }
    }
    for (const { said, instances: count } of acquisitions.values()) {
      const [ImagesInAcquisition, ...others] = said
      if (ImagesInAcquisition && others.length === 0) facts.acquisitions.push({ ImagesInAcquisition, instances: count })
    }
    return facts
  }

  return {
    /** Studies that have to be judged, of which nothing came in the last `quietMs`; a clock that was set back keeps none of them waiting. */
    unjudgedStudies: (now: number, quietMs: number, limit: number): string[] =>
      unjudged.all(now - quietMs, now + quietMs, limit),

    completenessFacts(StudyInstanceUID: string): JudgedFacts | null {
      const row = study.get(StudyInstanceUID)
      if (!row) return null
      return {
        lists: lists.all(StudyInstanceUID).map(list => ({ ...list, final: list.final === 1 })),
        here: row.here,
        listed: listed.get(row.id) ?? 0,
        lacking: lackingCounts.all(StudyInstanceUID),
        series: series.all(row.id).map(seriesFacts),
        seen: { unjudged: row.unjudged, here: row.here },
      }
    },

    /** What final lists name and is not here, by series. */
    lacking(StudyInstanceUID: string): LackingSeries[] {
      const found = new Map<string, string[]>()
      for (const { SeriesInstanceUID, SOPInstanceUID } of lacking.all(StudyInstanceUID, MOST_NAMED)) {
        const uids = found.get(SeriesInstanceUID) ?? []
        found.set(SeriesInstanceUID, uids)
        uids.push(SOPInstanceUID)
      }
      return [...found].map(([SeriesInstanceUID, SOPInstanceUIDs]) => ({ SeriesInstanceUID, SOPInstanceUIDs }))
    },
  }
}

/** What people call a series. */
function nameOf(row: { SeriesNumber: number | null; SeriesDescription: string; Modality: string }): string {
  const what = row.SeriesDescription || row.Modality
  return row.SeriesNumber === null ? `Series ${what}` : `Series ${row.SeriesNumber} (${what})`
}
