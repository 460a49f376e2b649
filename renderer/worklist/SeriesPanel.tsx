import { useEffect, useState } from 'react'
import {
  describeSeries,
  onStudiesChanged,
  SeriesThumbnail,
  type StudyContents,
  studyContents,
  studyThumbnails,
} from '../series/index.ts'

/** Long enough to pass over rows with a held key without a request for each. */
const PAUSE_MS = 120

/** The series of the cursor row's study; being looked at is also what makes a study worth reading ahead. */
export function SeriesPanel(props: {
  StudyInstanceUID: string | undefined
  onPreload: (StudyInstanceUID: string) => void
}) {
  const { StudyInstanceUID, onPreload } = props
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
    </section>
  )
}
