import './viewer.css'

export { actionNames } from './actions.ts'
export { installProbe } from './probe.ts'
export { openStudy, preloadStudy } from './session.ts'
export { markOpen, markPainted } from './timings.ts'
export { Viewer, type ViewerProps } from './Viewer.tsx'
