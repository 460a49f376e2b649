import { fork } from 'node:child_process'
import { once } from 'node:events'
import { globSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { REPOSITORY } from '../fixtures/station.ts'
import type { CheckRequest } from './checker.ts'
import type { Checked } from './checkVault.ts'
import { unsynced } from './recorder.ts'

/** Processes that check folders, each one after the other. */
export interface Checkers {
  count: number
  check(request: CheckRequest): Promise<Checked>
  stop(): void
}

export async function startCheckers(library: string, count: number): Promise<Checkers> {
  const entry = await bundleChecker(join(dirname(library), 'checker'))
  const env = { ...unsynced(library), NODE_COMPILE_CACHE: join(dirname(entry), 'compiled') }
  const free = Array.from({ length: count }, () => {
    const child = fork(entry, { env })
    const ended = once(child, 'exit').then(() => {
      throw new Error('a process that checks has ended')
    })
    ended.catch(() => {})
    return { child, ended }
  })
  const all = [...free]
  return {
    count,
    async check(request) {
      const checker = free.pop()
      if (!checker) throw new Error('more checks than checkers')
      const answered = once(checker.child, 'message')
      checker.child.send(request)
      const [answer] = (await Promise.race([answered, checker.ended])) as [Checked]
      free.push(checker)
      return answer
    },
    stop() {
      for (const { child } of all) child.kill('SIGKILL')
    },
  }
}

/** Threads and the handles in them are used again from one state to the next; see reusedThread.ts. */
const reused: Plugin = {
  name: 'reused',
  setup({ onResolve }) {
    onResolve({ filter: /base\/thread\.ts$/ }, () => ({ path: join(import.meta.dirname, 'reusedThread.ts') }))
    onResolve({ filter: /^better-sqlite3$/ }, () => ({ path: join(import.meta.dirname, 'reusedDatabase.ts') }))
  },
}

/** Opening a store starts threads, and each reads its sources anew: bundled as the station is, that takes half of the time. */
async function bundleChecker(outdir: string): Promise<string> {
  await build({
    absWorkingDir: REPOSITORY,
    entryPoints: ['test/faults/checker.ts', ...globSync('electron/station/store/**/*Thread.ts', { cwd: REPOSITORY })],
    entryNames: '[name]',
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    plugins: [reused],
    logLevel: 'warning',
    outdir,
  })
  // Packages stay outside, as in the product.
  symlinkSync(join(REPOSITORY, 'node_modules'), join(outdir, 'node_modules'))
  return join(outdir, 'checker.js')
}
