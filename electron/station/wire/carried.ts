import type { ErrorCode } from '../../../shared/errors.ts'

/** What became of one object that a node was to store. */
export interface Carried {
  contentId: number
  taken: boolean
  /** What the node answered; absent where it did not. */
  status?: number | undefined
  /** Of what never came to an answer: why. */
  code?: ErrorCode | undefined
  reason: string
  /** Some of it may have left. */
  begun: boolean
  /** The node, or the line, ended the association while it was under way. */
  reset?: boolean | undefined
  /** Of the data set that left, in hexadecimal; '' where not all of it did, or it could not be taken. */
  sha256: string
}

/** What a retrieval names: a study, a series of it, or an image of that. */
export interface UniqueKeys {
  StudyInstanceUID: string
  SeriesInstanceUID?: string
  SOPInstanceUID?: string
}

/** An object as a node begins to give it. */
export interface Given {
  SOPClassUID: string
  SOPInstanceUID: string
  TransferSyntaxUID: string
}

/** Takes one object's data set. Exactly one of `end` and `abort` is called; the node is not read on while a promise is pending. */
export interface Taker {
  /** `chunk` is good until the promise resolves. */
  write(chunk: Uint8Array): void | Promise<void>
  end(): void | Promise<void>
  abort(): void
}
