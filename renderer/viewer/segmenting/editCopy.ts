import type { Mask } from '../../../shared/viewing/objects/outline.ts'
import { readSegmentation, type Segment as StoredSegment } from '../../../shared/viewing/objects/segmentation.ts'
import { readKinds } from '../../../shared/viewing/segmenting/adopt.ts'
import { SEGMENT_KINDS } from '../../../shared/viewing/segmenting/kinds.ts'
import { MOST_SEGMENTS, type Segment } from '../../../shared/viewing/segmenting/segment.ts'
import { t } from '../../i18n/index.ts'
import { announce } from '../../ui/index.ts'
import type { SeriesStack } from '../catalog.ts'
import { type ListedObject, useObjects } from '../objects/objectsStore.ts'
import { readObject } from '../objects/readObject.ts'
import { patientFrame } from '../space.ts'
import { working } from './hand.ts'
import { waitsForKept } from './keeper.ts'
import { sliceAt } from './place.ts'
import { changeHead, putWork, tellDrawn, workOf } from './segmentStore.ts'
import { awaySlices, makeWork, sliceName, type Work } from './work.ts'

/** Pixels of a stored segment, and the slice they lie on; undefined where that is none of the images'. */
function masksOf(
  work: Work,
  study: string,
  { region, onImages }: StoredSegment,
): Array<{ slice?: number; mask: () => Mask }> {
  if (region.slabs.length > 0) {
    return region.slabs.map(({ plane, mask }) => {
      const frame = patientFrame(study, plane.FrameOfReferenceUID)
      const slice = sliceAt(work, { ...plane, FrameOfReferenceUID: frame })
      return { ...(slice !== undefined && { slice }), mask: mask! }
    })
  }
  const names = new Map(work.entries.map((entry, index) => [sliceName(entry), index]))
  return onImages.map(({ image, mask }) => {
    const slice = names.get(`${image.SOPInstanceUID}#${image.frame ?? 1}`)
    return { ...(slice !== undefined && { slice }), mask }
  })
}

/**
 * Goes on with a stored segmentation, ours or another's, on a stack of images it was drawn on: pixel on pixel, or not at all. What is
 * stored stays as it is; what is saved later names it.
 */
export async function editCopy(listed: ListedObject, stack: SeriesStack): Promise<void> {
  const before = workOf(stack)
  const waits = waitsForKept(stack.manifest.StudyInstanceUID, stack.set.id)
  if (before?.head.changed || waits !== undefined) {
    announce(waits ?? 'Save or discard the segments of these images first')
    return
  }
  if (before !== undefined && before.away.size > 0) {
    const { absent } = awaySlices(before)
    announce(
      absent > 0
        ? 'Some of what is drawn here is on images that are not here: discard it, or wait for them'
        : 'Some of what is kept here cannot be read: discard it first',
    )
    return
  }
  await working(t('Reading…'), async (signal, breathe) => {
    const dataSet = await readObject(listed, signal)
    if (dataSet.string('SegmentationType') === 'FRACTIONAL') {
      throw new Error(t('A segmentation in fractions cannot be gone on with: its voxels are neither in nor out.'))
    }
    const stored = readSegmentation(dataSet)
    const kinds = readKinds(dataSet)
    if (stored.segments.length > MOST_SEGMENTS) throw new Error(t('It has more than 255 segments.'))
    const { SOPInstanceUID, SeriesInstanceUID } = listed
    const segments = stored.segments.map(
      ({ number, label, colour }, index): Segment => ({
        number: index + 1,
        label: label.slice(0, 64),
        colour: [...colour],
        kind: kinds.get(number)?.kind ?? SEGMENT_KINDS[0]!,
        shown: true,
        locked: false,
        semiautomatic: kinds.get(number)?.semiautomatic ?? true,
      }),
    )
    const work = makeWork(stack, crypto.randomUUID(), {
      segments,
      active: segments[0]?.number ?? 0,
      predecessor: {
        SOPClassUID: dataSet.string('SOPClassUID'),
        SOPInstanceUID,
        SeriesInstanceUID,
        InstanceNumber: dataSet.number('InstanceNumber') ?? 1,
      },
      ours: dataSet.string('Manufacturer') === 'Isocenter',
      changed: false,
    })
    if ('refusal' in work) throw new Error(work.refusal)
    let overlaps = false
    for (const [index, segment] of stored.segments.entries()) {
      for (const { slice, mask } of masksOf(work, listed.StudyInstanceUID, segment)) {
        await breathe()
        const { data } = mask()
        if (data.every(value => value === 0)) continue
        const labels = slice === undefined ? undefined : work.map.ensure(slice)
        if (labels?.length !== data.length) {
          throw new Error(t('It lies on other pixels than the images in this pane: hang those it was drawn on.'))
        }
        for (let at = 0; at < data.length; at++) {
          if (data[at] === 0) continue
          overlaps ||= labels[at] !== 0
          labels[at] = index + 1
        }
      }
    }
    putWork(work)
    for (const slice of work.map.drawn()) tellDrawn({ work, slice, rect: undefined })
    // Twice the same lines would hide what is changed.
    useObjects.setState(({ off }) => ({ off: new Set(off).add(String(listed.contentId)) }))
    changeHead(work, { changed: overlaps })
    if (overlaps) announce('Its segments overlap: here a voxel is of one segment, the later one')
  })
}
