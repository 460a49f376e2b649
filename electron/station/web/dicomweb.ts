import { type Context, Hono } from 'hono'
import type { AuditSink } from '../../../shared/audit.ts'
import { isStorableUID } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { QidoQuery, Store, StoredObject, StoreReader } from '../store/index.ts'
import { askedOf, auditOf, type ClientAudit } from './auditing.ts'
import { type Capability, methodsOf, wadl } from './capabilities.ts'
import { compressed } from './contentCoding.ts'
import { chooseDataForm } from './dicomForms.ts'
import { entityTag, knownTag, tagged } from './entityTag.ts'
import { bulkData, metadata } from './metadata.ts'
import { qido } from './qido.ts'
import { chooseRenderForm, type RenderDeps, rendered, renderedThumbnail } from './rendered.ts'
import { acceptOf, parseFrameList, type RetrieveDeps, retrieveFrames, retrieveObjects } from './retrieve.ts'
import { type StowDeps, type StowSender, storeInstances } from './stow.ts'
import { type PictureDeps, picturesOf } from './thumbnails.ts'

/** The largest known studies have some ten thousand instances; the list of places is in memory while they are sent. */
const MOST_INSTANCES = 100_000
/** Of a deletion; what is longer is cut. */
const LONGEST_REASON = 200
const DATA_TYPES = ['application/dicom+json', 'multipart/related; type="application/dicom+xml"']
const PICTURE_TYPES = ['image/jpeg', 'image/png']
const RENDER_PARAMETERS = ['accept', 'window', 'viewport', 'quality']
const WADL = 'application/vnd.sun.wadl+xml'

interface Uids {
  StudyInstanceUID: string
  SeriesInstanceUID?: string
  SOPInstanceUID?: string
}

/** What the counter knows of a request beside the request. */
interface Bindings {
  sender: StowSender
}
type Asked = Context<{ Bindings: Bindings }>

interface Route extends Capability {
  answer(c: Asked): Response | Promise<Response>
}

type Located = [StoredObject, ...StoredObject[]]
type Deps = RetrieveDeps &
  PictureDeps &
  RenderDeps &
  Omit<StowDeps, 'received'> & { read: StoreReader; store: Pick<Store, 'remove'>; audit: AuditSink }

const STUDY = '/studies/:study'
const SERIES = `${STUDY}/series/:series`
const INSTANCE = `${SERIES}/instances/:instance`
const FRAMES = `${INSTANCE}/frames/:frames`

/** The routes under /dicom-web: QIDO-RS, WADO-RS, STOW-RS, deletion and what describes them (PS3.18 §8.9, §10). */
export function createDicomWeb(deps: Deps): Hono<{ Bindings: Bindings }> {
  const routes = [...searches(deps), ...retrievals(deps), ...stores(deps), ...deletions(deps)]
  const app = new Hono<{ Bindings: Bindings }>()
  app.use('*', async (c, next) => {
    await next()
    c.res = compressed(c.req.raw, c.env.sender.address, c.res)
  })
  for (const { method, path, answer } of routes) app.on(method, path, answer)
  app.on('OPTIONS', '*', c => describe(c, routes))
  app.all('*', c => {
    if (/^\/?$/.test(pathOf(c)) && (c.req.method === 'GET' || c.req.method === 'HEAD')) return describe(c, routes)
    const methods = methodsOf(routes, pathOf(c))
    if (methods.length === 0) throw new IsocenterError('not-found', 'no such resource')
    return c.body(null, 405, { allow: methods.join(', ') })
  })
  return app
}

/** Below the service. */
function pathOf(c: Asked): string {
  return new URL(c.req.url).pathname.replace(/^\/dicom-web/, '')
}

function describe(c: Asked, routes: Route[]): Response {
  const methods = methodsOf(routes, pathOf(c))
  const headers = {
    'content-type': WADL,
    'allow': methods.length > 0 ? methods.join(', ') : 'GET, HEAD, OPTIONS',
  }
  return new Response(wadl(routes, `${baseOf(c)}/`), { headers })
}

function searches({ read, files, audit }: Deps): Route[] {
  const search = (path: string, level: QidoQuery['level'], id: string): Route => ({
    method: 'GET',
    path,
    id,
    produces: DATA_TYPES,
    parameters: ['limit', 'offset', 'fuzzymatching', 'includefield', 'accept'],
    async answer(c) {
      const form = chooseDataForm(acceptOf(c.req.raw))
      const { StudyInstanceUID, SeriesInstanceUID } = uidsOf(c)
      const url = new URL(c.req.url)
      const answer = await qido(form, read, url, { level, StudyInstanceUID, SeriesInstanceUID }, files)
      clientOf(c, audit).seen({
        event: 'query',
        action: 'E',
        query: askedOf(url.pathname, `${url.pathname}${url.search}`),
        ...(StudyInstanceUID ? { StudyInstanceUID } : {}),
      })
      return answer
    },
  })
  return [
    search('/studies', 'study', 'SearchForStudies'),
    search('/series', 'series', 'SearchForSeries'),
    search('/instances', 'instance', 'SearchForInstances'),
    search(`${STUDY}/series`, 'series', 'SearchForStudySeries'),
    search(`${STUDY}/instances`, 'instance', 'SearchForStudyInstances'),
    search(`${SERIES}/instances`, 'instance', 'SearchForStudySeriesInstances'),
  ]
}

