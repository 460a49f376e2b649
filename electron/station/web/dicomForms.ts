import type { DicomJson } from '../../../shared/dicom/json.ts'
import { toNativeXml } from '../../../shared/dicom/nativeModel.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { FileHandles } from '../store/index.ts'
import { covers, type DicomRange } from './accept.ts'
import { multipartResponse, streamParts } from './bodyParts.ts'

/** How data sets without pixels leave (PS3.18 §8.7.3.2): the JSON model, or documents of the Native DICOM Model. */
export type DataForm = 'json' | 'xml'

/** Characters that leave together: a search has hundreds of short rows. */
const ENOUGH = 64 * 1024
export const JSON_TYPE = 'application/dicom+json'
const XML_TYPE = 'application/dicom+xml'
/** `application/json` is what programs ask for that know JSON and not DICOM's name for it. */
const FORMS: Array<{ form: DataForm; types: string[] }> = [
  { form: 'json', types: [JSON_TYPE, 'application/json'] },
  { form: 'xml', types: [XML_TYPE] },
]

/** What the client wants most of what there is, JSON where it does not mind. Throws 'not-acceptable'. */
export function chooseDataForm(ranges: DicomRange[]): DataForm {
  for (const range of ranges) {
    const found = FORMS.find(({ types }) => types.some(type => covers(range.type, type)))
    if (found) return found.form
  }
  throw new IsocenterError('not-acceptable', `this resource is ${JSON_TYPE} or multipart/related; type="${XML_TYPE}"`)
}

/** Any number of data sets, one after the other: an array, or a part each (PS3.18 §8.7.3.2, §F.2). */
export function dataSetsResponse(
  form: DataForm,
  dataSets: Iterable<DicomJson> | AsyncIterable<DicomJson>,
  files: FileHandles,
  headers = new Headers(),
): Response {
  if (form === 'xml') return xmlParts(dataSets, files, headers)
  async function* json(): AsyncGenerator<Uint8Array> {
    let text = '['
    let before = ''
    for await (const dataSet of dataSets) {
      text += before + JSON.stringify(dataSet)
      before = ',\n'
      if (text.length < ENOUGH) continue
      yield Buffer.from(text)
      text = ''
    }
    yield Buffer.from(`${text}]`)
  }
  headers.set('content-type', JSON_TYPE)
  return new Response(streamParts(json(), files), { headers })
}

function xmlParts(
  dataSets: Iterable<DicomJson> | AsyncIterable<DicomJson>,
  files: FileHandles,
  headers: Headers,
): Response {
  async function* bodies() {
    for await (const dataSet of dataSets) yield { contentType: XML_TYPE, parts: [Buffer.from(toNativeXml(dataSet))] }
  }
  const response = multipartResponse(XML_TYPE, bodies(), files)
  for (const [name, value] of headers) response.headers.set(name, value)
  return response
}

/** One data set: an object, or a document. */
export function dataSetResponse(form: DataForm, dataSet: DicomJson, init: ResponseInit): Response {
  const headers = new Headers(init.headers)
  headers.set('content-type', form === 'json' ? JSON_TYPE : XML_TYPE)
  return new Response(form === 'json' ? JSON.stringify(dataSet) : toNativeXml(dataSet), { ...init, headers })
}
