import { writeFileMeta } from '../../../shared/dicom/part10.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import { HandOver } from '../base/handOver.ts'
import type { Fetchable } from './carrier.ts'
import type { DimseDoor } from './dimseDoor.ts'

/**
 * The Part-10 file of an object that a node holds: by C-GET, under the File Meta of what comes. From a node without C-GET by C-MOVE to this
 * station: it comes through the door for everybody then, and this is empty. Rejects with 'peer-failed'.
 */
export async function* fetchByGet(
  node: string,
  object: Fetchable,
  dimse: Pick<DimseDoor, 'fetch' | 'move'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, SOPClassUID } = object
  const left = new AbortController()
  const until = AbortSignal.any([signal, left.signal])
  const file = new HandOver<Uint8Array>()
  let isBegun = false
  const take = async (chunk: Uint8Array, TransferSyntaxUID: string) => {
    if (!isBegun) {
      isBegun = true
      const uids = { MediaStorageSOPClassUID: SOPClassUID, MediaStorageSOPInstanceUID: SOPInstanceUID }
      await file.give(writeFileMeta({ ...uids, TransferSyntaxUID }))
    }
    await file.give(chunk)
  }
  const bring = async () => {
    try {
      if (!(await dimse.fetch(node, object, take, until)))
        throw new IsocenterError('peer-failed', 'it does not have it')
    } catch (thrown) {
      if (toIsocenterError(thrown).code !== 'not-acceptable') throw thrown
      await dimse.move(node, { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, until)
    }
  }
  bring().then(
    () => file.end(),
    (thrown: unknown) => file.end(toIsocenterError(thrown)),
  )
  try {
    yield* file.pieces()
  } finally {
    left.abort()
  }
}
