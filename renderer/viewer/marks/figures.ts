import { cache, type Types } from '@cornerstonejs/core'
import type { Mark } from '../../../shared/viewing/draft.ts'
import { opensWithVOILUT } from '../../../shared/viewing/grey.ts'
import type { SeriesManifest } from '../../../shared/viewing/image.ts'
import { describe, type MarkPixels, measure } from '../../../shared/viewing/measure/measure.ts'
import { type Point, type Scale, scaleOf } from '../../../shared/viewing/measure/scale.ts'
import type { SeriesStart } from '../../../shared/viewing/measure/valueUnit.ts'
import { fetchFrame } from '../../client.ts'
import { type CatalogFrame, describeFrame } from '../catalog.ts'
import { decodeFrame } from '../decode.ts'
import { startEngine } from '../engine.ts'
import { displayPixels } from '../pixels.ts'
import { useMarks } from './marksStore.ts'

/** Modality values of frames whose cached pixels are something else; the last few that were asked for. */
const own = new Map<string, MarkPixels | undefined>()
const OWN_KEPT = 4

/**
 * The cache holds what is drawn. For the graphics card those are no longer the stored values where a VOI LUT is in them, or
 * where a rescale made singles of them: seven digits are fewer than a mean needs.
 */
function isChanged({ attributes }: CatalogFrame, image: Types.IImage): boolean {
  if (image.color || startEngine().rendering === 'cpu') return false
  const singles = image.dataType === 'Float32Array' && attributes.BitsStored !== undefined
  return singles || opensWithVOILUT(attributes)
}

async function decodeAgain(imageId: string, { manifest, instance, frame, attributes }: CatalogFrame): Promise<void> {
  const { StudyInstanceUID, SeriesInstanceUID } = manifest
  const address = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: instance.SOPInstanceUID, frame }
  const decoded = await decodeFrame(await fetchFrame(address), instance.TransferSyntaxUID, attributes)
  const { pixels, components, slope, intercept } = displayPixels(decoded, attributes, { asStored: true })
  const { Rows: rows = 0, Columns: columns = 0 } = attributes
  own.set(imageId, { pixels, columns, rows, slope, intercept, components })
  useMarks.setState(({ arrived }) => ({ arrived: arrived + 1 }))
}

/** The modality values of a frame; undefined while they are not here. */
export function pixelsOf(imageId: string, described: CatalogFrame): MarkPixels | undefined {
  const image = cache.getImage(imageId)
  if (image === undefined) return undefined
  if (!isChanged(described, image)) {
    const { columns, rows, slope, intercept } = image
    return { pixels: image.getPixelData(), columns, rows, slope, intercept, components: image.color ? 3 : 1 }
  }
  if (!own.has(imageId)) {
    for (const key of [...own.keys()].slice(0, Math.max(0, own.size - OWN_KEPT + 1))) own.delete(key)
    own.set(imageId, undefined)
    // Without its values a region still has its size; the next look asks again.
    decodeAgain(imageId, described).catch(() => own.delete(imageId))
  }
  return own.get(imageId)
}

const starts = new WeakMap<SeriesManifest, SeriesStart>()

function startOf(manifest: SeriesManifest): SeriesStart {
  let start = starts.get(manifest)
  if (start === undefined) {
    const { SeriesDate, SeriesTime, common, instances } = manifest
    const times = instances.flatMap(({ attributes }) => attributes.AcquisitionTime ?? common.AcquisitionTime ?? [])
    start = { SeriesDate, SeriesTime, AcquisitionTime: times.sort()[0] }
    starts.set(manifest, start)
  }
  return start
}

function measured({ manifest, instance, attributes }: CatalogFrame) {
  return { Modality: manifest.Modality, SOPClassUID: instance.SOPClassUID, attributes }
}

/** The scale a mark through these points is measured by. */
export function scaleAt(imageId: string, points: readonly Point[]): Scale {
  const described = describeFrame(imageId)
  return described ? scaleOf(measured(described), points) : { unit: 'px', x: 1, y: 1, note: '' }
}

const lines = new WeakMap<Mark, { imageId: string; pixels: MarkPixels['pixels'] | undefined; lines: string[] }>()

/** What stands beside a mark: its words and figures. Reckoned once for as long as mark and pixels stay. */
export function linesOf(mark: Mark, imageId: string): string[] {
  const described = describeFrame(imageId)
  if (described === undefined) return mark.text === '' ? [] : [mark.text]
  const pixels = pixelsOf(imageId, described)
  const before = lines.get(mark)
  if (before?.imageId === imageId && before.pixels === pixels?.pixels) return before.lines
  const found = describe(mark, measure(mark, measured(described), startOf(described.manifest), pixels))
  lines.set(mark, { imageId, pixels: pixels?.pixels, lines: found })
  return found
}
