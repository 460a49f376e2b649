import type { Database } from 'better-sqlite3'
import { takeOutCommon } from '../../../shared/dicom/functionalGroups.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type {
  FrameAccessKind,
  ImageAttributes,
  ManifestInstance,
  SeriesManifest,
} from '../../../shared/viewing/image.ts'
import { isSeen } from './visibility.ts'

interface SeriesRow {
  id: number
  Modality: string
  SeriesNumber: number | null
  SeriesDescription: string
  BodyPartExamined: string
  SeriesDate: string
  SeriesTime: string
  InstitutionName: string
  StationName: string
  Manufacturer: string
}

interface InstanceRow {
  SOPInstanceUID: string
  SOPClassUID: string
  InstanceNumber: number | null
  NumberOfFrames: number
  TransferSyntaxUID: string
  contentId: number
  attributes: string
  access: FrameAccessKind | null
  unshowable: string | null
  perFrame: string | null
  synthetic: number
}

export function createManifestReader(db: Database) {
  const seriesByUIDs = db.prepare<[string, string], SeriesRow>(
    `SELECT series.id, Modality, SeriesNumber, SeriesDescription, BodyPartExamined, SeriesDate, SeriesTime,
       series.InstitutionName, StationName, Manufacturer
     FROM series JOIN study ON study.id = series.study WHERE StudyInstanceUID = ? AND SeriesInstanceUID = ?
       AND ${isSeen('series')}`,
  )
  const instancesOfSeries = db.prepare<[number], InstanceRow>(
    `SELECT SOPInstanceUID, SOPClassUID, InstanceNumber, TransferSyntaxUID,
       coalesce(nullif(framePlan ->> 'frames', 0), NumberOfFrames) AS NumberOfFrames, content.id AS contentId, attributes,
       framePlan ->> 'kind' AS access, unshowable, perFrame, synthetic
     FROM instance JOIN content ON content.id = instance.shown WHERE series = ? AND ${isSeen('instance')}
     ORDER BY InstanceNumber IS NULL, InstanceNumber, instance.id`,
  )
  const newestSeq = db.prepare<[], { seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'change'`)

  return {
    /** From rows only: no file is opened. Throws 'not-found'. */
    getManifest(StudyInstanceUID: string, SeriesInstanceUID: string): SeriesManifest {
      const series = seriesByUIDs.get(StudyInstanceUID, SeriesInstanceUID)
      if (!series) throw new IsocenterError('not-found', `series ${SeriesInstanceUID}`)
      const { id, SeriesNumber, ...texts } = series
      const rows = instancesOfSeries.all(id)
      const instances = rows.map(manifestInstance)
      return {
        StudyInstanceUID,
        SeriesInstanceUID,
        ...texts,
        ...(SeriesNumber !== null && { SeriesNumber }),
        seq: newestSeq.get()?.seq ?? 0,
        synthetic: rows.some(row => row.synthetic === 1),
        common: takeOutCommon(instances.map(({ attributes }) => attributes)),
        instances,
      }
    },
  }
}

function manifestInstance(row: InstanceRow): ManifestInstance {
  const { InstanceNumber, access, unshowable, attributes, perFrame, synthetic: _synthetic, ...same } = row
  return {
    ...same,
    ...(InstanceNumber !== null && { InstanceNumber }),
    access: access ?? 'whole',
    ...(unshowable !== null && { unshowable }),
    attributes: JSON.parse(attributes) as ImageAttributes,
    ...(perFrame !== null && { perFrame: JSON.parse(perFrame) as ImageAttributes[] }),
  }
}
