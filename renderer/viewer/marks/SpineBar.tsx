import { type SpineDirection, VERTEBRAE } from '../../../shared/viewing/measure/spine.ts'
import { t } from '../../i18n/index.ts'
import { useMarks } from './marksStore.ts'
import type { ShownFrame } from './onPane.ts'
import { nextVertebra } from './spine.ts'

/** Which vertebra comes next, and which way they are counted, while they are labelled in a pane. */
export function SpineBar({ shown }: { shown: ShownFrame }) {
  const { direction } = useMarks(state => state.spine)
  const next = nextVertebra(shown)
  const choose = (change: { next?: string; direction?: SpineDirection }) =>
    // What was chosen for the next one holds whichever way is counted on from it.
    useMarks.setState(({ spine }) => ({ spine: { ...spine, ...(next !== undefined && { next }), ...change } }))
  return (
    <div className="spine-bar">
      <label>
        {t('Next vertebra')}{' '}
        <select
          value={next ?? ''}
          onChange={event => {
            choose({ next: event.target.value })
            // The keys are the viewer's again.
            event.target.blur()
          }}
        >
          {next === undefined && <option value="">…</option>}
          {VERTEBRAE.map(label => (
            <option key={label}>{label}</option>
          ))}
        </select>
      </label>
      <label>
        {t('counting')}{' '}
        <select
          value={direction}
          onChange={event => {
            choose({ direction: event.target.value === 'up' ? 'up' : 'down' })
            event.target.blur()
          }}
        >
          <option value="down">{t('down')}</option>
          <option value="up">{t('up')}</option>
        </select>
      </label>
    </div>
  )
}
