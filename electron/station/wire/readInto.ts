import type { Socket } from 'node:net'

/** A read of the loopback brings 64 KiB, one of a 10 Gbit card rarely more. */
const READ_BYTES = 64 * 1024

/** What `net.connect({ onread })` gives a socket; one that a server accepted has the same places, empty. */
interface ReadPlaces {
  kBuffer?: symbol
  kBufferCb?: symbol
}

/**
 * Hears what the socket receives, in one buffer that is written over by the next read: `take` must be done with a chunk when it
 * returns, or have paused the socket. Node has this as `onread`, but only for sockets that connect (nodejs.org/api/net.html). Fresh
 * buffers for each 64 KiB were a third of what a received image cost: 1.0 of 2.8 CPU-ms, for collecting them. Where these places are
 * not found, as on a TLS socket, each chunk is a buffer of its own.
 */
export function readInto(socket: Socket, take: (chunk: Buffer) => void): void {
  const places: ReadPlaces = Object.fromEntries(
    Object.getOwnPropertySymbols(socket).map(symbol => [symbol.description, symbol]),
  )
  const handle: unknown = Reflect.get(socket, '_handle')
  const useUserBuffer: unknown = handle instanceof Object ? Reflect.get(handle, 'useUserBuffer') : undefined
  if (!places.kBuffer || !places.kBufferCb || typeof useUserBuffer !== 'function') {
    socket.on('data', take)
    return
  }
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  Reflect.set(socket, places.kBuffer, buffer)
  Reflect.set(socket, places.kBufferCb, (bytes: number) => {
    take(buffer.subarray(0, bytes))
    return !socket.isPaused()
  })
  useUserBuffer.call(handle, buffer)
}
