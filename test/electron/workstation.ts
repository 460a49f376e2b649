import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { REPOSITORY } from '../fixtures/station.ts'
import { electronRuntime } from './runtime.mjs'

export interface Workstation {
  app: ElectronApplication
  page: Page
  dataDir: string
  /** Console errors, uncaught errors and rejections, CSP violations: what a page must never have. */
  trouble: string[]
  /** Everything main and the station wrote to stderr. */
  log(): string
  /** Twice is fine. */
  close(): Promise<void>
}

/** The built workstation in a real Electron on a display of its own, its station on free ports and a fresh data folder. */
export async function openWorkstation(): Promise<Workstation> {
  const { executable } = electronRuntime()
  const display = await openDisplay()
  const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-electron-test-'))
  const asRoot = process.getuid?.() === 0
  const app = await _electron.launch({
    executablePath: executable,
    args: [
      ...(asRoot ? ['--no-sandbox'] : []),
      ...['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'],
      REPOSITORY,
      `--data-dir=${dataDir}`,
      '--dimse-port=0',
      '--http-port=0',
    ],
    env: { ...definedOf(process.env), DISPLAY: display.name, ISOCENTER_API_KEY: 'test-key-0123456789abcdef' },
    timeout: 60_000,
  })
  let stderr = ''
  app.process().stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const trouble: string[] = []
  const page = await app.firstWindow({ timeout: 60_000 })
  page.on('console', message => {
    if (message.type() === 'error') trouble.push(`console: ${message.text()}`)
  })
  page.on('pageerror', error => trouble.push(`uncaught: ${error.message}`))
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', event =>
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
    )
  })
  return {
    app,
    page,
    dataDir,
    trouble,
    log: () => stderr,
    async close() {
      await app.close()
      display.process.kill()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** An X server that picks a free display and says which. */
async function openDisplay(): Promise<{ name: string; process: ChildProcess }> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const name = await new Promise<string>((resolve, reject) => {
    server.stdio[3]?.once('data', (chunk: Buffer) => resolve(`:${chunk.toString().trim()}`))
    server.once('error', reject)
    server.once('exit', code => reject(new Error(`Xvfb ended with ${code}`)))
  })
  return { name, process: server }
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
