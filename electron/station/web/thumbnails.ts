import type { StoreReader } from '../store/index.ts'

type Thumbnails = Pick<StoreReader, 'getStudy' | 'locate' | 'getThumbnail'>

/** The thumbnails of a study in one answer: PNG in base64 by SeriesInstanceUID; a series without one (yet) is absent. */
export async function studyThumbnails(read: Thumbnails, StudyInstanceUID: string): Promise<Record<string, string>> {
  const { series } = await read.getStudy(StudyInstanceUID)
  const pairs = await Promise.all(
    series.map(async ({ SeriesInstanceUID, thumbnailSOPInstanceUID }) => {
      if (!thumbnailSOPInstanceUID) return undefined
      const uids = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: thumbnailSOPInstanceUID }
      const [object] = await read.locate(uids, 1)
      const png = object && (await read.getThumbnail(object.contentId))
      return png ? ([SeriesInstanceUID, Buffer.from(png).toString('base64')] as const) : undefined
    }),
  )
  return Object.fromEntries(pairs.filter(pair => pair !== undefined))
}
