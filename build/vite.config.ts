import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The renderer's bundle. `base` stays '/': the station serves it at its root. */
export default defineConfig({
  root: fileURLToPath(new URL('../renderer', import.meta.url)),
  plugins: [react()],
  // See there: without it the viewer's code is 3.9 MB, not 1.8.
  resolve: {
    alias: [
      // Its package gives no way to its single files.
      {
        find: /^@cornerstonejs\/core\/dist/,
        replacement: fileURLToPath(new URL('../node_modules/@cornerstonejs/core/dist', import.meta.url)),
      },
      { find: /^@cornerstonejs\/core$/, replacement: fileURLToPath(new URL('cornerstone/core.mjs', import.meta.url)) },
    ],
  },
  worker: { format: 'es' },
  build: {
    outDir: fileURLToPath(new URL('../out/renderer', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The policy allows no inline fonts or scripts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 8000,
  },
})
