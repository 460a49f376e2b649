import type { Node } from '../../../shared/config.ts'
import { toIsocenterError } from '../../../shared/errors.ts'
import type { RetrievableObject, RetrieveCursor, RetrieveKeys, StoreReader } from '../store/index.ts'
import type { Outgoing } from './outgoing.ts'
import { type Originator, type SendingDeps, type Sent, sendObjects } from './subOperations.ts'
import { type OfferedContext, planAssociations, type StoredForm } from './transferPlan.ts'

/** Objects are read from the index so many at a time, and the next ones meanwhile: no read lasts while a peer takes them. */
const PAGE = 200
/** Of their forms alone, which take a fifth of that and come summed up. */
const FORMS_PAGE = 2000

export interface SendToDeps extends SendingDeps {
  /** Rejects with 'peer-failed', the sooner the deader the destination. */
  open(node: Node, contexts: OfferedContext[]): Promise<Outgoing>
}

/**
 * Sends objects to a node, over as many associations as its forms need, and tells what has become of each. A node that
 * cannot be reached is not called again: all that is left has failed.
 * @param objects all of them, for each association anew.
 */
export async function* sendTo(
  node: Node,
  objects: () => AsyncIterable<RetrievableObject>,
  forms: StoredForm[],
  deps: SendToDeps,
  stop: AbortSignal,
  originator?: Originator,
): AsyncGenerator<Sent> {
  let unreachable = ''
  const plan = planAssociations(forms)
  for (const [at, contexts] of plan.entries()) {
    if (stop.aborted) return
    const planned = objectsOf(plan, at, objects())
    const line = unreachable
      ? undefined
      : await openOr(
          () => deps.open(node, contexts),
          why => {
            unreachable = why
          },
        )
    if (!line) {
      for await (const object of planned) {
        yield { object, outcome: 'failed', reason: unreachable, code: 'peer-failed', begun: false }
      }
      continue
    }
    const untaken = untakenClasses(contexts, line.storing)
    if (untaken.length > 0 && line.storing.length > 0) line.failed({ kind: 'nothingTaken', abstractSyntaxes: untaken })
    const statuses = new Set<number>()
    try {
      for await (const sent of sendObjects(line, planned, deps, stop, originator)) {
        if (sent.outcome !== 'failed') line.sent()
        else if (sent.status !== undefined && !statuses.has(sent.status)) {
          statuses.add(sent.status)
          line.failed({ kind: 'notTaken', status: sent.status })
        }
        yield sent
      }
    } finally {
      // The peer has answered each of them: how the association ends changes nothing.
      void line.release()
    }
  }
}

function untakenClasses(offered: OfferedContext[], accepted: Outgoing['storing']): string[] {
  const classes = new Set(offered.map(({ abstractSyntax }) => abstractSyntax))
  for (const { abstractSyntax } of accepted) classes.delete(abstractSyntax)
  return [...classes]
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

/** Every form there is of what is asked for, and how many objects there are. */
export async function formsOf(
  read: Pick<StoreReader, 'retrievableForms'>,
  keys: RetrieveKeys,
): Promise<{ forms: StoredForm[]; total: number }> {
  const forms = new Map<string, StoredForm>()
  let total = 0
  for (let after: RetrieveCursor | null | undefined; after !== null; ) {
    const page = await read.retrievableForms(keys, FORMS_PAGE, after)
    for (const { SOPClassUID, TransferSyntaxUID, objects } of page.forms) {
      total += objects
      forms.set(`${SOPClassUID} ${TransferSyntaxUID}`, { SOPClassUID, TransferSyntaxUID })
    }
    after = page.next
  }
  return { forms: [...forms.values()], total }
}

export async function* pagesOf(
  read: Pick<StoreReader, 'retrievable'>,
  keys: RetrieveKeys,
): AsyncGenerator<RetrievableObject> {
  type Page = Awaited<ReturnType<typeof read.retrievable>>
  let reading: Promise<Page> | undefined = read.retrievable(keys, PAGE)
  while (reading) {
    const { objects, next }: Page = await reading
    // Read while these are sent.
    reading = next === null ? undefined : read.retrievable(keys, PAGE, next)
    // Where nobody goes on its failure concerns nobody.
    reading?.catch(() => {})
    yield* objects
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
