import { create } from 'zustand'
import type { Node } from '../../shared/config.ts'
import type { CallIn, CallOut } from '../../shared/contract.ts'
import type { EchoAnswer, FindingSummary, NodeAddress, TlsStatus } from '../../shared/network.ts'
import { call } from '../client.ts'
import { t } from '../i18n/index.ts'
import { announce, announceFailure } from '../ui/index.ts'

export type Peer = CallOut<'peers.list'>['peers'][number]
export type ListedNode = CallOut<'nodes.list'>['nodes'][number]

interface Network {
  /** Undefined until the station has said it. */
  nodes: ListedNode[] | undefined
  own: CallOut<'aets.get'> | undefined
  tls: TlsStatus | undefined
  findings: FindingSummary[]
  /** Who sent images and is no node, the last one first. */
  strangers: Peer[]
  /** The station does not answer: what is shown is what it last said. */
  offline: boolean
}

export const useNetwork = create<Network>(() => ({
  nodes: undefined,
  own: undefined,
  tls: undefined,
  findings: [],
  strangers: [],
  offline: false,
}))

const POLL_MS = 2000

export async function readNetwork(): Promise<void> {
  try {
    const [{ nodes }, own, tls, { findings }, { peers }] = await Promise.all([
      call('nodes.list', {}),
      call('aets.get', {}),
      call('tls.get', {}),
      call('doctor.list', {}),
      call('peers.list', {}),
    ])
    const strangers = peers.filter(({ stranger }) => stranger)
    useNetwork.setState({ nodes, own, tls, findings, strangers, offline: false })
  } catch {
    // What is wrong is the status line's to say; that this page is old is its own.
    useNetwork.setState({ offline: true })
  }
}

/** Follows what the station knows of the network while somebody looks. Returns what stops it. */
export function followNetwork(): () => void {
  void readNetwork()
  const timer = setInterval(() => void readNetwork(), POLL_MS)
  return () => clearInterval(timer)
}

const plain = ({ lastEcho, ...node }: ListedNode): Node => node

async function keepNodes(nodes: Node[]): Promise<void> {
  await call('nodes.set', { nodes })
  await readNetwork()
}

/**
 * Keeps a change of the list as it is on the station now, and offers the way back. Rejects with what the station refuses, so that a
 * form can show it where it was written.
 */
async function change(words: string, changed: (nodes: Node[]) => Node[]): Promise<void> {
  const before = (await call('nodes.list', {})).nodes.map(plain)
  await keepNodes(changed(before))
  announce(words, () => keepNodes(before))
}

/** `name`: what the node is called that is replaced; undefined for a new one. */
export function saveNode(node: Node, name: string | undefined): Promise<void> {
  return name === undefined
    ? change(t('{{name}} added', { name: node.name }), nodes => [...nodes, node])
    : change(t('{{name}} changed', { name: node.name }), nodes => nodes.map(one => (one.name === name ? node : one)))
}

export function removeNode(name: string): void {
  change(t('{{name}} removed', { name }), nodes => nodes.filter(one => one.name !== name)).catch((thrown: unknown) =>
    announceFailure('The node could not be removed.', thrown),
  )
}

export async function saveAETs(aets: string[], words: string): Promise<void> {
  const { aets: before } = await call('aets.get', {})
  const keep = async (all: string[]) => {
    await call('aets.set', { aets: all })
    await readNetwork()
  }
  await keep(aets)
  announce(words, () => keep(before))
}

/** null: none any more. Rejects with what the station refuses; then all is as it was. */
export async function saveTls(wish: CallIn<'tls.set'>['wish'], words: string): Promise<void> {
  await call('tls.set', { wish })
  await readNetwork()
  announce(words)
}

/** A node that does not answer is an answer; rejects when the station does not. */
export async function echo({ AET, host, port, tls, certificates }: NodeAddress): Promise<EchoAnswer> {
  const answer = await call('node.echo', { AET, host, port, tls, certificates })
  await readNetwork()
  return answer
}

export async function replay(id: string): Promise<void> {
  try {
    await call('doctor.replay', { id })
    await readNetwork()
  } catch (thrown) {
    announceFailure('It could not be tried.', thrown)
  }
}

export async function dismiss(id: string): Promise<void> {
  try {
    await call('doctor.dismiss', { id })
    await readNetwork()
  } catch (thrown) {
    announceFailure('It could not be taken off the list.', thrown)
  }
}
