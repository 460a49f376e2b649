import type { SavedMeasurements } from './readMeasurements.ts'

type Versioned = Pick<SavedMeasurements, 'SOPInstanceUID' | 'predecessors'>

/**
 * The versions that no other was made from, in the order given: more than one where two stations went on from the same version without
 * knowing of each other. A version made from several (PS3.3 C.17.2, Predecessor Documents Sequence) stands for all of them.
 */
export function headsOf<T extends Versioned>(versions: readonly T[]): T[] {
  const continued = new Set(versions.flatMap(({ predecessors }) => predecessors))
  return versions.filter(({ SOPInstanceUID }) => !continued.has(SOPInstanceUID))
}

/** The heads that a reader who goes on from `continues` knows nothing of, and that were not made from what the reader goes on from. */
export function headsBeside<T extends Versioned>(versions: readonly T[], continues: readonly string[]): T[] {
  const byUID = new Map(versions.map(one => [one.SOPInstanceUID, one]))
  const known = new Set(continues)
  const isMadeFromKnown = (head: T): boolean => {
    const seen = new Set<string>()
    const open = [head.SOPInstanceUID]
    for (let uid = open.pop(); uid !== undefined; uid = open.pop()) {
      if (known.has(uid)) return true
      if (seen.has(uid)) continue
      seen.add(uid)
      open.push(...(byUID.get(uid)?.predecessors ?? []))
    }
    return false
  }
  return headsOf(versions).filter(head => !isMadeFromKnown(head))
}
