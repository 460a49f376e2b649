import { userInfo } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import {
  type BinEntry,
  type CallName,
  type CallOut,
  type CallParsed,
  type Contract,
  contract,
  type StudySummary,
} from '../../../shared/contract.ts'
import { formatTag, lookupTag } from '../../../shared/dicom/dictionary.ts'
import { headerLines } from '../../../shared/dicom/header.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { auditedCall } from './auditCalls.ts'
import { auditOf } from './auditing.ts'
import { dictationCalls } from './dictationCalls.ts'
import type { Eviction } from './eviction.ts'
import { exchangedStudies } from './exchanged.ts'
import type { Exports } from './exports.ts'
import { listFolder } from './folders.ts'
import type { FrameReader } from './frameReader.ts'
import { pixelSpan, readHeader } from './headerReader.ts'
import type { WebDeps } from './index.ts'
import { instanceOverlays } from './overlays.ts'
import { receivingNow } from './ports.ts'
import type { Presence } from './presence.ts'
import { printCalls } from './printCalls.ts'
import { readJson } from './readBody.ts'
import { reportCalls } from './reportCalls.ts'
import { resultCalls } from './resultCalls.ts'
import type { StowSender } from './stow.ts'
import { createStrangers } from './strangers.ts'

/** Paths and settings are small; nothing a call takes comes near. */
const CALL_BYTES = 4 * 1024 * 1024
const DAY_MS = 24 * 60 * 60 * 1000
const GROUPS_WAIT_MS = 5000
const GROUPS_LOOK_MS = 25
/** A header view of more lines is searched on the station one day, not scrolled. */
const HEADER_LINES = 20_000

type Handlers = { [N in CallName]: (input: CallParsed<N>) => CallOut<N> | Promise<CallOut<N>> }

