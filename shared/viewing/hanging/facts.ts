import type { Region } from '../bodyParts.ts'
import type { DisplaySet } from '../displaySet.ts'
import type { Plane } from './words.ts'

/** What is known of a display set, or of a series whose manifest is not here (`known` false: what it does not tell may be anything). */
export interface SetFacts {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  /** Display set; the bare series while that is not known. */
  id: string
  Modality: string
  /** Of its description and label (`wordsOf`). */
  words: string[]
  regions: Region[]
  kind: DisplaySet['kind']
  images: number
  /** May fall into several sets when its manifest comes: pictures that are read one by one. */
  several: boolean
  known: boolean
  plane: Plane | undefined
  laterality: string | undefined
  view: string | undefined
  imageType: string[] | undefined
  /** mm. */
  thickness: number | undefined
  contrast: boolean | undefined
}

export interface StudyFacts {
  StudyInstanceUID: string
  /** DA; '' when it has none. */
  date: string
  modalities: string[]
  /** Of its description and what its index says of body parts. */
  words: string[]
  regions: Region[]
  /** In reading order; undefined while its series are not known. */
  sets: SetFacts[] | undefined
}

export interface PatientFacts {
  current: StudyFacts
  /** Earlier studies, newest first; undefined while they are not known. */
  priors: StudyFacts[] | undefined
  displays: number
  /** Of ours at this study. */
  windows: number
}
