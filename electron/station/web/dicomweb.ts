import { type Context, Hono } from 'hono'
import { isStorableUID } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { QidoQuery, StoredObject, StoreReader } from '../store/index.ts'
import { covers } from './accept.ts'
import { bulkData, metadata } from './metadata.ts'
import { qido } from './qido.ts'
import { acceptOf, parseFrameList, type RetrieveDeps, retrieveFrames, retrieveObjects } from './retrieve.ts'
import { type PictureDeps, picturesOf } from './thumbnails.ts'

/** The largest known studies have some ten thousand instances; the list of places is in memory while they are sent. */
const MOST_INSTANCES = 100_000
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
export function createDicomWeb(deps: RetrieveDeps & PictureDeps & { read: StoreReader }): Hono {
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
      return thumbnail(deps, requireStudy(uidsOf(c)))
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

/** Made now if it has not been yet; 503 while it takes too long, 404 when there is none. */
async function thumbnail(deps: PictureDeps, uids: Uids): Promise<Response> {
  const [object] = await deps.read.locate(await representative(deps.read, uids), 1)
  if (!object || object.unshowable) throw new IsocenterError('not-found', 'no picture')
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
