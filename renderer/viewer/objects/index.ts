import './objects.css'

export { ObjectLayers } from './ObjectLayers.tsx'
export { ObjectTile } from './ObjectTile.tsx'
export { objectActions } from './objectActions.ts'
export { openSeries } from './openOnImages.ts'
export { StructuresPanel } from './StructuresPanel.tsx'
