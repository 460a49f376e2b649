import type { Node } from '../../../shared/config.ts'
import { encodingOf } from '../../../shared/dicom/encoding.ts'
import type { DataSet } from '../../../shared/dicom/reader.ts'
import { normaliseUID } from '../../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../../shared/dicom/writer.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { RetrievableObject } from '../store/index.ts'
import type { Carried, Given, Taker, UniqueKeys } from '../wire/carried.ts'
import { COMMAND, CommandError, queryRequest, responseTo, STATUS } from '../wire/dimse.ts'
import type { DataSource } from '../wire/framing.ts'
import type { Outgoing, OutgoingAssociations } from './outgoing.ts'
import { FIND_CONTEXTS, find, PLAIN_SYNTAXES, type QueryLevel } from './queryScu.ts'
import type { Requests } from './requests.ts'
import { type FetchDeps, GET, levelOf, moveToSelf, storageContexts, USUAL_CLASSES } from './retrieveScu.ts'
import { sendTo } from './sendTo.ts'
import type { SendingDeps } from './subOperations.ts'
import type { OfferedContext } from './transferPlan.ts'

/** Takes the SHA-256 of one object as it leaves; what it is given is read until `add` resolves. Both reject where it cannot be had. */
interface Taking {
  add(...chunks: Uint8Array[]): Promise<void>
  end(): Promise<{ sha256: string }>
  drop(): void
}

type ObjectKeys = Pick<RetrievableObject, 'StudyInstanceUID' | 'SeriesInstanceUID'> & { SOPInstanceUID?: string }

/** What an archive that is a node is sent and asked. All reject with 'destination-unknown' and but for `store` with 'peer-failed'. */
export interface Carrying {
  /**
   * C-STORE of each over one association, or as many as their forms need; `paced` is awaited with the bytes of each piece. What leaves is
   * in shared memory when its `digest` is taken.
   */
  store(
    node: string,
    objects: RetrievableObject[],
    leaving: { paced(bytes: number): Promise<void>; digest(): Taking },
    signal: AbortSignal,
  ): Promise<Carried[]>
  /** C-FIND: the SOP Instance UIDs it has of a series, or whether it has one. */
  find(node: string, keys: ObjectKeys, signal: AbortSignal): Promise<Set<string>>
  /** C-FIND of any level: `each` hears every match until it says 'enough'. Rejects with 'peer-failed' also where it was given up. */
  query(
    node: string,
    level: QueryLevel,
    keys: NewDataSet,
    each: (match: DataSet) => 'enough' | undefined,
    signal: AbortSignal,
  ): Promise<void>
  /**
   * C-GET of one, over an association that takes it as we know it or uncompressed: `take` has its data set piece by piece, each good until
   * it resolves. False where the node has none. Rejects with 'not-acceptable' where it has no C-GET.
   */
  fetch(
    node: string,
    object: ObjectToFetch,
    take: (chunk: Uint8Array, TransferSyntaxUID: string) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean>
  /**
   * C-GET of what the keys name, of these SOP classes, the usual ones where none is known; `begin` takes each object as it comes. The node
   * hears Success when the taker has ended: it keeps what it gives. What the node says went wrong, '' where nothing did. Rejects as `fetch`
   * does, where the line broke.
   */
  get(
    node: string,
    keys: UniqueKeys,
    classes: readonly string[],
    begin: (object: Given) => Taker,
    signal: AbortSignal,
  ): Promise<string>
  /**
   * C-MOVE to ourselves: what comes goes through the door for everybody, and is on the disk when this resolves. Objects that the keys name and
   * that come from the node meanwhile count as the node's (`ExpectedMoves`): they are held to be there, and are not sent back. Rejects with
   * 'peer-failed'.
   */
  move(node: string, keys: UniqueKeys, signal: AbortSignal): Promise<void>
  /** Host of a node; '' where there is none of that name. */
  addressOf(node: string): string
  echo(node: string): Promise<{ works: boolean; sentence: string }>
}

type ObjectToFetch = Pick<
  RetrievableObject,
  'SOPClassUID' | 'StudyInstanceUID' | 'SeriesInstanceUID' | 'SOPInstanceUID' | 'TransferSyntaxUID'
>

interface CarryingDeps extends Pick<SendingDeps, 'files' | 'transcode'> {
  /** What we call ourselves: the destination of a C-MOVE. */
  AET: string
  expected: FetchDeps['expected']
  archiveAt: FetchDeps['archiveAt']
  nodes(): Node[]
  open: OutgoingAssociations['open']
  echo: Requests['echo']
}

export function createCarrying(deps: CarryingDeps): Carrying {
  const { nodes, open, echo, files, transcode } = deps
  const nodeOf = (name: string): Node => {
    const node = nodes().find(one => one.name === name)
    if (!node) throw new IsocenterError('destination-unknown', `"${name}" is not among the nodes`)
    return node
  }

  /** Runs with an association that ends at once when told: what is on its way then is not waited for. */
  async function over<T>(line: Outgoing, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const giveUp = () => void line.abort()
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      return await work()
    } finally {
      signal.removeEventListener('abort', giveUp)
      void line.release()
    }
  }

