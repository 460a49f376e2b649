import { connect, createServer, type Socket } from 'node:net'

/** One data set as it crossed the wire: what a sender really sent, whatever its file looks like. */
export interface TappedDataSet {
  presentationContextId: number
  bytes: Buffer
}

/**
 * A TCP relay that hands everything on unchanged and keeps the data sets of the client's direction: P-DATA-TF PDUs cut into
 * PDVs (PS3.8 §9.3.5, Annex E.2), put together by nothing but the header bits. Knows nothing of our own code, on purpose.
 */
export async function startWireTap(
  targetPort: number,
): Promise<{ port: number; dataSets: TappedDataSet[]; close(): Promise<void> }> {
  const dataSets: TappedDataSet[] = []
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const upstream = connect(targetPort, '127.0.0.1')
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
    let pending: Buffer = Buffer.alloc(0)
    let parts: Buffer[] = []
    client.on('data', chunk => {
      pending = pending.length ? Buffer.concat([pending, chunk]) : chunk
      while (pending.length >= 6) {
        const length = pending.readUInt32BE(2)
        if (pending.length < 6 + length) break
        const pdu = pending.subarray(6, 6 + length)
        if (pending[0] === 0x04) takePdvs(pdu)
        pending = pending.subarray(6 + length)
      }
    })
    const takePdvs = (pdu: Buffer) => {
      for (let at = 0; at + 6 <= pdu.length; ) {
        const length = pdu.readUInt32BE(at)
        const control = pdu[at + 5] ?? 0
        if ((control & 1) === 0) {
          parts.push(Buffer.from(pdu.subarray(at + 6, at + 4 + length)))
          if (control & 2) {
            dataSets.push({ presentationContextId: pdu[at + 4] ?? 0, bytes: Buffer.concat(parts) })
            parts = []
          }
        }
        at += 4 + length
      }
    }
    client.pipe(upstream)
    upstream.pipe(client)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    dataSets,
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
