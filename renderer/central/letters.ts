import type { CallIn } from '../../shared/contract.ts'
import type { DeadLetter } from '../../shared/sync.ts'

/** What was refused, page by page, newest first. */

export type ReadPage = (wanted: CallIn<'sync.dead'>) => Promise<{ letters: DeadLetter[] }>

export interface Letters {
  letters: DeadLetter[]
  /** There are none after these. */
  complete: boolean
}

/** As many as the station gives at once. */
const PAGE = 500

export const letterKey = ({ destination, contentId }: DeadLetter) => `${contentId} ${destination}`

/** Those after `known`, which is empty at first; '' = of every destination. The station ends a page where a moment ends. */
export async function readMore(read: ReadPage, destination: string, known: DeadLetter[]): Promise<Letters> {
  const last = known.at(-1)
  const { letters } = await read({
    ...(destination !== '' && { destination }),
    limit: PAGE,
    ...(last && { before: last.at }),
  })
  return { letters: [...known, ...letters], complete: letters.length < PAGE }
}
