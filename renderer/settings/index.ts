import './settings.css'

export { followAppearance, toggleContrast } from './appearance.ts'
export { SETTINGS_PAGES, type SettingsPage } from './pages.ts'
export { Settings } from './Settings.tsx'
