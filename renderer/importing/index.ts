import './importing.css'

export { ImportDialog } from './ImportDialog.tsx'