  /** What the node says went wrong, where it says so; rejects with 'not-acceptable' where it has no C-GET, else with 'peer-failed'. */
  async function getInto(
    node: Node,
    keys: UniqueKeys,
    contexts: OfferedContext[],
    begin: (object: Given) => Taker,
    signal: AbortSignal,
  ): Promise<IsocenterError | undefined> {
    const classes = [...new Set(contexts.map(({ abstractSyntax }) => abstractSyntax))]
    const line = await open(node, [{ abstractSyntax: GET, transferSyntaxes: PLAIN_SYNTAXES }, ...contexts], {
      roles: classes.map(SOPClassUID => ({ SOPClassUID, scu: false, scp: true })),
      onRequest(context, command, respond) {
        if (command.CommandField !== COMMAND.cStoreRQ) throw new CommandError('a request that no C-GET makes')
        const { write, end, abort } = begin({
          SOPClassUID: context.abstractSyntax,
          SOPInstanceUID: normaliseUID(command.AffectedSOPInstanceUID ?? ''),
          TransferSyntaxUID: context.transferSyntax,
        })
        return {
          write,
          async end() {
            await end()
            line.received()
            await respond(responseTo(command, STATUS.success))
          },
          abort,
        }
      },
    })
    return over(line, signal, async () => {
      const context = line.contexts.find(({ abstractSyntax }) => abstractSyntax === GET)
      if (!context) throw new IsocenterError('not-acceptable', 'it gives nothing back (no C-GET)')
      const { response } = await line.converse(
        context.id,
        queryRequest(COMMAND.cGetRQ, GET),
        writeDataSet({ QueryRetrieveLevel: levelOf(keys), ...keys }, encodingOf(context.transferSyntax)),
        () => {},
        signal,
      )
      const { Status = -1, NumberOfFailedSuboperations = 0 } = response
      if (Status === STATUS.success && NumberOfFailedSuboperations === 0) return undefined
      return new IsocenterError('peer-failed', `C-GET was answered 0x${Status.toString(16).padStart(4, '0')}`)
    })
  }

