import type { Priority, ReadingStatus, StudySummary } from '../../shared/contract.ts'
import { keepHere } from '../central/index.ts'
import { call } from '../client.ts'
import { msg, t } from '../i18n/index.ts'
import { saveMarked } from '../reading/index.ts'
import { announce, announceFailure, type Offer } from '../ui/index.ts'
import { proposeRow } from './studyRows.ts'

type Decided = Pick<StudySummary, 'id' | 'StudyInstanceUID'>

/** Shows it at once, says it to the station, and puts it back if the station does not take it. */
async function decide<T>(study: Decided, change: Partial<StudySummary>, say: () => Promise<T>): Promise<T | undefined> {
  proposeRow(study.id, change)
  try {
    return await say()
  } catch (thrown) {
    announceFailure('It could not be marked.', thrown)
    return undefined
  } finally {
    proposeRow(study.id, undefined)
  }
}

const WORDS: Record<ReadingStatus, string> = {
  new: msg('Marked as new'),
  opened: msg('Marked as unread'),
  read: msg('Marked as read'),
}

function shownAs(status: ReadingStatus): Partial<StudySummary> {
  return { reading: { status, by: '', at: Date.now() } }
}

/** Says how far the reading of a study is; undoable. `but`: what is to be said besides, and what can be done about it. */
export async function setReading(
  study: Decided,
  status: ReadingStatus,
  but?: { words: string; offer: Offer },
): Promise<void> {
  const { StudyInstanceUID } = study
  const answer = await decide(study, shownAs(status), () =>
    call('reading.set', { studies: [{ StudyInstanceUID, status }] }),
  )
  if (answer === undefined) return
  const undo = async () => {
    await call('reading.set', { studies: answer.before })
    proposeRow(study.id, undefined)
  }
  announce([t(WORDS[status]), ...(but === undefined ? [] : [but.words])].join(' · '), undo, but?.offer)
}

/** As the list says it: what was marked in a study that is read now is saved, as it is where the study is open. */
export function markInList(study: Decided, status: ReadingStatus): void {
  if (status === 'read') saveMarked(study.StudyInstanceUID)
  void setReading(study, status)
}

/** What R makes of a study: read, or unread again. */
export function toggled(study: StudySummary): ReadingStatus {
  return study.reading.status === 'read' ? 'opened' : 'read'
}

/** Shows a status that is not said yet; the returned function takes it back. */
export function proposeReading(study: StudySummary, status: ReadingStatus): () => void {
  proposeRow(study.id, shownAs(status))
  return () => proposeRow(study.id, undefined)
}

/** What a priority is called where a reader sees it. */
export const PRIORITY_WORDS: Record<Priority, string> = {
  stat: msg('STAT'),
  urgent: msg('Urgent'),
  routine: msg('Routine'),
}

/** That it stays here, or need not any more; undoable. */
export async function setKept(study: StudySummary, kept: boolean): Promise<void> {
  await decide(study, { kept }, () => keepHere(study, kept))
}

export async function setPriority(study: Decided, priority: Priority): Promise<void> {
  const { StudyInstanceUID } = study
  const answer = await decide(study, { priority }, () => call('priority.set', { StudyInstanceUID, priority }))
  if (answer === undefined) return
  announce(t('Priority: {{priority}}', { priority: t(PRIORITY_WORDS[priority]) }), async () => {
    await call('priority.set', { StudyInstanceUID, priority: answer.before })
    proposeRow(study.id, undefined)
  })
}
