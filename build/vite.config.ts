import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The renderer's bundle. `base` stays '/': the station serves it at its root. */
export default defineConfig({
  root: fileURLToPath(new URL('../renderer', import.meta.url)),
  plugins: [react()],
  // vtk.js reaches xmlbuilder2, which extends Node's EventEmitter: without this the page dies blank although the build succeeds.
  resolve: { alias: { events: fileURLToPath(new URL('../node_modules/events/events.js', import.meta.url)) } },
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
