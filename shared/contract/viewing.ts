import { z } from 'zod'
import type { SeriesManifest } from '../viewing/image.ts'
import { SEEN_TEXT } from '../viewing/seen.ts'
import { uid, user } from './common.ts'

/** Characters of the name of a part of a segmentation. */
const SEGMENT_PART = 160

/** One line of the header view. `value` is cut at 1,024 characters; binary values are described, not shown. */
export const headerElement = z.object({
  tag: z.string(),
  vr: z.string(),
  keyword: z.string(),
  depth: z.int(),
  length: z.int(),
  value: z.string(),
})
export type HeaderElement = z.infer<typeof headerElement>

/** shared/viewing/overlay.ts */
const overlay = z.object({
  group: z.int(),
  Rows: z.int(),
  Columns: z.int(),
  OverlayOrigin: z.tuple([z.int(), z.int()]),
  OverlayType: z.string(),
  OverlayLabel: z.string(),
  OverlayDescription: z.string(),
  bits: z.string(),
  OverlayBitPosition: z.int().optional(),
})

/** What the viewer reads and keeps: drafts, segments, what was seen, series and headers. */
export const viewingCalls = {
  /**
   * What a window shows now ('' = no study). Said again at least every 20 s; forgotten after 60 s. A study that was new becomes
   * opened.
   */
  'window.shows': {
    in: z.object({ window: z.string().min(1).max(64), StudyInstanceUID: z.string().max(64), user }),
    out: z.object({}),
  },
  /** A reader's unsaved work on a study (shared/viewing/draft.ts); null and rev 0 when there is none. */
  'draft.get': {
    in: z.object({ StudyInstanceUID: uid, user }),
    out: z.object({ draft: z.json().nullable(), rev: z.int() }),
  },
  /**
   * Durable when answered. `rev` is the one the change was made on; the answer's is the next one, or null when another is there
   * by now: then nothing was kept, and it is to be read and merged. (No error: two windows do this every day.)
   */
  'draft.put': {
    in: z.object({ StudyInstanceUID: uid, user, draft: z.json(), rev: z.int().min(0) }),
    out: z.object({ rev: z.int().nullable() }),
  },
  /**
   * A reader's unsaved segmentations of a study, by part (renderer/viewer/segmenting/keeper.ts), from the one after `after` on. `more`:
   * there are parts after these; `rev` 0: there is none.
   */
  'segments.get': {
    in: z.object({ StudyInstanceUID: uid, user, after: z.string().max(SEGMENT_PART).default('') }),
    out: z.object({
      rev: z.int(),
      parts: z.array(z.object({ part: z.string(), data: z.string() })),
      more: z.boolean(),
    }),
  },
  /** Writes parts and removes those without data: all of them or none. `rev` as in draft.put. 64 MiB a study and reader. */
  'segments.put': {
    in: z.object({
      StudyInstanceUID: uid,
      user,
      rev: z.int().min(0),
      parts: z
        .array(
          z.object({
            part: z.string().min(1).max(SEGMENT_PART),
            data: z
              .string()
              .max(3 * 2 ** 20)
              .nullable(),
          }),
        )
        .min(1)
        .max(4096),
    }),
    out: z.object({ rev: z.int().nullable() }),
  },
  /** What a reader has had on the screen, by series (shared/viewing/seen.ts). */
  'seen.get': {
    in: z.object({ StudyInstanceUID: uid, user }),
    out: z.object({ series: z.record(z.string(), z.string()) }),
  },
  /** Adds to it. Series that are not of the study are left out. */
  'seen.put': {
    in: z.object({
      StudyInstanceUID: uid,
      user,
      series: z.record(
        uid,
        z
          .string()
          .max(SEEN_TEXT)
          .regex(/^[0-9.:;,-]*$/),
      ),
    }),
    out: z.object({}),
  },
  'series.open': {
    in: z.object({ StudyInstanceUID: uid, SeriesInstanceUID: uid }),
    out: z.custom<SeriesManifest>(value => typeof value === 'object' && value !== null && 'instances' in value),
  },
  'instance.header': {
    in: z.object({ contentId: z.int().positive() }),
    out: z.object({ elements: z.array(headerElement), truncated: z.boolean() }),
  },
  /** The overlay planes (60xx) of one frame, 1-based; without the bits of those that are in its pixels. */
  'instance.overlays': {
    in: z.object({ contentId: z.int().positive(), frame: z.int().positive().default(1) }),
    out: z.object({ overlays: z.array(overlay) }),
  },
} as const
