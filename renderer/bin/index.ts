import './bin.css'

export { BinRoom } from './BinRoom.tsx'
export { askDelete, askMove, openBin, type Subject } from './binStore.ts'
