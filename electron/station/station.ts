import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { type Config, committedAt } from '../../shared/config.ts'
import { openAudit } from './audit/index.ts'
import { openConfigFile } from './base/configFile.ts'
import { lockDataFolder } from './base/lock.ts'
import type { Log } from './base/log.ts'
import { Problems } from './base/problems.ts'
import { type Dimse, openSecureSettings, readSecureSettings, startDimse } from './dimse/index.ts'
import { makeReportPdf, startResults } from './reporting/index.ts'
import { FileHandles, openStore, type Store } from './store/index.ts'
import { auditedCarrier } from './sync/auditedCarrier.ts'
import { createCarrier } from './sync/createCarrier.ts'
import { Digests } from './sync/digests.ts'
import { startSync } from './sync/index.ts'
import { createWeb, openApiKeys } from './web/index.ts'
import { startWork } from './work/index.ts'

/** What runs a station makes its log with; this file is the only door it has. */
export { createLog } from './base/log.ts'

export interface StationOptions {
  dataDir: string
  /** What opens the counter. */
  key: string
  /** The built renderer. */
  rendererDir: string
  version: string
  config: Config
  log: Log
}

export interface Station {
  /** Opening it lets a browser in: it carries the key. */
  url: string
  aet: string
  dimsePort: number
  httpPort: number
  /** Resolves when the station has closed, whoever asked for it; 'again': it is to be started anew, to make a new index. */
  drained: Promise<'ended' | 'again'>
  /** Takes nothing new, finishes what is running, closes the doors, then the vault. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Wires the rooms: the vault first, then those that knock on it, the counter last, so that "ready" means everything answers.
 * Throws an IsocenterError ('data-dir-in-use', 'database-newer', …) or the port's own error; what was started is closed again.
 */
export async function startStation(options: StationOptions): Promise<Station> {
  const { config, log } = options
  const opened: Array<() => Promise<void>> = []
  const closeAll = async () => {
    for (const close of opened.reverse()) {
      await close().catch((error: unknown) => log.error({ err: error }, 'a room did not close cleanly'))
    }
  }
  const state = { ready: false, again: false }
  let closing: Promise<void> | undefined
  const { promise: drained, resolve: setDrained } = Promise.withResolvers<'ended' | 'again'>()
  const close = () => {
    closing ??= closeAll().then(() => setDrained(state.again ? 'again' : 'ended'))
    return closing
  }
  try {
    const lock = await lockDataFolder(options.dataDir)
    opened.push(() => lock.release())
    const problems = new Problems()
    const audit = await openAudit({
      folder: path.join(options.dataDir, 'audit'),
      log,
      aet: config.aet,
      version: options.version,
      ...(config.audit.syslog ? { syslog: config.audit.syslog } : {}),
      // The vault opens below, before anybody can ask for a study.
      patientOf: StudyInstanceUID => store.read.patientOf(StudyInstanceUID),
      problem: found => problems.report(found),
    })
    opened.push(() => audit.close())
    const store: Store = await openStore({
      dataDir: options.dataDir,
      log,
      durability: config.durability,
      watermarks: config.watermarks,
      volumes: config.volumes,
      binDays: config.binDays,
      onPurge: ({ id, StudyInstanceUID, PatientID }) =>
        audit.record({
          event: 'studyDeleted',
          action: 'D',
          outcome: 0,
          door: 'station',
          text: `Purged for good after its time in the bin: deletion ${id}`,
          participants: [],
          study: { StudyInstanceUID, PatientID, instances: {} },
        }),
      settle: { afterMs: config.settleAfterSeconds * 1000 },
      judge: { quietMs: config.judgeAfterSeconds * 1000 },
      onCondemned: () => {
        state.again = true
        if (state.ready) void close()
      },
      upkeep: { scrubBytesPerSecond: config.scrubMegabytesPerSecond * 2 ** 20, profiles: config.profiles },
    })
    opened.push(() => store.close())
    opened.push(() => audit.settle())
    store.onProblem(problem => problems.report(problem))
    const work = startWork({
      store,
      log,
      audit,
      transcodedFolder: path.join(options.dataDir, 'transcoded'),
      // The door opens below, before anybody can ask for a job.
      commitmentDoor: {
        requestCommitment: (...asked) => dimse.requestCommitment(...asked),
        onCommitment: listener => dimse.onCommitment(listener),
      },
      watch: {
        folders: config.watchedFolders,
        memoryFolder: path.join(options.dataDir, 'watched'),
        ours: [options.dataDir, ...config.volumes.map(volume => volume.path)],
        report: problem => problems.report(problem),
      },
    })
    opened.push(() => work.close())
    if (store.needsRepair) work.startRepair(false)
    // Reading goes on where TLS cannot; nothing comes without it instead.
    const found = await readSecureSettings(config.tls, log, problem => problems.report(problem))
    let destinations = () => config.destinations
    const dimse: Dimse = await startDimse({
      config,
      store,
      log,
      audit,
      secure: found.material,
      judged: store,
      unproved: async SOPInstanceUIDs => {
        const archive = committedAt(config, destinations())
        if (archive === null) return { waiting: [], refused: [], lost: [] }
        return store.outbox.unproved(archive, SOPInstanceUIDs)
      },
      transcode: work.transcode,
      startJob: work.startJob,
      // The archives are reached below, before anybody can ask for what only they have.
      fetchBack: contentId => sync.fetchBack(contentId, 'dimse'),
      archiveAt: node => destinations().find(({ route }) => route.kind === 'dimse' && route.node === node)?.name,
      captureFolder: path.join(options.dataDir, 'captures'),
      doctorFile: path.join(options.dataDir, 'doctor.jsonl'),
    })
    opened.push(() => dimse.close())
    dimse.onProblem(problem => problems.report(problem))

    const files = new FileHandles(contentId => store.read.locateContent(contentId))
    opened.push(async () => files.close())
    const digests = new Digests()
    opened.push(() => digests.close())
    const sync = await startSync({
      outbox: store.outbox,
      store,
      log,
      problems,
      destinations: config.destinations,
      createCarrier: destination =>
        auditedCarrier(createCarrier(destination, { files, digests, dimse: dimse.carrying }), destination, audit),
      audit,
      pulling: { store, startJob: work.startJob, dimse: dimse.carrying },
    })
    opened.push(() => sync.close())
    destinations = () => sync.destinations()

    const apiKeys = await openApiKeys(options.dataDir, log, () =>
      problems.report({
        severity: 'attention',
        sentence: 'The file of API keys was damaged and has been set aside: only the station’s main key opens it now.',
        detail: path.join(options.dataDir, 'api-keys.damaged.json'),
      }),
    )
    opened.push(() => apiKeys.close())
    const configFile = openConfigFile(options.dataDir)
    const tls = openSecureSettings({
      ...found,
      settings: config.tls,
      dimse,
      folder: path.join(options.dataDir, 'tls'),
      keep: settings => configFile.change({ tls: settings }),
      problem: problem => problems.report(problem),
      log,
    })
    opened.push(async () => tls.close())
    const results = await startResults({
      store,
      log,
      audit,
      sender: config.aet,
      targets: config.results,
      keep: targets => configFile.change({ results: targets }),
      makePdf: makeReportPdf,
      problem: found => problems.report(found),
    })
    opened.push(() => results.close())
    let { printers } = config
    const web = createWeb({
      key: options.key,
      apiKeys,
      config,
      store,
      audit,
      dimse,
      work,
      sync,
      problems,
      addresses: reachableAddresses,
      dataDir: options.dataDir,
      rendererDir: options.rendererDir,
      version: options.version,
      log,
      setProfiles: async profiles => {
        await configFile.change({ profiles })
        dimse.setProfiles(profiles)
      },
      setNodes: async nodes => {
        await configFile.change({ nodes })
        dimse.setNodes(nodes)
      },
      setAETs: async further => {
        const aets = further.filter(aet => aet !== config.aet)
        await configFile.change({ aets })
        dimse.setAETs(aets)
      },
      tls,
      setDestinations: async destinations => {
        await configFile.change({ destinations })
        await sync.setDestinations(destinations)
      },
      setCache: cache => configFile.change({ cache }),
      setFolders: async folders => {
        work.checkFolders(folders)
        await configFile.change({ watchedFolders: folders })
        await work.setFolders(folders)
      },
      makeReportPdf,
      printers: () => printers,
      setPrinters: async changed => {
        await configFile.change({ printers: changed })
        printers = changed
      },
      results,
      drain: () => {
        state.again = false
        void close()
      },
    })
    const listening = await web.listen('127.0.0.1', config.httpPort)
    opened.push(() => listening.close())
    await lock.setHttpPort(listening.port)
    state.ready = true
    if (state.again) void close()
    log.info(
      { aet: config.aet, dimsePort: dimse.port, tlsPort: dimse.tlsPort, httpPort: listening.port },
      'station ready',
    )
    return {
      url: `http://127.0.0.1:${listening.port}/?key=${encodeURIComponent(options.key)}`,
      aet: config.aet,
      dimsePort: dimse.port,
      httpPort: listening.port,
      drained,
      close() {
        state.again = false
        return close()
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** IPv4 addresses first: that is what a scanner's configuration page asks for. */
function reachableAddresses(): string[] {
  const all = Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(address => !address.internal && !address.address.startsWith('fe80'))
  const v4 = all.filter(address => address.family === 'IPv4').map(address => address.address)
  return v4.length > 0 ? v4 : ['127.0.0.1', ...all.map(address => address.address)].slice(0, 4)
}
