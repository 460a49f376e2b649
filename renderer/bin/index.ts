import './bin.css'

export { BinRoom } from './BinRoom.tsx'
export { askDelete, askMove, openBin, openSamePatient, type Subject } from './binStore.ts'
export { SamePatientButton } from './SamePatientButton.tsx'
