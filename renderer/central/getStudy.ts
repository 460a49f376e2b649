import type { StudySummary } from '../../shared/contract.ts'
import { call } from '../client.ts'
import { announce, announceFailure } from '../ui/index.ts'
import { useSync } from './syncStore.ts'

/** Some archive gives images back. */
export function mayGet(): boolean {
  return (useSync.getState().destinations ?? []).length > 0
}

/** All of a study that is not here and an archive has, as a job: Activity and the status line show how far, and stop it. */
export async function getFromArchive({ StudyInstanceUID }: Pick<StudySummary, 'StudyInstanceUID'>): Promise<void> {
  try {
    await call('pull.study', { StudyInstanceUID })
    announce('Getting it from the archive: Activity shows how far')
  } catch (thrown) {
    announceFailure('It could not be got from the archive.', thrown)
  }
}

/** That it stays here whatever the room, or need not any more; what of it has left comes back. Undoable. Whether it was kept. */
export async function keepHere(study: Pick<StudySummary, 'StudyInstanceUID' | 'away'>, kept: boolean): Promise<void> {
  const { StudyInstanceUID, away } = study
  const set = (wanted: boolean) => call('study.keep', { StudyInstanceUID, kept: wanted })
  const { before } = await set(kept)
  announce(
    kept ? 'Kept here: it never leaves for an archive' : 'May leave again once an archive holds it',
    async () => {
      await set(before)
    },
  )
  // It is kept, whatever becomes of this.
  if (kept && away > 0 && mayGet()) {
    await call('pull.study', { StudyInstanceUID }).catch((thrown: unknown) =>
      announceFailure('It is kept, but could not be got from the archive.', thrown),
    )
  }
}
