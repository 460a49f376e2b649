import { IsocenterError } from '../../../shared/errors.ts'
import type { FileHandles, StoredObject, StoreReader } from '../store/index.ts'
import type { RenderOptions } from '../work/index.ts'
import { covers, type DicomRange } from './accept.ts'
import { type MultipartPart, multipartResponse } from './bodyParts.ts'
import type { WorkPort } from './ports.ts'

export interface RenderDeps {
  read: Pick<StoreReader, 'locateFrames'>
  work: Pick<WorkPort, 'render'>
  files: FileHandles
}

/** A wall of displays is not wider; a picture of it takes 200 MB while it is made. */
const LARGEST_SIDE = 4096
/** Pictures in one answer. */
const MOST_PICTURES = 2000
const DEFAULT_QUALITY = 90
const THUMBNAIL_SIZE = 128
/** PS3.18 table 8.7.4-1: JPEG is the default. */
const TYPES = [
  { type: 'image/jpeg', format: 'jpeg' },
  { type: 'image/png', format: 'png' },
] as const
const VOI = { 'linear': 'LINEAR', 'linear-exact': 'LINEAR_EXACT', 'sigmoid': 'SIGMOID' } as const
const NOT_APPLIED = ['annotation', 'iccprofile']

interface RenderForm {
  type: string
  format: 'png' | 'jpeg'
  multipart: boolean
}

/** JPEG or PNG, alone or in parts; who takes anything gets one picture. Throws 'not-acceptable'. */
export function chooseRenderForm(ranges: DicomRange[]): RenderForm {
  for (const range of ranges) {
    const found = TYPES.find(({ type }) => covers(range.type, type))
    // `dicomRange` makes parts of "anything"; one picture is what a page's <img> can show.
    if (found) return { ...found, multipart: range.multipart && range.type !== '*/*' }
  }
  throw new IsocenterError('not-acceptable', 'pictures are image/jpeg or image/png')
}

/** The parameters of PS3.18 §8.3.5.1. Throws 'bad-request' for what they do not allow. */
function parseRenderOptions(
  parameters: URLSearchParams,
  format: 'png' | 'jpeg',
): { options: RenderOptions; notApplied: string[] } {
  const quality = parameters.get('quality') ?? String(DEFAULT_QUALITY)
  if (!/^([1-9]\d?|100)$/.test(quality)) throw new IsocenterError('bad-request', 'quality is a number from 1 to 100')
  const options: RenderOptions = {
    format,
    quality: Number(quality),
    ...windowOf(parameters.get('window')),
    ...viewportOf(parameters.get('viewport')),
  }
  return { options, notApplied: NOT_APPLIED.filter(name => parameters.has(name)) }
}

function windowOf(text: string | null): Pick<RenderOptions, 'window'> {
  if (!text) return {}
  const [center, width, name = 'linear', ...more] = text.split(',').map(part => part.trim())
  const window = { center: decimal(center), width: decimal(width) }
  const known = Object.hasOwn(VOI, name.toLowerCase())
  if (more.length > 0 || !known || Number.isNaN(window.center) || !(window.width > 0)) {
    throw new IsocenterError('bad-request', 'window is center,width,linear | linear-exact | sigmoid')
  }
  return { window: { ...window, voi: VOI[name.toLowerCase() as keyof typeof VOI] } }
}

function viewportOf(text: string | null): Pick<RenderOptions, 'viewport' | 'region'> {
  if (!text) return {}
  const numbers = text.split(',').map(decimal)
  const [width = Number.NaN, height = Number.NaN, left = 0, top = 0, across, down] = numbers
  const sizes = [width, height, ...(numbers.length > 2 ? [across ?? Number.NaN, down ?? Number.NaN] : [])]
  const isSize = (size: number) => size >= 1 && size <= 1e5
  const isPlace = (place: number) => place >= 0 && place <= 1e5
  const fits = width <= LARGEST_SIDE && height <= LARGEST_SIDE
  if (
    (numbers.length !== 2 && numbers.length !== 6) ||
    !sizes.every(isSize) ||
    !isPlace(left) ||
    !isPlace(top) ||
    !fits
  ) {
    throw new IsocenterError(
      'bad-request',
      `viewport is width,height[,x,y,width,height], at most ${LARGEST_SIDE} a side`,
    )
  }
  const viewport = { width: Math.round(width), height: Math.round(height) }
  if (across === undefined || down === undefined) return { viewport }
  const region = { left: Math.floor(left), top: Math.floor(top), width: Math.round(across), height: Math.round(down) }
  return { viewport, region }
}

