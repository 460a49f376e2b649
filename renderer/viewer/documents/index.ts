import './documents.css'

export { DocumentLayer } from './DocumentLayer.tsx'
export { DocumentTile } from './DocumentTile.tsx'
export { documentActions } from './documentActions.ts'
export { KeyObjectRows } from './KeyObjectRows.tsx'
export { isChosen as isKeyImage } from './keyImages.ts'
export { greysAndTurn, isPresented, usePresented } from './presentations.ts'
export { fitDocument, scrollDocument, zoomDocument } from './reach.ts'
