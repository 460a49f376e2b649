import './marks.css'

export { cancelMark, marksPointer } from './hand.ts'
export { Marks } from './Marks.tsx'
export { MarksList } from './MarksList.tsx'
export { markActions } from './markActions.ts'
export { markToolInHand, putAwayMarkTool, useMarkTools } from './marksStore.ts'
