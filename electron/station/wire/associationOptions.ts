import type { CommandSet } from './dimse.ts'
import type { Ending } from './ending.ts'
import type { AcceptedContext, MessageSink } from './messages.ts'
import type { AssociateAccept, AssociateReject, AssociateRequest } from './pdu.ts'
import type { Timers } from './timers.ts'

/** `timers` and `longestPdu`: what is different for this peer, from here on. */
export type Decision =
  | { accept: AssociateAccept; timers?: Partial<Timers>; longestPdu?: number }
  | { reject: AssociateReject; words: string }

/** Hears every byte of an association, both ways, as it crosses the socket. The bytes are only valid during the call. */
export interface Tap {
  received(bytes: Uint8Array): void
  sent(bytes: Uint8Array): void
}

interface Common {
  timers?: Partial<Timers>
  tap?: Tap
  /** Decides where a message goes. Throwing aborts the association. */
  onMessage(context: AcceptedContext, command: CommandSet): MessageSink
  /** Told once, when nothing more will be received; the socket may live a little longer. */
  onEnd(ending: Ending): void
}

export type AssociationOptions = Common &
  (
    | {
        role: 'acceptor'
        /** The answer may be held back (Sta3): the peer is heard meanwhile, and no timer runs. */
        negotiate(request: AssociateRequest): Decision | Promise<Decision>
      }
    | { role: 'requestor'; request: AssociateRequest; onAccepted(accept: AssociateAccept): void }
  )

/** A message whose command set is encoded already: of many alike it is made once. */
export interface EncodedMessage {
  command: Uint8Array
  dataSet?: Uint8Array
}

/** Our own work that goes on beside the reading of further messages: the peer is waited for only where it is its turn. */
export interface Hold {
  /** While it is pending, what is waited for is the peer's to do. */
  peersTurn<T>(answer: Promise<T>): Promise<T>
  /** The work is done. */
  release(): void
}
