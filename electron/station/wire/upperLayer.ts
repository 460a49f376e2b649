import { ABORT_REASON, type AbortReason } from './pdu.ts'
import { encodeAbort, encodeReleaseRequest, encodeReleaseResponse } from './pduEncode.ts'
import { type Action, actionName, actionOf, type State, type UpperLayerEvent } from './stateTable.ts'

export interface EventDetail {
  /** What the user hands over to be sent: an association's request or answer, data. */
  pdus?: Buffer[]
  /** Of an abort by the provider; not specified when left out. */
  reason?: AbortReason
}

/** One cell of the table, ready to be carried out: send, ARTIM, close, tell, in the order of the action. */
export interface Step {
  before: State
  action: Action
  pdus: Buffer[]
}

/** PS3.8 table 9-10 with a memory: which state an association is in. Knows no socket and no clock. */
export class UpperLayer {
  readonly #role: 'requestor' | 'acceptor'
  #state: State = 1

  constructor(role: 'requestor' | 'acceptor') {
    this.#role = role
  }

  get state(): State {
    return this.#state
  }

  /** Is there a cell for it? What a peer sends always has one, while there is a connection. */
  can(event: UpperLayerEvent): boolean {
    return actionName(event, this.#state) !== undefined
  }

  /** Throws, and changes nothing, where the table is blank. */
  take(event: UpperLayerEvent, detail: EventDetail = {}): Step {
    const name = actionName(event, this.#state)
    if (!name) throw new Error(`PS3.8 table 9-10 has nothing for ${event} in Sta${this.#state}`)
    const action = actionOf(name)
    const before = this.#state
    this.#state = typeof action.next === 'number' ? action.next : action.next[this.#role]
    return { before, action, pdus: pdusOf(action, detail) }
  }
}

function pdusOf(action: Action, detail: EventDetail): Buffer[] {
  switch (action.send) {
    case undefined:
      return []
    case 'release-rq':
      return [encodeReleaseRequest()]
    case 'release-rp':
      return [encodeReleaseResponse()]
    case 'user-abort':
      // PS3.8 §9.3.8: the reason has a meaning only when the source is the service provider.
      return [encodeAbort({ source: 0, reason: 0 })]
    case 'provider-abort':
      return [encodeAbort({ source: 2, reason: detail.reason ?? ABORT_REASON.notSpecified })]
    default:
      return detail.pdus ?? []
  }
}
