import { z } from 'zod'

/** Whatever character set the object has, it can write these. */
const ascii = z
  .string()
  .max(64)
  .regex(/^[\x20-\x5b\x5d-\x7e]*$/)

/** A part of the images of a series, in % of their width and height: of those that are as large as the one it was drawn on. */
const area = z.object({
  SeriesInstanceUID: z.string().min(1).max(64),
  Rows: z.int().positive(),
  Columns: z.int().positive(),
  left: z.number().min(0).max(100),
  top: z.number().min(0).max(100),
  width: z.number().positive().max(100),
  height: z.number().positive().max(100),
  /** Proposed, and no person has been shown it upon an image: it is made black, and makes nothing clean. */
  unseen: z.literal(true).optional(),
})
export type BlackArea = z.infer<typeof area>

/** Of one export. */
export const MOST_AREAS = 500

/** The options of PS3.15 §E.3 that are carried out here, in the order of their codes. */
export const deidentifyOptions = z.object({
  /** What stands in place of the patient's name and ID; an empty ID: one made of the export's key, the same for all of a patient's objects. */
  PatientName: ascii.default('ANONYMOUS'),
  PatientID: ascii.default(''),
  retainUIDs: z.boolean().default(false),
  retainDevice: z.boolean().default(false),
  retainInstitution: z.boolean().default(false),
  retainPatientCharacteristics: z.boolean().default(false),
  dates: z.enum(['removed', 'shifted', 'kept']).default('removed'),
  cleanDescriptors: z.boolean().default(false),
  cleanStructuredContent: z.boolean().default(false),
  cleanGraphics: z.boolean().default(false),
  retainSafePrivate: z.boolean().default(false),
  /** What is made black in the pixels: what a person has drawn, and all outside the regions that ultrasound images name. null: nothing. */
  cleanPixels: z
    .object({ outsideRegions: z.boolean().default(true), areas: z.array(area).max(MOST_AREAS).default([]) })
    .nullable()
    .default(null),
  /** A person has looked: documents, video and pixels that say they are annotated hold nothing that names the patient. */
  vouched: z.boolean().default(false),
})
export type DeidentifyOptions = z.infer<typeof deidentifyOptions>
