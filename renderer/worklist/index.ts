import './worklist.css'

export { listItems } from './listItems.ts'
export { type ReadingPlace, readingList, useReadingPlace } from './readingList.ts'
export { setReading, toggled } from './readingStatus.ts'
export { freshRow } from './studyRows.ts'
export { Worklist } from './Worklist.tsx'
export { listedRows, reload } from './worklistStore.ts'