function retrievals(deps: Deps): Route[] {
  const locate = async (c: Asked): Promise<Located> => {
    const objects = await deps.read.locate(requireStudy(uidsOf(c)), MOST_INSTANCES + 1)
    if (objects.length > MOST_INSTANCES) throw new IsocenterError('too-large', `more than ${MOST_INSTANCES} instances`)
    const [first, ...rest] = objects
    if (!first) throw new IsocenterError('not-found')
    return [first, ...rest]
  }
  const get = (
    path: string,
    id: string,
    produces: readonly string[],
    make: (c: Asked, objects: Located, tag: string) => Response | Promise<Response>,
    {
      parameters = ['accept'],
      find = locate,
      transfers = false,
    }: { parameters?: readonly string[]; find?: typeof locate; transfers?: boolean } = {},
  ): Route => ({
    method: 'GET',
    path,
    id,
    produces,
    parameters,
    /** Who has this very answer already gets none. */
    async answer(c) {
      const objects = await find(c)
      const { StudyInstanceUID } = objects[0]
      if (transfers) clientOf(c, deps.audit).begins(StudyInstanceUID)
      else clientOf(c, deps.audit).seen({ event: 'instancesAccessed', action: 'R', StudyInstanceUID })
      const tag = entityTag(c.req.raw, objects)
      const known = knownTag(c.req.raw, tag)
      if (known !== undefined) return new Response(null, { status: 304, headers: { etag: known } })
      return tagged(await make(c, objects, tag), tag)
    },
  })
  /** The one that stands for all. */
  const shown = async (c: Asked): Promise<[StoredObject]> => {
    const [object] = await deps.read.locate(await representative(deps.read, requireStudy(uidsOf(c))), 1)
    if (!object || object.unshowable) throw new IsocenterError('not-found', 'no picture')
    return [object]
  }

  const levels: Array<[path: string, name: string]> = [
    [STUDY, 'Study'],
    [SERIES, 'Series'],
    [INSTANCE, 'Instance'],
  ]
  const ofLevels = levels.flatMap(([path, name]) => [
    get(
      path,
      `Retrieve${name}`,
      ['multipart/related; type="application/dicom"', 'application/dicom'],
      (c, objects, tag) => {
        const { sent } = clientOf(c, deps.audit)
        return retrieveObjects(c.req.raw, objects, baseOf(c), deps, tag, sent)
      },
      { transfers: true },
    ),
    get(`${path}/metadata`, `Retrieve${name}Metadata`, DATA_TYPES, (c, objects) =>
      metadata(chooseDataForm(acceptOf(c.req.raw)), objects, baseOf(c), deps),
    ),
    get(
      `${path}/rendered`,
      `RetrieveRendered${name}`,
      PICTURE_TYPES,
      async (c, objects) => {
        const form = chooseRenderForm(acceptOf(c.req.raw))
        return rendered(c.req.raw, form, form.multipart ? objects : await shown(c), undefined, deps)
      },
      { parameters: RENDER_PARAMETERS },
    ),
    get(`${path}/thumbnail`, `Retrieve${name}Thumbnail`, PICTURE_TYPES, (c, [object]) => thumbnail(c, object, deps), {
      find: shown,
    }),
  ])
  const framesOf = (c: Asked) => parseFrameList(c.req.param('frames') ?? '')
  return [
    ...ofLevels,
    get(
      FRAMES,
      'RetrieveFrames',
      ['multipart/related; type="application/octet-stream"', 'application/octet-stream'],
      (c, [object], tag) => retrieveFrames(c.req.raw, object, framesOf(c), deps, tag),
    ),
    get(
      `${FRAMES}/rendered`,
      'RetrieveRenderedFrames',
      PICTURE_TYPES,
      (c, [object]) => rendered(c.req.raw, chooseRenderForm(acceptOf(c.req.raw)), [object], framesOf(c), deps),
      { parameters: RENDER_PARAMETERS },
    ),
    get(`${FRAMES}/thumbnail`, 'RetrieveFrameThumbnail', PICTURE_TYPES, (c, [object]) => {
      const { format } = chooseRenderForm(acceptOf(c.req.raw))
      return renderedThumbnail(format, object.contentId, framesOf(c)[0], deps.work)
    }),
    get(
      `${INSTANCE}/bulkdata/:path{.+}`,
      'RetrieveInstanceBulkdata',
      ['application/octet-stream'],
      (c, [object], tag) => bulkData(c.req.raw, object, c.req.param('path') ?? '', deps, tag),
    ),
  ]
}

