import { FilePen, PenLine, TextCursorInput } from 'lucide-react'
import { moveCaret, reportOf, signReport, useReportPane } from '../../reporting/index.ts'
import { type Action, act } from '../action.ts'
import { activePane, useSession } from '../session.ts'
import { reportImages } from './ReportSide.tsx'

function sign(): void {
  const images = reportImages(useSession.getState())
  if (images === undefined) return
  // What is not on the screen is not signed: the key shows it first.
  if (!useReportPane.getState().open) useReportPane.setState({ open: true })
  else void signReport(reportOf(images.study.StudyInstanceUID), images, 'final')
}

/** What can be done with the report of the open study. */
export function reportActions(): Action[] {
  const { open } = useReportPane.getState()
  return [
    act('report', { icon: FilePen, run: () => useReportPane.setState({ open: !open }), pressed: open }),
    act('report-caret', { icon: TextCursorInput, run: () => moveCaret(() => activePane()?.element.focus()) }),
    act('report-sign', { icon: PenLine, run: sign }),
  ]
}
