import { create } from 'zustand'
import { call } from '../client.ts'
import { t } from '../i18n/index.ts'
import { announce, announceFailure, countImages } from '../ui/index.ts'

/** What is to be deleted or moved: a study, or one series of it; `title` is what a person calls it. */
export interface Subject {
  StudyInstanceUID: string
  SeriesInstanceUID?: string
  title: string
  images: number
}

interface Bin {
  /** Which of this room's dialogs is open, and about what. */
  open: { kind: 'bin' } | { kind: 'same' } | { kind: 'delete' | 'move'; subject: Subject } | undefined
}

export const useBin = create<Bin>(() => ({ open: undefined }))

export const openBin = () => useBin.setState({ open: { kind: 'bin' } })
export const openSamePatient = () => useBin.setState({ open: { kind: 'same' } })
export const askDelete = (subject: Subject) => useBin.setState({ open: { kind: 'delete', subject } })
export const askMove = (subject: Subject) => useBin.setState({ open: { kind: 'move', subject } })
export const closeBin = () => useBin.setState({ open: undefined })

/** Into the bin; undoable. */
export async function deleteSubject(subject: Subject, reason: string): Promise<void> {
  const { title, images: _images, ...item } = subject
  try {
    const { ids, images } = await call('bin.delete', { items: [item], reason })
    announce(t('Deleted: {{title}}, {{images}}', { title, images: countImages(images) }), async () => {
      for (const id of ids) await call('bin.restore', { id })
    })
  } catch (thrown) {
    announceFailure('It could not be deleted.', thrown)
  }
}

/** Shows it under the patient of another study, a series also `into` that study; undoable. */
export async function moveSubject(
  subject: Subject,
  to: { StudyInstanceUID: string; into: boolean },
  reason: string,
): Promise<void> {
  const { title, images: _images, ...item } = subject
  try {
    const { id } = await call('move.make', { ...item, to, reason })
    // '' = an earlier move was taken back by it: there is nothing of its own to undo.
    announce(
      t('Moved: {{title}}', { title }),
      id === '' ? undefined : async () => void (await call('move.undo', { id })),
    )
  } catch (thrown) {
    announceFailure('It could not be moved.', thrown)
  }
}
