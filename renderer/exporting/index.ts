import './exporting.css'

export { askExport } from './asked.ts'
export { ExportDialogs } from './ExportDialog.tsx'
