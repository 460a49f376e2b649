import type { FindPage, StoreReader } from '../store/index.ts'
import { encodeCommand, STATUS } from '../wire/dimse.ts'
import { createAnswerWriter } from './findAnswer.ts'
import { type FindRequest, parseFindIdentifier } from './findIdentifier.ts'
import type { Operation, Outcome } from './operations.ts'
import type { QueryModel } from './queryModels.ts'

export type FindReader = Pick<StoreReader, 'find' | 'findRows'>

/** Rows of one read, and of one write to the socket. */
const PAGE = 200

/** What a query was, for the log: never a value of it. */
export interface FindFacts {
  level: string
  keys: string[]
  matches: number
}

/**
 * C-FIND (PS3.4 §C.4.1, PS3.7 §9.1.2): pending responses in pages, as the peer takes them. Between two pages a C-CANCEL and the end of the
 * association are heard.
 */
export async function find(
  read: FindReader,
  operation: Operation,
  { root }: QueryModel,
  retrieveAET: string,
  told: (facts: FindFacts) => void,
): Promise<Outcome> {
  const { context, identifier, options, cancelled } = operation
  const request = parseFindIdentifier(identifier, context.transferSyntax, root, options, retrieveAET)
  const write = createAnswerWriter(request, context.transferSyntax)
  const Status = request.incomplete ? STATUS.pendingWarning : STATUS.pending
  const command = encodeCommand(operation.response({ Status }, true))
  const { level, matches } = request.query
  const facts = { level, keys: matches.map(({ keyword }) => keyword), matches: 0 }

  for await (const rows of pages(read, request.query)) {
    if (cancelled.aborted) break
    facts.matches += rows.length
    if (!(await operation.send(rows.map(row => ({ command, dataSet: write(row) }))))) break
  }
  told(facts)
  return { Status: cancelled.aborted ? STATUS.cancelled : STATUS.success }
}

/** While a page is written and the peer takes it, the next one is read. */
async function* pages(read: FindReader, query: FindRequest['query']): AsyncGenerator<string[][]> {
  const { level, returned } = query
  for (let next: number | null = 0; next !== null; ) {
    const page: FindPage = await read.find({ ...query, from: next })
    let ahead: Promise<string[][]> | undefined = Promise.resolve(page.rows)
    for (let at = 0; ahead; at += PAGE) {
      const rows: string[][] = await ahead
      ahead = at < page.rest.length ? read.findRows(level, returned, page.rest.slice(at, at + PAGE)) : undefined
      // Where nobody waits for it any more its failure concerns nobody.
      ahead?.catch(() => {})
      yield rows
    }
    next = page.next
  }
}
