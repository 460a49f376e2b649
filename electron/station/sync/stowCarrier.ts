import { randomUUID } from 'node:crypto'
import { toIsocenterError } from '../../../shared/errors.ts'
import type { Route } from '../../../shared/sync.ts'
import type { FileHandles, OutboxItem } from '../store/index.ts'
import { WebClient, WebFailed, type WebPatience } from '../wire/webClient.ts'
import { accessOf } from './access.ts'
import type { Carrier, SendOutcome } from './carrier.ts'
import type { Digesting, Digests } from './digests.ts'
import type { Digest } from './digestThread.ts'
import { OrthancLooks } from './orthancLooks.ts'
import { chunkBuffers, chunksOf, type OutgoingObject, openOutgoing } from './outgoingObject.ts'
import { judgeAnswer, type Named, type Posted, readStowAnswer } from './stowAnswer.ts'
import { tryWeb } from './tryWeb.ts'
import { fetchInstance, WebLooks } from './webLooks.ts'

/** Of 1 to 200 objects a post Orthanc took 10 fastest, PostgreSQL below it 10 to 20. */
const BATCH = { objects: 20, bytes: 8 * 2 ** 20 }
/** 20 objects are named in 10 KB. */
const LONGEST_ANSWER = 2 ** 20
export const TOO_DEEP = 'its sequences are nested deeper than other systems survive'

/** One object of a post, and what was sent of it. */
interface Parcel extends Posted {
  item: OutboxItem
  object: OutgoingObject
  digest: Promise<Digest> | undefined
}

export interface WebCarrierDeps {
  files: Pick<FileHandles, 'read'>
  digests: Digests
  patience?: Partial<WebPatience>
}

/**
 * STOW-RS (PS3.18 §10.5): several objects a post, each the bytes that lie here, its checksums taken as they leave. What becomes of each
 * is what the answer says of it.
 */
export function createStowCarrier(
  route: Extract<Route, { kind: 'dicomweb' }>,
  { files, digests, patience }: WebCarrierDeps,
): Carrier {
  const access = { ...accessOf(route), patience }
  const client = new WebClient({ url: route.url, ...access })
  const orthanc = route.orthanc ? new WebClient({ url: route.orthanc, ...access }) : undefined
  // Nobody but Orthanc is asked for an MD5.
  const digesting = (meta: Uint8Array) => digests.begin(orthanc && meta)
  const looks = orthanc ? new OrthancLooks(orthanc, files) : new WebLooks(client, files)
  return {
    batch: BATCH,
    async send(items, paced, signal) {
      const outcomes: SendOutcome[] = []
      const parcels: Parcel[] = []
      for (const item of items) {
        const parcel = await pack(item, files)
        if ('kind' in parcel) outcomes.push(parcel)
        else parcels.push(parcel)
      }
      if (parcels.length === 0) return outcomes
      return [...outcomes, ...(await post(client, digesting, parcels, paced, signal))]
    },
    look: (...asked) => looks.look(...asked),
    remove: (...asked) => looks.remove(...asked),
    fetch: (object, signal) => fetchInstance(client, object, signal),
    tryOut: signal => tryWeb({ client, orthanc, authorizationFile: route.authorizationFile }, signal),
    async close() {
      client.close()
      orthanc?.close()
    },
  }
}

/** Opens what is to be sent; what cannot be is not in the way of the others. */
async function pack(item: OutboxItem, files: Pick<FileHandles, 'read'>): Promise<Parcel | SendOutcome> {
  const { contentId, SOPInstanceUID } = item
  if (item.nestsTooDeep) return { contentId, kind: 'refused', permanent: true, reason: TOO_DEEP }
  try {
    const object = await openOutgoing(item, files)
    return { item, object, SOPInstanceUID, begun: false, sent: false, digest: undefined }
  } catch (thrown) {
    return { contentId, kind: 'refused', permanent: false, reason: unreadable(thrown) }
  }
}

export function unreadable(thrown: unknown): string {
  const { code, detail } = toIsocenterError(thrown)
  return `it cannot be read here: ${detail ?? code}`
}

async function post(
  client: WebClient,
  digesting: (meta: Uint8Array) => Digesting,
  parcels: Parcel[],
  paced: (bytes: number) => Promise<void>,
  signal: AbortSignal,
): Promise<SendOutcome[]> {
  const boundary = randomUUID()
  const heads = parcels.map(({ object: { meta } }, index) =>
    Buffer.concat([
      Buffer.from(`${index === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
      meta,
    ]),
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const length = parcels.reduce(
    (sum, { object }, index) => sum + (heads[index]?.length ?? 0) + object.dataSet.length,
    tail.length,
  )
  const unread = new Map<Parcel, string>()
  let leaving: Parcel | undefined
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const buffers = chunkBuffers()
    for (const [index, parcel] of parcels.entries()) {
      const { object } = parcel
      const head = heads[index] as Buffer
      await paced(head.length)
      leaving = parcel
      yield head
      const taking = digesting(object.meta)
      try {
        for await (const chunk of chunksOf(object.dataSet, buffers)) {
          await paced(chunk.length)
          // It is waited for behind the yield, which may never return. Without a checksum it leaves all the same, and is looked for.
          const taken = taking.add(chunk).catch(() => {})
          yield chunk
          await taken
        }
        parcel.digest = taking.end()
        parcel.digest.catch(() => {})
      } catch (thrown) {
        if (!signal.aborted) unread.set(parcel, unreadable(thrown))
        throw thrown
      } finally {
        if (!parcel.digest) taking.drop()
      }
      parcel.sent = true
    }
    yield tail
  }
  let status = 0
  let named = new Map<string, Named>()
  try {
    const answer = await client.request({
      method: 'POST',
      path: '/studies',
      accept: 'application/dicom+json',
      contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`,
      body: {
        length,
        chunks: chunks(),
        leaving: () => {
          if (leaving) leaving.begun = true
        },
      },
      signal,
    })
    status = answer.status
    named = readStowAnswer((await answer.bytes(LONGEST_ANSWER)).toString('utf8'))
  } catch (thrown) {
    const words = toIsocenterError(thrown).detail ?? 'the post was ended'
    const reset = thrown instanceof WebFailed && thrown.reset
    return parcels.map(parcel => {
      const { contentId } = parcel.item
      const why = unread.get(parcel)
      if (why !== undefined) return { contentId, kind: 'refused', permanent: false, reason: why }
      const reason = status === 0 ? words : `answered ${status}, then: ${words}`
      if (!parcel.begun) return { contentId, kind: 'unreached', reason }
      return { contentId, kind: 'ambiguous', reason, ...(reset && { reset }) }
    })
  }
  return Promise.all(
    parcels.map(async (parcel): Promise<SendOutcome> => {
      const { contentId } = parcel.item
      const judged = judgeAnswer(status, named, parcel, parcels.length)
      if (judged.kind !== 'listed') return { contentId, ...judged }
      const digest = await parcel.digest?.catch(() => undefined)
      if (!digest) return { contentId, kind: 'ambiguous', reason: 'its checksum could not be taken as it left' }
      return { contentId, ...judged, sentMd5: digest.md5, sentSha256: digest.sha256 }
    }),
  )
}
