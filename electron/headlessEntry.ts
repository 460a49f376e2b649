import { setFlagsFromString } from 'node:v8'

// Ahead of everything the station is made of, while the heap is small yet. V8 lets the young generation of each thread grow to 32 MB
// and gives it back late: garbage, for what is received lies outside. Kept at the 1 MB it begins with it is collected more often, each
// time less (RESULTS.md). `--max-semi-space-size` works on the main thread only as an argument of the process. Electron is left alone:
// its V8 may refuse flags once it runs, and refusing ends the process.
if (!process.versions.electron) setFlagsFromString('--semi-space-growth-factor=1')
await import('./headless.ts')
