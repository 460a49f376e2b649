/** Image ids whose picture stands in for a finer one that is on its way: nothing is measured on them. */
const coarse = new Set<string>()

export function isCoarse(imageId: string): boolean {
  return coarse.has(imageId)
}

export function markCoarse(imageId: string, is: boolean): void {
  if (is) coarse.add(imageId)
  else coarse.delete(imageId)
}

export function coarseImages(): string[] {
  return [...coarse]
}
