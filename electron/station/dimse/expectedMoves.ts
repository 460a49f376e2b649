import { isNode, type Node } from '../../../shared/config.ts'
import type { PulledFrom } from '../store/index.ts'
import type { UniqueKeys } from '../wire/carried.ts'
import type { CommandSet } from '../wire/dimse.ts'

interface Move {
  node: Node
  keys: UniqueKeys
  /** Of the C-MOVE-RQ. */
  MessageID: number
  /** The archive that the node is. */
  archive: string
}

/** One association's C-STORE, as far as it tells who sends it and for whom. */
interface Sending {
  callingAET: string
  address: string
  command: Pick<CommandSet, 'MoveOriginatorApplicationEntityTitle' | 'MoveOriginatorMessageID'>
}

/**
 * The C-MOVEs of ours to archives that run now: what they send us comes through the door for everybody, and is told from what a scanner
 * sends by this. What is taken for an archive's is not sent there, so only what was asked for counts, from the node itself; the Move
 * Originator (PS3.7 §9.1.1.1), which not all name, has to be us where it is named.
 */
export class ExpectedMoves {
  readonly #AET: string
  readonly #running = new Set<Move>()
  #lastMessageID = 0

  constructor(AET: string) {
    this.#AET = AET
  }

  /** The Message ID to ask with, another one than that of any other that runs. `over` is to be called when it has been answered. */
  begin(node: Node, keys: UniqueKeys, archive: string | undefined): { MessageID: number; over(): void } {
    this.#lastMessageID = (this.#lastMessageID % 0xffff) + 1
    const MessageID = this.#lastMessageID
    if (archive === undefined) return { MessageID, over() {} }
    const move = { node, keys, MessageID, archive }
    this.#running.add(move)
    return { MessageID, over: () => void this.#running.delete(move) }
  }

  /** Undefined: it comes as from a scanner. */
  from(sending: Sending, uids: Required<UniqueKeys>): PulledFrom | undefined {
    const move = [...this.#running].find(one => this.#isOf(one, sending, uids))
    // It need not be in the form that the node holds (PS3.4 §C.4.2.3): that is no proof for an eviction.
    return move && { archive: move.archive, proof: 'present' }
  }

  #isOf({ node, keys, MessageID }: Move, { callingAET, address, command }: Sending, uids: Required<UniqueKeys>) {
    const { MoveOriginatorApplicationEntityTitle: originator, MoveOriginatorMessageID: asked } = command
    return (
      isNode(callingAET, address, [node]) &&
      (originator || this.#AET) === this.#AET &&
      (asked ?? MessageID) === MessageID &&
      keys.StudyInstanceUID === uids.StudyInstanceUID &&
      (keys.SeriesInstanceUID ?? uids.SeriesInstanceUID) === uids.SeriesInstanceUID &&
      (keys.SOPInstanceUID ?? uids.SOPInstanceUID) === uids.SOPInstanceUID
    )
  }
}
