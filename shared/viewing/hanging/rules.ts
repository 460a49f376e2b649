import { z } from 'zod'
import { REGIONS } from '../bodyParts.ts'
import { PLANES } from './words.ts'

/**
 * A hanging protocol as data: which studies it is for, and what hangs in which pane, stage by stage. Sides are the patient's,
 * days whole, windows in modality units. Written by people, too: unknown words are refused, not passed over.
 */
const code = z.string().regex(/^[A-Z0-9]{1,16}$/, 'capital letters and digits, as in DICOM')
const codes = z.array(code).min(1).max(20)
const words = z.array(z.string().trim().min(1).max(60)).min(1).max(40)
const regions = z.array(z.enum(REGIONS)).min(1).max(REGIONS.length)
const plane = z.enum(PLANES)

/** What a display set must be. Every condition that is given must hold; of a list, one. */
export const selector = z.strictObject({
  modality: codes.optional(),
  region: regions.optional(),
  /** In its description, any of them. */
  words: words.optional(),
  /** None of them. */
  without: words.optional(),
  laterality: z.enum(['L', 'R']).optional(),
  /** View Position. */
  view: codes.optional(),
  /** A value of Image Type. */
  imageType: z.array(z.string().min(1).max(16)).min(1).max(20).optional(),
  plane: plane.optional(),
  images: z.strictObject({ min: z.int().min(1).optional(), max: z.int().min(1).optional() }).optional(),
  contrast: z.boolean().optional(),
  /** Such a set as hangs in this pane (from 0), by modality, plane, side, view and words. */
  like: z.int().min(0).max(15).optional(),
  /** Among several; 'first' by series number. */
  order: z.enum(['first', 'last', 'most', 'thinnest']).optional(),
  /** Also one that hangs in another pane. */
  again: z.boolean().optional(),
})
export type Selector = z.infer<typeof selector>

/** Another study of the patient, earlier than the open one; the newest is the first. */
const prior = z.strictObject({
  nth: z.int().min(1).max(9).default(1),
  sameModality: z.boolean().default(true),
  sameRegion: z.boolean().default(true),
  /** Days. */
  olderThan: z.int().min(0).max(40_000).optional(),
})
export type PriorRule = z.infer<typeof prior>

const look = z.strictObject({
  window: z.strictObject({ center: z.number(), width: z.number().positive() }).optional(),
  invert: z.boolean().optional(),
  zoom: z.enum(['fit', 'one-to-one', 'true-size']).optional(),
  /** A mammogram: upright, its chest wall at this side of the pane. */
  wall: z.enum(['left', 'right']).optional(),
  image: z.enum(['first', 'middle', 'last']).optional(),
  mpr: plane.optional(),
  /** A series of this modality is laid over it. */
  fuse: code.optional(),
  /** Rendered as a volume (PET: a MIP). */
  volume: z.boolean().optional(),
  cine: z.boolean().optional(),
})
export type HangingLook = z.infer<typeof look>

const pane = z.strictObject({
  /** Of an earlier study; absent = of the open one. */
  prior: prior.optional(),
  /** The first that finds something. */
  take: z.array(selector).min(1).max(10),
  look: look.optional(),
  /** May stay empty without the stage being given up. */
  optional: z.boolean().optional(),
})
export type HangingPane = z.infer<typeof pane>

const side = z.int().min(1).max(4)
const stage = z
  .strictObject({
    name: z.string().trim().min(1).max(60),
    rows: side,
    columns: side,
    panes: z.array(pane).min(1).max(16),
    linked: z.boolean().optional(),
    /** As many millimetres to the pixel in every pane. */
    sameScale: z.boolean().optional(),
  })
  .refine(({ rows, columns, panes }) => panes.length <= rows * columns, 'more panes than the layout has')
  .refine(
    ({ panes }) => panes.every((one, at) => one.take.every(({ like }) => like === undefined || like < at)),
    '"like" names a pane before its own',
  )
export type HangingStage = z.infer<typeof stage>

const match = z.strictObject({
  /** Any of them in the study. */
  modality: codes.optional(),
  region: regions.optional(),
  /** In the descriptions of the study and its series: any of them, and none of them. */
  words: words.optional(),
  without: words.optional(),
  /** The study has such series, each of them. */
  has: z.array(selector).max(10).optional(),
  /** There are earlier studies such as these. */
  prior: prior.optional(),
  /** At least so many displays, and windows of ours at the study. */
  displays: z.int().min(1).max(16).optional(),
  windows: z.int().min(1).max(16).optional(),
})
export type HangingMatch = z.infer<typeof match>

export const hangingProtocol = z.strictObject({
  id: z.string().min(1).max(64),
  name: z.string().trim().min(1).max(60),
  match,
  /** Before others that match as well. */
  weight: z.int().min(-100).max(100).optional(),
  stages: z.array(stage).min(1).max(12),
})
export type HangingProtocol = z.infer<typeof hangingProtocol>

/** More than anybody chooses from. */
const MOST = 200
export const hangingProtocols = z
  .array(hangingProtocol)
  .max(MOST)
  .refine(all => new Set(all.map(({ id }) => id)).size === all.length, 'two protocols have the same id')

/** Protocols as text (JSON: one, or a list), or why it is none, in words that name the place. */
export function readProtocols(text: string): { protocols: HangingProtocol[] } | { refusal: string } {
  let said: unknown
  try {
    said = JSON.parse(text)
  } catch (thrown) {
    return { refusal: `This is no JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}` }
  }
  const parsed = hangingProtocols.safeParse(Array.isArray(said) ? said : [said])
  if (parsed.success) return { protocols: parsed.data }
  const whole = parsed.error.issues.slice(0, 4).map(({ path, message }) => {
    const place = path.map(part => (typeof part === 'number' ? `no. ${part + 1}` : String(part))).join(' › ')
    return `${place || 'the list'}: ${message}`
  })
  return { refusal: whole.join('; ') }
}
