import { useState } from 'react'
import { msg, t } from '../../i18n/index.ts'
import { announce, Dialog } from '../../ui/index.ts'
import { activePane } from '../session.ts'
import { type CopyTo, copyChanges, copyPlaces } from './copyMark.ts'
import { draftOf } from './drafts.ts'
import { markName } from './markActions.ts'
import { useMarks } from './marksStore.ts'

const WAYS = {
  next: msg('the next images'),
  previous: msg('the images before'),
  all: msg('every image of the stack'),
} as const
type Way = keyof typeof WAYS

const close = () => useMarks.setState({ copying: false })

function target(way: Way, count: number): CopyTo {
  if (way === 'all') return 'all'
  return way === 'next' ? { next: count } : { previous: count }
}

/** Asks which other images of the stack get the selected mark, too. */
export function CopyMark() {
  const [way, setWay] = useState<Way>('next')
  const [text, setText] = useState('1')
  const { selected } = useMarks.getState()
  const stack = activePane()?.stack
  const keeper = stack && draftOf(stack.manifest.StudyInstanceUID)
  const mark = keeper?.draft.marks.find(one => one.id === selected)
  const count = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0
  const places = stack && mark ? copyPlaces(stack, mark, target(way, count)) : []
  const copy = () => {
    if (mark === undefined || places.length === 0) return
    const kept = keeper?.edit(copyChanges(mark, places))
    close()
    announce(
      kept
        ? t('Copied to {{count}} images', { count: places.length })
        : 'Not copied: so many marks are not kept of one study',
    )
  }
  return (
    <Dialog
      title={mark === undefined ? t('Copy a mark') : t('Copy: {{mark}}', { mark: markName(mark.kind) })}
      onClose={close}
      foot={
        <button type="button" disabled={places.length === 0} onClick={copy}>
          {t('Copy to {{count}} images', { count: places.length })}
        </button>
      }
    >
      <form
        className="copy-mark"
        onSubmit={event => {
          event.preventDefault()
          copy()
        }}
      >
        {(Object.keys(WAYS) as Way[]).map(one => (
          <label key={one}>
            <input type="radio" name="way" checked={way === one} onChange={() => setWay(one)} />
            {t(WAYS[one])}
          </label>
        ))}
        <label>
          {t('How many')}
          <input
            data-first-focus
            inputMode="numeric"
            value={text}
            disabled={way === 'all'}
            onChange={event => setText(event.target.value)}
          />
        </label>
      </form>
      <p className="quiet">{t('To the same pixels of each image. One undo takes all copies back.')}</p>
    </Dialog>
  )
}
