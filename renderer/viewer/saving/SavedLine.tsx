import { useEffect, useReducer } from 'react'
import { changesSince, savable } from '../../../shared/viewing/writing/changes.ts'
import { headsBeside } from '../../../shared/viewing/writing/heads.ts'
import type { SavedMeasurements } from '../../../shared/viewing/writing/readMeasurements.ts'
import { t } from '../../i18n/index.ts'
import { useShownKey } from '../../keys/index.ts'
import { formatDate, formatTime } from '../../ui/index.ts'
import { draftOf } from '../marks/drafts.ts'
import { basesOf, save, useSaving } from './save.ts'
import { isOurs, NOTHING_SAVED, newerThan, useSaved } from './savedStore.ts'
import { addMarksOf, mergeVersion, missingOf, takeNewer } from './take.ts'

/** The time alone when it was today. */
function momentWords({ date, time }: { date: string; time: string }): string {
  const now = new Date()
  const today = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
    .map(part => String(part).padStart(2, '0'))
    .join('')
  return [date === today ? '' : formatDate(date), formatTime(time)].filter(Boolean).join(' ')
}

function MergeButton({ study, version }: { study: string; version: SavedMeasurements }) {
  return (
    <button
      type="button"
      title={t('Beside those that are here; what is saved next stands for both versions')}
      onClick={() => mergeVersion(study, version)}
    >
      {t('Add')}
    </button>
  )
}

/** In the list of marks: whether they are saved, what else is saved of the study, and the button for either. */
export function SavedLine({ study }: { study: string }) {
  const versions = useSaved(({ studies }) => studies.get(study) ?? NOTHING_SAVED)
  const state = useSaving(({ studies }) => studies[study])
  const key = useShownKey('save')
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => draftOf(study).state.subscribe(redraw), [study])
  const { draft } = draftOf(study)
  const { report, selection } = basesOf(draft, versions)
  const changes = changesSince(draft, report, selection?.keyImages ?? [])
  const count = changes.marks + changes.keyImages
  const last = [report, selection]
    .flatMap(one => one ?? [])
    .sort((a, b) => (a.date + a.time < b.date + b.time ? 1 : -1))[0]
  const { newer } = newerThan(draft, versions)
  const takeKey = useShownKey('save-take')
  const beside = headsBeside(versions.reports.filter(isOurs), draft.continues ?? []).filter(
    one => missingOf(study, one).length > 0,
  )
  /** The newest of them, which the line above already tells of. */
  const rival = beside.find(one => one.SOPInstanceUID === newer?.SOPInstanceUID)
  const others = versions.reports.filter(one => !isOurs(one) && missingOf(study, one).length > 0).slice(0, 3)
  const { left } = savable(draft)
  return (
    <div className="saved-line">
      {(count > 0 || last !== undefined) && (
        <p role="status">
          <span className={count > 0 ? 'attention' : 'quiet'}>
            {count > 0
              ? t('{{count}} changes not saved', { count })
              : t('Saved {{moment}}', { moment: last === undefined ? '' : momentWords(last) })}
          </span>
          {count > 0 && (
            <button
              type="button"
              disabled={state === 'busy'}
              title={[t('Save as objects of the study'), key && `(${key})`].filter(Boolean).join(' ')}
              onClick={() => void save(study)}
            >
              {state === 'busy' ? t('Saving…') : typeof state === 'object' ? t('Try again') : t('Save')}
            </button>
          )}
        </p>
      )}
      {count > 0 && typeof state === 'object' && (
        <p className="attention">{t('Not saved: {{why}}', { why: state.failed })}</p>
      )}
      {left > 0 && <p className="quiet">{t('{{number}} on reformats: kept here, not saved', { number: left })}</p>}
      {newer !== undefined && (
        <p>
          <span className="attention">{t('Another version was saved {{moment}}', { moment: momentWords(newer) })}</span>
          <button type="button" title={takeKey && `(${takeKey})`} onClick={() => takeNewer(study)}>
            {t('Take it')}
          </button>
          {rival && <MergeButton study={study} version={rival} />}
        </p>
      )}
      {beside
        .filter(one => one !== rival)
        .slice(0, 3)
        .map(one => (
          <p key={one.SOPInstanceUID}>
            <span className="attention words">
              {t('{{number}} marks in a version saved beside this one, {{moment}}', {
                number: missingOf(study, one).length,
                moment: momentWords(one),
              })}
            </span>
            <MergeButton study={study} version={one} />
          </p>
        ))}
      {others.map(one => (
        <p key={one.SOPInstanceUID}>
          <span className="quiet words">
            {t('{{number}} measured by {{program}}, {{moment}}', {
              number: missingOf(study, one).length,
              program: one.Manufacturer === '' ? t('another program') : `\u2068${one.Manufacturer}\u2069`,
              moment: momentWords(one),
            })}
          </span>
          <button type="button" onClick={() => addMarksOf(study, one)}>
            {t('Add')}
          </button>
        </p>
      ))}
    </div>
  )
}
