import { z } from 'zod'

/**
 * A reader's unsaved work on one study: marks, key images, calibrations by hand, how each display set was looked at and what of it
 * was covered, and the layout. Kept by the station as it is (contract: draft.get, draft.put).
 *
 * Versions: 2 is written. 1 (before marks of many points, locks and calibrations) is read: all it holds means the same in 2, and
 * its calibrations are none; it stays as it is on the station until the reader changes something. A later version is left
 * alone, never overwritten; so does a program that knows only 1 with a draft of 2.
 */
const coordinate = z.number().min(-1e6).max(1e6)
/** Image coordinates of the frame (PS3.3 C.18.6.1.1), so that turning, mirroring and zooming never change a figure. */
const point = z.tuple([coordinate, coordinate])
const uid = z.string().min(1).max(64)
const frame = z.int().min(1).max(1_000_000)

/** Of one mark. */
const MAX_POINTS = 2000
export const MAX_SHUTTER_VERTICES = 400
/** Of all marks of a study: with 1,000 marks well within the 4 MiB that `draft.put` may carry. */
const MAX_DRAFT_POINTS = 50_000

const exactly = <N extends number>(count: N) => [count, count] as const

/** The least and the most points each kind is made of. */
export const MARK_POINTS = {
  /** Two ends. */
  length: exactly(2),
  /** An arm's end, the vertex, the other arm's end. */
  angle: exactly(3),
  /** Two ends of each line. */
  cobb: exactly(4),
  /** Two lines, each from its end near the vertex that is not seen. */
  openAngle: exactly(4),
  /** Ends of the long axis, then of the short one. */
  bidirectional: exactly(4),
  /** Opposite corners of the rectangle it fills. */
  ellipse: exactly(2),
  /** Three of its circumference. */
  circle: exactly(3),
  /** Opposite corners. */
  rectangle: exactly(2),
  /** Corners; with `closed` an area. */
  polyline: [2, MAX_POINTS],
  /** An outline drawn in one go; always closed. */
  freehand: [3, MAX_POINTS],
  /** Points that a closed curve goes through (measure/outline.ts). */
  spline: [3, 200],
  /** A path that was led along edges; with `closed` an area. */
  livewire: [2, MAX_POINTS],
  /** Two ends of the heart's width, then of the thorax's. */
  cardiothoracic: exactly(4),
  /** A vertebra; its label is the mark's text. */
  vertebra: exactly(1),
  probe: exactly(1),
  /** Tip, then tail. */
  arrow: exactly(2),
  /** Where its first line begins. */
  text: exactly(1),
} as const satisfies Record<string, readonly [number, number]>
export type MarkKind = keyof typeof MARK_POINTS

const markKind = z.enum(Object.keys(MARK_POINTS) as [MarkKind, ...MarkKind[]])

const mark = z
  .object({
    id: z.string().min(1).max(64),
    kind: markKind,
    SeriesInstanceUID: uid,
    SOPInstanceUID: uid,
    frame,
    points: z.array(point).min(1).max(MAX_POINTS),
    /** Of a polyline or livewire: the last point leads back to the first. */
    closed: z.boolean().optional(),
    /** Neither moved nor deleted until it is unlocked. */
    locked: z.boolean().optional(),
    /** Where the reader put the label's top left corner; absent = beside the mark. */
    label: point.optional(),
    text: z.string().max(500),
  })
  .refine(({ kind, points }) => points.length >= MARK_POINTS[kind][0] && points.length <= MARK_POINTS[kind][1])
export type Mark = z.infer<typeof mark>

const keyImage = z.object({ SeriesInstanceUID: uid, SOPInstanceUID: uid, frame })
export type KeyImage = z.infer<typeof keyImage>

/** A line of known length that a reader drew on a display set: `drawn` in the file's own unit stands for `mm` (measure/scale.ts). */
const calibration = z.object({
  unit: z.enum(['mm', 'px']),
  drawn: z.number().positive().max(1e6),
  mm: z.number().min(0.01).max(100_000),
  /** The image it was drawn on. */
  SOPInstanceUID: uid,
  frame,
})
export type Calibration = z.infer<typeof calibration>

