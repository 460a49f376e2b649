import type { DataSet } from '../../dicom/reader.ts'
import { type ImagePlane, imagePlane, type Point3 } from '../geometry.ts'

/** No real object comes near; a hostile one may say anything. */
export const MOST_FRAMES = 100_000
/** Voxels held at once: a dose grid of 400 × 400 × 400. */
export const MOST_VOXELS = 2 ** 26

/** What an object cannot be shown for, in words for its row. */
export class UnreadableObject extends Error {
  constructor(words: string) {
    super(words)
    this.name = 'UnreadableObject'
  }
}

/** An image that something was drawn on. */
export interface ImageReference {
  SOPInstanceUID: string
  /** 1-based; undefined = all of them. */
  frame?: number
}

/** What the functional groups say of one frame (PS3.3 C.7.6.16.2). */
export interface FrameGroup {
  plane: ImagePlane | undefined
  /** mm; of the Pixel Measures. */
  SliceThickness: number | undefined
  SpacingBetweenSlices: number | undefined
  references: ImageReference[]
  segment: number | undefined
}

/** Rows, Columns and Number of Frames, bounded. Throws UnreadableObject. */
export function frameSizes(dataSet: DataSet): { Rows: number; Columns: number; frames: number } {
  const Rows = dataSet.number('Rows') ?? 0
  const Columns = dataSet.number('Columns') ?? 0
  const frames = Math.max(1, dataSet.number('NumberOfFrames') ?? 1)
  if (!(Rows > 0 && Columns > 0))
    throw new UnreadableObject('The object does not say how many rows and columns it has.')
  if (frames > MOST_FRAMES) throw new UnreadableObject(`The object says it has ${frames} frames: too many to be read.`)
  return { Rows, Columns, frames }
}

/** The frames' groups, in their order; what the shared groups say holds where a frame says nothing of its own. */
export function readFrameGroups(dataSet: DataSet): FrameGroup[] {
  const { Rows, Columns, frames } = frameSizes(dataSet)
  const shared = dataSet.items('SharedFunctionalGroupsSequence')[0]
  const FrameOfReferenceUID = dataSet.string('FrameOfReferenceUID')
  const groups: FrameGroup[] = []
  const perFrame = dataSet.span('PerFrameFunctionalGroupsSequence')
  const items = perFrame === undefined ? [] : dataSet.eachItem(perFrame)
  const iterator = items[Symbol.iterator]()
  for (let frame = 0; frame < frames; frame++) {
    const item = iterator.next().value
    const macro = (keyword: string) => item?.items(keyword)[0] ?? shared?.items(keyword)[0]
    const measures = macro('PixelMeasuresSequence')
    // Some makers write the plane as single-frame images have it.
    const plane = imagePlane({
      FrameOfReferenceUID,
      Rows,
      Columns,
      ImagePositionPatient: (macro('PlanePositionSequence') ?? dataSet).numbers('ImagePositionPatient'),
      ImageOrientationPatient: (macro('PlaneOrientationSequence') ?? dataSet).numbers('ImageOrientationPatient'),
      PixelSpacing: (measures ?? dataSet).numbers('PixelSpacing'),
    })
    groups.push({
      plane,
      SliceThickness: measures?.number('SliceThickness'),
      SpacingBetweenSlices: measures?.number('SpacingBetweenSlices'),
      references: [item, shared].flatMap(one => sourceImages(one)),
      segment: macro('SegmentIdentificationSequence')?.number('ReferencedSegmentNumber'),
    })
  }
  return groups
}

function sourceImages(group: DataSet | undefined): ImageReference[] {
  const derivations = group?.items('DerivationImageSequence') ?? []
  return derivations
    .flatMap(one => one.items('SourceImageSequence'))
    .map(source => {
      const frame = source.number('ReferencedFrameNumber')
      const SOPInstanceUID = source.string('ReferencedSOPInstanceUID')
      return { SOPInstanceUID, ...(frame !== undefined && { frame }) }
    })
}

/**
 * mm that a frame reaches along its normal: what the file says lies between slices; else the least distance of two frames, if it
 * fits their thickness (frames without anything in them are left out, PS3.3 A.51.5); else the thickness. 0 = nothing is known.
 */
export function sliceDistance(groups: readonly FrameGroup[]): number {
  const said = Math.abs(groups[0]?.SpacingBetweenSlices ?? 0)
  if (said > 0) return said
  const thickness = groups[0]?.SliceThickness ?? 0
  const normal = groups[0]?.plane?.normal
  const places = groups.flatMap(({ plane }) => (plane && normal ? [along(plane.position, normal)] : []))
  places.sort((a, b) => a - b)
  let least = Number.POSITIVE_INFINITY
  for (let i = 1; i < places.length; i++) {
    const distance = places[i]! - places[i - 1]!
    if (distance > 0.01) least = Math.min(least, distance)
  }
  if (!Number.isFinite(least)) return thickness
  return thickness > 0 && least > 1.5 * thickness ? thickness : least
}

export function along([x, y, z]: Point3, normal: Point3): number {
  return x * normal[0] + y * normal[1] + z * normal[2]
}

/** The Series Instance UIDs an object says it was made of, with their studies where it says them. */
export interface SeriesReference {
  StudyInstanceUID: string
  SeriesInstanceUID: string
}

/** Of the Referenced Series Sequence (PS3.3 C.12.2), in this study and in others. */
export function referencedSeries(dataSet: DataSet): SeriesReference[] {
  const own = dataSet.string('StudyInstanceUID')
  const series = (group: DataSet, StudyInstanceUID: string) =>
    group.items('ReferencedSeriesSequence').map(one => ({
      StudyInstanceUID,
      SeriesInstanceUID: one.string('SeriesInstanceUID'),
    }))
  const others = dataSet.items('StudiesContainingOtherReferencedInstancesSequence')
  return [...series(dataSet, own), ...others.flatMap(other => series(other, other.string('StudyInstanceUID')))]
}
