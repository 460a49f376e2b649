import { formatTag } from '../../../shared/dicom/dictionary.ts'
import { type DicomJson, toDicomJson } from '../../../shared/dicom/json.ts'
import type { DataSet } from '../../../shared/dicom/reader.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { StoredObject } from '../store/index.ts'
import { covers } from './accept.ts'
import { multipartResponse } from './bodyParts.ts'
import { type DataForm, dataSetsResponse } from './dicomForms.ts'
import { rangeFor } from './entityTag.ts'
import { pixelSpan, readHeader } from './headerReader.ts'
import { acceptOf, oneBody, parseFrameList, type RetrieveDeps, retrieveFrames } from './retrieve.ts'

const OCTETS = 'application/octet-stream'

/**
 * WADO-RS metadata (PS3.18 §10.4.1.1.3): the headers of the objects, streamed one by one, pixels and large values as URIs below
 * `base`. The first one is read before the answer begins, so that its failure has a status.
 */
export async function metadata(
  form: DataForm,
  objects: [StoredObject, ...StoredObject[]],
  base: string,
  deps: RetrieveDeps,
): Promise<Response> {
  const [first, ...rest] = objects
  const firstJson = await instanceJson(first, base, deps)
  async function* all(): AsyncGenerator<DicomJson> {
    yield firstJson
    for (const object of rest) yield await instanceJson(object, base, deps)
  }
  return dataSetsResponse(form, all(), deps.files)
}

async function instanceJson(object: StoredObject, base: string, { reader }: RetrieveDeps): Promise<DicomJson> {
  const dataSet = await readHeader(object, reader)
  const instance = `${base}/studies/${object.StudyInstanceUID}/series/${object.SeriesInstanceUID}/instances/${object.SOPInstanceUID}`
  const bulkDataURI = (path: string) => `${instance}/bulkdata/${path}`
  const json = toDicomJson(dataSet, { bulkDataURI })
  const pixels = pixelSpan(dataSet)
  if (pixels) {
    const tag = formatTag(pixels.tag)
    // OW is what implicit pixel data is (PS3.5 §A.1).
    json[tag] = { vr: pixels.vr || 'OW', BulkDataURI: bulkDataURI(tag) }
  }
  json['00083002'] = { vr: 'UI', Value: [object.TransferSyntaxUID] }
  return json
}

/**
 * The value of one element, found by the path its BulkDataURI carries: `TTTTTTTT`, or through items, numbered from 1, `TTTTTTTT/1/TTTTTTTT`.
 * Pixels come as the object's frames. Throws 'not-found', 'bad-request', 'not-acceptable'.
 */
export async function bulkData(
  request: Request,
  object: StoredObject,
  path: string,
  deps: RetrieveDeps,
  tag: string,
): Promise<Response> {
  const steps = path.split('/')
  if (steps.length > 65 || !steps.every((step, i) => (i % 2 ? /^\d{1,6}$/ : /^[0-9A-F]{8}$/i).test(step))) {
    throw new IsocenterError('bad-request', 'not the path of an element')
  }
  const header = await readHeader(object, deps.reader)
  const pixels = pixelSpan(header)
  if (pixels && steps[0]?.toUpperCase() === formatTag(pixels.tag)) {
    const frames = Math.max(1, header.number('NumberOfFrames') ?? 1)
    const all = parseFrameList(Array.from({ length: frames }, (_, i) => i + 1).join(','))
    return retrieveFrames(request, object, all, deps, tag)
  }
  const value = valueAt(header, steps)
  if (!value) throw new IsocenterError('not-found', 'no such element')
  if (transferSyntax(object.TransferSyntaxUID).bigEndian) {
    throw new IsocenterError('not-acceptable', 'values of a big endian object are not sent alone')
  }
  return bulkResponse(request, value, deps, tag)
}

/** Alone, or as the only part for whoever asks for parts (PS3.18 §8.7.3.3.2). Throws 'not-acceptable'. */
function bulkResponse(request: Request, value: Uint8Array, { files }: RetrieveDeps, tag: string): Response {
  const range = acceptOf(request).find(one => covers(one.type, OCTETS))
  if (!range) throw new IsocenterError('not-acceptable', `this value is ${OCTETS}`)
  if (range.multipart && range.type !== '*/*') {
    return multipartResponse(OCTETS, [{ contentType: OCTETS, parts: [value] }], files)
  }
  return oneBody(rangeFor(request, tag), [value], OCTETS, files)
}

function valueAt(dataSet: DataSet, steps: string[]): Uint8Array | undefined {
  const [tag = '', item, ...rest] = steps
  const key = Number.parseInt(tag, 16)
  if (item === undefined) return dataSet.bytes(key)
  const inner = dataSet.items(key)[Number(item) - 1]
  return inner && valueAt(inner, rest)
}