const edge = z.int().min(-100_000).max(100_000)
/** What a reader covers of a display set's images, as PS3.3 C.7.6.11 says it: rows and columns count from 1. */
export const displayShutter = z.union([
  z.object({
    ShutterShape: z.tuple([z.literal('RECTANGULAR')]),
    ShutterLeftVerticalEdge: edge,
    ShutterRightVerticalEdge: edge,
    ShutterUpperHorizontalEdge: edge,
    ShutterLowerHorizontalEdge: edge,
  }),
  z.object({
    ShutterShape: z.tuple([z.literal('CIRCULAR')]),
    /** Row, column. */
    CenterOfCircularShutter: z.tuple([edge, edge]),
    RadiusOfCircularShutter: z.int().min(1).max(100_000),
  }),
  z.object({
    ShutterShape: z.tuple([z.literal('POLYGONAL')]),
    /** Row, column, row, column, … */
    VerticesOfThePolygonalShutter: z
      .array(edge)
      .min(6)
      .max(2 * MAX_SHUTTER_VERTICES),
  }),
])
export type DisplayShutter = z.infer<typeof displayShutter>

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

/** By display set id. */
const bySet = <T extends z.ZodType>(one: T) =>
  z
    .record(z.string().max(300), one)
    .refine(sets => Object.keys(sets).length <= 1000, 'more than a study has display sets')

const draftSchema = z.object({
  version: z.union([z.literal(1), z.literal(2)]).transform((): 2 => 2),
  marks: z
    .array(mark)
    .max(MAX_MARKS)
    .refine(marks => countPoints(marks) <= MAX_DRAFT_POINTS, 'more points than are kept of a study'),
  keyImages: z.array(keyImage).max(MAX_MARKS),
  calibrations: bySet(calibration).default({}),
  views: bySet(setView),
  /** null: the reader has taken away what a saved version has. */
  shutters: bySet(displayShutter.nullable()).default({}),
  layout: layout.nullable(),
  /** The saved objects this draft goes on from (writing/): report, selection and states that this reader saved or took over. */
  continues: z.array(uid).max(1100).optional(),
})
export type Draft = z.infer<typeof draftSchema>

export const EMPTY_DRAFT: Draft = {
  version: 2,
  marks: [],
  keyImages: [],
  calibrations: {},
  views: {},
  shutters: {},
  layout: null,
}

function countPoints(marks: Mark[]): number {
  return marks.reduce((sum, { points }) => sum + points.length, 0)
}

/** As many of the first marks as a draft may hold. */
function withinLimits(marks: Mark[]): Mark[] {
  const kept = marks.slice(0, MAX_MARKS)
  while (countPoints(kept) > MAX_DRAFT_POINTS) kept.pop()
  return kept
}

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
 * Two windows at one study: `mine` and `theirs` both grew out of `base`. Mark by mark, key image by key image, set by set; where
 * both changed the same thing, mine (the later) stays; deleting is a change.
 */
export function mergeDrafts(base: Draft, mine: Draft, theirs: Draft): Draft {
  const byId = (marks: Mark[]) => new Map(marks.map(one => [one.id, one]))
  const byImage = (images: KeyImage[]) => new Map(images.map(one => [keyImageId(one), one]))
  const mergeSets = <T>(base: Record<string, T>, mine: Record<string, T>, theirs: Record<string, T>) => {
    const entries = (sets: Record<string, T>) => new Map(Object.entries(sets))
    return Object.fromEntries(mergeMap(entries(base), entries(mine), entries(theirs)))
  }
  return {
    version: 2,
    marks: withinLimits([...mergeMap(byId(base.marks), byId(mine.marks), byId(theirs.marks)).values()]),
    keyImages: [
      ...mergeMap(byImage(base.keyImages), byImage(mine.keyImages), byImage(theirs.keyImages)).values(),
    ].slice(0, MAX_MARKS),
    calibrations: mergeSets(base.calibrations, mine.calibrations, theirs.calibrations),
    views: mergeSets(base.views, mine.views, theirs.views),
    shutters: mergeSets(base.shutters, mine.shutters, theirs.shutters),
    layout: mergeOne(base.layout, mine.layout, theirs.layout),
    continues: mergeOne(base.continues, mine.continues, theirs.continues),
  }
}
