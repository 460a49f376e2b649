import { ABORT_REASON, PDU, PduError } from './pdu.ts'
import { Pieces } from './pieces.ts'

/** What we announce: PDVs large enough that headers cost nothing, small enough for a fair share of the loop. */
export const ANNOUNCED_LENGTH = 128 * 1024
/** What we tolerate of peers that ignore what was announced; anything longer is refused by its header, nothing buffered. */
export const LONGEST_PDU = 1024 * 1024
/** Every other PDU is held whole. 128 contexts with all 42 transfer syntaxes each are 156 KB. */
export const LONGEST_CONTROL_PDU = 256 * 1024

export interface PduSink {
  /**
   * The six header bytes of a PDU are here. False: its body is passed over. Throws PduError to refuse it before a byte of the
   * body is kept.
   */
  header(type: number, length: number): boolean
  /** A whole PDU other than P-DATA-TF. */
  control(type: number, body: Buffer): void | Promise<void>
  /**
   * Bytes of a presentation data value as they come off the socket, not put together. `last`: they end the PDV. `bytes` is
   * a view of the chunk. While a returned promise is pending nothing further is read.
   */
  fragment(contextId: number, control: number, bytes: Buffer, last: boolean): void | Promise<void>
}

/** The content type that every TLS connection begins with (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16

/**
 * Cuts a byte stream into PDUs, and P-DATA-TF into PDV fragments, without reassembling data (PS3.8 §9.3). Bounded: at most one
 * control PDU (`LONGEST_CONTROL_PDU`) is held. Throws PduError, after which the stream has no framing left and must be dropped.
 */
export class PduReader {
  /** The longest P-DATA-TF taken; what is known of a peer may change it. */
  longest = LONGEST_PDU
  readonly #sink: PduSink
  readonly #small = Buffer.alloc(6)
  #smallFilled = 0
  #phase: 'header' | 'control' | 'item' | 'value' | 'skip' = 'header'
  #type = 0
  /** Bytes of the PDU's body not seen yet. */
  #left = 0
  /** Bytes of the PDV's value not seen yet. */
  #valueLeft = 0
  #contextId = 0
  #control = 0
  readonly #body = new Pieces()

  constructor(sink: PduSink) {
    this.#sink = sink
  }

  /** In the middle of a PDU. */
  get insidePdu(): boolean {
    return this.#phase !== 'header' || this.#smallFilled > 0
  }

  /** Takes the chunk to its end. When a promise is returned the chunk must stay as it is, and nothing may be pushed, until it resolves. */
  push(chunk: Buffer, from = 0): void | Promise<void> {
    let at = from
    while (at < chunk.length) {
      const [used, pending] = this.#step(at === 0 ? chunk : chunk.subarray(at))
      at += used
      if (pending) {
        const rest = at
        return pending.then(() => this.push(chunk, rest))
      }
    }
  }

  #step(chunk: Buffer): [used: number, pending?: void | Promise<void>] {
    switch (this.#phase) {
      case 'header':
      case 'item': {
        const used = chunk.copy(this.#small, this.#smallFilled, 0)
        this.#smallFilled += used
        if (this.#smallFilled < 6) return [used]
        this.#smallFilled = 0
        return [used, this.#phase === 'header' ? this.#header() : this.#item()]
      }
      case 'control': {
        const part = chunk.subarray(0, this.#left)
        this.#left -= part.length
        if (this.#left > 0) {
          this.#body.add(part)
          return [part.length]
        }
        return [part.length, this.#controlEnd(part)]
      }
      case 'skip': {
        const used = Math.min(chunk.length, this.#left)
        this.#left -= used
        if (this.#left === 0) this.#pduEnd()
        return [used]
      }
      case 'value': {
        const part = chunk.subarray(0, this.#valueLeft)
        return [part.length, this.#value(part)]
      }
    }
  }

  #header(): void | Promise<void> {
    this.#type = this.#small.readUInt8(0)
    const length = this.#small.readUInt32BE(2)
    if (this.#type < PDU.associateRQ || this.#type > PDU.abort) {
      const begun = this.#type === TLS_HANDSHAKE ? 'it begins TLS, on the port without' : ''
      throw new PduError(ABORT_REASON.unrecognizedPdu, begun || `PDU type 0x${this.#type.toString(16)}`)
    }
    const most = this.#type === PDU.dataTF ? this.longest : LONGEST_CONTROL_PDU
    if (length > most) {
      throw new PduError(ABORT_REASON.invalidParameterValue, `a PDU of ${length} bytes; ${most} are the most taken`)
    }
    const fixed = this.#type >= PDU.associateRJ && this.#type !== PDU.dataTF
    if (fixed ? length !== 4 : length < 6) {
      throw new PduError(ABORT_REASON.invalidParameterValue, `a PDU of type ${this.#type} with ${length} bytes`)
    }
    this.#left = length
    this.#phase = !this.#sink.header(this.#type, length) ? 'skip' : this.#type === PDU.dataTF ? 'item' : 'control'
  }

  #controlEnd(lastPart: Buffer): void | Promise<void> {
    let body = lastPart
    if (this.#body.length > 0) {
      this.#body.add(lastPart)
      body = this.#body.take()
    }
    const type = this.#type
    this.#pduEnd()
    return this.#sink.control(type, body)
  }

  #item(): void | Promise<void> {
    const length = this.#small.readUInt32BE(0)
    if (length < 2 || length + 4 > this.#left) {
      throw new PduError(
        ABORT_REASON.invalidParameterValue,
        `a PDV of ${length} bytes where ${this.#left - 4} are left`,
      )
    }
    this.#left -= 6
    this.#valueLeft = length - 2
    this.#contextId = this.#small.readUInt8(4)
    this.#control = this.#small.readUInt8(5)
    this.#phase = 'value'
    // An empty PDV still carries its "last" bit.
    if (this.#valueLeft === 0) return this.#value(this.#small.subarray(0, 0))
  }

  #value(part: Buffer): void | Promise<void> {
    this.#valueLeft -= part.length
    this.#left -= part.length
    const last = this.#valueLeft === 0
    if (last && this.#left === 0) this.#pduEnd()
    else if (last && this.#left < 6) {
      throw new PduError(ABORT_REASON.invalidParameterValue, `${this.#left} bytes after the last PDV`)
    } else if (last) this.#phase = 'item'
    return this.#sink.fragment(this.#contextId, this.#control, part, last)
  }

  #pduEnd(): void {
    this.#phase = 'header'
  }
}
