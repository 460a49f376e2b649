import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { spawnThrough } from './process.mjs'
import { openStation } from './station.mjs'
import { onPath } from './systemTools.mjs'

/** After Electron's download host could not be reached it is left alone this long, in ms: a start takes seconds, not time-outs. */
const TRY_AGAIN_AFTER = 24 * 3600_000

/** An Electron that cannot run here ends this soon, in ms; one that ends later was used. */
const FAILS_WITHIN = 5000

/** The workstation in Electron where it can run, else in the default browser, else by its address. Resolves to the exit code. */
export async function start(root, args) {
  const electron = canShowWindows() ? electronProgram(root) : undefined
  if (electron) {
    const asRoot = process.platform === 'linux' && process.getuid() === 0
    const ours = args
      .join(' ')
      .replace(/(--[a-z-]+) (?!--)/g, '$1=')
      .split(' ')
      .filter(Boolean)
    const started = Date.now()
    const code = await spawnThrough(electron, [...(asRoot ? ['--no-sandbox'] : []), root, ...ours])
    // 126 and above: the system could not run it, or a signal ended it: at once when a library or the sandbox is the reason.
    if (code < 126 || Date.now() - started > FAILS_WITHIN) return code
    console.error('Electron does not run on this machine; going on in the browser.')
  }
  return startInBrowser(root, args)
}

async function startInBrowser(root, args) {
  const station = await openStation(root, args)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => station.end())
  const { url, aet, dimsePort, attached } = station.ready
  console.log(
    `${attached ? 'A station already runs here' : 'The station is ready'}: AE title ${aet}, port ${dimsePort}`,
  )
  console.log(
    openBrowser(url) ? `The workstation opens in your browser: ${url}` : `Open the workstation in a browser: ${url}`,
  )
  return station.exited
}

function openBrowser(url) {
  const [program, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url]
  if (process.platform === 'linux' && !(canShowWindows() && onPath(program))) return false
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
  return true
}

function canShowWindows() {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

/** Electron's executable, fetched by its own package if it may be; undefined when there is none that starts. */
function electronProgram(root) {
  const home = path.join(root, 'node_modules/electron')
  const find = () => {
    const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? path.join(home, 'dist')
    const name = existsSync(path.join(home, 'path.txt'))
      ? readFileSync(path.join(home, 'path.txt'), 'utf8')
      : 'electron'
    const program = path.join(dist, name)
    return existsSync(program) ? program : undefined
  }
  const failed = path.join(root, 'out/.electron-unavailable')
  if (!find() && !(existsSync(failed) && Date.now() - statSync(failed).mtimeMs < TRY_AGAIN_AFTER)) {
    console.error('Fetching Electron…')
    const options = { stdio: ['ignore', 2, 'pipe'], timeout: 600_000, encoding: 'utf8' }
    const { status, stderr } = spawnSync(process.execPath, [path.join(home, 'install.js')], options)
    if (status === 0) rmSync(failed, { force: true })
    else {
      console.error(
        'Electron could not be fetched; the workstation opens in the browser. (`npx install-electron` tries again.)',
      )
      writeFileSync(failed, stderr ?? '')
    }
  }
  const program = find()
  // Loads its shared libraries: says at once whether the system has them.
  if (program && spawnSync(program, ['--no-sandbox', '--version'], { timeout: 30_000 }).status !== 0) return undefined
  return program
}
