// `utilities` of core.mjs.
export { default as isVideoTransferSyntax } from '@cornerstonejs/core/dist/esm/utilities/isVideoTransferSyntax.js'
export * as logger from '@cornerstonejs/core/dist/esm/utilities/logger.js'
export { default as ProgressiveIterator } from '@cornerstonejs/core/dist/esm/utilities/ProgressiveIterator.js'
export { default as VoxelManager } from '@cornerstonejs/core/dist/esm/utilities/VoxelManager.js'
export {
  getWasmBasePath,
  setWasmBasePath,
} from '@cornerstonejs/core/dist/esm/utilities/wasmBasePath.js'
export * as windowLevel from '@cornerstonejs/core/dist/esm/utilities/windowLevel.js'
