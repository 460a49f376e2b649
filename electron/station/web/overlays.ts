import { readImageAttributes } from '../../../shared/dicom/imageAttributes.ts'
import { hasEmbeddedOverlays, readOverlays } from '../../../shared/dicom/overlays.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import type { Overlay } from '../../../shared/viewing/overlay.ts'
import { nativeFrame } from '../../../shared/viewing/samples.ts'
import type { StoreReader } from '../store/index.ts'
import type { FrameReader } from './frameReader.ts'
import { readHeader } from './headerReader.ts'

/** The overlay planes of one frame (1-based). Those within compressed pixels are left out: their bits did not survive that. */
export async function instanceOverlays(
  read: Pick<StoreReader, 'locateContent' | 'locateFrames'>,
  reader: FrameReader,
  contentId: number,
  frame: number,
): Promise<Overlay[]> {
  const object = await read.locateContent(contentId)
  const dataSet = await readHeader(object, reader)
  if (!hasEmbeddedOverlays(dataSet) || transferSyntax(object.TransferSyntaxUID).encapsulated) {
    return readOverlays(dataSet, frame)
  }
  const [location] = await read.locateFrames([[contentId, frame]])
  if (!location || location.kind === 'bits') return readOverlays(dataSet, frame)
  const { samples } = nativeFrame(await reader.frame(location), readImageAttributes(dataSet))
  return readOverlays(dataSet, frame, samples)
}
