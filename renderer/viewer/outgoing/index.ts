import './outgoing.css'

export { outgoingActions } from './outgoingActions.ts'
export { PicturesDialog } from './PicturesDialog.tsx'
export { PrintDialog } from './PrintDialog.tsx'
