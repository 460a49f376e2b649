import './theme.css'

export { AsText } from './AsText.tsx'
export { CopyButton } from './CopyButton.tsx'
export { CopyValue } from './CopyValue.tsx'
export { setContrast, useContrast } from './contrast.ts'
export { copyText } from './copyText.ts'
export { Dialog } from './Dialog.tsx'
export {
  countImages,
  describeCompleteness,
  describeDate,
  describeFlag,
  formatAge,
  formatBytes,
  formatDate,
  formatMoment,
  formatTime,
  showControls,
} from './format.ts'
export { IconButton } from './IconButton.tsx'
export { Menu, type MenuEntry } from './Menu.tsx'
export { Notice } from './Notice.tsx'
export { announce, announceFailure, type Offer, undoLast, useNotice } from './notices.ts'
export { OpenFile } from './OpenFile.tsx'
export { PersonName } from './PersonName.tsx'
export { describeGroups, shownName } from './personName.ts'
export { save, saveText } from './save.ts'
export { setTextSize, stepTextSize, TEXT_SIZES, useTextSize } from './textSize.ts'
export { walkButtons } from './walkButtons.ts'
