export interface Endpoint {
  /** As Node gives it; what is no IPv4 address is written as one of the range for tests (RFC 2544). */
  address: string
  port: number
}

/** The beginning of a capture file: pcap 2.4 in microseconds, little endian, packets that begin with IP (LINKTYPE_RAW). */
export function pcapHeader(): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(0xffff, 16)
  header.writeUInt32LE(101, 20)
  return header
}

/** 16 bytes of record, 20 of IPv4, 20 of TCP. */
const HEADERS = 16 + 20 + 20
/** IPv4 counts its length in 16 bits. */
const MOST_PAYLOAD = 0xffff - 40

const FIN = 0x01
const SYN = 0x02
const ACK = 0x10
const PUSH = 0x08

/**
 * One TCP connection as packets that Wireshark and tshark read as DICOM: the bytes are the socket's, in order and complete; the
 * packets around them are made up, since the station never saw the real ones.
 */
export class PcapConnection {
  readonly #write: (packet: Buffer) => void
  readonly #peer: Buffer
  readonly #own: Buffer
  readonly #ports: { peer: number; own: number }
  /** Sequence numbers: what each side sends next. */
  #peerNext = 0
  #ownNext = 0

  constructor(write: (packet: Buffer) => void, peer: Endpoint, own: Endpoint) {
    this.#write = write
    this.#peer = ipv4(peer.address, [198, 18, 0, 1])
    this.#own = ipv4(own.address, [198, 18, 0, 2])
    this.#ports = { peer: peer.port, own: own.port }
    this.#packet('peer', SYN)
    this.#packet('own', SYN | ACK)
    this.#packet('peer', ACK)
  }

  received(bytes: Uint8Array): void {
    this.#data('peer', bytes)
  }

  sent(bytes: Uint8Array): void {
    this.#data('own', bytes)
  }

  end(): void {
    this.#packet('peer', FIN | ACK)
    this.#packet('own', FIN | ACK)
  }

  #data(from: 'peer' | 'own', bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += MOST_PAYLOAD) {
      this.#packet(from, PUSH | ACK, bytes.subarray(at, at + MOST_PAYLOAD))
    }
  }

  #packet(from: 'peer' | 'own', flags: number, payload: Uint8Array = Buffer.alloc(0)): void {
    const isPeer = from === 'peer'
    const now = Date.now()
    const packet = Buffer.alloc(HEADERS + payload.length)
    packet.writeUInt32LE(Math.floor(now / 1000), 0)
    packet.writeUInt32LE((now % 1000) * 1000, 4)
    packet.writeUInt32LE(packet.length - 16, 8)
    packet.writeUInt32LE(packet.length - 16, 12)
    const ip = packet.subarray(16, 36)
    ip.writeUInt16BE(0x4500, 0)
    ip.writeUInt16BE(packet.length - 16, 2)
    ip.writeUInt16BE(0x4000, 6)
    ip.writeUInt16BE(0x4006, 8)
    ip.set(isPeer ? this.#peer : this.#own, 12)
    ip.set(isPeer ? this.#own : this.#peer, 16)
    ip.writeUInt16BE(checksum(ip), 10)
    const tcp = packet.subarray(36, 56)
    tcp.writeUInt16BE(isPeer ? this.#ports.peer : this.#ports.own, 0)
    tcp.writeUInt16BE(isPeer ? this.#ports.own : this.#ports.peer, 2)
    tcp.writeUInt32BE(isPeer ? this.#peerNext : this.#ownNext, 4)
    tcp.writeUInt32BE(flags & ACK ? (isPeer ? this.#ownNext : this.#peerNext) : 0, 8)
    tcp.writeUInt8(5 << 4, 12)
    tcp.writeUInt8(flags, 13)
    tcp.writeUInt16BE(0xffff, 14)
    packet.set(payload, HEADERS)
    const used = payload.length + (flags & (SYN | FIN) ? 1 : 0)
    if (isPeer) this.#peerNext = (this.#peerNext + used) >>> 0
    else this.#ownNext = (this.#ownNext + used) >>> 0
    this.#write(packet)
  }
}

function ipv4(address: string, otherwise: number[]): Buffer {
  const parts = address
    .replace(/^::ffff:/, '')
    .split('.')
    .map(Number)
  return Buffer.from(parts.length === 4 && parts.every(part => part >= 0 && part < 256) ? parts : otherwise)
}

/** RFC 791: one's complement of the one's complement sum. */
function checksum(header: Buffer): number {
  let sum = 0
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
