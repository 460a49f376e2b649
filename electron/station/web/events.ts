import type { StationEvent, StationEventName } from '../../../shared/contract.ts'
import type { Problems } from '../base/problems.ts'
import type { Store } from '../store/index.ts'
import type { Sync } from '../sync/index.ts'
import { type DimsePort, receivingNow, type WorkPort } from './ports.ts'
import type { Presence } from './presence.ts'

/** At most five events a second for any one study: below what a person can follow, far below what ten scanners send. */
const PERIOD_MS = 200
/** Of the destinations' numbers: nobody reads them faster, and each telling counts them. */
const SYNC_PERIOD_MS = 1000
const BEAT_MS = 15_000
/** A client that has not taken this much is lagging: it is told to read again instead of being queued for. */
const CLIENT_BYTES = 256 * 1024
/** Past this a list of studies costs a client more than reading its page anew. */
const STUDIES_PER_EVENT = 500

export interface Events {
  /** The answer to `GET /api/events`; `lastEventId` as the browser sends it on reconnection. */
  connect(lastEventId: string | null): Response
  readonly clients: number
  /** Ends every stream and stops listening. */
  close(): void
}

interface Client {
  controller: ReadableStreamDefaultController<Uint8Array>
  lagging: boolean
}

/**
 * Server-sent events of the station. An event's `id` is the store's epoch and the newest seq whose studies have been told, never one that still
 * waits to be coalesced: so a client that resumes there has missed nothing, and one that is behind is told `again`.
 */
export function createEvents(sources: {
  store: Pick<Store, 'seq' | 'epoch' | 'onChanges'>
  work: Pick<WorkPort, 'onChange'>
  dimse: Pick<DimsePort, 'associations' | 'onChange'>
  problems: Pick<Problems, 'onReport'>
  presence: Pick<Presence, 'onChange'>
  sync: Pick<Sync, 'status' | 'onChange'>
}): Events {
  const { store, dimse } = sources
  const clients = new Set<Client>()
  const encoder = new TextEncoder()
  const touched = new Set<string>()
  let toldSeq = store.seq

  const cursor = (seq: number) => `${store.epoch}-${seq}`
  const format = <N extends StationEventName>(name: N, data: StationEvent<N>) =>
    encoder.encode(`id: ${cursor(toldSeq)}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
  const send = (client: Client, bytes: Uint8Array) => {
    if ((client.controller.desiredSize ?? 0) <= 0) client.lagging = true
    if (!client.lagging) client.controller.enqueue(bytes)
  }
  const tell = <N extends StationEventName>(name: N, data: StationEvent<N>) => {
    if (clients.size === 0) return
    const bytes = format(name, data)
    for (const client of clients) send(client, bytes)
  }

  const studies = paced(PERIOD_MS, () => {
    const StudyInstanceUIDs = [...touched]
    touched.clear()
    toldSeq = store.seq
    if (StudyInstanceUIDs.length > STUDIES_PER_EVENT) tell('again', { seq: toldSeq })
    else tell('studies', { seq: toldSeq, StudyInstanceUIDs })
  })
  const associations = paced(PERIOD_MS, () => tell('associations', receivingNow(dimse)))
  const destinations = paced(SYNC_PERIOD_MS, async () => {
    if (clients.size === 0) return
    // It is asked for again when it changes again.
    const status = await sources.sync.status().catch(() => undefined)
    if (status) tell('sync', { destinations: status })
  })
  const touch = (StudyInstanceUIDs: Iterable<string>) => {
    for (const uid of StudyInstanceUIDs) touched.add(uid)
    studies.ask()
  }
  const unsubscribe = [
    store.onChanges(changes => touch(changes.map(change => change.StudyInstanceUID))),
    sources.presence.onChange(touch),
    sources.work.onChange(job => tell('job', job)),
    sources.problems.onReport(problem => tell('problem', problem)),
    dimse.onChange(associations.ask),
    sources.sync.onChange(destinations.ask),
  ]
  // A comment line: keeps the connection from looking dead, and finds out when it is.
  const beat = setInterval(() => {
    for (const client of clients) send(client, encoder.encode(': beat\n\n'))
  }, BEAT_MS)
  beat.unref()

  const connect = (lastEventId: string | null): Response => {
    let client: Client
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          client = { controller, lagging: false }
          clients.add(client)
          controller.enqueue(encoder.encode('retry: 1000\n\n'))
          const missed = lastEventId !== null && lastEventId !== cursor(store.seq)
          if (missed) controller.enqueue(format('again', { seq: toldSeq }))
          controller.enqueue(format('associations', receivingNow(dimse)))
        },
        pull(controller) {
          if (!client.lagging) return
          client.lagging = false
          controller.enqueue(format('again', { seq: toldSeq }))
        },
        cancel() {
          clients.delete(client)
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: CLIENT_BYTES }),
    )
    return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
  }

  return {
    connect,
    get clients() {
      return clients.size
    },
    close() {
      for (const stop of unsubscribe) stop()
      studies.stop()
      associations.stop()
      destinations.stop()
      clearInterval(beat)
      for (const client of clients) client.controller.close()
      clients.clear()
    },
  }
}

/** `ask` runs the action at once, or at the end of the running period: never more often than once in `ms`. */
function paced(ms: number, action: () => void): { ask(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  let asked = false
  const run = () => {
    asked = false
    action()
    timer = setTimeout(() => {
      timer = undefined
      if (asked) run()
    }, ms)
    timer.unref()
  }
  return {
    ask() {
      if (timer) asked = true
      else run()
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
