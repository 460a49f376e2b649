import type { DicomJson } from '../../../shared/dicom/json.ts'
import type { FileHandles, QidoQuery, StoreReader } from '../store/index.ts'
import { type DataForm, dataSetsResponse, JSON_TYPE } from './dicomForms.ts'
import { parseQidoQuery } from './qidoQuery.ts'

/**
 * Answers a QIDO-RS search (PS3.18 §10.6). Nothing found is 200 with an empty array, not 204: the standard allows both, and
 * widespread clients parse whatever body comes with a success.
 */
export async function qido(
  form: DataForm,
  read: Pick<StoreReader, 'qido'>,
  url: URL,
  where: Pick<QidoQuery, 'level' | 'StudyInstanceUID' | 'SeriesInstanceUID'>,
  files: FileHandles,
): Promise<Response> {
  const { query, ignored } = parseQidoQuery(url.searchParams, where)
  const { json, more } = await read.qido(query, `${url.origin}/dicom-web`)
  const headers = new Headers()
  if (ignored.length > 0) {
    const names = ignored.map(name => name.replaceAll(/[^\w.]/g, '?').slice(0, 64)).join(', ')
    warn(headers, `The following attributes are not matched on and were ignored: ${names}`)
  }
  if (more) warn(headers, 'There are additional results that can be requested with offset')
  if (form === 'xml') {
    return dataSetsResponse(form, JSON.parse(new TextDecoder().decode(json)) as DicomJson[], files, headers)
  }
  headers.set('content-type', JSON_TYPE)
  return new Response(json, { headers })
}

function warn(headers: Headers, text: string): void {
  headers.append('warning', `299 isocenter "${text}"`)
}
