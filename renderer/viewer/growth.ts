import type { SeriesStack, StackEntry } from './catalog.ts'

type Placed = Pick<StackEntry, 'imageId'>

/**
 * Where the images of a stack stand in the one it has grown to: the index there of each index here; -1 where it is gone. An imageId
 * names exact bytes, so an image that was replaced is gone.
 */
export function placesIn(grown: readonly Placed[], before: readonly Placed[]): number[] {
  const places = new Map(grown.map(({ imageId }, index) => [imageId, index]))
  return before.map(({ imageId }) => places.get(imageId) ?? -1)
}

/** The stack that goes on with `before`, of the stacks its series is laid out in now: the one that has the image at `index`. */
export function grownStack(
  stacks: readonly SeriesStack[],
  before: SeriesStack,
  index: number,
): SeriesStack | undefined {
  const imageId = before.entries[index]?.imageId
  return stacks.find(stack => stack.entries.some(entry => entry.imageId === imageId))
}
