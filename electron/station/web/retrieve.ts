import { IsocenterError } from '../../../shared/errors.ts'
import type { FileHandles, FrameLocation, StoredObject, StoreReader } from '../store/index.ts'
import { dicomRange, parseAccept } from './accept.ts'
import { lengthOf, type MultipartPart, multipartResponse, type Part, streamParts } from './bodyParts.ts'
import { parseRange } from './byteRange.ts'
import { rangeFor } from './entityTag.ts'
import type { FrameReader } from './frameReader.ts'
import { cutParts, objectParts, receivedFile } from './objectParts.ts'
import { chooseFrameForm, chooseObjectForm } from './retrieveForm.ts'

export interface RetrieveDeps {
  read: Pick<StoreReader, 'locate' | 'locateFrames'>
  files: FileHandles
  reader: FrameReader
}

const DICOM = 'application/dicom'
/** A cine of hours has fewer; a longer list is not a list a client wrote. */
const MOST_FRAMES = 20_000

/** `?accept=` stands for the header where a client can't set one (PS3.18 §8.3.3.1). */
export function acceptOf(request: Request) {
  const header = new URL(request.url).searchParams.get('accept') ?? request.headers.get('accept')
  return parseAccept(header)
    .map(dicomRange)
    .filter(range => range !== undefined)
}

/** WADO-RS: whole objects (PS3.18 §10.4). Throws 'not-acceptable' rather than send what was not asked for. */
export async function retrieveObjects(
  request: Request,
  objects: StoredObject[],
  base: string,
  { files, reader }: RetrieveDeps,
  tag: string,
): Promise<Response> {
  const stored = objects.map(object => object.TransferSyntaxUID)
  const form = chooseObjectForm(acceptOf(request), stored)
  if (!form) throw notAcceptable(stored)
  if (form.multipart) {
    const partOf = (object: StoredObject, parts: Part[]): MultipartPart => {
      const uids = `studies/${object.StudyInstanceUID}/series/${object.SeriesInstanceUID}/instances/${object.SOPInstanceUID}`
      return { contentType: dicomType(object), location: `${base}/${uids}`, parts }
    }
    if (objects.every(({ overlay }) => !overlay)) {
      const received = objects.map(object => partOf(object, [receivedFile(object)]))
      return multipartResponse(DICOM, received, files)
    }
    // How long a header becomes is known when it is made.
    async function* bodies(): AsyncGenerator<MultipartPart> {
      for (const object of objects) yield partOf(object, await objectParts(object, reader))
    }
    return multipartResponse(DICOM, bodies(), files)
  }
  const [object] = objects as [StoredObject]
  return oneBody(rangeFor(request, tag), await objectParts(object, reader), dicomType(object), files)
}

function notAcceptable(stored: string[]): IsocenterError {
  const syntaxes = [...new Set(stored)].join(', ')
  return new IsocenterError('not-acceptable', `stored as ${syntaxes}; transfer-syntax=* takes it as it is`)
}

function dicomType({ TransferSyntaxUID }: StoredObject): string {
  return `${DICOM}; transfer-syntax=${TransferSyntaxUID}`
}

/** One range is enough for whoever resumes; several are answered with the whole (RFC 9110 §14.2 allows it). */
export function oneBody(rangeHeader: string | null, parts: Part[], type: string, files: FileHandles): Response {
  const length = lengthOf(parts)
  const headers = new Headers({ 'content-type': type, 'accept-ranges': 'bytes' })
  const range = parseRange(rangeHeader, length)
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${length}`)
    return new Response(null, { status: 416, headers })
  }
  const { first, last } = range ?? { first: 0, last: length - 1 }
  headers.set('content-length', String(last - first + 1))
  if (range) headers.set('content-range', `bytes ${first}-${last}/${length}`)
  return new Response(streamParts(cutParts(parts, first, last), files), { status: range ? 206 : 200, headers })
}

/** `1,3,2`: frame numbers from 1. Throws 'bad-request'. */
export function parseFrameList(list: string): number[] {
  const frames = decodeURIComponent(list).split(',').map(Number)
  if (frames.length > MOST_FRAMES || !frames.every(frame => Number.isSafeInteger(frame) && frame > 0)) {
    throw new IsocenterError('bad-request', 'the frames must be numbers from 1, separated by commas')
  }
  return frames
}

/** WADO-RS: frames of one object, in the order asked (PS3.18 §10.4.1.1.6). */
export async function retrieveFrames(
  request: Request,
  object: StoredObject,
  frames: number[],
  { read, files, reader }: RetrieveDeps,
  tag: string,
): Promise<Response> {
  const form = chooseFrameForm(acceptOf(request), object.TransferSyntaxUID, frames.length)
  if (!form) throw notAcceptable([object.TransferSyntaxUID])
  const locations = await read.locateFrames(frames.map(frame => [object.contentId, frame]))
  const found = locations.filter(location => location !== null)
  if (found.length < frames.length) throw new IsocenterError('not-found', 'the object has no such frame')
  if (!form.multipart) {
    const frame = await reader.frame(found[0] as FrameLocation)
    return oneBody(rangeFor(request, tag), [frame], form.contentType, files)
  }
  async function* bodies(): AsyncGenerator<MultipartPart> {
    for (const location of found) yield { contentType: form!.contentType, parts: [await reader.frame(location)] }
  }
  return multipartResponse(form.type, bodies(), files)
}
