import { randomUUID } from 'node:crypto'
import type { AuditSink } from '../../../shared/audit.ts'
import { type AeProfiles, type Node, profileOf, type Strangers } from '../../../shared/config.ts'
import type { JobSummary } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { EchoAnswer, FindingSummary, FoundStudies, NodeAddress, StudySearch } from '../../../shared/network.ts'
import type { FileHandles } from '../store/index.ts'
import { AssociationAudit } from './associationAudit.ts'
import type { Doctor } from './doctor.ts'
import type { OutgoingAssociations } from './outgoing.ts'
import { replayRequest } from './replay.ts'
import { type FetchDeps, fetchStudy } from './retrieveScu.ts'
import { Searches } from './searches.ts'
import type { Sender, ServedStore } from './services.ts'
import { type Progress, send } from './storageScu.ts'
import type { Transcode } from './subOperations.ts'
import { echo } from './verificationScu.ts'

/** ms: somebody waits for the answer. */
const ECHO_PATIENCE = 10_000
const MOST_ECHOES = 2000

/** Begins long work with progress. */
export type StartJob = (
  kind: 'send' | 'fetch',
  title: string,
  work: (progress: Progress) => Promise<void>,
) => JobSummary

interface RequestDeps {
  audit: AuditSink
  store: ServedStore
  files: Pick<FileHandles, 'readOnce'>
  transcode: Transcode
  startJob: StartJob
  outgoing: OutgoingAssociations
  doctor: Doctor
  /** These three as they are now. Of the AE titles the first is the one we call others by. */
  aets(): readonly string[]
  nodes(): Node[]
  profiles(): AeProfiles
  strangers: Strangers
  expected: FetchDeps['expected']
  archiveAt: FetchDeps['archiveAt']
}

/** What a person asks of other nodes. Whatever names one that is not known throws 'destination-unknown'. */
export interface Requests {
  /** C-ECHO, in words. Rejects with 'draining'. */
  echo(called: NodeAddress): Promise<EchoAnswer>
  /** What the last echo said, by AE title, host and port. */
  lastEcho(called: NodeAddress): EchoAnswer | null
  /** Studies to a node, as a job. */
  send(AET: string, StudyInstanceUIDs: string[]): JobSummary
  /** A study from a node, as a job. */
  fetch(AET: string, StudyInstanceUID: string): JobSummary
  readonly searches: {
    start(AET: string, search: StudySearch): string
    /** Throws 'not-found'. */
    read(id: string, after: number): FoundStudies
    stop(id: string): void
  }
  /** Calls the node again, or asks what would be answered to the peer today. Rejects with 'not-found', 'bad-request', 'draining'. */
  replay(id: string): Promise<FindingSummary>
  close(): void
}

export function createRequests(deps: RequestDeps): Requests {
  const { store, files, transcode, startJob, outgoing, doctor, aets, nodes, profiles, strangers } = deps
  const { expected, archiveAt } = deps
  const open: OutgoingAssociations['open'] = (...asked) => outgoing.open(...asked)
  const searches = new Searches(open)
  const echoes = new Map<string, EchoAnswer>()
  const keyOf = ({ AET, host, port }: NodeAddress) => `${AET} ${host}:${port}`

  const nodeOf = (AET: string): Node => {
    const node = nodes().find(one => one.AET === AET)
    if (!node) throw new IsocenterError('destination-unknown', `"${AET}" is not among the nodes`)
    return node
  }

  const senderOf = (node: Node): Sender => {
    const { SpecificCharacterSet, IssuerOfPatientID, conflictPolicy } = profileOf(profiles(), node.AET)
    const { AET, host } = node
    const [receivingAET = ''] = aets()
    const archive = archiveAt(node.name)
    return {
      origin: { door: 'dimse', sourceAET: AET, sendingAET: AET, receivingAET, address: host },
      assumed: { SpecificCharacterSet, IssuerOfPatientID },
      showLatest: conflictPolicy === 'showLatest',
      pulledFrom: () => (archive === undefined ? undefined : { archive, proof: 'present' }),
    }
  }

  const audited = async (node: Node, work: (audit: AssociationAudit) => Promise<void>): Promise<void> => {
    const peer = { AET: node.AET, address: node.host }
    const told = new AssociationAudit(deps.audit, randomUUID(), () => peer, true)
    try {
      await work(told)
    } finally {
      told.over()
    }
  }

  const callEcho = async (called: NodeAddress): Promise<EchoAnswer> => {
    const key = keyOf(called)
    const node = nodes().find(one => keyOf(one) === key) ?? { ...called, name: called.AET }
    const answer = await echo({
      open: contexts => open(node, contexts, { answerWithin: ECHO_PATIENCE }),
      diagnose: failure => outgoing.diagnose(node, failure),
    })
    echoes.delete(key)
    echoes.set(key, answer)
    for (const oldest of echoes.keys()) {
      if (echoes.size <= MOST_ECHOES) break
      echoes.delete(oldest)
    }
    return answer
  }

  return {
    echo: callEcho,
    lastEcho: called => echoes.get(keyOf(called)) ?? null,
    send(AET, StudyInstanceUIDs) {
      const node = nodeOf(AET)
      const { length } = StudyInstanceUIDs
      const title = `${length === 1 ? 'A study' : `${length} studies`} to ${node.name}`
      const sending = { files, transcode, read: store.read, open }
      return startJob('send', title, progress =>
        audited(node, audit => send(node, { StudyInstanceUID: StudyInstanceUIDs }, { ...sending, audit }, progress)),
      )
    },
    fetch(AET, StudyInstanceUID) {
      const node = nodeOf(AET)
      const [own = ''] = aets()
      return startJob('fetch', `A study from ${node.name}`, progress =>
        audited(node, audit =>
          fetchStudy(node, StudyInstanceUID, { store, AET: own, open, senderOf, audit, expected, archiveAt }, progress),
        ),
      )
    },
    searches: {
      start: (AET, search) => searches.start(nodeOf(AET), search),
      read: (id, after) => searches.read(id, after),
      stop: id => searches.stop(id),
    },
    async replay(id) {
      const { node, request, address } = doctor.get(id)
      if (node) {
        // Its entry may have been corrected since.
        const called = nodes().find(({ name }) => name === node.name) ?? node
        const { works, sentence } = await callEcho(called)
        doctor.replayed(id, works, works ? 'An association and C-ECHO work now.' : sentence)
      } else if (request) {
        const { level } = store.space
        const takesImages = level === 'ok' || level === 'warn'
        const today = { aets: aets(), profiles: profiles(), nodes: nodes(), takesImages, strangers }
        const { works, sentence } = replayRequest(request, address, today)
        doctor.replayed(id, works, sentence)
      } else throw new IsocenterError('bad-request', 'nothing is known of what the peer asked for')
      const found = doctor.list().find(one => one.id === id)
      if (!found) throw new IsocenterError('not-found', 'it was taken off the list meanwhile')
      return found
    },
    close: () => searches.close(),
  }
}
