import { statfs } from 'node:fs/promises'
import { type CallName, type CallOut, type CallParsed, type Contract, contract } from '../../../shared/contract.ts'
import { formatTag, lookupTag } from '../../../shared/dicom/dictionary.ts'
import { headerLines } from '../../../shared/dicom/header.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { listFolder } from './folders.ts'
import type { FrameReader } from './frameReader.ts'
import { pixelSpan, readHeader } from './headerReader.ts'
import type { WebDeps } from './index.ts'
import { receivingNow } from './ports.ts'
import { readJson } from './readBody.ts'

/** Paths and settings are small; nothing a call takes comes near. */
const CALL_BYTES = 4 * 1024 * 1024
/** A header view of more lines is searched on the station one day, not scrolled. */
const HEADER_LINES = 20_000

type Handlers = { [N in CallName]: (input: CallParsed<N>) => CallOut<N> | Promise<CallOut<N>> }

/** Answers `POST /api/<name>` (shared/contract.ts). Throws IsocenterErrors: the counter's border turns them into answers. */
export function createApi(deps: WebDeps, reader: FrameReader, httpPort: () => number) {
  const { store, work, dimse, problems, config } = deps
  const handlers: Handlers = {
    'station.status': async () => {
      const [counts, disk] = await Promise.all([store.read.counts(), statfs(deps.dataDir)])
      return {
        version: deps.version,
        aet: config.aet,
        dimsePort: dimse.port,
        httpPort: httpPort(),
        addresses: deps.addresses(),
        dataDir: deps.dataDir,
        disk: { free: disk.bavail * disk.bsize, total: disk.blocks * disk.bsize },
        ...counts,
        receiving: receivingNow(dimse).receiving,
        problems: problems.list().length,
        writable: store.writable,
        platform: process.platform,
      }
    },
    'studies.list': input => store.read.listStudies(input),
    'study.get': input => store.read.getStudy(input.StudyInstanceUID),
    'series.open': input => store.read.getManifest(input.StudyInstanceUID, input.SeriesInstanceUID),
    'instance.header': async input => {
      const object = await store.read.locateContent(input.contentId)
      const dataSet = await readHeader(object, reader)
      const { elements, truncated } = headerLines(dataSet, HEADER_LINES)
      const pixels = pixelSpan(dataSet)
      if (!pixels || elements.some(line => line.depth === 0 && line.tag === formatTag(pixels.tag))) {
        return { elements, truncated }
      }
      const line = {
        tag: formatTag(pixels.tag),
        vr: pixels.vr,
        keyword: lookupTag(pixels.tag)?.keyword ?? '',
        depth: 0,
        length: pixels.length,
        value: pixels.undefinedLength ? 'fragments' : `${pixels.length} bytes`,
      }
      return { elements: [...elements, line], truncated }
    },
    'folder.list': input => listFolder(input.path),
    'import.start': input => work.startImport(input.paths),
    'samples.load': () => work.loadSamples(),
    'job.cancel': input => work.cancel(input.id),
    'jobs.list': () => ({ jobs: work.list() }),
    'problems.list': () => ({ problems: problems.list() }),
    'problem.dismiss': input => {
      problems.dismiss(input.id)
      return {}
    },
    'associations.list': () => ({ associations: dimse.associations() }),
    'peers.list': async () => ({ peers: await store.read.listPeers() }),
    'settings.get': async input => contract['settings.get'].out.parse(await store.read.getSettings(input.user)),
    'settings.set': async input => {
      await store.setSetting(input.user, input.key, input.value)
      return {}
    },
    'drain': () => {
      // After the answer: what drains the station closes this connection too.
      setImmediate(deps.drain)
      return {}
    },
  }

  return async (name: string, request: Request): Promise<Response> => {
    if (!isCallName(name)) throw new IsocenterError('not-found', 'no such call')
    return Response.json(await call(handlers, name, await readJson(request, CALL_BYTES)))
  }
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(contract, name)
}

async function call<N extends CallName>(handlers: Handlers, name: N, input: unknown): Promise<CallOut<N>> {
  const schema: Contract[N]['in'] = contract[name].in
  const parsed = schema.safeParse(input)
  if (!parsed.success) {
    const where = parsed.error.issues.map(issue => `${issue.path.join('.') || 'input'}: ${issue.message}`).join('; ')
    throw new IsocenterError('bad-request', where)
  }
  // zod's type of `data` does not follow N through the table; the schema it was parsed with is N's own.
  return handlers[name](parsed.data as CallParsed<N>)
}