function stores(deps: Deps): Route[] {
  const store = (path: string, id: string): Route => ({
    method: 'POST',
    path,
    id,
    consumes: ['multipart/related; type="application/dicom"', 'application/dicom'],
    produces: ['application/dicom+json', 'application/dicom+xml'],
    answer(c) {
      const form = chooseDataForm(acceptOf(c.req.raw))
      const { received } = clientOf(c, deps.audit)
      const told = { ...deps, received }
      return storeInstances(c.req.raw, uidsOf(c).StudyInstanceUID ?? '', baseOf(c), form, c.env.sender, told)
    },
  })
  return [store('/studies', 'StoreInstances'), store(STUDY, 'StoreStudyInstances')]
}

/**
 * Not of the standard, but what other servers have at this place: into the bin, where it can be taken back. The gate lets in only keys
 * that may delete.
 */
function deletions({ store, audit }: Deps): Route[] {
  const deletion = (path: string, id: string): Route => ({
    method: 'DELETE',
    path,
    id,
    produces: [],
    parameters: ['reason'],
    async answer(c) {
      const reason = (c.req.query('reason') ?? '').trim().slice(0, LONGEST_REASON)
      const uids = requireStudy(uidsOf(c))
      const { StudyInstanceUID, SeriesInstanceUID } = uids
      const told = {
        event: SeriesInstanceUID === undefined ? 'studyDeleted' : 'instancesAccessed',
        action: 'D',
        StudyInstanceUID,
        text: `Into the bin by DICOMweb: ${pathOf(c)} ${reason}`.trim(),
      } as const
      const client = clientOf(c, audit)
      try {
        await store.remove([uids], reason || 'by DICOMweb', c.env.sender.key)
      } catch (thrown) {
        await client.done(told, 4)
        throw thrown
      }
      await client.done(told)
      return c.body(null, 204)
    },
  })
  return [deletion(STUDY, 'DeleteStudy'), deletion(SERIES, 'DeleteSeries'), deletion(INSTANCE, 'DeleteInstance')]
}

function clientOf(c: Asked, audit: AuditSink): ClientAudit {
  return auditOf(audit, 'dicomweb', c.env.sender)
}

function baseOf(c: Asked): string {
  return `${new URL(c.req.url).origin}/dicom-web`
}

/** Throws 'bad-request' for what can't be a UID. */
function uidsOf(c: Asked): Partial<Uids> {
  const uid = (name: string): string | undefined => {
    const value = c.req.param(name)
    if (value !== undefined && !isStorableUID(value)) throw new IsocenterError('bad-request', 'not a UID')
    return value
  }
  return { StudyInstanceUID: uid('study'), SeriesInstanceUID: uid('series'), SOPInstanceUID: uid('instance') }
}

function requireStudy({ StudyInstanceUID, ...uids }: Partial<Uids>): Uids {
  if (StudyInstanceUID === undefined) throw new IsocenterError('bad-request', 'a study is needed')
  return { StudyInstanceUID, ...uids }
}

/** PNG as it lies ready, made now if it has not been yet: 503 while it takes too long, 404 when there is none. JPEG is drawn. */
async function thumbnail(c: Asked, object: StoredObject, deps: Deps): Promise<Response> {
  const ranges = acceptOf(c.req.raw)
  const { format } = chooseRenderForm(ranges)
  // Who takes either gets the one that is there.
  if (format === 'jpeg' && !ranges.some(({ type }) => type === '*/*' || type === 'image/*')) {
    return renderedThumbnail(format, object.contentId, undefined, deps.work)
  }
  const [png] = await picturesOf([object.contentId], deps)
  if (png) return new Response(new Uint8Array(png), { headers: { 'content-type': 'image/png' } })
  if (png === null) throw new IsocenterError('not-found', 'no picture')
  return new Response(null, { status: 503, headers: { 'retry-after': '1' } })
}

/** The instance that stands for a study or series. Throws 'not-found'. */
async function representative(read: PictureDeps['read'], uids: Uids): Promise<Uids> {
  if (uids.SOPInstanceUID !== undefined) return uids
  const { series } = await read.getStudy(uids.StudyInstanceUID)
  const shown = series.find(
    one => one.thumbnailSOPInstanceUID && (uids.SeriesInstanceUID ?? one.SeriesInstanceUID) === one.SeriesInstanceUID,
  )
  if (!shown) throw new IsocenterError('not-found', 'no picture')
  return { ...uids, SeriesInstanceUID: shown.SeriesInstanceUID, SOPInstanceUID: shown.thumbnailSOPInstanceUID }
}
