import './network.css'

export { NetworkPage } from './NetworkPage.tsx'
