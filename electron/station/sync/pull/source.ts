import type { ListedStudy } from '../../../../shared/pull.ts'

/** Objects came to it: `id` is its own number of one; what happened else is left out. */
export interface ArchiveChange {
  seq: number
  id: string
  /** Tells this change from any other that had the same `seq` in another database. */
  mark: string
}

export interface ChangePage {
  /** Rising, from behind the `seq` that was asked for; of other kinds of change nothing. */
  changes: ArchiveChange[]
  /** Where the next page begins. */
  last: number
  done: boolean
}

/** An archive's own list of what came to it, by rising numbers. */
export interface ChangeFeed {
  page(since: number, signal: AbortSignal): Promise<ChangePage>
  /** The last change of any kind; 0 and '' where there is none. */
  head(signal: AbortSignal): Promise<{ seq: number; mark: string }>
  /** The mark of the change with this very number; '' where there is none. */
  markAt(seq: number, signal: AbortSignal): Promise<string>
  /** The studies that these objects belong to now, each once. */
  studiesOf(ids: string[], signal: AbortSignal): Promise<string[]>
}

export interface ListedSeries {
  SeriesInstanceUID: string
  BodyPartExamined: string
  NumberOfSeriesRelatedInstances: number
}

/** Studies that an archive lists; all that is given must hold. */
export interface StudyWish {
  StudyInstanceUID?: string
  PatientID?: string
  /** YYYYMMDD, and later. */
  since?: string
}

export interface ObjectsWish {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  /** Left out: the whole series. */
  SOPInstanceUID?: string
}

/** What can be asked of an archive that studies come from. All reject with 'peer-failed'. */
export interface PullSource {
  /** Host, of DICOMweb with its port. */
  readonly address: string
  /** By which door what it gives comes. */
  readonly door: 'dicomweb' | 'dimse'
  readonly feed: ChangeFeed | undefined
  /** In pages, so that nobody holds all that a large archive has; a study may come twice. */
  studies(wish: StudyWish, signal: AbortSignal): AsyncGenerator<ListedStudy[]>
  series(StudyInstanceUID: string, signal: AbortSignal): Promise<ListedSeries[]>
  /** SOP Instance UIDs. */
  instances(StudyInstanceUID: string, SeriesInstanceUID: string, signal: AbortSignal): Promise<string[]>
  /**
   * Part-10 files as they come, each to be read, as far as one likes, before the next is asked for. Nothing where the archive does not
   * have it (any more), or cannot give it, or has sent it through the door for everybody.
   */
  objects(wish: ObjectsWish, signal: AbortSignal): AsyncGenerator<AsyncIterable<Uint8Array>>
  close(): void
}
