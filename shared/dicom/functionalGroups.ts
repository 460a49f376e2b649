import type { ImageAttributes } from '../viewing/image.ts'
import { readImageAttributes } from './imageAttributes.ts'
import type { DataSet } from './reader.ts'

/** PS3.3 C.7.6.16.2 and the modalities' own: the macros whose attributes mean the same as at the top of a single-frame image. */
const MACROS = [
  'PixelMeasuresSequence',
  'PlanePositionSequence',
  'PlaneOrientationSequence',
  'PixelValueTransformationSequence',
  'FrameVOILUTSequence',
  'FrameAnatomySequence',
  'FrameContentSequence',
  'MRTimingAndRelatedParametersSequence',
  'MREchoSequence',
  'CTXRayDetailsSequence',
  'UnassignedSharedConvertedAttributesSequence',
  'UnassignedPerFrameConvertedAttributesSequence',
] as const

/** A hostile file may declare more frames than it has items; no real one comes near (whole slides have some ten thousand). */
const MAX_FRAMES = 200_000

function readGroup(group: DataSet, into: ImageAttributes): ImageAttributes {
  for (const keyword of MACROS) {
    const macro = group.items(keyword)[0]
    if (!macro) continue
    readImageAttributes(macro, into)
    // The enhanced objects' names for what single-frame images have.
    const echo = macro.number('EffectiveEchoTime')
    if (echo !== undefined) into.EchoTime = echo
    const acquisition = macro.number('FrameAcquisitionNumber')
    if (acquisition !== undefined) into.AcquisitionNumber = acquisition
    const temporal = macro.number('TemporalPositionIndex')
    if (temporal !== undefined) into.TemporalPositionIdentifier = temporal
    const laterality = macro.string('FrameLaterality')
    if (laterality) into.ImageLaterality = laterality
    const acquired = macro.string('FrameAcquisitionDateTime')
    if (acquired.length > 8) into.AcquisitionTime = acquired.slice(8).replace(/[+-]\d{4}$/, '')
  }
  return into
}

/**
 * The attributes of each frame (index 0 = frame 1) from the shared and per-frame functional groups (PS3.3 C.7.6.16.1);
 * [] when the object has none. `frames` is how many the object has.
 */
export function readPerFrame(dataSet: DataSet, frames: number): ImageAttributes[] {
  const shared = dataSet.items('SharedFunctionalGroupsSequence')[0]
  const perFrame = dataSet.items('PerFrameFunctionalGroupsSequence')
  if (!shared && perFrame.length === 0) return []
  const common = shared ? readGroup(shared, {}) : {}
  return Array.from({ length: Math.min(frames, MAX_FRAMES) }, (_, index) => {
    const group = perFrame[index]
    return group ? readGroup(group, { ...common }) : { ...common }
  })
}
