import path from 'node:path'
import { defineConfig } from 'vitest/config'

/** Every suite runs with this file; `build/test.mjs` picks the folders. */
export default defineConfig({
  root: path.resolve(import.meta.dirname, '..'),
  cacheDir: 'out/.vitest',
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    environment: 'node',
    // A process per file: native modules (better-sqlite3) and worker threads do not share a module registry.
    pool: 'forks',
    maxWorkers: 2,
    // Of the tests of one file that say they may run beside each other.
    maxConcurrency: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Its own second is a bound on time: on a busy machine a picture takes longer.
    expect: { poll: { timeout: 60_000 } },
    // An unhandled rejection fails the run: vitest's default, stated because every suite relies on it.
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
