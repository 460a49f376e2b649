import { Hono } from 'hono'
import type { AeProfiles, Config, Node, Printer, WatchedFolder } from '../../../shared/config.ts'
import type { StudySummary } from '../../../shared/contract.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { TlsStatus, TlsWish } from '../../../shared/network.ts'
import type { ReportVersion } from '../../../shared/reporting/report.ts'
import type { CachePolicy } from '../../../shared/retention.ts'
import type { Destination } from '../../../shared/sync.ts'
import { frameOrderSchema } from '../../../shared/viewing/frameStream.ts'
import type { Audit } from '../audit/index.ts'
import type { Log } from '../base/log.ts'
import type { Problems } from '../base/problems.ts'
import type { Results } from '../reporting/index.ts'
import { FileHandles, type Store } from '../store/index.ts'
import type { Sync } from '../sync/index.ts'
import { createApi } from './api.ts'
import type { ApiKeys } from './apiKeys.ts'
import { auditFile } from './auditFile.ts'
import { auditOf, createDoorAudit, createFramesSeen } from './auditing.ts'
import { captureFile } from './captureFile.ts'
import { createDicomWeb } from './dicomweb.ts'
import { errorResponse } from './errorResponse.ts'
import { createEvents } from './events.ts'
import { startEviction } from './eviction.ts'
import { createExports } from './exports.ts'
import { FailureLimit, isLoopback } from './failureLimit.ts'
import { FrameReader } from './frameReader.ts'
import { frameStream } from './frameStream.ts'
import { decide, type Knock, listedOrigin } from './gate.ts'
import { addHeaders, addOrigin, preflightResponse } from './headers.ts'
import { type Listening, serve } from './httpAdapter.ts'
import { type Counters, metricsText, watchEventLoop } from './metrics.ts'
import { onlyHereFile } from './onlyHere.ts'
import { errorPage } from './pages.ts'
import type { DimsePort, WorkPort } from './ports.ts'
import { createPresence } from './presence.ts'
import { readJson } from './readBody.ts'
import { staticFile } from './staticFiles.ts'
import type { StowSender } from './stow.ts'
import { studyThumbnails } from './thumbnails.ts'

/** 200,000 frames of three numbers (shared/viewing/frameStream.ts). */
const ORDER_BYTES = 8 * 1024 * 1024

export interface WebDeps {
  /** What opens the counter. */
  key: string
  config: Config
  store: Store
  audit: Audit
  dimse: DimsePort
  work: WorkPort
  sync: Omit<Sync, 'setDestinations' | 'close'>
  /** Keys beside the main one. */
  apiKeys: ApiKeys
  problems: Pick<Problems, 'list' | 'dismiss' | 'onReport' | 'report'>
  /** Addresses a scanner can be pointed at, most likely first. */
  addresses(): string[]
  dataDir: string
  /** The built renderer. */
  rendererDir: string
  version: string
  log: Log
  /** Kept and in force when it resolves. */
  setProfiles(profiles: AeProfiles): Promise<void>
  setNodes(nodes: Node[]): Promise<void>
  setAETs(further: string[]): Promise<void>
  /** As `SecureSettings` of dimse. */
  tls: { status(): TlsStatus; set(wish: TlsWish | null): Promise<TlsStatus> }
  setDestinations(destinations: Destination[]): Promise<void>
  setCache(policy: CachePolicy): Promise<void>
  /** Rejects with 'unwatchable', in words. */
  setFolders(folders: WatchedFolder[]): Promise<void>
  /** A version of a report as PDF. */
  makeReportPdf(study: StudySummary, report: ReportVersion): Promise<Uint8Array>
  /** The DICOM printers, and how others are kept. */
  printers(): Printer[]
  setPrinters(printers: Printer[]): Promise<void>
  results: Omit<Results, 'close'>
  /** Asked for by a client; returns at once. */
  drain(): void
}

export interface Web {
  /** The whole counter as one function; `address` is the peer's. Never rejects. */
  fetch(request: Request, address?: string): Promise<Response>
  /** Loopback only; port 0 = any free one. Rejects with the socket's own error when the port is taken. */
  listen(host: string, port: number): Promise<Listening>
}

export { openApiKeys } from './apiKeys.ts'

