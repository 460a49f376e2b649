import { execFileSync } from 'node:child_process'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { Agent, createServer, request, type Server } from 'node:http'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { AUTHORIZED, type RunningStation } from '../fixtures/station.ts'

const VERSION = '3.13.2'
const CACHE = path.join(import.meta.dirname, '../../out/ohif', VERSION)
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}

/** OHIF's own published build: the package that `OHIF_BUILD` names, else unpacked under out/ (downloaded once). */
async function ohifBuild(): Promise<string> {
  if (process.env.OHIF_BUILD) return path.join(process.env.OHIF_BUILD, 'dist')
  const dist = path.join(CACHE, 'dist')
  if (existsSync(path.join(dist, 'index.html'))) return dist
  await mkdir(CACHE, { recursive: true })
  execFileSync('npm', ['pack', `@ohif/app@${VERSION}`, '--pack-destination', CACHE], { stdio: 'pipe' })
  execFileSync('tar', ['xzf', `ohif-app-${VERSION}.tgz`, '--strip-components=1'], { cwd: CACHE })
  return dist
}

/** What OHIF is told: one DICOMweb source, nothing that leaves this machine. */
function appConfig(cpu: boolean): string {
  return `window.config = {
    routerBasename: null, extensions: [], modes: [], showStudyList: true, useCPURendering: ${cpu}, investigationalUseDialog: { option: 'never' },
    maxNumberOfWebWorkers: 3, showWarningMessageForCrossOrigin: false, showCPUFallbackMessage: false, showLoadingIndicator: true,
    maxNumRequests: { interaction: 100, thumbnail: 5, prefetch: 25 }, disableConfirmationPrompts: true,
    defaultDataSourceName: 'station',
    dataSources: [{ namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'station', configuration: {
      friendlyName: 'station', name: 'station', wadoUriRoot: '/dicom-web', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web',
      qidoSupportsIncludeField: false, imageRendering: 'wadors', thumbnailRendering: 'wadors', enableStudyLazyLoad: true,
      supportsFuzzyMatching: false, supportsWildcard: true, staticWado: false, singlepart: '', omitQuotationForMultipartRequest: true } }],
  };`
}

/** A DICOMweb at `/dicom-web` of an origin, and what it wants to hear with each request. */
export interface WebSource {
  origin: string
  headers: Record<string, string>
}

export function stationAsSource({ origin }: RunningStation): WebSource {
  return { origin, headers: AUTHORIZED }
}

/** OHIF served with a DICOMweb under its own origin, as a web server before both would: bytes are piped as they are, never packed. */
export async function serveOhif(
  source: WebSource,
  options: { cpu: boolean },
): Promise<{ origin: string; server: Server }> {
  const dist = await ohifBuild()
  const agent = new Agent({ keepAlive: true })
  const server = createServer((asked, response) => {
    const url = new URL(asked.url ?? '/', 'http://127.0.0.1')
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    if (url.pathname === '/app-config.js') {
      response.setHeader('content-type', 'text/javascript')
      response.end(appConfig(options.cpu))
      return
    }
    if (url.pathname.startsWith('/dicom-web/')) {
      const headers = { accept: asked.headers.accept ?? '*/*', 'accept-encoding': 'identity', ...source.headers }
      const passed = request(source.origin + url.pathname + url.search, { agent, headers }, answer => {
        response.writeHead(answer.statusCode ?? 502, {
          'content-type': answer.headers['content-type'] ?? 'application/octet-stream',
          ...(answer.headers['content-length'] && { 'content-length': answer.headers['content-length'] }),
        })
        answer.pipe(response)
      })
      passed.on('error', () => response.destroy())
      response.on('close', () => passed.destroy())
      passed.end()
      return
    }
    const file = path.join(dist, path.normalize(url.pathname))
    const found = path.extname(file) !== '' && file.startsWith(dist) && existsSync(file)
    response.setHeader('content-type', TYPES[found ? path.extname(file) : '.html'] ?? 'application/octet-stream')
    createReadStream(found ? file : path.join(dist, 'index.html')).pipe(response)
  })
  server.on('close', () => agent.destroy())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, server }
}

/** Its tour for newcomers lies over everything. */
export async function hideTour(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync('[class^="shepherd-"] { display: none !important }')
    document.adoptedStyleSheets = [sheet]
  })
}

/** A page on OHIF's study list (or at `address`), its storage empty. */
export async function openOhif(
  browser: Browser,
  address: string,
  viewport: { width: number; height: number },
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ viewport, serviceWorkers: 'block' })
  await hideTour(context)
  const page = await context.newPage()
  await page.goto(address)
  return { context, page }
}

/** Chooses the study's row by its description; what opens it is a button then. */
export async function openOhifRow(page: Page, title: string): Promise<void> {
  await page.getByRole('row', { name: title }).click({ timeout: 60_000 })
}
