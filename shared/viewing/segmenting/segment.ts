import { z } from 'zod'
import { type RGB, spareColour } from '../objects/colours.ts'
import { SEGMENT_KINDS } from './kinds.ts'

/** A label takes one byte of a voxel. */
export const MOST_SEGMENTS = 255

const code = z.object({
  CodeValue: z.string().min(1).max(16),
  CodingSchemeDesignator: z.string().min(1).max(16),
  CodeMeaning: z.string().min(1).max(64),
})
const level = z.int().min(0).max(255)

const segment = z.object({
  number: z.int().min(1).max(MOST_SEGMENTS),
  label: z.string().min(1).max(64),
  colour: z.tuple([level, level, level]),
  kind: z.object({ category: code, type: code }),
  shown: z.boolean(),
  locked: z.boolean(),
  /** More than the hand has drawn it: a threshold, growing, interpolating. */
  semiautomatic: z.boolean(),
})

/** One of the things that are drawn, as its reader describes it. */
export type Segment = z.infer<typeof segment>

const savedAs = z.object({
  SOPClassUID: z.string().max(64),
  SOPInstanceUID: z.string().max(64),
  SeriesInstanceUID: z.string().max(64),
  InstanceNumber: z.int(),
})

/** A segmentation but for its voxels, as it is kept while it is not saved. */
export const segmentationHead = z.object({
  version: z.literal(1),
  /** Of the display set it is drawn on. */
  set: z.string().min(1).max(512),
  SeriesInstanceUID: z.string().min(1).max(64),
  columns: z.int().min(1).max(65_535),
  rows: z.int().min(1).max(65_535),
  segments: z.array(segment).max(MOST_SEGMENTS),
  active: z.int().min(0).max(MOST_SEGMENTS),
  /** The object it was made of, or last saved as. */
  predecessor: savedAs.optional(),
  /** Whether the series of the predecessor is one of ours, which later ones join. */
  ours: z.boolean(),
  /** It differs from its predecessor. */
  changed: z.boolean(),
  /** How many of its slices were of images that were not there when it was kept. */
  away: z.int().min(0).optional(),
})

export type SegmentationHead = z.infer<typeof segmentationHead>
export type SavedAs = z.infer<typeof savedAs>

/** A segment with the next free number; undefined where there are 255. */
export function newSegment(segments: readonly Segment[]): Segment | undefined {
  for (let number = 1; number <= MOST_SEGMENTS; number++) {
    if (segments.some(one => one.number === number)) continue
    const colour: RGB = spareColour(number - 1)
    return {
      number,
      label: `Segment ${number}`,
      colour: [...colour],
      kind: SEGMENT_KINDS[0]!,
      shown: true,
      locked: false,
      semiautomatic: false,
    }
  }
  return undefined
}

export function lockedNumbers(segments: readonly Segment[]): Set<number> {
  return new Set(segments.filter(({ locked }) => locked).map(({ number }) => number))
}
