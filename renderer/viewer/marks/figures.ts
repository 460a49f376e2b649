import { cache } from '@cornerstonejs/core'
import type { Mark } from '../../../shared/viewing/draft.ts'
import { storedPadding } from '../../../shared/viewing/grey.ts'
import type { SeriesManifest } from '../../../shared/viewing/image.ts'
import { describe, type MarkPixels, type Measured, measure } from '../../../shared/viewing/measure/measure.ts'
import { type Point, type Scale, scaleOf } from '../../../shared/viewing/measure/scale.ts'
import type { SeriesStart } from '../../../shared/viewing/measure/valueUnit.ts'
import { measuringAllowed } from '../../selftest/index.ts'
import { type CatalogFrame, describeFrame } from '../catalog.ts'

/** The modality values of a frame; undefined while they are not here. */
function pixelsOf(imageId: string, { attributes }: CatalogFrame): MarkPixels | undefined {
  const image = cache.getImage(imageId)
  if (image === undefined) return undefined
  const { columns, rows, slope, intercept } = image
  // What a modality LUT has made of padding is no longer known for it.
  const padding = attributes.ModalityLUT ? undefined : storedPadding(attributes)
  return { pixels: image.getPixelData(), columns, rows, slope, intercept, padding, components: image.color ? 3 : 1 }
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
  if (!measuringAllowed({ kind: mark.kind, TransferSyntaxUID: described.instance.TransferSyntaxUID })) {
    return [...(mark.text === '' ? [] : mark.text.split('\n')), 'not measured: the self-test failed']
  }
  const pixels = pixelsOf(imageId, described)
  const before = lines.get(mark)
  if (before?.imageId === imageId && before.pixels === pixels?.pixels) return before.lines
  const found = describe(mark, figuresOf(mark, described, pixels))
  lines.set(mark, { imageId, pixels: pixels?.pixels, lines: found })
  return found
}

function figuresOf(
  mark: Pick<Mark, 'kind' | 'points'>,
  described: CatalogFrame,
  pixels: MarkPixels | undefined,
): Measured {
  return measure(mark, measured(described), startOf(described.manifest), pixels)
}

/** Everything that is measured of a mark on a frame; undefined where the frame is not known. */
export function measuredOf(mark: Pick<Mark, 'kind' | 'points'>, imageId: string): Measured | undefined {
  const described = describeFrame(imageId)
  return described && figuresOf(mark, described, pixelsOf(imageId, described))
}
