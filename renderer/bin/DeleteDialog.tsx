import { Trash2 } from 'lucide-react'
import { t } from '../i18n/index.ts'
import { countImages, Dialog } from '../ui/index.ts'
import { closeBin, deleteSubject, type Subject } from './binStore.ts'
import { ReasonField, useReason } from './ReasonField.tsx'

/** Asks why, not whether: it can be taken back. Enter deletes. */
export function DeleteDialog({ subject }: { subject: Subject }) {
  const { reason, setReason, keep } = useReason()
  const submit = () => {
    if (reason.trim() === '') return
    keep()
    closeBin()
    void deleteSubject(subject, reason)
  }
  return (
    <Dialog
      title={subject.SeriesInstanceUID === undefined ? 'Delete study' : 'Delete series'}
      className="bin-dialog"
      onClose={closeBin}
      foot={
        <button type="submit" form="delete" disabled={reason.trim() === ''} title={t('Into the bin (Enter)')}>
          <Trash2 aria-hidden /> {t('Delete')}
        </button>
      }
    >
      <form
        id="delete"
        className="bin-form"
        onSubmit={event => {
          event.preventDefault()
          submit()
        }}
      >
        <div>
          <bdi dir="auto">{subject.title}</bdi> · {countImages(subject.images)}
        </div>
        <ReasonField reason={reason} onChange={setReason} />
        <div className="quiet">
          {t('It is hidden everywhere and can be taken back: at once by Ctrl+Z, later from Deleted.')}
        </div>
      </form>
    </Dialog>
  )
}
