/** What a pcap file says crossed one TCP connection, put together by sequence numbers alone. Shares no code with the station's. */
export interface PcapConversation {
  client: Buffer
  server: Buffer
}

/** Conversations of a classic pcap file (raw IPv4), in the order they began. Throws when the file is not one. */
export function readPcap(file: Buffer): PcapConversation[] {
  if (file.readUInt32LE(0) !== 0xa1b2c3d4 || file.readUInt32LE(20) !== 101) throw new Error('not a raw IP pcap file')
  const streams = new Map<string, { parts: Array<[number, Buffer]>; first: number }>()
  const clients: string[] = []
  for (let at = 24; at < file.length; ) {
    const length = file.readUInt32LE(at + 8)
    const ip = file.subarray(at + 16, at + 16 + length)
    at += 16 + length
    if (ip[0] !== 0x45 || ip[9] !== 6 || ip.readUInt16BE(2) !== ip.length) throw new Error('not an IPv4 TCP packet')
    if (onesSum(ip.subarray(0, 20)) !== 0xffff) throw new Error('a wrong IP checksum')
    const tcp = ip.subarray(20)
    const name = (a: number, port: number) => `${ip.subarray(a, a + 4).join('.')}:${tcp.readUInt16BE(port)}`
    const [from, to] = [name(12, 0), name(16, 2)]
    const sequence = tcp.readUInt32BE(4)
    if ((tcp[13] ?? 0) & 0x02) {
      streams.set(`${from} ${to}`, { parts: [], first: sequence + 1 })
      if (!streams.has(`${to} ${from}`)) clients.push(`${from} ${to}`)
    }
    streams.get(`${from} ${to}`)?.parts.push([sequence, tcp.subarray((tcp[12] ?? 0) >> 2)])
  }
  return clients.map(name => ({
    client: whole(streams.get(name)),
    server: whole(streams.get(name.split(' ').reverse().join(' '))),
  }))
}

function whole(stream: { parts: Array<[number, Buffer]>; first: number } | undefined): Buffer {
  const parts = (stream?.parts ?? []).filter(([, bytes]) => bytes.length > 0)
  let next = stream?.first ?? 0
  for (const [sequence, bytes] of parts) {
    if (sequence !== next) throw new Error(`sequence number ${sequence} where ${next} was due`)
    next = (next + bytes.length) >>> 0
  }
  return Buffer.concat(parts.map(([, bytes]) => bytes))
}

function onesSum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}
