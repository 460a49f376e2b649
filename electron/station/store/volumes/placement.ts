import type { VolumeRule } from '../../../../shared/config.ts'

/** The data folder itself, as `copy.volume` has it. */
export const DATA_VOLUME = 1
/** Of what lies at an archive alone: a volume that is never there. */
export const ARCHIVE_VOLUME = -1

/** What a rule may ask of an object. */
export interface PlacedFacts {
  Modality: string
  /** YYYYMMDD or ''. */
  StudyDate: string
  /** Of the data set, in bytes. */
  length: number
}

export interface PlaceableVolume {
  id: number
  rule: VolumeRule | undefined
  /** There, writable, with room, and nobody empties it. */
  usable: boolean
  free: number
}

/**
 * Where an object goes: to the first volume whose rule it meets, else to the one without a rule that has most room. undefined when
 * none can take it: then it stays on the volume where it is.
 * @param today YYYYMMDD
 */
export function choosePlace(
  facts: PlacedFacts,
  volumes: readonly PlaceableVolume[],
  today: string,
): number | undefined {
  const usable = volumes.filter(volume => volume.usable)
  const ruled = usable.find(({ rule }) => rule !== undefined && meets(facts, rule, today))
  if (ruled) return ruled.id
  const [roomiest] = usable.filter(({ rule }) => rule === undefined).sort((a, b) => b.free - a.free)
  return roomiest?.id
}

function meets(facts: PlacedFacts, rule: VolumeRule, today: string): boolean {
  const { modalities, studyOlderThanDays, largerThanBytes } = rule
  if (modalities !== undefined && !modalities.includes(facts.Modality)) return false
  if (largerThanBytes !== undefined && facts.length <= largerThanBytes) return false
  // A study without a date is as old as today's.
  return studyOlderThanDays === undefined || daysBetween(facts.StudyDate, today) > studyOlderThanDays
}

function daysBetween(from: string, to: string): number {
  const day = (date: string) => Date.UTC(+date.slice(0, 4), +date.slice(4, 6) - 1, +date.slice(6, 8)) / 86_400_000
  return /^\d{8}$/.test(from) ? day(to) - day(from) : 0
}
