/**
 * mm; closer slices lie in the same place. Positions written with two decimals are 0.009 mm off at most, so two of them 0.018;
 * no clinical scanner steps less than 0.03.
 */
const SAME_PLACE = 0.02
/** What may be rounding in a distance of two slices: 0.05 mm, for thick ones 1 %. More shows as a step in a reformatted image. */
const EVEN_MM = 0.05
const EVEN_PART = 0.01
/** From half a slice more on, one could have stood between. */
const GAP = 1.5
/** So many equal distances in a row are the way it was scanned (fine through the skull base, coarse above), no gap. */
const RUN = 3

/** For each position (mm, any order) the number of its place, counted from the smallest. */
export function placesOf(positions: readonly number[]): number[] {
  const order = positions.map((_, index) => index).sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0))
  const places = new Array<number>(positions.length).fill(0)
  let place = 0
  let first = positions[order[0] ?? 0] ?? 0
  for (const index of order) {
    const position = positions[index] ?? 0
    // From the first of a place, so that a chain of small steps does not make one place of a whole stack.
    if (position - first > SAME_PLACE) {
      place++
      first = position
    }
    places[index] = place
  }
  return places
}

export interface Spacing {
  /** mm, of most neighbours; undefined when there are fewer than two places, or the distances differ. */
  spacing: number | undefined
  missing: number
  uneven: boolean
  /** For each place, what is wrong between it and the one before. */
  marks: Array<'gap' | 'uneven' | undefined>
}

/** Judges the distances of neighbouring places (mm, in display order, either way up). */
export function judgeSpacing(places: readonly number[]): Spacing {
  const distances = places.slice(1).map((place, index) => Math.abs(place - (places[index] ?? 0)))
  const usual = [...distances].sort((a, b) => a - b)[(distances.length - 1) >> 1]
  const marks: Spacing['marks'] = places.map(() => undefined)
  if (usual === undefined) return { spacing: undefined, missing: 0, uneven: false, marks }
  const runs = runLengths(distances)
  let missing = 0
  let uneven = false
  distances.forEach((distance, index) => {
    if (near(distance, usual)) return
    const run = runs[index] ?? 1
    const inRun = run >= RUN
    if (inRun && index > 0 && near(distance, distances[index - 1] ?? 0)) return
    if (!inRun && distance > GAP * usual) {
      marks[index + 1] = 'gap'
      missing += Math.max(1, Math.round(distance / usual) - 1)
    } else {
      marks[index + 1] = 'uneven'
      uneven = true
    }
  })
  return { spacing: uneven ? undefined : usual, missing, uneven, marks }
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= Math.max(EVEN_MM, EVEN_PART * b)
}

/** For each distance, how many equal ones it stands among. */
function runLengths(distances: readonly number[]): number[] {
  const lengths: number[] = []
  for (let start = 0; start < distances.length; ) {
    let end = start + 1
    while (end < distances.length && near(distances[end] ?? 0, distances[start] ?? 0)) end++
    for (let i = start; i < end; i++) lengths.push(end - start)
    start = end
  }
  return lengths
}
