import './theme.css'

export { CopyButton } from './CopyButton.tsx'
export { Dialog } from './Dialog.tsx'
export {
  describeDate,
  describeFlag,
  formatBytes,
  formatDate,
  formatMoment,
  formatTime,
  showControls,
} from './format.ts'
export { IconButton } from './IconButton.tsx'
export { PersonName } from './PersonName.tsx'
