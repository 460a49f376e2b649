import type { Node } from '../../../shared/config.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { RetrieveKeys, StoreReader } from '../store/index.ts'
import { STATUS } from '../wire/dimse.ts'
import type { AssociationAudit } from './associationAudit.ts'
import type { Operation, Outcome, Performer } from './operations.ts'
import type { QueryModel } from './queryModels.ts'
import { RetrieveCounts } from './retrieveCounts.ts'
import { readRetrieveKeys } from './retrieveKeys.ts'
import { formsOf, pagesOf, type SendToDeps, sendTo } from './sendTo.ts'
import { type SendingDeps, sendObjects } from './subOperations.ts'
import type { StoredForm } from './transferPlan.ts'

/** PS3.4 §C.4.2.1.5 asks for no rate; a person waits for a sign of life. */
const PENDING_EVERY_MS = 1000

export interface RetrieveDeps extends SendToDeps {
  read: Pick<StoreReader, 'retrievable' | 'retrievableForms'>
  /** What we are called. */
  aets(): readonly string[]
  nodes(): Node[]
  /** Who asks. */
  callingAET(): string
  audit: Pick<AssociationAudit, 'sent' | 'sending'>
  /** Told of each object that a peer has taken over the association it asked on. */
  sent(): void
  /** Not all of it came to its destination, in words. */
  failed(destination: string, counts: RetrieveCounts): void
}

/** C-GET (PS3.4 §C.4.3): the objects come over the association that asked for them. */
export function performGet(model: QueryModel, deps: RetrieveDeps): Performer {
  return operation =>
    retrieve(operation, model, deps, deps.callingAET(), (keys, counts) => get(operation, deps, keys, counts))
}

/** C-MOVE (PS3.4 §C.4.2): the objects go to a node of the configuration, over associations of our own. */
export function performMove(model: QueryModel, deps: RetrieveDeps): Performer {
  return async operation => {
    const { MoveDestination = '' } = operation.command
    const node = deps.nodes().find(({ AET }) => AET === MoveDestination)
    if (!node) {
      const own = deps.aets().includes(MoveDestination)
      const why = own ? 'is this station itself: it has them already' : 'is not among the nodes'
      throw new IsocenterError('destination-unknown', `"${MoveDestination}" ${why}`)
    }
    const move = (keys: RetrieveKeys, counts: RetrieveCounts, forms: StoredForm[]) =>
      moveTo(node, operation, deps, keys, counts, forms)
    return retrieve(operation, model, deps, `${node.name} (${node.AET})`, move)
  }
}

async function retrieve(
  operation: Operation,
  model: QueryModel,
  deps: RetrieveDeps,
  destination: string,
  send: (keys: RetrieveKeys, counts: RetrieveCounts, forms: StoredForm[]) => Promise<void>,
): Promise<Outcome> {
  const { identifier, context, cancelled } = operation
  const keys = readRetrieveKeys(identifier, context.transferSyntax, model.root)
  if (typeof keys === 'string') return { Status: STATUS.identifierDoesNotMatch, comment: keys }
  const counts = new RetrieveCounts()
  const { forms, total } = await formsOf(deps.read, keys)
  counts.total = total
  await operation.respond(counts.pending())
  await send(keys, counts, forms)
  if (counts.failed > 0) deps.failed(destination, counts)
  return counts.final(context.transferSyntax, cancelled.aborted && counts.done < counts.total)
}

async function get(
  operation: Operation,
  deps: RetrieveDeps,
  keys: RetrieveKeys,
  counts: RetrieveCounts,
): Promise<void> {
  let told = performance.now()
  // Nothing may be said in the middle of an object (PS3.8 annex E).
  let due = false
  const sending: SendingDeps = {
    ...deps,
    begins: object => deps.audit.sending(object),
    pause() {
      due = performance.now() - told >= PENDING_EVERY_MS
      return due
    },
  }
  for await (const sent of sendObjects(operation, pagesOf(deps.read, keys), sending, operation.cancelled)) {
    counts.add(sent)
    deps.audit.sent(sent.object, sent.outcome !== 'failed')
    if (sent.outcome !== 'failed') deps.sent()
    if (!due) continue
    told = performance.now()
    await operation.respond(counts.pending())
  }
}

async function moveTo(
  node: Node,
  operation: Operation,
  deps: RetrieveDeps,
  keys: RetrieveKeys,
  counts: RetrieveCounts,
  forms: StoredForm[],
): Promise<void> {
  let telling: Promise<unknown> | undefined
  const timer = setInterval(() => {
    telling ??= operation.respond(counts.pending()).finally(() => {
      telling = undefined
    })
  }, PENDING_EVERY_MS)
  const originator = { AET: deps.callingAET(), MessageID: operation.command.MessageID ?? 0 }
  try {
    const sending: SendToDeps = { ...deps, begins: object => deps.audit.sending(object, node) }
    for await (const sent of sendTo(
      node,
      () => pagesOf(deps.read, keys),
      forms,
      sending,
      operation.cancelled,
      originator,
    )) {
      counts.add(sent)
      deps.audit.sent(sent.object, sent.outcome !== 'failed', node)
    }
  } finally {
    clearInterval(timer)
    await telling
  }
}
