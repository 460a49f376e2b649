import type { StationEventName } from '../shared/contract.ts'

/** What travels from the one event connection to every window of the browser. */
export type RawEvent = { kind: 'event'; name: StationEventName; data: string } | { kind: 'connection'; online: boolean }

/** `{ kind: 'hello' }` is asked by a window that has just opened, so that it learns the connection's state. */
export const CHANNEL = 'isocenter-events'

const NAMES: StationEventName[] = ['studies', 'job', 'problem', 'associations', 'sync', 'again']
const RETRY_MS = 1500

/**
 * Holds the browser's one event connection: Chromium gives a host six connections for all windows together, so
 * exactly one place may run this. The browser resumes by Last-Event-ID itself; where it gives up (an HTTP error
 * while the station restarts) a new connection begins and everyone is told to read again.
 */
export function holdEventSource(post: (event: RawEvent) => void): { state(): RawEvent; close(): void } {
  let online = false
  let closed = false
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let fresh = true

  const setOnline = (value: boolean) => {
    if (online === value) return
    online = value
    post({ kind: 'connection', online })
  }

  const connect = () => {
    if (closed) return
    const current = new EventSource('/api/events')
    source = current
    current.onopen = () => {
      setOnline(true)
      if (!fresh) post({ kind: 'event', name: 'again', data: '{"seq":0}' })
      fresh = true
    }
    current.onerror = () => {
      setOnline(false)
      if (current.readyState !== EventSource.CLOSED) return
      fresh = false
      retry = setTimeout(connect, RETRY_MS)
    }
    for (const name of NAMES) {
      current.addEventListener(name, event => post({ kind: 'event', name, data: String(event.data) }))
    }
  }
  connect()

  return {
    state: () => ({ kind: 'connection', online }),
    close: () => {
      closed = true
      clearTimeout(retry)
      source?.close()
    },
  }
}
