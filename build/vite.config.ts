import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Of dcmjs Cornerstone's loggers want the one thing that `cornerstone/log.mjs` has. */
const ownLog: Plugin = {
  name: 'own-log',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source === 'dcmjs' && importer?.includes('/@cornerstonejs/utils/')
      ? fileURLToPath(new URL('cornerstone/log.mjs', import.meta.url))
      : null,
}

/** The renderer's bundle. `base` stays '/': the station serves it at its root. */
export default defineConfig({
  root: fileURLToPath(new URL('../renderer', import.meta.url)),
  plugins: [react(), ownLog],
  // See there: without it the viewer's code is 2 MB more.
  resolve: {
    alias: [
      // Their packages give no way to their single files.
      {
        find: /^@cornerstonejs\/(core|dicom-image-loader)\/dist/,
        replacement: `${fileURLToPath(new URL('../node_modules/@cornerstonejs', import.meta.url))}/$1/dist`,
      },
      { find: /^@cornerstonejs\/core$/, replacement: fileURLToPath(new URL('cornerstone/core.mjs', import.meta.url)) },
    ],
  },
  worker: { format: 'es', plugins: () => [ownLog] },
  build: {
    outDir: fileURLToPath(new URL('../out/renderer', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The policy allows no inline fonts or scripts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 8000,
  },
})