  return {
    async store(name, objects, { paced, digest }, signal) {
      const node = nodeOf(name)
      const digests = new Map<number, Promise<string>>()
      const taking = new Set<Taking>()
      const lines = new Set<Outgoing>()
      const giveUp = () => {
        for (const line of lines) void line.abort()
      }
      signal.addEventListener('abort', giveUp, { once: true })
      const sending = {
        files,
        transcode,
        open: async (...called: Parameters<typeof open>) => {
          const line = await open(...called)
          lines.add(line)
          return line
        },
        through: ({ contentId }: { contentId: number }, dataSet: DataSource): DataSource => {
          const begin = () => {
            const begun = digest()
            taking.add(begun)
            return begun
          }
          let own: Taking | undefined
          return {
            length: dataSet.length,
            async read(targets, from) {
              const bytes = targets.reduce((sum, target) => sum + target.length, 0)
              await paced(bytes)
              await dataSet.read(targets, from)
              own ??= begin()
              // Without a checksum it leaves all the same, and is looked for.
              await own.add(...targets).catch(() => {})
              if (from + bytes < dataSet.length) return
              taking.delete(own)
              const ended = own.end().then(({ sha256 }) => sha256)
              digests.set(
                contentId,
                ended.catch(() => ''),
              )
            },
          }
        },
      }
      const carried: Carried[] = []
      try {
        for await (const sent of sendTo(node, () => eachOf(objects), objects, sending, signal)) {
          const { object, outcome, reason, begun, status, code, reset } = sent
          const { contentId } = object
          const sha256 = (await digests.get(contentId)) ?? ''
          digests.delete(contentId)
          carried.push({ contentId, taken: outcome !== 'failed', status, code, reason, begun, reset, sha256 })
        }
      } finally {
        signal.removeEventListener('abort', giveUp)
        for (const unfinished of taking) unfinished.drop()
      }
      const told = new Set(carried.map(({ contentId }) => contentId))
      const left = objects.filter(({ contentId }) => !told.has(contentId))
      const cancelled = { taken: false, code: 'cancelled' as const, reason: 'given up', begun: false, sha256: '' }
      return [...carried, ...left.map(({ contentId }) => ({ contentId, ...cancelled }))]
    },

    async find(name, { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID = '' }, signal) {
      const line = await open(nodeOf(name), FIND_CONTEXTS)
      const found = new Set<string>()
      const keys = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }
      const whole = await over(line, signal, () =>
        find(line, 'IMAGE', keys, match => void found.add(normaliseUID(match.string('SOPInstanceUID'))), signal),
      )
      if (!whole) throw new IsocenterError('peer-failed', 'given up')
      return found
    },

    async query(name, level, keys, each, signal) {
      const line = await open(nodeOf(name), FIND_CONTEXTS)
      const enough = new AbortController()
      const hear = (match: DataSet) => {
        if (each(match) === 'enough') enough.abort()
      }
      const until = AbortSignal.any([signal, enough.signal])
      const whole = await over(line, signal, () => find(line, level, keys, hear, until))
      if (!whole && !enough.signal.aborted) throw new IsocenterError('peer-failed', 'given up')
    },

    async fetch(name, { SOPClassUID, TransferSyntaxUID, ...object }, take, signal) {
      const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = object
      let given = false
      const begin = (one: Given): Taker => {
        const isIt = one.SOPInstanceUID === SOPInstanceUID && !given
        return {
          write: chunk => (isIt ? take(chunk, one.TransferSyntaxUID) : undefined),
          end() {
            if (isIt) given = true
          },
          abort() {},
        }
      }
      const contexts = [
        { abstractSyntax: SOPClassUID, transferSyntaxes: [TransferSyntaxUID] },
        { abstractSyntax: SOPClassUID, transferSyntaxes: PLAIN_SYNTAXES },
      ]
      const keys = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }
      const failed = await getInto(nodeOf(name), keys, contexts, begin, signal)
      if (failed && !given) throw failed
      return given
    },

    async get(name, keys, classes, begin, signal) {
      const known = classes.length > 0 ? classes : USUAL_CLASSES
      const failed = await getInto(nodeOf(name), keys, storageContexts(known), begin, signal)
      return failed?.detail ?? ''
    },

    async move(name, keys, signal) {
      let failed = 0
      const progress = {
        signal,
        total() {},
        received() {},
        failed() {
          failed += 1
        },
      }
      await moveToSelf(nodeOf(name), keys, 0, deps, progress)
      if (failed > 0) throw new IsocenterError('peer-failed', `it could not send ${failed} of what was asked for`)
      if (signal.aborted) throw new IsocenterError('peer-failed', 'given up')
    },

    addressOf: name => nodes().find(one => one.name === name)?.host ?? '',

    echo: async name => echo(nodeOf(name)),
  }
}

async function* eachOf(objects: RetrievableObject[]): AsyncGenerator<RetrievableObject> {
  yield* objects
}
