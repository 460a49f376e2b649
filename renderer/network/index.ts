import './network.css'

export { NetworkDialogs } from './NetworkDialogs.tsx'
export { NetworkPage } from './NetworkPage.tsx'
export { askWhereTo, findElsewhere, searchNode } from './requests.ts'
