import { isStorableUID, normaliseUID } from '../../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../../shared/errors.ts'
import type { ListedStudy } from '../../../../shared/pull.ts'
import type { Route } from '../../../../shared/sync.ts'
import { isBoundary, MultipartReader } from '../../base/multipart.ts'
import { type WebAnswer, WebClient } from '../../wire/webClient.ts'
import { accessOf } from '../access.ts'
import { jsonOf } from '../looks.ts'
import { httpWords } from '../stowAnswer.ts'
import { OrthancFeed } from './orthancFeed.ts'
import type { PullSource, StudyWish } from './source.ts'

/** 200 rows are parsed in some ms; the loop has others to serve. */
const PAGE = 200
const LONGEST_PAGE = 32 * 2 ** 20
/** An archive of a million studies. */
const MOST_PAGES = 5000
const WHOLE = 'multipart/related; type="application/dicom"; transfer-syntax=*'
const STUDY_FIELDS = ['00081030', '00080061', '00080090', '00100021', '00201206', '00201208']
/** An answer that says this of one object or series says nothing of the others. */
const NOT_GIVEN = new Set([400, 404, 406, 409, 410, 500])

/** DICOM JSON (PS3.18 §F), of which nothing is sure. */
type Row = Record<string, { Value?: unknown[] } | undefined>

/** An archive by QIDO-RS and WADO-RS, and its own list of changes where it is Orthanc. */
export function createWebSource(route: Extract<Route, { kind: 'dicomweb' }>): PullSource {
  const access = accessOf(route)
  const client = new WebClient({ url: route.url, ...access })
  const orthanc = route.orthanc ? new WebClient({ url: route.orthanc, ...access }) : undefined

  async function page(path: string, below: boolean, signal: AbortSignal): Promise<Row[]> {
    const answer = await client.request({ method: 'GET', path, accept: 'application/dicom+json', signal })
    const text = (await answer.bytes(LONGEST_PAGE)).toString('utf8')
    // Of a study that has gone; said of all studies it is the address that is wrong.
    if (answer.status === 204 || (answer.status === 404 && below)) return []
    if (answer.status !== 200) throw new IsocenterError('peer-failed', httpWords(answer.status))
    const rows = text.trim() === '' ? [] : jsonOf(text)
    if (!Array.isArray(rows)) throw new IsocenterError('peer-failed', 'its answer is no list')
    return rows.filter((row): row is Row => typeof row === 'object' && row !== null)
  }

  /** A page at a time, `key` once; some archives know no pages and give the same again. */
  async function* pages(
    path: string,
    key: string,
    below: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<Array<[string, Row]>> {
    const found = new Set<string>()
    for (let number = 0; number < MOST_PAGES; number += 1) {
      const rows = await page(
        `${path}${path.includes('?') ? '&' : '?'}limit=${PAGE}&offset=${number * PAGE}`,
        below,
        signal,
      )
      const fresh = new Map<string, Row>()
      for (const row of rows) {
        const uid = normaliseUID(textOf(row, key))
        if (isStorableUID(uid) && !found.has(uid)) fresh.set(uid, row)
      }
      for (const uid of fresh.keys()) found.add(uid)
      if (fresh.size > 0) yield [...fresh]
      if (rows.length < PAGE || fresh.size === 0) return
    }
  }

  /** Of a study or series. */
  async function all(path: string, key: string, signal: AbortSignal): Promise<Array<[string, Row]>> {
    const found: Array<[string, Row]> = []
    for await (const page of pages(path, key, true, signal)) found.push(...page)
    return found
  }

  return {
    address: client.address,
    door: 'dicomweb',
    feed: orthanc && new OrthancFeed(orthanc),
    async *studies(wish, signal) {
      for await (const page of pages(`/studies?${queryOf(wish)}`, '0020000D', false, signal)) {
        yield page.map(([uid, row]) => studyOf(uid, row))
      }
    },
    async series(study, signal) {
      const found = await all(
        `/studies/${study}/series?includefield=00180015&includefield=00201209`,
        '0020000E',
        signal,
      )
      return found.map(([SeriesInstanceUID, row]) => ({
        SeriesInstanceUID,
        BodyPartExamined: textOf(row, '00180015'),
        NumberOfSeriesRelatedInstances: numberOf(row, '00201209'),
      }))
    },
    async instances(study, series, signal) {
      const found = await all(`/studies/${study}/series/${series}/instances`, '00080018', signal)
      return found.map(([uid]) => uid)
    },
    async *objects({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, signal) {
      const series = `/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}`
      const path = SOPInstanceUID ? `${series}/instances/${SOPInstanceUID}` : series
      const answer = await client.request({ method: 'GET', path, accept: WHOLE, signal })
      if (answer.status !== 200) {
        answer.discard()
        if (NOT_GIVEN.has(answer.status)) return
        throw new IsocenterError('peer-failed', httpWords(answer.status))
      }
      yield* partsOf(answer)
    },
    close() {
      client.close()
      orthanc?.close()
    },
  }
}

function queryOf({ StudyInstanceUID, PatientID, since }: StudyWish): string {
  return [
    ...(StudyInstanceUID ? [`StudyInstanceUID=${StudyInstanceUID}`] : []),
    ...(PatientID ? [`PatientID=${encodeURIComponent(PatientID)}`] : []),
    ...(since ? [`StudyDate=${since}-`] : []),
    ...STUDY_FIELDS.map(tag => `includefield=${tag}`),
  ].join('&')
}

function studyOf(StudyInstanceUID: string, row: Row): ListedStudy {
  return {
    StudyInstanceUID,
    PatientID: textOf(row, '00100020'),
    IssuerOfPatientID: textOf(row, '00100021'),
    StudyDate: textOf(row, '00080020'),
    StudyDescription: textOf(row, '00081030'),
    ReferringPhysicianName: textOf(row, '00080090'),
    ModalitiesInStudy: textsOf(row, '00080061'),
    BodyPartExamined: [],
    NumberOfStudyRelatedSeries: numberOf(row, '00201206'),
    NumberOfStudyRelatedInstances: numberOf(row, '00201208'),
  }
}

/** All groups of a name. */
function textsOf(row: Row, tag: string): string[] {
  const values = row[tag]?.Value
  if (!Array.isArray(values)) return []
  return values.flatMap(value => {
    if (typeof value === 'string') return [value.trim()]
    if (typeof value === 'number') return [String(value)]
    return typeof value === 'object' && value !== null ? [Object.values(value).map(String).join('=')] : []
  })
}

const textOf = (row: Row, tag: string) => textsOf(row, tag)[0] ?? ''

function numberOf(row: Row, tag: string): number {
  const number = Number(textOf(row, tag))
  return Number.isSafeInteger(number) && number >= 0 ? number : 0
}

/** Each part's body; or the answer's, for servers that send one object bare. */
async function* partsOf(answer: WebAnswer): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const type = answer.header('content-type')
  try {
    if (!/^multipart\//i.test(type)) {
      yield answer.chunks()
      return
    }
    const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1] ?? ''
    if (!isBoundary(boundary)) throw new IsocenterError('peer-failed', 'an answer of several parts without a boundary')
    const reader = new MultipartReader(answer.chunks(), boundary)
    for (let part = await reader.next(); part; part = await reader.next()) yield part.body
  } finally {
    answer.discard()
  }
}
