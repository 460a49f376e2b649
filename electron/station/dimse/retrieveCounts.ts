import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { writeDataSet } from '../../../shared/dicom/writer.ts'
import { STATUS } from '../wire/dimse.ts'
import type { Outcome } from './operations.ts'
import type { Sent } from './subOperations.ts'

/** US. */
const MOST_COUNTED = 0xffff
/** A UI of explicit VR has a 16-bit length: a thousand UIDs. The count tells how many there were. */
const MOST_LISTED_BYTES = 0xfffe

/** What has become of a retrieval's sub-operations so far (PS3.4 §C.4.2.1.5 to .8, the same for C-GET). */
export class RetrieveCounts {
  total = 0
  completed = 0
  warning = 0
  failed = 0
  /** In words, of the first that did not go well. */
  firstReason = ''
  #failedUIDs = ''

  add({ object, outcome, reason }: Sent): void {
    this[outcome] += 1
    this.firstReason ||= reason
    if (outcome !== 'failed') return
    const list = this.#failedUIDs === '' ? object.SOPInstanceUID : `${this.#failedUIDs}\\${object.SOPInstanceUID}`
    if (list.length <= MOST_LISTED_BYTES) this.#failedUIDs = list
  }

  get done(): number {
    return this.completed + this.warning + this.failed
  }

  pending(): Outcome {
    return { Status: STATUS.pending, ...this.#counts(), NumberOfRemainingSuboperations: this.#remaining }
  }

  /** The final response. Of a cancelled one the rest is told; failed UIDs are told wherever there are any. */
  final(TransferSyntaxUID: string, cancelled: boolean): Outcome {
    const identifier = this.#failedUIDs
      ? writeDataSet({ FailedSOPInstanceUIDList: this.#failedUIDs }, encodingOf(TransferSyntaxUID))
      : undefined
    const outcome: Outcome = { Status: this.#status(cancelled), ...this.#counts(), identifier }
    if (cancelled) outcome.NumberOfRemainingSuboperations = this.#remaining
    else if (outcome.Status !== STATUS.success) outcome.comment = this.firstReason
    return outcome
  }

  #status(cancelled: boolean): number {
    if (cancelled) return STATUS.cancelled
    if (this.failed > 0 && this.completed + this.warning === 0) return STATUS.unableToPerformSuboperations
    return this.failed + this.warning > 0 ? STATUS.someSuboperationsFailed : STATUS.success
  }

  get #remaining(): number {
    // What came or went meanwhile is not counted below none.
    return Math.min(MOST_COUNTED, Math.max(0, this.total - this.done))
  }

  #counts() {
    return {
      NumberOfCompletedSuboperations: Math.min(MOST_COUNTED, this.completed),
      NumberOfFailedSuboperations: Math.min(MOST_COUNTED, this.failed),
      NumberOfWarningSuboperations: Math.min(MOST_COUNTED, this.warning),
    }
  }
}
