import type { Database } from 'better-sqlite3'
import type { SeriesSummary, StudySummary } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { isLocalizer } from '../../../shared/viewing/measure/scale.ts'
import type { StoreReader } from './index.ts'
import { createStudiesCustody } from './outbox/readCustody.ts'
import { createReportRows } from './reports/reportRows.ts'
import type { SegmentPart } from './segmentRows.ts'
import { createStudyCount } from './studyCount.ts'
import { STUDY_COLUMNS, type StudyRow, studySummary } from './studyRow.ts'
import { isSeen } from './visibility.ts'

type SeriesRow = Omit<SeriesSummary, 'flags' | 'hasImages' | 'localizer' | 'thumbnailSOPInstanceUID'> & {
  flags: string
  showable: number
  id: number
}

/** An instance of the series whose shown content can be a picture. */
const SHOWABLE = `FROM instance JOIN content ON content.id = instance.shown
  WHERE instance.series = series.id AND ${isSeen('instance')} AND content.unshowable IS NULL`

/** Characters of unsaved segments answered at a time. */
const SEGMENT_PAGE = 8 * 2 ** 20

export function createStudyReader(db: Database) {
  const custodyOf = createStudiesCustody(db)
  const studyByUID = db.prepare<[string], StudyRow>(
    `SELECT ${STUDY_COLUMNS} FROM study WHERE StudyInstanceUID = ? AND ${isSeen('study')}`,
  )
  // The accession number leads: it is what few studies have in common.
  const studiesOfOrder = db
    .prepare<[Record<string, string | null>], string>(
      `SELECT StudyInstanceUID FROM study WHERE AccessionNumber = @AccessionNumber AND +PatientID = @PatientID
       AND (@StudyInstanceUID IS NULL OR StudyInstanceUID = @StudyInstanceUID) AND ${isSeen('study')} LIMIT 2`,
    )
    .pluck()
  const seriesOfStudy = db.prepare<[number], SeriesRow>(
    `SELECT series.id, SeriesInstanceUID, Modality, SeriesNumber, SeriesDescription, BodyPartExamined, SeriesDate, SeriesTime,
       NumberOfSeriesRelatedInstances, frames, flags, (SELECT count(*) ${SHOWABLE}) AS showable
     FROM series WHERE study = ? AND ${isSeen('series')} ORDER BY SeriesNumber IS NULL, SeriesNumber, series.id`,
  )
  const middleImage = db.prepare<[number, number], { SOPInstanceUID: string; ImageType: string | null }>(
    `SELECT SOPInstanceUID, attributes ->> 'ImageType' AS ImageType FROM series, instance JOIN content ON content.id = instance.shown
     WHERE series.id = ? AND instance.series = series.id AND ${isSeen('instance')} AND content.unshowable IS NULL
     ORDER BY InstanceNumber, instance.id LIMIT 1 OFFSET ?`,
  )
  const totals = db.prepare<[], { key: string; value: number }>('SELECT key, value FROM state')
  const kept = createStudyCount(db)
  const newestSeq = db.prepare<[], { seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'change'`)
  const peers = db.prepare<[], Awaited<ReturnType<StoreReader['listPeers']>>[number]>(
    'SELECT AET, address, firstSeen, lastSeen, instances FROM peer ORDER BY lastSeen DESC, AET LIMIT 1000',
  )
  const draft = db.prepare<[string, string], { draft: string; rev: number }>(
    'SELECT draft, rev FROM draft WHERE StudyInstanceUID = ? AND user = ?',
  )
  const segmentRev = db
    .prepare<[string, string], number>(
      'SELECT coalesce(max(rev), 0) FROM segmentPart WHERE StudyInstanceUID = ? AND user = ?',
    )
    .pluck()
  const segmentParts = db.prepare<[string, string, string], SegmentPart>(
    'SELECT part, data FROM segmentPart WHERE StudyInstanceUID = ? AND user = ? AND part > ? ORDER BY part',
  )
  const reports = createReportRows(db)
  const seen = db.prepare<[string, string], { SeriesInstanceUID: string; seen: string }>(
    'SELECT SeriesInstanceUID, seen FROM seen WHERE StudyInstanceUID = ? AND user = ?',
  )
  const settings = db.prepare<[string], { key: string; value: string }>('SELECT key, value FROM setting WHERE user = ?')

  return {
    getStudy(StudyInstanceUID: string): { study: StudySummary; series: SeriesSummary[]; seq: number } {
      const row = studyByUID.get(StudyInstanceUID)
      if (!row) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
      const series = seriesOfStudy.all(row.id).map(({ id, showable, flags, ...summary }) => {
        // The middle of a stack says more than its first slice, which may be the scout it was planned on.
        const middle = middleImage.get(id, showable >> 1)
        const ImageType = middle?.ImageType ? (JSON.parse(middle.ImageType) as string[]) : []
        return {
          ...summary,
          hasImages: showable > 0,
          localizer: isLocalizer({ ImageType }),
          thumbnailSOPInstanceUID: middle?.SOPInstanceUID ?? '',
          flags: JSON.parse(flags) as string[],
        }
      })
      return {
        study: studySummary(row, custodyOf([row.id]).get(row.id) ?? null),
        series,
        seq: newestSeq.get()?.seq ?? 0,
      }
    },

    studiesOfOrder: (AccessionNumber: string, PatientID: string, StudyInstanceUID?: string): string[] =>
      studiesOfOrder.all({ AccessionNumber, PatientID, StudyInstanceUID: StudyInstanceUID ?? null }),

    counts(): { studies: number; series: number; instances: number; bytes: number } {
      const state = new Map(totals.all().map(row => [row.key, row.value]))
      const of = (key: string) => state.get(key) ?? 0
      return {
        studies: kept.all(),
        series: of('series'),
        instances: of('instances'),
        bytes: of('bytes'),
      }
    },

    listPeers: () => peers.all(),

    getDraft(StudyInstanceUID: string, user: string): { draft: unknown; rev: number } {
      const row = draft.get(StudyInstanceUID, user)
      return row ? { draft: JSON.parse(row.draft) as unknown, rev: row.rev } : { draft: null, rev: 0 }
    },

    getSegments(
      StudyInstanceUID: string,
      user: string,
      after: string,
    ): { rev: number; parts: SegmentPart[]; more: boolean } {
      const parts: SegmentPart[] = []
      let size = 0
      let more = false
      for (const part of segmentParts.iterate(StudyInstanceUID, user, after)) {
        more = size > SEGMENT_PAGE
        if (more) break
        size += part.data.length
        parts.push(part)
      }
      return { rev: segmentRev.get(StudyInstanceUID, user) ?? 0, parts, more }
    },
    getReports: (StudyInstanceUID: string) => reports.read(StudyInstanceUID),

    getSeen(StudyInstanceUID: string, user: string): Record<string, string> {
      return Object.fromEntries(seen.all(StudyInstanceUID, user).map(row => [row.SeriesInstanceUID, row.seen]))
    },

    getSettings(user: string): Record<string, unknown> {
      return Object.fromEntries(settings.all(user).map(row => [row.key, JSON.parse(row.value) as unknown]))
    },
  }
}
