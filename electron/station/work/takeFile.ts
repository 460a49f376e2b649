import { basename } from 'node:path'
import { openPart10 } from '../../../shared/dicom/part10Stream.ts'
import type { Origin, Received, ReceiveStart, Store } from '../store/index.ts'
import { takeIn } from './takeIn.ts'

export type Taken = Received & { SOPClassUID: string }

const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10'

/** Whether it is the list of what lies on a medium (PS3.10 §8.6), by its name: it is no image, and no junk. */
export function isTableOfContents(path: string): boolean {
  return basename(path).toUpperCase() === 'DICOMDIR'
}

/**
 * A Part-10 file through the one way in, from its chunks, which may re-use their buffer. Rejects as `takeIn` does, or with what the
 * chunks reject with; then nothing was left behind.
 */
export async function takeFile(
  store: Pick<Store, 'beginReceive'>,
  chunks: AsyncIterable<Uint8Array>,
  start: Pick<Origin, 'door'> & Pick<ReceiveStart, 'whole' | 'showLatest'>,
  signal: AbortSignal,
): Promise<Taken | 'notDicom' | 'contents'> {
  const opened = await openPart10(chunks)
  if (!opened) return 'notDicom'
  const { meta, isProgram, dataSet } = opened
  if (meta.MediaStorageSOPClassUID === MEDIA_STORAGE_DIRECTORY) {
    await dataSet.return(undefined)
    return 'contents'
  }
  const { door, ...wishes } = start
  const received = await takeIn(
    store,
    {
      origin: { door, sourceAET: meta.SourceApplicationEntityTitle, sendingAET: '', receivingAET: '', address: '' },
      SOPClassUID: meta.MediaStorageSOPClassUID,
      SOPInstanceUID: meta.MediaStorageSOPInstanceUID,
      TransferSyntaxUID: meta.TransferSyntaxUID,
      ...wishes,
      ...(isProgram ? { flags: ['program-preamble'] } : {}),
    },
    dataSet,
    signal,
  )
  return { ...received, SOPClassUID: meta.MediaStorageSOPClassUID }
}
