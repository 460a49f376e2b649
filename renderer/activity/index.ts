import './activity.css'

export { Activity } from './Activity.tsx'
export { JobView } from './JobView.tsx'
export { StatusLine } from './StatusLine.tsx'
export { followStation, replaceJob, useStation } from './stationStore.ts'
