import type { Node } from '../../../shared/config.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { RetrievableObject, RetrieveCursor, RetrieveKeys, StoreReader } from '../store/index.ts'
import { STATUS } from '../wire/dimse.ts'
import type { Operation, Outcome, Performer } from './operations.ts'
import type { Outgoing } from './outgoing.ts'
import type { QueryModel } from './queryModels.ts'
import { RetrieveCounts } from './retrieveCounts.ts'
import { readRetrieveKeys } from './retrieveKeys.ts'
import { type SendingDeps, type Sent, sendObjects } from './subOperations.ts'
import { type OfferedContext, planAssociations, type StoredForm } from './transferPlan.ts'

/** Objects are read from the index so many at a time: no read lasts while a peer takes them. */
const PAGE = 200
/** PS3.4 §C.4.2.1.5 asks for no rate; a person waits for a sign of life. */
const PENDING_EVERY_MS = 1000

export interface RetrieveDeps extends SendingDeps {
  read: Pick<StoreReader, 'retrievable'>
  /** What we are called. */
  aets: readonly string[]
  nodes(): Node[]
  /** Who asks. */
  callingAET(): string
  /** Rejects with 'peer-failed', the sooner the deader the destination. */
  open(node: Node, contexts: OfferedContext[]): Promise<Outgoing>
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
      const own = deps.aets.includes(MoveDestination)
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
  const forms = await formsOf(deps.read, keys, counts)
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
  for await (const sent of sendObjects(operation, pagesOf(deps.read, keys), deps, operation.cancelled)) {
    counts.add(sent)
    if (sent.outcome !== 'failed') deps.sent()
    if (performance.now() - told < PENDING_EVERY_MS) continue
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
  try {
    let unreachable = ''
    const plan = planAssociations(forms)
    for (const [at, contexts] of plan.entries()) {
      if (operation.cancelled.aborted) return
      const planned = objectsOf(plan, at, pagesOf(deps.read, keys))
      const line = unreachable
        ? undefined
        : await openOr(
            () => deps.open(node, contexts),
            why => {
              unreachable = why
            },
          )
      if (!line) {
        for await (const object of planned) counts.add({ object, outcome: 'failed', reason: unreachable })
        continue
      }
      for await (const sent of sendOver(line, planned, operation, deps)) counts.add(sent)
    }
  } finally {
    clearInterval(timer)
    await telling
  }
}

async function openOr(open: () => Promise<Outgoing>, failed: (why: string) => void): Promise<Outgoing | undefined> {
  try {
    return await open()
  } catch (thrown) {
    const error = toIsocenterError(thrown)
    failed(error.detail ?? error.message)
    return undefined
  }
}

async function* sendOver(
  line: Outgoing,
  objects: AsyncIterable<RetrievableObject>,
  operation: Operation,
  deps: RetrieveDeps,
): AsyncGenerator<Sent> {
  const originator = { AET: deps.callingAET(), MessageID: operation.command.MessageID ?? 0 }
  try {
    for await (const sent of sendObjects(line, objects, deps, operation.cancelled, originator)) {
      if (sent.outcome !== 'failed') line.sent()
      yield sent
    }
  } finally {
    // The peer has answered each of them: how the association ends changes nothing.
    void line.release()
  }
}

/** Every form there is of what is asked for, and how many objects there are. */
async function formsOf(read: RetrieveDeps['read'], keys: RetrieveKeys, counts: RetrieveCounts): Promise<StoredForm[]> {
  const forms = new Map<string, StoredForm>()
  for await (const { SOPClassUID, TransferSyntaxUID } of pagesOf(read, keys)) {
    counts.total += 1
    forms.set(`${SOPClassUID} ${TransferSyntaxUID}`, { SOPClassUID, TransferSyntaxUID })
  }
  return [...forms.values()]
}

async function* pagesOf(read: RetrieveDeps['read'], keys: RetrieveKeys): AsyncGenerator<RetrievableObject> {
  let after: RetrieveCursor | null | undefined
  while (after !== null) {
    const page = await read.retrievable(keys, PAGE, after)
    yield* page.objects
    after = page.next
  }
}

/** Those whose form stands in this association of the plan; what has come since the plan was made goes over the last. */
async function* objectsOf(
  plan: OfferedContext[][],
  at: number,
  objects: AsyncIterable<RetrievableObject>,
): AsyncGenerator<RetrievableObject> {
  for await (const object of objects) {
    const holds = (contexts: OfferedContext[]) =>
      contexts.some(
        ({ abstractSyntax, transferSyntaxes: [first] }) =>
          abstractSyntax === object.SOPClassUID && first === object.TransferSyntaxUID,
      )
    const own = plan.findIndex(holds)
    if ((own < 0 ? plan.length - 1 : own) === at) yield object
  }
}
