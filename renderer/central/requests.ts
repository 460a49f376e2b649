import { create } from 'zustand'
import type { StudySummary } from '../../shared/contract.ts'
import type { DeadLetter } from '../../shared/sync.ts'

/** A study as what a page of its own is headed by. */
export type CustodySubject = Pick<
  StudySummary,
  'StudyInstanceUID' | 'PatientName' | 'lang' | 'PatientID' | 'StudyDate' | 'StudyDescription' | 'ModalitiesInStudy'
>

interface Requests {
  /** The study whose custody is looked at. */
  custody: CustodySubject | undefined
  /** Whose refused images are looked at: '' = everybody's; undefined: nobody looks. */
  refused: string | undefined
}

/** Which of this room's dialogs are open; the custody of a study may lie over the list of what was refused. */
export const useRequests = create<Requests>(() => ({ custody: undefined, refused: undefined }))

export function showCustody(study: CustodySubject): void {
  useRequests.setState({ custody: study })
}

export function showRefused(destination = ''): void {
  useRequests.setState({ refused: destination })
}

export function subjectOf(letter: DeadLetter): CustodySubject {
  return { ...letter, ModalitiesInStudy: [letter.Modality] }
}
