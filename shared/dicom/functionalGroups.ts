import type { ImageAttributes } from '../viewing/image.ts'
import { readImageAttributes } from './imageAttributes.ts'
import type { DataSet } from './reader.ts'
import { readRealWorldValues } from './realWorldValues.ts'

/** PS3.3 C.7.6.16.2 and the modalities' own: the macros whose attributes mean the same as at the top of a single-frame image. */
const MACROS = [
  'PixelMeasuresSequence',
  'PlanePositionSequence',
  'PlaneOrientationSequence',
  'PixelValueTransformationSequence',
  'FrameVOILUTSequence',
  'FrameAnatomySequence',
  'FrameContentSequence',
  'CardiacSynchronizationSequence',
  'MRTimingAndRelatedParametersSequence',
  'MREchoSequence',
  'MRModifierSequence',
  'MRDiffusionSequence',
  'MRImageFrameTypeSequence',
  'CTImageFrameTypeSequence',
  'PETFrameTypeSequence',
  'CTXRayDetailsSequence',
  'FrameDisplayShutterSequence',
  'UnassignedSharedConvertedAttributesSequence',
  'UnassignedPerFrameConvertedAttributesSequence',
] as const

/** A hostile file may declare more frames than it has items; no real one comes near (whole slides have some ten thousand). */
const MAX_FRAMES = 200_000

function readGroup(group: DataSet): ImageAttributes {
  const into: ImageAttributes = {}
  const mappings = readRealWorldValues(group.items('RealWorldValueMappingSequence'))
  if (mappings.length > 0) into.RealWorldValueMappings = mappings
  for (const keyword of MACROS) {
    const macro = group.items(keyword)[0]
    if (!macro) continue
    readImageAttributes(macro, into)
    // The enhanced objects' names for what single-frame images have.
    const echo = macro.number('EffectiveEchoTime')
    if (echo !== undefined) into.EchoTime = echo
    const inversion = macro.number('InversionTimes')
    if (inversion !== undefined) into.InversionTime = inversion
    const acquisition = macro.number('FrameAcquisitionNumber')
    if (acquisition !== undefined) into.AcquisitionNumber = acquisition
    const temporal = macro.number('TemporalPositionIndex')
    if (temporal !== undefined) into.TemporalPositionIdentifier = temporal
    const laterality = macro.string('FrameLaterality')
    if (laterality) into.ImageLaterality = laterality
    const type = macro.strings('FrameType')
    if (type.length > 0) into.ImageType = [...type, macro.string('ComplexImageComponent')].filter(value => value !== '')
    const direction = macro.items('DiffusionGradientDirectionSequence')[0]
    if (direction) readImageAttributes(direction, into)
    const acquired = macro.string('FrameAcquisitionDateTime')
    if (acquired.length > 8) {
      into.AcquisitionDate = acquired.slice(0, 8)
      into.AcquisitionTime = acquired.slice(8).replace(/[+-]\d{4}$/, '')
    }
  }
  return into
}

/** What all frames of an object have alike, and what is left to each (index 0 = frame 1). */
export interface FunctionalGroups {
  shared: ImageAttributes
  perFrame: ImageAttributes[]
}

/**
 * The attributes of the shared and per-frame functional groups (PS3.3 C.7.6.16.1) of an object with so many frames, or the places of
 * a dose grid's planes; what every frame repeats is told once, so that 10,000 frames stay a small manifest. `perFrame` is [] when
 * nothing differs, or nothing is told of frames.
 */
export function readFunctionalGroups(dataSet: DataSet, frames: number): FunctionalGroups {
  const count = Math.min(frames, MAX_FRAMES)
  const sharedGroup = dataSet.items('SharedFunctionalGroupsSequence')[0]
  const shared = sharedGroup ? readGroup(sharedGroup) : {}
  const groups = dataSet.items('PerFrameFunctionalGroupsSequence').slice(0, count).map(readGroup)
  if (groups.length === 0) return { shared, perFrame: dosePlanes(dataSet, count) }
  const perFrame = Array.from({ length: count }, (_, index) => groups[index] ?? {})
  return { shared: { ...shared, ...takeOutCommon(perFrame) }, perFrame: trimmed(perFrame) }
}

/**
 * PS3.3 C.8.8.3.2: Grid Frame Offset Vector counts along the normal, from the first plane or (beginning with another number than 0)
 * from the origin of an axial grid; the differences are the same.
 */
function dosePlanes(dataSet: DataSet, count: number): ImageAttributes[] {
  const offsets = dataSet.numbers('GridFrameOffsetVector')
  const position = dataSet.numbers('ImagePositionPatient')
  const [a, b, c, d, e, f] = dataSet.numbers('ImageOrientationPatient') as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (count < 2 || offsets.length !== count || position.length !== 3 || f === undefined) return []
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d]
  return offsets.map(offset => {
    const along = offset - (offsets[0] ?? 0)
    return { ImagePositionPatient: position.map((part, axis) => part + along * (normal[axis] ?? 0)) }
  })
}

function trimmed(perFrame: ImageAttributes[]): ImageAttributes[] {
  return perFrame.some(frame => Object.keys(frame).length > 0) ? perFrame : []
}

/** Removes from every one of `frames` what all of them have alike, and returns that. */
export function takeOutCommon(frames: ImageAttributes[]): ImageAttributes {
  const first = frames[0]
  if (!first) return {}
  const common: ImageAttributes = { ...first }
  const names = () => Object.keys(common) as Array<keyof ImageAttributes>
  for (const name of names()) {
    if (!frames.every(frame => isSame(frame[name], common[name]))) delete common[name]
  }
  for (const frame of frames) for (const name of names()) delete frame[name]
  return common
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))
}
