import './storage.css'

export { StoragePage } from './StoragePage.tsx'
