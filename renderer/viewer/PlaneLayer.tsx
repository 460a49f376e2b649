import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { type Overlay, overlayMask, withEmbeddedBits } from '../../shared/viewing/overlay.ts'
import type { Samples } from '../../shared/viewing/samples.ts'
import { paintHidden, shutterGrey, shutterMask } from '../../shared/viewing/shutter.ts'
import { call, fetchFrame } from '../client.ts'
import { t } from '../i18n/index.ts'
import { keepNewest } from '../keepNewest.ts'
import { type CatalogFrame, describeFrame } from './catalog.ts'
import { decodeFrame } from './decode.ts'
import type { PaneState } from './paneState.ts'

/** A dot of an overlay plane, and an outline that makes it visible on white: RGBA. */
const DOT = [230, 230, 230, 255]
const OUTLINE = [0, 0, 0, 160]

/** The planes of the frames looked at last. */
const known = new Map<string, Promise<Overlay[]>>()
const KEPT = 200

function planesOf(described: CatalogFrame): Promise<Overlay[]> {
  const { instance, frame } = described
  const { contentId } = instance
  const key = `${contentId}:${frame}`
  const here = known.get(key)
  if (here) return here
  const asked = call('instance.overlays', { contentId, frame }).then(({ overlays }) => {
    const embedded = overlays.some(overlay => overlay.OverlayBitPosition !== undefined)
    // What is drawn has been cut to Bits Stored: the planes are in what was cut.
    return embedded ? rawSamples(described).then(raw => withEmbeddedBits(overlays, raw)) : overlays
  })
  keepNewest(known, key, asked, KEPT)
  asked.catch(() => known.delete(key))
  return asked
}

async function rawSamples({ manifest, instance, frame, attributes }: CatalogFrame): Promise<Samples> {
  const { StudyInstanceUID, SeriesInstanceUID } = manifest
  const bytes = await fetchFrame({
    StudyInstanceUID,
    SeriesInstanceUID,
    SOPInstanceUID: instance.SOPInstanceUID,
    frame,
  })
  return (await decodeFrame(bytes, instance.TransferSyntaxUID, attributes)).samples
}

/** What lies between the picture and the marks: the image's own shutter, always, and its overlay planes, with the overlays. */
export function PlaneLayer({ state, overlays }: { state: PaneState; overlays: boolean }) {
  const { stack, shown, transform } = state
  const imageId = shown === undefined ? undefined : stack?.entries[shown]?.imageId
  const frame = imageId === undefined ? undefined : describeFrame(imageId)
  const isBitmap = frame?.attributes.ShutterShape?.includes('BITMAP') ?? false
  const planes = usePlanes((overlays || isBitmap) && frame?.attributes.overlays ? frame : undefined)
  const canvas = useRef<HTMLCanvasElement>(null)
  const attributes = frame?.attributes
  const rows = attributes?.Rows ?? 0
  const columns = attributes?.Columns ?? 0
  const empty = attributes === undefined || transform === undefined || rows * columns === 0
  const hasPlanes = !empty && planes.overlays.length > 0
  const hasShutter = !empty && attributes.ShutterShape !== undefined
  const shutter = useRef<HTMLCanvasElement>(null)

  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || attributes === undefined) return
    const image = graphicsImage(attributes, overlays ? planes.overlays : [], rows, columns)
    context.putImageData(new ImageData(image, columns), 0, 0)
  }, [attributes, planes, overlays, rows, columns])
  useLayoutEffect(() => {
    const context = shutter.current?.getContext('2d')
    if (!context || attributes === undefined) return
    const image = shutterImage(attributes, planes.overlays, rows, columns)
    context.putImageData(new ImageData(image, columns), 0, 0)
  }, [attributes, planes, rows, columns])

  if (empty) return null
  const { a, b, c, d, e, f } = transform
  const style = { transform: `matrix(${a}, ${b}, ${c}, ${d}, ${e}, ${f})` }
  return (
    <>
      {hasShutter && <canvas className="planes shutter" ref={shutter} width={columns} height={rows} style={style} />}
      {hasPlanes && <canvas className="planes" ref={canvas} width={columns} height={rows} style={style} />}
      {planes.failed && <div className="planes-failed">{t('the overlay of this image could not be loaded')}</div>}
    </>
  )
}

interface Planes {
  overlays: Overlay[]
  failed: boolean
}

const NONE: Planes = { overlays: [], failed: false }

function usePlanes(frame: CatalogFrame | undefined): Planes {
  const [found, setFound] = useState<{ of?: CatalogFrame; planes: Planes }>({ planes: NONE })
  useEffect(() => {
    if (frame === undefined) return
    let current = true
    const tell = (planes: Planes) => current && setFound({ of: frame, planes })
    planesOf(frame).then(
      overlays => tell({ overlays, failed: false }),
      () => tell({ overlays: [], failed: true }),
    )
    return () => {
      current = false
    }
  }, [frame])
  // Never the planes of one image over another.
  return frame !== undefined && found.of === frame ? found.planes : NONE
}

/** PS3.3 C.7.6.15: the plane of a bitmap shutter is one, and no graphics. */
function isShutter(attributes: ImageAttributes, { group }: Overlay): boolean {
  return group === attributes.ShutterOverlayGroup
}

/** What is covered as RGBA of the image's size; transparent where the picture shows. */
function shutterImage(
  attributes: ImageAttributes,
  planes: Overlay[],
  rows: number,
  columns: number,
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(rows * columns * 4)
  const bitmap = planes.filter(plane => isShutter(attributes, plane))
  const open = shutterMask(
    attributes,
    rows,
    columns,
    bitmap.length > 0 ? overlayMask(bitmap, rows, columns) : undefined,
  )
  if (open) paintHidden(rgba, open, shutterGrey(attributes))
  return rgba
}

/** Overlay planes as RGBA of the image's size. */
function graphicsImage(
  attributes: ImageAttributes,
  planes: Overlay[],
  rows: number,
  columns: number,
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(rows * columns * 4)
  const graphics = planes.filter(plane => !isShutter(attributes, plane))
  if (graphics.length === 0) return rgba
  const mask = overlayMask(graphics, rows, columns)
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue
    for (const next of neighbours(i, columns, mask.length)) if (mask[next] === 0) rgba.set(OUTLINE, 4 * next)
  }
  for (let i = 0; i < mask.length; i++) if (mask[i] === 1) rgba.set(DOT, 4 * i)
  return rgba
}

function neighbours(at: number, columns: number, count: number): number[] {
  const column = at % columns
  const all = [at - columns, at + columns, column > 0 ? at - 1 : -1, column < columns - 1 ? at + 1 : -1]
  return all.filter(next => next >= 0 && next < count)
}
