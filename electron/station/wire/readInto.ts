import type { Socket } from 'node:net'

/** A read of the loopback brings 64 KiB, one of a 10 Gbit card rarely more. */
const READ_BYTES = 64 * 1024
/** What a socket is read into that has more each time: of a multiframe of 55 MB a tenth of the processor's time, in fewer calls and acknowledgements. */
const LONG_READ_BYTES = 256 * 1024
/** So many sockets at once: 2 MiB, however many there are. */
const MOST_LONG = 8
/** Full reads one behind the other, 1 MiB: what is larger than most images is on its way. */
const FULL_READS = 16
/** A read this short is the end of something, or a command. */
const SHORT_BYTES = 4096

/** What `net.connect({ onread })` gives a socket; one that a server accepted has the same places, empty. */
interface ReadPlaces {
  kBuffer?: symbol
  kBufferCb?: symbol
  kBufferGen?: symbol
}

/** Long ones that nobody reads into, and how many are in use. */
const long = { free: [] as Buffer[], used: 0 }

/**
 * Hears what the socket receives, in one buffer that is written over by the next read: `take` must be done with a chunk when it
 * returns, or have paused the socket until it is. Node has this as `onread`, but only for sockets that connect (nodejs.org/api/net.html). Fresh
 * buffers for each 64 KiB were a third of what a received image cost: 1.0 of 2.8 CPU-ms, for collecting them. Where these places are
 * not found, as on a TLS socket, each chunk is a buffer of its own.
 */
export function readInto(socket: Socket, take: (chunk: Buffer) => void): void {
  const places: ReadPlaces = Object.fromEntries(
    Object.getOwnPropertySymbols(socket).map(symbol => [symbol.description, symbol]),
  )
  const handle: unknown = Reflect.get(socket, '_handle')
  const useUserBuffer: unknown = handle instanceof Object ? Reflect.get(handle, 'useUserBuffer') : undefined
  if (!places.kBuffer || !places.kBufferCb || !places.kBufferGen || typeof useUserBuffer !== 'function') {
    socket.on('data', take)
    return
  }
  const own = Buffer.allocUnsafeSlow(READ_BYTES)
  let buffer: Buffer = own
  let fullReads = 0

  function exchange(): Buffer | undefined {
    // What lies in it may not be done with.
    if (socket.isPaused()) return undefined
    if (buffer === own && fullReads >= FULL_READS && long.used < MOST_LONG) {
      long.used++
      buffer = long.free.pop() ?? Buffer.allocUnsafeSlow(LONG_READ_BYTES)
    } else if (buffer !== own && fullReads === 0) {
      long.used--
      long.free.push(buffer)
      buffer = own
    }
    return buffer
  }

  Reflect.set(socket, places.kBuffer, own)
  Reflect.set(socket, places.kBufferCb, (bytes: number) => {
    if (bytes < SHORT_BYTES) fullReads = 0
    else if (bytes === READ_BYTES) fullReads++
    take(buffer.subarray(0, bytes))
    return !socket.isPaused()
  })
  Reflect.set(socket, places.kBufferGen, exchange)
  socket.once('close', () => {
    // Not used again: a chunk of it may be at work still.
    if (buffer !== own) long.used--
  })
  useUserBuffer.call(handle, own)
}
