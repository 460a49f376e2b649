import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { headerOf } from '../../../shared/dicom/headerOf.ts'
import { readFileMeta, writeFileMeta } from '../../../shared/dicom/part10.ts'
import { spliceHeader } from '../../../shared/dicom/splice.ts'
import { TS } from '../../../shared/dicom/uids.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { StoredObject } from '../store/index.ts'
import type { Part } from './bodyParts.ts'
import type { FrameReader } from './frameReader.ts'
import type { WorkPort } from './ports.ts'

/** What stands for an object on its way out, until `done`. */
export interface Outgoing {
  parts: Part[]
  done(): Promise<void>
}

/**
 * A stored object's Part-10 file made Explicit VR Little Endian, without loss, with the values it is shown with. Rejects with
 * 'not-acceptable' where there is no such form of it, and as `Work.transcode`.
 */
export async function uncompressed(
  object: StoredObject,
  { reader, work }: { reader: FrameReader; work: Pick<WorkPort, 'transcode'> },
): Promise<Outgoing> {
  const { overlay, fileOffset, dataSetOffset } = object
  const received = readFileMeta(await reader.ranges(object, [[fileOffset, dataSetOffset - fileOffset]]))
  const title = (keyword: string) => received?.meta.string(keyword)
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: object.SOPClassUID,
    MediaStorageSOPInstanceUID: object.SOPInstanceUID,
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
    SourceApplicationEntityTitle: title('SourceApplicationEntityTitle'),
    SendingApplicationEntityTitle: title('SendingApplicationEntityTitle'),
    ReceivingApplicationEntityTitle: title('ReceivingApplicationEntityTitle'),
  })
  const made = await work.transcode(object, TS.ExplicitVRLittleEndian).catch(asNotAcceptable)
  const done = () => made.remove()
  const whole: Part = { source: made, offset: 0, length: made.length }
  if (!overlay) return { parts: [meta, whole], done }
  try {
    const header = await headerOf(made.length, encodingOf(TS.ExplicitVRLittleEndian), async length => {
      const bytes = Buffer.alloc(length)
      await made.read([bytes], 0)
      return bytes
    })
    const { head, rest } = spliceHeader(header, overlay.values, overlay.at)
    return { parts: [meta, head, { ...whole, offset: rest, length: made.length - rest }], done }
  } catch (error) {
    await done()
    throw error
  }
}

/** Who asks for a form that cannot be made can still have the one that is stored. */
export function asNotAcceptable(thrown: unknown): never {
  const error = toIsocenterError(thrown)
  if (error.code !== 'unsupported-pixels') throw error
  throw new IsocenterError('not-acceptable', `${error.detail ?? error.message}; transfer-syntax=* takes it as it is`)
}
