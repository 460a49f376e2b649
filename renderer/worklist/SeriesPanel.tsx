import { useEffect, useState } from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import { call } from '../client.ts'
import {
  describeSeries,
  onStudiesChanged,
  SeriesThumbnail,
  type StudyContents,
  studyContents,
  studyThumbnails,
} from '../series/index.ts'
import { formatDate } from '../ui/index.ts'
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
    <section className="series-panel" aria-label="Series of the selected study">
      <div className="series-row">
        {shown?.series.map(series => (
          <figure key={series.SeriesInstanceUID} title={describeSeries(series)}>
            <SeriesThumbnail series={series} thumbnails={thumbnails} />
            <figcaption>
              <div className="truncate">
                <bdi dir="auto">{describeSeries(series)}</bdi>
              </div>
              <div className="quiet truncate">
                {series.Modality} · {series.NumberOfSeriesRelatedInstances}{' '}
                {series.NumberOfSeriesRelatedInstances === 1 ? 'image' : 'images'}
                {series.frames > series.NumberOfSeriesRelatedInstances && ` · ${series.frames} frames`}
                {!series.hasImages && ' · no picture'}
              </div>
            </figcaption>
          </figure>
        ))}
      </div>
      {shown !== undefined && <OtherStudies study={shown.study} priors={row?.priors ?? 0} onOpen={onOpen} />}
    </section>
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
      {others.length > 0 && <span>Other studies of this patient:</span>}
      {others.map(other => (
        <button
          type="button"
          className="bare patient-study"
          key={other.StudyInstanceUID}
          title="Open this study"
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
