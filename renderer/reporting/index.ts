import './reporting.css'

export { keepCaret, moveCaret, passesToImages } from './caret.ts'
export { useDictationOf } from './dictation/dictation.ts'
export { ReportPane } from './ReportPane.tsx'
export { ReportSettingsPage } from './ReportSettingsPage.tsx'
export type { MarkOffer, ReportImages } from './reportImages.ts'
export { reportOf, useReportPane } from './reports.ts'
export { signReport } from './signReport.ts'
