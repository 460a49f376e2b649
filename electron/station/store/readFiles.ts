import type { Database } from 'better-sqlite3'
import type { FramePlan } from '../../../shared/dicom/frames.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { locateFrame } from './frameLocation.ts'
import type { FrameLocation, StoredObject, StoreReader } from './index.ts'
import { COPY, createStored, type FileRow, pathOf, STORED_COLUMNS, type StoredRow } from './storedRow.ts'
import { isHadByUID, isSeen } from './visibility.ts'

interface PlanRow extends FileRow {
  TransferSyntaxUID: string
  NumberOfFrames: number
  framePlan: string | null
  metaLength: number
  offset: number
  length: number
}

const STORED = `SELECT ${STORED_COLUMNS} FROM study JOIN series ON series.study = study.id JOIN instance ON instance.series = series.id`

/** Image classes whose attributes stand in functional groups even for one frame. */
const ENHANCED = ['2.1', '2.2', '4.1', '4.3', '4.4', '12.1.1', '12.2.1', '13.1.1', '13.1.2', '13.1.3', '128.1', '130']

export function createFileReader(db: Database, dataDir: string) {
  const shown = (condition: string) =>
    db.prepare<unknown[], StoredRow>(
      `${STORED} JOIN content ON content.id = instance.shown ${COPY}
       WHERE StudyInstanceUID = ? AND ${condition} ORDER BY series.id, InstanceNumber IS NULL, InstanceNumber, instance.id LIMIT ?`,
    )
  const ofStudy = shown(isSeen('instance'))
  const ofSeries = shown(`${isSeen('instance')} AND SeriesInstanceUID = ?`)
  // Rejected for quality reasons: had by its own UID alone.
  const ofInstance = shown(`${isHadByUID} AND SOPInstanceUID = ?`)
  const ofInstanceInSeries = shown(`${isHadByUID} AND SeriesInstanceUID = ? AND SOPInstanceUID = ?`)
  const byContent = db.prepare<[number], StoredRow>(
    `${STORED} JOIN content ON content.instance = instance.id ${COPY} WHERE content.id = ? AND ${isHadByUID}`,
  )
  const planOf = db.prepare<[number], PlanRow>(
    `SELECT TransferSyntaxUID, NumberOfFrames, framePlan, volume.root || file AS file, available, metaLength, copy.offset, content.length FROM content
     JOIN instance ON instance.id = content.instance ${COPY} WHERE content.id = ? AND ${isHadByUID}`,
  )
  const pending = db.prepare<[number], { contentId: number; again: 0 | 1 }>(
    // Walked in its own order: what is hidden waits there until it is shown again, what is away until it is back.
    `SELECT content AS contentId, again FROM pending
     WHERE EXISTS (SELECT 1 FROM content JOIN instance ON instance.id = content.instance WHERE content.id = pending.content AND ${isHadByUID})
       AND NOT EXISTS (SELECT 1 FROM copy JOIN volume ON volume.id = copy.volume WHERE copy.content = pending.content AND NOT available)
     ORDER BY again, content LIMIT ?`,
  )
  // Number of Frames is type 1 in every object with functional groups (PS3.3 C.7.6.16); most others have none.
  const unreadGroups = db.prepare<[string, string], { contentId: number }>(
    `SELECT content.id AS contentId FROM study JOIN series ON series.study = study.id
     JOIN instance ON instance.series = series.id JOIN content ON content.id = instance.shown
     JOIN pending ON pending.content = content.id
     WHERE ${isSeen('instance')} AND StudyInstanceUID = ? AND SeriesInstanceUID = ? AND NOT again
       AND (NumberOfFrames > 1 OR SOPClassUID IN (${ENHANCED.map(uid => `'1.2.840.10008.5.1.4.1.1.${uid}'`)})) LIMIT 100`,
  )
  const damaged = db.prepare<[], number>(`SELECT count(*) FROM copy WHERE state <> 'whole'`).pluck()
  const thumbnail = db.prepare<[number], { png: Buffer }>('SELECT png FROM thumbnail WHERE content = ?')

  const stored = createStored(db, dataDir)

  return {
    locate(uids: Parameters<StoreReader['locate']>[0], limit: number): StoredObject[] {
      const { StudyInstanceUID: study, SeriesInstanceUID: series, SOPInstanceUID: instance } = uids
      if (series && instance) return ofInstanceInSeries.all(study, series, instance, limit).map(stored)
      if (instance) return ofInstance.all(study, instance, limit).map(stored)
      if (series) return ofSeries.all(study, series, limit).map(stored)
      return ofStudy.all(study, limit).map(stored)
    },

    locateContent(contentId: number): StoredObject {
      const row = byContent.get(contentId)
      if (!row) throw new IsocenterError('not-found', `content ${contentId}`)
      if (!row.available)
        throw new IsocenterError(row.file === '' ? 'on-archive' : 'volume-unavailable', `content ${contentId}`)
      return stored(row)
    },

    locateFrames(wanted: Array<[contentId: number, frame: number]>): Array<FrameLocation | null> {
      // A plan of thousands of frames is parsed once for a batch, not once for each frame.
      const plans = new Map<number, { row: PlanRow; plan: FramePlan } | null>()
      return wanted.map(([contentId, frame]) => {
        let known = plans.get(contentId)
        if (known === undefined) {
          const row = planOf.get(contentId)
          known = row?.framePlan ? { row, plan: JSON.parse(row.framePlan) as FramePlan } : null
          plans.set(contentId, known)
        }
        if (!known) return null
        const { row, plan } = known
        return locateFrame(plan, frame, {
          contentId,
          TransferSyntaxUID: row.TransferSyntaxUID,
          path: pathOf(row, dataDir),
          fileOffset: row.offset,
          dataSetOffset: row.offset + row.metaLength,
          dataSetLength: row.length,
        })
      })
    },

    pendingWork: (limit: number): Array<{ contentId: number; again: boolean }> =>
      pending.all(limit).map(({ contentId, again }) => ({ contentId, again: again === 1 })),

    unreadGroups: (StudyInstanceUID: string, SeriesInstanceUID: string): number[] =>
      unreadGroups.all(StudyInstanceUID, SeriesInstanceUID).map(({ contentId }) => contentId),

    damagedCopies: (): number => damaged.get() ?? 0,

    getThumbnail(contentId: number): Uint8Array | null {
      return thumbnail.get(contentId)?.png ?? null
    },
  }
}
