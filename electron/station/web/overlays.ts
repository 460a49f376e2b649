import { readOverlays } from '../../../shared/dicom/overlays.ts'
import type { Overlay } from '../../../shared/viewing/overlay.ts'
import type { StoreReader } from '../store/index.ts'
import type { FrameReader } from './frameReader.ts'
import { readHeader } from './headerReader.ts'

/** The overlay planes of one frame (1-based); who decodes the frame finds those embedded in it (`withEmbeddedBits`). */
export async function instanceOverlays(
  read: Pick<StoreReader, 'locateContent'>,
  reader: FrameReader,
  contentId: number,
  frame: number,
): Promise<Overlay[]> {
  return readOverlays(await readHeader(await read.locateContent(contentId), reader), frame)
}
