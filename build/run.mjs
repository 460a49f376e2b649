#!/usr/bin/env node
// The one entry of every `npm run` command. Runs on any Node ≥ 18: installs what is missing, goes on under the pinned Node, builds
// what changed, then does what was asked. Only the verb itself may write to stdout; installing and building talk on stderr.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ensureInstalled, pinnedNode } from './install.mjs'
import { spawnThrough } from './process.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const [verb = 'start', ...args] = process.argv.slice(2)

/** Verb → does it need the bundles, and what it does. Resolves to an exit code, or to undefined to leave the process running. */
const VERBS = {
  start: { built: true, run: async () => (await import('./start.mjs')).start(ROOT, args) },
  serve: { built: true, run: () => serve() },
  import: { built: true, run: async () => (await import('./import.mjs')).importPaths(ROOT, args) },
  repair: { built: true, run: async () => (await import('./repair.mjs')).repair(ROOT, args) },
  audit: { built: false, run: async () => (await import('./audit.mjs')).audit(args) },
  build: { built: true, run: () => 0 },
  bench: { built: true, run: () => script('test/bench', 'benchmark') },
  faults: { built: true, run: () => script('test/faults', 'campaign') },
  test: { built: true, run: async () => (await import('./test.mjs')).runTests(ROOT, args) },
  format: {
    built: false,
    run: () =>
      spawnThrough(path.join(ROOT, 'node_modules/.bin/biome'), ['check', '--write', '--config-path=build', ...args]),
  },
}

if (!Object.hasOwn(VERBS, verb)) {
  console.error(`There is no '${verb}'. There are: ${Object.keys(VERBS).join(', ')}.`)
  process.exit(2)
}
// npm's shell does not pass a signal on, it dies of it: whoever notices that his parent is gone ends as if told to.
const parent = process.ppid
if (process.env.npm_command) {
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGTERM'), 500).unref()
}
ensureInstalled(ROOT)
const node = pinnedNode(ROOT)
// What is found by name (npm, the tools in node_modules/.bin) runs on it too.
process.env.PATH = path.dirname(node) + path.delimiter + process.env.PATH
// Once only, whatever the paths look like: with a channel to its parent this already is the second run.
if (node !== process.execPath && !process.send) {
  process.exit(await spawnThrough(node, [fileURLToPath(import.meta.url), verb, ...args], { ipc: true }))
}
// The process that started us is gone without a word: end as if told to.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))

// npm goes to the package's folder; a relative path on the command line means the folder the user stands in.
if (process.env.INIT_CWD && ['serve', 'import', 'repair', 'audit'].includes(verb)) process.chdir(process.env.INIT_CWD)
if (VERBS[verb].built) {
  const { ensureBuilt } = await import('./bundle.mjs')
  await ensureBuilt(ROOT)
}
const code = await VERBS[verb].run()
if (code !== undefined) process.exit(code)

/** The station in this very process: its signals and its stdin are ours. */
async function serve() {
  const entry = path.join(ROOT, 'out/station/headless.js')
  process.argv.splice(1, process.argv.length - 1, entry, ...args)
  await import(pathToFileURL(entry).href)
}

/** `<folder>/<name>.ts` with the rest of the arguments. */
function script(folder, kind) {
  const [name = '', ...rest] = args
  const file = path.join(ROOT, folder, `${name}.ts`)
  if (!/^[a-z-]+$/.test(name) || !existsSync(file)) {
    console.error(`Which ${kind}? npm run ${verb} -- <name of a file in ${folder}>`)
    return 2
  }
  return spawnThrough(process.execPath, [file, ...rest])
}
