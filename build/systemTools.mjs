import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { spawnThrough } from './process.mjs'

/** What the suites need of the system: a program, a shared library or a file, and the Debian package that has it. */
const DCMTK = [
  ['storescu', 'dcmtk'],
  ['gdcmconv', 'libgdcm-tools'],
]
const CENTRAL = [
  ...DCMTK,
  ['Orthanc', 'orthanc'],
  ['/usr/share/orthanc/plugins/libOrthancDicomWeb.so', 'orthanc-dicomweb'],
  ['/usr/share/orthanc/plugins/libOrthancPostgreSQLIndex.so', 'orthanc-postgresql'],
  ['/usr/lib/postgresql', 'postgresql'],
  ['nginx', 'nginx'],
  ['/usr/lib/nginx/modules/ngx_stream_module.so', 'libnginx-mod-stream'],
  ['/usr/lib/python3/dist-packages/yaml', 'python3-yaml'],
  ['openssl', 'openssl'],
  ['docker-compose', 'docker-compose'],
  ['/usr/lib/python3/dist-packages/kubernetes', 'python3-kubernetes'],
]
const TOOLS = {
  unit: [],
  station: [
    ...DCMTK,
    ['dciodvfy', 'dicom3tools'],
    ['pydicom', 'python3-pydicom'],
    ['openssl', 'openssl'],
    ['xmllint', 'libxml2-utils'],
    ['/usr/sbin/rsyslogd', 'rsyslog'],
    [`/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/rsyslog/lmnsd_gtls.so`, 'rsyslog-gnutls'],
  ],
  dimse: [
    ...DCMTK,
    ['Orthanc', 'orthanc'],
    ['/usr/share/orthanc/plugins/libOrthancDicomWeb.so', 'orthanc-dicomweb'],
    ['pydicom', 'python3-pydicom'],
    ['openssl', 'openssl'],
  ],
  faults: [
    ['Orthanc', 'orthanc'],
    ['/usr/share/orthanc/plugins/libOrthancDicomWeb.so', 'orthanc-dicomweb'],
    ['gcc', 'gcc'],
  ],
  central: CENTRAL,
  bench: [...CENTRAL, ['storescp', 'dcmtk'], ['gcc', 'gcc'], ['strace', 'strace'], ['curl', 'curl']],
  e2e: [
    ['chromium', 'chromium'],
    ...DCMTK,
    ['Orthanc', 'orthanc'],
    ['/usr/share/orthanc/plugins/libOrthancDicomWeb.so', 'orthanc-dicomweb'],
  ],
  electron: [
    ['Xvfb', 'xvfb'],
    ['xauth', 'xauth'],
    ['unzip', 'unzip'],
    ['libgtk-3.so.0', 'libgtk-3-0'],
    ['libnss3.so', 'libnss3'],
    ['libasound.so.2', 'libasound2'],
    ['libgbm.so.1', 'libgbm1'],
    ['libXss.so.1', 'libxss1'],
    ['libXtst.so.6', 'libxtst6'],
    ['libnotify.so.4', 'libnotify4'],
    ['libsecret-1.so.0', 'libsecret-1-0'],
  ],
}

/** Debian (or a child of it) as root: there the tests install what they need, and none may be skipped. */
export function mayInstall() {
  return existsSync('/etc/debian_version') && process.getuid?.() === 0
}

/**
 * Has the suite what it needs of the system? Installs it where that may be done; elsewhere says loudly what is missing and the
 * command that installs it, and resolves to false.
 */
export async function ensureTools(root, suite) {
  let missing = missingPackages(suite)
  if (missing.length > 0 && mayInstall()) {
    await install(missing)
    missing = missingPackages(suite)
  }
  if (missing.length > 0) {
    console.error(`\nSKIPPED: ${suite} needs ${missing.join(', ')}.\n  sudo apt-get install ${missing.join(' ')}\n`)
    return false
  }
  if (suite !== 'electron') return true
  const { electronRuntime } = await import(path.join(root, 'test/electron/runtime.mjs'))
  try {
    const runtime = electronRuntime()
    process.env.ELECTRON_OVERRIDE_DIST_PATH = runtime.dist
    console.error(`Electron ${runtime.version} from ${runtime.dist}`)
    return true
  } catch (error) {
    console.error(`\nSKIPPED: no Electron runtime (${error.message}).\n  npx install-electron\n`)
    return false
  }
}

function missingPackages(suite) {
  const libraries = process.platform === 'linux' ? spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).stdout : ''
  const present = name =>
    path.isAbsolute(name)
      ? existsSync(name)
      : name.includes('.so')
        ? process.platform !== 'linux' || libraries.includes(`${name} `)
        : onPath(name)
  return (TOOLS[suite] ?? []).filter(([name]) => !present(name)).map(([, aptPackage]) => aptPackage)
}

export function onPath(program) {
  return (process.env.PATH ?? '').split(path.delimiter).some(folder => {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** RUNLEVEL=1: no service that comes along starts by itself. */
async function install(packages) {
  console.error(`Installing ${packages.join(' ')}…`)
  const env = { ...process.env, RUNLEVEL: '1', DEBIAN_FRONTEND: 'noninteractive' }
  const apt = args =>
    spawnThrough('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-q', ...args], { env, stdio: ['ignore', 2, 2] })
  await apt(['update'])
  await apt(['install', '-y', '--no-install-recommends', ...packages])
}
