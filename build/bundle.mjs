import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { spawnThrough } from './process.mjs'

/** Each part of the product: what it is made from and where it goes (a folder of out/). */
const PARTS = {
  station: {
    sources: ['electron/headless*.ts', 'electron/station/**/*.ts', 'shared/**/*.ts'],
    made: 'headless.js',
    build: buildStation,
  },
  electron: {
    sources: ['electron/main.ts', 'electron/preload.ts', 'electron/shell/**/*.ts', 'shared/**/*.ts'],
    made: 'main.js',
    build: buildElectron,
  },
  renderer: {
    sources: [
      'renderer/**/*',
      'shared/**/*.ts',
      'build/vite.config.ts',
      'build/cornerstone/*',
      'resources/selftest/*',
      'resources/hangingProtocols.json',
      'resources/reportTemplates/*',
    ],
    made: 'index.html',
    build: buildRenderer,
  },
}

/** Builds the parts whose sources changed since they were built. A part is swapped in whole, so a running station never sees half of one. */
export async function ensureBuilt(root) {
  const stale = []
  for (const [name, part] of Object.entries(PARTS)) {
    const stamp = stampOf(root, part)
    const folder = path.join(root, 'out', name)
    const stampFile = path.join(root, 'out', `.${name}-stamp`)
    const fresh =
      existsSync(path.join(folder, part.made)) && (await readFile(stampFile, 'utf8').catch(() => '')) === stamp
    if (!fresh) stale.push({ name, part, stamp, folder, stampFile })
  }
  if (stale.length === 0) return
  const started = Date.now()
  await mkdir(path.join(root, 'out'), { recursive: true })
  await Promise.all(
    stale.map(async ({ name, part, stamp, folder, stampFile }) => {
      const fresh = path.join(root, 'out', `.${name}-${process.pid}`)
      try {
        await part.build(root, fresh)
        await rm(folder, { recursive: true, force: true })
        await rename(fresh, folder)
        await writeFile(stampFile, stamp)
      } finally {
        await rm(fresh, { recursive: true, force: true })
      }
    }),
  )
  console.error(`Built ${stale.map(({ name }) => name).join(', ')} in ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

/** The hash of every source's name and content, the locked packages and the build itself. */
function stampOf(root, part) {
  const hash = createHash('sha256')
  const files = part.sources.flatMap(pattern => globSync(pattern, { cwd: root, withFileTypes: true }))
  const names = files.filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath, entry.name))
  for (const file of [
    ...names.sort(),
    ...['package-lock.json', 'build/bundle.mjs'].map(name => path.join(root, name)),
  ]) {
    hash.update(`${path.relative(root, file)}\0`).update(readFileSync(file))
  }
  return hash.digest('hex')
}

const COMMON = {
  bundle: true,
  platform: 'node',
  target: 'node22.14',
  packages: 'external',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
}

/**
 * headless.js, which loads the station as headlessStation.js, and, flat beside them, every worker thread's entry:
 * `new URL('./x.js', import.meta.url)` finds it from any bundle.
 */
async function buildStation(root, outdir) {
  const esbuild = await import('esbuild')
  const threads = globSync('electron/station/**/*Thread.ts', { cwd: root })
  await esbuild.build({
    ...COMMON,
    absWorkingDir: root,
    // The station stays a file of its own, loaded when its entry says so.
    plugins: [
      {
        name: 'headless',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\/headless\.ts$/ }, () => ({ path: './headlessStation.js', external: true })),
      },
    ],
    entryPoints: [
      { in: 'electron/headlessEntry.ts', out: 'headless' },
      { in: 'electron/headless.ts', out: 'headlessStation' },
      ...threads.map(file => ({ in: file, out: path.basename(file, '.ts') })),
    ],
    format: 'esm',
    outdir,
  })
}

/** main as ESM; the preload as one CommonJS file with everything inside, the only kind a sandboxed window loads. */
async function buildElectron(root, outdir) {
  const esbuild = await import('esbuild')
  const common = { ...COMMON, absWorkingDir: root, external: ['electron'] }
  await esbuild.build({
    ...common,
    entryPoints: ['electron/main.ts'],
    format: 'esm',
    outfile: path.join(outdir, 'main.js'),
  })
  await esbuild.build({
    ...common,
    packages: 'bundle',
    entryPoints: ['electron/preload.ts'],
    format: 'cjs',
    outfile: path.join(outdir, 'preload.cjs'),
  })
}

/** In a process of its own: the bundler's memory is gone afterwards, and nothing of it reaches our stdout. */
async function buildRenderer(root, outdir) {
  const vite = path.join(root, 'node_modules/vite/bin/vite.js')
  const args = ['build', '--config', 'build/vite.config.ts', '--outDir', outdir, '--emptyOutDir', '--logLevel', 'error']
  const code = await spawnThrough(process.execPath, [vite, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
  if (code !== 0) throw new Error(`vite ended with ${code}`)
}
