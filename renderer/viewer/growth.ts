import type { SeriesStack, StackEntry } from './catalog.ts'
import type { Pane } from './pane.ts'

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

/** Whether `stack` is `before`, or what that has become meanwhile. */
export function goesOn(stack: SeriesStack | undefined, before: SeriesStack): boolean {
  if (stack === undefined || stack === before) return stack === before
  const { SeriesInstanceUID } = before.manifest
  return (
    stack.manifest.SeriesInstanceUID === SeriesInstanceUID &&
    placesIn(stack.entries, before.entries).some(at => at >= 0)
  )
}

/** Moves where sets were left, by their ids, along with what their series is laid out in now. */
export function growLeft<Left extends { index: number }>(
  left: Map<string, Left>,
  before: readonly SeriesStack[],
  laidOut: readonly SeriesStack[],
): void {
  for (const stack of before) {
    const at = left.get(stack.set.id)
    const grown = at && grownStack(laidOut, stack, at.index)
    if (at === undefined || grown === undefined) continue
    left.set(grown.set.id, { ...at, index: placesIn(grown.entries, stack.entries)[at.index] ?? 0 })
  }
}

/** Brings a pane that shows the series what it is laid out in now; the stack it has got, if it has got another. */
export function growPane(pane: Pane, laidOut: readonly SeriesStack[]): SeriesStack | undefined {
  const { stack, shown, index } = pane.state.getState()
  if (stack?.manifest.SeriesInstanceUID !== laidOut[0]?.manifest.SeriesInstanceUID || stack === undefined)
    return undefined
  // A pane of key images alone would become one of the whole series.
  if (stack.isChosen) return undefined
  const grown = grownStack(laidOut, stack, shown ?? index)
  return grown !== undefined && pane.grow(grown) ? grown : undefined
}
