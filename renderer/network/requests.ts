import { create } from 'zustand'
import type { StudySummary } from '../../shared/contract.ts'
import type { FoundStudy, StudySearch } from '../../shared/network.ts'
import { replaceJob } from '../activity/index.ts'
import { call } from '../client.ts'
import { heard, t } from '../i18n/index.ts'

interface Requests {
  /** The study that is asked a destination for. */
  sending: StudySummary | undefined
  /** What was searched for here when another archive was to be asked; undefined: nobody asks. */
  finding: string | undefined
}

/** What a person is about to ask of another node. */
export const useRequests = create<Requests>(() => ({ sending: undefined, finding: undefined }))

export function askWhereTo(study: StudySummary): void {
  useRequests.setState({ sending: study })
}

/** `words`: what is in the search box here. */
export function findElsewhere(words: string): void {
  useRequests.setState({ finding: words })
}

export async function sendStudy(AET: string, StudyInstanceUID: string): Promise<void> {
  replaceJob(await call('send.start', { AET, StudyInstanceUIDs: [StudyInstanceUID] }))
}

export async function fetchStudy(AET: string, StudyInstanceUID: string): Promise<void> {
  replaceJob(await call('fetch.start', { AET, StudyInstanceUID }))
}

/** How often what has come is asked for: rows appear while the node still answers. */
const READ_EVERY_MS = 300

/**
 * Reads a search to its end, handing on rows as they come. Resolves with why it did not come to its end by itself, '' where it did;
 * `signal` ends it, and the node is told.
 */
export async function searchNode(
  AET: string,
  search: StudySearch,
  onRows: (rows: FoundStudy[]) => void,
  signal: AbortSignal,
): Promise<string> {
  const { id } = await call('search.start', { AET, search })
  let after = 0
  while (!signal.aborted) {
    const { studies, done, complete, error } = await call('search.read', { id, after })
    if (signal.aborted) break
    after += studies.length
    if (studies.length > 0) onRows(studies)
    if (done)
      return complete
        ? ''
        : heard(error) || t('There are more than {{number}}: say more of what to look for.', { number: after })
    await new Promise(resolve => setTimeout(resolve, READ_EVERY_MS))
  }
  await call('search.stop', { id })
  return ''
}
