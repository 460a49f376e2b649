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

/**
 * Those after `known`, which is empty at first; '' = of every destination. A batch that was refused has one time for all of its
 * images: the page is asked for from that time on, and what is known of it is left out.
 */
export async function readMore(read: ReadPage, destination: string, known: DeadLetter[]): Promise<Letters> {
  const of = destination === '' ? {} : { destination }
  const last = known.at(-1)
  const { letters: page } = await read({ ...of, limit: PAGE, ...(last && { before: last.at + 1 }) })
  const keys = new Set(known.map(letterKey))
  const fresh = page.filter(letter => !keys.has(letterKey(letter)))
  if (fresh.length > 0 || page.length < PAGE || last === undefined) {
    return { letters: [...known, ...fresh], complete: page.length < PAGE }
  }
  // A whole page of one moment: the rest of it is shown once these are sent again.
  const { letters: older } = await read({ ...of, limit: PAGE, before: last.at })
  return { letters: [...known, ...older], complete: older.length < PAGE }
}

/** A study's own, `wanted` of them: the list has them among all others. */
export async function readOfStudy(read: ReadPage, StudyInstanceUID: string, wanted: number): Promise<DeadLetter[]> {
  let found: DeadLetter[] = []
  for (let all: Letters = { letters: [], complete: wanted === 0 }; !all.complete && found.length < wanted; ) {
    all = await readMore(read, '', all.letters)
    found = all.letters.filter(letter => letter.StudyInstanceUID === StudyInstanceUID)
  }
  return found
}
