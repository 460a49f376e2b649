import { t } from '../i18n/index.ts'
import { Dialog } from '../ui/index.ts'

/** Whether to mark a study as read all the same. */
export function UnseenQuestion(props: {
  /** What was not seen. */
  words: string
  onMark: () => void
  onShow: () => void
  onClose: () => void
}) {
  const { words, onMark, onShow, onClose } = props
  return (
    <div
      onKeyDownCapture={event => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
        event.preventDefault()
        event.stopPropagation()
        onMark()
      }}
    >
      <Dialog
        title={t('Not everything was seen')}
        onClose={onClose}
        foot={
          <>
            <button type="button" title={t('Not yet (Esc)')} onClick={onClose}>
              {t('Not yet')}
            </button>
            <button type="button" onClick={onShow}>
              {t('Show them')}
            </button>
            <button type="button" data-first-focus title={t('Mark as read (Ctrl+Enter)')} onClick={onMark}>
              {t('Mark as read')}
            </button>
          </>
        }
      >
        <p>{words}</p>
      </Dialog>
    </div>
  )
}
