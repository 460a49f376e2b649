import { TS } from '../../../shared/dicom/uids.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { FileHandles, FrameLocation, StoredObject, StoreReader } from '../store/index.ts'
import { dicomRange, parseAccept } from './accept.ts'
import { lengthOf, type MultipartPart, multipartResponse, type Part, streamParts } from './bodyParts.ts'
import { parseRange } from './byteRange.ts'
import { rangeFor } from './entityTag.ts'
import type { FrameReader } from './frameReader.ts'
import { cutParts, objectParts, receivedFile } from './objectParts.ts'
import { oneAhead, withFirst } from './oneAhead.ts'
import type { WorkPort } from './ports.ts'
import { type FrameForm, frameForms, type ObjectForm, objectForms } from './retrieveForm.ts'
import { asNotAcceptable, type Outgoing, uncompressed } from './uncompressed.ts'

export interface RetrieveDeps {
  read: Pick<StoreReader, 'locate' | 'locateFrames'>
  files: FileHandles
  reader: FrameReader
  work: Pick<WorkPort, 'transcode' | 'nativeFrame'>
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
  objects: [StoredObject, ...StoredObject[]],
  base: string,
  deps: RetrieveDeps,
  tag: string,
  sent: (object: StoredObject) => void,
): Promise<Response> {
  const stored = objects.map(object => object.TransferSyntaxUID)
  return firstPossible(objectForms(acceptOf(request), stored), stored, form =>
    sendObjects(form, request, objects, base, deps, tag, sent),
  )
}

async function sendObjects(
  form: ObjectForm,
  request: Request,
  objects: [StoredObject, ...StoredObject[]],
  base: string,
  deps: RetrieveDeps,
  tag: string,
  sent: (object: StoredObject) => void,
): Promise<Response> {
  const { files, reader } = deps
  const isHead = request.method === 'HEAD'
  const partOf = (object: StoredObject, parts: Part[], syntax = object.TransferSyntaxUID): MultipartPart => {
    const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = object
    const location = `${base}/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}`
    if (!isHead) sent(object)
    return { contentType: `${DICOM}; transfer-syntax=${syntax}`, location, parts }
  }
  const asStored = async (object: StoredObject) => partOf(object, await objectParts(object, reader))
  if (form.asStored && form.multipart) {
    if (objects.every(({ overlay }) => !overlay)) {
      const received = objects.map(object => partOf(object, [receivedFile(object)]))
      return multipartResponse(DICOM, received, files)
    }
    // How long a header becomes is known when it is made.
    async function* bodies(): AsyncGenerator<MultipartPart> {
      for (const object of objects) yield await asStored(object)
    }
    return multipartResponse(DICOM, bodies(), files)
  }
  if (form.asStored) {
    const { parts, contentType } = await asStored(objects[0])
    return oneBody(rangeFor(request, tag), parts, contentType, files)
  }
  // Nothing is decoded for who only asks whether it is there.
  if (isHead) return headOf(form.multipart, DICOM)
  const outgoing = async (object: StoredObject): Promise<OutgoingPart> => {
    if (object.TransferSyntaxUID === TS.ExplicitVRLittleEndian) {
      return { ...(await asStored(object)), done: async () => {} }
    }
    const { parts, done } = await uncompressed(object, deps)
    return { ...partOf(object, parts, TS.ExplicitVRLittleEndian), done }
  }
  if (form.multipart) return inParts(DICOM, objects, outgoing, files)
  const { parts, contentType, done } = await outgoing(objects[0])
  // Without ranges: for each of them it would be decoded anew.
  const headers = { 'content-type': contentType, 'content-length': String(lengthOf(parts)) }
  return new Response(streamParts(parts, files, done), { headers })
}

/** The answer in the form that is wanted most; where that cannot be made, as stored for who takes it so, too. */
async function firstPossible<Form extends { asStored: boolean }>(
  forms: Form[],
  stored: string[],
  answer: (form: Form) => Promise<Response>,
): Promise<Response> {
  const [wanted] = forms
  if (!wanted) throw notAcceptable(stored)
  return answer(wanted).catch((error: unknown) => {
    const asStored = forms.find(form => form.asStored)
    const { code } = toIsocenterError(error)
    if (wanted.asStored || !asStored || (code !== 'not-acceptable' && code !== 'malformed')) throw error
    return answer(asStored)
  })
}

type OutgoingPart = MultipartPart & Outgoing

/** A part for each item, made while the one before is sent; the first before the answer begins, so that its failure has a status. */
async function inParts<Item>(
  type: string,
  items: Item[],
  make: (item: Item) => Promise<OutgoingPart>,
  files: FileHandles,
): Promise<Response> {
  const made = oneAhead(items, make, ({ done }) => done())
  const first = await made.next()
  if (first.done) throw new IsocenterError('not-found')
  return multipartResponse(type, withFirst(first.value, made), files, () => made.return())
}

function headOf(multipart: boolean, type: string): Response {
  return new Response(null, { headers: { 'content-type': multipart ? `multipart/related; type="${type}"` : type } })
}

function notAcceptable(stored: string[]): IsocenterError {
  const syntaxes = [...new Set(stored)].join(', ')
  return new IsocenterError('not-acceptable', `stored as ${syntaxes}; transfer-syntax=* takes it as it is`)
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
  deps: RetrieveDeps,
  tag: string,
): Promise<Response> {
  const { TransferSyntaxUID } = object
  const forms = frameForms(acceptOf(request), TransferSyntaxUID, frames.length)
  return firstPossible(forms, [TransferSyntaxUID], form => sendFrames(form, request, object, frames, deps, tag))
}

async function sendFrames(
  form: FrameForm,
  request: Request,
  object: StoredObject,
  frames: number[],
  { read, files, reader, work }: RetrieveDeps,
  tag: string,
): Promise<Response> {
  const locations = await read.locateFrames(frames.map(frame => [object.contentId, frame]))
  if (locations.includes(null)) throw new IsocenterError('not-found', 'the object has no such frame')
  // Nothing is decoded for who only asks whether it is there.
  if (!form.asStored && request.method === 'HEAD') return headOf(form.multipart, form.type)
  const bytesOf = (index: number): Promise<Uint8Array> =>
    form.asStored
      ? reader.frame(locations[index] as FrameLocation)
      : work.nativeFrame(object.contentId, frames[index] as number).catch(asNotAcceptable)
  if (!form.multipart) return oneBody(rangeFor(request, tag), [await bytesOf(0)], form.contentType, files)
  const part = async (index: number): Promise<OutgoingPart> => ({
    contentType: form.contentType,
    parts: [await bytesOf(index)],
    done: async () => {},
  })
  return inParts(form.type, [...frames.keys()], part, files)
}
