import { createServer, type Server, type Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import type { AuditSink } from '../../../shared/audit.ts'
import type { AeProfiles, Config, Node, Printer, TlsConfig } from '../../../shared/config.ts'
import type { AssociationSummary } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import { FileHandles, type References, type Unproved } from '../store/index.ts'
import { type SecureMaterial, secureOptions } from '../wire/secure.ts'
import { Admission, type Places } from './admission.ts'
import { AssociationAudit } from './associationAudit.ts'
import { Captures } from './captures.ts'
import { type Carrying, createCarrying } from './carrying.ts'
import { CommitmentReports, REPORT_TIMES, type ReportTimes } from './commitmentReports.ts'
import { Doctor } from './doctor.ts'
import { ExpectedMoves } from './expectedMoves.ts'
import { NoticeForwards } from './noticeForwards.ts'
import { type FoundProblem, OpenAssociation } from './openAssociation.ts'
import { OutgoingAssociations } from './outgoing.ts'
import { type Print, type PrintProgress, printFilms } from './print/printScu.ts'
import { createRequests, type Requests, type StartJob } from './requests.ts'
import { type JudgedStore, SenderQuestions } from './senderCounts.ts'
import type { ServedStore } from './services.ts'
import { type CommitmentAnswer, CommitmentRequests } from './storageCommitmentScu.ts'
import type { Transcode } from './subOperations.ts'
import { createTlsListener } from './tlsListener.ts'

export type { Print, PrintProgress } from './print/printScu.ts'
export { openSecureSettings, readSecureSettings } from './secureSettings.ts'

/** Beyond these an acceptance is held, then answered by a transient A-ASSOCIATE-RJ, local limit exceeded. */
export const PLACES: Places = { all: 256, perPeer: 64, patience: 20_000 }
/** Sockets, those without an association yet and those that wait included; beyond them a connection is closed at once. */
const MOST_CONNECTIONS = 512
/** Of one address, so that nobody can take all of them by opening and saying nothing. */
const MOST_CONNECTIONS_OF_PEER = 160
const ENDED_KEPT = 200
/** Listeners hear of changes at most five times a second. */
const CHANGE_PAUSE = 200

export interface DimseOptions {
  /** Brings back what archives alone have. */
  fetchBack?(contentId: number): Promise<void>
  config: Pick<
    Config,
    | 'aet'
    | 'aets'
    | 'dimsePort'
    | 'dimseHost'
    | 'profiles'
    | 'nodes'
    | 'strangers'
    | 'tls'
    | 'durability'
    | 'mppsTo'
    | 'availabilityTo'
  >
  store: ServedStore
  log: Log
  audit: AuditSink
  /** What makes an object uncompressed for a peer that takes nothing else. */
  transcode: Transcode
  /** For TLS; without it there is none, whatever the configuration says. */
  secure?: SecureMaterial
  startJob: StartJob
  /** Where recordings lie; made when there is a first one. */
  captureFolder: string
  /** Where the association doctor keeps what it saw. */
  doctorFile: string
  places?: Partial<Places>
  linger?: number
  reportTimes?: Partial<ReportTimes>
  /** Of these SOP Instance UIDs those that storage commitment has to wait for. */
  unproved?(SOPInstanceUIDs: string[]): Promise<Unproved>
  /** The archive that a node is, by its names; undefined where it is none. What we ask of it is not sent back there. */
  archiveAt?(node: string): string | undefined
  /** Of its studies the senders are asked what they have; nobody is asked without it. */
  judged?: JudgedStore
}

/** TLS as it is configured, and the certificates that were read for it. */
interface Secure {
  settings: TlsConfig
  material: SecureMaterial
}

export interface Dimse {
  readonly port: number
  /** Undefined where nobody is listened to over TLS. */
  readonly tlsPort: number | undefined
  /** For connections from now on. Rejects with 'port-in-use'; then all is as it was. */
  setSecure(secure: Secure | undefined): Promise<void>
  /** Open ones first, then the last 200 that ended, newest first. */
  associations(): AssociationSummary[]
  /** Told when an association opens, receives or ends; at most five times a second. Returns the unsubscribe. */
  onChange(listener: () => void): () => void
  /** Told what a person should know: refusals, aborts, objects that were not stored. Returns the unsubscribe. */
  onProblem(listener: (problem: FoundProblem) => void): () => void
  profiles(): AeProfiles
  readonly captures: Pick<Captures, 'list' | 'start' | 'stop' | 'remove' | 'file'>
  /** Holds for associations from now on. */
  setProfiles(profiles: AeProfiles): void
  nodes(): Node[]
  /** Holds for associations from now on. */
  setNodes(nodes: Node[]): void
  /** Our AE titles: the first is the one we call others by. */
  aets(): string[]
  /** Those beside our own; they hold for associations from now on. */
  setAETs(further: string[]): void
  readonly requests: Omit<Requests, 'close'>
  readonly doctor: Pick<Doctor, 'list' | 'dismiss'>
  /** Films on a DICOM printer; as `printFilms`. */
  print(printer: Printer, print: Print, progress: PrintProgress): Promise<string[]>
  /** For archives that everything has to end up on. */
  readonly carrying: Carrying
  /**
   * Asks a node, by its name, whether these objects are safe there; resolves with the Transaction UID when it has taken the request.
   * Rejects with 'destination-unknown', 'peer-failed', 'too-large'.
   */
  requestCommitment(node: string, references: References): Promise<string>
  /** Told when a node's answer is durable here, which may be days later. Returns the unsubscribe. */
  onCommitment(listener: (answer: CommitmentAnswer) => void): () => void
  /** Takes nothing new, lets every association finish the message at hand, then aborts it; after `graceMs` (5,000) the rest is cut off. */
  close(options?: { graceMs?: number }): Promise<void>
}

/** Opens the DIMSE door. Rejects with 'port-in-use' when the port cannot be had. */
export async function startDimse(options: DimseOptions): Promise<Dimse> {
  const { config, store, log, places, linger } = options
  const captures = await Captures.open(options.captureFolder, log)
  const open = new Set<OpenAssociation>()
  let ended: AssociationSummary[] = []
  let nextId = 1
  const changeListeners = new Set<() => void>()
  const problemListeners = new Set<(problem: FoundProblem) => void>()
  let changePending: NodeJS.Timeout | undefined
  let { profiles, nodes } = config
  let aets = [config.aet, ...config.aets]
  const expected = new ExpectedMoves(config.aet)
  const archiveAt = options.archiveAt ?? (() => undefined)
  const admission = new Admission({ ...PLACES, ...places })
  const connections = new Map<string, number>()
  const sockets = new Set<Socket>()

  const changed = () => {
    changePending ??= setTimeout(() => {
      changePending = undefined
      for (const listener of changeListeners) listener()
    }, CHANGE_PAUSE)
  }

  const keep = (summary: AssociationSummary) => {
    ended = [summary, ...ended].slice(0, ENDED_KEPT)
    changed()
  }
  const files = new FileHandles(contentId => store.read.locateContent(contentId), options.fetchBack)
  let port = config.dimsePort
  const doctor = await Doctor.open({
    file: options.doctorFile,
    log,
    own: () => ({ aets, port }),
    nodes: () => nodes,
  })
  let secure: Secure | undefined
  const outgoing = new OutgoingAssociations({
    AET: config.aet,
    doctor,
    log,
    profiles: () => profiles,
    secure: () => secure && { material: secure.material, profile: secure.settings.profile },
    nextId: () => nextId++,
    changed,
    ended: keep,
  })

  const problem = (found: FoundProblem) => {
    for (const listener of problemListeners) listener(found)
  }
  const call: OutgoingAssociations['open'] = (...wish) => outgoing.open(...wish)
  const { commitments } = store
  const commitmentRequests = new CommitmentRequests({ commitments, log, open: call, problem })
  const times = { ...REPORT_TIMES, ...options.reportTimes }
  const reports = new CommitmentReports({
    commitments,
    unproved: options.unproved ?? (async () => ({ waiting: [], refused: [], lost: [] })),
    log,
    times,
    nodes: () => nodes,
    open: call,
    problem,
  })
  const to = { step: config.mppsTo, notice: config.availabilityTo }
  const forwards = new NoticeForwards({
    notices: store.notices,
    log,
    times,
    nodes: () => nodes,
    to,
    open: call,
    problem,
  })
  const { judged } = options
  const questions = judged && new SenderQuestions({ store: judged, log, nodes: () => nodes, open: call })
  // PS3.4 §J.1 asks for safekeeping.
  const commitsNot = config.durability === 'os' ? 'with durability "os" this station promises nothing' : ''

  let lastTold = Number.NEGATIVE_INFINITY
  /** Once a minute at most: who floods us with connections shall not flood the log. */
  const tooMany = (address: string) => {
    if (performance.now() - lastTold < 60_000) return
    lastTold = performance.now()
    log.warn({ address }, 'connections are closed at once: too many are open')
  }

  /** Counted from the first packet on, over both listeners: a handshake that never ends is a connection, too. */
  const count = (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const others = connections.get(address) ?? 0
    if (others >= MOST_CONNECTIONS_OF_PEER) {
      socket.destroy()
      tooMany(address)
      return
    }
    connections.set(address, others + 1)
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      const left = (connections.get(address) ?? 0) - 1
      if (left > 0) connections.set(address, left)
      else connections.delete(address)
    })
  }
  const accept = (socket: Socket) => {
    if (socket.destroyed) return
    const association = new OpenAssociation(nextId++, socket, {
      aets: () => aets,
      store,
      log,
      profiles: () => profiles,
      nodes: () => nodes,
      strangers: config.strangers,
      admission,
      captures,
      audit: options.audit,
      doctor,
      sending: { files, transcode: options.transcode, open: (node, contexts) => outgoing.open(node, contexts) },
      commitment: reports,
      commitmentRequests,
      notices: forwards,
      expected,
      commitsNot,
      linger,
      changed,
      problem,
    })
    open.add(association)
    void association.over.then(() => {
      open.delete(association)
      if (association.worthKeeping) keep(association.summary())
    })
  }
  const listen = async (server: Server, wanted: number): Promise<number> => {
    server.maxConnections = MOST_CONNECTIONS
    server.prependListener('connection', count)
    await new Promise<void>((resolve, reject) => {
      server.once('error', error => {
        reject(new IsocenterError('port-in-use', `DIMSE port ${wanted}: ${error.message}`, { cause: error }))
      })
      server.listen(wanted, config.dimseHost, resolve)
    })
    server.on('error', error => log.error({ err: error }, 'the DIMSE listener reported an error'))
    server.on('drop', peer => tooMany(peer?.remoteAddress ?? ''))
    const address = server.address()
    return typeof address === 'object' && address ? address.port : wanted
  }
  const server = createServer(accept)
  port = await listen(server, config.dimsePort)
  const closings = new Set<Promise<void>>()
  const stopListening = (one: Server) => {
    const closing = new Promise<void>(resolve => one.close(() => resolve())).finally(() => closings.delete(closing))
    closings.add(closing)
  }

  let tlsListener: { server: TlsServer; port: number; wanted: number } | undefined
  const setSecure = async (wanted: Secure | undefined) => {
    if (wanted?.settings.listen) {
      const { settings, material } = wanted
      // On the same port only what is shown and believed changes; who is connected stays so.
      if (tlsListener?.wanted === settings.port)
        tlsListener.server.setSecureContext(secureOptions(material, settings.profile))
      else {
        const made = createTlsListener(settings, material, {
          secure: accept,
          refused(address, words) {
            log.warn({ address, reason: words }, 'TLS connection refused')
            problem({
              severity: 'attention',
              sentence: `${address} was refused on the TLS port: ${words}.`,
              detail: '',
            })
            doctor.saw({ outgoing: false, AET: '', address, failure: { kind: 'tls', words } })
            new AssociationAudit(options.audit, 'tls', () => ({ AET: '', address })).refused(
              'nodeAuthentication',
              words,
            )
          },
        })
        const before = tlsListener
        tlsListener = { server: made, port: await listen(made, settings.port), wanted: settings.port }
        if (before) stopListening(before.server)
      }
    } else if (tlsListener) {
      stopListening(tlsListener.server)
      tlsListener = undefined
    }
    secure = wanted
  }
  if (options.secure && config.tls) await setSecure({ settings: config.tls, material: options.secure })

  const requests = createRequests({
    audit: options.audit,
    store,
    files,
    transcode: options.transcode,
    startJob: options.startJob,
    outgoing,
    doctor,
    aets: () => aets,
    nodes: () => nodes,
    profiles: () => profiles,
    strangers: config.strangers,
    expected,
    archiveAt,
  })

  return {
    port,
    get tlsPort() {
      return tlsListener?.port
    },
    setSecure,
    associations: () => [
      ...[...open].filter(association => association.worthKeeping).map(association => association.summary()),
      ...outgoing.list(),
      ...ended,
    ],
    onChange(listener) {
      changeListeners.add(listener)
      return () => changeListeners.delete(listener)
    },
    onProblem(listener) {
      problemListeners.add(listener)
      return () => problemListeners.delete(listener)
    },
    profiles: () => profiles,
    captures,
    setProfiles(changed) {
      profiles = changed
    },
    nodes: () => nodes,
    setNodes(changed) {
      nodes = changed
    },
    aets: () => [...aets],
    setAETs(further) {
      aets = [config.aet, ...further]
    },
    requests,
    doctor,
    print: (printer, print, progress) => printFilms(printer, print, { open: call }, progress),
    carrying: createCarrying({
      ...{ AET: config.aet, files, transcode: options.transcode, nodes: () => nodes, expected, archiveAt },
      open: call,
      echo: requests.echo,
    }),
    async requestCommitment(name, references) {
      const node = nodes.find(one => one.name === name)
      if (!node) throw new IsocenterError('destination-unknown', name)
      return commitmentRequests.request(node, references)
    },
    onCommitment: listener => commitmentRequests.onAnswer(listener),
    async close({ graceMs = 5_000 } = {}) {
      stopListening(server)
      if (tlsListener) stopListening(tlsListener.server)
      for (const association of open) association.drain()
      const cutOff = setTimeout(() => {
        for (const association of open) association.destroy()
        // Those that never came to have one.
        for (const socket of sockets) socket.destroy()
      }, graceMs)
      await Promise.all(closings)
      requests.close()
      await outgoing.close()
      await Promise.all([reports.close(), forwards.close(), questions?.close()])
      files.close()
      await captures.close()
      await doctor.close()
      clearTimeout(cutOff)
      clearTimeout(changePending)
    },
  }
}
