import { createHash } from 'node:crypto'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Proof } from '../../../shared/sync.ts'
import type { FileHandles, OutboxItem } from '../store/index.ts'
import type { WebAnswer, WebClient } from '../wire/webClient.ts'
import type { Look } from './carrier.ts'
import { compareFetched, jsonOf, type Looks, lookAtEach, type Sight, takePart10, unknownSight } from './looks.ts'
import { httpWords } from './stowAnswer.ts'

const LONGEST_ANSWER = 256 * 1024
const NOT_ORTHANC = 'what answers there is not Orthanc'

/**
 * What Orthanc holds, by its own interface: the MD5 it keeps of a file says whether it is the one that was sent, `verify-md5` reads the file
 * again. Neither needs the pixels to travel.
 */
export class OrthancLooks implements Looks {
  readonly #client: WebClient
  readonly #files: Pick<FileHandles, 'read'>

  constructor(client: WebClient, files: Pick<FileHandles, 'read'>) {
    this.#client = client
    this.#files = files
  }

  look(items: OutboxItem[], wanted: Proof, signal: AbortSignal): Promise<Look[]> {
    return lookAtEach(items, item => this.#look(item, wanted, signal), signal)
  }

  /** Only at its own place: what has the same UID below another patient is not ours to delete. */
  async remove(item: OutboxItem, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#client.request({ method: 'DELETE', path: `/instances/${orthancIdOf(item)}`, signal })
    await answer.bytes(LONGEST_ANSWER)
    if (answer.status === 200) return true
    if (answer.status === 404) return (await this.#lookup(item, signal)).length === 0
    if (answer.status >= 500 || answer.status === 401) throw new IsocenterError('peer-failed', httpWords(answer.status))
    return false
  }

  async #look(item: OutboxItem, wanted: Proof, signal: AbortSignal): Promise<Sight> {
    const id = orthancIdOf(item)
    const { status, text } = await this.#ask('GET', `/instances/${id}/attachments/dicom/md5`, signal)
    if (status === 404) return this.#lookElsewhere(item, wanted, signal)
    if (status !== 200) return unknownSight(httpWords(status))
    if (!/^[0-9a-f]{32}\s*$/.test(text)) return unknownSight(NOT_ORTHANC)
    if (wanted !== 'equal') return { kind: 'there', proof: 'present', reason: '' }
    if (item.sentMd5 === '' || text.trim() !== item.sentMd5) return this.#compare(item, id, signal)
    const verified = await this.#ask('POST', `/instances/${id}/attachments/dicom/verify-md5`, signal)
    if (verified.status === 200) return { kind: 'there', proof: 'equal', reason: '' }
    return this.#damaged(verified.status, signal)
  }

  /** Its checksum is not that of the file, or there is no file. An archive that is unwell as a whole says nothing about one object. */
  async #damaged(status: number, signal: AbortSignal): Promise<Sight> {
    if (status === 502 || status === 503 || status === 504 || status === 401 || status === 403) {
      return unknownSight(httpWords(status))
    }
    const { status: system } = await this.#ask('GET', '/system', signal)
    if (system !== 200) return unknownSight(httpWords(system))
    return { kind: 'absent', reason: 'its file there is damaged or gone' }
  }

  /** The patient's ID may begin with a space, which the index does not keep and Orthanc does; or another study holds an object of this UID. */
  async #lookElsewhere(item: OutboxItem, wanted: Proof, signal: AbortSignal): Promise<Sight> {
    const [id] = await this.#lookup(item, signal)
    if (id === undefined) return { kind: 'absent', reason: '' }
    const sight = await this.#compare(item, id, signal)
    if (sight.kind === 'there' && wanted !== 'equal') return { ...sight, proof: 'present' }
    return sight.kind === 'other' ? { ...sight, reason: `in another study or patient there: ${sight.reason}` } : sight
  }

  async #lookup({ SOPInstanceUID }: OutboxItem, signal: AbortSignal): Promise<string[]> {
    const { status, text } = await this.#ask('POST', '/tools/lookup', signal, SOPInstanceUID)
    if (status !== 200) throw new IsocenterError('peer-failed', httpWords(status))
    const found = jsonOf(text)
    if (!Array.isArray(found)) throw new IsocenterError('peer-failed', NOT_ORTHANC)
    return found.flatMap((one: unknown) => {
      const known = typeof one === 'object' && one !== null && 'ID' in one && 'Type' in one
      return known && one.Type === 'Instance' && typeof one.ID === 'string' ? [one.ID] : []
    })
  }

  async #compare(item: OutboxItem, id: string, signal: AbortSignal): Promise<Sight> {
    let failed = 0
    const fetch = async (collect: boolean) => {
      const answer = await this.#client.request({ method: 'GET', path: `/instances/${id}/file`, signal })
      if (answer.status === 200) return takePart10(answer.chunks(), collect)
      failed = answer.status
      answer.discard()
      throw new IsocenterError('peer-failed', httpWords(answer.status))
    }
    try {
      return await compareFetched(item, this.#files, fetch)
    } catch (thrown) {
      if (failed === 0) throw thrown
      return this.#damaged(failed, signal)
    }
  }

  async #ask(method: 'GET' | 'POST', path: string, signal: AbortSignal, text?: string) {
    const bytes = Buffer.from(text ?? '')
    const body = { length: bytes.length, chunks: onlyOne(bytes) }
    const answer: WebAnswer = await this.#client.request({
      ...{ method, path, signal },
      ...(method === 'POST' && { body, contentType: 'text/plain' }),
    })
    return { status: answer.status, text: (await answer.bytes(LONGEST_ANSWER)).toString('utf8') }
  }
}

async function* onlyOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}

/** Orthanc numbers an object by the SHA-1 of its patient's ID and its UIDs, as they were sent, in five groups of eight digits. */
export function orthancIdOf({
  PatientID,
  StudyInstanceUID,
  SeriesInstanceUID,
  SOPInstanceUID,
  overlay,
}: Pick<OutboxItem, 'PatientID' | 'StudyInstanceUID' | 'SeriesInstanceUID' | 'SOPInstanceUID' | 'overlay'>): string {
  const patient = (overlay?.values.PatientID ?? PatientID).trimEnd()
  const text = [patient, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID].join('|')
  const digits = createHash('sha1').update(text).digest('hex')
  return digits.replace(/(.{8})(?=.)/g, '$1-')
}
