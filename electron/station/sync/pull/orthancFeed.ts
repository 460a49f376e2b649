import { isStorableUID, normaliseUID } from '../../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../../shared/errors.ts'
import type { WebClient } from '../../wire/webClient.ts'
import { jsonOf } from '../looks.ts'
import { httpWords } from '../stowAnswer.ts'
import type { ChangeFeed, ChangePage } from './source.ts'

const PAGE = 1000
const LONGEST_ANSWER = 16 * 2 ** 20

type Read = Record<string, unknown>
const isObject = (value: unknown): value is Read => typeof value === 'object' && value !== null

/**
 * Orthanc's `/changes`. Its numbers begin again in a new database, whose identity Orthanc 1.10 does not tell, and somebody may empty
 * the list: what tells is whether the change that was read last is still there, with its date and object.
 */
export class OrthancFeed implements ChangeFeed {
  readonly #client: WebClient

  constructor(client: WebClient) {
    this.#client = client
  }

  async page(since: number, signal: AbortSignal): Promise<ChangePage> {
    const { rows, last, done } = await this.#changes(`since=${since}&limit=${PAGE}`, signal)
    return { changes: rows.filter(({ type }) => type === 'NewInstance'), last, done }
  }

  async head(signal: AbortSignal): Promise<{ seq: number; mark: string }> {
    const { rows } = await this.#changes('last', signal)
    const { seq, mark } = rows.at(-1) ?? { seq: 0, mark: '' }
    return { seq, mark }
  }

  async markAt(seq: number, signal: AbortSignal): Promise<string> {
    const { rows } = await this.#changes(`since=${seq - 1}&limit=1`, signal)
    return rows.find(row => row.seq === seq)?.mark ?? ''
  }

  /** One request for a thousand images: Orthanc names each of their studies once. */
  async studiesOf(ids: string[], signal: AbortSignal): Promise<string[]> {
    if (ids.length === 0) return []
    const asked = Buffer.from(JSON.stringify({ Resources: ids, Level: 'Study' }))
    const answer = await this.#client.request({
      ...{ method: 'POST' as const, path: '/tools/bulk-content', contentType: 'application/json', signal },
      body: { length: asked.length, chunks: onlyOne(asked) },
    })
    const text = (await answer.bytes(LONGEST_ANSWER)).toString('utf8')
    if (answer.status !== 200) throw new IsocenterError('peer-failed', httpWords(answer.status))
    const rows = jsonOf(text)
    if (!Array.isArray(rows)) throw new IsocenterError('peer-failed', 'its answer is no list')
    return rows.flatMap((row: unknown) => {
      const tags = isObject(row) && isObject(row.MainDicomTags) ? row.MainDicomTags : {}
      const uid = typeof tags.StudyInstanceUID === 'string' ? normaliseUID(tags.StudyInstanceUID) : ''
      return isStorableUID(uid) ? [uid] : []
    })
  }

  async #changes(query: string, signal: AbortSignal) {
    const answer = await this.#client.request({ method: 'GET', path: `/changes?${query}`, signal })
    const text = (await answer.bytes(LONGEST_ANSWER)).toString('utf8')
    if (answer.status !== 200) throw new IsocenterError('peer-failed', httpWords(answer.status))
    const read = jsonOf(text)
    if (!isObject(read) || !Array.isArray(read.Changes) || typeof read.Last !== 'number') {
      throw new IsocenterError('peer-failed', 'its list of changes is none')
    }
    const rows = read.Changes.flatMap((row: unknown) => {
      if (!isObject(row) || typeof row.Seq !== 'number' || typeof row.ID !== 'string') return []
      const type = String(row.ChangeType)
      return [{ seq: row.Seq, id: row.ID, type, mark: `${String(row.Date)} ${type} ${row.ID}` }]
    })
    return { rows, last: read.Last, done: read.Done === true }
  }
}

async function* onlyOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
