// The worker alone, by the way that build/vite.config.ts makes to it: by its index the page would carry two loaders, dcmjs and every codec's
// glue a second time (1 MB), none of which is used here.
// @ts-expect-error: the package does not export it, so it has no types.
import '@cornerstonejs/dicom-image-loader/dist/esm/decodeImageFrameWorker.js'
