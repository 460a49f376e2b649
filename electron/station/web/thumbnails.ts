import { setTimeout as wait } from 'node:timers/promises'
import type { StoreReader } from '../store/index.ts'
import type { WorkPort } from './ports.ts'

/** A picture is made in some 10 ms; behind others that are asked for it may take longer. */
const PATIENCE_MS = 3000

/** Where pictures are, and who makes those that are not. */
export interface PictureDeps {
  read: Pick<StoreReader, 'getStudy' | 'locate' | 'getThumbnail'>
  work: Pick<WorkPort, 'hurry'>
}

/** The pictures (PNG) of contents, made where they are not there; null where there is none, undefined where it took too long. */
export async function picturesOf(
  contentIds: number[],
  { read, work }: Pick<PictureDeps, 'work'> & { read: Pick<StoreReader, 'getThumbnail'> },
): Promise<Array<Uint8Array | null | undefined>> {
  const known = await Promise.all(contentIds.map(contentId => read.getThumbnail(contentId)))
  const lacking = contentIds.filter((_, index) => !known[index])
  if (lacking.length === 0) return known
  const given = new AbortController()
  const late = wait(PATIENCE_MS, true, { signal: given.signal }).catch(() => true)
  const tooLate = await Promise.race([work.hurry(lacking).then(() => false), late])
  given.abort()
  return Promise.all(
    contentIds.map(async (contentId, index) => {
      return known[index] ?? (await read.getThumbnail(contentId)) ?? (tooLate ? undefined : null)
    }),
  )
}

/** The thumbnails of a study in one answer: PNG in base64 by SeriesInstanceUID; a series without one (yet) is absent. */
export async function studyThumbnails(deps: PictureDeps, StudyInstanceUID: string): Promise<Record<string, string>> {
  const { series } = await deps.read.getStudy(StudyInstanceUID)
  const found = await Promise.all(
    series.map(async ({ SeriesInstanceUID, thumbnailSOPInstanceUID: SOPInstanceUID }) => {
      if (!SOPInstanceUID) return []
      const [object] = await deps.read.locate({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, 1)
      return object ? [{ SeriesInstanceUID, contentId: object.contentId }] : []
    }),
  )
  const shown = found.flat()
  const pictures = await picturesOf(
    shown.map(({ contentId }) => contentId),
    deps,
  )
  return Object.fromEntries(
    shown.flatMap(({ SeriesInstanceUID }, index) => {
      const png = pictures[index]
      return png ? [[SeriesInstanceUID, Buffer.from(png).toString('base64')]] : []
    }),
  )
}
