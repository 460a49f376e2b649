import { cache } from '@cornerstonejs/core'
import type { Mark } from '../../../shared/viewing/draft.ts'
import { storedPadding } from '../../../shared/viewing/grey.ts'
import { describe, type MarkPixels, measure } from '../../../shared/viewing/measure/measure.ts'
import { type Point, type Scale, scaleOf } from '../../../shared/viewing/measure/scale.ts'
import type { UptakeKind } from '../../../shared/viewing/suv.ts'
import { type CatalogFrame, describeFrame } from '../catalog.ts'
import { startOf, useUptake } from '../uptake.ts'

/** The modality values of a frame; undefined while they are not here. */
function pixelsOf(imageId: string, { attributes }: CatalogFrame): MarkPixels | undefined {
  const image = cache.getImage(imageId)
  if (image === undefined) return undefined
  const { columns, rows, slope, intercept } = image
  // What a modality LUT has made of padding is no longer known for it.
  const padding = attributes.ModalityLUT ? undefined : storedPadding(attributes)
  return { pixels: image.getPixelData(), columns, rows, slope, intercept, padding, components: image.color ? 3 : 1 }
}

function measured({ manifest, instance, attributes }: CatalogFrame) {
  return { Modality: manifest.Modality, SOPClassUID: instance.SOPClassUID, attributes }
}

/** The scale a mark through these points is measured by. */
export function scaleAt(imageId: string, points: readonly Point[]): Scale {
  const described = describeFrame(imageId)
  return described ? scaleOf(measured(described), points) : { unit: 'px', x: 1, y: 1, note: '' }
}

const lines = new WeakMap<
  Mark,
  { imageId: string; pixels: MarkPixels['pixels'] | undefined; uptake: UptakeKind; lines: string[] }
>()

/** What stands beside a mark: its words and figures. Reckoned once for as long as mark and pixels stay. */
export function linesOf(mark: Mark, imageId: string): string[] {
  const described = describeFrame(imageId)
  if (described === undefined) return mark.text === '' ? [] : [mark.text]
  const pixels = pixelsOf(imageId, described)
  const { uptake } = useUptake.getState()
  const before = lines.get(mark)
  if (before?.imageId === imageId && before.pixels === pixels?.pixels && before.uptake === uptake) return before.lines
  const found = describe(mark, measure(mark, measured(described), startOf(described.manifest), pixels, uptake))
  lines.set(mark, { imageId, pixels: pixels?.pixels, uptake, lines: found })
  return found
}
