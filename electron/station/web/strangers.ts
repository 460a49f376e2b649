import { isStranger } from '../../../shared/config.ts'
import type { CallOut, StudySummary } from '../../../shared/contract.ts'
import type { StoreReader } from '../store/index.ts'
import type { DimsePort } from './ports.ts'

type Peer = CallOut<'peers.list'>['peers'][number]

/** Who of those that sent images is no node: asked of the nodes as they are now, so that whoever is added is known, all it sent before too. */
interface Strangers {
  peers(): Promise<Peer[]>
  /** The same summaries, with whether a stranger sent their last object. */
  mark<Study extends StudySummary>(studies: Study[]): Promise<Study[]>
}

export function createStrangers(read: Pick<StoreReader, 'listPeers'>, dimse: Pick<DimsePort, 'nodes'>): Strangers {
  const peers = async () => {
    const known = dimse.nodes()
    return (await read.listPeers()).map(peer => ({ ...peer, stranger: isStranger(peer, known) }))
  }
  return {
    peers,
    async mark(studies) {
      if (studies.length === 0) return studies
      const strange = new Set((await peers()).flatMap(({ AET, stranger }) => (stranger ? [AET] : [])))
      return studies.map(study => ({ ...study, fromStranger: strange.has(study.sendingAET) }))
    },
  }
}
