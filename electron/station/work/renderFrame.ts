import { open } from 'node:fs/promises'
import { unshowableReason } from '../../../shared/dicom/instanceHeader.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { isColour, toRGB } from '../../../shared/viewing/colour.ts'
import { toDisplay, type Window } from '../../../shared/viewing/grey.ts'
import type { ImageAttributes } from '../../../shared/viewing/image.ts'
import { type DecodedFrame, type Samples, storedValues } from '../../../shared/viewing/samples.ts'
import type { FrameLocation, StoredObject } from '../store/index.ts'
import { encodeJpeg } from './jpeg.ts'
import { decodedFrame, readImage } from './look.ts'
import { encodePng } from './png.ts'
import { shrink, toBytes } from './scale.ts'

/** How a picture is to be made (PS3.18 §8.3.5.1). */
export interface RenderOptions {
  format: 'png' | 'jpeg'
  /** 1 to 100, of a JPEG. */
  quality: number
  /** In place of the image's own; for greys. `voi` is a VOI LUT Function (0028,1056). */
  window?: Window & { voi: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID' }
  /** The largest picture, pixels; the image fills it in its proportions. Its own size where it is absent. */
  viewport?: { width: number; height: number }
  /** The part that is shown, pixels of the image; cut to what there is of it. */
  region?: { left: number; top: number; width: number; height: number }
}

export interface RenderRequest {
  object: StoredObject
  /** 1-based. */
  frame: number
  location: FrameLocation
  options: RenderOptions
}

interface Picture {
  samples: Samples
  columns: number
  rows: number
  perPixel: 1 | 3
}

/** The picture's file. Rejects as `pictureFrame`. */
export async function renderFrame({ options, ...request }: RenderRequest): Promise<Uint8Array<ArrayBuffer>> {
  const { decoded, attributes } = await pictureFrame(request)
  return drawn(decoded, attributes, options)
}

/** One decoded frame with what a picture of it needs. Rejects with 'unsupported-pixels' and the reason, or with the file's error. */
export async function pictureFrame({
  object,
  frame,
  location,
}: Omit<RenderRequest, 'options'>): Promise<{ decoded: DecodedFrame; attributes: ImageAttributes }> {
  const file = await open(object.path, 'r')
  try {
    const { header, found, inflated } = await readImage(file, object, location)
    const reason = unshowableReason(header, object.TransferSyntaxUID)
    if (reason) throw new IsocenterError('unsupported-pixels', reason)
    const attributes = { ...found.attributes, ...found.perFrame?.[frame - 1] }
    const decoded = await decodedFrame(file, object, location, { ...header, attributes }, inflated).catch(error => {
      const why = error instanceof Error ? error.message : String(error)
      throw new IsocenterError('unsupported-pixels', why.slice(0, 200))
    })
    if (!decoded) throw new IsocenterError('unsupported-pixels', 'there is no decoder for it here')
    return { decoded, attributes }
  } finally {
    await file.close()
  }
}

/** One decoded frame as a file of the wanted form and size. */
function drawn(decoded: DecodedFrame, attributes: ImageAttributes, options: RenderOptions): Uint8Array<ArrayBuffer> {
  const { columns, rows } = decoded
  const whole: Picture = isColour(decoded)
    ? { columns, rows, perPixel: 3, samples: toRGB(decoded, attributes) }
    : { columns, rows, perPixel: 1, samples: storedValues(decoded.samples, attributes).samples }
  const part = options.region ? cut(whole, options.region) : whole
  const sized = options.viewport ? fitted(part, options.viewport) : part
  const { window } = options
  // The window comes after the size: a pixel of the small image is grey as one of a coarser detector would be.
  const pixels =
    sized.perPixel === 3
      ? toBytes(sized.samples)
      : toDisplay(sized.samples, window ? { ...attributes, VOILUTFunction: window.voi } : attributes, window)
  return options.format === 'png'
    ? encodePng(pixels, sized.columns, sized.rows, sized.perPixel)
    : encodeJpeg(pixels, sized.columns, sized.rows, sized.perPixel, options.quality)
}

function cut({ samples, columns, rows, perPixel }: Picture, region: NonNullable<RenderOptions['region']>): Picture {
  const left = Math.min(Math.max(0, region.left), columns)
  const top = Math.min(Math.max(0, region.top), rows)
  const width = Math.min(columns, region.left + region.width) - left
  const height = Math.min(rows, region.top + region.height) - top
  if (width < 1 || height < 1) throw new IsocenterError('bad-request', 'the viewport lies outside the image')
  const part = samples.slice(0, width * height * perPixel)
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * columns + left) * perPixel
    for (let i = 0; i < width * perPixel; i++) part[row * width * perPixel + i] = samples[from + i]!
  }
  return { samples: part, columns: width, rows: height, perPixel }
}

function fitted(picture: Picture, viewport: NonNullable<RenderOptions['viewport']>): Picture {
  const scale = Math.min(viewport.width / picture.columns, viewport.height / picture.rows)
  const columns = Math.max(1, Math.round(picture.columns * scale))
  const rows = Math.max(1, Math.round(picture.rows * scale))
  const samples = shrink(picture.samples, picture.columns, picture.rows, picture.perPixel, columns, rows)
  return { samples, columns, rows, perPixel: picture.perPixel }
}
