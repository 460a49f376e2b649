import { type Context, Hono } from 'hono'
import { isStorableUID } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { QidoQuery, StoredObject, StoreReader } from '../store/index.ts'
import { covers } from './accept.ts'
import { bulkData, metadata } from './metadata.ts'
import { qido } from './qido.ts'
import { acceptOf, parseFrameList, type RetrieveDeps, retrieveFrames, retrieveObjects } from './retrieve.ts'

/** The largest known studies have some ten thousand instances; the list of places is in memory while they are sent. */
const MOST_INSTANCES = 100_000
/** How much of `work`'s backlog is looked through before "not yet" is assumed. */
const BACKLOG = 500
const DICOM_JSON = 'application/dicom+json'

interface Uids {
  StudyInstanceUID: string
  SeriesInstanceUID?: string
  SOPInstanceUID?: string
}

const STUDY = '/studies/:study'
const SERIES = `${STUDY}/series/:series`
const INSTANCE = `${SERIES}/instances/:instance`

/** The routes under /dicom-web: QIDO-RS and WADO-RS (PS3.18 §10). */
export function createDicomWeb(deps: RetrieveDeps & { read: StoreReader }): Hono {
  const { read } = deps
  const app = new Hono()

  const search = (path: string, level: QidoQuery['level']) =>
    app.get(path, c => {
      requireAcceptable(c, DICOM_JSON)
      const { StudyInstanceUID, SeriesInstanceUID } = uidsOf(c)
      return qido(read, new URL(c.req.url), { level, StudyInstanceUID, SeriesInstanceUID })
    })
  search('/studies', 'study')
  search('/series', 'series')
  search('/instances', 'instance')
  search(`${STUDY}/series`, 'series')
  search(`${STUDY}/instances`, 'instance')
  search(`${SERIES}/instances`, 'instance')

  const located = async (c: Context): Promise<[StoredObject, ...StoredObject[]]> => {
    const objects = await read.locate(requireStudy(uidsOf(c)), MOST_INSTANCES + 1)
    if (objects.length > MOST_INSTANCES) throw new IsocenterError('too-large', `more than ${MOST_INSTANCES} instances`)
    const [first, ...rest] = objects
    if (!first) throw new IsocenterError('not-found')
    return [first, ...rest]
  }
  for (const path of [STUDY, SERIES, INSTANCE]) {
    app.get(path, async c => retrieveObjects(c.req.raw, await located(c), baseOf(c), deps))
    app.get(`${path}/metadata`, async c => {
      requireAcceptable(c, DICOM_JSON)
      return metadata(await located(c), baseOf(c), deps)
    })
    app.get(`${path}/thumbnail`, async c => {
      requireAcceptable(c, 'image/png')
      return thumbnail(read, requireStudy(uidsOf(c)))
    })
  }
  app.get(`${INSTANCE}/frames/:frames`, async c => {
    const frames = parseFrameList(c.req.param('frames') ?? '')
    const [object] = await located(c)
    return retrieveFrames(c.req.raw, object, frames, deps)
  })
  app.get(`${INSTANCE}/bulkdata/:path{.+}`, async c => {
    const [object] = await located(c)
    return bulkData(c.req.raw, object, c.req.param('path') ?? '', deps)
  })
  return app
}

function baseOf(c: Context): string {
  return `${new URL(c.req.url).origin}/dicom-web`
}

/** Throws 'bad-request' for what can't be a UID. */
function uidsOf(c: Context): Partial<Uids> {
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

function requireAcceptable(c: Context, type: string): void {
  // `application/json` is what programs ask for that know JSON and not DICOM's name for it (PS3.18 §8.7.3.2).
  const names = type.endsWith('+json') ? [type, 'application/json'] : [type]
  const wanted = acceptOf(c.req.raw)
  const acceptable = wanted.some(range => names.some(name => covers(range.type, name)))
  if (!acceptable) throw new IsocenterError('not-acceptable', `this resource is ${type}`)
}

/** The thumbnail made on arrival; 503 while it is still to be made, 404 when there will be none. */
async function thumbnail(read: StoreReader, uids: Uids): Promise<Response> {
  const [object] = await read.locate(await representative(read, uids), 1)
  if (!object) throw new IsocenterError('not-found')
  const png = await read.getThumbnail(object.contentId)
  if (png) return new Response(new Uint8Array(png), { headers: { 'content-type': 'image/png' } })
  const backlog = (await read.pendingWork(BACKLOG)).filter(({ again }) => !again)
  const isComing = backlog.length === BACKLOG || backlog.some(({ contentId }) => contentId === object.contentId)
  if (!isComing) throw new IsocenterError('not-found', 'no picture')
  return new Response(null, { status: 503, headers: { 'retry-after': '1' } })
}

/** The instance that stands for a study or series. Throws 'not-found'. */
async function representative(read: StoreReader, uids: Uids): Promise<Uids> {
  if (uids.SOPInstanceUID !== undefined) return uids
  const { series } = await read.getStudy(uids.StudyInstanceUID)
  const shown = series.find(
    one => one.thumbnailSOPInstanceUID && (uids.SeriesInstanceUID ?? one.SeriesInstanceUID) === one.SeriesInstanceUID,
  )
  if (!shown) throw new IsocenterError('not-found', 'no picture')
  return { ...uids, SeriesInstanceUID: shown.SeriesInstanceUID, SOPInstanceUID: shown.thumbnailSOPInstanceUID }
}
