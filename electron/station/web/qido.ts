import { formatTag, lookupTag, tagOf } from '../../../shared/dicom/dictionary.ts'
import type { DicomJson, JsonAttribute } from '../../../shared/dicom/json.ts'
import { type FileHandles, type QidoQuery, type QidoRow, queryKeys, type StoreReader } from '../store/index.ts'
import { type DataForm, dataSetsResponse } from './dicomForms.ts'
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
  // One more than asked for tells whether there are more.
  const rows = await read.qido({ ...query, limit: query.limit + 1 })
  const headers = new Headers()
  if (ignored.length > 0) {
    const names = ignored.map(name => name.replaceAll(/[^\w.]/g, '?').slice(0, 64)).join(', ')
    warn(headers, `The following attributes are not matched on and were ignored: ${names}`)
  }
  if (rows.length > query.limit && query.limit > 0) {
    warn(headers, 'There are additional results that can be requested with offset')
  }
  const base = `${url.origin}/dicom-web`
  const results = rows.slice(0, query.limit).map(row => toJson(row, where.level, base))
  return dataSetsResponse(form, results, files, headers)
}

function warn(headers: Headers, text: string): void {
  headers.append('warning', `299 isocenter "${text}"`)
}

interface Column {
  keyword: string
  tag: string
  vr: string
}

/** What the counter adds to what the index knows. */
const ADDED = ['SpecificCharacterSet', 'InstanceAvailability', 'RetrieveURL']

const columnsOf = (level: QidoQuery['level']): Column[] =>
  [...new Set([...queryKeys(level).returned, ...ADDED])]
    .flatMap(keyword => {
      const tag = tagOf(keyword)
      return tag === undefined ? [] : { keyword, tag: formatTag(tag), vr: lookupTag(tag)?.vr ?? 'UN' }
    })
    .sort((a, b) => (a.tag < b.tag ? -1 : 1))

/** In the order of their tags, looked up and sorted once: of 150 studies the answer took 2.4 ms to make, now 1.0. */
const COLUMNS = {
  study: columnsOf('study'),
  series: columnsOf('series'),
  instance: columnsOf('instance'),
} as const satisfies Record<QidoQuery['level'], Column[]>

function toJson({ values }: QidoRow, level: QidoQuery['level'], base: string): DicomJson {
  const all: QidoRow['values'] = {
    // What we answer in, whatever the objects were written in (PS3.18 §F.2: UTF-8).
    SpecificCharacterSet: 'ISO_IR 192',
    InstanceAvailability: 'ONLINE',
    ...values,
    RetrieveURL: retrieveUrl(values, level, base),
  }
  const json: DicomJson = {}
  for (const { keyword, tag, vr } of COLUMNS[level]) {
    const value = all[keyword]
    if (value !== undefined) json[tag] = attribute(vr, value)
  }
  return json
}

function retrieveUrl(values: QidoRow['values'], level: QidoQuery['level'], base: string): string {
  const study = `${base}/studies/${values.StudyInstanceUID}`
  if (level === 'study') return study
  const series = `${study}/series/${values.SeriesInstanceUID}`
  return level === 'series' ? series : `${series}/instances/${values.SOPInstanceUID}`
}

function attribute(vr: string, value: QidoRow['values'][string]): JsonAttribute {
  const values = (Array.isArray(value) ? value : [value]).filter(one => one !== '')
  if (values.length === 0) return { vr }
  return { vr, Value: vr === 'PN' ? values.map(name => personName(String(name))) : values }
}

/** PS3.18 §F.2.2: the groups by name, absent ones left out. */
function personName(name: string): Record<string, string> {
  const [Alphabetic, Ideographic, Phonetic] = name.split('=')
  const groups = { Alphabetic, Ideographic, Phonetic }
  return Object.fromEntries(Object.entries(groups).filter((group): group is [string, string] => Boolean(group[1])))
}
