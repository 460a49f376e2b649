import { useEffect } from 'react'
import { CopyMark } from './CopyMark.tsx'
import { HistogramPanel } from './HistogramPanel.tsx'
import { keepLayout } from './keepLayout.ts'
import { MarksList } from './MarksList.tsx'
import { useMarks } from './marksStore.ts'

/** What stands beside the panes: the list of marks, the histogram, and the question where a mark is copied to. Mounted with the viewer. */
export function MarkPanels() {
  useEffect(keepLayout, [])
  const histogram = useMarks(state => state.histogram)
  const listed = useMarks(state => state.listed)
  const copying = useMarks(state => state.copying)
  return (
    <>
      {(histogram || listed) && (
        <div className="marks-panels">
          {histogram && <HistogramPanel />}
          {listed && <MarksList />}
        </div>
      )}
      {copying && <CopyMark />}
    </>
  )
}
