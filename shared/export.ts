import { z } from 'zod'
import { deidentifyOptions } from './deidentify/options.ts'

const uid = z.string().min(1).max(64)

/** What is to leave as files: studies, or one series of one of them; `deidentify` null = as it is. */
export const exportWish = z.object({
  StudyInstanceUIDs: z.array(uid).min(1).max(500),
  SeriesInstanceUID: uid.optional(),
  deidentify: deidentifyOptions.nullable().default(null),
})
export type ExportWish = z.infer<typeof exportWish>

/** What would leave, looked at by the first image of each series. */
export const exportPlan = z.object({
  /** `GET /api/export/<id>` is the ZIP, once. */
  id: z.string(),
  images: z.int(),
  /** Bytes as they are stored. */
  bytes: z.int(),
  series: z.array(
    z.object({
      StudyInstanceUID: z.string(),
      SeriesInstanceUID: z.string(),
      Modality: z.string(),
      SeriesDescription: z.string(),
      images: z.int(),
      /** Its first object has pixels. */
      pictured: z.boolean(),
      risks: z.array(z.enum(['burned-in', 'perhaps-burned-in', 'document', 'report', 'video'])),
    }),
  ),
})
export type ExportPlan = z.infer<typeof exportPlan>

/** Where there may be writing in an image: in pixels, right and bottom the first outside. Of a run of frames, in some of them. */
const imageText = z.object({
  Rows: z.int(),
  Columns: z.int(),
  areas: z.array(z.object({ left: z.int(), top: z.int(), right: z.int(), bottom: z.int() })),
})
export type ImageText = z.infer<typeof imageText>

/** Some images of a series that were searched for text. */
export const textFound = z.object({
  /** Of the series; `next`: where to go on, null when all were searched. */
  images: z.int(),
  next: z.int().nullable(),
  /** What was searched, in the order of the export. */
  searched: z.array(imageText),
  /** What could not be: no decoder, or not here. */
  failed: z.int(),
})
export type TextFound = z.infer<typeof textFound>
