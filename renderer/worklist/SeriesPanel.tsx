import { useCallback, useEffect, useState } from 'react'
import type { SeriesSummary, StudySummary } from '../../shared/contract.ts'
import { askDelete, askMove } from '../bin/index.ts'
import { call } from '../client.ts'
import { t } from '../i18n/index.ts'
import { actionOf, actionRow, keyOf, shownKey } from '../keys/index.ts'
import {
  describeSeries,
  onStudiesChanged,
  SeriesThumbnail,
  type StudyContents,
  studyContents,
  studyThumbnails,
} from '../series/index.ts'
import { countImages, formatDate, Menu } from '../ui/index.ts'
import { useRow } from './studyRows.ts'

/** Long enough to pass over rows with a held key without a request for each. */
const PAUSE_MS = 120

/** The series of the cursor row's study; being looked at is also what makes a study worth reading ahead. */
export function SeriesPanel(props: {
  id: number | undefined
  onPreload: (StudyInstanceUID: string) => void
  onOpen: (study: StudySummary, startTime: number) => void
}) {
  const { id, onPreload, onOpen } = props
  const row = useRow(id)
  const StudyInstanceUID = row?.StudyInstanceUID
  const [contents, setContents] = useState<StudyContents>()
  const [thumbnails, setThumbnails] = useState<Map<string, string>>(new Map())
  const [version, setVersion] = useState(0)

  useEffect(
    () =>
      onStudiesChanged(changed => {
        if (StudyInstanceUID !== undefined && changed.includes(StudyInstanceUID)) setVersion(value => value + 1)
      }),
    [StudyInstanceUID],
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` says that the station has something newer.
  useEffect(() => {
    if (StudyInstanceUID === undefined) return setContents(undefined)
    let current = true
    const timer = setTimeout(async () => {
      try {
        const found = await studyContents(StudyInstanceUID)
        if (!current) return
        setContents(found)
        onPreload(StudyInstanceUID)
        const pictures = await studyThumbnails(StudyInstanceUID)
        if (current) setThumbnails(pictures)
      } catch {
        // Unreachable or gone: the table above says so, and tries again.
        if (current) setContents(undefined)
      }
    }, PAUSE_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [StudyInstanceUID, version, onPreload])

  const shown = contents?.study.StudyInstanceUID === StudyInstanceUID ? contents : undefined
  return (
    <section className="series-panel" aria-label={t('Series of the selected study')}>
      <div className="series-row">
        {shown?.series.map(series => (
          <SeriesFigure
            key={series.SeriesInstanceUID}
            StudyInstanceUID={shown.study.StudyInstanceUID}
            series={series}
            thumbnails={thumbnails}
          />
        ))}
      </div>
      {shown !== undefined && <OtherStudies study={shown.study} priors={row?.priors ?? 0} onOpen={onOpen} />}
    </section>
  )
}

/** A series: its picture and its words; while it has the focus, the keys that delete or move a study do so with it alone. */
function SeriesFigure(props: { StudyInstanceUID: string; series: SeriesSummary; thumbnails: Map<string, string> }) {
  const { StudyInstanceUID, series, thumbnails } = props
  const { SeriesInstanceUID, NumberOfSeriesRelatedInstances: images } = series
  const [menu, setMenu] = useState<{ x: number; y: number }>()
  const title = `${series.Modality} ${describeSeries(series)}`
  const subject = { StudyInstanceUID, SeriesInstanceUID, title, images }
  const closeMenu = useCallback(() => setMenu(undefined), [])
  return (
    <figure
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it has keys and a menu of its own.
      tabIndex={0}
      data-series={SeriesInstanceUID}
      title={describeSeries(series)}
      onKeyDown={event => {
        const id = actionOf(keyOf(event.nativeEvent), ['row-move', 'row-delete'])
        if (id === undefined) return
        if (id === 'row-delete') askDelete(subject)
        else askMove(subject)
        event.preventDefault()
        event.stopPropagation()
      }}
      onContextMenu={event => {
        event.preventDefault()
        const { left, top } = event.currentTarget.getBoundingClientRect()
        setMenu(event.clientX === 0 ? { x: left, y: top } : { x: event.clientX, y: event.clientY })
      }}
    >
      <SeriesThumbnail series={series} thumbnails={thumbnails} />
      <figcaption>
        <div className="truncate">
          <bdi dir="auto">{describeSeries(series)}</bdi>
        </div>
        <div className="quiet truncate">
          {series.Modality} · {countImages(images)}
          {series.frames > images && t(' · {{frames}} frames', { frames: series.frames })}
          {!series.hasImages && t(' · no picture')}
        </div>
      </figcaption>
      {menu !== undefined && (
        <Menu
          at={menu}
          label="Series"
          entries={[
            { name: actionRow('row-move').name, shortcut: shownKey('row-move'), run: () => askMove(subject) },
            { name: actionRow('row-delete').name, shortcut: shownKey('row-delete'), run: () => askDelete(subject) },
          ]}
          onClose={closeMenu}
        />
      )}
    </figure>
  )
}

/** The patient's other studies on one quiet line, newest first; a click opens one. */
function OtherStudies(props: {
  study: StudySummary
  priors: number
  onOpen: (study: StudySummary, startTime: number) => void
}) {
  const { study, priors, onOpen } = props
  const { StudyInstanceUID } = study
  const [others, setOthers] = useState<StudySummary[]>([])
  useEffect(() => {
    let current = true
    const show = (studies: StudySummary[]) => current && setOthers(studies)
    if (priors === 0) show([])
    // What fails here is only a convenience missing: the count of them stands in the table.
    else
      call('patient.studies', { StudyInstanceUID }).then(
        answer => show(answer.studies),
        () => show([]),
      )
    return () => {
      current = false
    }
  }, [StudyInstanceUID, priors])
  return (
    <div className="other-studies quiet">
      {others.length > 0 && <span>{t('Other studies of this patient:')}</span>}
      {others.map(other => (
        <button
          type="button"
          className="bare patient-study"
          key={other.StudyInstanceUID}
          title={t('Open this study')}
          onClick={event => onOpen(other, event.timeStamp)}
        >
          {formatDate(other.StudyDate)} {other.ModalitiesInStudy.join(' ')}
          <bdi dir="auto" lang={other.lang || undefined}>
            {other.StudyDescription || other.BodyPartExamined.join(', ')}
          </bdi>
        </button>
      ))}
    </div>
  )
}
