import './saving.css'

export { followSaving } from './otherWindows.ts'
export { SavedLine } from './SavedLine.tsx'
export { saveAtReading } from './save.ts'
export { savingActions } from './savingActions.ts'
