export { ReportSide } from './ReportSide.tsx'
export { reportActions } from './reportActions.ts'
