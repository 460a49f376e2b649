import { monitorEventLoopDelay } from 'node:perf_hooks'
import { spaceLevel, type VolumeSummary } from '../../../shared/contract.ts'
import type { DestinationSummary } from '../../../shared/sync.ts'
import type { Store } from '../store/index.ts'
import type { Sync } from '../sync/index.ts'
import { type DimsePort, receivingNow } from './ports.ts'

/** What the counter counts of itself, since it started. */
export interface Counters {
  requests: Map<string, number>
  frames: number
  frameBytes: number
}

/** How often the event loop is looked at: finer than anything a person or a peer would notice. */
const LOOP_RESOLUTION_MS = 5

export interface EventLoop {
  /** Seconds by which the station's main loop was late since the last reading; begins anew with it. */
  take(): { p99: number; max: number }
  close(): void
}

/** Watches the loop of this thread until closed. */
export function watchEventLoop(): EventLoop {
  const delays = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  delays.enable()
  // It counts from timer to timer: what the timer itself waits is no delay.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - LOOP_RESOLUTION_MS / 1000)
  return {
    take() {
      const taken = { p99: late(delays.percentile(99)), max: late(delays.max) }
      delays.reset()
      return taken
    },
    close: () => void delays.disable(),
  }
}

/** Prometheus text format 0.0.4. No label carries a UID, a name or an address. */
export async function metricsText(
  counters: Counters,
  sources: {
    store: Pick<
      Store,
      | 'read'
      | 'writable'
      | 'seq'
      | 'backlog'
      | 'reserveBytes'
      | 'receiving'
      | 'received'
      | 'health'
      | 'space'
      | 'volumes'
    >
    dimse: DimsePort
    sync: Pick<Sync, 'status'>
    eventClients: number
    problems: number
    eventLoop: Pick<EventLoop, 'take'>
  },
): Promise<string> {
  const counts = await sources.store.read.counts()
  const { damagedCopies, scrubbedBytes, backupAgeSeconds } = await sources.store.health()
  const { open, receiving } = receivingNow(sources.dimse)
  const { volumes, onlyHere } = await sources.store.volumes()
  const destinations = await sources.sync.status()
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
    else for (const [key, count] of value) lines.push(`isocenter_${name}{${label}="${key}"} ${count}`)
  }
  const addVolumes = (name: string, help: string, of: (volume: VolumeSummary) => number) =>
    add(name, 'gauge', help, new Map(volumes.map(volume => [volume.name, of(volume)])), 'volume')
  const addDestinations = (name: string, help: string, of: (destination: DestinationSummary) => number) =>
    add(name, 'gauge', help, new Map(destinations.map(one => [labelOf(one.name), of(one)])), 'destination')
  add('studies', 'gauge', 'Studies in the store.', counts.studies)
  add('series', 'gauge', 'Series in the store.', counts.series)
  add('instances', 'gauge', 'Instances in the store.', counts.instances)
  add('stored_bytes', 'gauge', 'Bytes of the stored objects.', counts.bytes)
  add('store_writable', 'gauge', '1 when new objects are taken, 0 when read-only.', Number(sources.store.writable))
  const { level } = sources.store.space
  addVolumes('disk_free_bytes', 'Free bytes of a volume; data is the data folder.', volume => volume.free)
  addVolumes('disk_total_bytes', 'Size of a volume.', volume => volume.total)
  addVolumes('volume_ready', '1 when a volume is there and can be written.', ({ state }) => Number(state === 'ready'))
  addVolumes('volume_only_here', 'Images of which the only copy lies on this volume.', volume => volume.onlyHere)
  add('only_here', 'gauge', 'Images that exist on one disk alone.', onlyHere)
  add(
    'disk_level',
    'gauge',
    'Of the data folder: 0 there is room, 1 warned, 2 closed to new associations that store, 3 nothing is taken.',
    spaceLevel.options.indexOf(level),
  )
  add('landing_bytes', 'gauge', 'Bytes of answered objects that have not settled.', sources.store.backlog.bytes)
  add(
    'landing_reserve_bytes',
    'gauge',
    'Disk that is filled and synced ahead for what lands next.',
    sources.store.reserveBytes,
  )
  add(
    'unhashed',
    'gauge',
    'Answered objects that have not settled and have no SHA-256 yet.',
    sources.store.backlog.objects,
  )
  const { bytes: waiting, most } = sources.store.receiving
  add('receive_memory_bytes', 'gauge', 'Memory in which what is being received waits for the disk.', waiting)
  add('receive_memory_peak_bytes', 'gauge', 'The most of it since the start.', most)
  const outcomes = new Map(Object.entries(sources.store.received))
  const help = 'Answered objects since the start; revision and conflict: other bytes under a known UID.'
  add('received_total', 'counter', help, outcomes, 'outcome')
  add('damaged_copies', 'gauge', 'Copies that are missing or not what was received.', damagedCopies)
  add('scrubbed_bytes_total', 'counter', 'Bytes of stored objects that the scrub has read again.', scrubbedBytes)
  // Absent, not 0, while there is none.
  if (backupAgeSeconds !== undefined) {
    add('backup_age_seconds', 'gauge', 'Seconds since the newest backup of the index.', backupAgeSeconds)
  }
  const now = Date.now()
  addDestinations('sync_queued', 'Images that wait to be sent to a destination.', one => one.queued)
  addDestinations('sync_unproved', 'Images that were sent and are not proved to be there.', one => one.unproved)
  addDestinations('sync_confirmed', 'Images that were shown to be there.', one => one.confirmed)
  addDestinations('sync_dead', 'Images that a destination refused for good.', one => one.dead)
  addDestinations('sync_oldest_seconds', 'Since the oldest image that waits was received.', ({ oldest }) =>
    oldest === null ? 0 : Math.max(0, (now - oldest) / 1000),
  )
  addDestinations('sync_works', '1 while a destination can be reached, 0 when it is offline.', ({ state }) =>
    Number(state !== 'offline'),
  )
  add('store_seq', 'counter', 'Newest position of the feed of changes.', sources.store.seq)
  add('associations_open', 'gauge', 'Open DIMSE associations.', open)
  add('associations_receiving', 'gauge', 'Open DIMSE associations that have stored something.', receiving)
  add('problems', 'gauge', 'Problems that nobody has dismissed.', sources.problems)
  add('event_clients', 'gauge', 'Connected event streams.', sources.eventClients)
  add('frames_sent_total', 'counter', 'Frames handed to frame streams.', counters.frames)
  add('frame_bytes_sent_total', 'counter', 'Bytes handed to frame streams.', counters.frameBytes)
  add('http_requests_total', 'counter', 'Answered requests by HTTP status.', counters.requests)
  const loop = sources.eventLoop.take()
  add('event_loop_late_p99_seconds', 'gauge', 'How late the main loop was since the last reading.', loop.p99)
  add('event_loop_late_max_seconds', 'gauge', 'The latest it was since the last reading.', loop.max)
  add('process_resident_memory_bytes', 'gauge', 'Resident memory of the station.', process.memoryUsage.rss())
  return `${lines.join('\n')}\n`
}

/** As a label's value: people name their destinations as they like. */
function labelOf(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', ' ')
}
