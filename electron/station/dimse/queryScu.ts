import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { TS } from '../../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../../shared/dicom/writer.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { COMMAND, queryRequest, STATUS } from '../wire/dimse.ts'
import { Answered } from '../wire/scu.ts'
import type { Outgoing } from './outgoing.ts'
import type { OfferedContext } from './transferPlan.ts'

/** Study Root, and Patient Root where a peer has only that (PS3.4 §C.6). */
const FIND_MODELS = ['1.2.840.10008.5.1.4.1.2.2.1', '1.2.840.10008.5.1.4.1.2.1.1']

/** Of identifiers. */
export const PLAIN_SYNTAXES = [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian]

export const FIND_CONTEXTS: OfferedContext[] = FIND_MODELS.map(abstractSyntax => ({
  abstractSyntax,
  transferSyntaxes: PLAIN_SYNTAXES,
}))

export type QueryLevel = 'PATIENT' | 'STUDY' | 'SERIES' | 'IMAGE'

/**
 * C-FIND (PS3.4 §C.4.1) on an open association. `keys`: what is matched, and with '' what is wanted back. `each` hears every match; the
 * peer is read no further while it works. Resolves true when the answer came to its end, false when `stop` ended it. Rejects with
 * 'peer-failed' for any other status (`Answered`), and where no model with the level was accepted.
 */
export async function find(
  line: Pick<Outgoing, 'contexts' | 'converse' | 'failed'>,
  level: QueryLevel,
  keys: NewDataSet,
  each: (match: DataSet) => void | Promise<void>,
  stop?: AbortSignal,
): Promise<boolean> {
  const models = level === 'PATIENT' ? FIND_MODELS.slice(1) : FIND_MODELS
  const context = models
    .map(uid => line.contexts.find(({ abstractSyntax }) => abstractSyntax === uid))
    .find(one => one !== undefined)
  if (!context) throw new IsocenterError('peer-failed', 'it does not take queries (C-FIND)')
  const encoding = encodingOf(context.transferSyntax)
  const { response } = await line.converse(
    context.id,
    queryRequest(COMMAND.cFindRQ, context.abstractSyntax),
    writeDataSet({ QueryRetrieveLevel: level, ...keys }, encoding),
    (_, identifier) => each(DataSet.read(identifier, encoding)),
    stop,
  )
  const { Status = -1 } = response
  if (Status === STATUS.cancelled || stop?.aborted) return false
  if (Status === STATUS.success) return true
  line.failed({ kind: 'status', service: 'C-FIND', status: Status })
  throw new Answered(`C-FIND was answered 0x${Status.toString(16).padStart(4, '0')}`)
}
