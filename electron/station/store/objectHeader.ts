import { type FramePlan, planFrames } from '../../../shared/dicom/frames.ts'
import { createHeaderReader } from '../../../shared/dicom/headerTemplates.ts'
import { type AssumedValues, type InstanceHeader, unshowableReason } from '../../../shared/dicom/instanceHeader.ts'
import { isStorableUID, normaliseUID, transferSyntax } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { inflateLimit, inflateStart } from '../base/inflate.ts'
import type { FragmentWalker } from './fragmentWalker.ts'

/** A header longer than this is read no further: its object is kept, but has no pixels to show. */
export const MAX_HEADER_BYTES = 64 << 20
/** Nearly every header of a deflated object ends within the first. */
const SHORT_HEADER_BYTES = 1 << 20

const readInstanceHeader = createHeaderReader()

/** The header from the first bytes of a data set as it came; deflated ones are inflated as far as the bounds allow. */
export async function readObjectHeader(
  bytes: Uint8Array,
  transferSyntaxUID: string,
  assumed?: AssumedValues,
): Promise<InstanceHeader> {
  if (!transferSyntax(transferSyntaxUID).deflated) return readInstanceHeader(bytes, transferSyntaxUID, assumed)
  const start = await inflateStart(bytes, SHORT_HEADER_BYTES)
  const header = readInstanceHeader(start, transferSyntaxUID, assumed)
  if (header.pixels || start.length < SHORT_HEADER_BYTES) return header
  // Of these there is one at a time: fifty at once that grow a thousandfold would take all memory.
  const longer = inflating.then(async () => {
    const more = await inflateStart(bytes, inflateLimit(bytes.length, MAX_HEADER_BYTES))
    return readInstanceHeader(more, transferSyntaxUID, assumed)
  })
  inflating = longer.catch(() => {})
  return longer
}

let inflating: Promise<unknown> = Promise.resolve()

/**
 * Whether the object may be stored under the identity its header gives. Nothing but the three UIDs is asked of it.
 * @param commandUID SOP Instance UID of the command; '' when there was none.
 * @param studyUID the study it was sent to; '' when that is the data set's own affair.
 * Throws 'invalid-uid', 'malformed' or 'identity-mismatch'.
 */
export function checkIdentity(header: InstanceHeader, commandUID: string, studyUID = ''): void {
  for (const keyword of ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'] as const) {
    if (isStorableUID(header[keyword])) continue
    if (header[keyword] === '' && header.damage) throw new IsocenterError('malformed', header.damage)
    throw new IsocenterError('invalid-uid', keyword)
  }
  const command = normaliseUID(commandUID)
  if (command !== '' && command !== header.SOPInstanceUID) {
    throw new IsocenterError('identity-mismatch', `${command} / ${header.SOPInstanceUID}`)
  }
  if (studyUID !== '' && studyUID !== header.StudyInstanceUID) {
    throw new IsocenterError('identity-mismatch', `study ${header.StudyInstanceUID} instead of ${studyUID}`)
  }
}

/** How the frames are got at, and why there is no picture where there is none. */
export function describePixels(
  header: InstanceHeader,
  transferSyntaxUID: string,
  dataSetLength: number,
  walker: FragmentWalker | undefined,
): { framePlan: FramePlan | null; unshowable: string | undefined; truncated: boolean } {
  const { pixels } = header
  const unshowable = unshowableReason(header, transferSyntaxUID)
  if (!pixels) return { framePlan: null, unshowable, truncated: false }
  const { deflated } = transferSyntax(transferSyntaxUID)
  const framePlan = planFrames(header, transferSyntaxUID, {
    // A deflated data set is inflated no further than its header: the pixels' own length is believed.
    dataSetLength: deflated ? pixels.valueOffset + pixels.length : dataSetLength,
    ...(walker && {
      // An object that was cut off keeps what there is of its last fragment.
      fragments: walker.fragments.flatMap(fragment => {
        const length = Math.min(fragment.length, dataSetLength - fragment.offset)
        return length > 0 || fragment.length === 0 ? [{ ...fragment, length }] : []
      }),
      basicOffsetTable: walker.basicOffsetTable,
    }),
  })
  const lacking = framePlan.frames === 0 ? 'The pixel data is damaged: no whole frame could be found in it.' : undefined
  const last = walker?.fragments.at(-1)
  const pixelsEnd = last ? last.offset + last.length : pixels.valueOffset + (pixels.undefinedLength ? 0 : pixels.length)
  return { framePlan, unshowable: unshowable ?? lacking, truncated: !deflated && pixelsEnd > dataSetLength }
}
