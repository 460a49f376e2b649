import { formatTag } from '../../../shared/dicom/dictionary.ts'
import { toDicomJson } from '../../../shared/dicom/json.ts'
import type { DataSet } from '../../../shared/dicom/reader.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { StoredObject } from '../store/index.ts'
import { streamParts } from './bodyParts.ts'
import { pixelSpan, readHeader } from './headerReader.ts'
import { parseFrameList, type RetrieveDeps, retrieveFrames } from './retrieve.ts'

/**
 * WADO-RS metadata (PS3.18 §10.4.1.1.3): the headers of the objects in the DICOM JSON model, streamed one by one, pixels and
 * large values as URIs below `base`. The first one is read before the answer begins, so that its failure has a status.
 */
export async function metadata(
  objects: [StoredObject, ...StoredObject[]],
  base: string,
  deps: RetrieveDeps,
): Promise<Response> {
  const [first, ...rest] = objects
  const firstJson = await instanceJson(first, base, deps)
  async function* json(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`[${firstJson}`)
    for (const object of rest) yield Buffer.from(`,\n${await instanceJson(object, base, deps)}`)
    yield Buffer.from(']')
  }
  return new Response(streamParts(json(), deps.files), { headers: { 'content-type': 'application/dicom+json' } })
}

async function instanceJson(object: StoredObject, base: string, { reader }: RetrieveDeps): Promise<string> {
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
  return JSON.stringify(json)
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
    return retrieveFrames(request, object, all, deps)
  }
  const value = valueAt(header, steps)
  if (!value) throw new IsocenterError('not-found', 'no such element')
  if (transferSyntax(object.TransferSyntaxUID).bigEndian) {
    throw new IsocenterError('not-acceptable', 'values of a big endian object are not sent alone')
  }
  return new Response(new Uint8Array(value), { headers: { 'content-type': 'application/octet-stream' } })
}

function valueAt(dataSet: DataSet, steps: string[]): Uint8Array | undefined {
  const [tag = '', item, ...rest] = steps
  const key = Number.parseInt(tag, 16)
  if (item === undefined) return dataSet.bytes(key)
  const inner = dataSet.items(key)[Number(item) - 1]
  return inner && valueAt(inner, rest)
}
