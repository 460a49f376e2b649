import { FileText, X } from 'lucide-react'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { StudySummary } from '../../../shared/contract.ts'
import {
  hasReport,
  orderPriors,
  pictureModalities,
  placesInTime,
  yearsInTime,
} from '../../../shared/viewing/compare/priors.ts'
import { useStation } from '../../activity/index.ts'
import { msg, t } from '../../i18n/index.ts'
import { useShownKey } from '../../keys/index.ts'
import { onStudiesChanged } from '../../series/index.ts'
import { describeDate, formatDate, IconButton } from '../../ui/index.ts'
import { readOthers } from '../openStudy.ts'
import { timeApart } from '../otherStudies.ts'
import { useSession } from '../session.ts'
import { openPrior } from './openPrior.ts'
import { askArchives, fetchPrior, forgetFetch, forgetPriors, type RemoteStudy, usePriors } from './priorsStore.ts'

/** The archives are asked when the study's own images have had the line to themselves. */
const ASK_AFTER_MS = 1500

/** A study of the patient, here or elsewhere. */
interface Row {
  StudyInstanceUID: string
  StudyDate: string
  StudyTime: string
  StudyDescription: string
  ModalitiesInStudy: string[]
  BodyPartExamined: string[]
  images: number | null
  here: StudySummary | undefined
  remote: RemoteStudy | undefined
}

function rowsOf(study: StudySummary, others: readonly StudySummary[], remote: Iterable<RemoteStudy>): Row[] {
  const here = [study, ...others].map(
    (one): Row => ({ ...one, images: one.NumberOfStudyRelatedInstances, here: one, remote: undefined }),
  )
  const known = new Set(here.map(({ StudyInstanceUID }) => StudyInstanceUID))
  const elsewhere = [...remote]
    .filter(({ found }) => !known.has(found.StudyInstanceUID))
    .map((one): Row => {
      const { found } = one
      return {
        ...found,
        BodyPartExamined: [],
        images: found.NumberOfStudyRelatedInstances,
        here: undefined,
        remote: one,
      }
    })
  return [...here, ...elsewhere]
}

/** Up and down walk the studies; Escape gives the keys back to the images. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-prior]')]
  const at = rows.indexOf(event.target as HTMLElement)
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -rows.length, End: rows.length }[event.key]
  if (step !== undefined && at !== -1) rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.focus()
  else if (event.key === 'Escape') (event.target as HTMLElement).blur()
  else if (event.key !== 'Enter' && event.key !== ' ') return
  if (step !== undefined || event.key === 'Escape') event.preventDefault()
  event.stopPropagation()
}

/** Whether a remote study is on its way, and what became of it. */
function useArrivals(): void {
  const fetching = usePriors(priors => priors.fetching)
  const jobs = useStation(station => station.jobs)
  useEffect(() => {
    for (const [uid, id] of fetching) {
      // A station that was started anew knows nothing of it: it may be asked for again.
      if (jobs.find(one => one.id === id)?.state === 'running') continue
      forgetFetch(uid)
      void readOthers()
    }
  }, [fetching, jobs])
  // One that comes without being asked for here.
  useEffect(
    () => onStudiesChanged(uids => uids.some(uid => usePriors.getState().remote.has(uid)) && void readOthers()),
    [],
  )
}

/** The patient's studies through time: here, coming, and on other archives. Mounted with the viewer, asks once for each opening. */
export function PriorsPanel({ visible }: { visible: boolean }) {
  const study = useSession(session => session.study)
  const uid = study?.StudyInstanceUID
  useEffect(() => {
    forgetPriors()
    const { study } = useSession.getState()
    if (!visible || uid === undefined || study === undefined) return
    const closing = new AbortController()
    const timer = setTimeout(() => void askArchives(study, closing.signal), ASK_AFTER_MS)
    return () => {
      clearTimeout(timer)
      closing.abort()
    }
  }, [visible, uid])
  useArrivals()
  const listed = usePriors(priors => priors.listed)
  return listed && study !== undefined ? <Priors study={study} /> : null
}

