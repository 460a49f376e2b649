import { CHANNEL, holdEventSource } from './eventSource.ts'

/** A SharedWorker: lives as long as any window does, and holds the event connection for all of them. */
const channel = new BroadcastChannel(CHANNEL)
const source = holdEventSource(event => channel.postMessage(event))
channel.onmessage = event => {
  if (event.data?.kind === 'hello') channel.postMessage(source.state())
}
