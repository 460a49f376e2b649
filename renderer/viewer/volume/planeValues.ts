import type { ImageAttributes } from '../../../shared/viewing/image.ts'
import { type CatalogFrame, describeFrame } from '../catalog.ts'
import type { DisplayPixels } from '../pixels.ts'
import type { LiveVolume } from './liveVolume.ts'
import type { PlanePixels } from './sampling.ts'

// What a picture made of a volume has of the images the volume is made of: tags, values, and a value for nothing.

const stored = new WeakMap<LiveVolume, Map<number, Omit<CatalogFrame['instance'], 'perFrame'>>>()

/** The instance nearest to a slice of the grid, as far as it holds for a plane; known once asked for, since a turn has 60 a second. */
export function storedNear(
  volume: LiveVolume,
  sourceIds: readonly string[],
  k: number,
): Omit<CatalogFrame['instance'], 'perFrame'> {
  const nearest = nearestSource(volume, k)
  const known = stored.get(volume) ?? new Map<number, Omit<CatalogFrame['instance'], 'perFrame'>>()
  stored.set(volume, known)
  let instance = known.get(nearest)
  if (instance === undefined) {
    const described = describeFrame(sourceIds[nearest] ?? '') ?? describeFrame(sourceIds[0] ?? '')
    const { perFrame: _, ...rest } = described!.instance
    instance = rest
    known.set(nearest, instance)
  }
  return instance
}

/** The frame nearest to a slice of the grid: whose tags are shown for a plane. */
function nearestSource({ plan }: LiveVolume, k: number): number {
  const { from, to, part } = plan.slices[Math.max(0, Math.min(plan.slices.length - 1, Math.round(k)))]!
  return part < 0.5 ? from : to
}

/** What of the frames' attributes is true of a plane between them: values and their window, not pixels, places or marks in them. */
export function valueAttributes(attributes: ImageAttributes, { plan }: LiveVolume): ImageAttributes {
  const {
    Rows,
    Columns,
    PixelSpacing,
    ImagerPixelSpacing,
    NominalScannedPixelSpacing,
    PixelAspectRatio,
    ImagePositionPatient,
    ImageOrientationPatient,
    PatientOrientation,
    SliceThickness,
    SpacingBetweenSlices,
    SliceLocation,
    RealWorldValueMappings,
    ModalityLUT,
    PaletteColorLookupTable,
    PixelPresentation,
    PixelPaddingValue,
    PixelPaddingRangeLimit,
    ShutterShape,
    ShutterOverlayGroup,
    overlays,
    ...rest
  } = attributes
  return {
    ...rest,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    SamplesPerPixel: 1,
    RescaleSlope: plan.slope,
    RescaleIntercept: plan.intercept,
  }
}

/** A value that nothing has, just under the lowest. */
export function outsideOf({ range, plan }: LiveVolume): number {
  if (range.min > range.max) return -1
  if (plan.type === 'Int16') return Math.max(-32768, Math.floor(range.min) - 1)
  return Math.fround(range.min - Math.max(1e-6, (range.max - range.min) / 4096))
}

/** Pixels that were sampled of a volume, as a picture is given to the frame cache. */
export function displayOf(volume: LiveVolume, pixels: PlanePixels, outside: number): DisplayPixels {
  const { slope, intercept } = volume
  const [min, max] = volume.range.min > volume.range.max ? [-1, 0] : [volume.range.min, volume.range.max]
  const ends = [min * slope + intercept, max * slope + intercept]
  const valueRange = { min: Math.min(...ends), max: Math.max(...ends) }
  return { pixels, components: 1, min: outside, max, slope, intercept, valueRange }
}
