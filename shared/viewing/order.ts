/** What deciding the order of a series' instances takes. */
export interface OrderedInstance {
  InstanceNumber?: number
  NumberOfFrames: number
  ImagePositionPatient?: number[]
  ImageOrientationPatient?: number[]
}

/** Orientations within 1° count as the same: scanners write rounded cosines. */
const PARALLEL = Math.cos(Math.PI / 180)
/** mm; closer slices are the same place (another echo, phase or time). */
const DISTINCT = 0.01

/**
 * A series in display order: by position along the common normal (PS3.3 C.7.6.2.1.1) when all slices are parallel and each
 * has its own place, else by Instance Number (those without one last), else as they came. Stable; a new array.
 */
export function orderInstances<T extends OrderedInstance>(instances: readonly T[]): T[] {
  const positions = slicePositions(instances)
  if (positions) return sorted(instances, positions)
  if (instances.every(({ InstanceNumber }) => InstanceNumber === undefined)) return [...instances]
  return sorted(
    instances,
    instances.map(({ InstanceNumber }) => InstanceNumber ?? Number.POSITIVE_INFINITY),
  )
}

function sorted<T>(instances: readonly T[], keys: number[]): T[] {
  const order = instances.map((_, index) => index)
  order.sort((a, b) => {
    const [first, second] = [keys[a] ?? 0, keys[b] ?? 0]
    return first === second ? a - b : first - second
  })
  return order.map(index => instances[index] as T)
}

/** mm along the normal of each slice; undefined when they are no stack of parallel, distinct slices. */
function slicePositions(instances: readonly OrderedInstance[]): number[] | undefined {
  const first = instances[0]
  if (!first || instances.length < 2) return undefined
  const normal = normalOf(first.ImageOrientationPatient)
  if (!normal) return undefined
  const positions: number[] = []
  for (const { ImageOrientationPatient, ImagePositionPatient, NumberOfFrames } of instances) {
    const own = normalOf(ImageOrientationPatient)
    if (!own || dot(own, normal) < PARALLEL || NumberOfFrames > 1 || ImagePositionPatient?.length !== 3)
      return undefined
    positions.push(dot(ImagePositionPatient, normal))
  }
  const ascending = [...positions].sort((a, b) => a - b)
  const distinct = ascending.every((position, i) => i === 0 || position - (ascending[i - 1] ?? 0) > DISTINCT)
  return distinct ? positions : undefined
}

function normalOf(orientation: number[] | undefined): number[] | undefined {
  if (orientation?.length !== 6) return undefined
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d]
  const length = Math.sqrt(dot(normal, normal))
  return length > 0.5 ? normal.map(component => component / length) : undefined
}

function dot(a: number[], b: number[]): number {
  return (a[0] ?? 0) * (b[0] ?? 0) + (a[1] ?? 0) * (b[1] ?? 0) + (a[2] ?? 0) * (b[2] ?? 0)
}
