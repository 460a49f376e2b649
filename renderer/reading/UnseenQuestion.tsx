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
        title="Not everything was seen"
        onClose={onClose}
        foot={
          <>
            <button type="button" title="Not yet (Esc)" onClick={onClose}>
              Not yet
            </button>
            <button type="button" onClick={onShow}>
              Show them
            </button>
            <button type="button" data-first-focus title="Mark as read (Ctrl+Enter)" onClick={onMark}>
              Mark as read
            </button>
          </>
        }
      >
        <p>{words}</p>
      </Dialog>
    </div>
  )
}
