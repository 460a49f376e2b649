import { z } from 'zod'

/**
 * A reader's unsaved work on one study: marks, key images, how each display set was looked at, and the layout. Kept by the
 * station as it is (contract: draft.get, draft.put). Another version is left alone, never overwritten.
 */
const coordinate = z.number().min(-1e6).max(1e6)
/** Image coordinates of the frame (PS3.3 C.18.6.1.1), so that turning, mirroring and zooming never change a figure. */
const point = z.tuple([coordinate, coordinate])
const uid = z.string().min(1).max(64)
const frame = z.int().min(1).max(1_000_000)

/** How many points each kind is made of. */
export const MARK_POINTS = {
  /** Two ends. */
  length: 2,
  /** An arm's end, the vertex, the other arm's end. */
  angle: 3,
  /** Two ends of each line. */
  cobb: 4,
  /** Ends of the long axis, then of the short one. */
  bidirectional: 4,
  /** Opposite corners of the rectangle it fills. */
  ellipse: 2,
  /** Opposite corners. */
  rectangle: 2,
  probe: 1,
  /** Tip, then tail. */
  arrow: 2,
  /** Where its first line begins. */
  text: 1,
} as const
export type MarkKind = keyof typeof MARK_POINTS

const markKind = z.enum(Object.keys(MARK_POINTS) as [MarkKind, ...MarkKind[]])

const mark = z
  .object({
    id: z.string().min(1).max(64),
    kind: markKind,
    SeriesInstanceUID: uid,
    SOPInstanceUID: uid,
    frame,
    points: z.array(point).min(1).max(4),
    /** Where the reader put the label's top left corner; absent = beside the mark. */
    label: point.optional(),
    text: z.string().max(500),
  })
  .refine(({ kind, points }) => points.length === MARK_POINTS[kind])
export type Mark = z.infer<typeof mark>

const keyImage = z.object({ SeriesInstanceUID: uid, SOPInstanceUID: uid, frame })
export type KeyImage = z.infer<typeof keyImage>

/** shared/viewing/view.ts: how a display set was left. */
const setView = z.object({
  /** Values shown black and white; absent = as stored. */
  range: z.object({ lower: z.number(), upper: z.number() }).optional(),
  inverted: z.boolean(),
  quarterTurns: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  mirrored: z.boolean(),
  /** Absent, with the centre, = fitted to the pane. */
  zoom: z.number().positive().max(1000).optional(),
  centre: point.optional(),
  /** The image last looked at. */
  SOPInstanceUID: uid,
  frame,
})
export type SetView = z.infer<typeof setView>

const layout = z.object({
  rows: z.int().min(1).max(4),
  columns: z.int().min(1).max(4),
  /** By pane; a pane may show another study's display set. */
  panes: z.array(z.object({ StudyInstanceUID: uid, displaySet: z.string().max(300) }).nullable()).max(16),
  active: z.int().min(0).max(15),
})
export type DraftLayout = z.infer<typeof layout>

const MAX_MARKS = 1000

const draftSchema = z.object({
  version: z.literal(1),
  marks: z.array(mark).max(MAX_MARKS),
  keyImages: z.array(keyImage).max(MAX_MARKS),
  /** By display set id. */
  views: z
    .record(z.string().max(300), setView)
    .refine(views => Object.keys(views).length <= 1000, 'more views than a study has display sets'),
  layout: layout.nullable(),
})
export type Draft = z.infer<typeof draftSchema>

export const EMPTY_DRAFT: Draft = { version: 1, marks: [], keyImages: [], views: {}, layout: null }

/** What the station keeps, as a draft; `null` (none yet) is the empty one, undefined means that this version cannot read it. */
export function parseDraft(kept: unknown): Draft | undefined {
  if (kept === null) return EMPTY_DRAFT
  const parsed = draftSchema.safeParse(kept)
  return parsed.success ? parsed.data : undefined
}

export function keyImageId({ SOPInstanceUID, frame }: Pick<KeyImage, 'SOPInstanceUID' | 'frame'>): string {
  return `${SOPInstanceUID}:${frame}`
}

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

/** One thing both may have changed since `base`: what I changed is mine, the rest is theirs. */
function mergeOne<T>(base: T, mine: T, theirs: T): T {
  return same(mine, base) ? theirs : mine
}

function mergeMap<T>(base: Map<string, T>, mine: Map<string, T>, theirs: Map<string, T>): Map<string, T> {
  const merged = new Map<string, T>()
  for (const id of [...theirs.keys(), ...mine.keys()]) {
    const value = mergeOne(base.get(id), mine.get(id), theirs.get(id))
    if (value !== undefined) merged.set(id, value)
  }
  return merged
}

/**
 * Two windows at one study: `mine` and `theirs` both grew out of `base`. Mark by mark, key image by key image, view by view;
 * where both changed the same thing, mine (the later) stays; deleting is a change.
 */
export function mergeDrafts(base: Draft, mine: Draft, theirs: Draft): Draft {
  const byId = (marks: Mark[]) => new Map(marks.map(one => [one.id, one]))
  const byImage = (images: KeyImage[]) => new Map(images.map(one => [keyImageId(one), one]))
  const entries = (views: Draft['views']) => new Map(Object.entries(views))
  return {
    version: 1,
    marks: [...mergeMap(byId(base.marks), byId(mine.marks), byId(theirs.marks)).values()].slice(0, MAX_MARKS),
    keyImages: [
      ...mergeMap(byImage(base.keyImages), byImage(mine.keyImages), byImage(theirs.keyImages)).values(),
    ].slice(0, MAX_MARKS),
    views: Object.fromEntries(mergeMap(entries(base.views), entries(mine.views), entries(theirs.views))),
    layout: mergeOne(base.layout, mine.layout, theirs.layout),
  }
}
