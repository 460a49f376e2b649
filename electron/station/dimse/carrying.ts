import { createHash } from 'node:crypto'
import type { Node } from '../../../shared/config.ts'
import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { normaliseUID } from '../../../shared/dicom/uids.ts'
import { writeDataSet } from '../../../shared/dicom/writer.ts'
import { type ErrorCode, IsocenterError } from '../../../shared/errors.ts'
import type { RetrievableObject } from '../store/index.ts'
import { COMMAND, CommandError, queryRequest, responseTo, STATUS } from '../wire/dimse.ts'
import type { DataSource } from '../wire/framing.ts'
import type { Outgoing, OutgoingAssociations } from './outgoing.ts'
import { FIND_CONTEXTS, find, PLAIN_SYNTAXES } from './queryScu.ts'
import type { Requests } from './requests.ts'
import { GET } from './retrieveScu.ts'
import { sendTo } from './sendTo.ts'
import type { SendingDeps } from './subOperations.ts'

/** What has become of one object that was to be stored. */
interface Carried {
  contentId: number
  taken: boolean
  /** What the node answered; absent where it did not. */
  status?: number
  /** Of what never came to an answer: why. */
  code?: ErrorCode
  reason: string
  /** Some of it may have left. */
  begun: boolean
  /** The node, or the line, ended the association while it was under way. */
  reset?: boolean | undefined
  /** Of the data set that left, in hexadecimal; '' where not all of it did. */
  sha256: string
}

type ObjectKeys = Pick<RetrievableObject, 'StudyInstanceUID' | 'SeriesInstanceUID'> & { SOPInstanceUID?: string }

/** What an archive that is a node is sent and asked. All reject with 'destination-unknown' and but for `store` with 'peer-failed'. */
export interface Carrying {
  /** C-STORE of each over one association, or as many as their forms need; `paced` is awaited with the bytes of each piece. */
  store(
    node: string,
    objects: RetrievableObject[],
    paced: (bytes: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Carried[]>
  /** C-FIND: the SOP Instance UIDs it has of a series, or whether it has one. */
  find(node: string, keys: ObjectKeys, signal: AbortSignal): Promise<Set<string>>
  /** C-GET of one: `take` has its data set piece by piece. False where it has none. Rejects with 'not-acceptable' where it has no C-GET. */
  fetch(
    node: string,
    object: RetrievableObject,
    take: (chunk: Uint8Array, TransferSyntaxUID: string) => void,
    signal: AbortSignal,
  ): Promise<boolean>
  echo(node: string): Promise<{ works: boolean; sentence: string }>
}

interface CarryingDeps extends Pick<SendingDeps, 'files' | 'transcode'> {
  nodes(): Node[]
  open: OutgoingAssociations['open']
  echo: Requests['echo']
}

export function createCarrying({ nodes, open, echo, files, transcode }: CarryingDeps): Carrying {
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

  return {
    async store(name, objects, paced, signal) {
      const node = nodeOf(name)
      const digests = new Map<number, string>()
      const lines = new Set<Outgoing>()
      const giveUp = () => {
        for (const line of lines) void line.abort()
      }
      signal.addEventListener('abort', giveUp, { once: true })
      const deps = {
        files,
        transcode,
        open: async (...called: Parameters<typeof open>) => {
          const line = await open(...called)
          lines.add(line)
          return line
        },
        through: ({ contentId }: { contentId: number }, dataSet: DataSource): DataSource => {
          const hash = createHash('sha256')
          return {
            length: dataSet.length,
            async read(targets, from) {
              const bytes = targets.reduce((sum, target) => sum + target.length, 0)
              await paced(bytes)
              await dataSet.read(targets, from)
              for (const target of targets) hash.update(target)
              if (from + bytes === dataSet.length) digests.set(contentId, hash.digest('hex'))
            },
          }
        },
      }
      const carried: Carried[] = []
      try {
        for await (const sent of sendTo(node, () => eachOf(objects), objects, deps, signal)) {
          const { object, outcome, reason, begun, status, code, reset } = sent
          const { contentId } = object
          const sha256 = digests.get(contentId) ?? ''
          digests.delete(contentId)
          carried.push({ contentId, taken: outcome !== 'failed', status, code, reason, begun, reset, sha256 })
        }
      } finally {
        signal.removeEventListener('abort', giveUp)
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

    async fetch(name, object, take, signal) {
      const { SOPClassUID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = object
      let given = false
      const line = await open(
        nodeOf(name),
        [
          { abstractSyntax: GET, transferSyntaxes: PLAIN_SYNTAXES },
          { abstractSyntax: SOPClassUID, transferSyntaxes: [object.TransferSyntaxUID] },
          { abstractSyntax: SOPClassUID, transferSyntaxes: PLAIN_SYNTAXES },
        ],
        {
          roles: [{ SOPClassUID, scu: false, scp: true }],
          onRequest(context, command, respond) {
            if (command.CommandField !== COMMAND.cStoreRQ) throw new CommandError('a request that no C-GET makes')
            const isIt = normaliseUID(command.AffectedSOPInstanceUID ?? '') === SOPInstanceUID && !given
            return {
              write(chunk) {
                if (isIt) take(chunk, context.transferSyntax)
              },
              async end() {
                if (isIt) given = true
                await respond(responseTo(command, STATUS.success))
              },
              abort() {},
            }
          },
        },
      )
      return over(line, signal, async () => {
        const context = line.contexts.find(({ abstractSyntax }) => abstractSyntax === GET)
        if (!context) throw new IsocenterError('not-acceptable', 'it gives nothing back (no C-GET)')
        const keys = { QueryRetrieveLevel: 'IMAGE', StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }
        const { response } = await line.converse(
          context.id,
          queryRequest(COMMAND.cGetRQ, GET),
          writeDataSet(keys, encodingOf(context.transferSyntax)),
          () => {},
          signal,
        )
        const { Status = -1, NumberOfFailedSuboperations = 0 } = response
        if (given) return true
        if (Status === STATUS.success && NumberOfFailedSuboperations === 0) return false
        throw new IsocenterError('peer-failed', `C-GET was answered 0x${Status.toString(16).padStart(4, '0')}`)
      })
    },

    echo: async name => echo(nodeOf(name)),
  }
}

async function* eachOf(objects: RetrievableObject[]): AsyncGenerator<RetrievableObject> {
  yield* objects
}
