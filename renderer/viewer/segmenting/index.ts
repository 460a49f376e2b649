import './segmenting.css'

export { cancelSegmenting, pressSegment } from './hand.ts'
export { holdSegments } from './keeper.ts'
export { SegmentLayer } from './SegmentLayer.tsx'
export { SegmentsPanel } from './SegmentsPanel.tsx'
export { saveSegmentations, unsavedWorks } from './save.ts'
export { segmentActions, withSegmentUndo } from './segmentActions.ts'
export { putAwaySegmentTool, segmentToolInHand } from './segmentStore.ts'
