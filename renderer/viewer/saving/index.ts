import './saving.css'

export { SavedLine } from './SavedLine.tsx'
export { saveAtReading } from './save.ts'
export { savingActions } from './savingActions.ts'
