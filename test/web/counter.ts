import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Log } from '../../electron/station/base/log.ts'
import { Problems } from '../../electron/station/base/problems.ts'
import type { Store } from '../../electron/station/store/index.ts'
import { createWeb, openApiKeys, type WebDeps } from '../../electron/station/web/index.ts'
import { type AeProfiles, aeProfiles, configSchema, type Node } from '../../shared/config.ts'
import type { AssociationSummary, JobSummary } from '../../shared/contract.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { silentAudit } from '../fakes/silentAudit.ts'

export const KEY = 'a-key+of/ours=='

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }

export const aJob: JobSummary = {
  id: 'j1',
  kind: 'import',
  title: 'Import',
  state: 'running',
  done: 0,
  total: 0,
  stored: 0,
  duplicates: 0,
  notDicom: 0,
  failed: 0,
  refused: [],
  rate: 0,
  startedAt: 1,
  endedAt: null,
  error: null,
}

export interface Counter {
  origin: string
  port: number
  dir: string
  problems: Problems
  drained: boolean
  associations: AssociationSummary[]
  profiles: AeProfiles
  tellJob(job: JobSummary): void
  tellAssociations(): void
  /** A request with the key. */
  get(path: string, headers?: Record<string, string>): Promise<Response>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

/** The counter over real HTTP on a free port, everything behind it fake unless given. */
export async function openCounter(store: Store, given: Partial<WebDeps> = {}): Promise<Counter> {
  const dir = await mkdtemp(path.join(tmpdir(), 'isocenter-web-'))
  const jobListeners = new Set<(job: JobSummary) => void>()
  const associationListeners = new Set<() => void>()
  const state = {
    drained: false,
    associations: [] as AssociationSummary[],
    profiles: aeProfiles.parse({}),
    nodes: [] as Node[],
  }
  const problems = new Problems()
  const web = createWeb({
    key: KEY,
    apiKeys: await openApiKeys(dir, silentLog, () => {}),
    config: configSchema.parse({ httpPort: 0 }),
    store,
    audit: {
      ...silentAudit,
      list: async () => ({ records: [], next: null, last: 0, syslog: null }),
      verify: async () => ({ records: 0, files: 0, broken: null }),
      async *exported() {},
      settle: async () => {},
      close: async () => {},
    },
    dimse: {
      port: 11112,
      associations: () => state.associations,
      profiles: () => state.profiles,
      captures: {
        list: () => [],
        start: () => Promise.reject(new IsocenterError('disk-full')),
        stop: () => Promise.reject(new IsocenterError('not-found', 'no such recording')),
        remove: () => Promise.reject(new IsocenterError('not-found', 'no such recording')),
        file(id) {
          if (id !== 'one') throw new IsocenterError('not-found', 'no such recording')
          return path.join(dir, 'one.pcap')
        },
      },
      nodes: () => state.nodes,
      aets: () => ['ISOCENTER'],
      requests: {
        echo: () => Promise.reject(new IsocenterError('draining')),
        lastEcho: () => null,
        send: () => ({ ...aJob, kind: 'send' }),
        fetch: () => ({ ...aJob, kind: 'fetch' }),
        searches: {
          start: () => 'one',
          read: () => ({ studies: [], done: true, complete: true, error: '' }),
          stop: () => {},
        },
        replay: () => Promise.reject(new IsocenterError('not-found', 'no such failed association')),
      },
      doctor: { list: () => [], dismiss: () => {} },
      print: () => Promise.reject(new IsocenterError('print-failed', 'no printer in this test')),
      onChange(listener) {
        associationListeners.add(listener)
        return () => associationListeners.delete(listener)
      },
    },
    work: {
      requestCommitment: () => aJob,
      startJob: () => aJob,
      findText: () => Promise.reject(new IsocenterError('unsupported-pixels', 'no workshop in this test')),
      deidentify: () => Promise.reject(new IsocenterError('unsupported-pixels', 'no workshop in this test')),
      startRepair: () => aJob,
      startImport: paths => ({ ...aJob, title: paths.join(', ') }),
      loadSamples: () => ({ ...aJob, kind: 'samples' }),
      cancel() {
        throw new IsocenterError('not-found', 'no such job')
      },
      list: () => [aJob],
      hurry: () => new Promise(() => {}),
      transcode: () => Promise.reject(new IsocenterError('unsupported-pixels', 'no workshop in this test')),
      nativeFrame: () => Promise.reject(new IsocenterError('unsupported-pixels', 'no workshop in this test')),
      render: () => Promise.reject(new IsocenterError('unsupported-pixels', 'no workshop in this test')),
      onChange(listener) {
        jobListeners.add(listener)
        return () => jobListeners.delete(listener)
      },
      folders: () => [],
    },
    sync: {
      status: async () => [],
      destinations: () => [],
      wake() {},
      tryOut: async () => ({ works: false, words: 'nobody is there' }),
      exchanged: () => [],
      retry: async () => 0,
      givingBack: () => [],
      fetchBack: () => Promise.reject(new IsocenterError('archive-offline')),
      pulls: () => [],
      pullStudy: () => ({ ...aJob, kind: 'fetch' }),
      onChange: () => () => {},
    },
    problems,
    addresses: () => ['192.0.2.1'],
    dataDir: dir,
    rendererDir: path.join(dir, 'renderer'),
    version: '0.0.0',
    log: silentLog,
    async setProfiles(profiles) {
      state.profiles = profiles
    },
    setNodes: async nodes => {
      state.nodes = nodes
    },
    setAETs: () => Promise.resolve(),
    tls: {
      status: () => ({ settings: null, port: null, certificate: null, trusted: [], error: '' }),
      set: () => Promise.reject(new IsocenterError('bad-certificate', 'none in this test')),
    },
    setDestinations: () => Promise.resolve(),
    setFolders: () => Promise.resolve(),
    setCache: () => Promise.resolve(),
    makeReportPdf: () => Promise.reject(new IsocenterError('draining')),
    printers: () => [],
    setPrinters: async () => {},
    results: {
      targets: () => [],
      setTargets: async () => {},
      list: async () => [],
      send: () => Promise.reject(new IsocenterError('not-found', 'signed report')),
      retry: () => Promise.reject(new IsocenterError('not-found', 'no such result that waits')),
      tryOut: async () => ({ works: true, words: '' }),
      wake: () => {},
    },
    drain() {
      state.drained = true
    },
    ...given,
  })
  const listening = await web.listen('127.0.0.1', 0)
  const origin = `http://127.0.0.1:${listening.port}`
  const authorization = `Api-Key ${KEY}`
  return Object.assign(state, {
    origin,
    port: listening.port,
    dir,
    problems,
    tellJob(job: JobSummary) {
      for (const listener of jobListeners) listener(job)
    },
    tellAssociations() {
      for (const listener of associationListeners) listener()
    },
    get: (where: string, headers = {}) =>
      fetch(origin + where, { headers: { authorization, ...headers }, redirect: 'manual' }),
    post: (where: string, body: unknown, headers = {}) =>
      fetch(origin + where, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    async close() {
      await listening.close(100)
      await rm(dir, { recursive: true, force: true })
    },
  })
}
