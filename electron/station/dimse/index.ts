import { createServer, type Socket } from 'node:net'
import type { Config } from '../../../shared/config.ts'
import type { AssociationSummary } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import type { Store } from '../store/index.ts'
import type { Timers } from '../wire/association.ts'
import { type FoundProblem, OpenAssociation } from './openAssociation.ts'

/** Beyond these a request is answered with a transient A-ASSOCIATE-RJ, local limit exceeded: the modality tries again. */
const MOST_ASSOCIATIONS = 64
/** Sockets, those without an association yet included; beyond them a connection is closed at once. */
const MOST_CONNECTIONS = 256
const ENDED_KEPT = 200
/** Listeners hear of changes at most five times a second. */
const CHANGE_PAUSE = 200

export interface DimseOptions {
  config: Pick<Config, 'aet' | 'dimsePort' | 'dimseHost'>
  store: Pick<Store, 'beginReceive'>
  log: Log
  timers?: Partial<Timers>
}

export interface Dimse {
  readonly port: number
  /** Open ones first, then the last 200 that ended, newest first. */
  associations(): AssociationSummary[]
  /** Told when an association opens, receives or ends; at most five times a second. Returns the unsubscribe. */
  onChange(listener: () => void): () => void
  /** Told what a person should know: refusals, aborts, objects that were not stored. Returns the unsubscribe. */
  onProblem(listener: (problem: FoundProblem) => void): () => void
  /** Takes nothing new, lets every association finish the message at hand, then aborts it; after `graceMs` (5,000) the rest is cut off. */
  close(options?: { graceMs?: number }): Promise<void>
}

/** Opens the DIMSE door. Rejects with 'port-in-use' when the port cannot be had. */
export async function startDimse({ config, store, log, timers }: DimseOptions): Promise<Dimse> {
  const open = new Set<OpenAssociation>()
  let ended: AssociationSummary[] = []
  let nextId = 1
  const changeListeners = new Set<() => void>()
  const problemListeners = new Set<(problem: FoundProblem) => void>()
  let changePending: NodeJS.Timeout | undefined

  const changed = () => {
    changePending ??= setTimeout(() => {
      changePending = undefined
      for (const listener of changeListeners) listener()
    }, CHANGE_PAUSE)
  }

  const server = createServer((socket: Socket) => {
    const association = new OpenAssociation(nextId++, socket, {
      aet: config.aet,
      store,
      log,
      timers,
      hasRoom: () => [...open].filter(other => other.negotiated).length < MOST_ASSOCIATIONS,
      changed,
      problem: problem => {
        for (const listener of problemListeners) listener(problem)
      },
    })
    open.add(association)
    void association.over.then(() => {
      open.delete(association)
      if (!association.worthKeeping) return
      ended = [association.summary(), ...ended].slice(0, ENDED_KEPT)
      changed()
    })
  })
  server.maxConnections = MOST_CONNECTIONS

  await new Promise<void>((resolve, reject) => {
    server.once('error', error => {
      reject(new IsocenterError('port-in-use', `DIMSE port ${config.dimsePort}: ${error.message}`, { cause: error }))
    })
    server.listen(config.dimsePort, config.dimseHost, resolve)
  })
  server.on('error', error => log.error({ err: error }, 'the DIMSE listener reported an error'))
  server.on('drop', () => log.warn({ most: MOST_CONNECTIONS }, 'a connection was closed at once: too many are open'))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : config.dimsePort

  return {
    port,
    associations: () => [
      ...[...open].filter(association => association.worthKeeping).map(association => association.summary()),
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
    async close({ graceMs = 5_000 } = {}) {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const association of open) association.drain()
      const cutOff = setTimeout(() => {
        for (const association of open) association.destroy()
      }, graceMs)
      await closed
      clearTimeout(cutOff)
      clearTimeout(changePending)
    },
  }
}