function Priors({ study }: { study: StudySummary }) {
  const others = useSession(session => session.others)
  const { asked, modality, remote, asking, silent } = usePriors()
  const key = useShownKey('priors')
  const list = useRef<HTMLDivElement>(null)
  const all = rowsOf(study, others, remote.values())
  const placed = useRef({ asked: 0, isOnOther: false })
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the first study that comes the caret goes from the open one to it.
  useEffect(() => {
    const isNew = asked !== placed.current.asked
    // Whoever has gone elsewhere meanwhile stays there.
    if (!isNew && (placed.current.isOnOther || !list.current?.contains(document.activeElement))) return
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-prior]') ?? [])]
    const other = rows.find(row => row.getAttribute('aria-current') !== 'true')
    placed.current = { asked, isOnOther: other !== undefined }
    if (asked > 0) (other ?? rows[0])?.focus({ preventScroll: true })
  }, [asked, all.length])
  const modalities = [...new Set(all.flatMap(pictureModalities))].sort()
  const shown = modality === '' ? all : all.filter(row => row.ModalitiesInStudy.includes(modality))
  const ordered = orderPriors(study, shown)
  const groups = [
    { title: msg('Comparable'), rows: ordered.filter(({ comparable }) => comparable) },
    { title: msg('Others'), rows: ordered.filter(({ comparable }) => !comparable) },
  ].filter(({ rows }) => rows.length > 0)
  return (
    <aside className="priors" aria-label={t('Studies of the patient')} onKeyDown={walk}>
      <header>
        <span>{t('Studies of the patient')}</span>
        <span className="spring" />
        <IconButton
          icon={X}
          name="Close the list"
          shortcut={key}
          onClick={() => usePriors.setState({ listed: false })}
        />
      </header>
      {modalities.length > 1 && (
        <div className="priors-filter" role="toolbar" aria-label={t('Modality')}>
          {['', ...modalities].map(one => (
            <button
              type="button"
              key={one}
              aria-pressed={modality === one}
              onClick={() => usePriors.setState({ modality: one })}
            >
              {one || t('All')}
            </button>
          ))}
        </div>
      )}
      <TimeLine rows={ordered} current={study.StudyInstanceUID} />
      <div className="priors-list" ref={list}>
        {groups.map(({ title, rows }) => (
          <section key={title}>
            <h3 className="quiet">{t(title)}</h3>
            {rows.map(({ study: row, comparable }) => (
              <PriorRow key={row.StudyInstanceUID} row={row} comparable={comparable} from={study} />
            ))}
          </section>
        ))}
      </div>
      {(asking > 0 || silent.size > 0) && (
        <div className="priors-foot quiet" role="status">
          {asking > 0 && (
            <div>{asking === 1 ? t('Asking an archive…') : t('Asking {{number}} archives…', { number: asking })}</div>
          )}
          {[...silent].map(([name, why]) => (
            <div className="truncate" key={name} title={`${name}: ${why}`}>
              {t('{{name}} could not be asked', { name })}
            </div>
          ))}
        </div>
      )}
    </aside>
  )
}

/** The studies where their dates stand, to scale. */
function TimeLine({ rows, current }: { rows: Array<{ study: Row; comparable: boolean }>; current: string }) {
  const dates = rows.map(({ study }) => study.StudyDate)
  const places = placesInTime(dates)
  // Its place is kept: what comes after the list is there moves no row.
  if (places.filter(place => place !== undefined).length < 2) return <div className="priors-time" aria-hidden />
  return (
    <div className="priors-time" aria-hidden>
      {yearsInTime(dates).map(({ year, at }) => (
        <span className="year quiet" key={year} style={{ left: `${100 * at}%` }}>
          {year}
        </span>
      ))}
      {rows.map(({ study, comparable }, index) =>
        places[index] === undefined ? null : (
          <span
            className="dot"
            key={study.StudyInstanceUID}
            data-comparable={comparable ? '' : undefined}
            data-current={study.StudyInstanceUID === current ? '' : undefined}
            title={formatDate(study.StudyDate)}
            style={{ left: `${100 * places[index]}%` }}
          />
        ),
      )}
    </div>
  )
}

function PriorRow({ row, comparable, from }: { row: Row; comparable: boolean; from: StudySummary }) {
  const { StudyInstanceUID, StudyDate, StudyDescription, images, here, remote } = row
  const jobId = usePriors(priors => priors.fetching.get(StudyInstanceUID))
  const job = useStation(station => station.jobs.find(({ id }) => id === jobId))
  const beside = useSession(({ assigned, layout }) =>
    assigned.slice(0, layout.rows * layout.columns).some(one => one?.StudyInstanceUID === StudyInstanceUID),
  )
  const isCurrent = StudyInstanceUID === from.StudyInstanceUID
  const open = () => {
    if (here === undefined) {
      if (remote !== undefined) void fetchPrior(remote)
    } else if (!isCurrent) void openPrior(StudyInstanceUID)
  }
  const away = here?.away ?? 0
  const place =
    job !== undefined
      ? t('coming')
      : remote !== undefined
        ? t('on {{name}}', { name: remote.node.name })
        : away > 0
          ? t('{{number}} on an archive', { number: away })
          : beside && !isCurrent
            ? t('shown')
            : ''
  const what = isCurrent
    ? t('The study that is read')
    : here === undefined
      ? t('Enter or a click gets it from the archive')
      : t('Enter or a click shows its best matching series beside the active pane')
  const modalities = pictureModalities(row).join(' ')
  const said = StudyDescription.startsWith(modalities) ? '' : modalities
  const words = [said, StudyDescription].filter(Boolean).join(' ')
  return (
    <button
      type="button"
      className="bare"
      data-prior={StudyInstanceUID}
      data-comparable={comparable ? '' : undefined}
      aria-current={isCurrent}
      title={`${describeDate(StudyDate)}. ${what}`}
      onClick={open}
    >
      <span className="priors-line">
        <span className="when">{formatDate(StudyDate) || t('no date')}</span>
        <span className="truncate">
          <bdi dir="auto">{words || t('Study')}</bdi>
        </span>
        {hasReport(row) && <FileText size={14} aria-label={t('with a report')} />}
      </span>
      <span className="priors-line quiet">
        <span className="truncate">
          {[
            isCurrent ? t('current') : timeApart(StudyDate, from.StudyDate),
            [...new Set(row.BodyPartExamined)].join(' ').toLowerCase(),
            images === null ? '' : t('{{count}} images', { count: images }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
        <span className="end">{place}</span>
      </span>
      {job !== undefined && (
        <progress
          max={Math.max(1, job.total)}
          value={job.done}
          aria-label={t('{{done}} of {{total}} images', { done: job.done, total: job.total })}
        />
      )}
    </button>
  )
}
