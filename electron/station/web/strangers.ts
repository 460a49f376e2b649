import { isStranger } from '../../../shared/config.ts'
import type { CallOut, StudySummary } from '../../../shared/contract.ts'
import type { StoreReader } from '../store/index.ts'
import type { DimsePort } from './ports.ts'

type Peer = CallOut<'peers.list'>['peers'][number]

/** Who of those that sent images is no node: asked of the nodes as they are now, so that whoever is added is known, all it sent before too. */
interface Strangers {
  peers(): Promise<Peer[]>
  /** The same answer, its studies with whether a stranger sent their last object. Who sent is read beside it, for each read waits its turn. */
  mark<Answer extends { studies: StudySummary[] }>(asked: Promise<Answer>): Promise<Answer>
}

/** Titles that came in files and lists alone. */
const MOST_NEVER_CAME = 1000

export function createStrangers(read: Pick<StoreReader, 'listPeers'>, dimse: Pick<DimsePort, 'nodes'>): Strangers {
  const neverCame = new Set<string>()
  const peers = async () => {
    const known = dimse.nodes()
    return (await read.listPeers()).map(peer => ({ ...peer, stranger: isStranger(peer, known) }))
  }
  /** A sender's row comes with its first object: one that is missing may have come between the two reads, if it ever came to a port here. */
  const withMissing = async (studies: StudySummary[], known: Peer[]): Promise<Peer[]> => {
    const aets = new Set(known.map(({ AET }) => AET))
    const missing = studies.map(({ sendingAET }) => sendingAET).filter(AET => !aets.has(AET) && !neverCame.has(AET))
    if (missing.length === 0) return known
    const all = await peers()
    if (neverCame.size > MOST_NEVER_CAME) neverCame.clear()
    for (const AET of missing) if (!all.some(peer => peer.AET === AET)) neverCame.add(AET)
    return all
  }
  return {
    peers,
    async mark(asked) {
      const [answer, known] = await Promise.all([asked, peers()])
      const all = await withMissing(answer.studies, known)
      const strange = new Set(all.flatMap(({ AET, stranger }) => (stranger ? [AET] : [])))
      const studies = answer.studies.map(study => ({ ...study, fromStranger: strange.has(study.sendingAET) }))
      return { ...answer, studies }
    },
  }
}
