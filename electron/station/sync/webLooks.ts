import { normaliseUID } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Proof } from '../../../shared/sync.ts'
import { isBoundary, MultipartReader } from '../base/multipart.ts'
import type { FileHandles, OutboxItem } from '../store/index.ts'
import type { WebAnswer, WebClient } from '../wire/webClient.ts'
import type { Fetchable, Look } from './carrier.ts'
import { compareFetched, jsonOf, type Looks, lookAtEach, type Sight, takePart10, toUnknown } from './looks.ts'
import { httpWords } from './stowAnswer.ts'

/** Instances of a page: 1,000 rows have 1 MB. */
const PAGE = 1000
const LONGEST_PAGE = 32 * 2 ** 20
/** A series of the largest scanners has some ten thousand images. */
const MOST_PAGES = 100
const WHOLE = 'multipart/related; type="application/dicom"; transfer-syntax=*'

/** What an archive holds, by DICOMweb alone: QIDO-RS says that it is there, what WADO-RS gives says whether it is equal. */
export class WebLooks implements Looks {
  readonly #client: WebClient
  readonly #files: Pick<FileHandles, 'read'>

  constructor(client: WebClient, files: Pick<FileHandles, 'read'>) {
    this.#client = client
    this.#files = files
  }

  async look(items: OutboxItem[], wanted: Proof, signal: AbortSignal): Promise<Look[]> {
    if (wanted === 'equal') return lookAtEach(items, item => this.#compare(item, signal), signal)
    const series = Map.groupBy(items, item => seriesPath(item))
    const seen = new Map<string, Set<string> | Sight>()
    for (const [path, all] of series) {
      const [only] = all.length === 1 ? all : []
      seen.set(path, await this.#instances(path, only?.SOPInstanceUID, signal).catch(toUnknown))
    }
    return items.map(item => {
      const { contentId, SOPInstanceUID } = item
      const found = seen.get(seriesPath(item))
      if (!(found instanceof Set)) return { contentId, ...(found ?? toUnknown('not asked')) }
      return found.has(SOPInstanceUID)
        ? { contentId, kind: 'there', proof: 'present', reason: '' }
        : { contentId, kind: 'absent', reason: '' }
    })
  }

  /** DICOMweb has no way that archives agree on. */
  async remove(): Promise<boolean> {
    return false
  }

  /** The SOP Instance UIDs of a series; of many archives a page at a time, others give all at once. */
  async #instances(path: string, only: string | undefined, signal: AbortSignal): Promise<Set<string>> {
    const found = new Set<string>()
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const which = only ? `SOPInstanceUID=${only}` : `limit=${PAGE}&offset=${page * PAGE}`
      const answer = await this.#client.request({
        ...{ method: 'GET' as const, path: `${path}/instances?${which}`, signal },
        accept: 'application/dicom+json',
      })
      const uids = await this.#uidsOf(answer, signal)
      const before = found.size
      for (const uid of uids) found.add(uid)
      // Who knows no pages gives the same again.
      if (only || uids.length < PAGE || found.size === before) break
    }
    return found
  }

  async #uidsOf(answer: WebAnswer, signal: AbortSignal): Promise<string[]> {
    const { status } = answer
    const text = (await answer.bytes(LONGEST_PAGE)).toString('utf8')
    if (status === 204) return []
    if (status === 404) {
      await this.#requireService(signal)
      return []
    }
    if (status !== 200) throw new IsocenterError('peer-failed', httpWords(status))
    const rows = text.trim() === '' ? [] : jsonOf(text)
    if (!Array.isArray(rows)) throw new IsocenterError('peer-failed', 'its answer is no list of instances')
    return rows.flatMap((row: Record<string, { Value?: unknown[] } | undefined> | null) => {
      const uid = row?.['00080018']?.Value?.[0]
      return typeof uid === 'string' ? [normaliseUID(uid)] : []
    })
  }

  async #compare(item: OutboxItem, signal: AbortSignal): Promise<Sight> {
    let status = 0
    const fetch = async (collect: boolean) => {
      const path = `${seriesPath(item)}/instances/${item.SOPInstanceUID}`
      const answer = await this.#client.request({ method: 'GET', path, accept: WHOLE, signal })
      status = answer.status
      if (status === 200) return takePart10(partOf(answer), collect)
      answer.discard()
      throw new IsocenterError('peer-failed', httpWords(status))
    }
    try {
      return await compareFetched(item, this.#files, fetch)
    } catch (thrown) {
      if (status !== 404 && status !== 410) throw thrown
      await this.#requireService(signal)
      return { kind: 'absent', reason: '' }
    }
  }

  /** A proxy or a wrong address answers 404 to everything: that says nothing about an object. */
  async #requireService(signal: AbortSignal): Promise<void> {
    const answer = await this.#client.request({
      ...{ method: 'GET' as const, path: '/studies?limit=1', signal },
      accept: 'application/dicom+json',
    })
    answer.discard()
    if (answer.status !== 200 && answer.status !== 204)
      throw new IsocenterError('peer-failed', httpWords(answer.status))
  }
}

/** An object's Part-10 file, in the form in which it is kept there. */
export async function* fetchInstance(
  client: WebClient,
  object: Fetchable,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const path = `${seriesPath(object)}/instances/${object.SOPInstanceUID}`
  const answer = await client.request({ method: 'GET', path, accept: WHOLE, signal })
  if (answer.status !== 200) {
    answer.discard()
    throw new IsocenterError('peer-failed', httpWords(answer.status))
  }
  yield* partOf(answer)
}

function seriesPath({ StudyInstanceUID, SeriesInstanceUID }: Fetchable): string {
  return `/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}`
}

/** The one part of the answer; or the answer, for servers that send it bare. Its connection is free again behind it. */
async function* partOf(answer: WebAnswer): AsyncGenerator<Uint8Array> {
  const type = answer.header('content-type')
  if (!/^multipart\//i.test(type)) {
    yield* answer.chunks()
    return
  }
  try {
    const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1] ?? ''
    if (!isBoundary(boundary)) throw new IsocenterError('malformed', 'an answer of several parts without a boundary')
    const reader = new MultipartReader(answer.chunks(), boundary)
    const part = await reader.next()
    if (!part) throw new IsocenterError('malformed', 'an answer without a part')
    yield* part.body
    await reader.next()
  } finally {
    answer.discard()
  }
}
