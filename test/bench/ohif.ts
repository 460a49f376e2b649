import { execFileSync } from 'node:child_process'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { RunningStation } from '../fixtures/station.ts'

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

/** OHIF's own published build, unpacked under out/ (downloaded once). */
async function ohifBuild(): Promise<string> {
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

/** OHIF served beside the station, whose DICOMweb it reads under its own origin. */
export async function serveOhif(
  station: RunningStation,
  options: { cpu: boolean },
): Promise<{ origin: string; server: Server }> {
  const dist = await ohifBuild()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    if (url.pathname === '/app-config.js') {
      response.setHeader('content-type', 'text/javascript')
      response.end(appConfig(options.cpu))
      return
    }
    if (url.pathname.startsWith('/dicom-web/')) {
      station.get(url.pathname + url.search, { accept: request.headers.accept ?? '*/*' }).then(
        answer => {
          const kept = ['content-type', 'content-length'].flatMap(name => {
            const value = answer.headers.get(name)
            return value === null ? [] : [[name, value] as const]
          })
          response.writeHead(answer.status, Object.fromEntries(kept))
          if (answer.body === null) response.end()
          else Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]).pipe(response)
        },
        () => response.writeHead(502).end(),
      )
      return
    }
    const file = path.join(dist, path.normalize(url.pathname))
    const found = path.extname(file) !== '' && file.startsWith(dist) && existsSync(file)
    response.setHeader('content-type', TYPES[found ? path.extname(file) : '.html'] ?? 'application/octet-stream')
    createReadStream(found ? file : path.join(dist, 'index.html')).pipe(response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, server }
}