/** The counter (design: One counter): who gets in, which route answers, what every answer carries. */
export function createWeb(deps: WebDeps): Web {
  const { store, log } = deps
  let port = deps.config.httpPort
  const files = new FileHandles(
    contentId => store.read.locateContent(contentId),
    contentId => deps.sync.fetchBack(contentId, 'counter'),
  )
  const reader = new FrameReader(files)
  const presence = createPresence()
  const events = createEvents({ ...deps, presence })
  const eviction = startEviction({ ...deps, presence })
  const counters: Counters = { requests: new Map(), frames: 0, frameBytes: 0 }
  const eventLoop = watchEventLoop()
  const setNodes = async (nodes: Node[]) => {
    await deps.setNodes(nodes)
    // Whose studies are strangers' may have changed anywhere in the list.
    events.again()
  }
  const exports = createExports({ store, files, reader, work: deps.work })
  const api = createApi({ ...deps, setNodes }, reader, presence, eviction, exports, () => port)

  const app = new Hono<{ Bindings: { sender: StowSender } }>()
  app.get('/healthz', () => Response.json({ ok: true, version: deps.version, writable: store.writable }))
  app.get('/metrics', async () => {
    const sources = { ...deps, eventClients: events.clients, problems: deps.problems.list().length, eventLoop }
    const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }
    return new Response(await metricsText(counters, sources), { headers })
  })
  app.get('/api/events', c => {
    // Hono answers HEAD by GET and drops the body: that stream would never end.
    if (c.req.raw.method === 'HEAD') throw new IsocenterError('bad-request', 'events are for GET')
    return events.connect(c.req.header('last-event-id') ?? null)
  })
  const told = (sender: StowSender) => auditOf(deps.audit, 'counter', sender)
  const framesSeen = createFramesSeen(store.read)
  app.get('/api/thumbnails', async c => {
    const StudyInstanceUID = c.req.query('study') ?? ''
    const thumbnails = await studyThumbnails({ read: store.read, work: deps.work }, StudyInstanceUID)
    told(c.env.sender).seen({ event: 'instancesAccessed', action: 'R', StudyInstanceUID })
    return Response.json(thumbnails)
  })
  app.post('/api/frames', async c => {
    const order = frameOrderSchema.safeParse(await readJson(c.req.raw, ORDER_BYTES))
    if (!order.success) throw new IsocenterError('bad-request', 'the order of frames is not one')
    const onFrame = (bytes: number) => {
      counters.frames += 1
      counters.frameBytes += bytes
    }
    framesSeen(
      order.data.frames.map(([contentId]) => contentId),
      told(c.env.sender),
    ).catch((error: unknown) => log.warn({ err: error }, 'whose frames were read was not found'))
    const body = frameStream(order.data, { locateFrames: w => store.read.locateFrames(w), reader, onFrame })
    return new Response(body, { headers: { 'content-type': 'application/octet-stream' } })
  })
  app.get('/api/captures/:id', async c => {
    const file = deps.dimse.captures.file(c.req.param('id'))
    await told(c.env.sender).done({ event: 'export', action: 'R', text: `Recording ${c.req.param('id')}` })
    return captureFile(file, c.req.raw.method === 'HEAD')
  })
  app.get('/api/volumes/:name/only-here', async c => {
    const name = c.req.param('name')
    const answer = await onlyHereFile(store.read, name, c.req.query('format') ?? 'csv')
    await told(c.env.sender).done({ event: 'export', action: 'R', text: `The list of what lies on ${name} alone` })
    return answer
  })
  app.get('/api/audit', async c => {
    const { text, response } = auditFile(deps.audit, new URL(c.req.url))
    await told(c.env.sender).done({ event: 'auditLogUsed', action: 'R', text })
    return response()
  })
  app.get('/api/export/:id', c => {
    // Made once, for the GET: a HEAD would use it up.
    if (c.req.raw.method === 'HEAD') throw new IsocenterError('bad-request', 'an export is for GET')
    return exports.send(c.req.param('id'), told(c.env.sender))
  })
  app.post('/api/:call', c => api(c.req.param('call'), c.req.raw, c.env.sender))
  app.route(
    '/dicom-web',
    createDicomWeb({
      store,
      read: store.read,
      files,
      reader,
      work: deps.work,
      problems: deps.problems,
      log,
      audit: deps.audit,
    }),
  )
  app.get('*', c => {
    const { pathname } = new URL(c.req.url)
    if (/^\/(api|dicom-web)\//.test(pathname)) throw new IsocenterError('not-found', 'no such resource')
    return staticFile(deps.rendererDir, pathname)
  })
  app.notFound(() => errorResponse(new IsocenterError('not-found', 'no such resource')))
  app.onError((thrown, c) => {
    const error = toIsocenterError(thrown)
    // The path only: a query may hold a patient's name.
    const where = { path: new URL(c.req.url).pathname, code: error.code }
    if (error.httpStatus >= 500) log.error({ ...where, err: error }, 'request failed')
    else log.debug(where, 'request refused')
    return errorResponse(error)
  })

  const lock = {
    key: deps.key,
    origins: deps.config.web.origins,
    find: (offered: string) => deps.apiKeys.find(offered),
  }
  const door = createDoorAudit(deps.audit)
  const failures = new FailureLimit(() => performance.now())
  const answer = async (request: Request, knock: Knock, address: string): Promise<Response> => {
    // The right key of this machine is never locked out by the wrong ones of others on it.
    if (failures.retryAfter(address) > 0 && !isLoopback(address)) {
      door.tooMany(address)
      return tooMany(failures.retryAfter(address))
    }
    const verdict = decide(knock, { ...lock, port })
    switch (verdict.kind) {
      case 'welcome':
        door.entered('', 'main key', address)
        return new Response(null, {
          status: 303,
          headers: { 'location': verdict.location, 'set-cookie': verdict.cookie },
        })
      case 'preflight':
        return preflightResponse(request)
      case 'refuse':
        if (verdict.guessed && !failures.fail(address)) {
          door.tooMany(address)
          return tooMany(failures.retryAfter(address))
        }
        if (verdict.guessed) await door.guessed(address)
        else if (verdict.code === 'forbidden') door.forbidden(address, knock.url.pathname)
        else if (verdict.code === 'forbidden-origin') door.foreign(address)
        else door.noKey(address)
        return refusal(request, verdict.code)
      case 'enter':
        if (verdict.holder.name !== '') door.entered(verdict.holder.id, verdict.holder.name, address)
        if (verdict.holder.id !== '') deps.apiKeys.used(verdict.holder.id)
        return app.fetch(request, { sender: { address, key: verdict.holder.name } })
    }
  }
  const fetch = async (request: Request, address = ''): Promise<Response> => {
    const knock = { method: request.method, url: new URL(request.url), headers: request.headers }
    const response = addHeaders(await answer(request, knock, address))
    const origin = listedOrigin(knock, lock)
    if (origin !== undefined) addOrigin(response, origin)
    const status = String(response.status)
    counters.requests.set(status, (counters.requests.get(status) ?? 0) + 1)
    return response
  }

  return {
    fetch,
    async listen(host, wantedPort) {
      if (host !== '127.0.0.1' && host !== '::1' && host !== 'localhost') {
        throw new IsocenterError('forbidden-origin', 'without TLS the station listens on loopback only')
      }
      const listening = await serve(fetch, {
        host,
        port: wantedPort,
        onListening: actual => {
          port = actual
        },
        onError: error => log.warn({ err: error }, 'an answer ended early'),
      })
      return {
        port: listening.port,
        async close(graceMs) {
          events.close()
          eviction.close()
          presence.close()
          eventLoop.close()
          await listening.close(graceMs)
          files.close()
        },
      }
    },
  }
}

/** A person in a browser gets a page, a program the error's JSON. */
function refusal(request: Request, code: 'unauthorized' | 'forbidden-origin' | 'forbidden'): Response {
  const wantsPage = request.headers.get('accept')?.includes('text/html') ?? false
  if (wantsPage && code !== 'forbidden') return errorPage(code)
  // Not `Basic`: browsers would open a dialog for it.
  return errorResponse(
    new IsocenterError(code),
    code === 'unauthorized' ? { 'www-authenticate': 'Bearer realm="Isocenter"' } : {},
  )
}

function tooMany(seconds: number): Response {
  return errorResponse(new IsocenterError('too-many-failures'), { 'retry-after': String(seconds) })
}
