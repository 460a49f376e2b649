import './documents.css'

export { DocumentLayer } from './DocumentLayer.tsx'
export { DocumentTile } from './DocumentTile.tsx'
export { documentActions } from './documentActions.ts'
export { KeyObjectRows } from './KeyObjectRows.tsx'
export { scrollDocument, zoomDocument } from './reach.ts'
