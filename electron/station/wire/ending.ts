import type { Abort, AssociateReject } from './pdu.ts'
import type { Action, State, UpperLayerEvent } from './stateTable.ts'

/** How an association ended, with the words a person reads. */
export interface Ending {
  /** 'silent': connected and never a byte, as port checks do. 'rejected': by the peer; 'refused': by us. */
  kind: 'released' | 'aborted' | 'refused' | 'rejected' | 'silent'
  /** 'released', 'aborted by the peer', 'aborted: …', 'refused: …', 'rejected: …'. */
  words: string
  /** How far it had come: on the way to the host, an association asked for and not answered, agreed on. */
  phase: 'reaching' | 'asking' | 'open'
  /** Of what was rejected or refused (PS3.8 table 9-21). */
  reject?: AssociateReject
  /** What the peer's A-ABORT says (PS3.8 §9.3.8). */
  abort?: Abort
  /** Of other aborts: the connection was gone, the peer's time was over, what it sent is not the protocol. */
  fault?: 'connection' | 'time' | 'protocol'
  /** The system's code where the socket failed: 'ECONNREFUSED', 'ENOTFOUND', … */
  socketCode?: string
}

/** What was known when the state table led to Sta1 or Sta13. */
export interface EndingFacts {
  before: State
  words: string | undefined
  /** Not a byte was received. */
  unheard: boolean
  socketError: string
  socketCode: string
  /** A clock of ours decided it. */
  timedOut: boolean
  reject: AssociateReject | undefined
  abort: Abort | undefined
  /** Milliseconds. */
  artim: number
}

/** The words for it: those who read them see neither states nor events. */
export function endingOf(action: Action, event: UpperLayerEvent, facts: EndingFacts): Ending {
  const { before, reject, abort, socketCode } = facts
  const timedOut = facts.timedOut || event === 'artimExpired'
  const fault = timedOut
    ? 'time'
    : event === 'disconnected'
      ? 'connection'
      : event === 'invalidPdu'
        ? 'protocol'
        : undefined
  return {
    ...kindOf(action, event, facts),
    phase: before === 4 ? 'reaching' : before < 6 ? 'asking' : 'open',
    ...(reject && { reject }),
    ...(abort && { abort }),
    ...(fault && { fault }),
    ...(socketCode && { socketCode }),
  }
}

function kindOf(action: Action, event: UpperLayerEvent, facts: EndingFacts): Pick<Ending, 'kind' | 'words'> {
  const { before, words } = facts
  if (action.send === 'release-rp' || action.tell === 'released') return { kind: 'released', words: 'released' }
  if (event === 'reject') return { kind: 'refused', words: `refused: ${words}` }
  if (event === 'gotRJ' && before === 5) return { kind: 'rejected', words: `rejected: ${words}` }
  if (event === 'gotAbort') return { kind: 'aborted', words: `aborted by the peer${words}` }
  if (before === 2 && facts.unheard) return { kind: 'silent', words: 'aborted: nothing was sent' }
  if (event === 'disconnected') {
    return { kind: 'aborted', words: `aborted: ${facts.socketError || 'the connection was closed without a release'}` }
  }
  if (event === 'artimExpired') {
    return { kind: 'aborted', words: `aborted: no association request within ${facts.artim / 1000} s` }
  }
  return { kind: 'aborted', words: `aborted: ${words ?? event}` }
}
