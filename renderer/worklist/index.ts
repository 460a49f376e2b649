import './worklist.css'

export { Worklist } from './Worklist.tsx'
