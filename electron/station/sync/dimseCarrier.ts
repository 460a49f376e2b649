import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Proof, Route } from '../../../shared/sync.ts'
import type { FileHandles, OutboxItem } from '../store/index.ts'
import type { Carried } from '../wire/carried.ts'
import { WebClient } from '../wire/webClient.ts'
import { accessOf } from './access.ts'
import type { Carrier, Look, SendOutcome } from './carrier.ts'
import type { DimseDoor } from './dimseDoor.ts'
import { fetchByGet } from './fetchByGet.ts'
import { compareFetched, type Looks, lookAtEach, type Sight, Taking, toUnknown } from './looks.ts'
import { OrthancLooks } from './orthancLooks.ts'
import { TOO_DEEP, type WebCarrierDeps } from './stowCarrier.ts'
import { askWeb } from './tryWeb.ts'
import { statusWords, verdictOf } from './verdict.ts'

/** Of one association. */
const BATCH = { objects: 200, bytes: 64 * 2 ** 20 }

export interface DimseCarrierDeps extends WebCarrierDeps {
  dimse: DimseDoor
}

/**
 * C-STORE to a node (PS3.4 annex B), one association a batch; what is there is asked by Orthanc's own interface where it has one, else by
 * C-FIND, and fetched back by C-GET to be compared.
 */
export function createDimseCarrier(
  route: Extract<Route, { kind: 'dimse' }>,
  { files, digests, dimse, patience }: DimseCarrierDeps,
): Carrier {
  const { node } = route
  const digest = () => digests.begin(undefined)
  const orthanc = route.orthanc ? new WebClient({ url: route.orthanc, ...accessOf(route), patience }) : undefined
  const looks = orthanc ? new OrthancLooks(orthanc, files) : new NodeLooks(node, dimse, files)
  return {
    batch: BATCH,
    async send(items, paced, signal) {
      const deep = items.filter(({ nestsTooDeep }) => nestsTooDeep)
      const fit = items.filter(({ nestsTooDeep }) => !nestsTooDeep)
      const refused = deep.map(({ contentId }): SendOutcome => {
        return { contentId, kind: 'refused', permanent: true, reason: TOO_DEEP }
      })
      if (fit.length === 0) return refused
      const carried = await dimse.store(node, fit, { paced, digest }, signal).catch((thrown: unknown) => {
        const { detail, message } = toIsocenterError(thrown)
        const reason = detail ?? message
        return fit.map(({ contentId }): Carried => {
          return { contentId, taken: false, code: 'peer-failed', reason, begun: false, sha256: '' }
        })
      })
      return [...refused, ...carried.map(outcomeOf)]
    },
    look: (...asked) => looks.look(...asked),
    remove: (...asked) => looks.remove(...asked),
    fetch: (object, signal) => fetchByGet(node, object, dimse, signal),
    async tryOut(signal) {
      try {
        const { works, sentence } = await dimse.echo(node)
        if (!works) return { works, words: `ECHO refused: ${sentence}` }
        const trouble = orthanc && (await askWeb(orthanc, 'orthanc', route.authorizationFile, signal))
        return trouble ? { works: false, words: `ECHO works; ${trouble}` } : { works, words: sentence }
      } catch (thrown) {
        const { detail, message } = toIsocenterError(thrown)
        return { works: false, words: `${detail ?? message}.` }
      }
    },
    async close() {
      orthanc?.close()
    },
  }
}

/** What cannot be sent as it is to a node that takes other objects is about the object; what has not been read here may be tomorrow. */
function outcomeOf({ contentId, taken, status, code, reason, begun, reset, sha256 }: Carried): SendOutcome {
  // The node's comment stands behind its number.
  const words = status ? `${statusWords(status)}${reason.replace(/^answered 0x[0-9a-f]{4}/, '')}` : reason
  if (taken && sha256 !== '') return { contentId, kind: 'listed', reason: words, sentMd5: '', sentSha256: sha256 }
  if (taken) return { contentId, kind: 'ambiguous', reason: 'its checksum could not be taken as it left' }
  if (status !== undefined) {
    const verdict = verdictOf(status)
    if (verdict === 'duplicate') return { contentId, kind: 'ambiguous', reason: words }
    return { contentId, kind: 'refused', permanent: verdict === 'permanent', reason: words }
  }
  if (code === 'peer-failed' || code === 'cancelled' || code === 'draining') {
    return begun
      ? { contentId, kind: 'ambiguous', reason, ...(reset && { reset }) }
      : { contentId, kind: 'unreached', reason }
  }
  return { contentId, kind: 'refused', permanent: code === 'not-acceptable' || code === 'unsupported-pixels', reason }
}

/** What a node says and gives on its own line. */
class NodeLooks implements Looks {
  readonly #node: string
  readonly #dimse: DimseDoor
  readonly #files: Pick<FileHandles, 'read'>

  constructor(node: string, dimse: DimseDoor, files: Pick<FileHandles, 'read'>) {
    this.#node = node
    this.#dimse = dimse
    this.#files = files
  }

  /** Found first, a query for each series; only what is there is fetched. */
  async look(items: OutboxItem[], wanted: Proof, signal: AbortSignal): Promise<Look[]> {
    const series = Map.groupBy(items, item => item.SeriesInstanceUID)
    const seen = new Map<string, Set<string> | Sight>()
    for (const [uid, all] of series) {
      const [{ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, second] = all as [OutboxItem, OutboxItem?]
      const keys = { StudyInstanceUID, SeriesInstanceUID, ...(second ? {} : { SOPInstanceUID }) }
      seen.set(uid, await this.#dimse.find(this.#node, keys, signal).catch(toUnknown))
    }
    const sightOf = async (item: OutboxItem): Promise<Sight> => {
      const found = seen.get(item.SeriesInstanceUID)
      if (!(found instanceof Set)) return found ?? toUnknown('not asked')
      if (!found.has(item.SOPInstanceUID)) return { kind: 'absent', reason: '' }
      return wanted === 'equal' ? this.#compare(item, signal) : { kind: 'there', proof: 'present', reason: '' }
    }
    return lookAtEach(items, sightOf, signal)
  }

  /** DICOM has no service that deletes. */
  async remove(): Promise<boolean> {
    return false
  }

  async #compare(item: OutboxItem, signal: AbortSignal): Promise<Sight> {
    const fetch = async (collect: boolean) => {
      const taking = new Taking(collect)
      let TransferSyntaxUID = ''
      const take = (chunk: Uint8Array, uid: string) => {
        TransferSyntaxUID = uid
        taking.take(chunk)
      }
      const given = await this.#dimse.fetch(this.#node, item, take, signal)
      if (!given) throw new IsocenterError('peer-failed', 'it is found there, and not given back')
      return taking.done(TransferSyntaxUID)
    }
    try {
      return await compareFetched(item, this.#files, fetch)
    } catch (thrown) {
      const error = toIsocenterError(thrown)
      if (error.code !== 'not-acceptable') throw thrown
      return { kind: 'there', proof: 'present', reason: error.detail ?? error.message }
    }
  }
}