/** Answers `POST /api/<name>` (shared/contract.ts). Throws IsocenterErrors: the counter's border turns them into answers. */
export function createApi(
  deps: WebDeps,
  reader: FrameReader,
  presence: Presence,
  eviction: Eviction,
  exports: Exports,
  httpPort: () => number,
) {
  const { store, work, dimse, sync, problems, config } = deps
  const { read } = store
  const user = userName()
  const strangers = createStrangers(read, dimse)
  const marked = async <Answer extends { studies: StudySummary[] }>(asked: Promise<Answer>): Promise<Answer> => {
    const answer = await strangers.mark(asked)
    return { ...answer, studies: presence.mark(answer.studies) }
  }
  /** What stands in functional groups is read after the answer to the scanner: a viewer that comes sooner waits, but not for ever. */
  const groupsRead = async (StudyInstanceUID: string, SeriesInstanceUID: string): Promise<void> => {
    for (let waited = 0; waited < GROUPS_WAIT_MS; waited += GROUPS_LOOK_MS) {
      const unread = await read.unreadGroups(StudyInstanceUID, SeriesInstanceUID)
      if (unread.length === 0) return
      if (waited === 0) void work.hurry(unread)
      await wait(GROUPS_LOOK_MS)
    }
  }
  const handlers: Handlers = {
    'station.status': async () => {
      const [counts, { onlyHere }] = await Promise.all([store.read.counts(), store.volumes()])
      return {
        version: deps.version,
        aet: config.aet,
        dimsePort: dimse.port,
        httpPort: httpPort(),
        addresses: deps.addresses(),
        dataDir: deps.dataDir,
        disk: store.space,
        ...counts,
        onlyHere,
        receiving: receivingNow(dimse).receiving,
        problems: problems.list().length,
        writable: store.writable,
        platform: process.platform,
        user,
      }
    },
    'studies.list': input => marked(read.listStudies(input)),
    'studies.order': async input => {
      const { ids, ...page } = await read.orderStudies(input)
      return { ...page, ids: littleEndian(ids).toString('base64') }
    },
    'studies.rows': input => marked(read.getStudies(input.ids)),
    'studies.counts': async input => {
      const answers: Array<{ total: number; unread: number; seq: number }> = []
      // One after the other: other reads come between, and none of them waits for fifty.
      for (const filter of input.filters) answers.push(await read.countStudies(filter))
      return {
        counts: answers.map(({ total, unread }) => ({ total, unread })),
        seq: Math.min(store.seq, ...answers.map(({ seq }) => seq)),
      }
    },
    'patient.studies': input => marked(read.patientStudies(input.StudyInstanceUID)),
    'reading.set': input => store.setReading(input.studies, input.user),
    'priority.set': input => store.setPriority(input.StudyInstanceUID, input.priority),
    'study.keep': ({ StudyInstanceUID, kept, user }) => store.setKept(StudyInstanceUID, kept, user),
    'window.shows': async ({ window, StudyInstanceUID, user }) => {
      if (presence.show(window, StudyInstanceUID, user)) {
        await store.setOpened(StudyInstanceUID, user)
        await store.used(StudyInstanceUID)
      }
      return {}
    },
    'draft.get': async input => {
      const schema = contract['draft.get'].out
      return schema.parse(await read.getDraft(input.StudyInstanceUID, input.user))
    },
    'draft.put': async input => {
      try {
        return await store.putDraft(input.StudyInstanceUID, input.user, input.draft, input.rev)
      } catch (thrown) {
        if (thrown instanceof IsocenterError && thrown.code === 'draft-conflict') return { rev: null }
        throw thrown
      }
    },
    'segments.get': ({ StudyInstanceUID, user, after }) => read.getSegments(StudyInstanceUID, user, after),
    'segments.put': async ({ StudyInstanceUID, user, parts, rev }) => {
      try {
        return await store.putSegments(StudyInstanceUID, user, parts, rev)
      } catch (thrown) {
        if (thrown instanceof IsocenterError && thrown.code === 'draft-conflict') return { rev: null }
        throw thrown
      }
    },
    ...reportCalls(deps, StudyInstanceUID => presence.isOpen(StudyInstanceUID)),
    ...dictationCalls(store, deps),
    ...printCalls(deps),
    ...resultCalls(deps),
    'seen.get': async input => ({ series: await read.getSeen(input.StudyInstanceUID, input.user) }),
    'seen.put': async input => {
      await store.addSeen(input.StudyInstanceUID, input.user, input.series)
      return {}
    },
    'study.get': async input => {
      const { study, ...rest } = await read.getStudy(input.StudyInstanceUID)
      const { studies } = await marked(Promise.resolve({ studies: [study] }))
      return { ...rest, study: studies[0] ?? study }
    },
    'study.completeness': async ({ StudyInstanceUID }) => {
      const [{ study }, lacking] = await Promise.all([read.getStudy(StudyInstanceUID), read.lacking(StudyInstanceUID)])
      return { completeness: study.completeness, lacking }
    },
    'commitment.request': ({ StudyInstanceUID, node }) => work.requestCommitment(StudyInstanceUID, node),
    'series.open': async ({ StudyInstanceUID, SeriesInstanceUID }) => {
      await groupsRead(StudyInstanceUID, SeriesInstanceUID)
      return read.getManifest(StudyInstanceUID, SeriesInstanceUID)
    },
    'instance.overlays': async ({ contentId, frame }) => ({
      overlays: await instanceOverlays(read, reader, contentId, frame),
    }),
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
    'bin.delete': input => store.remove(input.items, input.reason, input.user),
    'bin.list': async ({ limit }) => {
      const [entries, moves] = await Promise.all([read.listRemovals(limit), read.listMoves(limit)])
      const { binDays } = config
      return { entries: entries.map(entry => ({ ...entry, purgeAt: purgeAt(entry, binDays) })), moves, binDays }
    },
    'bin.restore': input => store.restore(input.id, input.user),
    'bin.purge': input => store.purge(input.id, input.user),
    'move.make': input => store.move(input, input.user),
    'patients.proposals': async ({ StudyInstanceUID, limit }) => ({
      proposals: await read.patientProposals(StudyInstanceUID, limit),
    }),
    'patients.decide': input => store.decidePatients(input, input.user),
    'move.undo': async input => {
      await store.moveBack(input.id, input.user)
      return {}
    },
    'folder.list': input => listFolder(input.path),
    'import.start': input => work.startImport(input.paths),
    'samples.load': () => work.loadSamples(),
    'repair.start': input => work.startRepair(input.verify),
    'job.cancel': input => work.cancel(input.id),
    'jobs.list': () => ({ jobs: work.list() }),
    'volumes.list': () => store.volumes(),
    'volume.drain': async ({ name }) => {
      await store.drainVolume(name)
      return {}
    },
    'volume.keep': async ({ name }) => {
      await store.keepVolume(name)
      return {}
    },
    'cache.plan': () => eviction.plan(),
    'cache.set': async policy => {
      await eviction.set(policy)
      return {}
    },
    'cache.evict': () => eviction.evict(),
    'problems.list': () => ({ problems: problems.list() }),
    'problem.dismiss': input => {
      problems.dismiss(input.id)
      return {}
    },
    'associations.list': () => ({ associations: dimse.associations() }),
    'profiles.get': () => dimse.profiles(),
    'profiles.set': async input => {
      await deps.setProfiles(input)
      return {}
    },
    'apiKeys.list': () => ({ keys: deps.apiKeys.list() }),
    'apiKeys.make': ({ name, scopes }) => deps.apiKeys.make(name, scopes),
    'apiKeys.revoke': async input => {
      await deps.apiKeys.revoke(input.id)
      return {}
    },
    'nodes.list': () => ({ nodes: dimse.nodes().map(node => ({ ...node, lastEcho: dimse.requests.lastEcho(node) })) }),
    'nodes.set': async input => {
      await deps.setNodes(input.nodes)
      return {}
    },
    'node.echo': input => dimse.requests.echo(input),
    'aets.get': () => {
      const [aet = config.aet, ...aets] = dimse.aets()
      return { aet, aets }
    },
    'tls.get': () => deps.tls.status(),
    'tls.set': ({ wish }) => deps.tls.set(wish),
    'aets.set': async input => {
      await deps.setAETs(input.aets)
      return {}
    },
    'send.start': input => dimse.requests.send(input.AET, input.StudyInstanceUIDs),
    'fetch.start': input => dimse.requests.fetch(input.AET, input.StudyInstanceUID),
    'search.start': input => ({ id: dimse.requests.searches.start(input.AET, input.search) }),
    'search.read': input => dimse.requests.searches.read(input.id, input.after),
    'search.stop': input => {
      dimse.requests.searches.stop(input.id)
      return {}
    },
    'doctor.list': () => ({ findings: dimse.doctor.list() }),
    'doctor.replay': input => dimse.requests.replay(input.id),
    'doctor.dismiss': input => {
      dimse.doctor.dismiss(input.id)
      return {}
    },
    'destinations.list': () => ({ destinations: sync.destinations() }),
    'destinations.set': async input => {
      await deps.setDestinations(input.destinations)
      return {}
    },
    'destination.try': input => sync.tryOut(input),
    'sync.status': async () => ({ destinations: await sync.status() }),
    'sync.pause': async ({ destination, paused }) => {
      knownDestination(sync, destination)
      await deps.setDestinations(sync.destinations().map(one => (one.name === destination ? { ...one, paused } : one)))
      return {}
    },
    'sync.now': ({ destination }) => {
      if (destination !== undefined) knownDestination(sync, destination)
      sync.wake(destination)
      return {}
    },
    'sync.prioritise': async input => ({ images: await store.outbox.prioritise(input.StudyInstanceUID) }),
    'sync.dead': async input => ({ letters: await store.outbox.deadLetters(input) }),
    'sync.exchanged': input => exchangedStudies(input, sync, store.read),
    'sync.retry': async ({ destination, contentIds, StudyInstanceUID }) => {
      knownDestination(sync, destination)
      const which = contentIds ? { contentIds } : StudyInstanceUID ? { StudyInstanceUID } : undefined
      return { images: await sync.retry(destination, which) }
    },
    'sync.study': input => store.outbox.study(input.StudyInstanceUID),
    'sync.test': async input => ({
      answers: await store.outbox.test(input.StudyInstanceUID, input.destinations),
    }),
    'pull.status': () => ({ archives: sync.pulls() }),
    'pull.study': ({ destination, StudyInstanceUID }) => sync.pullStudy(destination, StudyInstanceUID),
    'folders.list': () => ({ folders: work.folders() }),
    'folders.set': async input => {
      await deps.setFolders(input.folders)
      return {}
    },
    'captures.list': () => ({ captures: dimse.captures.list() }),
    'capture.start': input => dimse.captures.start(input.AET, input.megabytes),
    'capture.stop': input => dimse.captures.stop(input.id),
    'capture.remove': async input => {
      await dimse.captures.remove(input.id)
      return {}
    },
    'audit.list': ({ text, limit, before }) => deps.audit.list({ text, limit, before }),
    'audit.verify': () => deps.audit.verify(),
    'peers.list': async () => ({ peers: await strangers.peers() }),
    'export.prepare': input => exports.prepare(input),
    'export.findText': wish => exports.findText(wish),
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

  /** A call's input as it was parsed: whose name it bears. */
  const userOf = (input: unknown): string | undefined =>
    typeof input === 'object' && input !== null && 'user' in input && typeof input.user === 'string'
      ? input.user
      : undefined
  const call = async <N extends CallName>(name: N, asked: unknown, sender: StowSender): Promise<CallOut<N>> => {
    const input = parsed(name, asked)
    const audit = auditOf(deps.audit, 'counter', sender, userOf(input))
    return auditedCall(name, input, audit, read, () => handlers[name](input))
  }

  return async (name: string, request: Request, sender: StowSender): Promise<Response> => {
    if (!isCallName(name)) throw new IsocenterError('not-found', 'no such call')
    return Response.json(await call(name, await readJson(request, CALL_BYTES), sender))
  }
}

function knownDestination(sync: Pick<WebDeps['sync'], 'destinations'>, name: string): void {
  if (sync.destinations().some(one => one.name === name)) return
  throw new IsocenterError('not-found', `"${name}" is not among the destinations`)
}

/** Only what a person deleted goes by itself, and what came again meanwhile has its whole time once more. */
function purgeAt(entry: Omit<BinEntry, 'purgeAt'>, binDays: number): number | null {
  if (entry.code !== '' || entry.state !== 'binned' || binDays === 0) return null
  return Math.max(entry.changedAt, entry.againAt) + binDays * DAY_MS
}

/** As they cross the counter, whatever this machine's own order is. */
function littleEndian(ids: Uint32Array): Buffer {
  const bytes = Buffer.alloc(ids.length * 4)
  for (const [index, id] of ids.entries()) bytes.writeUInt32LE(id, index * 4)
  return bytes
}

/** Who runs the station, as the system calls them; '' where it has no name for them (a container's bare number). */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(contract, name)
}

function parsed<N extends CallName>(name: N, input: unknown): CallParsed<N> {
  const schema: Contract[N]['in'] = contract[name].in
  const result = schema.safeParse(input)
  if (!result.success) {
    const where = result.error.issues.map(issue => `${issue.path.join('.') || 'input'}: ${issue.message}`).join('; ')
    throw new IsocenterError('bad-request', where)
  }
  // zod's type of `data` does not follow N through the table; the schema it was parsed with is N's own.
  return result.data as CallParsed<N>
}
