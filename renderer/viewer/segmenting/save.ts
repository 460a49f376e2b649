import type { SavedAs } from '../../../shared/viewing/segmenting/segment.ts'
import { newSegmentation, type SourceFrame } from '../../../shared/viewing/writing/segmentation.ts'
import { identityOfImage, saveObjects } from '../../authoring/index.ts'
import { describeFrame } from '../catalog.ts'
import { useSession } from '../session.ts'
import { holdSegments, keepWhatIsAway } from './keeper.ts'
import { changeHead, useSegmenting } from './segmentStore.ts'
import type { Work } from './work.ts'

/** What of a study is drawn, or erased of what was saved, and not saved. */
export function unsavedWorks(StudyInstanceUID: string): Work[] {
  return useSegmenting
    .getState()
    .works.filter(
      work => work.StudyInstanceUID === StudyInstanceUID && work.head.changed && (isDrawn(work) || isErased(work)),
    )
}

/** All of what was saved: that is a version, too, and says so by its segments without a voxel. */
function isErased({ head, away }: Work): boolean {
  return away.size === 0 && head.predecessor !== undefined && head.segments.length > 0
}

function isDrawn({ map }: Work): boolean {
  return map.drawn().some(index => map.slice(index)!.some(label => label !== 0))
}

/**
 * Saves what is drawn on a study and not saved yet, an object for each display set. Resolves with what they are: on the station's
 * disk, in the study. Rejects like `call`; what was saved before another one failed is saved. One at a time a study: nothing is saved
 * twice.
 */
export function saveSegmentations(StudyInstanceUID: string): Promise<SavedAs[]> {
  const before = saving.get(StudyInstanceUID) ?? Promise.resolve([])
  const saved = before.catch(() => []).then(() => saveUnsaved(StudyInstanceUID))
  saving.set(StudyInstanceUID, saved)
  holdSegments(StudyInstanceUID, saved)
  return saved
}

/** By study, the last one. */
const saving = new Map<string, Promise<SavedAs[]>>()

async function saveUnsaved(StudyInstanceUID: string): Promise<SavedAs[]> {
  const saved: SavedAs[] = []
  for (const work of unsavedWorks(StudyInstanceUID)) saved.push(await saveWork(work))
  return saved
}

async function saveWork(work: Work): Promise<SavedAs> {
  const { StudyInstanceUID, SeriesInstanceUID, map, entries } = work
  const sources = entries.map(({ imageId, instance, frame }): SourceFrame => {
    const { SOPClassUID, SOPInstanceUID, NumberOfFrames } = instance
    const attributes = describeFrame(imageId)?.attributes ?? {}
    return { SOPClassUID, SOPInstanceUID, ...(NumberOfFrames > 1 && { frame }), attributes }
  })
  const first = sources[map.drawn()[0] ?? 0]!
  const identity = await identityOfImage({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: first.SOPInstanceUID })
  // What is drawn while it is on its way is not in it.
  const versions = work.versions.slice()
  const { head } = work
  const [written] = await saveObjects(identity, [
    newSegmentation({
      sources,
      SeriesInstanceUID,
      map,
      segments: head.segments,
      creator: '',
      predecessor: head.predecessor,
      series: head.ours ? (head.predecessor?.SeriesInstanceUID ?? '') : '',
      SeriesNumber: nextSeriesNumber(),
    }),
  ])
  const { SOPClassUID, SOPInstanceUID, SeriesInstanceUID: series } = written!
  const InstanceNumber = head.ours ? (head.predecessor?.InstanceNumber ?? 0) + 1 : 1
  const predecessor = { SOPClassUID, SOPInstanceUID, SeriesInstanceUID: series, InstanceNumber }
  // The series may have grown meanwhile: then another one has its place.
  const now = useSegmenting.getState().works.find(({ id }) => id === work.id)
  const isSame =
    now === work && work.head === head && versions.every((version, index) => version === work.versions[index])
  if (isSame) {
    work.head = { ...head, predecessor, ours: true, changed: false }
    useSegmenting.setState(({ works }) => ({ works: [...works] }))
    keepWhatIsAway(work)
  } else if (now !== undefined) changeHead(now, { predecessor, ours: true })
  return predecessor
}

/** After the study's own. */
function nextSeriesNumber(): number {
  const numbers = useSession.getState().series.map(({ SeriesNumber }) => SeriesNumber ?? 0)
  return Math.max(0, ...numbers.filter(number => number < 2 ** 30)) + 1
}
