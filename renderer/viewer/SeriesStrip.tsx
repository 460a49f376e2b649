import { useEffect, useState } from 'react'
import { describeSeries, SeriesThumbnail } from '../series/index.ts'
import { countLoaded, onFrames } from './frameLoader.ts'
import { SERIES_MIME } from './PaneView.tsx'
import { assignSeries, useSession } from './session.ts'

function useLoadedCounts(): number {
  const [tick, setTick] = useState(0)
  useEffect(() => onFrames(() => setTick(value => value + 1)), [])
  return tick
}

/** The study's series: thumbnail, what it is, how much of it is here. Drag, double click or Enter puts one into a pane. */
export function SeriesStrip() {
  const { series, thumbnails, assigned, active, stacks } = useSession()
  useLoadedCounts()
  return (
    <nav className="strip" aria-label="Series">
      {series.map(one => {
        const stack = stacks.get(one.SeriesInstanceUID)
        const loaded = stack === undefined ? 0 : countLoaded(stack.imageIds)
        const all = stack?.imageIds.length ?? one.frames
        return (
          <button
            type="button"
            key={one.SeriesInstanceUID}
            className="series-card"
            data-shown={assigned.includes(one.SeriesInstanceUID) ? '' : undefined}
            aria-current={assigned[active] === one.SeriesInstanceUID}
            title={`${describeSeries(one)}: double click or Enter shows it in the active pane (←/→)`}
            draggable
            onDragStart={event => {
              event.dataTransfer.setData(SERIES_MIME, one.SeriesInstanceUID)
              event.dataTransfer.effectAllowed = 'copy'
            }}
            onDoubleClick={() => assignSeries(one.SeriesInstanceUID)}
            onKeyDown={event => {
              if (event.key === 'Enter') assignSeries(one.SeriesInstanceUID)
            }}
          >
            <SeriesThumbnail series={one} thumbnails={thumbnails} />
            <span className="series-words">
              <span className="truncate">
                <bdi dir="auto">{describeSeries(one)}</bdi>
              </span>
              <span className="quiet truncate">
                {one.Modality} · {one.frames || one.NumberOfSeriesRelatedInstances}
              </span>
            </span>
            <progress max={Math.max(1, all)} value={loaded} aria-label={`${loaded} of ${all} images loaded`} />
          </button>
        )
      })}
    </nav>
  )
}