/** NaN for what is no plain decimal number of a sensible size. */
function decimal(text: string | undefined): number {
  return text !== undefined && /^[+-]?\d{1,12}(\.\d{0,12})?(e[+-]?\d{1,2})?$/i.test(text.trim())
    ? Number(text)
    : Number.NaN
}

/**
 * `rendered` of a study, series, instance (PS3.18 §10.4.1.1.3): one picture, of the first object, or in parts every frame of every
 * image; of frames those that were asked for. What has no picture is left out of the parts. Throws 'not-acceptable', 'bad-request',
 * 'not-found', 'unsupported-pixels', 'too-large', 'busy'.
 */
export async function rendered(
  request: Request,
  form: RenderForm,
  objects: [StoredObject, ...StoredObject[]],
  frames: number[] | undefined,
  { read, work, files }: RenderDeps,
): Promise<Response> {
  const { options, notApplied } = parseRenderOptions(new URL(request.url).searchParams, form.format)
  const headers = new Headers()
  if (notApplied.length > 0) headers.set('warning', `299 isocenter "Not applied: ${notApplied.join(', ')}"`)
  if (!form.multipart) {
    if (frames && frames.length > 1)
      throw new IsocenterError('not-acceptable', 'several frames come as multipart/related')
    headers.set('content-type', form.type)
    return new Response(await work.render(objects[0].contentId, frames?.[0], options), { headers })
  }
  const wanted = await everyFrame(objects, frames, read)
  // The first before the answer begins: its failure has a status.
  const [first, ...rest] = wanted
  if (!first) throw new IsocenterError('not-found', 'nothing in it has a picture')
  const firstPart = { contentType: form.type, parts: [await work.render(...first, options)] }
  async function* bodies(): AsyncGenerator<MultipartPart> {
    yield firstPart
    for (const one of rest) yield { contentType: form.type, parts: [await work.render(...one, options)] }
  }
  const response = multipartResponse(form.type, bodies(), files)
  for (const [name, value] of headers) response.headers.set(name, value)
  return response
}

async function everyFrame(
  objects: StoredObject[],
  frames: number[] | undefined,
  read: Pick<StoreReader, 'locateFrames'>,
): Promise<Array<[contentId: number, frame: number]>> {
  const shown = objects.filter(object => !object.unshowable)
  const tooMany = () => new IsocenterError('too-large', `more than ${MOST_PICTURES} pictures`)
  if (shown.length > MOST_PICTURES) throw tooMany()
  const firsts = await read.locateFrames(shown.map(({ contentId }) => [contentId, 1]))
  const all: Array<[number, number]> = []
  for (const [index, { contentId }] of shown.entries()) {
    const count = firsts[index]?.NumberOfFrames ?? 0
    const wanted = frames ?? Array.from({ length: Math.min(count, MOST_PICTURES + 1) }, (_, i) => i + 1)
    if (wanted.some(frame => frame > count)) throw new IsocenterError('not-found', 'the object has no such frame')
    for (const frame of wanted) all.push([contentId, frame])
    if (all.length > MOST_PICTURES) throw tooMany()
  }
  return all
}

/** A small picture as JPEG or, of one frame, as either. */
export async function renderedThumbnail(
  format: 'png' | 'jpeg',
  contentId: number,
  frame: number | undefined,
  work: Pick<WorkPort, 'render'>,
): Promise<Response> {
  const viewport = { width: THUMBNAIL_SIZE, height: THUMBNAIL_SIZE }
  const picture = await work.render(contentId, frame, { format, quality: DEFAULT_QUALITY, viewport })
  return new Response(picture, { headers: { 'content-type': `image/${format}` } })
}
