import type { Store } from '../store/index.ts'
import { type DimsePort, receivingNow } from './ports.ts'

/** What the counter counts of itself, since it started. */
export interface Counters {
  requests: Map<string, number>
  frames: number
  frameBytes: number
}

/** Prometheus text format 0.0.4. No label carries a UID, a name or an address. */
export async function metricsText(
  counters: Counters,
  sources: {
    store: Pick<Store, 'read' | 'writable' | 'seq' | 'backlog' | 'received'>
    dimse: DimsePort
    eventClients: number
    problems: number
  },
): Promise<string> {
  const counts = await sources.store.read.counts()
  const { open, receiving } = receivingNow(sources.dimse)
  const lines: string[] = []
  const add = (
    name: string,
    type: 'gauge' | 'counter',
    help: string,
    value: number | Map<string, number>,
    label = 'code',
  ) => {
    lines.push(`# HELP isocenter_${name} ${help}`, `# TYPE isocenter_${name} ${type}`)
    if (typeof value === 'number') lines.push(`isocenter_${name} ${value}`)
    else for (const [code, count] of value) lines.push(`isocenter_${name}{${label}="${code}"} ${count}`)
  }
  add('studies', 'gauge', 'Studies in the store.', counts.studies)
  add('series', 'gauge', 'Series in the store.', counts.series)
  add('instances', 'gauge', 'Instances in the store.', counts.instances)
  add('stored_bytes', 'gauge', 'Bytes of the stored objects.', counts.bytes)
  add('store_writable', 'gauge', '1 when new objects are taken, 0 when read-only.', Number(sources.store.writable))
  add('landing_bytes', 'gauge', 'Bytes of answered objects that have not settled.', sources.store.backlog.bytes)
  add(
    'unhashed',
    'gauge',
    'Answered objects that have not settled and have no SHA-256 yet.',
    sources.store.backlog.objects,
  )
  const outcomes = new Map(Object.entries(sources.store.received))
  const help = 'Answered objects since the start; revision and conflict: other bytes under a known UID.'
  add('received_total', 'counter', help, outcomes, 'outcome')
  add('store_seq', 'counter', 'Newest position of the feed of changes.', sources.store.seq)
  add('associations_open', 'gauge', 'Open DIMSE associations.', open)
  add('associations_receiving', 'gauge', 'Open DIMSE associations that have stored something.', receiving)
  add('problems', 'gauge', 'Problems that nobody has dismissed.', sources.problems)
  add('event_clients', 'gauge', 'Connected event streams.', sources.eventClients)
  add('frames_sent_total', 'counter', 'Frames handed to frame streams.', counters.frames)
  add('frame_bytes_sent_total', 'counter', 'Bytes handed to frame streams.', counters.frameBytes)
  add('http_requests_total', 'counter', 'Answered requests by HTTP status.', counters.requests)
  add('process_resident_memory_bytes', 'gauge', 'Resident memory of the station.', process.memoryUsage.rss())
  return `${lines.join('\n')}\n`
}
