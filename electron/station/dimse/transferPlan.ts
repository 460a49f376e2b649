import { TS } from '../../../shared/dicom/uids.ts'

/** What of an object decides how it may travel. */
export interface StoredForm {
  SOPClassUID: string
  TransferSyntaxUID: string
}

export interface OfferedContext {
  abstractSyntax: string
  transferSyntaxes: string[]
}

/** PS3.8 §9.3.2.2: context ids are the odd numbers of a byte. */
const MOST_CONTEXTS = 128
/** What everybody is made from: explicit first, it says more. */
const UNCOMPRESSED = [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian]

/**
 * The contexts to offer for objects of these forms, over as few associations as hold them: one for each class and stored syntax,
 * so that the peer says of each what it takes, and one more for each class with the uncompressed ones (PS3.4 §B.5: whoever
 * stores decides). A form stands in one association only.
 */
export function planAssociations(forms: readonly StoredForm[]): OfferedContext[][] {
  const byClass = new Map<string, Set<string>>()
  for (const { SOPClassUID, TransferSyntaxUID } of forms) {
    const syntaxes = byClass.get(SOPClassUID) ?? new Set()
    byClass.set(SOPClassUID, syntaxes.add(TransferSyntaxUID))
  }
  const plan: OfferedContext[][] = []
  for (const [abstractSyntax, syntaxes] of byClass) {
    const left = [...syntaxes]
    while (left.length > 0) {
      const current = plan.at(-1)
      // One context of the class is the uncompressed one.
      const room = MOST_CONTEXTS - (current?.length ?? MOST_CONTEXTS) - 1
      if (!current || room < Math.min(left.length, MOST_CONTEXTS - 1)) {
        plan.push([])
        continue
      }
      const now = left.splice(0, room)
      current.push(...now.map(uid => ({ abstractSyntax, transferSyntaxes: [uid] })), {
        abstractSyntax,
        transferSyntaxes: UNCOMPRESSED,
      })
    }
  }
  return plan
}

/** How one object is sent: as it is stored, or in the syntax of a context that is not its own. */
export interface Carriage {
  contextId: number
  TransferSyntaxUID: string
  asStored: boolean
}

/**
 * What the peer takes of an object (PS3.4 §B.5.1): its stored form where there is a context for it, else uncompressed; undefined
 * where it takes neither. Nothing is ever compressed on the way.
 */
export function chooseCarriage(
  { SOPClassUID, TransferSyntaxUID }: StoredForm,
  accepted: ReadonlyArray<{ id: number; abstractSyntax: string; transferSyntax: string }>,
): Carriage | undefined {
  for (const wanted of [TransferSyntaxUID, ...UNCOMPRESSED]) {
    const context = accepted.find(
      ({ abstractSyntax, transferSyntax }) => abstractSyntax === SOPClassUID && transferSyntax === wanted,
    )
    if (context) {
      return { contextId: context.id, TransferSyntaxUID: wanted, asStored: wanted === TransferSyntaxUID }
    }
  }
  return undefined
}
