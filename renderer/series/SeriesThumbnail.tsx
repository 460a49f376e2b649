import type { SeriesSummary } from '../../shared/contract.ts'

export function describeSeries(series: SeriesSummary): string {
  const number = series.SeriesNumber === null ? '' : `${series.SeriesNumber} `
  return `${number}${series.SeriesDescription || series.BodyPartExamined || series.Modality || 'Series'}`
}

/** The picture that stands for a series, or its modality where there is none. */
export function SeriesThumbnail(props: { series: SeriesSummary; thumbnails: Map<string, string> }) {
  const { series, thumbnails } = props
  const source = thumbnails.get(series.thumbnailSOPInstanceUID) ?? thumbnails.get(series.SeriesInstanceUID)
  return (
    <span className="thumbnail">
      {source === undefined ? <span className="quiet">{series.Modality || '?'}</span> : <img src={source} alt="" />}
    </span>
  )
}
