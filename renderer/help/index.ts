import './help.css'

export { Help } from './Help.tsx'
