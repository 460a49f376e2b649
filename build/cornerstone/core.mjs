// What of Cornerstone's core is used here and by its image loader (which `bench cached` runs beside our own), file by file, under the
// names it has there. By its own index the page would carry every viewport and all of vtk.js as well: the loader takes `utilities`
// apart as a whole, which no bundler can thin out.
// A name that is missing fails the build.
export { default as cache } from '@cornerstonejs/core/dist/esm/cache/cache.js'
export * as Enums from '@cornerstonejs/core/dist/esm/enums/index.js'
export { default as eventTarget } from '@cornerstonejs/core/dist/esm/eventTarget.js'
export {
  canRenderFloatTextures,
  getWebWorkerManager,
  init,
} from '@cornerstonejs/core/dist/esm/init.js'
export * as imageLoader from '@cornerstonejs/core/dist/esm/loaders/imageLoader.js'
export { registerImageLoader } from '@cornerstonejs/core/dist/esm/loaders/imageLoader.js'
export * as metaData from '@cornerstonejs/core/dist/esm/metaData.js'
export { default as imageRetrievalPoolManager } from '@cornerstonejs/core/dist/esm/requestPool/imageRetrievalPoolManager.js'
export { default as triggerEvent } from '@cornerstonejs/core/dist/esm/utilities/triggerEvent.js'
export * as utilities from './utilities.mjs'
