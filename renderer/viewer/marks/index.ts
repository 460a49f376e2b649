import './marks.css'

export { measuredFrame } from './figures.ts'
export { cancelMark, marksPointer } from './hand.ts'
export { MarkPanels } from './MarkPanels.tsx'
export { Marks } from './Marks.tsx'
export { markActions } from './markActions.ts'
export { markToolInHand, putAwayMarkTool, useMarkTools } from './marksStore.ts'
export { useCalibrations } from './ofSet.ts'
